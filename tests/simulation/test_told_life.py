"""Under every fault: what the journal tells of a model is what the services remember of it."""

import json
from collections.abc import Iterator
from random import Random

import pytest

from services.deployer.domain.seen import Verdict
from services.deployer.domain.state import Deployments, Phase
from services.evaluator.domain.state import Evaluations
from services.journal import domain
from services.journal.domain import Entry
from services.journal.questions import as_of, limit, serving, versions
from services.journal.questions.life import Life, lived
from services.trainer.domain.state import Trainings
from shared.contracts.door import open_event
from shared.contracts.envelope import SOURCE
from tests.simulation import schedule
from tests.simulation.schedule import Plan
from tests.simulation.world import World

SEEDS = range(2_000_000, 2_000_150)
WORDS = {Verdict.PENDING: "waiting", Verdict.APPROVED: "approved", Verdict.DECLINED: "declined"}


def ended(seed: int) -> World:
    """Run a schedule until nothing happens any more."""
    plan = Plan.of(seed)
    world = schedule.begun(World(plan.seed, plan.mix, plan.acts), plan)
    schedule.troubled(world)
    schedule.quiet(world)
    return world


def said(world: World) -> Iterator[Entry]:
    """Answer what services said, as the journal keeps it."""
    facts = world.facts
    for (_, kind), text in zip(facts.spoken, facts.details.values(), strict=True):
        detail = json.loads(text)
        source = SOURCE + detail["metadata"]["producer"]
        envelope = open_event({"source": source, "detail-type": kind, "detail": detail})
        assert envelope is not None
        yield domain.entry(envelope, detail)


@pytest.mark.parametrize("seeds", [SEEDS[at::3] for at in range(3)], ids=["1", "2", "3"])
def test_what_is_told_in_any_order_is_what_services_remember(seeds: range) -> None:
    stays = 0
    for seed in seeds:
        world = ended(seed)
        entries = list(said(world))
        Random(seed).shuffle(entries)  # noqa: S311 - the journal hears in any order
        for model in world.declared.specs:
            life = lived(model, entries)
            of_deployer(life, world.tables["deployer"].kept(model).state, seed)
            of_evaluator(life, world.tables["evaluator"].kept(model).state, seed)
            of_trainer(life, world.tables["trainer"].kept(model).state, seed)
            stays += len(versions.every_stay(life))
        vars(world).clear()
    assert stays >= len(seeds)


def of_deployer(life: Life, state: Deployments, seed: int) -> None:
    """Compare what serves, what is on its way, and what people said."""
    for stage, of_stage in state.stages.items():
        facts = life.stages[stage]
        stay, coming, live = serving.present(facts), serving.coming(facts), of_stage.live
        told = (stay.version, stay.endpoint_config, stay.since) if stay else None
        assert told == ((live.version, live.config, live.since) if live else None), (seed, stage)
        rollout = of_stage.rollout
        rolling = rollout.config if rollout and rollout.phase is Phase.ROLLING else None
        assert (coming.endpoint_config if coming else None) == rolling, (seed, stage)
    for number, remembered in state.versions.items():
        one = versions.version(life, number)
        assert one.approval == WORDS[remembered.approval], (seed, number)
        promoted = remembered.production is Verdict.APPROVED and remembered.smoked
        if promoted or remembered.production is Verdict.DECLINED:
            assert one.production == WORDS[remembered.production], (seed, number)


def of_evaluator(life: Life, state: Evaluations, seed: int) -> None:
    """Compare the limit in force, and the version in breach."""
    told, degraded = limit.in_force(life.limits), as_of.degradation(life)
    assert (told.value if told else None) == state.limit.threshold, seed
    assert (degraded.version if degraded else None) == state.degraded, seed


def of_trainer(life: Life, state: Trainings, seed: int) -> None:
    """Compare the run in flight."""
    run = as_of.training(life)
    assert (run.run_id if run and not run.is_judged else None) == (
        state.run.id if state.run else None
    ), seed
