"""What a driven clock brings in: transactions polled from a market, or a user's own series."""

import hashlib
import json
from bisect import bisect_left
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from threading import Thread
from typing import Any, Protocol

from infra.local import account
from infra.local.deployment import Source
from infra.local.function_host import FunctionError
from infra.local.market import Market
from infra.local.stack import LocalStack
from services.ingest.polling.aws import FOLDER
from shared.contracts import limits, names
from shared.contracts.records import microseconds
from shared.messaging.settings import POLLER

BATCH_RECORDS = 5_000  # half of what fits into a message
OVERLAP = timedelta(minutes=2)  # of two polls: duplicates are normal, and a minute is whole
OWED_MAX = 1_000  # moments at which polls failed; beyond, the oldest are given up


class FeedError(RuntimeError):
    """What should have been brought in was not."""


class Feed(Protocol):
    """A stream that follows a clock."""

    def bring(self, now: datetime) -> int:
        """Send to ingest what happened until now; answer how many records that was.

        Raises
        ------
        FeedError
            If it cannot be sent.
        """
        ...


class PolledMarket:
    """A market, brought in by the very poller that asks blockchain.com.

    Parameters
    ----------
    stack : LocalStack
        Whose source is `source` of the market.
    """

    def __init__(self, stack: LocalStack, market: Market) -> None:
        self._stack = stack
        self._market = market
        self._preparing = Thread()
        self._owed: deque[datetime] = deque(maxlen=OWED_MAX)
        self._s3 = stack.client("s3", "modelcycle-market")
        self._bucket = account.bucket(stack.env)

    def bring(self, now: datetime) -> int:
        """Let the market's time pass, and have it polled; while its transactions are being taken
        in, it prepares as many more. What a failed poll lacked is asked for first, in its turn."""
        step = now - self._market.clock()
        if self._preparing.is_alive():
            self._preparing.join()
        if not self._owed and self._is_taken_in():
            self._forget()
        self._owed.append(now)
        records = 0
        while self._owed:
            self._market.clock.move_to(self._owed[0])
            records += self._poll()
            self._owed.popleft()
        self._preparing = Thread(target=self._market.prepare, args=(now + step,), daemon=True)
        self._preparing.start()
        return records

    def _poll(self) -> int:
        try:
            polled: dict[str, Any] = self._stack.supervisor.invoke(POLLER, {"seconds": 0})
        except FunctionError as error:
            raise FeedError(str(error)) from error
        if polled["failures"]:
            raise FeedError(f"the market could not be polled: see {self._stack.logs / POLLER}.log")
        return int(polled["records"])

    def _is_taken_in(self) -> bool:
        """Tell whether no message is left that may name a file."""
        messages = self._stack.watch.wait(0)["messages"]
        return not messages.get(names.records_queue(self._stack.env))

    def _forget(self) -> None:
        """Delete files of earlier polls, as the bucket's life-cycle rule does in AWS."""
        found = self._s3.list_objects_v2(Bucket=self._bucket, Prefix=FOLDER).get("Contents", ())
        if keys := [{"Key": each["Key"]} for each in found]:
            self._s3.delete_objects(Bucket=self._bucket, Delete={"Objects": keys, "Quiet": True})


def source(market: Market, series: str, step: timedelta) -> Source:
    """Answer a market as the stack's source, for polls that are a step of its own time apart: by
    the wall clock it may be asked as often as anybody likes."""
    minutes = (step + OVERLAP) // timedelta(minutes=1)
    return Source("blockchain", market.url(minutes), series, interval_s=0)


class Tape:
    """A user's own records, sent as their time comes, by a producer like any other.

    Nothing is made up and nothing polled: these are records, not transactions of a market.

    Parameters
    ----------
    records : sequence of mappings
        ``id, time, value, count`` each, by ascending time.
    times : sequence of datetime
        Of the records.
    """

    def __init__(
        self,
        stack: LocalStack,
        series: str,
        records: Sequence[Mapping[str, Any]],
        times: Sequence[datetime],
    ) -> None:
        self._series = series
        self._records = records
        self._times_us = [microseconds(time) for time in times]
        self._sent = 0
        self._sqs = stack.client("sqs", "modelcycle-tape")
        queue = names.records_queue(stack.env)
        self._url = self._sqs.get_queue_url(QueueName=queue)["QueueUrl"]

    @property
    def left(self) -> int:
        """How many records are still to come."""
        return len(self._records) - self._sent

    def bring(self, now: datetime) -> int:
        """Send the records of the time that has passed."""
        until = bisect_left(self._times_us, microseconds(now))
        first, self._sent = self._sent, max(self._sent, until)
        for at in range(first, until, BATCH_RECORDS):
            self._send(self._records[at : min(at + BATCH_RECORDS, until)])
        return max(0, until - first)

    def _send(self, records: Sequence[Mapping[str, Any]]) -> None:
        content = json.dumps([dict(record) for record in records])
        digest = hashlib.sha256(f"{self._series}\n{content}".encode()).hexdigest()
        head = json.dumps({"batch_id": f"tape-{digest[:32]}", "series": self._series})
        body = f'{head[:-1]}, "records": {content}}}'
        if len(body.encode()) > limits.RECORDS_MESSAGE_BYTES_MAX:
            middle = len(records) // 2
            self._send(records[:middle])
            self._send(records[middle:])
            return
        self._sqs.send_message(QueueUrl=self._url, MessageBody=body)
