"""The deployer's state machines, printed: every state by every input, and what follows.

A change of behaviour shows here as a changed line; a new state or input without a line fails.
"""

from collections.abc import Sequence
from datetime import timedelta
from itertools import product

from services.deployer.domain import rollouts, serving, verdicts
from services.deployer.domain.actions import RollOut
from services.deployer.domain.outcomes import CAPACITY, OVERTAKEN, RolloutBegun
from services.deployer.domain.seen import Endpoint, Serving, Verdict, World
from services.deployer.domain.state import Deployments, OnEndpoint, Phase, Rollout, Version
from shared.contracts import limits
from shared.contracts.names import Stage
from shared.messaging.decision import Decision
from shared.messaging.errors import Refused
from tests.services.deployer.world import ENV, MODEL, START, SageMaker, arn

STAGE = Stage.STAGING
ENDPOINT = "mc-dev-fees-staging"
OLD, NEW = OnEndpoint(version=1, config="old", since=START), "new"
PHASES = ("none", *(phase.value for phase in Phase))
LATER = START + timedelta(minutes=1)


def state(phase: str, *, live: bool = True, attempts: int = 1) -> Deployments:
    """Version 1 is live, version 2 is that far; both are approved and tested."""
    versions = {
        number: Version(
            number=number, package_arn=arn(number), approval=Verdict.APPROVED, smoked=True
        )
        for number in (1, 2)
    }
    rollout = Rollout(version=2, cause="x", config=NEW, fence=START, attempts=attempts)
    return Deployments(env=ENV, model=MODEL, versions=versions).with_stage(
        STAGE,
        live=OLD if live else None,
        rollout=None if phase == "none" else rollout.changed(phase=Phase(phase)),
    )


def world(status: Serving | None, config: str = "") -> World:
    endpoint = status and Endpoint(name=ENDPOINT, status=status, config=config, modified_at=LATER)
    return SageMaker().world(MODEL).changed(endpoints={Stage.PRODUCTION: None, STAGE: endpoint})


def follows(before: Deployments, decision: Decision[Deployments] | None) -> str:
    """Answer what a decision does, in words."""
    if decision is None:
        return "-"
    said = [event.detail_type() for event in decision.events]
    does = [type(action).__name__ for action in decision.actions]
    stops = decision.state.stages[STAGE].stopped and not before.stages[STAGE].stopped
    rollout = decision.state.stages[STAGE].rollout
    return " ".join((*said, *does, *(["stops"] if stops else []), rollout.phase if rollout else ""))


def printed(title: str, rows: Sequence[tuple[str, ...]]) -> str:
    lines = [" | ".join(f"{cell:{width}}" for cell, width in zip(row, (9, 16, 0), strict=True))
             for row in rows]  # fmt: skip
    text = "\n".join(line.rstrip() for line in lines)
    print(f"\n{title}\n{text}")  # noqa: T201
    return text


SEEN = {
    "gone": world(None),
    "changing": world(Serving.CHANGING, "old"),
    "ready, ours": world(Serving.READY, NEW),
    "ready, before": world(Serving.READY, "old"),
    "ready, strange": world(Serving.READY, "strange"),
    "failed": world(Serving.FAILED, "old"),
    "stuck": world(Serving.STUCK, "old"),
}

SERVES = """
none      | gone             | DeploymentFailed
none      | changing         | -
none      | ready, ours      | DeploymentFailed stops
none      | ready, before    | -
none      | ready, strange   | DeploymentFailed stops
none      | failed           | DeploymentFailed stops
none      | stuck            | DeploymentFailed stops
asked     | gone             | -
asked     | changing         | -
asked     | ready, ours      | -
asked     | ready, before    | -
asked     | ready, strange   | -
asked     | failed           | -
asked     | stuck            | -
rolling   | gone             | DeploymentFailed CleanUp
rolling   | changing         | -
rolling   | ready, ours      | EndpointInService
rolling   | ready, before    | DeploymentFailed CleanUp
rolling   | ready, strange   | DeploymentFailed DeploymentFailed CleanUp stops
rolling   | failed           | DeploymentFailed stops
rolling   | stuck            | DeploymentFailed stops
deferred  | gone             | DeploymentFailed deferred
deferred  | changing         | -
deferred  | ready, ours      | DeploymentFailed stops deferred
deferred  | ready, before    | -
deferred  | ready, strange   | DeploymentFailed stops deferred
deferred  | failed           | DeploymentFailed stops deferred
deferred  | stuck            | DeploymentFailed stops deferred
"""


