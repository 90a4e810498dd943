"""The envelope of every event, and the one door from a raw dict to a typed event.

On the bus an event is ``{"source", "detail-type", "detail": {"metadata": …, "data": …}}``; behind
the door it is an `Envelope` whose ``data`` is one of the classes of `shared.contracts.lifecycle`,
`shared.contracts.aws` or a wish of our own schedules.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, Generic, Self, TypeVar, get_args

from pydantic import AwareDatetime, BaseModel, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticSerializationError, to_json

from shared.contracts import limits
from shared.contracts.frozen import Frozen

SOURCE = "modelcycle."
ANY_SERVICE = "*"  # the producer of what every service's worker says
VERSIONED = re.compile(r"(?P<name>\w+)\.v(?P<version>\d+)")


class ContractError(ValueError):
    """An event that is not ours to act upon: malformed, unknown, too large, too old, or from a
    stranger."""


class Revision(Frozen):
    """Where in the life of its aggregate an event was said; later is greater."""

    number: int = Field(ge=1, le=limits.EVENT_REVISION_MAX, examples=[7])
    """Of the aggregate's state: one more with each decision that is kept."""
    index: int = Field(ge=0, le=limits.EVENT_INDEX_MAX, examples=[0])
    """Place among the events of that decision."""

    def is_after(self, other: "Revision") -> bool:
        """Tell whether this was said later than `other`, by the same aggregate."""
        return (self.number, self.index) > (other.number, other.index)


class Event(Frozen):
    """What an event says. A class per event; its name is the detail-type.

    Class attributes
    ----------------
    producer : str
        The service that says it; the bus's ``source`` is ``modelcycle.<producer>``.
    family : str or None
        Facts of one family replace each other: of two about one subject and aspect only the later
        counts. None: each stands alone, and order does not matter.
    is_hint : bool
        Whether the state and Describe decide, rather than the event: then it needs no inbox.
    """

    producer: ClassVar[str]
    family: ClassVar[str | None] = None
    is_hint: ClassVar[bool] = False
    schema_version: ClassVar[int] = 1

    @classmethod
    def detail_type(cls) -> str:
        """Answer the name on the bus: ``Name``, or ``Name.v2`` after a breaking change."""
        return cls.__name__ if cls.schema_version == 1 else f"{cls.__name__}.v{cls.schema_version}"

    @classmethod
    def example(cls) -> Self:
        """Answer the documented example, made of the fields' own examples."""
        return cls.model_validate(example_of(cls))

    @property
    def subject(self) -> str:
        """The model or series that this is about: its aggregate's key."""
        return str(getattr(self, "model", None) or getattr(self, "series", None) or "")

    @property
    def aspect(self) -> str | None:
        """Which of several things a family tells of its subject, each with a life of its own: the
        stage, unless the event says otherwise. None: nothing that another fact replaces."""
        return str(getattr(self, "stage", ""))


class Wish(Event):
    """A wish of our own schedules: like a hint, it only wakes a service up."""

    producer: ClassVar[str] = "schedule"
    is_hint: ClassVar[bool] = True


Id = Annotated[
    str,
    Field(
        min_length=1,
        max_length=limits.EVENT_ID_CHARACTERS_MAX,
        examples=["5b5b1f86-6d1c-5c6e-9b5e-0d9d1c0a7f10"],
    ),
]


class Metadata(Frozen):
    """Who said an event, when, about what, and because of what."""

    event_id: Id
    """Fixed when the decision is committed; the same across redelivery, replay and hops."""
    schema_version: int = Field(default=1, ge=1, examples=[1])
    occurred_at: AwareDatetime = Field(
        ge=datetime(limits.EVENT_YEAR_MIN, 1, 1, tzinfo=UTC),
        lt=datetime(limits.EVENT_YEAR_MAX, 1, 1, tzinfo=UTC),
        examples=[datetime.fromisoformat("2026-03-01T12:00:00Z")],
    )
    subject: str = Field(
        min_length=1, max_length=limits.EVENT_SUBJECT_CHARACTERS_MAX, examples=["fees"]
    )
    """The model or series."""
    revision: Revision | None = None
    """Of the aggregate that said it; people and AWS have none."""
    correlation_id: Id
    """One trip round the loop."""
    causation_id: Id
    """The event that made us say this."""
    producer: str = Field(examples=["trainer"])
    actor: str = Field(max_length=limits.EVENT_ACTOR_CHARACTERS_MAX, examples=["trainer"])
    """The service, or the person."""
    replayed: bool = False
    """Set on events that were sent again by a replay; idempotency makes them harmless."""


E_co = TypeVar("E_co", bound=Event, covariant=True)


@dataclass(frozen=True)
class Envelope(Generic[E_co]):
    """An event with its metadata."""

    metadata: Metadata
    data: E_co

    def detail(self) -> str:
        """Answer the ``Detail`` of PutEvents as JSON.

        Raises
        ------
        ContractError
            If it is larger than `limits.EVENT_BYTES_MAX`.
        """
        metadata = self.metadata.model_dump_json(exclude_none=True)
        data = self.data.model_dump_json(exclude_none=True)
        text = f'{{"metadata":{metadata},"data":{data}}}'
        check_size(text.encode(), self.data.detail_type())
        return text


