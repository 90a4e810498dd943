"""What people do: they look at what is registered, offered, or serves, and sometimes change their
mind, or do not come at all. Each act has a name and a rate, and can be taken out of a schedule."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from services.deployer.domain.seen import Verdict
from shared.contracts.envelope import Event
from shared.contracts.lifecycle import (
    DeploymentRequested,
    ModelSpecApplied,
    RetrainRequested,
    RollbackRequested,
)
from shared.contracts.names import Stage
from tests.simulation import declarations
from tests.simulation.clock import DAY_S, HOUR_S, MINUTE_S
from tests.simulation.past import STRATEGIES, Past, time_to_live

if TYPE_CHECKING:
    from tests.simulation.world import World

APPROVED, DECLINED = Verdict.APPROVED, Verdict.DECLINED
ACTS: Mapping[str, float] = MappingProxyType(
    {
        "decline": 0.1,
        "never look": 0.25,
        "look too late": 0.4,
        "second opinion": 0.12,
        "opinion after a week": 0.08,
        "promote early": 0.1,
        "decline promotion": 0.08,
        "never promote": 0.5,
        "revoke": 0.1,
        "revoke in production": 0.12,
        "keep out of production": 0.06,
        "roll back": 0.14,
        "roll back in staging": 0.05,
        "take back to pending": 0.03,
        "retrain": 0.2,
        "retrain after a failure": 0.3,
        "retrain meanwhile": 0.12,
        "deploy again": 0.4,
        "freeze": 0.05,
        "edit spec": 0.05,
        "set threshold": 0.06,
        "take threshold away": 0.3,
        "stop execution": 0.03,
        "delete endpoint": 0.02,
        "replace by hand": 0.02,
    }
)
ACTS_MAX, WISHES_MAX = 10, 1
EXPIRED_S = 3 * DAY_S + HOUR_S  # what is offered for so long has expired


class People:
    """Everybody who may write in the registry, apply a spec, or wish for something."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.acts: dict[str, int] = {}
        self.retrained: dict[str, int] = {}
        self.deployed: dict[tuple[str, str, int], int] = {}
        self.wished: list[tuple[str, float]] = []
        self.wanted: dict[str, dict[str, Any]] = {}
        self.said = 0
        self.away_from: Past | None = None
        """What they do not look at any more."""

    def will(self, act: str, model: str) -> bool:
        """Tell whether somebody does something now."""
        if self.world.is_quiet or self.acts.get(model, 0) >= ACTS_MAX:
            return False
        if not self.world.chance.hits(act, self.world.acts.get(act, 0.0)):
            return False
        self.acts[model] = self.acts.get(model, 0) + 1
        self.world.count(act)
        return True

    def later(self, what: Callable[[], None], *within_s: int) -> None:
        """Do something after a while."""
        stream = self.world.chance.of("people")
        longest = stream.choice(within_s or (10 * MINUTE_S, 6 * HOUR_S, 2 * DAY_S))
        self.world.agenda.after(stream.uniform(MINUTE_S, longest), what)

    def begin(self, model: str) -> None:
        """Declare a model."""
        stream = self.world.chance.of("specs")
        by = stream.choice(("person", "person", "person", "rule"))
        self.apply(
            model,
            staging=by,
            production=stream.choice((by, "person")),
            strategy=stream.choice(STRATEGIES),
            staging_ttl=time_to_live(self.world.chance),
        )

    def come_back(self, model: str, past: Past) -> None:
        """Look at what a past has left."""
        self.away_from = None
        arn = self.world.arn(model, 1)
        if past is Past.REGISTERED:
            self.see_registered(model, arn)
        else:
            self.see_serving(model, Stage.STAGING, 1)
            self.see_offered(model, arn)

    # what they see -----------------------------------------------------------------------------

    def see_training(self, model: str, stop: Callable[[], None]) -> None:
        """A training begins."""
        if self.will("stop execution", model):
            self.later(stop, 2 * HOUR_S)
        if self.will("retrain meanwhile", model):
            self.later(lambda: self.wish(model), HOUR_S)

    def see_registered(self, model: str, arn: str) -> None:
        """A version waits."""
        if self.away_from is Past.REGISTERED:
            return
        write = partial(self.write, arn)
        if self.world.strikes("artifact tampered"):
            self.later(lambda: self.world.tamper(arn))
        if self.world.strikes("spec unreadable"):
            self.later(lambda: self.scribble(model))
        if self.will("never look", model):
            self.world.agenda.after(EXPIRED_S, lambda: self.world.network.sweep("deployer"))
            if self.will("look too late", model):
                self.later(lambda: write(Stage.STAGING, APPROVED, "too late"), 8 * DAY_S)
            return
        verdict = DECLINED if self.will("decline", model) else APPROVED
        self.later(lambda: write(Stage.STAGING, verdict, "alice"))
        if self.will("promote early", model):
            self.later(lambda: write(Stage.PRODUCTION, APPROVED, "eager"), MINUTE_S * 30)
        other = DECLINED if verdict is APPROVED else APPROVED
        if self.will("second opinion", model):
            self.later(lambda: write(Stage.STAGING, other, "bob"))
        if self.will("opinion after a week", model):
            self.world.agenda.after(8 * DAY_S, lambda: write(Stage.STAGING, other, "carol"))
        self.declare_anew(model)

    def declare_anew(self, model: str) -> None:
        """Perhaps change what is declared while a version waits."""
        if self.will("edit spec", model):
            self.later(lambda: self.edit(model))
        if self.will("set threshold", model):
            self.later(lambda: self.threshold(model))

    def see_offered(self, model: str, arn: str) -> None:
        """A version may go to production."""
        if self.away_from is Past.OFFERED:
            return
        if self.will("never promote", model):
            self.world.agenda.after(EXPIRED_S, lambda: self.world.network.sweep("deployer"))
            return
        verdict = DECLINED if self.will("decline promotion", model) else APPROVED
        self.later(lambda: self.write(arn, Stage.PRODUCTION, verdict, "alice"))

    def see_serving(self, model: str, stage: Stage, version: int) -> None:
        """A version serves."""
        arn = self.world.arn(model, version)
        if self.will("freeze", model):
            self.later(lambda: self.freeze(model))
        if self.will("delete endpoint", model):
            self.later(lambda: self.world.delete_by_hand(model, stage))
        if self.will("replace by hand", model):
            self.later(lambda: self.world.replace_by_hand(model, stage))
        if self.will("take back to pending", model):
            self.later(lambda: self.write(arn, Stage.STAGING, None, "slip"))
        in_production = stage is Stage.PRODUCTION
        if self.will("revoke in production" if in_production else "revoke", model):
            self.later(lambda: self.write(arn, Stage.STAGING, DECLINED, "dora"))
        if self.will("roll back" if in_production else "roll back in staging", model):
            self.later(lambda: self.roll_back(model, stage, version))
        if in_production:
            self.see_in_production(model, arn)

    def see_in_production(self, model: str, arn: str) -> None:
        """A version serves in production."""
        if self.will("keep out of production", model):
            self.later(lambda: self.write(arn, Stage.PRODUCTION, DECLINED, "dora"))
        if self.will("retrain", model):
            self.retrain(model)

    def hear(self, name: str, data: Mapping[str, Any]) -> None:
        """Read what is said on the bus."""
        model = str(data.get("model"))
        if name in ("TrainingFailed", "ModelRefused") and self.will(
            "retrain after a failure", model
        ):
            self.retrain(model)
        is_gone = name == "DeploymentFailed" or bool(data.get("aged_out"))
        if is_gone and self.will("deploy again", model):
            stage, version = str(data["stage"]), int(data["version"])
            self.later(lambda: self.deploy(model, stage, version))

    # what they do ------------------------------------------------------------------------------

    def speak(self, event: Event, who: str) -> None:
        """Say something on the bus."""
        self.said += 1
        self.world.bus.say(event, who, f"{who}-{self.said}")

    def write(self, arn: str, stage: Stage, verdict: Verdict | None, who: str) -> None:
        """Write in the registry: the last click is what it shows."""
        self.world.registry.write(arn, stage, verdict, f"{who} says so", who)

    def apply(self, model: str, **changes: Any) -> None:
        """Apply a spec."""
        said_before = self.wanted.setdefault(model, {})
        said_before.update(changes)
        spec = declarations.spec(model, **said_before)
        self.world.declared.apply(spec)
        said = ModelSpecApplied(model=model, digest=spec.digest(), changed_fields=("horizon",))
        self.speak(said, "alice")

    def edit(self, model: str) -> None:
        """Change something that makes another model."""
        self.apply(model, boost=60)

    def scribble(self, model: str) -> None:
        """Write a spec that nobody can read, and put it right a day later."""
        self.world.declared.unreadable.add(model)
        self.world.note(f"the spec of {model} cannot be read")
        self.world.agenda.after(DAY_S, lambda: self.world.declared.unreadable.discard(model))

    def threshold(self, model: str) -> None:
        """Set an absolute limit."""
        value = self.world.chance.of("thresholds").choice((0.02, 0.2, 0.5))
        self.world.declared.set_threshold(model, value, "arn:aws:iam::1:user/erin")
        if self.will("take threshold away", model):
            self.later(lambda: self.world.declared.take_threshold_away(model))

    def freeze(self, model: str) -> None:
        """Freeze a model, and thaw it days later."""
        self.apply(model, frozen=True)
        self.world.agenda.after(2 * DAY_S, lambda: self.apply(model, frozen=False))

    def retrain(self, model: str) -> None:
        """Ask for a training."""
        if self.retrained.get(model, 0) < WISHES_MAX:
            self.retrained[model] = self.retrained.get(model, 0) + 1
            self.later(lambda: self.wish(model))

    def wish(self, model: str) -> None:
        """Say the wish."""
        self.wished.append((model, self.world.agenda.seconds))
        self.speak(RetrainRequested(model=model, reason="better data"), "alice")

    def roll_back(self, model: str, stage: Stage, version: int) -> None:
        """Ask for a roll-back."""
        wish = RollbackRequested(model=model, stage=stage, version=version, reason="odd")
        self.speak(wish, "frank")

    def deploy(self, model: str, stage: str, version: int) -> None:
        """Ask for one more attempt."""
        key = (model, stage, version)
        self.deployed[key] = self.deployed.get(key, 0) + 1
        wish = DeploymentRequested(model=model, stage=stage, version=version, reason="again")
        self.speak(wish, "frank")
