"""`modelcycle journal`: the table rebuilt from S3, and both compared."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import boto3
import pytest

from infra.local import account
from infra.local.provision import table_definition
from ops.cli import journal
from ops.cli.connection import Connection
from services.journal import reading
from services.journal.archive import Archive
from services.journal.aws import DynamoBook, S3Shelf
from services.journal.domain import Entry
from shared.contracts import names
from shared.contracts.envelope import Revision
from shared.contracts.lifecycle import (
    IN_ORDER,
    DecisionRecorded,
    ModelEvaluated,
    ModelRegistered,
    RetrainRequested,
    TrainingStarted,
)
from shared.contracts.tables import OF_JOURNAL
from shared.messaging.clock import WallClock
from tests.cli.conftest import Cli, Clients
from tests.cli.world import lines
from tests.services.journal.world import NOON, answers, entry_of, said

TABLE = names.table("dev", "journal")


LEFT_OUT = (
    "what was said within the last 2 min is left out, as it may be on its way: --to now compares "
    "it, too"
)


class Places(NamedTuple):
    """Both places where the journal keeps events, and what is there."""

    dynamodb: Any
    s3: Any
    book: DynamoBook
    archive: Archive
    kept: Sequence[Entry]

    def lose_the_table(self) -> None:
        """Delete the table, and make an empty one of that name."""
        self.dynamodb.delete_table(TableName=TABLE)
        self.dynamodb.create_table(TableName=TABLE, **table_definition(OF_JOURNAL))

    def pages(self) -> list[str]:
        """Answer the names of all pages."""
        found = self.s3.list_objects_v2(Bucket=account.bucket("dev"), Prefix="journal/")
        return [one["Key"] for one in found.get("Contents", ())]


def story() -> list[Entry]:
    """Answer every kind of event, three days of wishes with what they caused, and a decision."""
    entries = [entry_of(said(event.example(), event.__name__)) for event in IN_ORDER]
    for day in range(3):
        at = NOON + timedelta(days=day, seconds=1)
        wish, early = f"wish{day}", at - timedelta(seconds=2)
        entries.append(entry_of(said(RetrainRequested.example(), wish, at)))
        entries.append(entry_of(said(TrainingStarted.example(), f"started{day}", early, wish)))
    record = DecisionRecorded.example().changed(events=("ModelEvaluated", "ModelRegistered"))
    decided = (ModelEvaluated.example(), ModelRegistered.example(), record)
    for index, event in enumerate(decided):
        revision = Revision(number=9, index=index)
        raw = said(event, f"said{index}", NOON, "cause", "evaluator", revision=revision)
        entries.append(entry_of(raw))
    return entries


@pytest.fixture
def places(aws: Clients) -> Places:
    """Two places that hold the same."""
    dynamodb, s3 = aws("dynamodb"), aws("s3")
    made = Places(
        dynamodb,
        s3,
        DynamoBook(dynamodb, TABLE),
        Archive(S3Shelf(s3, account.bucket("dev"))),
        story(),
    )
    made.lose_the_table()
    for page in made.pages():
        s3.delete_object(Bucket=account.bucket("dev"), Key=page)
    for first in range(0, len(made.kept), 7):
        some = made.kept[first : first + 7]
        made.archive.keep(some)
        for entry in some:
            made.book.keep(entry)
    return made


def answered(cli: Cli, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Answer the exit code and the document."""
    result = cli("journal", *arguments, "--json")
    return result.exit_code, json.loads(result.stdout)


def test_a_lost_table_is_rebuilt_to_the_same_answers(cli: Cli, places: Places) -> None:
    before = answers(places.book)
    assert len(before[0]) == len(places.kept)
    places.lose_the_table()
    assert answers(places.book)[0] == ()
    code, done = answered(cli, "rebuild")
    events = len(places.kept)
    assert (code, done) == (
        0,
        {"environment": "dev", "days": 3, "events": events, "written": events, "there_already": 0},
    )
    assert answers(places.book) == before
    assert answered(cli, "check")[0] == 0


def test_rebuilding_again_writes_nothing(cli: Cli, places: Places) -> None:
    code, done = answered(cli, "rebuild")
    assert (code, done["written"], done["there_already"]) == (0, 0, len(places.kept))