def test_what_follows_from_what_an_endpoint_does() -> None:
    rows = [
        (phase, seen, follows(state(phase), serving.hear_endpoint(state(phase), STAGE, at, LATER)))
        for phase, (seen, at) in product(PHASES, SEEN.items())
    ]
    assert printed("roll-out | endpoint | what follows", rows) == SERVES.strip()


def test_a_first_deployment_that_fails_takes_its_endpoint_away() -> None:
    first = state("rolling", live=False)
    at = world(Serving.FAILED, NEW)
    heard = serving.hear_endpoint(first, STAGE, at, LATER)
    assert follows(first, heard).strip() == "DeploymentFailed DeleteEndpoint CleanUp"


ANSWERS: dict[str, tuple[RolloutBegun | Refused, int]] = {
    "accepted": (RolloutBegun(), 1),
    "no capacity": (Refused(next(iter(CAPACITY)), "none"), 1),
    "still none": (Refused(next(iter(CAPACITY)), "none"), limits.ROLLOUT_ATTEMPTS_MAX),
    "refused": (Refused(OVERTAKEN, "others"), 1),
}

ASKED = """
asked     | accepted         | DeploymentStarted rolling
asked     | no capacity      | CleanUp deferred
asked     | still none       | DeploymentFailed CleanUp
asked     | refused          | DeploymentFailed CleanUp
"""


def test_what_follows_from_what_sagemaker_answers() -> None:
    asked = rollouts.ask(state("none"), STAGE, rollout_of(state("asked")), SEEN["gone"], "why")
    action = asked.actions[0]
    assert isinstance(action, RollOut)
    rows = [
        (
            "asked",
            answer,
            follows(
                state("asked"),
                rollouts.answered(state("asked", attempts=attempts), action, happened, LATER),
            ),
        )
        for answer, (happened, attempts) in ANSWERS.items()
    ]
    assert printed("roll-out | SageMaker | what follows", rows) == ASKED.strip()


def rollout_of(of: Deployments) -> Rollout:
    rollout = of.stages[STAGE].rollout
    assert rollout is not None
    return rollout


APPROVALS = """
pending   | pending          | -
pending   | approved         | ModelApproved RollOut asked
pending   | declined         | ModelDeclined
approved  | pending          | -
approved  | approved         | -
approved  | declined         | ApprovalRevoked
declined  | pending          | -
declined  | approved         |
declined  | declined         | -
"""


def test_what_follows_from_a_verdict() -> None:
    rows = []
    for before, heard in product(Verdict, Verdict):
        known = Deployments(env=ENV, model=MODEL).with_version(
            Version(number=3, package_arn=arn(3), approval=before)
        )
        package = SageMaker().registered(3).changed(approval=heard)
        decision = verdicts.hear_package(known, package, SEEN["gone"])
        rows.append((before.value, heard.value, follows(known, decision)))
    assert printed("before | heard | what follows", rows) == APPROVALS.strip()


PROMOTIONS = """
pending   | none             | -
pending   | pending          | -
pending   | approved         | PromotionApproved
pending   | declined         | PromotionDeclined
approved  | none             | -
approved  | pending          | -
approved  | approved         | -
approved  | declined         | PromotionDeclined
declined  | none             | -
declined  | pending          | -
declined  | approved         | -
declined  | declined         | -
"""


def test_what_follows_from_a_verdict_on_production() -> None:
    rows = []
    for before, heard in product(Verdict, (None, *Verdict)):
        version = Version(
            number=3, package_arn=arn(3), approval=Verdict.APPROVED, production=before, smoked=True
        )
        known = Deployments(env=ENV, model=MODEL).with_version(version)
        package = SageMaker().registered(3).changed(approval=Verdict.APPROVED, production=heard)
        decision = verdicts.hear_package(known, package, SEEN["gone"])
        said = [event.detail_type() for event in decision.events] if decision else ["-"]
        rows.append((before.value, heard.value if heard else "none", *said))
    assert printed("before | heard | what follows", rows) == PROMOTIONS.strip()
