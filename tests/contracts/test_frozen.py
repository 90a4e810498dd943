"""Frozen: strict about what it takes, unchangeable, and the same after a way through JSON."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AwareDatetime, ValidationError

from shared.contracts.frozen import Frozen


class Colour(StrEnum):
    RED = "red"


class Part(Frozen):
    count: int = 0


class Whole(Frozen):
    name: str = ""
    ratio: float = 0.0
    moment: AwareDatetime = datetime(2026, 1, 1, tzinfo=UTC)
    span: timedelta = timedelta(0)
    colours: tuple[Colour, ...] = ()
    part: Part = Part()
    parts: dict[str, Part] = {}


WHOLES = st.builds(
    Whole,
    name=st.text(max_size=5),
    ratio=st.floats(allow_nan=False, allow_infinity=False),
    moment=st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    span=st.timedeltas(timedelta(0), timedelta(days=366)),
    colours=st.lists(st.sampled_from(Colour), max_size=2).map(tuple),
    part=st.builds(Part, count=st.integers(-(2**63), 2**63 - 1)),
    parts=st.dictionaries(
        st.text(max_size=3), st.builds(Part, count=st.integers(0, 9)), max_size=2
    ),
)


@given(value=WHOLES)
def test_json_gives_back_the_same_value(value: Whole) -> None:
    assert Whole.model_validate_json(value.model_dump_json()) == value


@pytest.mark.parametrize(
    "text",
    [
        '{"part": {"count": "5"}}',
        '{"part": {"count": 5.0}}',
        '{"part": {"count": true}}',
        '{"ratio": NaN}',
        '{"ratio": Infinity}',
        '{"ratio": "1"}',
        '{"name": 1}',
        '{"colours": ["blue"]}',
        '{"moment": "2026-01-01T00:00:00"}',
        '{"unknown": 1}',
    ],
)
def test_json_of_another_type_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        Whole.model_validate_json(text)


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.changed(nme="a"),
        lambda value: value.changed(ratio=float("nan")),
        lambda value: value.changed(colours=[Colour.RED]),
        lambda value: setattr(value, "name", "a"),
    ],
    ids=["unknown field", "not a number", "a list", "in place"],
)
def test_a_change_that_does_not_fit_is_refused(change: Callable[[Whole], object]) -> None:
    with pytest.raises(ValidationError):
        change(Whole())


def test_a_change_is_a_copy() -> None:
    before = Whole(part=Part(count=1))
    after = before.changed(name="a")
    assert (before.name, after.name) == ("", "a")
    assert after.part == before.part
