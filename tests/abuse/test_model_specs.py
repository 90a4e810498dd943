"""Specs that nobody should write: refused with place and reason, and nothing else is read."""

import json
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from infra import spec_files
from infra.yaml_files import FileError
from shared.contracts.complaints import SpecError
from shared.contracts.specs import ModelSpec, SeriesSpec
from shared.messaging.parameters import Parameters

LINE_CHARACTERS_MAX = 2_000
FEES = "model: fees\nseries: transactions\ntarget: mean\nfrequency: 5m\nhorizon: 12\n"
LONG = "x" * 10_000
NAME = "lower-case letters, digits and single hyphens"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one series."""
    (tmp_path / "series").mkdir()
    (tmp_path / "series" / "transactions.yaml").write_text("series: transactions\nwindow: 1m\n")
    return tmp_path


def check_lines(lines: tuple[str, ...]) -> None:
    """Check that what is told can be shown."""
    for line in lines:
        assert line.isprintable(), line
        assert len(line) <= LINE_CHARACTERS_MAX
        assert "Traceback" not in line
        assert "set_int_max_str_digits" not in line


def changed(**keys: str) -> str:
    """Answer a model's file with other values."""
    given = dict(line.split(": ") for line in FEES.splitlines())
    return "".join(f"{key}: {value}\n" for key, value in {**given, **keys}.items())


def deep(opening: str, closing: str, times: int) -> str:
    return f"{FEES}gate: {opening * times}{closing * times}\n"


BILLIONS = "a: &a [lol]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in pairwise("abcdefghi")
)
FILES = [
    pytest.param(BILLIONS + FEES, "aliases are not supported", id="a-billion-laughs"),
    pytest.param("<<: *x\n" + FEES, "aliases are not supported", id="merge"),
    pytest.param("&a a: *a\n" + FEES, "aliases are not supported", id="alias-of-itself"),
    pytest.param(FEES + "frozen: !!bool x\n", ":6: not valid YAML: tags are not", id="tag-bool"),
    pytest.param(changed(horizon="!!timestamp x"), ":5: not valid YAML: tags", id="tag-time"),
    pytest.param(FEES + "gate: !!python/object/apply:os.abort []\n", "tags", id="tag-python"),
    pytest.param(FEES + "gate: !<tag:yaml.org,2002:set> {a}\n", "tags are not", id="tag-set"),
    pytest.param(deep("[", "]", 1_000), "nested too deeply", id="deep-lists"),
    pytest.param(deep("{a: ", "}", 1_000), "nested too deeply", id="deep-mappings"),
    pytest.param(deep("[", "]", 30), "nested too deeply", id="deep-30"),
    pytest.param("- " * 30_000, "nested too deeply", id="deep-items"),
    pytest.param("? " * 30_000, "nested too deeply", id="deep-keys"),
    pytest.param("[{" * 15_000, "nested too deeply", id="deep-both"),
    pytest.param("&" * 60_000, "not valid YAML", id="60000-anchors"),
    pytest.param("!" * 60_000, "tags are not supported", id="60000-tags"),
    pytest.param("a: " * 20_000, "not valid YAML", id="20000-keys-in-a-line"),
    pytest.param("%YAML 9.9\n---\n" + FEES, "not valid YAML", id="yaml-of-tomorrow"),
    pytest.param(changed(horizon="9" * 5_000), ":5: not valid YAML: a number", id="5000-digits"),
    pytest.param(changed(horizon="0x" + "f" * 5_000), "a number has at most", id="5000-hex"),
    pytest.param(changed(horizon=":".join(["59"] * 3_000)), "a number has", id="base-60"),
    pytest.param(changed(horizon="9" * 300), ":5: horizon: must be >= 1", id="300-digits"),
    pytest.param(changed(horizon=".inf"), "got infinity", id="infinity"),
    pytest.param(changed(horizon="1e999"), "got infinity", id="1e999"),
    pytest.param(changed(frequency="9" * 4_000 + "m"), "not a duration", id="duration-4000"),
    pytest.param(changed(frequency="P99999999999D"), "too long", id="duration-too-long"),
    pytest.param(changed(frequency="\uff15m"), "not a duration", id="duration-wide-digit"),
    pytest.param(changed(model="../fees"), NAME, id="name-parent"),
    pytest.param(changed(model='"fees\\0"'), r"'fees\x00'", id="name-nul"),
    pytest.param(changed(model='"fees\\n"'), NAME, id="name-newline"),
    pytest.param(changed(model='"\\u202esmees"'), "RIGHT-TO-LEFT", id="name-right-to-left"),
    pytest.param(changed(model="f\u0435\u0435s"), "CYRILLIC SMALL LETTER IE", id="name-homoglyph"),
    pytest.param(changed(model='"\\ud800"'), "half of a character", id="name-surrogate"),
    pytest.param(changed(model=LONG), "use 1 to 24", id="name-10000"),
    pytest.param(changed(model="series"), "is reserved", id="name-reserved"),
    pytest.param(changed(series="../../secret"), NAME, id="series-parent"),
    pytest.param(changed(series="/etc/secret"), NAME, id="series-absolute"),
    pytest.param(changed(series=LONG), "use 1 to 48", id="series-10000"),
    pytest.param(FEES + '"\\e[2J": 1\n', r":6: \x1b[2J: unknown key", id="key-of-a-terminal"),
    pytest.param(FEES + '"\\u202ea": 1\n', r"\u202ea: unknown key", id="key-right-to-left"),
    pytest.param(FEES + f'? "{LONG}"\n: 1\n', ":6: xxx", id="key-10000"),
    pytest.param(FEES + "gate.limit_ratio: 2\n", "unknown key", id="key-with-dots"),
    pytest.param(FEES + "hyperparameters: {../x: 1}\n", "unknown to lightgbm", id="setting-parent"),
    pytest.param(
        FEES + "hyperparameters: {learning_rate: " + "9" * 300 + "}\n", "must be", id="setting-300"
    ),
    pytest.param(
        FEES + f"training: {{schedule: cron({'*/1 ' * 2_000})}}\n", "2000 fields", id="cron-2000"
    ),
    pytest.param(FEES.encode("utf-16"), "not UTF-8 at byte 0", id="utf-16"),
    pytest.param(FEES + "\0", "unacceptable character", id="nul"),
    pytest.param(FEES + "# \x07\n", "unacceptable character", id="bell"),
]


