"""Ingest's door: two queues, and where messages go that cannot be handled."""

import hashlib
import json
import logging
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from hypothesis import given
from hypothesis import strategies as st

from services.ingest import reading
from services.ingest.domain.batch import Observation, Quarantined
from services.ingest.intake import IngestDoor
from shared.contracts.wishes import SweepRequested, scheduled
from shared.messaging.errors import Retryable
from tests.services.ingest.world import NOON, World, record


class DeadLetters:
    """Keeps what was rejected."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, str]] = []

    def reject(self, body: str, reason: str) -> None:
        self.kept.append((body, reason))


def message(body: object, queue: str) -> SQSRecord:
    arn = f"arn:aws:sqs:us-east-1:123456789012:{queue}"
    return SQSRecord({"messageId": "m", "body": json.dumps(body), "eventSourceARN": arn})


def door_of(world: World) -> tuple[IngestDoor, DeadLetters]:
    letters, log = DeadLetters(), logging.getLogger("test")
    files: Any = world.outside
    return IngestDoor(world.intake(), files, "records", letters, log), letters


def test_records_and_sweeps_come_in_by_their_queues() -> None:
    world = World()
    door, letters = door_of(world)
    records = [record("1", "11:50:10"), record("2", "11:55:00")]
    door.take(message({"batch_id": "a", "series": "fees", "records": records}, "records"))
    world.clock.forward(hours=1)
    door.take(message(scheduled(SweepRequested, "s", NOON + timedelta(hours=1)), "events"))
    assert list(world.published()) == ["11:50", "11:55"]
    assert letters.kept == []


@pytest.mark.parametrize(
    ("body", "queue", "reason"),
    [
        ({"batch_id": "a", "series": "fes", "records": []}, "records", "did you mean 'fees'?"),
        ({"batch_id": "a", "series": "x" * 500, "records": []}, "records", "apply its spec first"),
        ({"batch_id": "a", "series": "UPPER", "records": []}, "records", "apply its spec first"),
        ({"batch_id": "a", "series": "fees", "records": []}, "events", "a stranger on our bus"),
        ("text", "records", "not a batch of records"),
    ],
)
def test_what_can_never_be_handled_goes_to_the_dead_letters(
    body: object, queue: str, reason: str
) -> None:
    door, letters = door_of(World())
    door.take(message(body, queue))
    assert [reason in why for _, why in letters.kept] == [True]


def test_trouble_of_one_series_does_not_keep_the_sweep_from_others() -> None:
    world = World()
    world.outside.specs["more"] = world.outside.specs["fees"].changed(series="more")
    door, _ = door_of(world)
    for series in ("fees", "more"):
        records = [record("1", "11:59:10")]
        door.take(message({"batch_id": "a", "series": series, "records": records}, "records"))
    world.clock.forward(hours=1)
    refuse = world.outside.write

    def write(series: str, *arguments: Any, **named: Any) -> None:
        if series == "fees":
            raise Retryable("slowly")
        refuse(series, *arguments, **named)

    world.outside.write = write  # type: ignore[method-assign]
    with pytest.raises(Retryable, match="slowly"):
        world.sweep()
    assert [said.series for said in world.ingested()] == ["more"]


FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "id": st.one_of(st.text(max_size=4), st.integers()),
        "time": st.one_of(
            st.sampled_from(["2026-03-01T00:00:00Z", "2026-03-01T00:00:00", "soon", "\ud800"]),
            st.floats(),
            st.integers(-(10**13), 10**13),
        ),
        "value": st.one_of(st.floats(), st.integers(), st.just("5"), st.none()),
        "count": st.one_of(st.integers(-1, 10**20), st.none()),
        "more": st.booleans(),
    },
)


@given(st.lists(FIELDS, max_size=4))
def test_a_batch_is_read_alike_in_one_go_and_record_by_record(records: list[Any]) -> None:
    nothing: Any = None
    body = json.dumps({"batch_id": "a", "series": "fees", "records": records})
    judged = [reading.judge(record) for record in json.loads(body)["records"]]
    read = reading.read(body, nothing)
    assert list(read.observations) == [one for one in judged if isinstance(one, Observation)]
    malformed = [one for one in judged if isinstance(one, Quarantined)]
    assert repr(list(read.malformed)) == repr(malformed)  # NaN is not equal to itself
    content = "\n".join(map(json.dumps, records)).encode()
    uri, sha256 = "s3://bucket/key", hashlib.sha256(content).hexdigest()
    files: Any = SimpleNamespace(get=lambda uri: content)
    body = json.dumps({"batch_id": "a", "series": "fees", "uri": uri, "sha256": sha256})
    assert repr(reading.read(body, files)) == repr(read)
