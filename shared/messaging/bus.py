"""The EventBridge bus: batches of ten, partial failures sent again."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from shared.contracts import limits
from shared.contracts.envelope import check_size
from shared.messaging.aws_errors import translated
from shared.messaging.decision import Entry
from shared.messaging.errors import Retryable

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient


class EventBridgeBus:
    """Say events on one bus."""

    def __init__(self, client: "EventBridgeClient", name: str) -> None:
        self.client = client
        self.name = name

    def publish(self, entries: tuple[Entry, ...]) -> None:
        """Say all entries.

        Raises
        ------
        ContractError
            If one is larger than an event may be; then none is said.
        Retryable
            If EventBridge does not take all of them, even when asked again.
        """
        for entry in entries:
            check_size(entry.detail.encode(), entry.detail_type)
        for batch in batches(entries):
            self.put(batch)

    def put(self, entries: tuple[Entry, ...]) -> None:
        """Say one call's entries; HTTP 200 may still mean that some were not taken."""
        for _ in range(limits.PUT_EVENTS_ATTEMPTS_MAX):
            with translated():
                answer = self.client.put_events(
                    Entries=[
                        {
                            "EventBusName": self.name,
                            "Source": entry.source,
                            "DetailType": entry.detail_type,
                            "Detail": entry.detail,
                        }
                        for entry in entries
                    ]
                )
            if not answer["FailedEntryCount"]:
                return
            results = zip(entries, answer["Entries"], strict=True)
            entries = tuple(entry for entry, result in results if "ErrorCode" in result)
        raise Retryable(f"bus {self.name} did not take {len(entries)} events")


def batches(entries: tuple[Entry, ...]) -> Iterator[tuple[Entry, ...]]:
    """Cut entries, in their order, into what one call takes."""
    batch: tuple[Entry, ...] = ()
    size = 0
    for entry in entries:
        more = len(entry.detail.encode())
        if len(batch) == limits.PUT_EVENTS_ENTRIES_MAX or size + more > limits.PUT_EVENTS_BYTES_MAX:
            yield batch
            batch, size = (), 0
        batch, size = (*batch, entry), size + more
    if batch:
        yield batch
