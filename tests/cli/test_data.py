"""`modelcycle data import`: good rows become batches that ingest takes, bad ones stay beside."""

import hashlib
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ops.cli import sending
from services.ingest.domain.judging import IN_THE_FUTURE, LIVE_WINS
from services.journal.aws import DynamoBook
from services.journal.domain import entry
from shared.contracts import names
from shared.contracts.envelope import Envelope, Event, Metadata
from shared.contracts.lifecycle import DecisionRecorded, ObservationsIngested, RecordsQuarantined
from shared.contracts.records import RecordBatch, RecordFile
from shared.contracts.windows import SeriesSummary, summary_key
from shared.messaging.clock import WallClock
from tests.cli.conftest import Cli, Clients, Files
from tests.cli.world import heard, lines
from tests.fakes.messaging import DrivenClock

START = datetime(2026, 3, 1, tzinfo=UTC)
BUCKET = "modelcycle-dev-123456789012-us-east-1"
COLUMNS = ("--series", "transactions", "--time", "time", "--value", "fee")


@pytest.fixture
def series(cli: Cli, files: Files) -> None:
    files("fees")
    assert cli("models", "apply", ".").exit_code == 0


def csv(minutes: int, *more: str, name: str = "fees.csv") -> str:
    rows = [f"{(START + timedelta(minutes=i)).isoformat()},{i}.5,2" for i in range(minutes)]
    Path(name).write_text("\n".join(("time,fee,n", *rows, *more)) + "\n")
    return name


def queue_url(aws: Clients, name: str) -> str:
    return str(aws("sqs").get_queue_url(QueueName=name)["QueueUrl"])


def sent(aws: Clients) -> list[Any]:
    """Take all messages off the records queue."""
    sqs, url = aws("sqs"), queue_url(aws, names.records_queue("dev"))
    found = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            found.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


class Ingest(threading.Thread):
    """Takes what is on the records queue, keeps the summary of the series, and has the journal
    know what came of each batch."""

    def __init__(self, aws: Clients, rejecting: bool) -> None:
        super().__init__(daemon=True)
        self.aws = aws
        self.book = DynamoBook(aws("dynamodb"), names.table("dev", "journal"))
        self.rejecting = rejecting
        self.taken = 0
        self.refuses: dict[str, int] = {}
        self.ending = threading.Event()

    def run(self) -> None:
        while not self.ending.wait(0.02):
            heard(self.aws)  # the journal, which is not what is tested here
            for batch in sent(self.aws):
                self.take(batch)

    def take(self, batch: dict[str, Any]) -> None:
        if self.rejecting:
            url = queue_url(self.aws, names.dead_letter_queue("dev", "ingest"))
            self.aws("sqs").send_message(QueueUrl=url, MessageBody="{}")
            return
        self.taken += len(batch["records"])
        times = [datetime.fromisoformat(record["time"]) for record in batch["records"]]
        summary = SeriesSummary(
            series=batch["series"],
            first=START,
            last=max(times),
            windows=self.taken,
            revision=self.taken,
        )
        self.aws("s3").put_object(
            Bucket=BUCKET,
            Key=summary_key(batch["series"]),
            Body=summary.model_dump_json().encode(),
        )
        self.tell(batch["batch_id"], len(batch["records"]))

    def tell(self, batch_id: str, records: int) -> None:
        """Say what came of a batch, and what else goes on in the series."""
        series = {"series": "transactions"}
        ingested = ObservationsIngested.example().changed(**series, revised=0, backfill=True)
        refused = sum(self.refuses.values())
        self.keep(DecisionRecorded.example().changed(cause_id=batch_id), batch_id)
        self.keep(ingested.changed(count=records - refused), batch_id)
        self.keep(ingested.changed(count=999), "a-live-batch")
        if refused:
            bad = RecordsQuarantined.example().changed(**series, count=refused)
            self.keep(bad.changed(reasons=self.refuses, uri="s3://bucket/quarantine/1"), batch_id)

    def keep(self, event: Event, batch_id: str) -> None:
        metadata = Metadata(
            event_id=str(uuid4()),
            occurred_at=WallClock().now(),
            subject="transactions",
            correlation_id=batch_id,
            causation_id=batch_id,
            producer="ingest",
            actor="ingest",
        )
        said = Envelope(metadata=metadata, data=event)
        self.book.keep(entry(said, json.loads(said.detail())))


