"""What a handler looks at, answered from the record of what it saw then."""

import json
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

Answer = Any
SAID = "said"  # the note under which a large event or outcome is kept beside what was seen


class UntoldError(Exception):
    """The record does not tell what has to be known; the text says what."""


class Answers:
    """Stands in for a service's `Look`.

    Parameters
    ----------
    look : type
        The Protocol: the annotations of its methods say of which type an answer is.
    notes : Iterable
        Question, arguments and answer, as JSON.
    otherwise : Callable
        ``(question, answer) -> answer``, where the world is to be another one; the answer is
        `UNTOLD` where nobody asked then.
    """

    def __init__(
        self,
        look: type,
        notes: Iterable[tuple[str, Any, Any]],
        otherwise: Callable[[str, Any], Any] = lambda question, answer: answer,
    ) -> None:
        self._look = look
        self._otherwise = otherwise
        self._told: dict[tuple[str, str], list[Any]] = {}
        for question, arguments, answer in notes:
            self._told.setdefault((question, json.dumps(arguments)), []).append(answer)

    def __getattr__(self, question: str) -> Callable[..., Answer]:
        def ask(*arguments: Any) -> Answer:
            asked = json.dumps(json.loads(to_json(arguments)))
            told = self._told.get((question, asked))
            if told is None:
                answer = self._otherwise(question, UNTOLD)
                if answer is UNTOLD:
                    raise UntoldError(f"it looks at {question}{asked}, at which nobody looked then")
                return answer
            # asked twice, it was answered twice; who asks more often hears the last answer again
            answer = told.pop(0) if len(told) > 1 else told[0]
            return self._otherwise(question, typed(self._look, question, answer))

        return ask


UNTOLD = object()
"""There is no answer in the record."""


def typed(look: type, question: str, answer: Any) -> Answer:
    """Read an answer of the record as what the question is answered with.

    Raises
    ------
    UntoldError
        If today's code sees more, or other things, than were seen then.
    """
    try:
        return answers_to(look, question).validate_json(to_json(answer), extra="ignore")
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in (question, *fault["loc"]))
        raise UntoldError(f"what was seen is read otherwise now: {where}: {fault['msg']}") from None


@cache
def answers_to(look: type, question: str) -> TypeAdapter[Any]:
    """Answer what reads the answers to a question."""
    return TypeAdapter(get_type_hints(getattr(look, question))["return"])
