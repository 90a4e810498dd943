"""Ids are stable and free of collisions: what they derive from tells them apart, nothing else."""

import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.aws import page_id, shard_id
from services.ingest.domain.seen import ShardKey
from shared.contracts import names
from shared.contracts.frozen import Frozen
from shared.contracts.lifecycle import ModelRefused
from shared.contracts.names import Stage
from shared.contracts.subscriptions import SERIES_KEY, SERVICES
from shared.contracts.windows import record_id
from shared.messaging.decision import Action, Cause, Decision, Kept, Publish
from shared.messaging.evidence import Evidence
from shared.messaging.ledger import Ledger, Occasion
from shared.messaging.store import inbox_id
from tests.contracts.test_names import ANY_MODEL, ENVIRONMENTS, VERSIONS
from tests.fakes.messaging import START

EVENT_IDS = st.uuids().map(str) | st.text(min_size=1, max_size=20)
MOMENTS = st.integers(0, 10**9).map(lambda us: START + timedelta(microseconds=us))
STARTS = st.integers(0, 10**6).map(lambda minute: 60 * minute)
SERIES = st.from_regex(r"[a-z][a-z0-9]{0,4}(-[a-z0-9]{1,3}){0,2}", fullmatch=True)
KEYS = ANY_MODEL | SERIES.map(lambda series: SERIES_KEY + series)

Derive = Callable[..., str]


def moment(start: int) -> datetime:
    return START + timedelta(seconds=start)


DERIVED: dict[str, tuple[Derive, st.SearchStrategy[tuple[Any, ...]]]] = {
    "a run": (names.run_id, st.tuples(ANY_MODEL, EVENT_IDS)),
    "an endpoint": (names.endpoint, st.tuples(ENVIRONMENTS, ANY_MODEL, st.sampled_from(Stage))),
    "an endpoint configuration": (
        names.endpoint_config,
        st.tuples(ENVIRONMENTS, ANY_MODEL, st.sampled_from(Stage), VERSIONS, EVENT_IDS),
    ),
    "a SageMaker model": (
        names.sagemaker_model,
        st.tuples(ENVIRONMENTS, ANY_MODEL, VERSIONS, EVENT_IDS),
    ),
    "a package group": (names.package_group, st.tuples(ENVIRONMENTS, ANY_MODEL)),
    "a queue": (names.queue, st.tuples(ENVIRONMENTS, st.sampled_from(SERVICES))),
    "a dead-letter queue": (
        names.dead_letter_queue,
        st.tuples(ENVIRONMENTS, st.sampled_from(SERVICES)),
    ),
    "an inbox record": (inbox_id, st.tuples(KEYS, EVENT_IDS)),
    "a page of windows": (page_id, st.tuples(SERIES, STARTS)),
    "a part of ids": (
        lambda series, start, shard: shard_id(series, ShardKey(start, shard)),
        st.tuples(SERIES, STARTS, st.integers(0, 50)),
    ),
    "a feature store record": (
        lambda series, start: record_id(series, moment(start)),
        st.tuples(SERIES, STARTS),
    ),
}


@pytest.mark.parametrize("kind", DERIVED)
@settings(max_examples=40)
@given(data=st.data())
def test_one_name_is_one_thing_and_one_thing_is_one_name(kind: str, data: st.DataObject) -> None:
    derive, given_ = DERIVED[kind]
    things = data.draw(st.lists(given_, min_size=2, max_size=6, unique=True))
    named = [derive(*thing) for thing in things]
    assert named == [derive(*thing) for thing in things]
    assert len(set(named)) == len(things)


def test_the_names_of_different_kinds_of_things_in_a_table_differ() -> None:
    ids = {
        "fees",
        SERIES_KEY + "fees",
        inbox_id("fees", "1.0"),
        "lease#fees#1.0",
        page_id("fees", 0),
        shard_id("fees", ShardKey(0, 0)),
    }
    assert len(ids) == 6


class State(Frozen):
    """Any state."""

    number: int = 0


class Act(Action):
    """Any action."""


CAUSE = Cause(event_id="event-1", event_type="Any", correlation_id="trip-1")


def decided(
    service: str, key: str, revision: int, now: datetime, facts: int = 2
) -> tuple[list[str], list[str]]:
    """Write a decision down; answer the ids of what it says, and of what is to do."""
    ledger: Ledger[State] = Ledger(
        service, Evidence(lambda key, body: ""), logging.getLogger("test"), "test"
    )
    said = (ModelRefused.example().changed(model="fees"),) * facts
    decision = Decision(State(), "why", (Act(), Act()), said)
    occasion = Occasion(CAUSE, None, now)
    after = ledger.written(key, Kept(revision - 1, State()), decision, occasion)
    publish = next(item for item in after.todo if item.kind == Publish.__name__)
    entries = Publish.model_validate_json(publish.body).entries
    ids = [json.loads(entry.detail)["metadata"]["event_id"] for entry in entries]
    return ids, [item.id for item in after.todo]


decisions = st.tuples(st.sampled_from(SERVICES), KEYS, st.integers(1, 10**6), MOMENTS)


@given(st.lists(decisions, min_size=2, max_size=4, unique=True), st.integers(0, 4))
def test_events_of_different_decisions_have_different_ids_and_of_the_same_the_same(
    made: list[tuple[str, str, int, datetime]], facts: int
) -> None:
    said = [decided(*one, facts=facts)[0] for one in made]
    assert said == [decided(*one, facts=facts)[0] for one in made]
    everything = [event_id for ids in said for event_id in ids]
    assert len(everything) == len(set(everything)) == len(made) * (facts + 1)


@given(decisions, decisions)
def test_things_to_do_of_one_aggregate_never_share_an_id(
    one: tuple[str, str, int, datetime], two: tuple[str, str, int, datetime]
) -> None:
    (_, first), (_, second) = decided(*one), decided(*two)
    assert len(set(first)) == len(first)
    assert one[2] == two[2] or not set(first) & set(second)


def test_ids_that_are_out_in_the_world_stay_as_they_are() -> None:
    """Changing one of these says yesterday's facts again, and does yesterday's work again."""
    ids, items = decided("trainer", "fees", 7, START)
    assert ids == [
        "205c02ca-6bca-5102-8d92-d276cc654f19",
        "1060515d-e47a-53a8-a74c-4012964cfacd",
        "4e100016-bf55-5d08-bf25-9c67c6867be0",
    ]
    assert items == ["7.0", "7.1", "7.2"]
    assert names.run_id("fees", "event-1") == "fees-rade339b35b14"
    assert (
        names.endpoint_config("dev", "fees", Stage.STAGING, 3, "event-1")
        == "mc-dev-fees-staging-v3-ce36863f"
    )
    assert inbox_id("fees", "event-1") == "inbox#fees#event-1"
