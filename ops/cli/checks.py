"""What `modelcycle doctor` looks at, a function a check: each answers findings, and only reads."""

import sys
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from time import sleep
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from ops.cli.connection import Connection
from ops.cli.errors import CliError
from ops.cli.explanations import MISSING, explain
from ops.cli.rules import table
from ops.cli.rules.explaining import repair
from shared.contracts import names
from shared.contracts.algorithms import ALGORITHMS
from shared.contracts.subscriptions import SERVICES
from shared.contracts.tables import TABLES
from shared.messaging.aws_errors import code_of

PYTHON_LEAST = (3, 11)
PACKAGES = ("boto3", "click", "matplotlib", "pandas", "pyarrow", "pydantic", "pyyaml", "rich")
SHOWN = 3  # of what is missing, by name
SECOND_LOOK_S = 2.0
WAITING, IN_HAND = "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"
ABSENT = MISSING | {"ValidationException"}


class Finding(NamedTuple):
    """One line of the doctor's report."""

    what: str
    ok: bool
    says: str
    fix: str = ""
    """What to do; empty where all is well."""


Check = Callable[[Connection], Iterator[Finding]]


def python() -> Iterator[Finding]:
    """Is this Python new enough?"""
    running = ".".join(map(str, sys.version_info[:3]))
    ok = sys.version_info >= PYTHON_LEAST
    yield Finding("python", ok, running, "" if ok else "install Python 3.11 or newer: make setup")


def packages() -> Iterator[Finding]:
    """Is everything installed that the commands import?"""
    missing = [name for name in PACKAGES if not installed(name)]
    if missing:
        yield Finding("packages", False, f"missing: {', '.join(missing)}", "make setup")
    else:
        yield Finding("packages", True, f"{len(PACKAGES)} installed")


def installed(name: str) -> bool:
    """Tell whether a package is installed."""
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def identity(connection: Connection) -> Iterator[Finding]:
    """Who is speaking?"""
    says = connection.identity.arn
    if connection.operator:
        says += f" (by the access key {connection.operator})"
    yield Finding("identity", True, says)


def bus(connection: Connection) -> Iterator[Finding]:
    """Is the environment there?"""
    connection.require_environment()
    yield Finding("bus", True, names.bus(connection.env))


def queues(connection: Connection) -> Iterator[Finding]:
    """Has every service its queues?"""
    sqs = connection.client("sqs")
    wanted = [*inboxes(connection.env), *dead_letter_queues(connection.env)]
    yield from present("queues", wanted, lambda name: sqs.get_queue_url(QueueName=name))


def tables(connection: Connection) -> Iterator[Finding]:
    """Has every service its table?"""
    dynamodb = connection.client("dynamodb")
    wanted = [names.table(connection.env, table.service) for table in TABLES]
    yield from present("tables", wanted, lambda name: dynamodb.describe_table(TableName=name))


def bucket(connection: Connection) -> Iterator[Finding]:
    """Is the bucket there?"""
    s3 = connection.client("s3")
    yield from present("bucket", [connection.bucket], lambda name: s3.head_bucket(Bucket=name))


def pipelines(connection: Connection) -> Iterator[Finding]:
    """Has every algorithm its pipeline?"""
    sagemaker = connection.client("sagemaker")
    wanted = [names.pipeline(connection.env, algorithm) for algorithm in ALGORITHMS]
    yield from present(
        "pipelines", wanted, lambda name: sagemaker.describe_pipeline(PipelineName=name)
    )


def feature_group(connection: Connection) -> Iterator[Finding]:
    """Can windows be stored?"""
    name, sagemaker = names.feature_group(connection.env), connection.client("sagemaker")
    found: dict[str, Any] = {}
    looked = present(
        "feature group",
        [name],
        lambda name: found.update(sagemaker.describe_feature_group(FeatureGroupName=name)),
    )
    for finding in looked:
        if not finding.ok:
            yield finding
            continue
        status = found.get("FeatureGroupStatus", "Created")
        ok = status == "Created"
        fix = "" if ok else found.get("FailureReason", "wait until it is created")
        yield finding._replace(ok=ok, says=finding.says if ok else f"{name} is {status}", fix=fix)


