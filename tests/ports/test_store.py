"""Aggregates, inbox and leases: in memory as in DynamoDB."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.local.provision import table_definition
from shared.contracts import limits
from shared.contracts.envelope import Revision
from shared.contracts.frozen import Frozen
from shared.contracts.tables import of_aggregates
from shared.messaging.decision import Cause, Kept, Publish, Todo
from shared.messaging.errors import AlreadyHeard, Conflict, HandlingError, Refused
from shared.messaging.store import DynamoStore
from tests.fakes.messaging import START, DrivenClock, MemoryStore
from tests.ports.conftest import Connect
from tests.ports.simulated import AgendaClock, gate, quiet_world
from tests.simulation.store import Store, Table
from tests.simulation.world import World

LEASE_S = 90.0
CAUSE = Cause(event_id="event-1", event_type="ModelRegistered", correlation_id="trip-1")
TODO = Todo.of("3.0", CAUSE, Publish(entries=()))


class State(Frozen):
    """Any state."""

    name: str
    text: str = ""


def at_revision(number: int, text: str = "") -> Kept[State]:
    return Kept(number, State(name="fees", text=text))


class StoreContract:
    """What the worker relies on."""

    @pytest.fixture
    def wall(self) -> DrivenClock:
        """The clock by which leases end."""
        return DrivenClock()

    @pytest.fixture
    def store(self, wall: DrivenClock) -> Any:
        """An empty store of `State`, whose leases last for `LEASE_S`."""
        raise NotImplementedError

    def test_an_aggregate_that_was_never_committed_is_new(self, store: Any) -> None:
        assert store.load("fees", None) == store.load("fees", "event-1") == at_revision(0)
        assert store.keys() == ()

    def test_what_is_committed_is_there_to_the_last_field(self, store: Any) -> None:
        heard = {"deployer/fees/deployment/staging": Revision(number=7, index=1)}
        kept = Kept(1, State(name="fees", text='"ü→\x00\n'), (TODO,), heard)
        store.commit("fees", kept, "event-1", START)
        assert store.load("fees", None) == kept
        assert store.load("other", None).revision == 0

    @pytest.mark.parametrize("revision", [0, 1, 2, 4])
    @pytest.mark.parametrize("event_id", [None, "late"])
    def test_only_the_next_revision_is_taken_and_the_loser_leaves_no_trace(
        self, store: Any, revision: int, event_id: str | None
    ) -> None:
        store.commit("fees", at_revision(1), None, START)
        store.commit("fees", at_revision(2, "winner"), None, START)
        with pytest.raises(Conflict):
            store.commit("fees", at_revision(revision, "loser"), event_id, START)
        assert store.load("fees", event_id) == at_revision(2, "winner")
        store.commit("fees", at_revision(3), event_id, START)

    @pytest.mark.parametrize("event_id", [None, "event-1"])
    def test_nothing_begins_at_a_later_revision(self, store: Any, event_id: str | None) -> None:
        with pytest.raises(Conflict):
            store.commit("fees", at_revision(2), event_id, START)
        assert store.load("fees", event_id) == at_revision(0)

    def test_a_fact_is_heard_once_by_each_aggregate(self, store: Any) -> None:
        store.commit("fees", at_revision(1), "event-1", START)
        store.commit("other", at_revision(1), "event-1", START)
        for key in ("fees", "other"):
            with pytest.raises(AlreadyHeard):
                store.load(key, "event-1")
            with pytest.raises(AlreadyHeard):
                store.commit(key, at_revision(2, "again"), "event-1", START)
            assert store.load(key, "event-2") == at_revision(1)

    def test_whoever_lost_to_the_same_fact_learns_that_it_was_heard(self, store: Any) -> None:
        store.commit("fees", at_revision(1), "event-1", START)
        with pytest.raises(AlreadyHeard):
            store.commit("fees", at_revision(1), "event-1", START)

    def test_a_lease_is_one_workers_until_it_runs_out(self, store: Any, wall: DrivenClock) -> None:
        assert store.lease("fees", "1.1")
        assert not store.lease("fees", "1.1")
        wall.forward(seconds=LEASE_S)
        assert not store.lease("fees", "1.1")
        wall.forward(seconds=0.001)
        assert store.lease("fees", "1.1")
        assert not store.lease("fees", "1.1")

    def test_a_lease_is_of_one_item_of_one_aggregate(self, store: Any) -> None:
        leases = [("fees", "1.1"), ("fees", "1.2"), ("other", "1.1")]
        assert all(store.lease(*lease) for lease in leases)

    def test_only_aggregates_are_listed(self, store: Any) -> None:
        for key in ("fees", "series:transactions", "blocks"):
            store.commit(key, at_revision(1), f"event-of-{key}", START)
            store.lease(key, "1.1")
        store.commit("fees", at_revision(2), None, START)
        assert sorted(store.keys()) == ["blocks", "fees", "series:transactions"]


class BoundedStoreContract(StoreContract):
    """And what a table refuses, which the simulator leaves out for speed."""

    @pytest.mark.parametrize("event_id", [None, "event-1"])
    def test_an_aggregate_over_400_kb_is_refused_and_leaves_no_trace(
        self, store: Any, event_id: str | None
    ) -> None:
        store.commit("fees", at_revision(1, "x" * 380_000), None, START)
        with pytest.raises(Refused):
            store.commit("fees", at_revision(2, "x" * 420_000), event_id, START)
        assert store.load("fees", event_id).revision == 1

    def test_as_much_as_an_aggregate_may_have_to_do_is_taken(self, store: Any) -> None:
        body = "x" * (limits.TODO_BYTES_MAX + limits.EVENT_BYTES_MAX)
        store.commit("fees", Kept(1, State(name="fees"), (TODO.changed(body=body),)), "e", START)
        assert store.load("fees", None).is_full


class TestMemoryStore(BoundedStoreContract):
    """The fake."""

    @pytest.fixture
    def store(self, wall: DrivenClock) -> Any:
        return memory(wall)


class TestDynamoStore(BoundedStoreContract):
    """DynamoDB on the local AWS."""

    @pytest.fixture
    def store(self, wall: DrivenClock, connect: Connect, fresh: str) -> Any:
        return dynamo(wall, connect, fresh)


class TestSimulatedStore(StoreContract):
    """The simulator's."""

    @pytest.fixture
    def world(self) -> World:
        return quiet_world()

    @pytest.fixture
    def wall(self, world: World) -> DrivenClock:
        return AgendaClock(world.agenda)

    @pytest.fixture(params=[False, True], ids=["as it is", "as text"])
    def store(self, world: World, wall: DrivenClock, request: pytest.FixtureRequest) -> Any:
        world.as_text = request.param
        return Store(world, gate(world), Table("any", State, lambda key: State(name="fees")))


