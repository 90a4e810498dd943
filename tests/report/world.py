"""A loop as it could have been: a series whose level triples, and all that the loop says of it.

The forecasts are made of the simulation's own rhythm, and the losses are computed from them.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from statistics import NormalDist
from typing import Any

import numpy as np

from infra.local import simulation
from ops.report import LiveForecast, Report, compose
from services.journal.domain import Entry, entry
from shared.contracts.envelope import Envelope, Event, Metadata, Revision
from shared.contracts.lifecycle import (
    AccuracyDegraded,
    AccuracyMeasured,
    AccuracyRecovered,
    DataFaultCleared,
    DataFaultDetected,
    DecisionRecorded,
    EndpointInService,
    ModelApproved,
    ModelEvaluated,
    ModelRefused,
    ModelRegistered,
    ObservationsIngested,
    PromotionApproved,
    PromotionRequested,
    TrainingCompleted,
    TrainingStarted,
    TrainingSuppressed,
)
from shared.contracts.lifecycle.fields import Window
from shared.forecasting.losses import Outcome, loss, mean_weighted_quantile_loss

START = datetime(2026, 3, 13, tzinfo=UTC)
LIVE = START + timedelta(days=1)
CHANGE = START + timedelta(days=2, hours=20)
END = START + timedelta(days=5)
STEP = timedelta(minutes=5)
HORIZON = 12
LEVELS = tuple(level / 10 for level in range(1, 10))
VERDICT_POINTS = 60
LIMIT = 0.36
PERSON = "arn:aws:iam::123456789012:user/jane"


def series() -> tuple[list[datetime], list[float]]:
    """Mean fee of each five minutes, its level times three from the change on."""
    change = simulation.Change(at=CHANGE, level=3.0)
    minutes = simulation.observations(7, START, (END - START) // timedelta(minutes=1), change)
    fees = minutes.values.reshape(-1, 5).sum(axis=1)
    counts = minutes.counts.reshape(-1, 5).sum(axis=1)
    times = [START + place * STEP for place in range(len(fees))]
    return times, [float(value) for value in fees / counts]


def forecast(values: Sequence[float], place: int, version: int) -> LiveForecast:
    """Know the rhythm, and come back to the level of the version's history after a deviation."""
    level = simulation.FEE_SATOSHI * (1.3 if version == 1 else 3.9)
    minutes = (START - simulation.EPOCH) // timedelta(minutes=1) + 5 * np.arange(len(values))
    expected = np.log(level) + simulation.rhythm_at(minutes)
    deviation = float((np.log(values[place - 3 : place]) - expected[place - 3 : place]).mean())
    steps = np.arange(HORIZON)
    centre = expected[place : place + HORIZON] + deviation * 0.86 ** (2 + steps)
    spread = 0.27 + 0.012 * steps
    quantiles = {
        level: np.exp(centre + spread * NormalDist().inv_cdf(level)).tolist() for level in LEVELS
    }
    return LiveForecast(START + place * STEP, quantiles, version)