def test_a_dry_run_tells_what_would_be_written_and_writes_nothing(cli: Cli, places: Places) -> None:
    places.lose_the_table()
    places.book.keep(places.kept[0])
    code, done = answered(cli, "rebuild", "--dry-run")
    events = len(places.kept)
    assert (code, done["to_be_written"], done["there_already"]) == (0, events - 1, 1)
    assert len(reading.list_events(places.book)) == 1
    shown = cli("journal", "rebuild", "--dry-run").stdout.split()
    assert shown[-4:] == ["3", str(events), str(events - 1), "1"]


def test_a_part_is_rebuilt_between_two_moments(cli: Cli, places: Places) -> None:
    places.lose_the_table()
    code, done = answered(cli, "rebuild", "--from", "2026-03-02", "--to", "2026-03-02T23:59Z")
    assert (code, done["days"], done["written"]) == (0, 1, 2)
    assert [one.event_id for one in reading.list_events(places.book)] == ["wish1", "started1"]
    assert answered(cli, "check", "--from", "2026-03-02", "--to", "2026-03-02T23:59Z")[0] == 0


def test_what_one_side_lacks_or_has_otherwise_is_found(cli: Cli, places: Places) -> None:
    lost, changed, again, *_ = places.kept
    places.archive.keep([again.changed(detail={**again.detail, "data": {"series": "mine"}})])
    key = {name: {"S": getattr(lost, name)} for name in ("subject", "position")}
    places.dynamodb.delete_item(TableName=TABLE, Key=key)
    places.dynamodb.update_item(
        TableName=TABLE,
        Key={name: {"S": getattr(changed, name)} for name in ("subject", "position")},
        UpdateExpression="SET detail = :detail",
        ExpressionAttributeValues={
            ":detail": {"S": json.dumps({**changed.detail, "data": {"series": "mine"}})}
        },
    )
    late = entry_of(said(RetrainRequested.example(), "late", NOON + timedelta(days=9)))
    places.book.keep(late)
    code, found = answered(cli, "check")
    assert code == 1
    assert found["differences"] == [
        {
            "day": "2026-03-01",
            "only_in_table": [],
            "only_in_s3": [lost.event_id],
            "changed": [changed.event_id],
            "ambiguous": [again.event_id],
        },
        {
            "day": "2026-03-10",
            "only_in_table": ["late"],
            "only_in_s3": [],
            "changed": [],
            "ambiguous": [],
        },
    ]
    assert found["journal_dead_letters"] == 0
    code, told = lines(cli("journal", "check", "--to", "now"))
    assert code == 1
    assert told[0] == "Error: the table and S3 do not hold the same on 2 of 4 days"
    for remedy in ("journal rebuild`", "dlq list journal`", "30 days", "write the table", "spoke"):
        assert remedy in told[1]


def test_where_both_hold_the_same_that_is_said(cli: Cli, places: Places) -> None:
    detail = places.kept[0].detail
    again = {**detail, "metadata": {**detail["metadata"], "replayed": True}}
    places.archive.keep([places.kept[0].changed(detail=again)])
    result = cli("journal", "check")
    assert lines(result) == (0, ["the table and S3 hold the same", LEFT_OUT])
    assert result.stdout.split()[-6:] == ["3", str(len(places.kept)), "0", "0", "0", "0"]


def test_what_may_be_on_its_way_is_left_out_unless_it_is_asked_about(
    cli: Cli, places: Places
) -> None:
    now = WallClock().now()
    for age, event_id in ((timedelta(minutes=1), "young"), (timedelta(minutes=5), "settled")):
        places.book.keep(entry_of(said(RetrainRequested.example(), event_id, now - age)))
    for arguments, found in ((), ["settled"]), (("--to", "now"), ["settled", "young"]):
        code, told = answered(cli, "check", "--from", "1h", *arguments)
        (day,) = told["differences"]
        assert (code, sorted(day["only_in_table"])) == (1, found)
        assert (LEFT_OUT in cli("journal", "check", *arguments).stderr) == (not arguments)


