"""A clock that stands still until it is moved: at the front, and in whatever asks the front."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from infra.local import account, driven_clock
from infra.local.driven_clock import ClockError, DrivenClock, FrontClock
from infra.local.front import Front, main
from infra.local.quiet import Watch
from shared.contracts import names
from shared.messaging.clock import CLOCK_URL, ServedClock, WallClock, clock_of
from shared.messaging.errors import Retryable
from tests.local.queues import eventually

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("state")
    with Front(0, folder, DrivenClock(START), images={}) as front:
        yield front


@pytest.fixture
def clock(front: Front) -> FrontClock:
    return FrontClock(front.url + driven_clock.PATH)


def send(url: str, body: bytes) -> int:
    """Post to a page and answer the status."""
    request = urllib.request.Request(url, body)  # noqa: S310
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_it_stands_still_until_it_is_moved_and_never_goes_back() -> None:
    clock = DrivenClock(START.astimezone(timezone(HOUR)))
    assert clock() == START
    clock.move_to(START + HOUR)
    clock.move_to(START + HOUR)
    with pytest.raises(ClockError, match="never goes back"):
        clock.move_to(START)
    with pytest.raises(ClockError, match="no time zone"):
        clock.move_to(datetime(2027, 1, 1))  # noqa: DTZ001 - that is the point
    assert clock() == START + HOUR


def test_the_fronts_clock_is_asked_and_moved_over_http(front: Front, clock: FrontClock) -> None:
    before = clock.now()
    clock.move_to(before + HOUR)
    assert clock.now() == ServedClock(clock.url).now() == before + HOUR
    with pytest.raises(ClockError, match="never goes back"):
        clock.move_to(before)


def test_what_the_engine_makes_bears_the_driven_time(front: Front, clock: FrontClock) -> None:
    sagemaker = account.client("sagemaker", front.url, "operator")
    clock.move_to(clock.now() + HOUR)
    sagemaker.create_model_package_group(ModelPackageGroupName="timed")
    seen = sagemaker.describe_model_package_group(ModelPackageGroupName="timed")
    assert seen["CreationTime"] == clock.now()


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"not json", b'{"now": 5}', b'{"now": "soon"}', b"[]"]
)
def test_a_wish_that_is_none_moves_nothing(front: Front, clock: FrontClock, body: bytes) -> None:
    before = clock.now()
    assert send(clock.url, body) == 400
    assert clock.now() == before


def test_the_wall_clock_cannot_be_moved(tmp_path: Path) -> None:
    assert driven_clock.answer(lambda: START, {"REQUEST_METHOD": "POST"}).status == 405
    told = json.loads(driven_clock.answer(lambda: START, {"REQUEST_METHOD": "GET"}).body)
    assert told == {"now": START.isoformat(), "driven": False}


def test_a_process_keeps_the_clock_that_is_served_to_it_else_the_walls() -> None:
    served = clock_of({CLOCK_URL: "http://127.0.0.1:9/clock"})
    assert isinstance(served, ServedClock)
    assert isinstance(clock_of({}), WallClock)
    with pytest.raises(Retryable, match="does not tell the time"):
        served.now()


@pytest.mark.parametrize("options", [["--clock", "driven"], ["--start", "2026-03-01T00:00Z"]])
def test_a_driven_clock_needs_a_start_and_nothing_else_does(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["--port", "0", "--state-dir", "nowhere", *options])
    assert "--clock driven needs --start" in capsys.readouterr().err


def test_one_call_waits_until_nothing_is_left_in_queues_that_somebody_handles(front: Front) -> None:
    sqs, watch = account.client("sqs", front.url, "test"), Watch("dev", front.url, ("ingest",))
    sqs.create_queue(QueueName="of-others")
    letters = names.dead_letter_queue("dev", "ingest")
    dead = sqs.create_queue(QueueName=letters)["QueueUrl"]
    redrive = {"deadLetterTargetArn": arn(sqs, dead), "maxReceiveCount": 5}
    attributes = {"RedrivePolicy": json.dumps(redrive)}
    queue = sqs.create_queue(QueueName="work", Attributes=attributes)["QueueUrl"]
    sqs.send_message(QueueUrl=dead, MessageBody="given up")
    assert watch.wait(0)["quiet"]
    sqs.send_message(QueueUrl=queue, MessageBody="to do")
    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    seen: list[dict[str, Any]] = [watch.wait(0.01)]
    assert seen[0]["messages"] == {"work": 1}
    assert not seen[0]["quiet"]
    waiting = threading.Thread(target=lambda: seen.append(watch.wait(10)))
    waiting.start()
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    waiting.join()
    assert seen[1] == {"messages": {}, "dead_letters": {letters: 1}, "quiet": True}


def arn(sqs: Any, url: str) -> str:
    """Answer a queue's ARN."""
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(answer["Attributes"]["QueueArn"])


def test_health_tells_how_many_calls_were_made_of_which_service(front: Front) -> None:
    watch, ssm = Watch("dev", front.url, ()), account.client("ssm", front.url, "test")
    before = watch.health()["calls"].get("ssm", 0)
    ssm.describe_parameters()
    eventually(lambda: watch.health()["calls"]["ssm"] == before + 1, "the call to be counted")


def test_a_page_that_is_not_there_is_said(front: Front) -> None:
    assert send(f"{front.url}/_modelcycle/nothing", b"") == 404
