"""Planted bugs of the services, each patched around the production code."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest.mock import patch

from services.deployer import effects as deployer_effects
from services.deployer import handlers as deployer_handlers
from services.deployer.domain import rollouts, serving, time_to_live, verdicts
from services.deployer.domain.actions import RollOut
from services.deployer.domain.outcomes import RolloutBegun
from services.deployer.domain.seen import Verdict
from services.evaluator.domain import champion, gate, limit
from services.evaluator.domain.actions import Register
from services.evaluator.effects import EFFECTS as EVALUATOR_EFFECTS
from services.evaluator.effects import register
from services.ingest import effects as ingest_effects
from services.ingest.domain.actions import PublishWindows
from services.trainer import effects as trainer_effects
from services.trainer.domain import degradation, governor, runs
from services.trainer.domain.actions import StartRun
from services.trainer.domain.seen import Progress
from services.trainer.domain.state import Phase, Trainings
from shared.contracts import names
from shared.contracts.aws import ModelPackageChanged
from shared.messaging.decision import Ignored
from tests.simulation import data_ports

Planted = AbstractContextManager[Any]


def hint_trusted_without_describe() -> Planted:
    def trusting(hint: Any, state: Any, look: Any, now: Any) -> Any:
        package = look.package(hint.data.package_arn)
        claimed = package.changed(approval=Verdict.APPROVED) if package else None
        return verdicts.hear_package(state, claimed, look.world(state.model)) if claimed else None

    with_it = {ModelPackageChanged: trusting}
    unlooked = patch.object(deployer_effects, "still_approved", unlooked_at)
    return both(patch.dict(deployer_handlers.HANDLERS, with_it), unlooked)


def unlooked_at(action: RollOut, ports: Any) -> Any:
    """Answer the version without asking whether it is approved."""
    return ports.registry.package(action.package_arn)


def approval_looked_at_before_the_queue_only() -> Planted:
    return patch.object(deployer_effects, "still_approved", unlooked_at)


def last_click_wins() -> Planted:
    honest = verdicts.hear_approval

    def hear_approval(state: Any, package: Any, world: Any) -> Any:
        version = state.version(package.version)
        again = version and version.approval is Verdict.DECLINED
        if again and package.approval is Verdict.APPROVED:
            return verdicts.approve(state, version, package, world)
        return honest(state, package, world)

    return patch.object(verdicts, "hear_approval", hear_approval)


def update_retried_blindly() -> Planted:
    def roll_out(action: RollOut, ports: Any) -> RolloutBegun:
        package = deployer_effects.still_approved(action, ports)
        model = names.sagemaker_model(
            ports.env, action.model, action.version, package.registration.artifact_sha256
        )
        ports.endpoints.ensure_model(model, package, False)
        ports.endpoints.ensure_config(action.config, model, None)
        if ports.endpoints.describe(action.endpoint) is None:
            ports.endpoints.create(action.endpoint, action.config)
        else:
            ports.endpoints.update(action.endpoint, action.config, action.strategy, 0)
        return RolloutBegun()

    blind = deployer_effects.EFFECTS[RollOut]._replace(do=roll_out)
    return patch.dict(deployer_effects.EFFECTS, {RollOut: blind})


def trouble_not_seen() -> Planted:
    return patch.object(serving, "trouble", lambda live, endpoint: "")


def promotion_not_waited_for() -> Planted:
    return patch.object(time_to_live, "is_needed", lambda state, number, packages: False)


def time_to_live_not_looked_at() -> Planted:
    return patch.object(time_to_live, "age_out", lambda state, packages, world, now: None)


def deferred_for_ever() -> Planted:
    return patch.object(rollouts, "try_again", lambda state, stage, world: None)


def gate_lets_all_pass() -> Planted:
    passed = gate.Verdict(passed=True, reasons=())
    return patch.object(gate, "judge", lambda case: passed)


def limit_loosens_with_a_worse_version() -> Planted:
    return patch.object(limit, "tightened", lambda old, score, wanted: old * 1.5)


def judged_by_what_it_was_trained_on() -> Planted:
    def all_of_them(asked: Any, manifest: Any) -> tuple[int, ...]:
        return tuple(range(len(manifest.origins)))

    return patch.object(champion, "unseen", all_of_them)


def all_versions_in_one_group() -> Planted:
    def registered(action: Register, ports: Any) -> Any:
        other = action.changed(run=action.run.changed(model="fees"))
        return register(other, ports)

    mixed = EVALUATOR_EFFECTS[Register]._replace(do=registered)
    return patch.dict(EVALUATOR_EFFECTS, {Register: mixed})


def digest_of_the_name() -> Planted:
    honest = trainer_effects.blob

    def blob(job: Any, ports: Any) -> Any:
        return honest(job, ports).changed(sha256="0" * 64)

    return patch.object(trainer_effects, "blob", blob)


def run_in_flight_not_looked_at() -> Planted:
    rules = tuple(rule for rule in governor.GOVERNOR if rule.says is not governor.run_in_flight)
    return patch.object(governor, "GOVERNOR", rules)


def no_rest_between_runs() -> Planted:
    rules = tuple(rule for rule in governor.GOVERNOR if rule.says is not governor.cool_down)
    return patch.object(governor, "GOVERNOR", rules)


def refused_wish_forgotten() -> Planted:
    return patch.object(Trainings, "remembering", lambda self, wish: self)


def failed_run_not_noticed() -> Planted:
    honest = runs.hear_execution

    def hear_execution(state: Any, execution: Any, world: Any, now: Any) -> Any:
        if execution is not None and execution.progress is Progress.FAILED:
            return None
        return honest(state, execution, world, now)

    return patch.object(runs, "hear_execution", hear_execution)


def start_settles_as_collecting() -> Planted:
    honest = runs.started

    def started(state: Any, action: Any, happened: Any, now: Any) -> Any:
        decision = honest(state, action, happened, now)
        run = decision.state.run
        if run is None:
            return decision
        ahead = decision.state.changed(run=run.changed(phase=Phase.COLLECTING))
        return type(decision)(ahead, decision.why, decision.actions, decision.events)

    early = trainer_effects.EFFECTS[StartRun]._replace(then=started)
    return patch.dict(trainer_effects.EFFECTS, {StartRun: early})


def ids_of_records_forgotten() -> Planted:
    return patch.object(data_ports.SeriesStore, "ids", lambda self, series, shards: {})


def revised_windows_not_written() -> Planted:
    honest = ingest_effects.publish_windows

    def publish(action: PublishWindows, ports: Any) -> Any:
        return honest(action.changed(revised=()) if action.created else action, ports)

    lazy = ingest_effects.EFFECTS[PublishWindows]._replace(do=publish)
    return patch.dict(ingest_effects.EFFECTS, {PublishWindows: lazy})


def degradation_shrugged_off() -> Planted:
    shrug = Ignored("it will pass")
    return patch.object(degradation, "begin", lambda state, said, metadata, world, now: shrug)


# bugs that the simulator found, as they were ------------------------------------------------------


def approval_asked_before_a_lost_answer() -> Planted:
    def roll_out(action: RollOut, ports: Any) -> RolloutBegun:
        deployer_effects.still_approved(action, ports)
        return deployer_effects.roll_out(action, ports)

    as_it_was = deployer_effects.EFFECTS[RollOut]._replace(do=roll_out)
    return patch.dict(deployer_effects.EFFECTS, {RollOut: as_it_was})


def roll_back_without_capacity_begins_again() -> Planted:
    return patch.object(serving, "is_on_its_way_back", lambda state, stage: False)


@contextmanager
def both(one: Planted, other: Planted) -> Iterator[None]:
    """Plant two changes that make one bug."""
    with one, other:
        yield
