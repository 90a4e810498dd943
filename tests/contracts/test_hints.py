"""AWS's events, read tolerantly: by hand-written ones, and by every documented sample."""

import json
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.aws import (
    HINTS,
    EndpointChanged,
    Hint,
    ModelPackageChanged,
    PipelineExecutionChanged,
    open_hint,
)
from shared.contracts.envelope import ContractError

DOCUMENTED = Path(__file__).parents[2].parent / "shared" / "aws-events"
OURS = Path(__file__).parents[1] / "aws_events"
SAMPLES = sorted(OURS.glob("*.json"))


def event(hint: type[Hint], **detail: Any) -> dict[str, Any]:
    """Answer an AWS event with the least that it may say."""
    return {
        "id": "not-a-uuid",
        "source": "aws.sagemaker",
        "detail-type": hint.aws_name,
        "time": "2026-03-01T12:00:00Z",
        "detail": detail,
    }


def test_an_endpoint_event_may_lack_everything_but_its_name() -> None:
    opened = open_hint(event(EndpointChanged, EndpointName="mc-dev-fees-staging"))
    assert opened is not None
    assert opened.data == EndpointChanged(endpoint="mc-dev-fees-staging")


@pytest.mark.parametrize(
    ("updated", "expected"),
    [
        (None, True),
        (["ModelApprovalStatus"], True),
        (["ModelLifeCycle", "CustomerMetadataProperties"], True),
        (["CustomerMetadataProperties"], False),
        ([], False),
    ],
)
def test_only_what_may_be_a_verdict_is_one(updated: list[str] | None, expected: bool) -> None:
    detail = {"ModelPackageArn": "arn", "UpdatedModelPackageFields": updated}
    opened = open_hint(event(ModelPackageChanged, **detail))
    assert opened is not None
    assert isinstance(opened.data, ModelPackageChanged)
    assert opened.data.may_be_a_verdict is expected


def test_a_hint_that_does_not_say_what_it_is_about_is_refused() -> None:
    with pytest.raises(ContractError, match="pipelineExecutionArn: Field required"):
        open_hint(event(PipelineExecutionChanged, currentPipelineExecutionStatus="Failed"))


def test_events_of_other_kinds_and_sources_are_foreign() -> None:
    assert open_hint({"source": "aws.ecr", "detail-type": "ECR Image Action"}) is None
    assert open_hint({**event(EndpointChanged), "source": "aws.s3"}) is None


@pytest.mark.parametrize("time", ["2021-03-15T16:10:11Z", "1583831889050", 1583831889050.0])
def test_every_spelling_of_a_time_is_read(time: Any) -> None:
    raw = {**event(EndpointChanged, EndpointName="x"), "time": time}
    opened = open_hint(raw)
    assert opened is not None
    assert opened.metadata.occurred_at.tzinfo is not None


def read_or_count_as_foreign(path: Path) -> None:
    raw = json.loads(path.read_text())
    opened = open_hint(raw)
    known = raw.get("source") == "aws.sagemaker" and raw.get("detail-type") in HINTS
    assert (opened is not None) == known


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_our_samples_are_read_or_foreign(path: Path) -> None:
    read_or_count_as_foreign(path)


def test_every_documented_sample_is_read_or_foreign() -> None:
    if not DOCUMENTED.is_dir():
        pytest.skip("the documented AWS events are not on this machine")
    paths = sorted(DOCUMENTED.glob("*.json"))
    assert len(paths) >= 18
    for path in paths:
        read_or_count_as_foreign(path)