def rules(connection: Connection) -> Iterator[Finding]:
    """Is every event sent to those who hear it?"""
    found = tuple(table.differences(connection))
    for difference in found:
        yield Finding("rules", False, difference, repair(connection.env))
    if not found:
        yield Finding("rules", True, "send every event to those who hear it")


def dead_letters(connection: Connection) -> Iterator[Finding]:
    """Was there anything that a service could not handle?"""
    counts = {
        name: messages(connection, name, WAITING, IN_HAND)  # one who looks hides them
        for name in dead_letter_queues(connection.env)
    }
    if not any(counts.values()):
        yield Finding("dead letters", True, "none")
    for name, count in counts.items():
        if count:
            yield Finding(
                "dead letters",
                False,
                f"{count} in {name}",
                "`modelcycle dlq list` says why, `modelcycle dlq show ID` what can be done",
            )


def functions(connection: Connection) -> Iterator[Finding]:
    """Does somebody take the messages?

    A queue that holds messages is looked at again: if none was taken meanwhile, nobody does.
    """
    first = {name: messages(connection, name, WAITING) for name in inboxes(connection.env)}
    full = [name for name, count in first.items() if count]
    if full:
        sleep(SECOND_LOOK_S)
    stuck = [name for name in full if is_stuck(connection, name, first[name])]
    for name in stuck:
        yield Finding(
            "functions",
            False,
            f"{first[name]} messages wait in {name}, and nobody takes them",
            "start the functions: the local AWS with its services by `modelcycle up`, or the "
            "service's Lambda",
        )
    if not stuck:
        waiting = sum(first.values())
        says = f"{waiting} messages are being worked off" if waiting else "no message waits"
        yield Finding("functions", True, says)


def is_stuck(connection: Connection, name: str, before: int) -> bool:
    """Tell whether nobody took a message since it was looked at first."""
    if messages(connection, name, IN_HAND):
        return False
    return messages(connection, name, WAITING) >= before


def inboxes(env: str) -> list[str]:
    """Name the queues that functions work off."""
    return [*(names.queue(env, service) for service in SERVICES), names.records_queue(env)]


def dead_letter_queues(env: str) -> list[str]:
    """Name the queues of what could not be handled."""
    return [names.dead_letter_queue(env, service) for service in SERVICES]


def messages(connection: Connection, name: str, *attributes: str) -> int:
    """Answer how many messages a queue holds; 0 where there is no queue, as `queues` tells."""
    sqs = connection.client("sqs")
    try:
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(attributes))
    except ClientError as error:
        if code_of(error) in MISSING:
            return 0
        raise
    return sum(int(answer["Attributes"][attribute]) for attribute in attributes)


def present(what: str, wanted: Iterable[str], look: Callable[[str], Any]) -> Iterator[Finding]:
    """Look for everything that should be there."""
    wanted = tuple(wanted)
    missing = [name for name in wanted if not is_there(look, name)]
    if missing:
        fix = "deploy the environment again: what is there stays"
        more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        yield Finding(what, False, f"missing: {', '.join(missing[:SHOWN])}{more}", fix)
    else:
        yield Finding(what, True, wanted[0] if len(wanted) == 1 else f"{len(wanted)} there")


def is_there(look: Callable[[str], Any], name: str) -> bool:
    """Tell whether something is there."""
    try:
        look(name)
    except ClientError as error:
        if code_of(error) in ABSENT:
            return False
        raise
    return True


OF_MACHINE: tuple[Callable[[], Iterator[Finding]], ...] = (python, packages)
OF_ENVIRONMENT: tuple[Check, ...] = (
    queues,
    tables,
    bucket,
    feature_group,
    pipelines,
    rules,
    dead_letters,
    functions,
)


def tried(what: str, check: Check, connection: Connection) -> tuple[tuple[Finding, ...], bool]:
    """Run a check; answer its findings, and whether it could look at all."""
    try:
        return tuple(check(connection)), True
    except Exception as error:  # whatever it is, it becomes a line of the report
        told = error if isinstance(error, CliError) else explain(error)
        return (Finding(what, False, told.what, told.fix),), False
