"""From what a version was made, and where it went: every link, or the gap named."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice

from services.journal.domain import Entry
from services.journal.questions import versions
from services.journal.questions.facts import Fact, order_of, read_fact
from services.journal.questions.life import Life
from services.journal.questions.versions import VersionLife, Word
from shared.contracts.frozen import Frozen
from shared.contracts.lifecycle import (
    ModelRegistered,
    ObservationsIngested,
    TrainingCompleted,
    TrainingStarted,
)
from shared.contracts.lifecycle.fields import Blob
from shared.contracts.names import Stage

GAPS_NAMED = 3


class Link(Frozen):
    """One link of a lineage."""

    name: str
    what: str
    """In words; of a gap, what is missing and why."""
    found: bool = True
    keys: dict[str, str] = {}
    """By what it can be found: ids, ARNs, addresses."""
    blob: Blob | None = None
    """What can be compared with its digest."""
    event_id: str | None = None
    """The event that tells of it."""


class Lineage(Frozen):
    """A version with all its links, in the order of the loop."""

    model: str
    version: int
    links: tuple[Link, ...]

    @property
    def gaps(self) -> tuple[Link, ...]:
        """The links that are missing."""
        return tuple(link for link in self.links if not link.found)


def lineage(
    life: Life,
    number: int,
    ingested: Iterable[Entry] = (),
    window: timedelta = timedelta(),
    looked_back_to: datetime | None = None,
) -> Lineage:
    """Answer the lineage of a version.

    Parameters
    ----------
    ingested : iterable of Entry
        What ingest said of the model's series: which windows came in when.
    window : timedelta
        Of that series.
    looked_back_to : datetime, optional
        What was said of the series before is not among `ingested`; none: all is.
    """
    one = versions.version(life, number)
    trainings = life.trainings[one.run_id] if one.run_id else None
    started = trainings.latest(TrainingStarted) if trainings else None
    completed = trainings.latest(TrainingCompleted) if trainings else None
    registered = life.registered[number].latest(ModelRegistered)
    return Lineage(
        model=life.model,
        version=number,
        links=(
            *of_data(completed, records(completed, ingested, window, looked_back_to)),
            run(one, started),
            *made(completed, registered),
            evaluation(one, registered),
            registration(one, registered),
            *approvals(one),
            *endpoints(one),
        ),
    )


def missing(name: str, why: str) -> Link:
    """Name a gap."""
    return Link(name=name, what=why, found=False)


def of_data(completed: Fact | None, batches: Link) -> tuple[Link, ...]:
    """Answer records, windows and the dataset made of them."""
    if completed is None:
        return (batches, *(missing(name, batches.what) for name in ("windows", "dataset")))
    data = completed.said.dataset
    span = f"{data.first:%Y-%m-%d %H:%M} to {data.cutoff:%Y-%m-%d %H:%M} UTC"
    windows = Link(
        name="windows",
        what=f"{data.points} points, {span}, {data.gaps} gaps filled",
        keys={"first": data.first.isoformat(), "cutoff": data.cutoff.isoformat()},
        event_id=completed.event_id,
    )
    dataset = Link(
        name="dataset",
        what=data.uri,
        blob=Blob(uri=data.uri, sha256=data.sha256),
        event_id=completed.event_id,
    )
    return (batches, windows, dataset)


def records(
    completed: Fact | None,
    ingested: Iterable[Entry],
    window: timedelta,
    looked_back_to: datetime | None,
) -> Link:
    """Answer the batches whose records the windows hold; stretches of which no batch is known are
    a gap."""
    if completed is None:
        return missing("records", "the journal knows no TrainingCompleted of its run")
    data = completed.said.dataset
    known = batches_of(completed, ingested, window)
    untold = (
        f"; what was said of them before {looked_back_to:%Y-%m-%d %H:%M} UTC was not read"
        if looked_back_to
        else ""
    )
    if not known:
        why = "the journal knows no ObservationsIngested of its windows"
        return missing("records", f"{why}{untold}")
    count = sum(fact.said.count for fact in known)
    history = sum(1 for fact in known if fact.said.backfill)
    batches = "1 batch" if len(known) == 1 else f"{len(known)} batches"
    told = f"{batches} ({history} of history) brought {count} windows"
    spans = [(fact.said.first, fact.said.last + window) for fact in known]
    if gaps := uncovered(spans, data.first, data.cutoff):
        return missing("records", f"{told}; of {named(gaps)} UTC no batch is known{untold}")
    return Link(name="records", what=told, event_id=known[-1].event_id)


def batches_of(completed: Fact, ingested: Iterable[Entry], window: timedelta) -> list[Fact]:
    """Answer what was said, until a run had ended, of windows that it learned from."""
    data = completed.said.dataset
    facts = (read_fact(one, ObservationsIngested) for one in ingested if is_ingested(one))
    known = (
        fact
        for fact in facts
        if fact
        and fact.at <= completed.at
        and fact.said.first <= data.cutoff
        and fact.said.last + window >= data.first
    )
    return sorted(known, key=order_of)


def named(gaps: Sequence[tuple[datetime, datetime]]) -> str:
    """Name stretches of time, the first few."""
    shown = (f"{since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M}" for since, until in gaps)
    more = f" and {len(gaps) - GAPS_NAMED} more" if len(gaps) > GAPS_NAMED else ""
    return ", ".join(islice(shown, GAPS_NAMED)) + more


def is_ingested(entry: Entry) -> bool:
    """Tell whether an entry says that windows came in."""
    return entry.detail_type == ObservationsIngested.detail_type()


def uncovered(
    spans: Sequence[tuple[datetime, datetime]], first: datetime, last: datetime
) -> tuple[tuple[datetime, datetime], ...]:
    """Answer the stretches between two times that no span covers."""
    gaps, reached = [], first
    for since, until in sorted(spans):
        if since > reached:
            gaps.append((reached, since))
        reached = max(reached, until)
    if reached < last:
        gaps.append((reached, last))
    return tuple((since, min(until, last)) for since, until in gaps if since < last)


def run(one: VersionLife, started: Fact | None) -> Link:
    """Answer the pipeline's execution."""
    if not one.run_id:
        return missing("run", "the journal knows no ModelRegistered of this version")
    if started is None:
        return missing("run", f"the journal knows no TrainingStarted of {one.run_id}")
    event: TrainingStarted = started.said
    return Link(
        name="run",
        what=f"{event.run_id} with {event.algorithm}, asked for by {event.trigger}",
        keys={"run_id": event.run_id, "execution_arn": event.execution_arn},
        event_id=started.event_id,
    )