class Journal:
    """Says events, as the journal keeps them."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def say(self, at: datetime, event: Event, cause: Entry | None = None, why: str = "") -> Entry:
        """Keep an event, and the record of its decision where a reason is given."""
        number = len(self.entries) + 1
        event_id = f"{number:08x}-6d1c-5c6e-9b5e-0d9d1c0a7f10"
        producer = event.producer if event.producer != "*" else "trainer"
        metadata = Metadata(
            event_id=event_id,
            occurred_at=at,
            subject=event.subject,
            revision=Revision(number=number, index=0) if why else None,
            correlation_id=event_id,
            causation_id=cause.event_id if cause else event_id,
            producer=producer,
            actor=producer,
        )
        said = self.keep(metadata, event)
        if why:
            record = DecisionRecorded.example().changed(
                why=why,
                events=(event.detail_type(),),
                model=event.subject,
                service=producer,
                cause_id=metadata.causation_id,
                cause_type=cause.detail_type if cause else "ModelPackageChanged",
            )
            index = Revision(number=number, index=1)
            self.keep(metadata.changed(event_id=f"d{event_id[1:]}", revision=index), record)
        return said

    def keep(self, metadata: Metadata, event: Event) -> Entry:
        """Keep an event with its metadata."""
        envelope = Envelope(metadata=metadata, data=event)
        kept = entry(envelope, json.loads(envelope.detail()))
        self.entries.append(kept)
        return kept


def example(event: type[Event], **changes: Any) -> Any:
    """Answer an event of the model, or of its series."""
    about = {"model": "fees"} if "model" in event.model_fields else {"series": "transactions"}
    return event.example().changed(**about, **changes)


def ship(journal: Journal, at: datetime, version: int, wish: Entry, score: float) -> Entry:
    """Train, judge, register, approve twice and deploy a version, all at one moment."""
    run_id = f"fees-r{version:012x}"
    metrics = ModelEvaluated.example().metrics
    started = journal.say(
        at, example(TrainingStarted, run_id=run_id, trigger="degradation"), wish, f"{run_id} runs"
    )
    completed = journal.say(
        at, example(TrainingCompleted, run_id=run_id), started, f"{run_id} ended well after 3 s"
    )
    judged = example(
        ModelEvaluated,
        run_id=run_id,
        metrics=metrics.changed(mean_wql=score),
        baseline=metrics.changed(mean_wql=0.375),
    )
    journal.say(at, judged, completed, "within the limit, better than the champion beyond noise")
    registered = example(
        ModelRegistered, run_id=run_id, version=version, metrics=metrics.changed(mean_wql=score)
    )
    known = journal.say(at, registered, completed, f"{run_id} is v{version}")
    approved = example(ModelApproved, version=version, approver=PERSON, note="good enough")
    said = journal.say(at, approved, known, f"v{version} goes to staging")
    journal.say(
        at, example(EndpointInService, stage="staging", version=version), said, "in service"
    )
    asked = journal.say(at, example(PromotionRequested, version=version), said, "smoke test passed")
    promoted = example(PromotionApproved, version=version, approver=PERSON, note="<b>go</b> & see")
    said = journal.say(at, promoted, asked, f"v{version} goes to production")
    live = example(EndpointInService, stage="production", version=version)
    return journal.say(at, live, said, f"v{version} is in service in production")


def verdict(forecasts: Sequence[LiveForecast], truth: dict[datetime, float]) -> AccuracyMeasured:
    """Judge the latest forecasts as the monitor does; the baseline is the last known value."""
    ours, naive = [], []
    for one in forecasts:
        true = [truth[one.origin + step * STEP] for step in range(HORIZON)]
        last = truth[one.origin - STEP]
        bands = {
            level: [last * float(np.exp(0.30 * NormalDist().inv_cdf(level)))] * HORIZON
            for level in LEVELS
        }
        ours.append(loss(Outcome(true, one.quantiles)))
        naive.append(loss(Outcome(true, bands)))
    score, baseline = map(mean_weighted_quantile_loss, (ours, naive))
    version = forecasts[-1].version
    limit = LIMIT if version == 1 else LIMIT - 0.03
    changed: AccuracyMeasured = example(
        AccuracyMeasured,
        stage="production",
        version=version,
        window=Window(first=forecasts[0].origin, last=forecasts[-1].origin + (HORIZON - 1) * STEP),
        points=VERDICT_POINTS,
        mean_wql=score,
        baseline_wql=baseline,
        limit=limit,
        breached=score > limit and score > baseline,
    )
    return changed


@cache
def told() -> tuple[list[datetime], list[float], list[LiveForecast], list[Entry]]:
    """Play the loop: go live, be degraded by the change, wait for points, train, recover."""
    times, values = series()
    truth, journal = dict(zip(times, values, strict=True)), Journal()
    spec = journal.say(LIVE, example(ObservationsIngested, backfill=True))
    ship(journal, LIVE, 1, spec, 0.246)
    forecasts: list[LiveForecast] = []
    version, since, breaches, good = 1, 0, 0, 0
    degraded: Entry | None = None
    recovered = False
    for place in range((LIVE - START) // STEP, len(times) - HORIZON, HORIZON):
        now = times[place] + HORIZON * STEP
        forecasts.append(forecast(values, place, version))
        news = journal.say(now, example(ObservationsIngested))
        if now == LIVE + timedelta(hours=30):
            fault = example(
                DataFaultDetected, kind="flood", evidence="412 records a window, usual 270"
            )
            journal.say(now, fault, news, "twelve windows hold too many records")
        if now == LIVE + timedelta(hours=33):
            clear = example(DataFaultCleared, kind="flood", evidence="as many records as usual")
            journal.say(now, clear, news, "two hours as usual")
        since += 1
        if since < VERDICT_POINTS // HORIZON:
            continue
        measured = verdict(forecasts[-(VERDICT_POINTS // HORIZON) :], truth)
        journal.say(now, measured, news, "a verdict on the latest 60 points")
        breaches, good = (breaches + 1, 0) if measured.breached else (0, good + 1)
        if breaches == 3 and degraded is None:
            evidence = f"3 verdicts in a row above {measured.limit:.3f} and worse than the baseline"
            event = example(AccuracyDegraded, stage="production", version=1, degraded_version=1)
            degraded = journal.say(now, event.changed(evidence=evidence), news, "third breach")
            said = example(TrainingSuppressed, trigger="degradation", rule="enough_new_points")
            reason = "84 points since the first breach, 480 are needed"
            journal.say(now, said.changed(reason=reason), degraded, reason)
        elif degraded and version == 1 and now >= degraded.occurred_at + timedelta(hours=6):
            if not any(one.detail_type == "ModelRefused" for one in journal.entries):
                refused = example(ModelRefused, reasons=("mean wQL 0.412 is above 0.397",))
                journal.say(now, refused, degraded, "above the limit")
            elif now >= degraded.occurred_at + timedelta(hours=9):
                ship(journal, now, 2, degraded, 0.221)
                version, since, breaches, good = 2, 0, 0, 0
        elif version == 2 and good == 3 and not recovered:
            recovered = True
            event = example(AccuracyRecovered, stage="production", version=2, degraded_version=1)
            journal.say(
                now, event.changed(evidence="3 verdicts in a row within the limit"), news, "ok"
            )
    return times, values, forecasts, journal.entries


def report(**changes: Any) -> Report:
    """Answer the report of the loop."""
    times, values, forecasts, entries = told()
    parts: dict[str, Any] = {
        "title": "Fees: the level triples, the loop closes",
        "model": "fees",
        "unit": "mean fee, satoshi per transaction",
        "times": times,
        "values": values,
        "forecasts": forecasts,
        "entries": entries,
        "step": STEP,
        "remarks": ((CHANGE, "the level triples"),),
        "simulated": True,
    }
    return compose(**(parts | changes))
