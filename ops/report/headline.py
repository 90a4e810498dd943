"""What the report says at a glance: a few facts, each with its evidence."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from ops.report.inputs import Happening, Report


class Fact(NamedTuple):
    """A number at a glance."""

    name: str
    value: str
    evidence: str
    tone: str = ""


def facts(report: Report) -> Iterator[Fact]:
    """Answer the facts that can be told."""
    yield loop(report)
    if live := [row for row in report.versions if row.live_since and not row.live_until]:
        since = live[-1].live_since
        yield Fact("In production", f"v{live[-1].version}", f"since {moment(since)}")
    if report.measured:
        last = report.measured[-1]
        evidence = f"limit {last.limit:.3f}, baseline {last.baseline_wql:.3f}, {last.points} points"
        tone = "bad" if last.breached else "good"
        yield Fact("Loss at the end", f"{last.mean_wql:.3f}", evidence, tone)
    if report.coverage:
        last_share = report.coverage[-1]
        evidence = f"of the last {last_share.points} points in the {report.band:.0%} band"
        yield Fact("Inside the band", f"{last_share.share:.0%}", evidence)
    refused, put_off = count(report, "ModelRefused"), count(report, "TrainingSuppressed")
    evidence = f"{refused} refused by the gate; wishes put off: {put_off}"
    yield Fact("Trainings", str(count(report, "TrainingStarted")), evidence)


def loop(report: Report) -> Fact:
    """Say whether the loop closed, and how long it took."""
    degraded = last(report, "AccuracyDegraded")
    if degraded is None:
        return Fact("Loop", "quiet", "accuracy never degraded")
    recovered = last(report, "AccuracyRecovered")
    if recovered is None or recovered.at < degraded.at:
        return Fact("Loop", "open", f"degraded {moment(degraded.at)}, not recovered", "bad")
    return Fact(
        "Loop closed in",
        duration(recovered.at - degraded.at),
        f"degraded {moment(degraded.at)}, recovered {moment(recovered.at)}",
        "good",
    )


def last(report: Report, kind: str) -> Happening | None:
    """Answer the latest event of a kind."""
    return next((one for one in reversed(report.events) if one.kind == kind), None)


def count(report: Report, kind: str) -> int:
    """Count the events of a kind."""
    return sum(one.kind == kind for one in report.events)


def moment(at: datetime | None) -> str:
    """Write a moment, UTC, to the minute."""
    return f"{at:%-d %b %H:%M}" if at else ""


def duration(length: timedelta) -> str:
    """Write a duration in hours and minutes: ``9 h 40 min``."""
    minutes = round(length.total_seconds() / 60)
    days, rest = divmod(minutes, 1_440)
    hours, minutes = divmod(rest, 60)
    parts = [f"{days} d" if days else "", f"{hours} h" if hours else ""]
    return (
        " ".join(filter(None, [*parts, f"{minutes} min" if minutes and not days else ""]))
        or "0 min"
    )
