"""`modelcycle timeline` where not all that was asked for went round the loop."""

import json
from typing import Any

import pytest

from infra.local import account
from services.journal.aws import DynamoBook
from shared.contracts import names
from shared.contracts.lifecycle import DeploymentRequested, ModelSpecApplied
from tests.cli.conftest import Cli, Files
from tests.cli.test_answers import decided
from tests.services.journal.chronicle import Chronicle, a_full_life

WHY = "v2 may not serve in production: it was taken from there"


@pytest.fixture
def asked(cli: Cli, files: Files, url: str) -> Cli:
    """Ask of a life after which a deployment was refused, and the model frozen."""
    files("fees")
    files("young")
    cli("models", "apply", "fees.yaml", "young.yaml")
    told = a_full_life()
    wish = told.say(
        DeploymentRequested, trip="wish", version=2, stage="production", reason="once more"
    )
    told.say(ModelSpecApplied, trip="freeze")
    young = Chronicle()
    young.say(ModelSpecApplied, trip="first", model="young")
    book = DynamoBook(account.client("dynamodb", url, "journal"), names.table("dev", "journal"))
    for entry in (*told.entries, *decided(wish, WHY).entries, *young.entries):
        book.keep(entry)
    return cli


def test_a_refused_wish_is_listed_with_its_reason_and_the_latest_trip_is_told(asked: Cli) -> None:
    shown = asked("timeline", "fees").stdout.splitlines()
    listed, steps = shown[1 : shown.index("")], shown[shown.index("") + 1 :]
    assert [line.strip().split("  ")[-1].strip() for line in listed] == [
        "v1 serves in production",
        "v2 left production: rolled back by alice: it looks odd",
        "v3 waits for approval",
        f"refused by deployer: {WHY}",
    ]
    assert steps[-1] == "outcome: v3 waits for approval"


def test_the_latest_trip_is_told_below_the_wish_even_where_one_line_is_asked_for(
    asked: Cli,
) -> None:
    shown = asked("timeline", "fees", "--limit", "1").stdout.splitlines()
    assert shown[1].endswith(f"refused by deployer: {WHY}")
    assert shown[-1] == "outcome: v3 waits for approval"


def test_programs_are_told_the_same_and_any_of_it_is_found_by_its_id(asked: Cli) -> None:
    def outcomes(*arguments: str) -> Any:
        cycles = json.loads(asked("timeline", "fees", "--json", *arguments).stdout)["cycles"]
        return [(one["id"], one["outcome"]) for one in cycles]

    assert outcomes("--limit", "2")[1:] == [("wish", f"refused by deployer: {WHY}")]
    assert outcomes("--cycle", "wish") == [("wish", f"refused by deployer: {WHY}")]
    assert [trip for trip, _ in outcomes("--cycle", "freeze")] == ["freeze"]


def test_a_model_that_was_only_declared_has_made_no_trip(asked: Cli) -> None:
    result = asked("timeline", "young")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "young has made no trip yet" in result.stderr
