"""What flow tests of the live loop share: a driven clock, a history, a stream behind it, and what
was said of each model."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pytest

from infra.local import account
from infra.local.driver import STEP, Driver
from infra.local.feeds import Tape
from infra.local.stack import LocalStack
from ops.cli.connecting import connect
from ops.cli.listening import Listener, listening
from shared.contracts.envelope import Envelope, Event
from shared.contracts.lifecycle import EndpointInService
from shared.contracts.scoring import ScoredForecast, ScoredForecasts
from tests.flow.local_aws import local_aws
from tests.flow.typing_in import Observation, import_history, run, simulated, write

E = TypeVar("E", bound=Event)
START = datetime(2026, 3, 1, tzinfo=UTC)
POINTS_AN_HOUR, HISTORY_DAYS = 12, 4
WATCHED: dict[str, Any] = {
    "model": "watched",
    "series": "history",
    "target": "mean",
    "frequency": "5m",
    "horizon": 6,
    "backtest": {"origins": 10, "stride": 6},
    "approval": {"staging": "rule", "production": "rule"},
}
"""The spec of a model that needs nobody."""


class Streamed(NamedTuple):
    """A local AWS whose time is driven, and what was heard of it."""

    stack: LocalStack
    driver: Driver
    listener: Listener
    folder: Path
    heard: dict[str, Envelope[Event]]

    def declare(self, spec: Mapping[str, Any]) -> None:
        """Apply a model's spec: its first training follows."""
        run("models", "apply", write(self.folder / f"{spec['model']}.yaml", dict(spec)))

    def listen(self) -> None:
        """Take what was said by now."""
        while (said := list(self.listener.listen())) or self.listener.waiting:
            self.heard.update({one.envelope.metadata.event_id: one.envelope for one in said})

    def said(self, subject: str) -> list[Event]:
        """Answer what was said of a model or a series, each fact once."""
        return [one.data for one in self.heard.values() if one.metadata.subject == subject]

    def each(self, subject: str, kind: type[E]) -> list[E]:
        """Answer the facts of one kind."""
        return [event for event in self.said(subject) if isinstance(event, kind)]

    def told(self, subject: str) -> Counter[str]:
        """Count what was said of a model or a series, by its type."""
        return Counter(event.detail_type() for event in self.said(subject))

    def serves(self, model: str, stage: str, version: int) -> bool:
        """Tell whether it was said that a version serves."""
        self.listen()
        services = self.each(model, EndpointInService)
        return any((one.stage, one.version) == (stage, version) for one in services)

    def forecasts_kept(self, model: str) -> list[ScoredForecast]:
        """Answer all forecasts that the monitor has scored, in their order."""
        s3, bucket = self.stack.client("s3"), account.bucket(self.stack.env)
        found = s3.list_objects_v2(Bucket=bucket, Prefix=f"monitor/{model}/").get("Contents", [])
        objects = [s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in found]
        kept = [ScoredForecasts.model_validate_json(content) for content in objects]
        return [forecast for one in kept for forecast in one.forecasts]


@contextmanager
def streamed(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    history: Sequence[Observation],
    stream: Sequence[Observation],
    records: Sequence[Mapping[str, Any]] = (),
    step: timedelta = STEP,
    **settings: Any,
) -> Iterator[Streamed]:
    """Import a history into the series `history`, and have the stream ready that follows it, step
    by step; the clock stands where the stream begins. The rule may approve.

    Parameters
    ----------
    records : sequence of mappings
        The stream's records, where they are not simply its observations: by ascending time, and as
        many as the observations.
    """
    begins = stream[0][0]
    with (
        local_aws(folder / "aws", clock_start=begins, rules_allowed=True, **settings) as stack,
        monkeypatch.context() as environment,
    ):
        for name, value in stack.environment("operator.alice").items():
            environment.setenv(name, value)
        made = records or [record(one) for one in stream]
        tape = Tape(stack, "history", made, [time for time, _, _ in stream])
        with listening(connect("dev"), "test") as listener:
            import_history(folder, history)
            yield Streamed(stack, Driver(stack, tape, step=step), listener, folder, {})
        assert stack.watch.dead_letters() == {}


def followed(hours: int) -> tuple[list[Observation], list[Observation]]:
    """Answer a simulated history, and the hours of a stream that follow it."""
    history = HISTORY_DAYS * 24 * POINTS_AN_HOUR
    observed = simulated(START, history + hours * POINTS_AN_HOUR, seed=7)
    return observed[:history], observed[history:]


def record(observation: Observation) -> dict[str, Any]:
    """Write an observation as a producer sends it."""
    time, value, count = observation
    return {"id": time.isoformat(), "time": time.isoformat(), "value": value, "count": count}
