"""What if a model's spec had been another one, from the beginning?

What people declare is replaced wherever it was seen. What AWS did is known of what was done then
only: an outcome is believed where the action is the same in all that its outcome depends on.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from infra.spec_files import load
from ops.replay.answers import UNTOLD, UntoldError, typed
from ops.replay.errors import ReplayError
from ops.replay.life import Elsewhere
from ops.replay.recorded import Recording
from services.deployer.domain.actions import OfferPromotion
from services.evaluator.domain.actions import Evaluate, Register
from services.evaluator.domain.champion import NONE_IN_PRODUCTION
from services.evaluator.domain.limit import UNKNOWN
from services.evaluator.domain.outcomes import Evaluated, VersionRegistered
from services.monitor.domain.actions import ScoreOrigins
from services.trainer.domain.actions import StartRun
from services.trainer.domain.seen import World
from services.trainer.domain.wishes import training_digest
from services.trainer.ports import Look
from shared.contracts.complaints import suggestion
from shared.contracts.spec_parts import Gate
from shared.contracts.specs import ModelSpec
from shared.messaging.decision import Todo
from shared.messaging.errors import Refused


class UnderSpec(Elsewhere):
    """The recorded world, but with another spec.

    Nobody wrote that spec, so nobody is known as its author.
    """

    def __init__(self, spec: ModelSpec) -> None:
        self.spec = spec

    def answer(self, question: str, answer: Any) -> Any:
        """Answer a question: whatever says what is declared says what this spec declares."""
        if answer is UNTOLD and question == "author":
            return UNKNOWN
        return answer.under(self.spec) if hasattr(answer, "under") else answer

    def outcome(self, then: Todo | None, item: Todo, happened: Any) -> Any:
        """Answer what comes of an action."""
        if hasattr(happened, "world"):
            happened = happened.changed(world=happened.world.under(self.spec))
        if then is None:
            raise UntoldError(f"{item.kind} was not asked for then")
        if then.body == item.body:
            return happened
        transfer = TRANSFERS.get(item.kind)
        if transfer is None:
            raise UntoldError(f"it asks for another {item.kind} than then")
        return transfer(then.body, item.body, happened)


def run_started(then: str, now: str, happened: Any) -> Any:
    """A run is the same if what makes the model is: who judges and watches it does not matter."""
    old, new = StartRun.model_validate_json(then), StartRun.model_validate_json(now)
    same = new.changed(spec=old.spec) == old and made_of(new.spec) == made_of(old.spec)
    if not same:
        raise UntoldError("another model would have been trained")
    return happened


def made_of(spec: ModelSpec) -> str:
    """Digest what of a spec makes another model."""
    return training_digest(spec.changed(gate=Gate()))


def evaluated(then: str, now: str, happened: Evaluated | Refused) -> Any:
    """The numbers of a backtest are the same, but for the comparison with a champion: that is known
    where there would have been none, or where the same was compared."""
    old, new = Evaluate.model_validate_json(then), Evaluate.model_validate_json(now)
    if new.run != old.run:
        raise UntoldError("another run would have been judged")
    if isinstance(happened, Refused):
        return happened
    if new.champion is None:
        return happened.changed(champion=NONE_IN_PRODUCTION)
    compared = happened.champion
    same = new.champion == old.champion and compared.mean_wql is not None
    if same and compared.points >= new.min_points:
        return happened
    version = new.champion.stay.version
    raise UntoldError(f"how {new.run.run_id} compares with v{version} was not asked then")


def registered(then: str, now: str, happened: VersionRegistered | Refused) -> Any:
    """The same run becomes a version whatever its evidence says; it keeps its recorded number, even
    where fewer would have come before it."""
    old, new = Register.model_validate_json(then), Register.model_validate_json(now)
    if new.run != old.run:
        raise UntoldError("another run would have been registered")
    if isinstance(happened, Refused):
        return happened
    sha256 = hashlib.sha256(new.evidence()).hexdigest()
    return happened.changed(evaluation=happened.evaluation.changed(sha256=sha256))


def offered(then: str, now: str, happened: Any) -> Any:
    """What is shown in the registry is the same, whoever promotes."""
    old, new = OfferPromotion.model_validate_json(then), OfferPromotion.model_validate_json(now)
    if new.changed(by_rule=old.by_rule) != old:
        raise UntoldError("another version would have been offered")
    return happened


def origins_scored(then: str, now: str, happened: Any) -> Any:
    """Forecasts are scored alike, however they are judged afterwards."""
    old, new = ScoreOrigins.model_validate_json(then), ScoreOrigins.model_validate_json(now)
    if new.changed(world=old.world) != old or new.world.window_s != old.world.window_s:
        raise UntoldError("other forecasts would have been asked for")
    return happened


TRANSFERS: Mapping[str, Callable[[str, str, Any], Any]] = MappingProxyType(
    {
        StartRun.__name__: run_started,
        Evaluate.__name__: evaluated,
        Register.__name__: registered,
        OfferPromotion.__name__: offered,
        ScoreOrigins.__name__: origins_scored,
    }
)
"""How the outcome of a recorded action is that of another one, where it is."""


def declared(recording: Recording) -> Mapping[str, World]:
    """Answer what was declared of each model at last, as the trainer saw it."""
    latest = {
        one.record.model: answer
        for one in recording.events
        if one.is_decision and one.record.service == "trainer"
        for question, _, answer in one.notes
        if question == "world"
    }
    seen = {model: typed(Look, "world", answer) for model, answer in latest.items()}
    return {model: world for model, world in seen.items() if world.spec}


def specs(paths: Sequence[Path], recording: Recording) -> Mapping[str, ModelSpec]:
    """Read specs as `models apply` does, for models of a recording, by model.

    Raises
    ------
    FileError
        With one line for each mistake.
    ReplayError
        If the recording has no such model, or it read another series.
    """
    known = declared(recording)
    series = {world.series.series: world.series for world in known.values() if world.series}
    found = load(paths, series).models
    for spec in found:
        if spec.model not in known:
            raise ReplayError(
                f"the recording has no decision of the trainer on model '{spec.model}'",
                suggestion(spec.model, known) or "record it: modelcycle events record",
            )
        if spec.series != known[spec.model].task.series:
            raise ReplayError(
                f"model '{spec.model}' read series '{known[spec.model].task.series}' then: the "
                f"record does not tell what it would have seen of '{spec.series}'",
                "leave its series as it was",
            )
    if not found:
        raise ReplayError("there is no model in the file", "give the file of a model")
    return {spec.model: spec for spec in found}
