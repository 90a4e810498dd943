"""Every event of the table: example, producer, docstring, schema, and the way through the door."""

import json
from datetime import timedelta
from typing import Any

import pytest

from ops.contracts import files
from shared.contracts import limits
from shared.contracts.door import open_event
from shared.contracts.envelope import (
    ANY_SERVICE,
    SOURCE,
    ContractError,
    Envelope,
    Event,
    Revision,
    too_old,
)
from shared.contracts.lifecycle import EVENTS, DeploymentFailed, ModelRegistered
from shared.contracts.subscriptions import (
    SCHEDULES,
    SERVICES,
    SUBSCRIPTIONS,
    aws_pattern,
    our_pattern,
)
from shared.contracts.wishes import SweepRequested, scheduled
from tests.fakes.messaging import START, envelope

ALL = [pytest.param(event, id=name) for name, event in EVENTS.items()]
REGISTERED = ModelRegistered.example()


def on_the_bus(event: Event, **changes: Any) -> dict[str, Any]:
    """Answer an event as EventBridge delivers it."""
    producer = "trainer" if event.producer == ANY_SERVICE else event.producer
    said = envelope(event, producer=producer)
    return {
        "version": "0",
        "id": "bus-1",
        "detail-type": event.detail_type(),
        "source": SOURCE + producer,
        "account": "123456789012",
        "time": "2026-03-01T12:00:00Z",
        "region": "eu-west-1",
        "resources": [],
        "detail": json.loads(said.detail()),
        **changes,
    }


@pytest.mark.parametrize("event", ALL)
def test_an_event_is_documented_and_has_an_example(event: type[Event]) -> None:
    assert event.__doc__
    assert event.producer
    assert event.example().subject


@pytest.mark.parametrize("event", ALL)
def test_an_event_comes_through_the_door_as_it_went_in(event: type[Event]) -> None:
    opened = open_event(on_the_bus(event.example()))
    assert opened is not None
    assert opened.data == event.example()


@pytest.mark.parametrize("event", ALL)
def test_consumers_ignore_what_they_do_not_know(event: type[Event]) -> None:
    raw = on_the_bus(event.example())
    raw["detail"]["data"]["a_field_of_tomorrow"] = 1
    raw["detail"]["metadata"]["another"] = {"deep": True}
    opened = open_event(raw)
    assert opened is not None
    assert opened.data == event.example()


@pytest.mark.parametrize("event", ALL)
def test_producers_forbid_what_is_not_in_the_contract(event: type[Event]) -> None:
    with pytest.raises(ValueError, match="Extra inputs are not permitted"):
        event.example().changed(a_field_of_tomorrow=1)


def test_the_committed_schemas_and_examples_are_as_the_code_says() -> None:
    assert list(files.problems()) == []


REJECTED: list[tuple[str, Any, str]] = [
    ("no object", [], "must be a JSON object"),
    ("a stranger", on_the_bus(REGISTERED, source="acme.shop"), "a stranger on our bus, source 'a"),
    ("nobody", {"detail-type": "Sold"}, "Sold: a stranger on our bus, which names no source"),
    ("nobody says nothing", {}, "a stranger on our bus, which names no source"),
    (
        "somebody else's fact",
        on_the_bus(REGISTERED, source="modelcycle.trainer"),
        "ModelRegistered: said by 'modelcycle.trainer', only modelcycle.evaluator may",
    ),
    (
        "about somebody else",
        on_the_bus(
            REGISTERED.changed(model="blocks"),
            detail={
                "metadata": on_the_bus(REGISTERED)["detail"]["metadata"],
                "data": on_the_bus(REGISTERED.changed(model="blocks"))["detail"]["data"],
            },
        ),
        "metadata says subject 'fees', its data 'blocks'",
    ),
    (
        "an unknown event",
        on_the_bus(REGISTERED, **{"detail-type": "ModelTeleported"}),
        "ModelTeleported: no event of that name",
    ),
    (
        "a version of tomorrow",
        on_the_bus(REGISTERED, **{"detail-type": "ModelRegistered.v2"}),
        "ModelRegistered.v2: unknown version 2 of ModelRegistered",
    ),
    ("no metadata", on_the_bus(REGISTERED, detail={"data": {}}), "'metadata' and 'data'"),
    (
        "a missing field",
        on_the_bus(
            REGISTERED,
            detail={"metadata": on_the_bus(REGISTERED)["detail"]["metadata"], "data": {}},
        ),
        "ModelRegistered: model: Field required",
    ),
    (
        "too large",
        on_the_bus(
            REGISTERED,
            detail={"metadata": {}, "data": {"x": "y" * limits.EVENT_BYTES_MAX}},
        ),
        "send an S3 URI with its sha256",
    ),
]


