"""Why something is as it is: a paragraph, and the chain of causes from its root on."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from pydantic import AwareDatetime

from services.journal.domain import DECISION, Entry
from services.journal.questions import as_of, sentences, serving, versions
from services.journal.questions.as_of import Standing
from services.journal.questions.causes import Causes
from services.journal.questions.facts import read_fact
from services.journal.questions.life import Life
from services.journal.questions.serving import Stay
from services.journal.questions.versions import VersionLife
from shared.contracts.frozen import Frozen
from shared.contracts.lifecycle import (
    EVENTS,
    AccuracyMeasured,
    EndpointInService,
    ModelRefused,
    TrainingFailed,
)
from shared.contracts.names import Stage


class Link(Frozen):
    """An event of a chain, and why the service that said it decided so."""

    entry: Entry
    why: str
    """Nothing where a person said it, or the record of the decision is not known."""


class Answer(Frozen):
    """Why an event was said."""

    paragraph: str
    chain: tuple[Link, ...]
    """From the root to the event."""


class Reasons(Frozen):
    """Why a model stands as it does, and why nothing else happens."""

    model: str
    at: AwareDatetime
    paragraph: str
    chain: tuple[Link, ...]
    """What led to the version that serves production; nothing where none does."""
    open: tuple[str, ...]
    """What waits, what is under way, and what keeps the model from the next step."""


def of_event(chain: Sequence[Entry], records: Iterable[Entry]) -> Answer:
    """Answer why an event was said.

    Parameters
    ----------
    chain : sequence of Entry
        From the root to the event, as `Causes.chain` answers it.
    records : iterable of Entry
        Among them the records of the decisions that said these events.
    """
    return Answer(paragraph=paragraph(chain), chain=links(chain, records))


def links(chain: Sequence[Entry], records: Iterable[Entry]) -> tuple[Link, ...]:
    """Join events to the records of the decisions that said them."""
    whys = {
        said_by(one): str(one.detail["data"]["why"])
        for one in records
        if one.detail_type == DECISION
    }
    return tuple(
        Link(entry=one, why=whys.get(said_by(one), "") if one.revision else "") for one in chain
    )


def said_by(entry: Entry) -> tuple[str, str, int]:
    """Name the decision that said an event."""
    return (entry.source, entry.subject, entry.revision.number if entry.revision else 0)


def paragraph(chain: Iterable[Entry]) -> str:
    """Tell a chain as a story."""
    told = []
    for entry in chain:
        event_class = EVENTS.get(entry.detail_type)
        fact = read_fact(entry, event_class) if event_class else None
        actor = str(entry.detail["metadata"]["actor"])
        told.append(sentences.of(fact.said, fact.at, actor) if fact else "")
    return " ".join(filter(None, told))


def story(life: Life, entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Answer what led to the version that serves production, from its making to its coming (back);
    nothing where none serves."""
    stay = serving.present(life.stages[Stage.PRODUCTION])
    if stay is None:
        return ()
    causes = Causes(entries)
    arrivals = [
        fact.event_id
        for fact in life.stages[Stage.PRODUCTION]
        if isinstance(fact.said, EndpointInService) and fact.said.version == stay.version
    ]
    told = (one for end in (arrivals[0], stay.event_id) for one in causes.chain(end))
    return tuple({one.event_id: one for one in told}.values())


def of_model(
    life: Life,
    chain: Sequence[Entry],
    records: Iterable[Entry],
    at: datetime,
    frozen: bool,
    is_all: bool = True,
) -> Reasons:
    """Answer why a model stands as it does.

    Parameters
    ----------
    chain : sequence of Entry
        What led to what serves, as `story` answers it.
    frozen : bool
        Whether its spec says so.
    is_all : bool
        Whether every verdict of the monitor is in its life, rather than the latest alone.
    """
    standing = as_of.standing(life, at)
    serves = standing.stages[Stage.PRODUCTION].stay
    return Reasons(
        model=life.model,
        at=at,
        paragraph=f"{what_serves(serves)} {paragraph(chain)}" if serves else nothing_serves(life),
        chain=links(chain, records),
        open=tuple(matters(life, standing, frozen, is_all)),
    )


