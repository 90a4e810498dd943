"""What an environment with so many models costs in a month, line by line."""

import math
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from infra.aws.cost.prices import Prices
from infra.aws.cost.resources import JOURNAL, Resources
from infra.aws.cost.usage import (
    ASSUMED,
    EACH_BATCH,
    EACH_MINUTE,
    GB,
    INSTANCES,
    KB,
    SAFETY,
    EachMinute,
)

DAYS_A_MONTH = 365 / 12
JOURNAL_KEPT = "journal, after a year"
TRACED_A_SECOND, TRACED_PART = 1.0, 0.05  # X-Ray's own sampling, of each function


class Mode(StrEnum):
    """How forecasts are served."""

    SERVERLESS = "serverless"
    SHARED = "shared"
    DEDICATED = "dedicated"
    BATCH = "batch"


CANNOT: dict[Mode, str] = {
    Mode.SERVERLESS: "network isolation, your VPC, canary and linear roll-outs, data capture, more "
    "than 4 MB or 60 s a request; the first forecast after a pause takes seconds; an account's "
    "quotas of endpoints and concurrency have to be raised beyond a few dozen models",
    Mode.SHARED: "**not built yet** (a multi-model endpoint); canary for one model alone; keep one "
    "model's load from the others; more than one image",
    Mode.DEDICATED: "be cheap: two instances of a model run day and night in production, where "
    "`strategy: canary` or `linear` asks for them; grow beyond the account's quota",
    Mode.BATCH: "**not built yet** (a transform for each horizon); answer a question: forecasts "
    "are there when they were scheduled; be watched by the monitor, which asks an endpoint",
}
"""What each mode cannot do."""


class Line(NamedTuple):
    """One line of a bill."""

    what: str
    price: str
    """Its name in the price file."""
    quantity: float
    usd: float
    usd_beyond_free: float


class Bill(NamedTuple):
    """A month of an environment."""

    models: int
    mode: Mode
    lines: tuple[Line, ...]

    @property
    def usd(self) -> float:
        """By the price list."""
        return math.fsum(line.usd for line in self.lines)

    @property
    def usd_beyond_free(self) -> float:
        """In an account that does nothing else."""
        return math.fsum(line.usd_beyond_free for line in self.lines)

    def by_subject(self) -> dict[str, float]:
        """Answer the dollars by what they are spent on, most first."""
        sums: dict[str, float] = {}
        for line in self.lines:
            sums[line.what] = sums.get(line.what, 0.0) + line.usd
        return dict(sorted(sums.items(), key=lambda one: -one[1]))


Item = tuple[str, str, float]
"""What for, the price's name, and how much."""


def bill(models: int, mode: Mode, resources: Resources, prices: Prices, *, polls: bool) -> Bill:
    """Compute a month.

    Parameters
    ----------
    models : int
        Each on a series of its own with windows of one minute.
    polls : bool
        Whether the poller of a public source runs, too.

    Raises
    ------
    KeyError
        If the price file lacks a price.
    """
    minutes = 60.0 * prices.hours_a_month
    items = [
        *standing(resources, minutes),
        *events(models, resources, minutes),
        *trainings(models),
        *serving(models, mode, prices.hours_a_month),
        *(polling(resources, minutes) if polls else ()),
    ]
    lines = tuple(
        Line(what, name, quantity, prices.usd(name, quantity), 0.0)
        for what, name, quantity in items
    )
    return Bill(models, mode, tuple(_beyond_free(lines, prices)))


def _beyond_free(lines: tuple[Line, ...], prices: Prices) -> Iterator[Line]:
    """Take what is free of charge from the lines with that price, in their order."""
    left = {line.price: prices.prices[line.price].free for line in lines}
    for line in lines:
        free = min(left[line.price], line.quantity)
        left[line.price] -= free
        yield line._replace(usd_beyond_free=prices.usd(line.price, line.quantity - free))


def standing(resources: Resources, minutes: float) -> Iterator[Item]:
    """Answer what costs though nothing happens."""
    receives = resources.polled_queues * ASSUMED.idle_receives_a_minute * minutes
    yield "operators' view", "dashboards", resources.dashboards
    yield "operators' view", "alarms", resources.alarm_metrics
    yield "waiting", "sqs_requests", receives
    yield "waiting", "schedules", resources.schedules_a_minute * minutes
    yield "encryption", "kms_keys", resources.keys
    yield "encryption", "kms_requests", ASSUMED.kms_requests_a_month


def events(models: int, resources: Resources, minutes: float) -> Iterator[Item]:
    """Answer what data and decisions cost."""
    seconds = models * minutes * ASSUMED.function_seconds_a_minute
    yield from work(models * minutes * SAFETY, EACH_MINUTE, resources)
    yield "operators' view", "custom_metrics", metric_months(models, resources, minutes / 60)
    yield "journal's pages", "s3_puts", minutes * ASSUMED.journal_windows_a_minute
    yield "functions", "lambda_requests", minutes * ASSUMED.journal_windows_a_minute
    yield "functions", "lambda_gb_seconds", seconds * resources.function_mb / KB
    if resources.is_traced:
        yield "traces", "xray_traces", traces(models, resources, minutes)
    yield "feature store", "feature_gb", models * ASSUMED.feature_gb_a_model
    yield "bucket", "s3_gb", ASSUMED.s3_gb + models * ASSUMED.s3_gb_a_model


