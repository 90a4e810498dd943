"""Planted bugs, one for each promise at least: the simulator has to find every one of them.

Each is patched around the production code while a schedule runs, and names the invariant that it
breaks. ``seeds/mutants.txt`` holds for each the first seed that showed it.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any, NamedTuple
from unittest.mock import patch

from services.deployer import effects as deployer_effects
from services.deployer import handlers as deployer_handlers
from services.deployer.domain import rollouts, serving, verdicts
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
from shared.contracts import envelope, names
from shared.contracts.aws import ModelPackageChanged
from shared.contracts.envelope import ContractError
from shared.contracts.wishes import SweepRequested
from shared.messaging.decision import Ignored, Kept
from shared.messaging.errors import Rejected
from shared.messaging.lambda_entry import Entrance
from shared.messaging.worker import Worker
from tests.simulation import data_ports, store
from tests.simulation.ports import Bus

Planted = AbstractContextManager[Any]


class Mutant(NamedTuple):
    """A planted bug, and the invariant that it breaks."""

    breaks: str
    planted: Callable[[], Planted]


def done_mark_missing() -> Planted:
    return patch.object(Kept, "without", lambda self, item_id: self)


def sweep_does_nothing() -> Planted:
    honest = Worker.handle_for

    def handle_for(self: Any, key: str, said: Any) -> Any:
        return None if isinstance(said.data, SweepRequested) else honest(self, key, said)

    return patch.object(Worker, "handle_for", handle_for)


def inbox_forgets_after_an_hour() -> Planted:
    honest = store.Table.__init__

    def forgetful(self: Any, *arguments: Any) -> None:
        honest(self, *arguments)
        self.inbox_memory = timedelta(hours=1)

    return patch.object(store.Table, "__init__", forgetful)


def revision_not_compared() -> Planted:
    honest = store.Store.commit

    def commit(self: Any, key: str, kept: Any, event_id: Any, now: Any) -> None:
        there = self.table.kept(key).revision
        mine = Kept(there + 1, kept.state, kept.todo, kept.heard)
        honest(self, key, mine, event_id, now)

    return patch.object(store.Store, "commit", commit)


def ids_made_when_said() -> Planted:
    honest, said = Bus.publish, iter(range(10**9))

    def publish(self: Any, entries: Any) -> None:
        fresh = tuple(
            one.changed(detail=one.detail.replace('"event_id":"', f'"event_id":"{next(said)}-', 1))
            for one in entries
        )
        honest(self, fresh)

    return patch.object(Bus, "publish", publish)


def poison_swallowed() -> Planted:
    def take(self: Any, record: Any) -> None:
        try:
            self.hear(record)
        except (ContractError, Rejected):
            return

    return patch.object(Entrance, "take", take)


def poison_goes_back_to_the_queue() -> Planted:
    return patch.object(Entrance, "take", lambda self, record: self.hear(record))


def fault_repeats_its_input() -> Planted:
    return patch.object(envelope, "first_fault", lambda error: str(error))


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
        ports.endpoints.ensure_model(model, package)
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


FOUND: dict[str, Mutant] = {
    "approval asked before a lost answer": Mutant("S8", approval_asked_before_a_lost_answer),
    "roll-back without capacity begins again": Mutant(
        "S10", roll_back_without_capacity_begins_again
    ),
}
MUTANTS: dict[str, Mutant] = {
    "hint trusted without Describe": Mutant("S1", hint_trusted_without_describe),
    "approval looked at before the queue only": Mutant(
        "S1", approval_looked_at_before_the_queue_only
    ),
    "last click wins": Mutant("S2", last_click_wins),
    "UpdateEndpoint retried blindly": Mutant("S3", update_retried_blindly),
    "limit loosens with a worse version": Mutant("S4", limit_loosens_with_a_worse_version),
    "gate lets all pass": Mutant("S5", gate_lets_all_pass),
    "ids of records forgotten": Mutant("S6", ids_of_records_forgotten),
    "run in flight not looked at": Mutant("S7", run_in_flight_not_looked_at),
    "no rest between runs": Mutant("S7", no_rest_between_runs),
    "refused wish forgotten": Mutant("S7", refused_wish_forgotten),
    "trouble of an endpoint not seen": Mutant("S8", trouble_not_seen),
    "digest of the name": Mutant("S9", digest_of_the_name),
    "start settles as collecting": Mutant("S10", start_settles_as_collecting),
    "all versions in one group": Mutant("S11", all_versions_in_one_group),
    "poison swallowed": Mutant("S12", poison_swallowed),
    "judged by what it was trained on": Mutant("S13", judged_by_what_it_was_trained_on),
    "fault repeats its input": Mutant("S14", fault_repeats_its_input),
    "done mark missing": Mutant("S15", done_mark_missing),
    "inbox forgets after an hour": Mutant("S16", inbox_forgets_after_an_hour),
    "ids made when said": Mutant("S16", ids_made_when_said),
    "revision not compared": Mutant("S16", revision_not_compared),
    "revised windows not written": Mutant("L1", revised_windows_not_written),
    "failed run not noticed": Mutant("L2", failed_run_not_noticed),
    "deferred for ever": Mutant("L3", deferred_for_ever),
    "poison goes back to the queue": Mutant("L4", poison_goes_back_to_the_queue),
    "degradation shrugged off": Mutant("L5", degradation_shrugged_off),
    "sweep does nothing": Mutant("L6", sweep_does_nothing),
    **FOUND,
}