def made(completed: Fact | None, registered: Fact | None) -> tuple[Link, ...]:
    """Answer the image and the artifacts: as registered, for that is what ships; else as the run
    left them."""
    if registered:
        event_id, source = registered.event_id, registered.said.lineage
    elif completed:
        event_id, source = completed.event_id, completed.said
    else:
        why = "the journal knows neither TrainingCompleted nor ModelRegistered"
        return tuple(missing(name, why) for name in ("image", "artifact", "judged artifact"))
    return (
        Link(name="image", what=source.image, event_id=event_id),
        of_blob("artifact", source.artifact, event_id),
        of_blob("judged artifact", source.judged_artifact, event_id),
    )


def of_blob(name: str, blob: Blob, event_id: str) -> Link:
    """Answer something in S3."""
    return Link(name=name, what=blob.uri, blob=blob, event_id=event_id)


def evaluation(one: VersionLife, registered: Fact | None) -> Link:
    """Answer by what it was judged."""
    evidence = one.evidence
    if evidence is None:
        return missing("evaluation", "the journal knows no ModelEvaluated of its run")
    score = evidence.champion_score
    champion = "" if score is None else f", v{evidence.champion} {score:.4g}"
    return Link(
        name="evaluation",
        what=(
            f"mean wQL {evidence.score:.4g} on {evidence.points} points, limit "
            f"{evidence.limit:.4g} ({evidence.limit_is}), baseline {evidence.baseline:.4g}"
            f"{champion}"
        ),
        blob=registered.said.lineage.evaluation if registered else None,
        event_id=evidence.event_id,
    )


def registration(one: VersionLife, registered: Fact | None) -> Link:
    """Answer the version in the registry."""
    if registered is None:
        return missing("registration", "the journal knows no ModelRegistered of this version")
    return Link(
        name="registration",
        what=one.package_arn,
        keys={"package_arn": one.package_arn},
        event_id=registered.event_id,
    )


def approvals(one: VersionLife) -> tuple[Link, ...]:
    """Answer who let it go on; of a version that serves, both approvals must be there."""
    links = [said(word) for word in one.words]
    heard = {word.said for word in one.words}
    for approval, stage in (("approved", Stage.STAGING), ("promoted", Stage.PRODUCTION)):
        if approval not in heard and any(stay.stage == stage for stay in one.stays):
            why = f"it served in {stage}, and the journal knows nobody who {approval} it"
            links.append(missing("approvals", why))
    return tuple(links) or (Link(name="approvals", what="nobody has said anything yet"),)


def said(word: Word) -> Link:
    """Answer one word of a person or the rule."""
    note = word.note.removeprefix(f"{word.who}: ")  # the rule signs its own
    return Link(
        name="approvals",
        what=f"{word.said} by {word.who}" + (f": {note}" if note else ""),
        keys={"said": word.said, "who": word.who, "at": word.at.isoformat()},
        event_id=word.event_id,
    )


def endpoints(one: VersionLife) -> tuple[Link, ...]:
    """Answer where it served."""
    links = tuple(
        Link(
            name="endpoints",
            what=(
                f"{stay.stage}, {stay.since:%Y-%m-%d %H:%M:%S} UTC until "
                + (f"{stay.until:%Y-%m-%d %H:%M:%S} UTC: {stay.ended}" if stay.until else "now")
            ),
            keys={
                "stage": stay.stage,
                "endpoint": stay.endpoint,
                "endpoint_config": stay.endpoint_config,
                "serves": "no" if stay.until else "yes",
            },
            event_id=stay.event_id,
        )
        for stay in one.stays
    )
    return links or (Link(name="endpoints", what="it has not served anywhere"),)
