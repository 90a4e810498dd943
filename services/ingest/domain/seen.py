"""What absorption looks at beside the series: windows, and the ids that they remember."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from services.ingest.domain.windows import Window
from shared.contracts import limits

ID_BYTES = 8  # two of a million ids in one window are alike once in 37 million windows
Ids = frozenset[bytes]


class ShardKey(NamedTuple):
    """One part of the ids of a window."""

    start: int
    shard: int


class Shard(NamedTuple):
    """The whole content of one part, and when it may be forgotten."""

    key: ShardKey
    ids: Ids
    remembers_until: int
    """Seconds since 1970."""


class Seen(NamedTuple):
    """What there is of the windows that a batch concerns; what is absent was never written."""

    windows: Mapping[int, Window]
    ids: Mapping[ShardKey, Ids]


@lru_cache(maxsize=limits.BATCH_RECORDS_MAX)
def hashed(record_id: str) -> bytes:
    """Shorten a record's id: asked for where it is looked for, and where it is written down."""
    return hashlib.blake2b(record_id.encode(), digest_size=ID_BYTES).digest()


def shard_of(digest: bytes, shards: int) -> int:
    """Answer in which of `shards` parts an id belongs."""
    return int.from_bytes(digest[:4], "big") % shards


def packed(ids: Ids) -> bytes:
    """Write ids one after another."""
    return b"".join(sorted(ids))


def unpacked(content: bytes) -> Ids:
    """Read what `packed` wrote."""
    return frozenset(
        content[start : start + ID_BYTES] for start in range(0, len(content), ID_BYTES)
    )


def shard_keys(starts_and_ids: Iterable[tuple[int, str]], shards: int) -> set[ShardKey]:
    """Answer which parts may know these records."""
    found: dict[int, set[int]] = defaultdict(set)
    for start, record_id in starts_and_ids:
        found[start].add(shard_of(hashed(record_id), shards))
    return {ShardKey(start, shard) for start, parts in found.items() for shard in parts}
