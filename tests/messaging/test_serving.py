"""Asking an endpoint for forecasts: in batches, and only what is expected to serve there."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from shared.contracts import limits
from shared.forecasting.deepar_json import FormatError, Prediction, Series
from shared.messaging import serving
from shared.messaging.errors import Refused

ENDPOINT, OURS = "mc-dev-fees-production", "ours"


class Hosting:
    """An endpoint that serves one configuration after another, and may leave forecasts out."""

    def __init__(self, *configs: str | None, silent: bool = False) -> None:
        self.configs = list(configs)
        self.silent = silent
        self.asked: list[int] = []

    def config(self, endpoint: str) -> str | None:
        return self.configs.pop(0)

    def forecast(
        self, endpoint: str, instances: Sequence[Series], quantiles: Sequence[float]
    ) -> tuple[Prediction, ...]:
        self.asked.append(len(instances))
        answers = [Prediction(quantiles={0.5: one.target[-1:]}) for one in instances]
        return tuple(answers[self.silent :])


def ask(hosting: Hosting, instances: int, points: int = 3) -> list[float]:
    """Ask for so many instances, at most five in time; answer what was forecast of each."""
    start = datetime(2026, 2, 1)  # noqa: DTZ001 (the contract has no zones)
    series = [Series(start, (0.0,) * (points - 1) + (float(at),)) for at in range(instances)]
    answered = serving.ask(hosting, ENDPOINT, OURS, series, (0.5,), in_time=5)
    return [(one.quantiles or {})[0.5][0] for one in answered]


@pytest.mark.parametrize(
    ("instances", "points", "batches"),
    [
        (0, 3, []),
        (5, 3, [5]),
        (12, 3, [5, 5, 2]),
        (5, limits.REQUEST_POINTS_MAX // 2, [2, 2, 1]),
        (2, limits.REQUEST_POINTS_MAX + 1, [1, 1]),
    ],
)
def test_batches_are_answered_in_time_and_not_too_large(
    instances: int, points: int, batches: list[int]
) -> None:
    hosting = Hosting(OURS, OURS)
    assert ask(hosting, instances, points) == list(range(instances))
    assert hosting.asked == batches


@pytest.mark.parametrize(
    ("configs", "because"),
    [
        (("theirs",), "serves theirs"),
        ((None,), "is not in service, or is changing"),
        ((OURS, "theirs"), "serves theirs"),
    ],
)
def test_what_serves_is_looked_at_before_and_after(
    configs: tuple[str | None, ...], because: str
) -> None:
    with pytest.raises(Refused, match=f"{ENDPOINT} {because}"):
        ask(Hosting(*configs), 1)


def test_a_forecast_that_is_missing_is_noticed() -> None:
    with pytest.raises(FormatError, match="1 forecasts, 2 were asked for"):
        ask(Hosting(OURS, OURS, silent=True), 2)
