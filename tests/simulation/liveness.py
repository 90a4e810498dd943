"""Liveness: what must have happened once faults have stopped and time has passed.

====  ==========================================================================================
L2    every training has ended, and every candidate with it
S7    every person's wish for a training was followed by one, or is remembered
L3    every approval has ended: it serves, or was told to have failed, or waits for a person
L4    every dead letter got a decision with a name
L6    every todo is empty, and no message waits
S8    what serves is what we left there, or automation has stopped and a person was told
S1    what was revoked is gone
====  ==========================================================================================
"""

from typing import TYPE_CHECKING

from services.deployer.domain.seen import Verdict
from services.deployer.domain.state import Deployments, OfStage
from services.trainer.domain.state import Trainings
from shared.contracts import names
from shared.contracts.names import Stage

if TYPE_CHECKING:
    from tests.simulation.world import World


def check(world: "World") -> None:
    """Look at the world as it is in the end; raises Violation."""
    expect = world.watch.expect
    for dead in world.network.dead:
        expect(dead.reason is not None, "L4", f"{dead.message.name} lies in the dead letters")
    for service, table in world.tables.items():
        expect(not world.network.waiting[service], "L6", f"messages wait for {service}")
        for key, kept in table.items.items():
            left = [item.kind for item in kept.todo]
            expect(not left, "L6", f"{service} {key} has still to do {left}")
    for model in world.declared.models():
        trainings(world, world.tables["trainer"].kept(model).state)
        for stage in Stage:
            deployed(world, world.tables["deployer"].kept(model).state, stage)


def trainings(world: "World", state: Trainings) -> None:
    """Every training has ended, and what became of it is known."""
    expect = world.watch.expect
    expect(state.run is None, "L2", f"{state.model}: a run has not ended: {state.run}")
    wishes(world, state)
    stuck = [str(one) for one in state.candidates]
    frozen = world.declared.specs[state.model].frozen
    stopped = any(
        of_stage.stopped
        for of_stage in world.tables["deployer"].kept(state.model).state.stages.values()
    )
    expect(frozen or stopped or not stuck, "L2", f"{state.model}: nothing becomes of {stuck}")


def wishes(world: "World", state: Trainings) -> None:
    """No wish of a person was dropped."""
    began = [run.began_s for run in world.training.runs.values() if run.model == state.model]
    for model, said_s in world.people.wished:
        if model == state.model and state.remembered is None:
            # it is trained for as soon as it is said, or the run it waited for came later
            followed = any(at >= said_s for at in began)
            world.watch.expect(followed, "S7", f"{model}: the wish of {said_s} s was dropped")


def deployed(world: "World", state: Deployments, stage: Stage) -> None:
    """What serves is what should."""
    expect, of_stage = world.watch.expect, state.stages[stage]
    name = names.endpoint("dev", state.model, stage)
    endpoint = world.hosting.endpoints.get(name)
    frozen = world.declared.specs[state.model].frozen
    if of_stage.stopped:
        return
    expect(of_stage.rollout is None, "L3", f"{name}: {of_stage.rollout} has not ended")
    expect(frozen or of_stage.waiting is None, "L3", f"{name}: v{of_stage.waiting} still waits")
    serves = endpoint.config if endpoint else None
    expected = of_stage.live.config if of_stage.live else None
    expect(serves == expected, "S8", f"{name} serves {serves}, expected is {expected}")
    expect(endpoint is None or endpoint.is_settled, "S8", f"{name} is {endpoint}")
    revoked(world, state, stage, of_stage)


def revoked(world: "World", state: Deployments, stage: Stage, of_stage: OfStage) -> None:
    """What people took back does not serve."""
    if of_stage.live is None:
        return
    package = world.registry.package(world.arn(state.model, of_stage.live.version))
    said = (
        {package.approval, package.production if stage is Stage.PRODUCTION else None}
        if package
        else set()
    )
    gone = Verdict.DECLINED not in said
    world.watch.expect(gone, "S1", f"v{of_stage.live.version} was revoked and serves in {stage}")