def memory(wall: DrivenClock) -> MemoryStore[State]:
    return MemoryStore(State, lambda key: State(name="fees"), wall, LEASE_S)


def dynamo(wall: DrivenClock, connect: Connect, table: str) -> DynamoStore[State]:
    client = connect("dynamodb")
    client.create_table(TableName=table, **table_definition(of_aggregates("any")))
    return DynamoStore(client, table, State, lambda key: State(name="fees"), wall, LEASE_S)


keys, events, items = st.sampled_from("ab"), st.sampled_from(["e1", "e2"]), st.just("1.0")
steps = st.lists(
    st.one_of(
        st.tuples(st.just("load"), keys, st.none() | events),
        st.tuples(st.just("commit"), keys, st.none() | events, st.integers(0, 2)),
        st.tuples(st.just("lease"), keys, items),
        st.tuples(st.just("wait"), st.sampled_from([1.0, LEASE_S])),
    ),
    max_size=12,
)


@pytest.fixture(scope="module")
def table(connect: Connect, numbers: Any) -> Any:
    """Make store after store in DynamoDB, without another table each."""
    wall = DrivenClock()
    return wall, dynamo(wall, connect, "differential"), numbers


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps)
def test_memory_and_dynamodb_answer_the_same_to_whatever_is_asked(
    table: Any, script: list[tuple[Any, ...]]
) -> None:
    wall, there, numbers = table
    here, prefix = memory(wall), f"{next(numbers)}-"
    for step, *arguments in script:
        if step == "wait":
            wall.at += timedelta(seconds=arguments[0])
            continue
        key, *rest = arguments
        assert answer(here, step, key, *rest) == answer(there, step, prefix + key, *rest)


def answer(store: Any, step: str, key: str, *arguments: Any) -> Any:
    """Take one step; answer what came of it, an error by its name."""
    try:
        if step != "commit":
            return getattr(store, step)(key, *arguments)
        event_id, ahead = arguments
        revision = store.load(key, None).revision + ahead
        return store.commit(key, at_revision(revision, f"r{revision}"), event_id, START)
    except HandlingError as error:
        return type(error).__name__
