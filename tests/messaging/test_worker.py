"""The loop load → look → decide → commit → do → settle, under every crash, repeat and race."""

import contextlib
import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.contracts import limits
from shared.contracts.envelope import Envelope, Revision
from shared.contracts.frozen import Frozen
from shared.contracts.lifecycle import (
    DecisionRecorded,
    DeploymentRolledBack,
    EndpointInService,
    ModelRegistered,
    RetrainRequested,
    TrainingFailed,
)
from shared.contracts.wishes import SweepRequested
from shared.messaging.decision import Action, Decision, Effect, Ignored
from shared.messaging.errors import Refused, Rejected, Retryable
from shared.messaging.ledger import digest
from shared.messaging.worker import Service
from tests.fakes.messaging import START, Bench, MemoryStore


class Counter(Frozen):
    """A state that counts what was heard and what was done."""

    heard: int = 0
    done: int = 0
    refused: str = ""


class Count(Action):
    """Count one more."""

    number: int


class CountAlone(Count):
    """Count one more, with no token against a repeat."""


class Counted(Frozen):
    """What the outside world answered."""

    number: int


class Died(BaseException):
    """The process died here."""


class World:
    """An outside world that knows each number once, and may break."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.answers: dict[int, Exception] = {}
        self.page = ""

    def read(self) -> str:
        return self.page

    def count(self, number: int) -> Counted:
        if number in self.answers:
            raise self.answers[number]
        self.numbers.append(number)
        return Counted(number=number)


def hear(event: Envelope[Any], state: Counter, look: World, now: datetime) -> Decision[Counter]:
    number = state.heard + 1
    heard = TrainingFailed(model="fees", run_id=f"run-{number}", step="x", reason="heard")
    kind = CountAlone if event.data.reason == "alone" else Count
    return Decision(
        state.changed(heard=number), "heard", actions=(kind(number=number),), events=(heard,)
    )


def counted(
    state: Counter, action: Count, happened: Counted | Refused, now: datetime
) -> Decision[Counter]:
    if isinstance(happened, Refused):
        return Decision(state.changed(refused=happened.code), "refused")
    done = TrainingFailed(model="fees", run_id=f"run-{action.number}", step="y", reason="done")
    return Decision(state.changed(done=state.done + 1), "done", events=(done,))


def nothing(event: Envelope[Any], state: Counter, look: World, now: datetime) -> None:
    return None


def counts(event: Envelope[Any], state: Counter, look: World, now: datetime) -> Decision[Counter]:
    return Decision(state.changed(heard=state.heard + 1), "noted")


def bench(**handlers: Any) -> tuple[Bench[Counter], World]:
    world = World()
    effect = Effect(do=lambda action, ports: ports.count(action.number), then=counted)
    service: Service[Counter] = Service(
        name="trainer",
        handlers={RetrainRequested: hear, SweepRequested: nothing, **handlers.get("more", {})},
        effects={Count: effect, CountAlone: effect._replace(exclusive=True)},
        look=world,
        ports=world,
    )
    return Bench(service, MemoryStore(Counter, lambda key: Counter())), world


WISH = RetrainRequested(model="fees", reason="once")


def state_of(tried: Bench[Counter]) -> Counter:
    return tried.store.load("fees", None).state


def test_an_event_is_decided_done_settled_and_said() -> None:
    tried, world = bench()
    tried.handle(WISH)
    assert state_of(tried) == Counter(heard=1, done=1)
    assert world.numbers == [1]
    assert tried.bus.said() == ["TrainingFailed", "TrainingFailed"]
    assert tried.store.load("fees", None).todo == ()


def test_a_fact_that_comes_twice_changes_nothing_the_second_time() -> None:
    tried, world = bench()
    tried.handle(WISH, "event-1")
    tried.handle(WISH, "event-1")
    assert state_of(tried).heard == 1
    assert world.numbers == [1]


def test_two_facts_are_two_facts() -> None:
    tried, world = bench()
    tried.handle(WISH, "event-1")
    tried.handle(WISH, "event-2")
    assert world.numbers == [1, 2]


def test_a_refusal_is_an_outcome_that_the_domain_hears() -> None:
    tried, world = bench()
    world.answers[1] = Refused("ValidationException", "no such thing")
    tried.handle(WISH)
    assert state_of(tried).refused == "ValidationException"
    assert tried.store.load("fees", None).todo == ()


def test_what_cannot_be_done_now_sends_the_message_back_and_is_done_by_its_redelivery() -> None:
    tried, world = bench()
    world.answers[1] = Retryable("throttled")
    with pytest.raises(Retryable):
        tried.handle(WISH)
    assert [item.kind for item in tried.store.load("fees", None).todo] == ["Count"]
    world.answers.clear()
    tried.handle(WISH)
    assert state_of(tried) == Counter(heard=1, done=1)


def test_business_that_is_stuck_does_not_keep_the_news_out() -> None:
    tried, world = bench()
    world.answers[1] = Retryable("throttled")
    for event_id in ("event-1", "event-2"):
        with pytest.raises(Retryable):
            tried.handle(WISH, event_id)
    assert state_of(tried).heard == 2


def test_the_sweep_finishes_what_was_left() -> None:
    tried, world = bench()
    world.answers[1] = Retryable("throttled")
    with pytest.raises(Retryable):
        tried.handle(WISH)
    world.answers.clear()
    tried.handle(SweepRequested(), "sweep-1", subject="fees")
    assert state_of(tried).done == 1


def test_an_event_older_than_the_inbox_remembers_is_rejected() -> None:
    tried, _ = bench()
    tried.clock.at = START + timedelta(days=limits.INBOX_DAYS, seconds=1)
    with pytest.raises(Rejected, match="older than the 45 days"):
        tried.handle(WISH)
    assert state_of(tried) == Counter()


def test_an_event_that_nobody_hears_is_rejected() -> None:
    tried, _ = bench()
    with pytest.raises(Rejected, match="does not hear"):
        tried.handle(ModelRegistered.example())


def test_of_two_facts_of_a_family_the_older_changes_nothing() -> None:
    stages: list[str] = []

    def note(event: Envelope[Any], state: Counter, look: World, now: datetime) -> Decision[Counter]:
        stages.append(event.data.stage)
        return Decision(state.changed(heard=state.heard + 1), "noted")

    tried, _ = bench(more={EndpointInService: note})
    fact = EndpointInService.example()
    for event_id, number in (("late", 9), ("early", 5)):
        revision = Revision(number=number, index=0)
        tried.handle(fact, event_id, subject="fees", revision=revision)
    assert state_of(tried).heard == 1
    other = fact.changed(stage="production")
    tried.handle(other, "other", subject="fees", revision=Revision(number=6, index=0))
    assert stages == ["staging", "production"]


def test_an_overtaken_fact_does_not_open_the_door_to_others_like_it() -> None:
    tried, _ = bench(more={EndpointInService: counts})
    for event_id, number in (("latest", 9), ("late", 5), ("later", 7)):
        revision = Revision(number=number, index=0)
        tried.handle(EndpointInService.example(), event_id, subject="fees", revision=revision)
    assert state_of(tried).heard == 1


def test_facts_of_one_decision_do_not_overtake_each_other() -> None:
    tried, _ = bench(more={EndpointInService: counts, DeploymentRolledBack: counts})
    said = (EndpointInService.example(), 1), (DeploymentRolledBack.example(), 0)
    for fact, index in said:
        revision = Revision(number=9, index=index)
        tried.handle(fact, f"event-{index}", subject="fees", revision=revision)
    assert state_of(tried).heard == 2


def test_a_reason_for_doing_nothing_is_recorded() -> None:
    def ignore(event: Envelope[Any], state: Counter, look: World, now: datetime) -> Ignored:
        return Ignored("it means nothing any more")

    tried, _ = bench(more={ModelRegistered: ignore})
    tried.handle(ModelRegistered.example(), subject="fees")
    records = [entry for entry in tried.bus.entries if entry.detail_type == "DecisionRecorded"]
    assert len(records) == 1
    assert "it means nothing any more" in records[0].detail
    assert tried.bus.said() == []


def test_every_decision_is_recorded_with_its_cause_and_what_it_wanted() -> None:
    tried, _ = bench()
    tried.handle(WISH, "event-7")
    records = [
        entry.detail for entry in tried.bus.entries if entry.detail_type == "DecisionRecorded"
    ]
    first, second = (DecisionRecorded.model_validate_json(data_of(detail)) for detail in records)
    assert (first.cause_id, first.answered, first.actions) == ("event-7", None, ("Count",))
    assert (second.cause_id, second.answered, second.actions) == ("event-7", "Count", ())
    assert first.state_after == second.state_before
    assert (first.item, first.outcome) == (None, None)
    assert (second.item, second.outcome) == ("1.1", "Counted")


def test_a_field_that_is_added_to_a_state_changes_no_digest_of_before() -> None:
    class Older(Frozen):
        model: str

    class Newer(Frozen):
        model: str
        frozen: bool = False

    assert digest(Older(model="fees")) == digest(Newer(model="fees"))
    assert digest(Newer(model="fees", frozen=True)) != digest(Newer(model="fees"))


def data_of(detail: str) -> str:
    return json.dumps(json.loads(detail)["data"])


def test_facts_carry_the_trip_the_cause_and_a_growing_revision() -> None:
    tried, _ = bench()
    tried.handle(WISH, "event-7", correlation_id="trip-7")
    first, second = (said.metadata for said in tried.bus.events())
    assert {first.correlation_id, second.correlation_id} == {"trip-7"}
    assert {first.causation_id, second.causation_id} == {"event-7"}
    assert first.revision is not None
    assert second.revision is not None
    assert second.revision.is_after(first.revision)
    assert first.producer == "trainer"


class Crashing:
    """Counts the side effects of a run, and dies before or after one of them."""

    def __init__(self, tried: Bench[Counter], world: World, die_at: int, after: bool) -> None:
        self.calls = 0
        self.die_at = die_at
        self.after = after
        self.wrap(tried.store, "commit")
        self.wrap(tried.store, "lease")
        self.wrap(tried.bus, "publish")
        self.wrap(world, "count")

    def wrap(self, target: object, name: str) -> None:
        original = getattr(target, name)

        def call(*arguments: Any) -> Any:
            self.calls += 1
            here = self.calls == self.die_at
            if here and not self.after:
                raise Died(name)
            answer = original(*arguments)
            if here:
                raise Died(name)
            return answer

        setattr(target, name, call)


@pytest.mark.parametrize("kind", ["once", "alone"])
@pytest.mark.parametrize("after", [False, True])
def test_dying_at_any_point_ends_in_the_same_state_and_says_each_fact_once(
    kind: str, after: bool
) -> None:
    wish = RetrainRequested(model="fees", reason=kind)
    reference, _ = bench()
    reference.handle(wish)
    died = 0
    for point in range(1, 20):
        tried, world = bench()
        crashing = Crashing(tried, world, point, after)
        try:
            tried.handle(wish)
        except Died:
            died += 1
        crashing.die_at = 0
        tried.store.leases.clear()  # the lease of the dead runs out
        tried.handle(wish)  # SQS delivers again
        assert state_of(tried) == state_of(reference), point
        assert tried.bus.said() == reference.bus.said(), point
        assert len({said.metadata.event_id for said in tried.bus.events()}) == 2
        assert world.numbers[0] == 1
        assert set(world.numbers) == {1}
    assert died >= 6


def test_a_second_worker_at_any_point_changes_nothing() -> None:
    for point in range(1, 20):
        tried, world = bench()
        racing = Racing(tried, point)
        try:
            tried.handle(WISH)
        finally:
            racing.at = 0
        tried.handle(WISH)
        assert state_of(tried) == Counter(heard=1, done=1), point
        assert sorted(set(tried.bus.said())) == ["TrainingFailed"]
        assert len(tried.bus.events()) == 2, point


class Racing:
    """Lets a second worker handle the same event right before one commit of the first."""

    def __init__(self, tried: Bench[Counter], at: int) -> None:
        self.at = at
        self.calls = 0
        original = tried.store.commit

        def commit(*arguments: Any) -> None:
            self.calls += 1
            if self.calls == self.at:
                self.at = 0
                tried.handle(WISH)
            original(*arguments)

        tried.store.commit = commit  # type: ignore[method-assign, assignment]


def test_an_action_without_a_token_is_left_alone_while_another_worker_holds_it() -> None:
    tried, world = bench()
    wish = RetrainRequested(model="fees", reason="alone")
    tried.store.lease("fees", "1.1")
    tried.handle(wish)
    assert world.numbers == []
    tried.store.leases.clear()
    tried.handle(SweepRequested(), "sweep-1", subject="fees")
    assert world.numbers == [1]


def test_what_cannot_be_done_keeps_neither_the_news_nor_its_neighbours_waiting() -> None:
    for trouble in (Retryable("throttled"), KeyError("a bug")):
        tried, world = bench()
        world.answers[1] = trouble
        for event_id in ("event-1", "event-2"):
            with pytest.raises(Retryable):
                tried.handle(WISH, event_id)
        assert state_of(tried) == Counter(heard=2, done=1)
        assert [item.kind for item in tried.store.load("fees", None).todo] == ["Count"]


@pytest.mark.parametrize("trouble", [Retryable("throttled"), KeyError("a bug")])
def test_what_another_worker_did_while_its_neighbour_failed_slowly_is_not_done_again(
    trouble: Exception,
) -> None:
    tried, world = bench()
    world.answers = {number: Retryable("throttled") for number in (1, 2)}
    for event_id in ("event-1", "event-2"):
        with pytest.raises(Retryable):
            tried.handle(WISH, event_id)
    world.answers = {1: trouble}
    count = world.count

    def slowly(number: int) -> Counted:
        world.count = count  # type: ignore[method-assign]
        with pytest.raises(Retryable):
            tried.handle(SweepRequested(), "meanwhile", subject="fees")
        return count(number)

    world.count = slowly  # type: ignore[method-assign]
    with pytest.raises(Retryable):
        tried.handle(SweepRequested(), "sweep", subject="fees")
    assert world.numbers == [2]
    assert len(tried.store.load("fees", None).todo) == 1


def test_an_action_that_the_code_no_longer_knows_waits_and_the_rest_goes_on() -> None:
    tried, world = bench()
    world.answers[1] = Retryable("throttled")
    with pytest.raises(Retryable):
        tried.handle(WISH, "event-1")
    forgetful: Service[Counter] = Service(
        name="trainer",
        handlers=tried.service.handlers,
        effects={CountAlone: tried.service.effects[CountAlone]},
        look=world,
        ports=world,
    )
    with pytest.raises(Retryable, match=r"Count.* cannot be done"):
        replace(tried, service=forgetful).handle(
            RetrainRequested(model="fees", reason="alone"), "event-2"
        )
    assert world.numbers == [2]
    world.answers.clear()
    tried.handle(SweepRequested(), "sweep-1", subject="fees")
    assert state_of(tried) == Counter(heard=2, done=2)


def test_an_action_without_a_token_that_cannot_be_done_sends_its_message_back() -> None:
    tried, world = bench()
    wish = RetrainRequested(model="fees", reason="alone")
    world.answers[1] = Retryable("throttled")
    for _ in range(2):
        tried.store.leases.clear()  # the queue's visibility outlives a lease
        with pytest.raises(Retryable):
            tried.handle(wish)


def test_the_trouble_of_one_aggregate_does_not_reach_the_others() -> None:
    for trouble in (KeyError("a bug"), Refused("AccessDenied", "no"), Rejected("too large")):
        heard: list[str] = []

        def note(
            event: Envelope[Any],
            state: Counter,
            look: World,
            now: datetime,
            heard: list[str] = heard,
            trouble: Exception = trouble,
        ) -> Decision[Counter]:
            heard.append("asked")
            if len(heard) == 1:
                raise trouble
            return Decision(state.changed(heard=1), "noted")

        tried, _ = bench(more={ModelRegistered: note})
        tried.concerned = lambda envelope: ("blocks", "fees")
        with pytest.raises(Exception, match=r"bug|AccessDenied|too large"):
            tried.handle(ModelRegistered.example())
        assert state_of(tried).heard == 1


def test_an_aggregate_with_too_much_to_do_takes_no_more_news_until_it_is_done() -> None:
    tried, world = bench()
    world.answers = {number: Retryable("throttled") for number in range(1, 200)}
    for number in range(100):
        with pytest.raises(Retryable):
            tried.handle(WISH, f"event-{number}")
    assert len(tried.store.load("fees", None).todo) <= 2 * limits.TODO_ITEMS_MAX
    heard = state_of(tried).heard
    assert heard < 100
    world.answers.clear()
    for _ in range(5):
        with contextlib.suppress(Retryable):
            tried.handle(SweepRequested(), "sweep", subject="fees")
    for number in range(100):
        tried.handle(WISH, f"event-{number}")
    assert state_of(tried) == Counter(heard=100, done=100)


def test_what_was_said_and_seen_never_makes_a_record_too_large_to_be_said() -> None:
    def look_around(
        event: Envelope[Any], state: Counter, look: World, now: datetime
    ) -> Decision[Counter]:
        look.read()
        return Decision(state.changed(heard=1), "heard")

    tried, world = bench(more={RetrainRequested: look_around})
    world.page = '"' * (limits.SEEN_BYTES_MAX // 3)
    note = '"' * (limits.EVENT_BYTES_MAX // 3)
    tried.handle(RetrainRequested(model="fees", reason="long", note=note))
    record = DecisionRecorded.model_validate_json(data_of(tried.bus.entries[-1].detail))
    assert record.cause is None
    assert record.seen.uri is not None
    assert state_of(tried).heard == 1
