"""The poller against a real HTTP server: polite, whatever comes; and nothing is lost."""

import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import boto3
import pytest
from moto import mock_aws

from services.ingest import reading
from services.ingest.polling import app
from services.ingest.polling.aws import RecordsQueue
from services.ingest.polling.poller import Poller, seconds_to_wait
from services.ingest.polling.sources import SOURCES, BadAnswerError, blockchain
from services.ingest.polling.web import Urllib
from shared.contracts import limits
from shared.messaging.errors import Retryable
from shared.messaging.runtime import S3Blobs
from shared.messaging.settings import MisconfiguredError
from tests.fakes.messaging import START, DrivenClock

PLENTY = {
    "ver": 2, "vin_sz": 1, "vout_sz": 2, "size": 222, "weight": 561, "relayed_by": "",
    "lock_time": 0, "tx_index": 5, "double_spend": False, "block_index": None,
    "block_height": None, "inputs": [{"sequence": 1}], "out": [{"n": 0}],
}  # fmt: skip


def transaction(number: int, **changed: Any) -> dict[str, Any]:
    """A transaction as blockchain.com tells it."""
    told = {"hash": f"{number:064x}", "time": 1_772_323_200 + number, "fee": 1_000 + number}
    return {**told, **PLENTY, **changed}


def told(*transactions: Any) -> bytes:
    """An answer of blockchain.com."""
    return json.dumps({"txs": transactions}).encode()


class Reply(NamedTuple):
    """What the server answers next."""

    status: int = 200
    body: bytes = told()
    headers: tuple[tuple[str, str], ...] = ()
    length: int | None = None
    """What Content-Length claims."""


class Server(ThreadingHTTPServer):
    """Answers what it was told to, the last thing again and again, and notes how it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Asked)
        self.replies: list[Reply] = []
        self.asked: list[dict[str, str]] = []
        self.at_once = self.most_at_once = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/unconfirmed-transactions?format=json"


class Asked(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.at_once += 1
        self.server.most_at_once = max(self.server.most_at_once, self.server.at_once)
        self.server.asked.append({name.lower(): value for name, value in self.headers.items()})
        replies = self.server.replies
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        self.send_response(reply.status)
        size = len(reply.body) if reply.length is None else reply.length
        for name, value in (*reply.headers, ("Content-Length", str(size))):
            self.send_header(name, value)
        self.server.at_once -= 1  # before the answer: after it the next request may come at once
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - its name there
        """Say nothing."""


class Outbox:
    """Keeps what was sent; fails as often as it is told to."""

    def __init__(self) -> None:
        self.batches: dict[str, list[dict[str, Any]]] = {}
        self.failures = 0

    def send(self, batch_id: str, series: str, lines: list[bytes]) -> None:
        if self.failures:
            self.failures -= 1
            raise Retryable("SQS is throttled")
        self.batches[batch_id] = [json.loads(line) for line in lines]

    def ids(self) -> list[Any]:
        return [record["id"] for batch in self.batches.values() for record in batch]


class Scene:
    """A poller, its source, and time that a test moves."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.outbox = Outbox()
        self.clock = DrivenClock()
        source = SOURCES["blockchain"]._replace(url=server.url)
        self.poller = Poller(
            "blockchain", source, "fees", Urllib(), self.outbox, self.clock, self.elapsed_s,
            logging.getLogger("test"),
        )  # fmt: skip

    def elapsed_s(self) -> float:
        return (self.clock.at - START).total_seconds()

    def answers(self, *replies: Reply) -> None:
        self.server.replies = list(replies)

    def passes(self, seconds: float) -> None:
        self.clock.forward(seconds=seconds)


@pytest.fixture
def scene() -> Iterator[Scene]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield Scene(server)
        server.shutdown()
        thread.join()


def test_transactions_become_records_with_their_fee_as_value(scene: Scene) -> None:
    scene.answers(Reply(body=told(transaction(1), transaction(2))))
    assert scene.poller.poll() == (2, 10.0)
    (records,) = scene.outbox.batches.values()
    assert records[0] == {"id": f"{1:064x}", "time": 1_772_323_201.0, "value": 1_001.0}


