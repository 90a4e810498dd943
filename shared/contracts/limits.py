"""Every bound of the system, in one place: the unit is in the name, the reason is beside it.

Raising a bound is a change of this file alone; one that comes from AWS says so and stays.
"""

# Events and the bus
EVENT_BYTES_MAX = 240 * 1024  # AWS: 256 KB an entry with its envelope; ours leaves room
EVENT_LIST_ITEMS_MAX = 100  # facts, ids and URIs: a longer list belongs into S3 with its sha256
EVENT_ID_CHARACTERS_MAX = 200  # part of a key in DynamoDB, of 1,024 bytes with all its parts
EVENT_SUBJECT_CHARACTERS_MAX = 400  # likewise, of 2,048 bytes; of a hint it is an ARN
EVENT_ACTOR_CHARACTERS_MAX = 2_048  # AWS: the longest ARN
EVENT_YEAR_MIN, EVENT_YEAR_MAX = 2_000, 9_000  # times that every zone can tell
EVENT_REVISION_MAX = 10**12 - 1  # a thousand a second for thirty years: twelve digits of a key
EVENT_INDEX_MAX = 10**4 - 1  # of an event within its decision: four digits
REASON_CHARACTERS_MAX = 1_000  # of a rejection: it may repeat what a stranger wrote
EVENT_TEXT_CHARACTERS_MAX = 1_000  # a reason or a note is a sentence or two, not a log
S3_KEY_BYTES_MAX = 1_024  # AWS
OBJECT_BYTES_MAX = 512 * 1024 * 1024  # in S3: what a function has memory to read in one go
PUT_EVENTS_ENTRIES_MAX = 10  # AWS: entries in one call of PutEvents
PUT_EVENTS_BYTES_MAX = 960 * 1024  # AWS: 1 MB a call, with source and detail-type of each entry
PUT_EVENTS_ATTEMPTS_MAX = 5  # partial failures repeated in place; then the todo keeps them

# Handling: inbox, todo, retries
QUEUE_RETENTION_DAYS = 14  # AWS: the longest that SQS keeps a message
INBOX_DAYS = 45  # longer than the 14 days of SQS plus a replay of the month before
EVENT_AGE_DAYS_MAX = INBOX_DAYS  # older than the inbox remembers: a repeat could not be recognised
CONFLICT_RETRIES_MAX = 5  # a model has few writers: five lost races in a row are a bug
TRANSACTION_ITEMS_MAX = 40  # AWS allows 100; conflicts and cost grow with each
TODO_ITEMS_MAX = 40  # a decision does a handful of things; with more left undone, news has to wait
TODO_BYTES_MAX = 64 * 1024  # likewise: what one more decision adds must fit into the aggregate
TODO_DONE_MAX = 160  # in one go: each thing to do settles with a few more, at most
SEEN_BYTES_MAX = 64 * 1024  # what a decision saw, inline; beyond that it goes to S3 with its sha256
RECORDING_LINE_BYTES_MAX = 16 * 1024**2  # an event, and what its decision saw: a day of windows
RECORDING_EVENTS_MAX = 100_000  # in memory at once, 12 KB each: a model says 60,000 in a year
RECORDING_BYTES_MAX = 512 * 1024**2  # of text: a hundred thousand events, and what was seen
FUNCTION_SECONDS_MAX = 60  # time limit of a service's Lambda
LEASE_SECONDS = 90  # outlives the function that holds it, so that two never act at once
QUEUE_VISIBILITY_SECONDS = 6 * FUNCTION_SECONDS_MAX  # AWS's advice for a queue that feeds a Lambda
QUEUE_RECEIVES_MAX = 5  # AWS's least for a Lambda; then the dead-letter queue
QUEUE_BATCH_MESSAGES_MAX = 10  # messages that one invocation takes from a service's queue
JOURNAL_BATCH_MESSAGES_MAX = 100  # that the journal takes at once: a page of the archive
JOURNAL_BATCH_SECONDS_MAX = 20  # that it waits for them: each page costs a request to S3
JOURNAL_DAYS_MAX = 36_500  # a century: beyond that it is a typing error; leave it out for ever
JOURNAL_PAGE_BYTES_MAX = 64 * 1024 * 1024  # ten times what AWS hands to a function at once

# Names (see names.py for the arithmetic)
ENVIRONMENT_NAME_CHARACTERS_MAX = 8
MODEL_NAME_CHARACTERS_MAX = 24  # what 63 leave after prefix, stage, version and digest
SERIES_NAME_CHARACTERS_MAX = 48
ALGORITHM_NAME_CHARACTERS_MAX = 32
SERVICE_NAME_CHARACTERS_MAX = 24
VERSION_MAX = 99_999  # five digits in a name: a new version every ten minutes for a year
DIGEST_CHARACTERS = 8  # of a sha256 in a name: unique among the versions of one model
RUN_DIGEST_CHARACTERS = 12  # of a sha256 in a run id: unique among all runs of one model
SAGEMAKER_ENTITY_NAME_CHARACTERS_MAX = 63  # AWS: endpoint, endpoint config, model, package group
SAGEMAKER_FEATURE_GROUP_NAME_CHARACTERS_MAX = 64  # AWS
SAGEMAKER_DISPLAY_NAME_CHARACTERS_MAX = 82  # AWS: PipelineExecutionDisplayName = run id
SQS_QUEUE_NAME_CHARACTERS_MAX = 80  # AWS
S3_BUCKET_NAME_CHARACTERS_MAX = 63  # AWS