def as_json(value: Any) -> bytes:
    """Write JSON-like `value`.

    Raises
    ------
    ContractError
        If no reader could read it: half a character, or hundreds of levels.
    """
    try:
        return to_json(value)
    except PydanticSerializationError as error:
        raise ContractError(
            "not JSON that can be kept: a text holds half of a character, or it is nested too "
            f"deeply: {error}"
        ) from error


def check_size(text: bytes, name: str) -> None:
    """Let pass what fits in an event.

    Raises
    ------
    ContractError
        If it is larger than `limits.EVENT_BYTES_MAX`.
    """
    if (size := len(text)) > limits.EVENT_BYTES_MAX:
        raise ContractError(
            f"{name}: {size} bytes, at most {limits.EVENT_BYTES_MAX} fit in an event: "
            "send an S3 URI with its sha256"
        )


def open_ours(raw: Mapping[str, Any], known: Mapping[str, type[Event]]) -> Envelope[Event]:
    """Open one of our own events.

    Parameters
    ----------
    raw : Mapping
        The whole EventBridge event.
    known : Mapping
        Our event classes by detail-type.

    Raises
    ------
    ContractError
        If the type or its version is unknown, the source is not its producer's, the subject is not
        its data's, or it does not fit its contract.
    """
    name, source, detail = raw.get("detail-type"), raw.get("source"), raw.get("detail")
    event_class = known.get(str(name))
    if event_class is None:
        raise ContractError(unknown(str(name), known))
    if event_class.producer != ANY_SERVICE and source != SOURCE + event_class.producer:
        raise ContractError(f"{name}: said by {source!r}, only {SOURCE}{event_class.producer} may")
    parts = detail if isinstance(detail, Mapping) else {}
    said = parts.get("metadata")
    if not isinstance(said, Mapping) or "data" not in parts:
        raise ContractError(f"{name}: detail must hold the objects 'metadata' and 'data'")
    check_size(as_json(detail), str(name))
    try:
        replayed = "replay-name" in raw or said.get("replayed", False)
        metadata = read(Metadata, {**said, "replayed": replayed})
        data = read(event_class, parts["data"])
    except ValidationError as error:
        raise ContractError(f"{name}: {first_fault(error)}") from error
    if source != SOURCE + metadata.producer:
        raise ContractError(
            f"{name}: metadata says producer {metadata.producer!r}, its source is {source!r}"
        )
    if data.subject not in ("", metadata.subject):
        raise ContractError(
            f"{name}: metadata says subject {metadata.subject!r}, its data {data.subject!r}"
        )
    if metadata.schema_version > event_class.schema_version:
        raise ContractError(
            f"{name}: schema version {metadata.schema_version}, "
            f"this code knows {event_class.schema_version}"
        )
    return Envelope(metadata=metadata, data=data)


V = TypeVar("V", bound=BaseModel)


def read(value_class: type[V], raw: Any) -> V:
    """Read JSON-like `raw` the way consumers read: unknown fields are ignored, everything else is
    strict."""
    return value_class.model_validate_json(to_json(raw), extra="ignore")


def first_fault(error: ValidationError) -> str:
    """Say in one clause which field is wrong, and why; never what secret or payload it held."""
    fault = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in fault["loc"]) or "event"
    return f"{where}: {fault['msg'].removeprefix('Value error, ')}"


def unknown(name: str, known: Mapping[str, type[Event]]) -> str:
    """Say why a detail-type is not known: a future version, or no event of ours at all."""
    if (match := VERSIONED.fullmatch(name)) and match["name"] in known:
        return (
            f"{name}: unknown version {match['version']} of {match['name']}: "
            "deploy the code that knows it, then redrive"
        )
    return f"{name}: no event of that name"


def too_old(metadata: Metadata, now: datetime) -> bool:
    """Tell whether an event is older than what the inbox remembers: it could have been done and
    forgotten."""
    return now - metadata.occurred_at > timedelta(days=limits.EVENT_AGE_DAYS_MAX)


def example_of(value_class: type[BaseModel]) -> dict[str, Any]:
    """Build the example of a contract from the examples of its fields; fields with a default may
    have none."""
    example: dict[str, Any] = {}
    for name, field in value_class.model_fields.items():
        nested = nested_contract(field)
        if field.examples:
            example[name] = field.examples[0]
        elif nested is not None:
            example[name] = nested.model_validate(example_of(nested))
        elif field.is_required():
            raise ContractError(
                f"{value_class.__name__}.{name} has no example: give its Field examples=[…]"
            )
    return example


def nested_contract(field: FieldInfo) -> type[Frozen] | None:
    """Answer the value type of a field that holds one, or one or none."""
    for candidate in (field.annotation, *get_args(field.annotation)):
        if isinstance(candidate, type) and issubclass(candidate, Frozen):
            return candidate
    return None