def test_polls_overlap_and_the_same_answer_is_the_same_batch(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = told(transaction(1), transaction(2)), told(transaction(2), transaction(3))
    scene.answers(Reply(body=first), Reply(body=second), Reply(body=second))
    for _ in range(3):
        scene.poller.poll()
        scene.passes(10)
    assert len(scene.outbox.batches) == 2
    assert len(scene.outbox.ids()) == 4
    assert caplog.records == []


def test_a_gap_between_two_answers_is_said(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    scene.answers(Reply(body=told(transaction(1))), Reply(body=told(transaction(2))))
    scene.poller.poll()
    scene.passes(10)
    scene.poller.poll()
    assert "observations were missed" in caplog.text
    assert len(scene.outbox.ids()) == 2


def test_it_asks_conditionally_and_an_unchanged_answer_sends_nothing(scene: Scene) -> None:
    tag = (("ETag", '"abc"'), ("Last-Modified", "Sun, 01 Mar 2026 00:00:00 GMT"))
    scene.answers(Reply(body=told(transaction(1)), headers=tag), Reply(304, b""))
    assert scene.poller.poll().records == 1
    scene.passes(10)
    assert scene.poller.poll().records == 0
    assert "if-none-match" not in scene.server.asked[0]
    assert scene.server.asked[1]["if-none-match"] == '"abc"'
    assert scene.server.asked[1]["if-modified-since"] == "Sun, 01 Mar 2026 00:00:00 GMT"
    assert scene.poller.failures == 0


def test_what_could_not_be_sent_is_asked_for_again_unconditionally(scene: Scene) -> None:
    scene.answers(Reply(body=told(transaction(1)), headers=(("ETag", '"abc"'),)))
    scene.outbox.failures = 1
    assert scene.poller.poll().records == 0
    scene.passes(10)
    assert scene.poller.poll().records == 1
    assert "if-none-match" not in scene.server.asked[1]


BAD = [
    pytest.param(Reply(body=b"<html>busy</html>"), "not JSON, 17 bytes", id="HTML"),
    pytest.param(Reply(body=told(transaction(1))[:-9]), "not JSON", id="truncated JSON"),
    pytest.param(
        Reply(body=told({"hash": 1}, transaction(1))[:-9]),
        "not JSON",
        id="truncated JSON, malformed before",
    ),
    pytest.param(Reply(body=b'{"txs":' + 9_999 * b"["), "not JSON", id="nested without end"),
    pytest.param(Reply(body=b'{"txs":[{"hash":"\xff"}]}'), "not JSON", id="no UTF-8"),
    pytest.param(
        Reply(body=b'{"txs":[', length=500), "cut short: 492 bytes", id="a body cut short"
    ),
    pytest.param(Reply(body=b""), "not JSON", id="nothing"),
    pytest.param(Reply(body=b'{"error": "busy"}'), "no list of transactions", id="no txs"),
    pytest.param(Reply(body=b"[1, 2]"), "no list of transactions", id="a list"),
    pytest.param(Reply(body=told({"hash": "a"})), "none of 1 transactions", id="no fields"),
    pytest.param(Reply(429, b"slow down"), "HTTP 429", id="too many requests"),
    pytest.param(Reply(500, b"oops"), "HTTP 500", id="an error"),
    pytest.param(Reply(403, b""), "HTTP 403", id="forbidden"),
]


@pytest.mark.parametrize(("bad", "says"), BAD)
def test_a_bad_answer_is_logged_and_the_next_good_one_brings_what_it_lacked(
    scene: Scene, caplog: pytest.LogCaptureFixture, bad: Reply, says: str
) -> None:
    scene.answers(bad, Reply(body=told(transaction(1))))
    assert scene.poller.poll() == (0, 10.0)
    assert says in caplog.text
    assert "blockchain is left in peace for 10 s" in caplog.text
    scene.passes(10)
    assert scene.poller.poll().records == 1
    assert scene.outbox.ids() == [f"{1:064x}"]


def test_a_source_that_is_not_there_is_a_bad_answer_like_any_other(scene: Scene) -> None:
    scene.poller.source = scene.poller.source._replace(url="http://127.0.0.1:9/")
    assert scene.poller.poll() == (0, 10.0)


def test_an_answer_without_end_is_not_taken_in(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(limits, "POLL_ANSWER_BYTES_MAX", 100)
    scene.answers(Reply(body=told(transaction(1))))
    assert scene.poller.poll().records == 0
    assert "more than 100 bytes" in caplog.text


def test_it_backs_off_twice_as_long_each_time_and_asks_nothing_meanwhile(scene: Scene) -> None:
    scene.answers(Reply(500, b""))
    waits = []
    for _ in range(8):
        waits.append(scene.poller.poll().wait_s)
        scene.passes(waits[-1] / 2)
        assert scene.poller.poll() == (0, waits[-1] / 2)
        scene.passes(waits[-1] / 2)
    assert waits == [10, 20, 40, 80, 160, 320, 600, 600]
    assert len(scene.server.asked) == 8
    assert scene.server.most_at_once == 1
    scene.answers(Reply(body=told(transaction(1))), Reply(500, b""))
    assert scene.poller.poll().wait_s == 10
    scene.passes(10)
    assert scene.poller.poll().wait_s == 10


@pytest.mark.parametrize(
    ("said", "wait_s"),
    [
        ("120", 120),
        ("Sun, 01 Mar 2026 12:02:00 GMT", 120),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("999999999", limits.POLL_RETRY_AFTER_SECONDS_MAX),
        ("-5", 0),
        ("soon", 0),
        ("", 0),
    ],
)
def test_retry_after_is_read_in_both_its_spellings(said: str, wait_s: float) -> None:
    assert seconds_to_wait(said, START) == wait_s


def test_it_waits_as_long_as_the_source_asks(scene: Scene) -> None:
    scene.answers(Reply(429, b"", (("Retry-After", "90"),)))
    assert scene.poller.poll().wait_s == 90


def test_a_malformed_transaction_goes_to_quarantine_and_costs_no_other(scene: Scene) -> None:
    broken = transaction(2, fee="a lot")
    lacking = {key: value for key, value in transaction(3).items() if key != "fee"}
    scene.answers(Reply(body=told(transaction(1), broken, lacking, "?")))
    assert scene.poller.poll().records == 4
    ((batch_id, records),) = scene.outbox.batches.items()
    message = json.dumps({"batch_id": batch_id, "series": "fees", "records": records})
    nothing: Any = None
    batch = reading.read(message, nothing)
    assert [one.id for one in batch.observations] == [f"{1:064x}"]
    reasons = sorted(one.reason for one in batch.malformed)
    assert len(reasons) == 3
    assert "missing required field value" in " ".join(reasons)


def test_an_answer_of_which_nothing_can_be_read_names_the_reason() -> None:
    with pytest.raises(BadAnswerError, match="none of 2 transactions can be read.*fee"):
        blockchain(told({"hash": "a", "time": 1}, {"hash": "b", "time": 1}))


def test_it_polls_until_the_next_poll_would_come_too_late(scene: Scene) -> None:
    scene.answers(Reply(body=told(transaction(1))))
    done = app.keep_polling(scene.poller, 45, scene.elapsed_s, scene.passes)
    assert done == {"polls": 5, "records": 5, "failures": 0, "wait_s": 10}
    scene.passes(10)
    assert app.keep_polling(scene.poller, 0, scene.elapsed_s, scene.passes)["polls"] == 1


def test_however_often_it_is_woken_the_source_is_left_in_peace_between_two_polls(
    scene: Scene,
) -> None:
    scene.answers(Reply(body=told(transaction(1))))
    asked_s = []
    for _ in range(3):
        before = len(scene.server.asked)
        done = app.keep_polling(scene.poller, 0, scene.elapsed_s, scene.passes)
        asked_s += [scene.elapsed_s()] * (len(scene.server.asked) - before)
        scene.passes(4)
    assert asked_s == [0]
    assert done == {"polls": 0, "records": 0, "failures": 0, "wait_s": 2}
    scene.passes(2)
    assert app.keep_polling(scene.poller, 0, scene.elapsed_s, scene.passes)["polls"] == 1


def test_a_source_on_this_machine_may_be_asked_as_often_as_it_is_woken(scene: Scene) -> None:
    scene.poller.source = scene.poller.source._replace(interval_s=0)
    scene.answers(Reply(500, b""), Reply(body=told(transaction(1))))
    for failures in (1, 0, 0):
        done = app.keep_polling(scene.poller, 0, scene.elapsed_s, scene.passes)
        assert (done["polls"], done["failures"]) == (1, failures)


def test_in_an_outage_it_says_for_how_long_to_wait_and_asks_nothing_before(scene: Scene) -> None:
    scene.answers(Reply(500, b""))
    waits = []
    for _ in range(4):
        done = app.keep_polling(scene.poller, 45, scene.elapsed_s, scene.passes)
        waits.append(done["wait_s"])
        asked = len(scene.server.asked)
        again = app.keep_polling(scene.poller, 0, scene.elapsed_s, scene.passes)
        assert (again["polls"], again["wait_s"]) == (0, done["wait_s"])
        assert len(scene.server.asked) == asked
        scene.passes(done["wait_s"])
    assert waits == [40, 80, 160, 320]


def test_a_batch_too_large_for_a_message_goes_through_a_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        sqs, s3 = boto3.client("sqs"), boto3.client("s3")
        s3.create_bucket(Bucket="bucket")
        url, files = sqs.create_queue(QueueName="records")["QueueUrl"], S3Blobs(s3, "bucket")
        outbox = RecordsQueue(sqs, "records", files)
        line = json.dumps({"id": "a", "time": 1.0, "value": 2.0, "note": "x" * 1_000}).encode()
        outbox.send("small", "fees", [line])
        outbox.send("large", "fees", [line] * 1_000)
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        batches = {b.batch_id: b for b in (reading.read(m["Body"], files) for m in messages)}
    assert {name: len(batch.observations) for name, batch in batches.items()} == {
        "small": 1,
        "large": 1_000,
    }
    assert not any(batch.backfill for batch in batches.values())


def test_a_poller_without_a_known_source_says_what_is_missing() -> None:
    environment = {f"MODELCYCLE_{name}": "x" for name in ("ENV", "BUCKET", "SOURCE_SERIES")}
    with pytest.raises(MisconfiguredError, match="MODELCYCLE_SOURCE is not set"):
        app.build(environment)
    environment |= {"MODELCYCLE_SOURCE": "blokchain"}
    with pytest.raises(MisconfiguredError, match="did you mean 'blockchain'"):
        app.build(environment)
