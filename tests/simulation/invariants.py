"""Safety: what must never happen, looked at after every effect.
What is said is looked at in `facts`.

====  ==========================================================================================
S1    no effect starts for an unapproved version, or one that is not what was approved
S2    a verdict that was heard stands; declined is the last word
S3    one effective roll-out for one approval, one for each configuration
S4    the limit loosens only where a person, or a roll-back, loosens it
S5    a version that missed its gate is never registered, offered or served
S6    a window holds each of its records once, and nothing else
S7    one training in flight for each model; caps and rests are kept
S10   only legal transitions of roll-outs and runs
S11   models do not affect each other
S12   poison changes nothing, and its neighbours succeed
S13   what judges was never trained on
S15   a finished item is never done again
S17   what waits for a verdict on its promotion is not taken from staging for its age
====  ==========================================================================================
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from services.deployer.domain.seen import Endpoint, Package, Verdict
from services.deployer.domain.state import Deployments, Phase
from services.evaluator.domain.state import Evaluations
from services.ingest.domain.windows import Window
from services.trainer.domain.candidates import UNHEARD
from services.trainer.domain.state import Trainings
from services.trainer.domain.wanted import Trigger
from shared.contracts import names
from shared.contracts.envelope import Envelope, Event
from shared.contracts.evaluation import Evaluation
from shared.contracts.lifecycle import DeploymentRolledBack
from shared.contracts.lifecycle.fields import Blob
from shared.contracts.names import Stage
from shared.forecasting.deepar_json import Series
from shared.messaging.decision import Entry, Kept, Publish, Todo
from tests.simulation import documents, legality
from tests.simulation.documents import Quality
from tests.simulation.violation import expect

if TYPE_CHECKING:
    from tests.simulation.network import Dead, Message
    from tests.simulation.training import Run
    from tests.simulation.world import World


class Watch:
    """Looks on, and speaks up."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.configs: Counter[str] = Counter()
        self.rollouts: Counter[tuple[str, Stage, int]] = Counter()
        self.tampered: dict[str, int] = {}
        self.done: dict[tuple[str, str, str], int] = {}
        self.given_up: set[tuple[str, int]] = set()
        """(model, version) that the trainer waits for no longer, having heard nothing of it."""
        self.commits = 0

    @property
    def invocation(self) -> int:
        """The step at which the function that acts now began; for people, now."""
        return self.world.began[-1] if self.world.began else self.world.step

    def its_own(self, model: str) -> None:
        """What is done now must be about the model that it is done for."""
        keys = self.world.keys
        expect(not keys or keys[-1] == model, "S11", f"{keys[-1:]} acts upon {model}")

    # the cloud ----------------------------------------------------------------------------------

    def roll_out_begins(self, endpoint: str, config: str, is_rollback: bool) -> None:
        """SageMaker accepts a roll-out."""
        owned, made = names.read_endpoint(endpoint), names.read_endpoint_config(config)
        assert owned and made
        expect((owned.model, owned.stage) == (made.model, made.stage), "S11", config)
        self.its_own(owned.model)
        kept = self.world.registry.kept[self.world.arn(owned.model, made.version)]
        package = kept.package
        self.approved(package, made.stage, kept.revoked_at)
        self.unchanged(package, config)
        self.configs[config] += 1
        expect(self.configs[config] == 1, "S3", f"{config} is rolled out again")
        if not is_rollback:
            key = (owned.model, owned.stage, made.version)
            self.rollouts[key] += 1
            allowed = 1 + self.world.people.deployed.get((key[0], str(key[1]), key[2]), 0)
            expect(self.rollouts[key] <= allowed, "S3", f"{key} is rolled out again")
        quality = self.world.quality_of(config)
        expect(quality is not Quality.BAD, "S5", f"{config} missed its gate")

    def approved(self, package: Package, stage: Stage, revoked_at: dict[Stage, int]) -> None:
        """A version that goes on its way is approved, or was when the function began."""
        wanted = {Stage.STAGING: package.approval}
        if stage is Stage.PRODUCTION:
            wanted[Stage.PRODUCTION] = package.production or Verdict.PENDING
        for of_stage, verdict in wanted.items():
            just_now = revoked_at.get(of_stage, -1) >= self.invocation
            expect(
                verdict is Verdict.APPROVED or just_now,
                "S1",
                f"v{package.version} goes to {stage} and is {verdict} for {of_stage}",
            )

    def unchanged(self, package: Package, config: str) -> None:
        """What serves is what was approved."""
        hosting, training = self.world.hosting, self.world.training
        served = hosting.models.get(hosting.configs[config])
        expect(served == package.artifact_uri, "S1", f"{config} serves {served}")
        digest = training.digests[package.artifact_uri]
        just_now = self.tampered.get(package.artifact_uri, -1) >= self.invocation
        same = digest == package.registration.artifact_sha256
        expect(same or just_now, "S1", f"{package.artifact_uri} is not what was approved")

    def deleted_by_hand(self, model: str, stage: Stage, endpoint: Endpoint) -> None:
        """Somebody deletes an endpoint. What a roll-out of unknown outcome had put there was never
        there for anybody who looks now: it may begin once more."""
        rollout = self.world.tables["deployer"].kept(model).state.stages[stage].rollout
        config = endpoint.pending_config or endpoint.config
        unknown = rollout and rollout.phase is Phase.ASKED and rollout.taking_away is None
        if rollout and unknown and rollout.config == config:
            self.configs[config] -= 1
            self.rollouts[model, stage, rollout.version] -= 1

    def deletion_begins(self, endpoint: str, config: str) -> None:
        """A service deletes an endpoint."""
        owned, made = names.read_endpoint(endpoint), names.read_endpoint_config(config)
        assert owned and made
        self.its_own(owned.model)

    def config_deleted(self, config: str) -> None:
        """A service deletes a configuration: never one that is in use."""
        made = names.read_endpoint_config(config)
        assert made
        self.its_own(made.model)
        endpoint = self.world.hosting.endpoints.get(names.endpoint("dev", made.model, made.stage))
        in_use = endpoint and endpoint.is_settled and endpoint.config == config
        expect(not in_use, "S8", f"{config} serves and is deleted")

    def training_begins(self, run: "Run", others: Iterable["Run"]) -> None:
        """SageMaker accepts a run."""
        self.its_own(run.model)
        for other in others:
            if other.model == run.model:
                running = other.ended_at is None
                expect(not running, "S7", f"{run.run_id} begins while {other.run_id} runs")
                again = other.run_id == run.run_id
                expect(not again, "S7", f"{run.run_id} is started twice")

    def registered(self, model: str, package: Package, evidence: Blob) -> None:
        """The registry has a new version."""
        self.its_own(model)
        training = self.world.training
        run = training.of_run[package.registration.run_id]
        expect(run.quality is not Quality.BAD, "S5", f"{run.run_id} missed its gate")
        body = training.blobs.get(evidence.uri, b"")
        expect(documents.sha256(body) == evidence.sha256, "S9", "the evidence differs")
        judged = Evaluation.model_validate_json(body)
        manifest = json.loads(training.blobs[package.registration.manifest_uri])
        cutoff = datetime.fromisoformat(manifest["judged_cutoff"])
        trained_on = [one.start for one in judged.windows if one.start <= cutoff]
        expect(not trained_on, "S13", f"judged by {trained_on}, trained up to {cutoff}")

    def offered(self, model: str, package: Package) -> None:
        """A version is offered for production."""
        self.its_own(model)
        run = self.world.training.of_run[package.registration.run_id]
        expect(run.quality is not Quality.BAD, "S5", f"v{package.version} missed its gate")

    def champion_asked(self, config: str, instances: Sequence[Series]) -> None:
        """The champion is asked for windows of another version's backtest."""
        made = names.read_endpoint_config(config)
        assert made
        package = self.world.registry.kept[self.world.arn(made.model, made.version)].package
        for one in instances:
            origin = one.start.replace(tzinfo=UTC) + len(one.target) * documents.HOUR
            new = origin > package.registration.cutoff
            expect(new, "S13", f"v{made.version} was trained on {origin}")

    def window_written(self, window: Window) -> None:
        """Ingest writes a window: its total tells which records are in it."""
        total, sent = int(window.total), self.world.streams.sent.get(window.start, 0)
        expect(total == window.total, "S6", f"{window.start}: a total of {window.total}")
        once = total.bit_count() == window.count
        expect(once, "S6", f"{window.start}: {window.count} records make {total:b}")
        strangers = total & ~sent
        expect(not strangers, "S6", f"{window.start}: {strangers:b} were never sent")

    # workers ------------------------------------------------------------------------------------

    def concerns(self, service: str, key: str, envelope: Envelope[Event]) -> None:
        """A worker handles an event for an aggregate."""
        model = getattr(envelope.data, "model", key)
        expect(model == key, "S11", f"{service}: an event about {model} reaches {key}")

    def committed(
        self, service: str, key: str, before: Kept[Any], after: Kept[Any], now: datetime
    ) -> None:
        """A service has written an aggregate."""
        self.commits += 1
        self.its_own(key)
        state, was = after.state, before.state
        if isinstance(state, Deployments):
            wrong = legality.of_verdicts(was, state)
            expect(not wrong, "S2", wrong)
            wrong = legality.of_rollouts(was, state)
            expect(not wrong, "S10", f"{service} {key}: {wrong}")
            if any(has_aged_out(entry) for entry in published(before, after)):
                self.aged_out(was)
        elif isinstance(state, Evaluations):
            wrong = legality.of_limit(was, state, said_anew(before, after))
            expect(not wrong, "S4", f"{key}: {wrong}")
        elif isinstance(state, Trainings):
            wrong = legality.of_run(was, state)
            expect(not wrong, "S10", f"{service} {key}: {wrong}")
            self.rests(was, state, now)
            if UNHEARD in said_anew(before, after):
                self.give_up(was, state, now)

    def aged_out(self, was: Deployments) -> None:
        """The deployer takes a version from staging, whose time is over."""
        live = was.stages[Stage.STAGING].live
        assert live
        package = self.world.registry.kept[self.world.arn(was.model, live.version)].package
        offered = was.versions[live.version].waits_since is not None
        waits = offered and package.production is Verdict.PENDING
        expect(not waits, "S17", f"v{live.version} waits for its promotion, and ages out")

    def give_up(self, was: Trainings, state: Trainings, now: datetime) -> None:
        """The trainer waits no longer for what it has heard nothing of."""
        for one in was.candidates:
            if one.version and one.is_lost(now) and state.of_run(one.run_id) is None:
                self.given_up.add((state.model, one.version))

    def rests(self, was: Trainings, state: Trainings, now: datetime) -> None:
        """A run that nobody asked for by hand keeps the cap and the rest."""
        run = state.run
        if run is None or run == was.run or run.trigger is Trigger.PERSON:
            return
        if was.run is not None and was.run.id == run.id:
            return
        spec = self.world.declared.specs[state.model]
        starts = state.starts_of_a_day(now)
        cap = spec.training.daily_cap
        expect(len(starts) <= cap, "S7", f"{len(starts)} runs in a day, {cap} are allowed")
        rested = not was.starts or now - was.starts[-1] >= spec.training.cool_down
        expect(rested, "S7", f"{run.id} begins without a rest")

    def begins(self, service: str, key: str, item: Todo) -> None:
        """A worker sets about an item."""
        done_at = self.done.get((service, key, item.id))
        again = done_at is not None and done_at < self.invocation
        expect(not again, "S15", f"{service} {key}: {item.kind} {item.id} is done again")

    def finished(self, service: str, key: str, item: Todo, after: Kept[Any]) -> None:
        """A worker has done with an item."""
        if after.revision and all(one.id != item.id for one in after.todo):
            self.done[service, key, item.id] = self.world.step
        elif item.kind == "Publish":
            expect(False, "S15", f"{service} {key}: {item.id} is said, and stays to be said")

    def handled(self, batch: "list[Message]", failed: set[str], dead: "list[Dead]") -> None:
        """A function has handled a batch."""
        for message in batch:
            if message.is_poison and message.id not in failed:
                said = any(one.message.body == message.body and one.reason for one in dead)
                expect(said, "S12", f"poison ({message.name}) went without a word")


def said_anew(before: Kept[Any], after: Kept[Any]) -> str:
    """Answer what an aggregate has to do and to say since its last revision."""
    return "".join(item.body for item in after.todo if item not in before.todo)


def published(before: Kept[Any], after: Kept[Any]) -> Iterator[Entry]:
    """Answer the events that an aggregate has to say since its last revision."""
    for item in after.todo:
        if item.kind == Publish.__name__ and item not in before.todo:
            yield from Publish.model_validate_json(item.body).entries


def has_aged_out(entry: Entry) -> bool:
    """Tell whether an event says that a version left staging for its age."""
    if entry.detail_type != DeploymentRolledBack.detail_type():
        return False
    return DeploymentRolledBack.model_validate(json.loads(entry.detail)["data"]).aged_out
