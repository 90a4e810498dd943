"""A recording, lived again by its aggregates, and what differs from what was decided then."""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Set
from datetime import datetime

from ops.replay.answers import UntoldError
from ops.replay.difference import Consequences, Difference
from ops.replay.life import HERE, Elsewhere, Items, Life
from ops.replay.recorded import Aggregate, Recorded, Recording
from ops.replay.services import SERVICES
from ops.replay.told import Said, Told, differences, told_then
from shared.contracts.door import open_event
from shared.contracts.envelope import SOURCE, Envelope, Event
from shared.contracts.subscriptions import SUBSCRIPTIONS

GAP = "the recording lacks a decision before it"
OWN_WORK = "it looks at what its own actions have made, and they would not have been done"
NOTHING: Items = {}


class Replay:
    """One replay of a recording.

    Parameters
    ----------
    services : Set
        Whose decisions are taken again.
    model : str, optional
        Only of this model.
    elsewhere : Callable
        Answers the world that an aggregate lives in, by its key.
    before : Replay, optional
        A replay of the same recording in the recorded world, which is over: then it is compared
        with that one, rather than with the record.
    reported : Set, optional
        Services of which it is reported what they say and decide; none: all.

    Attributes
    ----------
    decided : Counter
        Decisions of what is reported that were taken again, by service.
    found : list
        Those that are others now, whenever that was, and do not follow from each other.
    skipped : Counter
        Aggregates whose life the recording does not hold from its beginning, with their decisions.
    """

    def __init__(
        self,
        recording: Recording,
        services: Set[str] = SERVICES.keys(),
        model: str | None = None,
        elsewhere: Callable[[str], Elsewhere] = lambda key: HERE,
        before: "Replay | None" = None,
        reported: Set[str] | None = None,
    ) -> None:
        self.recording = recording
        self.services = services
        self.model = model
        self.elsewhere = elsewhere
        self.before = before
        self.reported = reported
        self.said = {one.envelope.metadata.event_id: one for one in recording.events}
        self.consequences = Consequences(self.said, self.reports)
        self.said_by = {name: one for one in decisions(recording) for name in one.ids}
        self.waiting = by_aggregate(recording)
        self.taken: set[int] = set()
        self.lives: dict[Aggregate, Life] = {}
        self.states_then: dict[Aggregate, str] = {}
        self.met: set[Aggregate] = set()
        self.told: dict[int, Told | None] = {}
        self.otherwise: dict[str, tuple[Envelope[Event], Difference]] = {}
        self.decided: Counter[str] = Counter()
        self.found: list[Difference] = []
        self.skipped: Counter[Aggregate] = Counter()

    def reports(self, one: Recorded) -> bool:
        """Tell whether a line is reported: all is lived again, for the rest of it rests on that."""
        metadata = one.envelope.metadata
        is_of_them = self.reported is None or metadata.producer in self.reported
        return is_of_them and self.is_in_time(metadata.occurred_at)

    def is_in_time(self, moment: datetime) -> bool:
        """Tell whether a moment is in the time that is reported."""
        return self.recording.header.reports(moment)

    def play(self) -> Iterator[Recorded]:
        """Take every decision again, in the order of causes; answers each line as it is done."""
        for one in self.recording.events:
            # what a decision said may be told, and have effects, before its record is
            due = one if one.is_decision else self.said_by.get(one.envelope.metadata.event_id)
            for following in self.in_order(due) if due else ():
                self.take(following)
            yield one

    def in_order(self, due: Recorded) -> Iterator[Recorded]:
        """Answer a decision, after all that it rests on and that was not taken yet.

        Clocks differ: within an aggregate the revision is the order, between them who heard whom.
        """
        due_too, met = [due], {due.number}
        while due_too:
            last = due_too[-1]
            if last.number in self.taken:
                due_too.pop()
                continue
            following = self.waiting[last.whose][0]
            before = map(self.said_by.get, self.consequences.rests_on(following))
            if missing := next((one for one in before if one and self.is_due(one, met)), None):
                met.add(missing.number)
                due_too.append(missing)
                continue
            self.taken.add(self.waiting[last.whose].popleft().number)
            yield following

    def is_due(self, one: Recorded, met: Set[int]) -> bool:
        """Tell whether a decision is still to be taken, and nobody is at it."""
        return one.number not in self.taken and one.number not in met

    def take(self, one: Recorded) -> None:
        """Take one decision again, unless it would not have come to it."""
        root, life = self.consequences.root(one), self.life(one)
        if root:
            self.consequences.lose(one, root, told_then(one, self.said))
        if life is None:
            return
        if root:
            life.depart(root)
            if life.replayable.sees_its_work:
                life.stop(OWN_WORK, one)
        elif life.stopped:
            life.untold += self.is_in_time(one.record.now)
        else:
            self.decide(one, life)

    def life(self, one: Recorded) -> Life | None:
        """Answer whose decision it is; None: it is not replayed."""
        record, whose = one.record, one.whose
        if record.service not in self.services or self.model not in (None, record.model):
            return None
        life, is_first = self.begun(whose), whose not in self.met
        self.met.add(whose)
        follows = record.state_before == self.states_then[whose]
        if whose in self.skipped or (is_first and not follows):
            self.skipped[whose] += 1
            return None
        if not follows:
            life.stop(GAP, one)
        self.states_then[whose] = record.state_after
        return life

    def begun(self, whose: Aggregate) -> Life:
        """Answer an aggregate as it is now; a new one if it was not heard of."""
        if whose not in self.lives:
            self.lives[whose] = Life(
                whose.service,
                whose.key,
                self.recording.header.environment,
                SERVICES[whose.service],
                self.elsewhere(whose.key),
            )
            self.states_then[whose] = self.lives[whose].digest
        return self.lives[whose]

    def decide(self, one: Recorded, life: Life) -> None:
        """Take one decision again, and see what becomes of it."""
        whose, is_as_then = one.whose, life.digest == one.record.state_before
        items = self.before.lives[whose].items if self.before else NOTHING
        then = (self.before and self.before.told.get(one.number)) or told_then(one, self.said)
        if self.reports(one):
            self.decided[whose.service] += 1
        try:
            now = life.decide(one, self.heard(one, life), items)
        except UntoldError as error:
            life.stop(str(error), one)
            if not life.is_own:
                found = Difference(one, then, None, differences(then, None), life.stopped)
                self.note(found, life)
            return
        self.told[one.number] = now
        if fields := differences(then, now, states=is_as_then and self.before is None):
            found = Difference(one, then, now, fields)
            root = self.note(found, life)
            self.consequences.lose(one, root, then, now)
            self.spread(found, root)

    def note(self, found: Difference, life: Life) -> Difference:
        """Keep a difference; answer the one from which it follows, which may be itself."""
        if life.because:
            if self.reports(found.one) or self.is_open(found):
                life.because.follows.append(found)
            return life.because
        life.is_own = True
        self.found.append(found)
        return found

    def heard(self, one: Recorded, life: Life) -> Envelope[Event] | None:
        """Answer the event that was decided upon, where the recording holds it."""
        name = one.record.cause_id
        if name in self.otherwise:
            envelope, root = self.otherwise[name]
            life.depart(root)
            return envelope
        return self.said[name].envelope if name in self.said else None

    def spread(self, found: Difference, root: Difference) -> None:
        """Let the others hear what is said otherwise, and what was not said then."""
        before = {(said.event_id, said.kind): said for said in found.then.events}
        for said in found.now.events if found.now else ():
            old = before.get((said.event_id, said.kind))
            if old is None:
                self.tell(said, root, found.one)
            elif old.detail != said.detail:
                self.otherwise[said.event_id] = opened(said), root

    def tell(self, said: Said, root: Difference, one: Recorded) -> None:
        """Tell all who hear it an event that a decision did not say then."""
        news = opened(said)
        for row in SUBSCRIPTIONS:
            if row.event is not type(news.data) or row.service not in self.services:
                continue
            life = self.begun(Aggregate(row.service, news.metadata.subject))
            life.depart(root)
            if life.stopped:
                continue
            try:
                told = life.hear_news(news, one.record.now)
            except UntoldError as error:
                life.stop(f"it hears {said.kind}, and {error}", one)
                continue
            for follows in told.events if told else ():
                self.tell(follows, root, one)

    @property
    def differences(self) -> list[Difference]:
        """Answer the decisions that are others now, of what is reported, or those of others and of
        before on which something of that rests."""
        return [one for one in self.found if self.reports(one.one) or self.is_felt(one)]

    def is_felt(self, one: Difference) -> bool:
        """Tell whether something that is reported is not as it was because of it, or is not known
        any more."""
        ends = any(
            life.because is one or whose == one.one.whose for whose, life in self.stopped.items()
        )
        return bool(one.lost or one.follows or ends or self.is_open(one))

    def is_open(self, one: Difference) -> bool:
        """Tell whether nobody knows what would have come of it, in the time that is reported: it
        may concern all."""
        is_unknown = one.untold or one.begins
        return bool(is_unknown) and self.is_in_time(one.at)

    @property
    def stopped(self) -> Mapping[Aggregate, Life]:
        """Answer the aggregates of which the record does not tell how they went on, in the time
        that is reported or from before it."""
        is_over = self.recording.header.is_over
        return {
            whose: life
            for whose, life in self.lives.items()
            if life.stopped_at and not is_over(life.stopped_at.record.now)
        }


def decisions(recording: Recording) -> Iterator[Recorded]:
    """Answer the records of decisions."""
    return (one for one in recording.events if one.is_decision)


def by_aggregate(recording: Recording) -> Mapping[Aggregate, deque[Recorded]]:
    """Answer each aggregate's decisions, in their order."""
    found: dict[Aggregate, deque[Recorded]] = defaultdict(deque)
    for one in sorted(decisions(recording), key=lambda one: one.revision):
        found[one.whose].append(one)
    return found


def opened(said: Said) -> Envelope[Event]:
    """Open an event that is said now."""
    detail = said.detail or {}
    source = SOURCE + str(detail["metadata"]["producer"])
    envelope = open_event({"source": source, "detail-type": said.kind, "detail": detail})
    if envelope is None:
        raise TypeError(f"{said.kind} is an event of AWS")
    return envelope