@pytest.mark.parametrize(("raw", "reason"), [pytest.param(r, w, id=n) for n, r, w in REJECTED])
def test_what_is_not_ours_is_rejected_with_its_reason(raw: Any, reason: str) -> None:
    with pytest.raises(ContractError) as refusal:
        open_event(raw)
    assert reason in str(refusal.value)


def test_what_says_nothing_is_not_called_none() -> None:
    with pytest.raises(ContractError, match="^a stranger on our bus"):
        open_event({})


def test_a_rejection_never_repeats_the_payload() -> None:
    raw = on_the_bus(REGISTERED)
    raw["detail"]["data"]["version"] = "hunter2"
    with pytest.raises(ContractError) as refusal:
        open_event(raw)
    assert "hunter2" not in str(refusal.value)


def test_an_event_of_more_than_240_kib_is_never_said() -> None:
    event = DeploymentFailed.example().changed(reason="y" * limits.EVENT_BYTES_MAX)
    with pytest.raises(ContractError, match="DeploymentFailed: .* bytes"):
        envelope(event).detail()


def test_a_replayed_event_is_marked() -> None:
    opened = open_event(on_the_bus(REGISTERED, **{"replay-name": "march"}))
    assert opened is not None
    assert opened.metadata.replayed


def test_a_schedule_speaks_like_an_event() -> None:
    opened = open_event(scheduled(SweepRequested, "sweep-1", START))
    assert isinstance(opened, Envelope)
    assert opened.data == SweepRequested()


def test_an_event_is_too_old_when_the_inbox_may_have_forgotten_it() -> None:
    metadata = envelope(REGISTERED).metadata
    assert not too_old(metadata, START + timedelta(days=45))
    assert too_old(metadata, START + timedelta(days=45, seconds=1))


def test_revisions_are_ordered_by_number_then_index() -> None:
    early, late = Revision(number=2, index=9), Revision(number=10, index=0)
    assert late.is_after(early)
    assert not early.is_after(late)
    assert not early.is_after(early)


def test_no_service_hears_its_own_facts() -> None:
    own = [
        row
        for row in SUBSCRIPTIONS
        if row.service == row.event.producer and row.service != "journal"
    ]
    assert own == []


def test_every_row_names_a_service_and_is_written_once() -> None:
    rows = [(row.service, row.event) for row in SUBSCRIPTIONS]
    assert len(rows) == len(set(rows))
    named = {row.service for row in SUBSCRIPTIONS} | {row.service for row in SCHEDULES}
    assert named == set(SERVICES)


def test_every_event_is_kept_by_the_journal() -> None:
    kept = {row.event for row in SUBSCRIPTIONS if row.service == "journal"}
    assert kept == set(EVENTS.values())


@pytest.mark.parametrize("service", SERVICES)
def test_a_rule_fits_into_eventbridge(service: str) -> None:
    for pattern in (our_pattern(service), aws_pattern(service)):
        assert pattern is None or len(json.dumps(pattern.as_dict())) <= 2_048


@pytest.mark.parametrize("strange", ["\ud800", json.loads("[" * 260 + "]" * 260)])
def test_what_no_reader_could_read_is_refused_whoever_opens_it(strange: object) -> None:
    raw = on_the_bus(REGISTERED)
    raw["detail"]["data"]["news"] = strange
    with pytest.raises(ContractError, match="half of a character, or it is nested too deeply"):
        open_event(raw)
