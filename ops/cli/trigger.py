"""``modelcycle events trigger``: says an event by hand."""

from collections.abc import Iterable
from typing import Any

import click

from ops.cli import output
from ops.cli.connecting import connected
from ops.cli.connection import Connection
from ops.cli.declarations import Declarations
from ops.cli.errors import CliError, misused, not_found, refused
from ops.cli.making import Change, changed, make
from ops.cli.speak import envelope, on_the_bus, publish
from shared.contracts import aws
from shared.contracts.complaints import SpecError, suggestion
from shared.contracts.envelope import ANY_SERVICE, ContractError, Envelope, Event
from shared.contracts.lifecycle import EVENTS, DeadLetterDecided
from shared.contracts.printable import shortened
from shared.contracts.subscriptions import SERVICES, SUBSCRIPTIONS

OPERATOR = "operator"
NAME_CHARACTERS_SHOWN = 60
FOR_TESTS = ("dev", "staging", "test")
"""What the name of an environment begins with in which facts may be said for a test."""
NOT_FOR_TESTS = "prod"
"""What no such name holds, wherever: ``test-prod`` is rather a production than a test."""


class Setting(click.ParamType[Change]):
    """A value for a field: ``dataset.points=500``."""

    name = "path=value"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Change:
        """Read it."""
        if isinstance(value, Change):
            return value
        try:
            return changed(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command()
@click.argument("kind", metavar="TYPE")
@click.option("--set", "changes", type=Setting(), multiple=True, help="A value, by its path.")
@click.option("--as", "speaker", type=click.Choice(SERVICES), help="In place of a service: a test.")
@click.option("--dry-run", is_flag=True, help="Show the event, and say nothing.")
@output.reads
@connected
def trigger(
    connection: Connection,
    kind: str,
    changes: tuple[Change, ...],
    speaker: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Say an event of TYPE: its example, with what --set replaces.

    People say wishes, such as RetrainRequested; what a wish may leave out is in it only if set.
    What services say can be said in their place for a test, where nothing real depends on it. In an
    environment that is none for tests, nothing is taken from the example: --set gives every field.
    """
    event_class = known(kind)
    check_speaker(connection, event_class, speaker)
    event = filled(event_class, changes, of_example=is_for_tests(connection))
    said = envelope(event, connection.identity.arn, connection.clock.now(), producer=speaker)
    check_size(said)
    if dry_run:
        return output.document(on_the_bus(said))
    connection.require_environment()
    if event_class.producer == OPERATOR:
        Declarations(connection).model(event.subject)
    publish(connection, said)
    return tell(connection, said, as_json)


def check_size(said: Envelope[Event]) -> None:
    """Make sure that the bus takes an event.

    Raises
    ------
    CliError
        If it is too large.
    """
    try:
        said.detail()
    except ContractError as error:
        raise misused(str(error), "give shorter values; nothing was said") from None


def tell(connection: Connection, said: Envelope[Event], as_json: bool) -> None:
    """Tell what was said, and who hears it."""
    heard_by = hearing(type(said.data))
    event_id = said.metadata.event_id
    if as_json:
        told = {"event_id": event_id, "heard_by": list(heard_by), **on_the_bus(said)}
        return output.document({"environment": connection.env, **told})
    click.echo(f"{said.data.detail_type()} is said: {event_id}")
    output.note(f"heard by {', '.join(heard_by)}")
    return output.note(f"modelcycle events show {event_id} says what became of it")


def known(kind: str) -> type[Event]:
    """Answer the class of an event.

    Raises
    ------
    CliError
        If there is none, or AWS alone says it.
    """
    if kind in EVENTS:
        return EVENTS[kind]
    if kind in aws.HINTS or kind in {hint.__name__ for hint in aws.IN_ORDER}:
        raise misused(
            f"'{kind}' is an event of AWS, and nobody else may say it",
            "change the resource itself; `modelcycle rules explain FILE` shows where one goes",
        )
    shown = shortened(kind, NAME_CHARACTERS_SHOWN)
    raise not_found(f"there is no event '{shown}'", suggestion(kind, EVENTS))


def check_speaker(connection: Connection, kind: type[Event], speaker: str | None) -> None:
    """Let people say wishes, and for a test what a service says.

    Raises
    ------
    CliError
        If it is not theirs to say.
    """
    name = kind.detail_type()
    if kind is DeadLetterDecided:
        raise misused(f"{name} is what `modelcycle dlq` says of what it did", "modelcycle dlq list")
    if kind.producer == OPERATOR:
        if speaker:
            raise misused(f"{name} is said by people, not by {speaker}", "leave --as out")
        return
    owner = "every service" if kind.producer == ANY_SERVICE else kind.producer
    if speaker is None:
        raise not_yours(name, owner, kind.producer)
    if kind.producer not in (speaker, ANY_SERVICE):
        raise misused(f"{name} is said by {owner}, not by {speaker}", f"--as {owner}")
    if not is_for_tests(connection):
        raise refused(
            f"{name} is a fact that {owner} states, and '{connection.env}' is no environment for "
            "tests: whatever heard it would act upon it",
            "say it on the local AWS, or in an environment whose name begins with "
            + ", ".join(FOR_TESTS)
            + f", and does not hold '{NOT_FOR_TESTS}'",
        )


def is_for_tests(connection: Connection) -> bool:
    """Tell whether nothing real depends on what is said."""
    env = connection.env
    return connection.is_local or (env.startswith(FOR_TESTS) and NOT_FOR_TESTS not in env)


def not_yours(name: str, owner: str, producer: str) -> CliError:
    """Say that a fact is not a person's to state."""
    speaker = SERVICES[0] if producer == ANY_SERVICE else producer
    wishes = [one.detail_type() for one in EVENTS.values() if one.producer == OPERATOR]
    wishes.remove(DeadLetterDecided.detail_type())
    return misused(
        f"{name} is said by {owner}; people say {', '.join(wishes)}",
        f"for a test, where nothing real depends on it, add --as {speaker}",
    )


def filled(kind: type[Event], changes: Iterable[Change], *, of_example: bool) -> Event:
    """Make the event.

    Raises
    ------
    CliError
        With a line for each mistake.
    """
    try:
        return make(kind, changes, begun(kind) if of_example else {})
    except SpecError as error:
        lines = "\n".join(f"{kind.detail_type()}: {one}" for one in error.complaints)
        raise misused(
            lines,
            "docs/contracts/index.html has all fields; values that are no text are written as JSON",
        ) from None


def begun(kind: type[Event]) -> dict[str, Any]:
    """Answer the example; of a wish what it must have, for nobody said the rest."""
    fields = kind.model_fields.items()
    is_wish = kind.producer == OPERATOR
    unsaid = {name for name, field in fields if is_wish and not field.is_required()}
    return kind.example().model_dump(mode="json", exclude=unsaid)


def hearing(kind: type[Event]) -> tuple[str, ...]:
    """Answer the services that hear an event."""
    return tuple(row.service for row in SUBSCRIPTIONS if row.event is kind)