# What a user declares
SPEC_BYTES_MAX = 4_096  # AWS: a standard SSM parameter
HORIZON_POINTS_MAX = 400  # the longest that AWS advises for DeepAR
QUANTILES_MAX = 21  # one LightGBM booster each; every 5 % and both tails
SEASON_POINTS_MAX = 10_080  # a week in minutes; two seasons must fit into a request
FREQUENCY_SECONDS_MIN = 60  # the shortest that DeepAR's time_freq can say
FREQUENCY_SECONDS_MAX = 86_400  # a day: buckets longer than that are calendars, not windows
WINDOW_SECONDS_MAX = 86_400
ORIGINS_MIN = 2  # one origin is an anecdote
ORIGINS_MAX = 200  # the backtest is read, stored and compared in one Lambda
REQUEST_POINTS_MAX = 150_000  # AWS: 4 MB to a serverless endpoint, 25 characters a value
LATENESS_DAYS_MAX = 7  # windows wait open that long
DURATION_DAYS_MAX = 366  # cool-downs and expiries beyond a year are typing errors
BAKE_SECONDS_MAX = 3_600  # AWS: the wait of a canary or linear deployment
DAILY_CAP_MAX = 96  # a training every quarter of an hour

# Records and windows
BATCH_RECORDS_MAX = 50_000  # one function reads and windows that many well within its time limit
BATCH_WINDOWS_MAX = 2_500  # touched by one batch: their list is kept in the series' item
BATCH_ID_CHARACTERS_MAX = 200  # part of a key in DynamoDB
RECORD_ID_CHARACTERS_MAX = 200
RECORD_VALUE_MAX = 1e200  # a window's total must stay a finite double
RECORD_COUNT_MAX = 1_000_000_000_000
FUTURE_SECONDS_MAX = 300  # clocks differ; a time further ahead of ours is a mistake
OPEN_WINDOWS_MAX = (
    10_000  # of a series: they are listed in its item; beyond, the oldest close early
)
PAGE_WINDOWS = 16  # windows kept in one item of about 2 KB: DynamoDB charges by the KB
WINDOW_IDS_PER_SECOND = 100  # records a second for which a window's shards of ids are laid out
SHARD_IDS_MAX = 8_000  # of 8 bytes each: 39 shards still fit into one transaction of 4 MB
WINDOW_CONTEXT_DAYS_MIN = 1  # windows of the last day are online even where no model asks
ONLINE_SPARE_DAYS = 30  # online windows outlive the context: a silent series still has one
ONLINE_FILL_WINDOWS_MAX = 2_500  # put online in one go: a hundred calls of BatchWriteRecord
UNFINISHED_BUSINESS_MAX = 8  # batches, and things to do, of a series; more wait in the queue
UNFINISHED_SECONDS_MAX = (
    QUEUE_VISIBILITY_SECONDS * QUEUE_RECEIVES_MAX
)  # then a batch is not coming back: what is in its windows is said without it
BATCH_GET_KEYS_MAX = 100  # AWS: BatchGetItem
BATCH_WRITE_RECORDS_MAX = 25  # AWS: entries of BatchWriteRecord
BATCH_ATTEMPTS_MAX = 5  # unprocessed keys and entries repeated in place

# Polling a source
POLL_SECONDS = 45  # of each minute: a poll and its sending end before the next wake-up
POLL_MEMORY_MB = (
    256  # of the function that polls: it runs for most of each minute, and mostly waits
)
POLL_ANSWER_SECONDS_MAX = 10  # then the source is taken for dead
POLL_ANSWER_BYTES_MAX = 64 * 1024 * 1024  # a hundred times what blockchain.com answers
POLL_BACKOFF_SECONDS_MAX = 600
POLL_RETRY_AFTER_SECONDS_MAX = 3_600  # what a source may ask for; longer is a mistake
RECORDS_MESSAGE_BYTES_MAX = 900_000  # AWS: 1 MiB; beyond, the records go through S3

# Training
OFFLINE_STORE_LAG_SECONDS_MAX = 900  # AWS: records reach the offline store up to 15 minutes late
BACKFILL_WAIT_SECONDS_MAX = 3_600  # a training waits so long for a backfill that goes on and on
USELESS_RUNS_MAX = 3  # in a row; then a person has to ask for the next
CANDIDATES_REMEMBERED = 20  # versions whose way the trainer follows; more than two is rare
CANDIDATE_SILENCE_DAYS_MAX = 3  # an approved version that nothing is heard of has ended unheard
SCHEDULE_LOOK_BACK_DAYS = 366  # a firing that went unnoticed for longer is history

# Monitoring
SCORED_WINDOWS_MAX = 500  # of a stay in its aggregate: a verdict rests on the points of so many
ORIGINS_SCORED_MAX = 50  # in one action: read, asked for and stored well within the time limit
INSPECTED_WINDOWS_MAX = 1_440  # at one event: of a longer absence only the end is looked at
FAULT_SPANS_MAX = 10  # faults of the data that are kept out of contexts and truths

# What is kept
VERSIONS_REMEMBERED = 100  # in the deployer's aggregate, beside those that serve, wait or are kept
VERSIONS_SEARCHED_MAX = 5_000  # newest first, fifty pages: years of training every few hours
LIST_PAGE_ITEMS_MAX = 100  # AWS: the largest page of SageMaker's lists
VERSIONS_KEPT = 5  # models and endpoint configs ready for a rollback by name
ROLLOUT_ATTEMPTS_MAX = 3  # under one approval, when SageMaker has no capacity; then a person asks
CHAMPIONS_KEPT_MAX = 50  # of them, too: they are listed in the aggregate, a sweep asks for each
CHAMPION_KEPT_DAYS = 90  # versions that were in production stay that long
