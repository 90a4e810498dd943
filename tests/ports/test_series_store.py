"""Series with their windows and ids: in memory as in DynamoDB; whatever a store keeps, they do."""

from typing import Any

import pytest

from infra.local.provision import table_definition
from services.ingest.aws import DynamoSeries
from services.ingest.domain.seen import ID_BYTES, Shard, ShardKey, hashed
from services.ingest.domain.state import Series
from services.ingest.domain.windows import Window
from shared.contracts import limits
from shared.contracts.tables import of_aggregates
from shared.messaging.clock import WallClock
from shared.messaging.decision import Kept
from shared.messaging.errors import AlreadyHeard, Conflict, Refused
from tests.fakes.messaging import START
from tests.ports.conftest import Connect
from tests.services.ingest.world import MemorySeries

WINDOW = Window(start=960, count=3).grown(()).published(START)
SHARD = Shard(ShardKey(960, 1), frozenset({hashed("a"), hashed("b")}), 1_800_000_000)


def at_revision(number: int) -> Kept[Series]:
    return Kept(number, Series(series="fees", window_s=60, windows=number))


def shards(count: int, ids: int = 1) -> list[Shard]:
    """Make parts with `ids` ids each."""
    return [
        SHARD._replace(
            key=ShardKey(960, shard),
            ids=frozenset(number.to_bytes(ID_BYTES, "big") for number in range(ids)),
        )
        for shard in range(count)
    ]


class SeriesStoreContract:
    """What absorption relies on."""

    @pytest.fixture
    def store(self) -> Any:
        """An empty store."""
        raise NotImplementedError

    def test_what_is_committed_is_there(self, store: Any) -> None:
        store.commit_windows("fees", at_revision(1), {960: (WINDOW,)}, [SHARD])
        assert store.load("fees", None) == at_revision(1)
        assert store.windows("fees", [0, 960]) == {960: WINDOW}
        assert store.ids("fees", [SHARD.key, ShardKey(960, 0)]) == {SHARD.key: SHARD.ids}
        assert store.windows("other", [960]) == {}
        assert store.ids("other", [SHARD.key]) == {}
        assert tuple(store.keys()) == ("fees",)

    def test_nothing_may_be_asked(self, store: Any) -> None:
        assert store.windows("fees", []) == store.ids("fees", []) == {}

    def test_a_page_and_a_part_are_replaced_as_a_whole(self, store: Any) -> None:
        other = WINDOW.changed(start=1_020)
        store.commit_windows("fees", at_revision(1), {960: (WINDOW, other)}, [SHARD])
        less = SHARD._replace(ids=frozenset({hashed("c")}))
        store.commit_windows("fees", at_revision(2), {960: (other,)}, [less])
        assert store.windows("fees", [960]) == {1_020: other}
        assert store.ids("fees", [SHARD.key]) == {SHARD.key: less.ids}

    @pytest.mark.parametrize("revision", [1, 3])
    def test_whoever_comes_second_writes_nothing(self, store: Any, revision: int) -> None:
        store.commit_windows("fees", at_revision(1), {960: (WINDOW,)}, [])
        with pytest.raises(Conflict):
            later = {960: (WINDOW.published(START),)}
            store.commit_windows("fees", at_revision(revision), later, [SHARD])
        assert store.windows("fees", [960]) == {960: WINDOW}
        assert store.ids("fees", [SHARD.key]) == {}
        store.commit_windows("fees", at_revision(2), {}, [SHARD])

    def test_windows_and_facts_share_one_revision(self, store: Any) -> None:
        store.commit_windows("fees", at_revision(1), {}, [])
        store.commit("fees", at_revision(2), "batch", START)
        with pytest.raises(Conflict):
            store.commit_windows("fees", at_revision(2), {960: (WINDOW,)}, [])
        with pytest.raises(AlreadyHeard):
            store.load("fees", "batch")

    def test_more_pages_than_one_call_answers_are_all_answered(self, store: Any) -> None:
        starts = [page * 960 for page in range(2 * limits.BATCH_GET_KEYS_MAX + 1)]
        pages = {start: (WINDOW.changed(start=start),) for start in starts}
        size = limits.TRANSACTION_ITEMS_MAX - 1
        for revision, first in enumerate(range(0, len(starts), size), start=1):
            some = {start: pages[start] for start in starts[first : first + size]}
            store.commit_windows("fees", at_revision(revision), some, [])
        assert sorted(store.windows("fees", starts)) == starts

    def test_the_most_that_absorption_writes_at_once_is_taken(self, store: Any) -> None:
        most = shards(limits.TRANSACTION_ITEMS_MAX - 1, limits.SHARD_IDS_MAX)
        store.commit_windows("fees", at_revision(1), {}, most)
        found = store.ids("fees", [shard.key for shard in most])
        assert {len(ids) for ids in found.values()} == {limits.SHARD_IDS_MAX}

    @pytest.mark.parametrize(("count", "ids"), [(100, 1), (70, 8_000), (1, 52_000)])
    def test_more_than_a_transaction_takes_is_refused_and_nothing_is_written(
        self, store: Any, count: int, ids: int
    ) -> None:
        with pytest.raises(Refused):
            store.commit_windows("fees", at_revision(1), {960: (WINDOW,)}, shards(count, ids))
        assert store.load("fees", None).revision == 0
        assert store.windows("fees", [960]) == store.ids("fees", [SHARD.key]) == {}


class TestMemorySeries(SeriesStoreContract):
    """The fake."""

    @pytest.fixture
    def store(self) -> Any:
        return MemorySeries()


class TestDynamoSeries(SeriesStoreContract):
    """DynamoDB on the local AWS."""

    @pytest.fixture
    def store(self, connect: Connect, fresh: str) -> Any:
        client = connect("dynamodb")
        client.create_table(TableName=fresh, **table_definition(of_aggregates("any")))
        return DynamoSeries(client, fresh, Series, lambda key: Series(series=key), wall=WallClock())