@pytest.fixture
def ingest(aws: Clients, request: pytest.FixtureRequest) -> Iterator[Ingest]:
    thread = Ingest(aws, getattr(request, "param", False))
    thread.start()
    yield thread
    thread.ending.set()
    thread.join()
    aws("s3").delete_object(Bucket=BUCKET, Key=summary_key("transactions"))


def test_a_file_goes_in_as_history_and_the_answer_says_how_much(
    cli: Cli, series: None, ingest: Ingest
) -> None:
    result = cli("data", "import", csv(4_500), *COLUMNS, "--count", "n")
    assert result.exit_code == 0, result.stderr
    assert result.stdout == (
        "4,500 observations of 'transactions' are in: 4,500 new windows, 4,500 in all, "
        "2026-03-01 00:00 to 2026-03-04 02:59 UTC\n"
    )
    assert "fees.csv: 4,500 observations of 4,500 rows" in result.stderr
    assert not Path("fees.csv.quarantine.csv").exists()


def test_what_is_sent_keeps_the_contract_and_windows_whole(
    cli: Cli, series: None, aws: Clients
) -> None:
    result = cli("data", "import", csv(4_500), *COLUMNS, "--count", "n", "--no-wait")
    assert result.stdout == "4,500 observations of 'transactions' are sent in 3 messages\n"
    batches = [RecordBatch.model_validate_json(json.dumps(body)) for body in sent(aws)]
    assert [len(batch.records) for batch in batches] == [2_000, 2_000, 500]
    assert {batch.series for batch in batches} == {"transactions"}
    assert all(batch.backfill for batch in batches)
    first = batches[0].records[0]
    assert (first.id, first.time, first.value, first.count) == (
        "2026-03-01T00:00:00Z",
        START,
        0.5,
        2,
    )


def test_importing_again_sends_the_same_batches_and_another_file_others(
    cli: Cli, series: None, aws: Clients
) -> None:
    def ids(minutes: int) -> list[str]:
        cli("data", "import", csv(minutes), *COLUMNS, "--no-wait")
        return [body["batch_id"] for body in sent(aws)]

    assert ids(2_500) == ids(2_500)
    assert ids(2_500)[0] == ids(2_501)[0]  # whole batches that are the same stay the same
    assert ids(2_500)[1] != ids(2_501)[1]


def test_saying_again_sends_the_same_observations_in_batches_of_their_own(
    cli: Cli, series: None, aws: Clients
) -> None:
    def batches(*options: str) -> list[Any]:
        cli("data", "import", csv(2_500), *COLUMNS, "--no-wait", *options)
        return sent(aws)

    plain, first, second = batches(), batches("--again"), batches("--again")
    assert [one["records"] for one in first] == [one["records"] for one in plain]
    ids = [one["batch_id"] for one in (*plain, *first, *second)]
    assert len(set(ids)) == 6


def test_an_import_that_brings_nothing_new_says_how_to_have_it_taken_again(
    cli: Cli, series: None, ingest: Ingest, unconfigured: pytest.MonkeyPatch
) -> None:
    first = cli("data", "import", csv(30), *COLUMNS)
    assert "--again" not in first.stderr
    unconfigured.setattr(ingest, "take", lambda batch: None)
    second = cli("data", "import", csv(30), *COLUMNS)
    assert second.stdout.startswith(
        "0 observations of 'transactions' are in, 30 were imported before: 0 new windows, 30 in all"
    )
    assert "is not taken twice; to have it back after another file, say --again" in second.stderr
    third = cli("data", "import", csv(30), *COLUMNS, "--again")
    assert "say --again" not in third.stderr


