"""What if a model's spec had been another one, from the beginning?

What people declare is replaced wherever it was seen. What AWS did is known of what was done then
only: `transfers` tells which outcome may be believed of another action.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from infra.spec_files import is_part, laid_over, load
from infra.yaml_files import FileError
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

CORRECT = (
    "copy the model's file and change it; or write only what is to be otherwise, without `model` "
    "(`key: null` takes away what was declared)"
)


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
    latest = dict(seen_by_trainer(recording))
    worlds = {model: typed(Look, "world", answer) for model, answer in latest.items()}
    return {model: world for model, world in worlds.items() if world.spec}


def seen_by_trainer(recording: Recording) -> Iterator[tuple[str, Any]]:
    """Answer what the trainer saw of each model's declarations, as it is recorded."""
    for one in recording.events:
        if one.is_decision and one.record.service == "trainer":
            worlds = (answer for question, _, answer in one.notes if question == "world")
            yield from ((one.record.model, world) for world in worlds)


def specs(
    paths: Sequence[Path], recording: Recording, model: str | None = None
) -> Mapping[str, ModelSpec]:
    """Read specs as `models apply` does, for models of a recording, by model.

    Parameters
    ----------
    model : str, optional
        Of which a file is that names none: a part of a spec, laid over the declared one.

    Raises
    ------
    ReplayError
        With one line for each mistake; if the recording has no such model, or it read another
        series; or if it is not certain of what a part is a part.
    """
    known = declared(recording)
    series = {world.series.series: world.series for world in known.values() if world.series}
    try:
        parts = [path for path in paths if is_part(path)]
        whole = load([path for path in paths if path not in parts], series).models
        found = [*whole, *(completed(path, recording, known, model) for path in parts)]
    except FileError as error:
        raise ReplayError(str(error), CORRECT) from None
    for spec in found:
        check_known(spec.model, known)
        if spec.series != known[spec.model].task.series:
            raise ReplayError(
                f"model '{spec.model}' read series '{known[spec.model].task.series}' then: the "
                f"record does not tell what it would have seen of '{spec.series}'",
                "leave its series as it was",
            )
    if not found:
        raise ReplayError("there is no model in the file", "give the file of a model")
    by_model = {spec.model: spec for spec in found}
    if len(by_model) < len(found):
        raise ReplayError("two files are of one model", "write what they say in one file")
    return by_model


def check_known(model: str, known: Mapping[str, World]) -> None:
    """Refuse a model of which the recording does not tell what was declared."""
    if model not in known:
        raise ReplayError(
            f"the recording has no decision of the trainer on model '{model}'",
            suggestion(model, known) or "record it: modelcycle events record",
        )


def completed(
    path: Path, recording: Recording, known: Mapping[str, World], model: str | None
) -> ModelSpec:
    """Lay a part of a spec over the one that was declared.

    Raises
    ------
    ReplayError
        If the recording is of several models, or the model had several specs, be it frozen or not.
    """
    part = f"{path} names no model, so that it is a part of a spec"
    named = model or recording.header.model
    if named is None and len(known) != 1:
        models = ", ".join(sorted(known)) or "none whose spec is recorded"
        raise ReplayError(f"{part}; the recording has these models: {models}", "add --model NAME")
    name = named or next(iter(known))
    check_known(name, known)
    worlds = [world for of, world in seen_by_trainer(recording) if of == name]
    declared_then = (typed(Look, "world", world).spec for world in worlds)
    digests = {spec.changed(frozen=False).digest() for spec in declared_then if spec}
    if len(digests) > 1:
        raise ReplayError(
            f"{part}; model '{name}' had {len(digests)} different ones in the recorded time",
            "give a whole spec: copy the model's file and change it",
        )
    return laid_over(path, known[name].task, known[name].series)