@pytest.mark.parametrize(("content", "reason"), FILES)
def test_a_spec_file_is_refused_with_place_and_reason(
    folder: Path, content: str | bytes, reason: str
) -> None:
    path = folder / "fees.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(FileError) as refused:
        spec_files.load([path])
    check_lines(refused.value.lines)
    assert any(reason in line for line in refused.value.lines), refused.value.lines
    assert all(line.startswith(str(path)) for line in refused.value.lines)


def test_a_series_that_climbs_out_of_its_folder_is_not_even_opened(folder: Path) -> None:
    (folder / "secret.yaml").write_text("series: hunter2\nwindow: 1m\npassword: hunter2\n")
    path = folder / "fees.yaml"
    path.write_text(changed(series="../secret"))
    with pytest.raises(FileError) as refused:
        spec_files.load([path])
    assert "hunter2" not in str(refused.value)
    assert len(refused.value.lines) == 1


def document(**more: Any) -> str:
    """Answer the JSON of a model as SSM may hold it."""
    plain = {"model": "fees", "series": "transactions", "target": "mean", "frequency": "5m"}
    return json.dumps({**plain, "horizon": 12, **more})


STORED = [
    pytest.param("[" * 1_000 + "]" * 1_000, "recursion", id="deep"),
    pytest.param('{"gate":' * 500 + "1" + "}" * 500, "recursion", id="deep-objects"),
    pytest.param(document(horizon=10**400), "horizon", id="401-digits"),
    pytest.param(document(horizon="@").replace('"@"', "9" * 5_000), "", id="5000-digits"),
    pytest.param(document(horizon=float("nan")), "horizon", id="nan"),
    pytest.param(document(horizon="@").replace('"@"', "1e999"), "horizon", id="1e999"),
    pytest.param(document(hyperparameters={"num_leaves": 10**400}), "num_leaves", id="setting"),
    pytest.param(document(hyperparameters={"learning_rate": 10**400}), "rate", id="setting-real"),
    pytest.param(document(hyperparameters={"a\0b": 1}), r"a\x00b: unknown", id="setting-nul"),
    pytest.param(document(frequency="9" * 4_000 + "m"), "not a duration", id="duration-4000"),
    pytest.param(document(model="\ud800"), "JSON", id="surrogate"),
    pytest.param(document(model="../fees"), NAME, id="name-parent"),
    pytest.param(document(**{LONG: 1}), "unknown key", id="key-10000"),
    pytest.param("\ufeff" + document(), "JSON", id="bom"),
    pytest.param("\0", "JSON", id="nul"),
    pytest.param("", "JSON", id="empty"),
    pytest.param("null", "", id="null"),
]


@pytest.mark.parametrize(("text", "reason"), STORED)
def test_a_stored_spec_that_cannot_be_read_is_one_kind_of_error(text: str, reason: str) -> None:
    with pytest.raises(SpecError) as refused:
        ModelSpec.parse(text)
    lines = tuple(str(complaint) for complaint in refused.value.complaints)
    check_lines(lines)
    assert any(reason in line for line in lines), lines


def stored(text: str) -> Parameters:
    """Answer declarations of which each is this text."""

    def get_parameter(**request: str) -> Any:
        if text == "absent":
            raise ClientError({"Error": {"Code": "ParameterNotFound"}}, "GetParameter")
        return {"Parameter": {"Value": text}}

    client: Any = SimpleNamespace(get_parameter=get_parameter)
    return Parameters(client, "dev")


@pytest.mark.parametrize("text", ["abc", "nan", "inf", "1e999", "-1", "0", "", "\x1b[2J", LONG])
def test_a_threshold_that_is_none_is_told_by_its_path(text: str) -> None:
    with pytest.raises(SpecError, match="/modelcycle/dev/fees/threshold: holds ") as refused:
        stored(text).threshold("fees")
    check_lines((str(refused.value),))


def test_a_threshold_may_be_absent_or_a_number() -> None:
    assert stored("absent").threshold("fees") is None
    assert stored("0.3").threshold("fees") == 0.3


@pytest.mark.parametrize("text", ["[" * 1_000 + "]" * 1_000, "[]", "{", "\0"])
def test_hyperparameters_that_are_none_are_told_by_their_path(text: str) -> None:
    with pytest.raises(SpecError, match="/modelcycle/dev/fees/hyperparameters: ") as refused:
        stored(text).hyperparameters("fees")
    check_lines((str(refused.value),))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from([*ModelSpec.model_fields, *SeriesSpec.model_fields])


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(KEYS | st.text(), JSON, max_size=3))
def test_any_change_of_a_stored_spec_is_read_or_refused_in_words(changes: dict[str, Any]) -> None:
    for kind in (ModelSpec, SeriesSpec):
        try:
            kind.parse(document(**changes))
        except SpecError as refused:
            check_lines(tuple(str(complaint) for complaint in refused.complaints))
