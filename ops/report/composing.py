"""From the journal's entries and what was forecast to a report."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from math import isnan

from ops.cli import story
from ops.cli.causes import Causes, Reasons
from ops.report.inputs import Covered, Happening, LiveForecast, Report
from ops.report.lives import lives
from services.journal.domain import Entry
from shared.contracts.door import open_event
from shared.contracts.envelope import SOURCE, ContractError, Envelope, Event
from shared.contracts.lifecycle import AccuracyMeasured

COVERED_POINTS = 60
"""Of so many points at least a share is worth saying; the monitor's verdicts need 50."""


def compose(
    title: str,
    model: str,
    unit: str,
    times: Sequence[datetime],
    values: Sequence[float],
    forecasts: Sequence[LiveForecast],
    entries: Sequence[Entry],
    *,
    step: timedelta,
    remarks: Sequence[tuple[datetime, str]] = (),
    simulated: bool = False,
) -> Report:
    """Make a report of a model's loop.

    Parameters
    ----------
    times, values : sequence
        The series on the model's grid, UTC, in order; NaN where nothing was observed.
    forecasts : sequence of LiveForecast
        What production said, in any order.
    entries : sequence of Entry
        What the journal knows of the model and its series, decisions included, in its order.
    remarks : sequence of (datetime, str)
        What the loop was not told, as the moment of a simulated change.
    """
    opened = [one for one in map(envelope_of, entries) if one]
    measured = [one.data for one in opened if isinstance(one.data, AccuracyMeasured)]
    in_order = sorted(forecasts, key=lambda one: one.origin)
    truth = dict(zip(times, values, strict=True))
    return Report(
        title=title,
        model=model,
        unit=unit,
        step=step,
        times=times,
        values=values,
        forecasts=in_order,
        measured=sorted(measured, key=lambda one: one.window.last),
        coverage=tuple(covered(in_order, truth, step)),
        events=tuple(happenings(entries)),
        versions=lives(opened),
        remarks=remarks,
        simulated=simulated,
    )


def envelope_of(entry: Entry) -> Envelope[Event] | None:
    """Open an entry; None where this code does not know the event."""
    try:
        return open_event(entry.as_event())
    except ContractError:
        return None


def happenings(entries: Iterable[Entry]) -> Iterator[Happening]:
    """Put events into words, each with its cause and the reason of its decision."""
    causes, reasons, said = Causes(), Reasons(), []
    for entry in entries:
        causes.note(entry)
        envelope = envelope_of(entry)
        if envelope:
            reasons.hear(envelope)
        if not story.is_decision(entry):
            said.append((entry, envelope))
    for entry, envelope in said:
        words, why = story.words(entry), (reasons.of(envelope) or "") if envelope else ""
        cause = causes.of(entry)
        yield Happening(
            at=entry.occurred_at,
            kind=entry.detail_type,
            said_by=entry.source.removeprefix(SOURCE),
            subject=entry.subject,
            words=words,
            event_id=entry.event_id,
            stage=str(entry.detail.get("data", {}).get("stage", "")),
            why="" if why in words else why,
            cause_id=cause.event_id if cause else "",
            cause=cause.kind if cause else "",
        )


def covered(
    forecasts: Sequence[LiveForecast],
    truth: dict[datetime, float],
    step: timedelta,
    points: int = COVERED_POINTS,
) -> Iterator[Covered]:
    """Answer how each version's band held, forecast by forecast, over its latest points.

    Parameters
    ----------
    points : int
        How many points with a known truth each share is of; less is not answered.
    """
    for _, stay in groupby(forecasts, key=lambda one: one.version):
        inside: list[bool] = []
        for forecast in stay:
            inside += held(forecast, truth, step)
            inside = inside[-points:]
            if len(inside) == points:
                at = forecast.origin + forecast.steps * step
                yield Covered(at, sum(inside) / points, points)


def held(forecast: LiveForecast, truth: dict[datetime, float], step: timedelta) -> Iterator[bool]:
    """Tell of each step whose truth is known whether it lay inside the band."""
    low, high = (forecast.quantiles[level] for level in forecast.outer)
    for at, (bottom, top) in enumerate(zip(low, high, strict=True)):
        value = truth.get(forecast.origin + at * step)
        if value is not None and not isnan(value):
            yield bottom <= value <= top
