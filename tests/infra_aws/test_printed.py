"""What jobs printed goes with a long history, too: in few calls, told on the way, and slowly."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.retries.bucket import TokenBucket

from infra.aws import __main__ as commands
from infra.aws import printed
from infra.aws.environments import Environment
from infra.local import account
from infra.local.front import Front

GROUP = "/aws/sagemaker/TrainingJobs"
TRAININGS, PAGE = 120, 50


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[Any]:
    """The logs of a local AWS of our own."""
    with Front(0, tmp_path / "front") as front:
        yield account.client("logs", front.url, "operator.alice", attempts=1)


def execution(number: int) -> str:
    place = "arn:aws:sagemaker:us-east-1:123456789012:pipeline/mc-dev-lightgbm"
    return f"{place}/execution/{number:012d}"


def printed_by(logs: Any, execution_id: str) -> str:
    stream = f"pipelines-{execution_id}-Train-0a1b/algo-1-1"
    logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
    return stream


def no_matter(_said: str) -> None:
    """Hear what is told."""


def test_a_long_history_is_listed_page_by_page_and_told_on_the_way(
    logs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printed, "TOLD_EACH", 50)
    logs.create_log_group(logGroupName=GROUP)
    executions = [execution(number) for number in range(TRAININGS)]
    for one in executions:
        printed_by(logs, one.rpartition("/")[2])
    strangers = printed_by(logs, "999999999999")
    asked: Counter[str] = Counter()
    logs.meta.events.register("before-call.*", lambda model, **_: asked.update([model.name]))
    said: list[str] = []
    printed.delete_of_jobs(logs, executions, said.append)
    pages = TRAININGS // PAGE + 1
    assert asked["DescribeLogStreams"] <= pages + len(printed.OF_JOBS)
    assert asked["DeleteLogStream"] == TRAININGS
    assert said[1:] == [f"{done} of {TRAININGS} streams in {GROUP}" for done in (50, 100)]
    (left,) = logs.describe_log_streams(logGroupName=GROUP)["logStreams"]
    assert left["logStreamName"] == strangers


def test_a_stream_that_is_gone_meanwhile_keeps_no_other_from_going(
    logs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs.create_log_group(logGroupName=GROUP)
    first, second = (printed_by(logs, f"{number:012d}") for number in range(2))

    def faster(group: str) -> list[str]:
        logs.delete_log_stream(logGroupName=group, logStreamName=first)
        return [first, second]

    monkeypatch.setattr(printed, "OF_JOBS", (GROUP,))
    monkeypatch.setattr(printed, "streams_of_pipelines", lambda _logs, group: faster(group))
    printed.delete_of_jobs(logs, [execution(0), execution(1)], no_matter)
    assert logs.describe_log_streams(logGroupName=GROUP)["logStreams"] == []


THROTTLED = b'{"__type": "ThrottlingException", "message": "Rate exceeded"}'


class Answer:
    """What botocore reads of an answer over HTTP."""

    def __init__(self, status: int, content: bytes) -> None:
        self.status_code = status
        self.content = content
        self.headers: dict[str, str] = {}


@pytest.mark.parametrize(("refusals", "ends"), [(9, "well"), (10, "badly")])
def test_where_aws_throttles_a_command_goes_on_more_slowly(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, refusals: int, ends: str
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    monkeypatch.setattr(TokenBucket, "acquire", lambda _self: True)  # it waits for real time
    client_of = commands.client_of(environment)
    logs = client_of("logs")
    assert logs.meta.config.retries["mode"] == "adaptive"
    assert client_of("logs") is logs  # what it has learned of AWS's rates is kept
    answers = iter([Answer(400, THROTTLED)] * refusals + [Answer(200, b"{}")])
    logs.meta.events.register("before-send", lambda **_: next(answers))
    ended = "well"
    try:
        logs.delete_log_stream(logGroupName=GROUP, logStreamName="any")
    except ClientError as error:
        assert error.response["Error"]["Code"] == "ThrottlingException"
        ended = "badly"
    assert ended == ends
    assert len(waited) >= 9