def test_what_ingest_refused_is_told_with_reasons_and_is_a_failure(
    cli: Cli, series: None, ingest: Ingest
) -> None:
    ingest.refuses = {LIVE_WINS: 7, IN_THE_FUTURE: 2}
    result = cli("data", "import", csv(31), *COLUMNS)
    assert result.exit_code == 1
    assert result.stdout.startswith(
        "22 observations of 'transactions' are in: 22 new windows, 31 in all, "
    )
    assert result.stderr.splitlines()[-2:] == [
        f"Error: 9 observations were refused: 7 × {LIVE_WINS}, 2 × {IN_THE_FUTURE}",
        "Try: leave them out: what came live is kept; import them when their time has come there; "
        "they are in s3://bucket/quarantine/1",
    ]


def test_what_is_later_than_the_clock_of_the_place_stays_beside_the_file(
    cli: Cli, series: None, aws: Clients, unconfigured: pytest.MonkeyPatch
) -> None:
    there = DrivenClock(START + timedelta(minutes=19))
    unconfigured.setattr("ops.cli.connection.Connection.clock", there)
    result = cli("data", "import", csv(30), *COLUMNS, "--no-wait")
    assert "20 observations of 'transactions' are sent" in result.stdout
    assert "it is 2026-03-01 00:19 UTC there: what is later is in the future" in result.stderr
    assert len(sent(aws)[0]["records"]) == 20


