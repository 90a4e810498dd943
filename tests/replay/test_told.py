"""What is compared of two decisions, and how an outcome is read back."""

from typing import Any

import pytest

from ops.replay.answers import UNTOLD, Answers, UntoldError
from ops.replay.outcomes import outcomes
from ops.replay.told import Field, Said, Told, differences
from services.deployer.domain.outcomes import Done, Skipped, SmokeFailed
from services.deployer.domain.seen import World as Served
from services.deployer.effects import EFFECTS as DEPLOYER
from services.evaluator import ports as evaluator
from services.evaluator.domain.seen import World
from services.trainer.effects import EFFECTS as TRAINER
from shared.contracts.frozen import Frozen
from shared.contracts.names import ModelParameter
from shared.contracts.specs import Gate
from shared.messaging.decision import Effect
from shared.messaging.errors import Refused

DETAIL: dict[str, Any] = {"metadata": {}, "data": {"version": 3, "gate": {"limit": 0.3}}}
THEN = Told("v3 passed", ("Register",), (Said("1", "ModelEvaluated", DETAIL),), "a", "trip-1")
WORLD = World(gate=Gate(), bake_s=300)


def evaluated(limit: float) -> tuple[Said, ...]:
    """Say the same event with another limit."""
    return (Said("1", "ModelEvaluated", {"data": {"version": 3, "gate": {"limit": limit}}}),)


CHANGES: dict[str, tuple[Told | None, tuple[Field, ...]]] = {
    "nothing": (THEN, ()),
    "the reason": (
        THEN._replace(why="v3 is fine"),
        (Field("why", "v3 passed", "v3 is fine"),),
    ),
    "what is done": (THEN._replace(actions=()), (Field("actions", ["Register"], []),)),
    "what is said": (
        THEN._replace(events=()),
        (Field("events", ["ModelEvaluated"], []),),
    ),
    "how it is said": (
        THEN._replace(events=evaluated(0.2)),
        (Field("ModelEvaluated.gate.limit", 0.3, 0.2),),
    ),
    "the trip": (THEN._replace(trip="trip-2"), (Field("trip", "trip-1", "trip-2"),)),
    "the state": (THEN._replace(state="b"), (Field("state", "a", "b"),)),
    "everything": (None, (Field("why", "v3 passed", None),)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_part_of_a_decision_is_compared(name: str) -> None:
    now, expected = CHANGES[name]
    assert differences(THEN, now, states=True) == expected


def test_states_are_compared_only_where_they_were_the_same_before() -> None:
    assert differences(THEN, THEN._replace(state="b"), states=False) == ()


def effect(kind: str) -> Effect:
    """Find an effect by its action's name."""
    return next(one for action, one in {**DEPLOYER, **TRAINER}.items() if action.__name__ == kind)


def as_json(value: Frozen) -> Any:
    """Write an outcome as its record does."""
    return value.model_dump(mode="json", exclude_none=True)


SMOKE = SmokeFailed(reason="it is silent", world=Served(endpoints={}, frozen=False))


@pytest.mark.parametrize(
    ("kind", "outcome", "said", "expected"),
    [
        ("OfferPromotion", "Skipped", {}, [Skipped()]),
        ("OfferPromotion", None, {}, [Done(), Skipped()]),
        ("SmokeTest", "SmokeFailed", as_json(SMOKE), [SMOKE]),
        ("SmokeTest", None, as_json(SMOKE), [SMOKE]),
        ("SmokeTest", "SmokeFailed", {**as_json(SMOKE), "gone": 1}, [SMOKE]),
    ],
)
def test_an_outcome_is_read_by_its_name_or_else_by_what_fits(
    kind: str, outcome: str | None, said: Any, expected: list[Frozen]
) -> None:
    assert outcomes(effect(kind), outcome, said) == expected


@pytest.mark.parametrize("outcome", ["Refused", None])
def test_a_refusal_is_read_as_one(outcome: str | None) -> None:
    said = {"refused": "ResourceLimitExceeded", "message": "none left"}
    (found,) = outcomes(effect("StartRun"), outcome, said)
    assert isinstance(found, Refused)
    assert (found.code, found.message) == ("ResourceLimitExceeded", "none left")


def test_an_outcome_that_lacks_what_is_needed_now_is_named() -> None:
    with pytest.raises(UntoldError, match="the outcome SmokeFailed is nothing that is known now"):
        outcomes(effect("SmokeTest"), "SmokeFailed", {"reason": "it is silent"})


def look(*notes: tuple[str, Any, Any]) -> Answers:
    """Look with an evaluator's eyes."""
    return Answers(evaluator.Look, notes)


def test_a_question_is_answered_as_it_was_then() -> None:
    answered = look(("world", ["fees"], as_json(WORLD)), ("author", ["fees", "spec"], "alice"))
    assert answered.world("fees") == WORLD
    assert answered.author("fees", ModelParameter.SPEC) == "alice"


def test_a_question_asked_again_is_answered_in_turn_and_then_as_at_last() -> None:
    answered = look(("author", ["fees", "spec"], "alice"), ("author", ["fees", "spec"], "bob"))
    said = [answered.author("fees", ModelParameter.SPEC) for _ in range(3)]
    assert said == ["alice", "bob", "bob"]


@pytest.mark.parametrize("asked", [("fees", "threshold"), ("rates", "spec")])
def test_another_question_has_no_answer(asked: tuple[str, str]) -> None:
    answered = look(("author", ["fees", "spec"], "alice"))
    with pytest.raises(UntoldError, match="at which nobody looked then"):
        answered.author(*asked)


def test_what_is_read_otherwise_now_is_named_with_its_field() -> None:
    answered = look(("world", ["fees"], {"gate": {}, "bake_s": "long"}))
    with pytest.raises(UntoldError, match="read otherwise now: world.bake_s: "):
        answered.world("fees")


def test_in_another_world_answers_are_others_also_where_nobody_asked() -> None:
    answered = Answers(
        evaluator.Look, (), lambda question, answer: "carol" if answer is UNTOLD else answer
    )
    assert answered.author("fees", ModelParameter.SPEC) == "carol"
