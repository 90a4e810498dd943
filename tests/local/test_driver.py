"""Hours pass on a stack in seconds: what happened in them is brought in, and nothing is left."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infra.local import account, feeds
from infra.local.driver import Driver, Step
from infra.local.feeds import FeedError, PolledMarket, Tape
from infra.local.function_host import FunctionDiedError, FunctionRaisedError
from infra.local.market import Market
from infra.local.simulation import observations
from infra.local.stack import LocalStack, NotQuietError
from shared.contracts import names
from shared.contracts.windows import SeriesSummary, summary_key

START = datetime(2026, 3, 15, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
SEED = 7
SERIES = ("transactions", "mine")


class Nothing:
    """A feed that brings nothing."""

    def bring(self, now: datetime) -> int:
        return 0


@pytest.fixture(scope="module")
def market() -> Iterator[Market]:
    with Market(SEED, START) as market:
        yield market


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, market: Market) -> Iterator[LocalStack]:
    source = feeds.source(market, "transactions", HOUR)
    folder = tmp_path_factory.mktemp("state")
    with LocalStack(folder, services=("ingest",), clock_start=START, source=source) as stack:
        for series in SERIES:
            stack.client("ssm").put_parameter(
                Name=names.series_parameter(stack.env, series),
                Value=json.dumps({"series": series}),
                Type="String",
            )
        yield stack


def summary(stack: LocalStack, series: str) -> SeriesSummary:
    """Answer what ingest says of a series."""
    bucket = account.bucket(stack.env)
    found = stack.client("s3").get_object(Bucket=bucket, Key=summary_key(series))
    return SeriesSummary.model_validate_json(found["Body"].read())


def window(stack: LocalStack, series: str, start: datetime) -> Mapping[str, str]:
    """Answer a window as it is online."""
    runtime = stack.client("sagemaker-featurestore-runtime")
    found = runtime.get_record(
        FeatureGroupName=names.feature_group(stack.env),
        RecordIdentifierValueAsString=f"{series}#{start:%Y-%m-%dT%H:%M:%SZ}",
    )
    return {each["FeatureName"]: each["ValueAsString"] for each in found["Record"]}


def test_polled_transactions_become_exact_windows_hour_by_hour(
    stack: LocalStack, market: Market
) -> None:
    made: list[Step] = []
    driver = Driver(stack, PolledMarket(stack, market), each=made.append)
    driver.drive(2)
    assert [step.now for step in made] == [START + HOUR, START + 2 * HOUR]
    assert all(not step.dead_letters for step in made)
    simulated = observations(SEED, START, 120)
    assert made[0].records == simulated.counts[:60].sum()
    assert made[1].records == simulated.counts[58:].sum()  # two minutes came twice
    known = summary(stack, "transactions")
    assert (known.first, known.windows) == (START, 117)  # lateness keeps the last ones open
    for minute in (0, 58, 59, 60, 116):
        seen = window(stack, "transactions", START + minute * MINUTE)
        assert int(seen["count"]) == simulated.counts[minute]
        assert float(seen["total"]) == simulated.values[minute]


def test_a_users_own_records_come_as_their_time_comes(stack: LocalStack) -> None:
    now = stack.clock.now()
    times = [now + minute * MINUTE for minute in range(90)]
    records = [{"id": str(n), "time": time.isoformat(), "value": n} for n, time in enumerate(times)]
    tape = Tape(stack, "mine", records, times)
    driver = Driver(stack, tape)
    assert driver.step().records == 60
    assert tape.left == 30
    assert driver.step().records == 30
    assert driver.step().records == 0
    assert summary(stack, "mine").windows == 90  # the silence at the end closed the last ones
    assert float(window(stack, "mine", times[89])["total"]) == 89


def test_sweeps_come_by_driven_time_and_after_the_news(stack: LocalStack) -> None:
    driver = Driver(stack, Nothing(), step=MINUTE)
    batches = stack.supervisor.batches()
    driver.drive(3)
    assert stack.supervisor.batches() - batches == 3  # ingest's sweep comes every minute


def test_it_stops_after_the_step_that_it_is_at(stack: LocalStack) -> None:
    made: list[Step] = []

    def each(step: Step) -> None:
        made.append(step)
        if step.number == 2:
            driver.stop()

    driver = Driver(stack, Nothing(), step=MINUTE, each=each)
    driver.drive()
    assert len(made) == 2
    assert stack.clock.now() == driver.now == made[-1].now


def test_what_does_not_come_to_an_end_is_named(stack: LocalStack) -> None:
    driver = Driver(stack, Nothing(), quiet_limit_s=0)
    sqs = stack.client("sqs")
    redrive = {"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:{account.ACCOUNT}:x"}
    sqs.create_queue(QueueName="x")
    attributes = {"RedrivePolicy": json.dumps({**redrive, "maxReceiveCount": 5})}
    url = sqs.create_queue(QueueName="stuck", Attributes=attributes)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="nobody comes")
    with pytest.raises(NotQuietError, match="'stuck': 1"):
        driver.settle()
    sqs.delete_queue(QueueUrl=url)


class Asked:
    """Stands in for a stack whose poller fails when it is told to; notes when it was asked."""

    def __init__(self, market: Market, *outcomes: dict[str, int] | Exception) -> None:
        self.market = market
        self.outcomes = list(outcomes)
        self.minutes: list[int] = []
        self.forgotten = self.queued = 0
        self.begun = market.clock()
        self.supervisor = SimpleNamespace(invoke=self.invoke)
        self.watch = SimpleNamespace(wait=self.wait)
        self.logs = Path("logs")
        self.env = "dev"

    def client(self, *_: str) -> Any:
        return SimpleNamespace(list_objects_v2=self.listed)

    def wait(self, limit_s: float) -> dict[str, Any]:
        return {"messages": {names.records_queue(self.env): self.queued}}

    def listed(self, **_: str) -> dict[str, Any]:
        self.forgotten += 1
        return {}

    def invoke(self, *_: Any) -> dict[str, int]:
        self.minutes.append((self.market.clock() - self.begun) // MINUTE)
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


WELL, ILL = {"records": 5, "failures": 0}, {"records": 0, "failures": 1}
FAILURES = [
    (ILL, "could not be polled: see logs"),
    (FunctionDiedError("poller: died"), "poller: died"),
    (FunctionRaisedError("KeyError: 'txs'"), "KeyError: 'txs'"),
]


@pytest.mark.parametrize(("failure", "says"), FAILURES)
def test_what_a_failed_poll_lacked_is_asked_for_before_anything_newer(
    failure: dict[str, int] | Exception, says: str
) -> None:
    with Market(SEED, START) as market:
        asked = Asked(market, WELL, failure, WELL, failure, WELL, WELL, WELL)
        stack: Any = asked
        feed = PolledMarket(stack, market)
        assert feed.bring(START + HOUR) == 5
        for hour in (2, 3):
            with pytest.raises(FeedError, match=says):
                feed.bring(START + hour * HOUR)
        assert feed.bring(START + 4 * HOUR) == 10
        assert feed.bring(START + 5 * HOUR) == 5
    assert asked.minutes == [60, 120, 120, 180, 180, 240, 300]  # each poll looks an hour back
    assert asked.forgotten == 3  # never what may still have to be taken in


def test_files_that_messages_still_name_are_kept_until_they_are_taken_in() -> None:
    with Market(SEED, START) as market:
        asked = Asked(market, WELL, WELL, WELL)
        stack: Any = asked
        feed = PolledMarket(stack, market)
        feed.bring(START + HOUR)
        before = asked.forgotten
        asked.queued = 1  # the step found no end
        feed.bring(START + 2 * HOUR)
        assert asked.forgotten == before
        asked.queued = 0
        feed.bring(START + 3 * HOUR)
        assert asked.forgotten == before + 1
