"""What a model makes the services do, in a month: measured on the local AWS, or assumed.

Measured on 2026-11-20: one model in production (frequency 5 minutes, horizon 12) on a series of its
own with windows of one minute, 100 records a minute in one message, schedules as in the table; two
hours, all calls of all functions counted, item by item. What the journal's indexes `by-cause` and
`life` add was reckoned from the sizes of the same events, and the bytes of its pages from the
recording in tests/recordings. Everything measured is multiplied by `SAFETY`, for states grow in the
first days. What stays in tables was read item by item on the same day, after five hours of a
market's time; to each item DynamoDB adds 100 bytes.
"""

from typing import NamedTuple

from shared.contracts import limits
from shared.contracts.algorithms import LIGHTGBM

SAFETY = 1.25
KB, GB = 1_024, 1_024**3


YEAR_DAYS = 365.0
EXPIRED_DAYS = 2.0
"""Until DynamoDB has deleted what has expired."""


class Stored(NamedTuple):
    """Items that come to a table each minute."""

    service: str
    bytes: float
    """With keys, indexes and what DynamoDB adds."""
    days: float
    """For which they stay; what is never deleted has been there for a year."""


class EachMinute(NamedTuple):
    """What one model and its series do in a minute, in which one batch of records comes."""

    dynamodb_writes: float = 91.8
    """Write units: a transaction counts twice, each of the journal's indexes once more."""
    dynamodb_reads: float = 18.6
    events: float = 5.0
    event_bytes: float = 4_600
    page_bytes: float = 2_100
    """The same in S3, compressed, in pages of five events; fuller pages are smaller."""
    messages: float = 8.0
    """That queues take: each is sent and deleted; receiving is counted with the polling."""
    invocations: float = 4.7
    """One for each message and each sweep, the journal's not counted: batches make fewer of them
    where more comes."""
    feature_writes: float = 1.0
    feature_reads: float = 25.6
    s3_puts: float = 1.0
    s3_gets: float = 1.2
    log_bytes: float = 6_700
    """A line a decision, and three of Lambda's own for each call."""
    stored: tuple[Stored, ...] = (
        Stored("journal", 14_900, YEAR_DAYS),
        Stored("ingest", 140, YEAR_DAYS),  # windows, sixteen to an item
        Stored("ingest", 1_200, EXPIRED_DAYS),  # the ids of a window's records
        Stored("ingest", 180, limits.INBOX_DAYS),  # that a batch was heard; below: that a fact was
        Stored("monitor", 350, limits.INBOX_DAYS),
        Stored("trainer", 170, limits.INBOX_DAYS),
    )
    """The aggregates themselves, some kilobytes for each model, are not reckoned."""


class Assumed(NamedTuple):
    """What was not measured."""

    function_seconds_a_minute: float = 2.5
    """Of all services together: 0.4 s here, on a whole processor and without a network."""
    function_seconds_a_batch: float = 0.5
    """Of what each further batch in a minute makes ingest and the journal do."""
    idle_receives_a_minute: float = 15.0
    """Of a queue: Lambda keeps five long polls of 20 s open."""
    kms_requests_a_month: float = 100_000
    """Queues ask again for a data key each hour, tables and the rest every five minutes."""
    metrics_always: int = 10
    """Custom metrics that are written in every hour in which models are watched: of records and of
    verdicts. The others are written when something happens."""
    metric_hours_a_model: float = 10.0
    """In which each of the others is written for a model: trainings, deployments, faults."""
    journal_months: float = 12.0
    """How long its pages have been kept in S3."""
    archive_days: float = limits.INBOX_DAYS
    """How long the archive may keep events at most; ours say 7 to 45."""
    log_days: float = 90.0
    """As prod's file says; the others' are shorter."""
    journal_windows_a_minute: float = 60 / limits.JOURNAL_BATCH_SECONDS_MAX
    """After each the journal writes a page, where something came."""
    journal_page_events: float = limits.JOURNAL_BATCH_MESSAGES_MAX / 2
    """In a page, where so much comes that windows do not end it: half of what it may hold."""
    forecasts_a_day: float = 288 + 24
    """One for each point of five minutes; and the monitor's, one for each horizon."""
    forecast_seconds: float = 1.0
    """With the cold starts that are among them."""
    forecast_kb: float = 50.0
    serverless_gb: float = 2.0
    """As the deployer configures it."""
    trainings_a_month: float = 4.35
    """One a week."""
    feature_gb_a_model: float = 0.02
    """A month of minutes online."""
    prepare_minutes: float = 5.0
    train_minutes: float = 4.0
    """Each of two: what is judged, and what ships. Spot capacity is not counted as a saving."""
    transform_minutes: float = 5.0
    s3_gb: float = 1.0
    s3_gb_a_model: float = 0.1
    dedicated_instances: float = 2.0
    """Of a model, in production, as the deployer configures them; staging is serverless."""
    shared_instance: str = "ml.m5.large"
    shared_processors: float = 2.0
    shared_busy: float = 0.5
    """Part of their time that instances may be busy."""
    shared_forecast_seconds: float = 0.5
    shared_instances_min: int = 2
    batches_a_month: float = 730.0
    """One for each horizon of an hour."""
    polled_batches_a_minute: float = 5.0
    """Of the poller: one every ten seconds for most of a minute."""
    batch_minutes: float = 3.0
    """That the instance of one is paid for."""


EACH_MINUTE = EachMinute()
EACH_BATCH = EachMinute(
    dynamodb_writes=26.1,
    dynamodb_reads=8.0,
    events=1.0,
    event_bytes=1_000,
    page_bytes=420,
    messages=2.0,
    invocations=1.0,
    feature_writes=0.0,
    feature_reads=0.0,
    s3_puts=0.0,
    s3_gets=0.0,
    log_bytes=1_400,
    stored=(Stored("journal", 3_000, YEAR_DAYS), Stored("ingest", 180, limits.INBOX_DAYS)),
)
"""What each further batch of records in a minute makes ingest and the journal do: their part of the
above."""
ASSUMED = Assumed()
JOURNAL_UNITS_AN_EVENT = 2.3
"""Write units of an entry of the journal in its index `all`, as in tests/recordings."""
PARTITION_UNITS_A_SECOND = 1_000
"""Write units that DynamoDB takes in one partition; the index `all` is one."""
JOURNAL_UNITS_A_MINUTE = SAFETY * EACH_MINUTE.events * JOURNAL_UNITS_AN_EVENT
JOURNAL_MODELS_MAX = int(round(60 * PARTITION_UNITS_A_SECOND / JOURNAL_UNITS_A_MINUTE, -3))
"""Of how many models the journal of one environment can keep all events."""
INSTANCES = LIGHTGBM.instances
