"""What a batch does to windows, in parts that are each committed in one transaction."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from services.ingest.domain.batch import Quarantined
from services.ingest.domain.seen import Ids
from services.ingest.domain.windows import Window
from shared.contracts import limits

ITEMS_MAX = limits.TRANSACTION_ITEMS_MAX - 1  # the series' own item is in every transaction


class Part(NamedTuple):
    """A window as it will be, with the ids that came into it: written together or not at all."""

    window: Window
    ids: Mapping[int, Ids] = {}
    """The whole new content of each shard of ids that changes."""
    is_published: bool = False
    """Whether the window's content is a new revision."""
    late: int = 0

    @property
    def items(self) -> int:
        """Answer how many items a transaction needs for it."""
        return 1 + len(self.ids)


class Plan(NamedTuple):
    """What a batch does, decided on what was seen."""

    parts: tuple[Part, ...]
    duplicates: int = 0
    quarantined: tuple[Quarantined, ...] = ()
    latest_us: int | None = None
    covered_from: int | None = None


def groups(parts: Iterable[Part]) -> Iterator[tuple[Part, ...]]:
    """Put parts together as long as they fit into one transaction; a window stands in a group
    once."""
    group: list[Part] = []
    for part in parts:
        follows_itself = bool(group) and group[-1].window.start == part.window.start
        if group and (follows_itself or sum(p.items for p in group) + part.items > ITEMS_MAX):
            yield tuple(group)
            group = []
        group.append(part)
    if group:
        yield tuple(group)
