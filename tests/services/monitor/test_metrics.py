"""Metrics: in embedded metric format, with three dimensions and no model's name."""

import json

import pytest

from services.monitor.metrics import MeasuringBus
from shared.contracts.envelope import Event
from shared.contracts.lifecycle import AccuracyMeasured, DataStalled, ModelApproved
from shared.messaging.decision import Entry
from tests.fakes.messaging import MemoryBus, envelope


def entry(event: Event) -> Entry:
    detail = envelope(event, revision=None).detail()
    source = f"modelcycle.{event.producer}"
    return Entry(source=source, detail_type=event.detail_type(), detail=detail)


MEASURED = AccuracyMeasured.example().changed(stage="production", breached=True)
CASES: list[tuple[Event, str, str, set[str]]] = [
    (MEASURED, "production", "breach", {"Events", "MeanWql", "BaselineWql", "Limit"}),
    (DataStalled.example(), "none", "stalled", {"Events"}),
]


@pytest.mark.parametrize(("event", "stage", "outcome", "names"), CASES)
def test_what_is_said_is_measured(
    event: Event, stage: str, outcome: str, names: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    bus = MemoryBus()
    MeasuringBus(bus).publish((entry(event), entry(ModelApproved.example())))
    assert len(bus.entries) == 2
    (line,) = capsys.readouterr().out.splitlines()
    document = json.loads(line)
    (metrics,) = document["_aws"]["CloudWatchMetrics"]
    assert metrics["Namespace"] == "Modelcycle"
    assert {metric["Name"] for metric in metrics["Metrics"]} == names
    assert [sorted(row) for row in metrics["Dimensions"]] == [["outcome", "service", "stage"]]
    assert (document["service"], document["stage"], document["outcome"]) == (
        "monitor",
        stage,
        outcome,
    )
    assert "fees" not in line
