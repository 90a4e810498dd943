"""From the journal to a report: verdicts, lives of versions, coverage, causes and reasons."""

from datetime import timedelta

import pytest

from ops.report import LiveForecast, Report
from ops.report.composing import covered
from ops.report.inputs import VersionRow
from ops.report.lives import lives
from services.journal.domain import Entry
from shared.contracts.door import open_event
from shared.contracts.envelope import Event
from shared.contracts.lifecycle import (
    AccuracyDegraded,
    DeploymentFailed,
    DeploymentRolledBack,
    EndpointInService,
    ModelDeclined,
    ModelRegistered,
)
from tests.report import world
from tests.report.world import HORIZON, START, STEP, Journal, example


def row(version: int, *events: tuple[int, Event]) -> list[VersionRow]:
    """Hear events, each after so many hours; answer the rows of a version."""
    journal = Journal()
    entries: list[Entry] = [
        journal.say(START + timedelta(hours=hour), event) for hour, event in events
    ]
    opened = [one for one in (open_event(entry.as_event()) for entry in entries) if one]
    return [one for one in lives(opened) if one.version == version]


def registered(version: int) -> Event:
    made: Event = example(ModelRegistered, version=version)
    return made


def live(version: int, reason: str = "roll-out") -> Event:
    made: Event = example(EndpointInService, stage="production", version=version, reason=reason)
    return made


DEGRADED: Event = example(AccuracyDegraded, stage="production", version=1, degraded_version=1)
ROLLED_BACK: Event = example(
    DeploymentRolledBack, stage="production", version=2, back_to=1, reason="too slow"
)
STORIES: list[tuple[str, list[tuple[int, Event]], list[tuple[int | None, int | None, str]]]] = [
    ("waits", [(0, registered(1))], [(None, None, "not live yet")]),
    ("serves", [(0, registered(1)), (1, live(1))], [(1, None, "")]),
    (
        "replaced by a newer one",
        [(0, registered(1)), (1, live(1)), (2, registered(2)), (3, live(2))],
        [(1, 3, "v2 replaced it: newer")],
    ),
    (
        "replaced, for it fell short",
        [(0, registered(1)), (1, live(1)), (2, DEGRADED), (4, live(2))],
        [(1, 4, "v2 replaced it: its accuracy had degraded")],
    ),
    (
        "came back by a rollback",
        [
            (0, registered(1)),
            (1, live(1)),
            (2, live(2)),
            (3, ROLLED_BACK),
            (3, live(1, "rollback")),
        ],
        [(1, 2, "v2 replaced it: newer"), (3, None, "")],
    ),
    (
        "declined",
        [(0, registered(1)), (1, example(ModelDeclined, version=1, approver="a/jane", note="no"))],
        [(None, None, "never live, declined by jane: no")],
    ),
    (
        "failed",
        [
            (0, registered(1)),
            (1, example(DeploymentFailed, stage="staging", version=1, reason="smoke test")),
        ],
        [(None, None, "never live, failed in staging: smoke test")],
    ),
    ("said twice", [(0, registered(1)), (1, live(1)), (2, live(1))], [(1, None, "")]),
    ("known from its stay only", [(1, live(1))], [(1, None, "")]),
]


@pytest.mark.parametrize(("_name", "events", "stays"), STORIES, ids=[one[0] for one in STORIES])
def test_the_life_of_a_version_is_read_from_its_events(
    _name: str, events: list[tuple[int, Event]], stays: list[tuple[int | None, int | None, str]]
) -> None:
    def hours(value: VersionRow) -> tuple[int | None, int | None, str]:
        ends = (value.live_since, value.live_until)
        since, until = ((at - START) // timedelta(hours=1) if at else None for at in ends)
        return since, until, value.ended_because

    assert [hours(one) for one in row(1, *events)] == stays


def test_coverage_is_the_share_of_the_latest_points_inside_the_band_version_by_version() -> None:
    def flat(place: int, version: int) -> LiveForecast:
        return LiveForecast(START + place * STEP, {0.1: [0.0] * 4, 0.9: [10.0] * 4}, version)

    truth = {START + place * STEP: 5.0 if place < 6 else 50.0 for place in range(16)}
    forecasts = [flat(0, 1), flat(4, 1), flat(8, 1), flat(12, 2)]
    found = list(covered(forecasts, truth, STEP, points=8))
    assert [(one.at, one.share) for one in found] == [
        (START + 8 * STEP, 6 / 8),
        (START + 12 * STEP, 2 / 8),
    ]
    truth[START] = float("nan")  # seven points are too few
    assert [one.share for one in covered(forecasts, truth, STEP, points=8)] == [2 / 8]


def test_an_event_has_the_reason_of_its_decision_and_its_cause() -> None:
    report = world.report()
    suppressed = next(one for one in report.events if one.kind == "TrainingSuppressed")
    assert suppressed.cause == "AccuracyDegraded"
    assert suppressed.why == ""  # its words say it already
    started = next(one for one in report.events if one.kind == "TrainingStarted")
    assert (started.cause, started.why) == (
        "ObservationsIngested",
        "fees-r000000000001 runs",
    )
    first = report.events[0]
    assert (first.kind, first.cause_id) == ("ObservationsIngested", "")
    assert "DecisionRecorded" not in {one.kind for one in report.events}


def test_verdicts_and_forecasts_come_in_order_however_they_were_told() -> None:
    times, values, forecasts, entries = world.told()
    report = world.report(forecasts=forecasts[::-1], entries=entries)
    assert report.forecasts == forecasts
    ends = [one.window.last for one in report.measured]
    assert ends == sorted(ends)
    assert report.end == max(times[-1], forecasts[-1].origin + (HORIZON - 1) * STEP) + STEP
    assert report.band == pytest.approx(0.8)


def test_an_event_of_a_later_version_is_told_by_its_name() -> None:
    entries = world.told()[3]
    later = entries[0].changed(detail_type="ObservationsIngested.v9", event_id="later")
    report = world.report(entries=[*entries, later])
    assert report.events[-1].kind == "ObservationsIngested.v9"
    assert report.events[-1].words == ""


def test_a_series_and_its_times_must_fit_together() -> None:
    with pytest.raises(ValueError, match="1 times and 2 values"):
        Report("t", "m", "u", STEP, [START], [1.0, 2.0])
    with pytest.raises(ValueError, match="a report needs a series"):
        Report("t", "m", "u", STEP, [], [])