@pytest.mark.parametrize("command", ["rebuild", "check"])
def test_a_damaged_page_is_named_and_nothing_of_its_day_is_written(
    cli: Cli, places: Places, command: str
) -> None:
    places.lose_the_table()
    page = next(key for key in places.pages() if "2026/03/02" in key)
    places.s3.put_object(Bucket=account.bucket("dev"), Key=page, Body=b"half of a pa")
    code, told = lines(cli("journal", command))
    assert code == 1
    *note, what, fix = told
    assert note == {"rebuild": ["done up to 2026-03-01: --from 2026-03-02 goes on from there"]}.get(
        command, []
    )
    assert what.startswith(f"Error: the journal's archive is damaged: {page}: cannot be unpack")
    assert fix.startswith("Try: bring the object's earlier version back")
    written = {one.event_id for one in reading.list_events(places.book)}
    assert not written & {"wish1", "started1"}
    assert cli("journal", "rebuild", "--from", "2026-03-03").exit_code == 0


def test_what_the_journal_has_not_written_is_named(cli: Cli, places: Places) -> None:
    places.s3.put_object(Bucket=account.bucket("dev"), Key="journal/2026/03/02/notes.txt", Body=b"")
    code, told = lines(cli("journal", "rebuild"))
    assert code == 1
    assert "journal/2026/03/02/notes.txt: is no name that the journal gives" in told[-2]
    places.s3.delete_object(Bucket=account.bucket("dev"), Key="journal/2026/03/02/notes.txt")


def test_a_table_that_was_deleted_is_made_anew_by_the_local_aws(cli: Cli, places: Places) -> None:
    before = answers(places.book)
    places.dynamodb.delete_table(TableName=TABLE)
    code, done = answered(cli, "rebuild")
    assert (code, done["written"]) == (0, len(places.kept))
    assert answers(places.book) == before


@pytest.mark.parametrize("command", ["rebuild", "check"])
@pytest.mark.parametrize(
    ("arguments", "what", "fix"),
    [
        (
            ("--from", "2025-01-01", "--to", "2025-02-01"),
            "/journal/ holds nothing from 2025-01-01 00:00:00 to 2025-02-01 00:00:00",
            "--to",
        ),
        (("--from", "2026-03-02", "--to", "2026-03-01"), "is after --to", "earlier moment first"),
        (("--from", "8000-01-01"), "--from 8000-01-01 00:00:00 is in the future", "it is 20"),
        (("--from", "yesterday"), "'yesterday': write a time", "--help"),
        (("--to", "900000d"), "/journal/ holds nothing to ", "leave --from and --to out"),
    ],
)
def test_a_stretch_that_cannot_be_is_told(
    cli: Cli, places: Places, command: str, arguments: tuple[str, ...], what: str, fix: str
) -> None:
    code, told = lines(cli("journal", command, *arguments))
    assert code == 2
    assert what in told[0]
    assert fix in told[1]


def test_what_has_expired_in_the_table_is_left_out(
    cli: Cli, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "kept_days", lambda connection: 45)
    long_ago = NOON - timedelta(days=400)
    places.archive.keep([entry_of(said(RetrainRequested.example(), "old", long_ago))])
    code, told = lines(cli("journal", "check", "--from", "2025-01-01", "--to", "2025-02-01"))
    assert (code, told[0]) == (
        2,
        "Error: --to 2025-02-01 00:00:00: the table keeps events for 45 days",
    )
    code, told = lines(cli("journal", "rebuild", "--from", "2025-01-01"))
    assert code == 2
    assert told[0].startswith("what was before ")
    assert told[0].endswith(" is left out: the table keeps 45 days")
    assert "/journal/ holds nothing from " in told[1]


def test_where_nothing_was_kept_yet_that_is_said(cli: Cli, places: Places) -> None:
    places.lose_the_table()
    for page in places.pages():
        places.s3.delete_object(Bucket=account.bucket("dev"), Key=page)
    for command in ("check", "rebuild"):
        code, told = lines(cli("journal", command))
        assert (code, "/journal/ holds nothing" in told[0]) == (2, True)


def test_how_long_the_table_keeps_events_is_said_by_the_environments_file() -> None:
    session = boto3.Session(region_name="eu-central-1")
    assert journal.kept_days(Connection("prod", session, None, None)) == 400
    assert journal.kept_days(Connection("dev", session, "http://127.0.0.1:1", None)) is None
