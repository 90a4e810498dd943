"""`modelcycle status` and `why` read only the latest verdicts: how many are breaches in a row."""

import json
from typing import Any

import pytest

from ops.cli import endpoints, past
from ops.cli.questions import lives
from services.journal.aws import DynamoBook
from shared.contracts import names
from shared.contracts.lifecycle import AccuracyMeasured, EndpointInService
from tests.cli.conftest import Cli, Clients, Files
from tests.cli.test_status import described
from tests.services.journal.chronicle import Chronicle

ALL_BAD, ONE_GOOD = (True, True, True), (False, True, True)

READ: list[Any] = [
    pytest.param(ALL_BAD, 5, 3, False, id="all of them"),
    pytest.param(ALL_BAD, 3, 3, True, id="verdicts, and not what was before"),
    pytest.param(ALL_BAD, 2, 2, True, id="some verdicts"),
    pytest.param(ONE_GOOD, 3, 2, False, id="up to the good one"),
    pytest.param(ONE_GOOD, 2, 2, True, id="up to behind the good one"),
]


@pytest.mark.parametrize(("verdicts", "read", "number", "may_be_more"), READ)
def test_a_row_whose_beginning_was_not_read_is_told_as_at_least_so_long(
    cli: Cli,
    aws: Clients,
    files: Files,
    unconfigured: pytest.MonkeyPatch,
    verdicts: tuple[bool, ...],
    read: int,
    number: int,
    may_be_more: bool,
) -> None:
    model = f"failing{sum(verdicts)}"
    files(model)
    cli("models", "apply", f"{model}.yaml")
    told = Chronicle()
    told.say(EndpointInService, model=model, stage="production", version=4)
    for breached in verdicts:
        told.say(AccuracyMeasured, model=model, stage="production", version=4, breached=breached)
    book = DynamoBook(aws("dynamodb"), names.table("dev", "journal"))
    for entry in told.entries:
        book.keep(entry)
    serving = endpoints.read(described("InService", 4))
    unconfigured.setattr("ops.cli.standing.serving", lambda *_: serving)
    unconfigured.setattr(past, "READ_MAX", read)
    unconfigured.setattr(lives, "RECENT", read)
    (one,) = json.loads(cli("status", model, "--json").stdout)["models"]
    live = one["live"]
    assert (live["breaches_in_a_row"], live["breaches_may_be_more"]) == (number, may_be_more)
    row = f"{'at least ' if may_be_more else ''}{number} breaches in a row"
    assert f", {row} of 3 that make it degraded" in " ".join(cli("status", model).stdout.split())
    assert json.loads(cli("why", model, "--json").stdout)["open"][0].endswith(f"; {row}")
