"""The template is executed: a model goes from its spec to production on what was synthesized."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.aws.deployed import Deployed
from infra.aws.templates import Where, resolve
from infra.local import account
from infra.local.provision import table_definition
from services.journal.aws import DynamoBook
from shared.contracts import names
from shared.contracts.envelope import Event
from shared.contracts.lifecycle import (
    EndpointInService,
    ModelApproved,
    ModelEvaluated,
    ModelRegistered,
    ModelSpecApplied,
    ObservationsIngested,
    PromotionApproved,
    PromotionRequested,
    TrainingCompleted,
    TrainingStarted,
)
from shared.contracts.tables import OF_JOURNAL
from tests.flow.local_aws import wait_for
from tests.flow.streaming import WATCHED, Streamed, followed, streamed
from tests.flow.typing_in import run
from tests.infra_aws.synthesis import Template
from tests.services.journal.world import answers

pytestmark = [pytest.mark.flow, pytest.mark.timeout(400)]

BY_PEOPLE: dict[str, Any] = {
    "hyperparameters": {"num_boost_round": 10},
    "gate": {"limit_ratio": 1.5, "min_points": 48},
    "approval": {"staging": "person", "production": "person"},
}
WAY: tuple[type[Event], ...] = (
    ModelSpecApplied,
    TrainingStarted,
    TrainingCompleted,
    ModelEvaluated,
    ModelRegistered,
    ModelApproved,
    PromotionRequested,
    PromotionApproved,
)


def test_on_the_synthesized_template_a_model_goes_from_its_spec_to_production(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, local_templates: Mapping[str, Template]
) -> None:
    resources = resolve(local_templates, Where(account.ACCOUNT, account.REGION))
    history, stream = followed(hours=1)
    deployment = Deployed(resources)
    with streamed(tmp_path, monkeypatch, history, stream, deployment=deployment) as scene:
        scene.declare(WATCHED | BY_PEOPLE)
        heard(scene, ModelRegistered)
        run("approve", "watched", "--note", "good enough to be tried")
        heard(scene, PromotionRequested)
        run("promote", "watched", "--note", "as good as it was tried")
        wait_for("production", lambda: scene.serves("watched", "production", 1))
        scene.driver.step()  # records come in by their queue, and the schedules' wishes by theirs
        scene.listen()
        happened = scene.told("watched")
        assert {kind.detail_type(): happened[kind.detail_type()] for kind in WAY} == {
            kind.detail_type(): 1 for kind in WAY
        }
        stages = [one.stage for one in scene.each("watched", EndpointInService)]
        assert stages == ["staging", "production"]
        assert scene.each("history", ObservationsIngested)
        assert kept(scene) >= {*scene.heard}
        assert json.loads(run("journal", "check", "--json"))["differences"] == []
        lose_the_journals_table_and_rebuild_it(scene)


def heard(scene: Streamed, kind: type[Event]) -> None:
    """Wait until something was said of the model."""

    def looked() -> bool:
        scene.listen()
        return bool(scene.each("watched", kind))

    wait_for(kind.detail_type(), looked)


def kept(scene: Streamed) -> set[str]:
    """Answer the ids of all events that the journal has kept."""
    scene.stack.wait_until_quiet(30)
    pages = (
        scene.stack.client("dynamodb")
        .get_paginator("scan")
        .paginate(TableName=names.table("dev", "journal"))
    )
    return {item["event_id"]["S"] for page in pages for item in page["Items"] if "event_id" in item}


def lose_the_journals_table_and_rebuild_it(scene: Streamed) -> None:
    """Delete the table, make it anew, and write into it what S3 holds: the answers are the same."""
    table, dynamodb = names.table("dev", "journal"), scene.stack.client("dynamodb")
    book = DynamoBook(dynamodb, table)
    before = answers(book)
    dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=table)
    dynamodb.create_table(TableName=table, **table_definition(OF_JOURNAL))
    assert answers(book)[0] == ()
    done = json.loads(run("journal", "rebuild", "--json"))
    assert done["written"] == done["events"] == len(before[0])
    assert answers(book) == before
