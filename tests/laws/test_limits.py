"""The limit: it ends the same in whatever order its facts are heard and its steps taken back, and
it loosens only by people or a roll-back."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.evaluator.domain import limit, sweep
from services.evaluator.domain.seen import Declared, World
from services.evaluator.domain.state import Evaluations, Tightening
from services.monitor.domain.state import Watch
from services.monitor.effects import EFFECTS
from services.monitor.handlers import HANDLERS
from shared.contracts.envelope import Envelope, Event, Revision
from shared.contracts.lifecycle import LimitRestored, LimitSet, LimitTightened
from shared.contracts.names import ModelParameter
from shared.contracts.specs import Gate
from shared.messaging.worker import Service
from tests.fakes.messaging import Bench, MemoryStore, envelope
from tests.services.evaluator.world import ENV, MODEL, START, known, stay

LIMITS = (LimitSet, LimitTightened, LimitRestored)
scores = st.floats(0.01, 1)
gates = st.builds(
    lambda threshold, rate, headroom: Gate(
        threshold=threshold, update_rate=rate, headroom=headroom
    ),
    st.none() | scores,
    st.floats(0, 1),
    st.floats(0, 1),
)
worlds = st.builds(
    World,
    gate=gates,
    at_run_time=st.none()
    | st.builds(
        Declared,
        value=scores,
        where=st.just(ModelParameter.THRESHOLD),
        revision=st.integers(1, 3),
    ),
    bake_s=st.just(300),
)


def after(state: Evaluations, answer: Any) -> tuple[Evaluations, tuple[Event, ...]]:
    """Answer the next state, and what was said."""
    return (answer.state, answer.events) if answer else (state, ())


@st.composite
def lives(draw: st.DrawFn) -> list[tuple[Evaluations, Evaluations, tuple[Event, ...]]]:
    """Draw the life of a limit: people declare, versions come, bake and are rolled back."""
    state, steps, hour = Evaluations(env=ENV, model=MODEL), [], 0
    for _ in range(draw(st.integers(1, 10))):
        before, hour = state, hour + 1
        match draw(st.sampled_from(["sweep", "sweep", "comes", "goes"])):
            case "sweep":
                now = START + timedelta(hours=hour)
                state, events = after(state, sweep.sweep(state, draw(worlds), "alice", now))
            case "comes":
                state = state.with_version(hour, known(draw(scores), hour))
                state, events = state.changed(production=stay(hour)), ()
            case _:
                versions = [step.version for step in state.limit.tightenings]
                which = draw(st.sampled_from([*versions, 99]))
                state, events = after(state, limit.restore(state, which, "rolled back"))
        steps.append((before, state, events))
    return steps


@given(lives())
def test_a_limit_loosens_only_by_people_or_by_a_roll_back_and_says_so(
    life: list[tuple[Evaluations, Evaluations, tuple[Event, ...]]],
) -> None:
    for before, now, events in life:
        old, new = before.limit.threshold, now.limit.threshold
        said = [event for event in events if isinstance(event, LIMITS)]
        if old == new:
            assert all(isinstance(one, LimitSet) and one.old == one.new for one in said) or not said
            continue
        assert len(said) == 1
        if old is not None and (new is None or new > old):
            assert isinstance(said[0], LimitSet | LimitRestored)
        if isinstance(said[0], LimitTightened):
            assert new is not None
            assert old is not None
            assert said[0].score <= new < old


@given(lives())
def test_no_decision_says_two_limits_which_could_be_heard_in_either_order(
    life: list[tuple[Evaluations, Evaluations, tuple[Event, ...]]],
) -> None:
    for _, _, events in life:
        assert sum(isinstance(event, LIMITS) for event in events) <= 1


def heard(said: Sequence[tuple[int, Event]]) -> float | None:
    """Let the monitor hear facts of a limit, each with the revision of its decision."""
    service: Service[Watch] = Service("monitor", HANDLERS, EFFECTS, look=None, ports=None)
    store = MemoryStore(Watch, lambda key: Watch(env=ENV, key=key))
    worker = Bench(service, store).worker()
    for number, event in said:
        fact: Envelope[Event] = envelope(
            event, f"event-{number}", revision=Revision(number=number, index=0)
        )
        worker.handle(fact)
    return store.load(MODEL, None).state.threshold


@settings(max_examples=60, deadline=None)
@given(lives(), st.data())
def test_whoever_hears_of_a_limit_ends_with_the_one_in_force_in_whatever_order(
    life: list[tuple[Evaluations, Evaluations, tuple[Event, ...]]], data: st.DataObject
) -> None:
    said = [
        (number, event)
        for number, (_, _, events) in enumerate(life, start=1)
        for event in events
        if isinstance(event, LIMITS)
    ]
    again = data.draw(st.lists(st.sampled_from(said), max_size=3)) if said else []
    delivered = data.draw(st.permutations([*said, *again]))
    assert heard(delivered) == heard(said) == life[-1][1].limit.threshold


@st.composite
def tightened(draw: st.DrawFn) -> Evaluations:
    """Draw a limit that several versions have tightened, one after the other."""
    steps = sorted(draw(st.lists(scores, min_size=2, max_size=6, unique=True)), reverse=True)
    tightenings = tuple(
        Tightening(version=number, old=old) for number, old in enumerate(steps[:-1], start=1)
    )
    state = Evaluations(env=ENV, model=MODEL)
    return state.with_limit(threshold=steps[-1], tightenings=tightenings)


@given(tightened(), st.data())
def test_whatever_is_rolled_back_in_any_order_the_limit_ends_as_before_the_first_of_it(
    state: Evaluations, data: st.DataObject
) -> None:
    versions = [step.version for step in state.limit.tightenings]
    gone = data.draw(st.lists(st.sampled_from(versions), min_size=1))
    ends = []
    for order in (gone, sorted(gone), data.draw(st.permutations(gone))):
        end = state
        for version in order:
            end, _ = after(end, limit.restore(end, version, "rolled back"))
        ends.append(end.limit)
    assert ends[0] == ends[1] == ends[2]
    first = min(gone)
    assert ends[0].threshold == state.limit.tightenings[first - 1].old
    assert [step.version for step in ends[0].tightenings] == versions[: first - 1]


@given(scores, st.lists(scores, min_size=1, max_size=5), st.floats(0, 1), st.data())
def test_versions_that_tighten_at_full_rate_leave_the_same_limit_in_any_order(
    old: float, shown: list[float], headroom: float, data: st.DataObject
) -> None:
    full = Gate(update_rate=1.0, headroom=headroom)
    ends = []
    for order in (shown, data.draw(st.permutations(shown))):
        end = old
        for score in order:
            end = limit.tightened(end, score, full)
        ends.append(end)
    best = min(old, *(score * (1 + headroom) for score in shown))
    assert ends == pytest.approx([best, best])  # but for the last digits of doubles


@given(scores, st.lists(scores, max_size=5), st.floats(0, 1), st.floats(0, 1), st.data())
def test_at_any_rate_the_end_lies_between_the_start_and_the_best_version(
    old: float, shown: list[float], rate: float, headroom: float, data: st.DataObject
) -> None:
    slow = Gate(update_rate=rate, headroom=headroom)
    end = old
    for score in data.draw(st.permutations(shown)):
        end = limit.tightened(end, score, slow)
    assert min([old, *(score * (1 + headroom) for score in shown)]) <= end <= old
