"""ONE TABLE of the DynamoDB tables: each service's own, for CDK and the local provisioner alike."""

from typing import NamedTuple

from shared.contracts.subscriptions import SERVICES

TTL_ATTRIBUTE = "expires"
"""Epoch seconds after which DynamoDB may drop an item; the same word in every table."""


class Keys(NamedTuple):
    """Attributes, all strings, by which items are found."""

    partition: str
    sort: str | None = None

    def attributes(self) -> tuple[str, ...]:
        """Answer the names of the key attributes."""
        return (self.partition,) if self.sort is None else (self.partition, self.sort)


class Index(NamedTuple):
    """A second way to find items."""

    name: str
    keys: Keys
    keys_only: bool = True
    """Whether it holds keys only, or whole items."""


class Table(NamedTuple):
    """One row: what `service` keeps its items in."""

    service: str
    keys: Keys
    indexes: tuple[Index, ...] = ()


BY_KIND = Index("by-kind", Keys("kind", "id"))
"""The aggregates of a table and nothing else of it, so that a sweep need not read the inbox."""


def of_aggregates(service: str) -> Table:
    """Write the row of a service whose items are those of `shared.messaging.store`."""
    return Table(service, Keys("id"), (BY_KIND,))


OF_JOURNAL = Table(
    "journal",
    Keys("subject", "position"),
    (
        Index("by-event", Keys("event_id")),
        Index("by-cause", Keys("causation_id", "position")),
        Index("life", Keys("life", "position"), keys_only=False),
        Index("all", Keys("book", "position"), keys_only=False),
    ),
)
"""Events by model or series in order, by their id, by what caused them, and all in order; and what
tells the life of a model or series: only such an event has the attribute ``life``."""

TABLES: tuple[Table, ...] = (
    *(of_aggregates(service) for service in SERVICES if service != OF_JOURNAL.service),
    OF_JOURNAL,
)