def test_what_is_too_large_for_a_message_goes_through_s3(
    cli: Cli, series: None, aws: Clients, unconfigured: pytest.MonkeyPatch
) -> None:
    unconfigured.setattr(sending, "MESSAGE_BYTES_MAX", 1_000)
    cli("data", "import", csv(30), *COLUMNS, "--no-wait")
    (body,) = sent(aws)
    file = RecordFile.model_validate(body)
    bucket, _, key = file.uri.removeprefix("s3://").partition("/")
    content = aws("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    assert hashlib.sha256(content).hexdigest() == file.sha256
    assert len([json.loads(line) for line in content.splitlines()]) == 30


def test_bad_rows_stay_beside_the_file_with_what_to_do(
    cli: Cli, series: None, ingest: Ingest
) -> None:
    result = cli("data", "import", csv(30, "2026-03-02T00:00:00Z,many,2"), *COLUMNS)
    assert result.exit_code == 0
    assert "30 observations of 'transactions' are in" in result.stdout
    assert "bad rows: fees.csv.quarantine.csv" in result.stderr
    kept = Path("fees.csv.quarantine.csv").read_text().splitlines()
    assert kept[1].startswith("32,fee,many,not a number,")


def test_strict_is_all_or_nothing(cli: Cli, series: None, aws: Clients) -> None:
    bad = csv(30, "2026-03-02T00:00:00Z,many,2")
    code, told = lines(cli("data", "import", bad, *COLUMNS, "--strict"))
    assert code == 2
    assert told[0] == (
        "Error: fees.csv: 1 of 31 rows are bad (1 × not a number), and strict means all or "
        "nothing. The first: line 32, column 'fee': 'many' is not a number"
    )
    assert told[1].endswith("or import the good rows without --strict")
    assert sent(aws) == []
    assert not Path("fees.csv.quarantine.csv").exists()


def test_a_quarantine_that_cannot_be_written_keeps_everything_out(
    cli: Cli, series: None, aws: Clients
) -> None:
    bad = csv(30, "2026-03-02T00:00:00Z,many,2")
    assert lines(cli("data", "import", bad, *COLUMNS, "--quarantine", "no/where.csv"))[1][-2:] == [
        "Error: no/where.csv: the bad rows cannot be written: No such file or directory; "
        "nothing was sent",
        "Try: say where with --quarantine",
    ]
    assert sent(aws) == []


def test_columns_that_are_not_named_are_guessed_and_told(
    cli: Cli, series: None, aws: Clients
) -> None:
    result = cli("data", "import", csv(30), "--series", "transactions", "--no-wait")
    assert "guessed time: column 'time'" in result.stderr
    assert "guessed value: column 'fee'" in result.stderr
    assert "guessed count: column 'n'" in result.stderr
    (body,) = sent(aws)
    assert body["records"][0]["count"] == 2
    result = cli("data", "import", csv(30), *COLUMNS[:2], "--value", "n", "--no-wait")
    assert "guessed time" in result.stderr
    assert "guessed value" not in result.stderr
    assert sent(aws)[0]["records"][0]["value"] == 2.0


def test_a_check_judges_the_file_and_sends_nothing(cli: Cli, series: None, aws: Clients) -> None:
    result = cli("data", "import", csv(30), *COLUMNS, "--check")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "30 observations of 30 rows" in result.stderr
    assert sent(aws) == []


@pytest.mark.parametrize("ingest", [True], indirect=True)
def test_messages_that_ingest_rejects_are_a_failure(cli: Cli, series: None, ingest: Ingest) -> None:
    code, told = lines(cli("data", "import", csv(30), *COLUMNS))
    assert (code, told[-2:]) == (
        1,
        [
            "Error: ingest rejected 1 messages: they are among its dead letters",
            "Try: `modelcycle dlq list ingest` shows the reasons",
        ],
    )


def test_messages_that_nobody_takes_are_a_failure(
    cli: Cli, series: None, aws: Clients, unconfigured: pytest.MonkeyPatch
) -> None:
    unconfigured.setattr(sending, "STALL_S", 0.1)
    code, told = lines(cli("data", "import", csv(30), *COLUMNS))
    assert (code, told[-2:]) == (
        1,
        [
            "Error: ingest has not taken 1 messages, and nothing has moved for 0 s; they stay in "
            "its queue",
            "Try: `modelcycle doctor` says whether the functions run",
        ],
    )
    assert len(sent(aws)) == 1


def test_an_unknown_series_is_answered_with_the_nearest(cli: Cli, series: None) -> None:
    assert lines(cli("data", "import", csv(3), "--series", "transaction")) == (
        3,
        [
            "Error: there is no series 'transaction' in environment 'dev'",
            "Try: did you mean 'transactions'?",
        ],
    )


def test_a_file_that_is_not_there_is_told(cli: Cli, series: None) -> None:
    code, told = lines(cli("data", "import", "none.csv", *COLUMNS))
    assert code == 2
    assert told[0].startswith("Error: none.csv: ")


def test_a_missing_column_is_told_with_the_nearest(cli: Cli, series: None) -> None:
    arguments = ("--series", "transactions", "--time", "tiem", "--value", "fee")
    code, told = lines(cli("data", "import", csv(3), *arguments))
    assert (code, told[0]) == (
        2,
        "Error: fees.csv: there is no column 'tiem' (there are 'time', 'fee', 'n')",
    )
    assert told[1].startswith("Try: did you mean 'time'?")


def test_a_window_that_holds_more_than_a_batch_may_is_refused(
    cli: Cli, series: None, unconfigured: pytest.MonkeyPatch, aws: Clients
) -> None:
    unconfigured.setattr("shared.contracts.limits.BATCH_RECORDS_MAX", 5)
    rows = [f"2026-03-01T00:00:{second:02}Z,1,1" for second in range(9)]
    Path("dense.csv").write_text("\n".join(("time,fee,n", *rows)))
    code, told = lines(cli("data", "import", "dense.csv", *COLUMNS, "--no-wait"))
    assert (code, told[-2:]) == (
        2,
        [
            "Error: the window that begins at 2026-03-01 00:00:00 UTC holds 9 observations, a "
            "batch has at most 5; nothing was sent",
            "Try: sum them up first: a row for each window, with a column for their count "
            "(--count)",
        ],
    )
    assert sent(aws) == []
