"""From observations to ingest: messages on the records queue, and waiting until they are taken."""

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from time import monotonic, sleep
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from ops.cli.connection import Connection
from ops.cli.errors import CliError, failed, misused
from shared.contracts import limits, names
from shared.contracts.records import RecordFile, cut, window_start
from shared.contracts.windows import EPOCH, SeriesSummary, summary_key
from shared.messaging.aws_errors import code_of

if TYPE_CHECKING:
    from ops.cli.observations import Observations

BATCH_RECORDS = 2_000  # a message of about 200 KB; ingest commits it within a second or two
MESSAGE_BYTES_MAX = 900_000  # AWS: 1 MiB; beyond, the records go through S3
WAITING = "ApproximateNumberOfMessages"
IN_HAND = "ApproximateNumberOfMessagesNotVisible"
LOOK_S = 0.25
LOOKS_QUIET = 3  # an empty queue is looked at again: its counts are approximate
QUIET_S_OF_AWS = 15.0  # in an account they lag behind, by seconds
JOURNAL_S = 20.0
JOURNAL_S_OF_AWS = JOURNAL_S + limits.JOURNAL_BATCH_SECONDS_MAX  # there it waits for a batch
STALL_S = 120.0  # longer than five deliveries of a message that fails


class Batch(NamedTuple):
    """One message to send."""

    batch_id: str
    records: int
    lines: list[str]
    """Each record as JSON."""


def batches(
    observations: "Observations", window: timedelta, again_at: datetime | None = None
) -> Iterator[Batch]:
    """Cut observations into batches of whole windows, as a backfill must be.

    The id of a batch comes from its content: importing again sends the same batches, which ingest
    takes once.

    Parameters
    ----------
    again_at : datetime, optional
        A moment that comes into the ids, too: then ingest takes the batches whatever it took
        before.

    Raises
    ------
    CliError
        If a window holds more than a batch may.
    """
    source = (observations.series, *([again_at.isoformat()] if again_at else []))
    parts = list(cut(observations.microseconds.tolist(), window, BATCH_RECORDS))
    for part in parts:
        if part.stop - part.start > limits.BATCH_RECORDS_MAX:
            raise too_full(observations, part, window)
    for part in parts:
        records = observations.records(part.start, part.stop)
        lines = [
            json.dumps({key: given for key, given in record.items() if key != "series"})
            for record in records
        ]
        content = "\n".join((*source, *lines)).encode()
        yield Batch(f"import-{hashlib.sha256(content).hexdigest()[:32]}", len(records), lines)


def too_full(observations: "Observations", part: slice, window: timedelta) -> CliError:
    """Say which window holds too much."""
    start_s = window_start(int(observations.microseconds[part.start]), int(window.total_seconds()))
    return misused(
        f"the window that begins at {EPOCH + timedelta(seconds=start_s):%Y-%m-%d %H:%M:%S} UTC "
        f"holds {part.stop - part.start:,} observations, a batch has at most "
        f"{limits.BATCH_RECORDS_MAX:,}; nothing was sent",
        "sum them up first: a row for each window, with a column for their count (--count)",
    )


class Sender:
    """Sends batches of one series to ingest, and watches them being taken."""

    def __init__(self, connection: Connection, series: str) -> None:
        self.connection = connection
        self.series = series
        self.sqs = connection.client("sqs")
        self.url = self._url(names.records_queue(connection.env))
        self.dead_letters = self._url(names.dead_letter_queue(connection.env, "ingest"))
        self.told = self._url(names.queue(connection.env, "journal"))

    def send(self, batch: Batch) -> None:
        """Send one batch; through S3 where it does not fit into a message."""
        head = {"batch_id": batch.batch_id, "series": self.series, "backfill": True}
        body = f'{json.dumps(head)[:-1]}, "records": [{", ".join(batch.lines)}]}}'
        if len(body.encode()) > MESSAGE_BYTES_MAX:
            body = self._file(batch).model_dump_json()
        self.sqs.send_message(QueueUrl=self.url, MessageBody=body)

    def waiting(self) -> int:
        """Answer how many messages are not taken yet."""
        return self._count(self.url, WAITING, IN_HAND)

    def untold(self) -> int:
        """Answer how many events the journal has not kept yet."""
        return self._count(self.told, WAITING, IN_HAND)

    def rejected(self) -> int:
        """Answer how many messages ingest could not handle, of all times."""
        return self._count(self.dead_letters, WAITING)

    def summary(self) -> SeriesSummary | None:
        """Answer how much of the series there is."""
        return summary(self.connection, self.series)

    def wait(self, told: Callable[[int], None]) -> bool:
        """Wait until the queue stays empty, and the journal knows what came of it.

        Where others speak all the time, the journal is waited for no longer than it may take:
        answers whether it knows all.

        Parameters
        ----------
        told : Callable
            Told at each look how many messages are left.

        Raises
        ------
        CliError
            If nothing moves for `STALL_S` seconds.
        """
        is_local = self.connection.is_local
        quiet_s = LOOKS_QUIET * LOOK_S if is_local else QUIET_S_OF_AWS
        journal_s = JOURNAL_S if is_local else JOURNAL_S_OF_AWS
        left, moved_at = -1, monotonic()
        empty_since = quiet_since = moved_at
        while True:
            now, seen = monotonic(), self.waiting()
            told(seen)
            if seen != left:
                left, moved_at = seen, now
            if seen:
                empty_since = quiet_since = now
            elif self.untold():
                quiet_since = now
            if now - quiet_since >= quiet_s:
                return True
            if now - empty_since >= quiet_s + journal_s:
                return False
            if now - moved_at > STALL_S:
                raise nobody_takes(seen)
            sleep(LOOK_S)

    def _file(self, batch: Batch) -> RecordFile:
        body = "\n".join(batch.lines).encode()
        key = f"imports/{self.series}/{batch.batch_id}.jsonl"
        bucket = self.connection.bucket
        self.connection.client("s3").put_object(Bucket=bucket, Key=key, Body=body)
        return RecordFile(
            batch_id=batch.batch_id,
            series=self.series,
            backfill=True,
            uri=f"s3://{bucket}/{key}",
            sha256=hashlib.sha256(body).hexdigest(),
        )

    def _url(self, name: str) -> str:
        return str(self.sqs.get_queue_url(QueueName=name)["QueueUrl"])

    def _count(self, url: str, *attributes: str) -> int:
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(attributes))
        return sum(int(answer["Attributes"][attribute]) for attribute in attributes)


def nobody_takes(left: int) -> CliError:
    """Say that ingest does not get on."""
    return failed(
        f"ingest has not taken {left} messages, and nothing has moved for {STALL_S:.0f} s; "
        "they stay in its queue",
        "`modelcycle doctor` says whether the functions run",
    )


def summary(connection: Connection, series: str) -> SeriesSummary | None:
    """Answer how much of a series there is; None where there is nothing yet."""
    try:
        found = connection.client("s3").get_object(
            Bucket=connection.bucket, Key=summary_key(series)
        )
    except ClientError as error:
        if code_of(error) == "NoSuchKey":
            return None
        raise
    return SeriesSummary.model_validate_json(found["Body"].read())
