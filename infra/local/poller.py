"""From one queue to a function: the long poll, the batch, and what becomes of each message."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.local import account, invocation
from infra.local.function_host import FunctionDiedError, FunctionError, FunctionHost
from infra.local.invocation import Message
from infra.local.processes import ClosingError
from shared.contracts import limits

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

LONG_POLL_S = 5  # as cheap as 20 s, and a supervisor that stops need not wait as long
VISIBILITY_S = 10  # short, so that a killed supervisor's messages are soon seen again
RETRY_S = 1  # a failed message comes back after 1, 2, 4, … s, where AWS lets minutes pass
TROUBLE_S = 0.5  # before the next poll, after one that failed


class Poller:
    """Takes batches from one queue to a function, and deletes what it has done.

    Parameters
    ----------
    say : Callable
        Told in a sentence what went wrong.
    """

    def __init__(
        self, name: str, host: FunctionHost, sqs: "SQSClient", say: Callable[[str], None]
    ) -> None:
        self.name = name
        self.batches = 0
        self.failure: BaseException | None = None
        self._host = host
        self._sqs = sqs
        self._say = say
        self._stopping = Event()
        self._url = ""
        self._arn = f"arn:aws:sqs:{account.REGION}:{account.ACCOUNT}:{name}"
        self._thread = Thread(target=self._run, name=f"polls-{name}", daemon=True)

    def start(self) -> None:
        """Begin to poll."""
        self._url = self._sqs.get_queue_url(QueueName=self.name)["QueueUrl"]
        self._thread.start()

    def stop(self) -> None:
        """Take no further batch; returns at once."""
        self._stopping.set()

    def join(self) -> None:
        """Wait for the end of the last poll."""
        if self._thread.is_alive():
            self._thread.join(2 * LONG_POLL_S)

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._turn()
        except ClosingError:
            return
        except Exception as error:  # noqa: BLE001  # a thread that ends in silence would look like a quiet queue
            if not self._stopping.is_set():
                self.failure = error
                self._say(f"{self.name}: polling ended: {error!r}")

    def _turn(self) -> None:
        """Poll once, and handle what came."""
        try:
            if messages := self._receive():
                self._handle(messages)
        except (BotoCoreError, ClientError) as error:
            if not self._stopping.is_set():
                self._say(f"{self.name}: {error}")
                self._stopping.wait(TROUBLE_S)

    def _receive(self) -> list[Any]:
        answer = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=limits.QUEUE_BATCH_MESSAGES_MAX,
            WaitTimeSeconds=LONG_POLL_S,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return list(answer.get("Messages", []))

    def _handle(self, messages: Sequence[Message]) -> None:
        if self._stopping.is_set():
            self._hide(messages, lambda message: 0)
            return
        self.batches += 1
        ids = [message["MessageId"] for message in messages]
        asked = self._host.invoke(invocation.sqs_event(messages, self._arn), self._arn)
        try:
            failed = invocation.failed(self._held(asked, messages), ids)
        except FunctionDiedError:
            self._hide(messages, lambda message: 0)
            return
        except FunctionError as error:
            self._say(f"{self._host.function.service}: {error}")
            failed = frozenset(ids)
        self._delete([message for message in messages if message["MessageId"] not in failed])
        self._hide([message for message in messages if message["MessageId"] in failed], retry_after)

    def _held(self, asked: Future[Any], messages: Sequence[Message]) -> Any:
        """Wait for the answer; nobody else may see the messages meanwhile."""
        while True:
            try:
                return asked.result(VISIBILITY_S / 2)
            except TimeoutError:
                self._hide(messages, lambda message: VISIBILITY_S)

    def _delete(self, messages: Sequence[Message]) -> None:
        if messages:
            self._sqs.delete_message_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]}
                    for index, message in enumerate(messages)
                ],
            )

    def _hide(self, messages: Sequence[Message], seconds_of: Callable[[Message], int]) -> None:
        """Let the messages be seen again after so many seconds; 0: at once."""
        if messages:
            self._sqs.change_message_visibility_batch(
                QueueUrl=self._url,
                Entries=[
                    {
                        "Id": str(index),
                        "ReceiptHandle": message["ReceiptHandle"],
                        "VisibilityTimeout": seconds_of(message),
                    }
                    for index, message in enumerate(messages)
                ],
            )


def retry_after(message: Message) -> int:
    """Answer after how many seconds a failed message may be seen again."""
    return int(min(VISIBILITY_S, RETRY_S * 2 ** (invocation.receives(message) - 1)))
