"""What if a model's spec had been another one, from the beginning?

What people declare is replaced wherever it was seen. What AWS did is known of what was done then
only: `transfers` tells which outcome may be believed of another action.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from infra.spec_files import load
from ops.replay.answers import UNTOLD, UntoldError, typed
from ops.replay.errors import ReplayError
from ops.replay.life import Elsewhere
from ops.replay.recorded import Recording
from ops.replay.transfers import TRANSFERS
from services.evaluator.domain.limit import UNKNOWN
from services.trainer.domain.seen import World
from services.trainer.ports import Look
from shared.contracts.complaints import suggestion
from shared.contracts.specs import ModelSpec
from shared.messaging.decision import Action


class UnderSpec(Elsewhere):
    """The recorded world, but with another spec.

    Nobody wrote that spec, so nobody is known as its author.

    Parameters
    ----------
    spec : ModelSpec
        As a file says it: where that does not say `frozen`, people froze and unfroze as they did.
    """

    def __init__(self, spec: ModelSpec) -> None:
        self.spec = spec
        self.says_frozen = "frozen" in spec.model_fields_set

    def answer(self, question: str, answer: Any) -> Any:
        """Answer a question: whatever says what is declared says what this spec declares."""
        if answer is UNTOLD and question == "author":
            return UNKNOWN
        return self.under(answer) if hasattr(answer, "under") else answer

    def under(self, world: Any) -> Any:
        """Answer what a service would have seen."""
        if self.says_frozen or not hasattr(world, "frozen"):
            return world.under(self.spec)
        return world.under(self.spec.changed(frozen=world.frozen))

    def outcome(self, then: Action | None, now: Action, happened: Any) -> Any:
        """Answer what comes of an action."""
        if hasattr(happened, "world"):
            happened = happened.changed(world=self.under(happened.world))
        kind = type(now).__name__
        if then is None:
            raise UntoldError(f"{kind} was not asked for then")
        if then == now:
            return happened
        transfer = TRANSFERS.get(type(now))
        if transfer is None:
            raise UntoldError(f"it asks for another {kind} than then")
        return transfer(then, now, happened)


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
