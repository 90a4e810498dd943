"""What a batch does to windows, in parts that are each committed in one transaction."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from services.ingest.domain.batch import Quarantined
from services.ingest.domain.pages import page_start
from services.ingest.domain.seen import Ids, Shard, ShardKey
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

    def shards(self) -> Iterator[Shard]:
        """Answer its shards of ids."""
        for shard, ids in self.ids.items():
            key = ShardKey(self.window.start, shard)
            yield Shard(key, ids, self.window.remembers_until)


class Plan(NamedTuple):
    """What a batch does, decided on what was seen."""

    parts: tuple[Part, ...]
    duplicates: int = 0
    quarantined: tuple[Quarantined, ...] = ()
    latest_us: int | None = None
    covered_from: int | None = None


def groups(parts: Iterable[Part], window_s: int) -> Iterator[tuple[Part, ...]]:
    """Put parts together as long as they fit into one transaction, by ascending windows.

    A window stands in a group once; windows of one page are one item.
    """
    group: list[Part] = []
    pages: set[int] = set()
    shards = 0
    for part in sorted(parts, key=lambda part: part.window.start):
        page = page_start(part.window.start, window_s)
        follows_itself = bool(group) and group[-1].window.start == part.window.start
        if follows_itself or len(pages | {page}) + shards + len(part.ids) > ITEMS_MAX:
            yield tuple(group)
            group, pages, shards = [], set(), 0
        group.append(part)
        pages.add(page)
        shards += len(part.ids)
    if group:
        yield tuple(group)