def metric_months(models: int, resources: Resources, hours: float) -> float:
    """Answer how many custom metrics are paid for, each by the hours in which it is written."""
    seldom = resources.custom_metrics - ASSUMED.metrics_always
    part = min(1.0, models * ASSUMED.metric_hours_a_model / hours)
    return ASSUMED.metrics_always + seldom * part


def work(times: float, each: EachMinute, resources: Resources) -> Iterator[Item]:
    """Answer what is paid for by its number, so many times a month."""
    yield "decisions", "dynamodb_writes", times * each.dynamodb_writes
    yield "decisions", "dynamodb_reads", times * each.dynamodb_reads
    yield from in_tables(times, each, resources)
    yield JOURNAL_KEPT, "s3_gb", times * each.page_bytes * ASSUMED.journal_months / GB
    pages = times * each.events / ASSUMED.journal_page_events  # one for each call of the journal
    yield "journal's pages", "s3_puts", pages
    yield "functions", "lambda_requests", pages
    yield "events", "events", times * each.events
    said_gb = times * each.event_bytes / GB
    yield "events", "events_archived_gb", said_gb
    yield "events", "events_kept_gb", said_gb * ASSUMED.archive_days / DAYS_A_MONTH
    yield "events", "sqs_requests", 2 * times * each.messages
    yield "functions", "lambda_requests", times * each.invocations
    logged_gb = times * each.log_bytes / GB
    yield "logs", "logs_gb", logged_gb
    yield "logs", "logs_kept_gb", logged_gb * ASSUMED.log_days / DAYS_A_MONTH
    yield "feature store", "feature_writes", times * each.feature_writes
    yield "feature store", "feature_reads", times * each.feature_reads
    yield "bucket", "s3_puts", times * each.s3_puts
    yield "bucket", "s3_gets", times * each.s3_gets


def in_tables(times: float, each: EachMinute, resources: Resources) -> Iterator[Item]:
    """Answer what stays in tables, and that it can be brought back as it was."""
    for stored in each.stored:
        what = JOURNAL_KEPT if stored.service == JOURNAL else "other tables"
        kept_gb = times * stored.bytes * stored.days / DAYS_A_MONTH / GB
        yield what, "dynamodb_gb", kept_gb
        if stored.service in resources.recovered:
            yield what, "dynamodb_recovery_gb", kept_gb


def traces(models: int, resources: Resources, minutes: float) -> float:
    """Answer how many calls X-Ray records: the first of a second, and a part of the others."""
    calls_a_second = models * EACH_MINUTE.invocations * SAFETY / 60
    functions = resources.tables - 1  # a table for each, of which the journal's is not traced
    first = min(calls_a_second, functions * TRACED_A_SECOND)
    return 60 * minutes * (first + TRACED_PART * (calls_a_second - first))


def trainings(models: int) -> Iterator[Item]:
    """Answer what trainings cost."""
    runs, instances = models * ASSUMED.trainings_a_month, INSTANCES
    yield "training", instances.processing, runs * ASSUMED.prepare_minutes / 60
    yield "training", instances.training, runs * 2 * ASSUMED.train_minutes / 60
    yield "training", instances.transform, runs * ASSUMED.transform_minutes / 60


def serving(models: int, mode: Mode, hours: float) -> Iterator[Item]:
    """Answer what forecasts cost."""
    forecasts = models * ASSUMED.forecasts_a_day * DAYS_A_MONTH
    match mode:
        case Mode.SERVERLESS:
            gb_seconds = forecasts * ASSUMED.forecast_seconds * ASSUMED.serverless_gb
            yield "serving", "serverless_gb_seconds", gb_seconds
            yield "serving", "serverless_gb", forecasts * ASSUMED.forecast_kb * KB / GB
        case Mode.DEDICATED:
            yield "serving", INSTANCES.endpoint, models * ASSUMED.dedicated_instances * hours
        case Mode.SHARED:
            busy = forecasts * ASSUMED.shared_forecast_seconds / (DAYS_A_MONTH * 86_400)
            needed = math.ceil(busy / (ASSUMED.shared_processors * ASSUMED.shared_busy))
            instances = max(needed, ASSUMED.shared_instances_min)
            yield "serving", ASSUMED.shared_instance, instances * hours
        case Mode.BATCH:
            batch_hours = ASSUMED.batches_a_month * ASSUMED.batch_minutes / 60
            yield "serving", INSTANCES.transform, models * batch_hours


def polling(resources: Resources, minutes: float) -> Iterator[Item]:
    """Answer what asking a public source costs: a function that runs for most of each minute, and
    the batches that come beside the one of a minute."""
    what, seconds = "polling a source", minutes * resources.poll_seconds
    yield what, "lambda_gb_seconds", seconds * resources.poller_mb / KB
    yield what, "lambda_requests", minutes
    yield what, "schedules", minutes
    batches = minutes * SAFETY * (ASSUMED.polled_batches_a_minute - 1)
    gb_seconds = batches * ASSUMED.function_seconds_a_batch * resources.function_mb / KB
    yield what, "lambda_gb_seconds", gb_seconds
    for _, price, quantity in work(batches, EACH_BATCH, resources):
        yield what, price, quantity
    if resources.is_traced:
        yield what, "xray_traces", batches * EACH_BATCH.invocations + minutes