def what_serves(stay: Stay) -> str:
    """Say what serves."""
    since = sentences.moment(stay.since)
    return f"v{stay.version} serves in production since {since}, as {stay.endpoint_config}."


def nothing_serves(life: Life) -> str:
    """Say why nothing serves production."""
    stays = serving.stays(life.stages[Stage.PRODUCTION])
    if stays:
        last = stays[-1]
        when = f" since {sentences.moment(last.until)}" if last.until else ""
        return f"Nothing serves in production{when}: v{last.version} left it, {last.ended}."
    return "Nothing has served in production yet."


def matters(life: Life, standing: Standing, frozen: bool, is_all: bool) -> Iterator[str]:
    """Say what is open, and what keeps the model from its next training or promotion."""
    if frozen:
        yield "it is frozen: nothing is trained or rolled out until it is unfrozen"
    for fault in standing.data_faults:
        yield f"the data are at fault ({fault.kind}): {fault.evidence}"
    yield from live(life, standing, is_all)
    if degradation := standing.degradation:
        since = sentences.day_and_minute(degradation.since)
        yield f"v{degradation.version} falls short since {since} UTC: {degradation.evidence}"
    if run := standing.training:
        doing = "judged" if run.is_judged else "trained"
        yield f"{run.run_id} is being {doing} since {sentences.moment(run.since)}"
    if no := standing.suppressed:
        until = f"; decided again on {sentences.moment(no.until)}" if no.until else ""
        yield f"a training waits (asked for by {no.trigger}; {no.rule}): {no.reason}{until}"
    for of_stage in standing.stages.values():
        if coming := of_stage.coming:
            since = sentences.moment(coming.since)
            yield f"v{coming.version} is on its way to {coming.stage} since {since}"
    yield from not_there(life, standing)


def live(life: Life, standing: Standing, is_all: bool) -> Iterator[str]:
    """Say how the version in production does; nothing where the monitor has not judged it."""
    stay = standing.stages[Stage.PRODUCTION].stay
    row = life.measured[stay.version] if stay else None
    if stay and row and (latest := row.latest()):
        breaches = sum(fact.said.breached for fact in row)
        event: AccuracyMeasured = latest.said
        held = "above" if event.mean_wql > event.limit else "within"
        number = f"{breaches}" if is_all or row.has_begun else f"at least {breaches}"
        in_a_row = f"; {number} breaches in a row" if breaches else ""
        yield (
            f"v{stay.version} was judged on {sentences.moment(latest.at)}: mean wQL "
            f"{event.mean_wql:.4g} on {event.points} points is {held} its limit {event.limit:.4g}, "
            f"baseline {event.baseline_wql:.4g}{in_a_row}"
        )


def not_there(life: Life, standing: Standing) -> Iterator[str]:
    """Say why later versions do not serve production, and what became of the latest run."""
    stay = standing.stages[Stage.PRODUCTION].stay
    for one in versions.versions(life):
        if one.version > (stay.version if stay else 0) or as_of.waits(one):
            yield f"v{one.version} {one.stands}{since_when(one)}"
    for run_id in reversed(life.trainings):
        if ended := fruitless(life, run_id):
            yield ended
        return


def since_when(one: VersionLife) -> str:
    """Say since when a version waits."""
    if not as_of.waits(one) or one.registered_at is None:
        return ""
    return f", registered {sentences.moment(one.registered_at)}"


def fruitless(life: Life, run_id: str) -> str:
    """Say why the latest run made no version; nothing where it did, or is under way."""
    fact = life.judged[run_id].latest(ModelRefused) or life.trainings[run_id].latest(TrainingFailed)
    return sentences.of(fact.said, fact.at, "").rstrip(".") if fact else ""
