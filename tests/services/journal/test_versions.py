"""Versions: where each stands, and which verdicts brought it there."""

from typing import Any

import pytest

from services.journal.questions import versions
from services.journal.questions.life import lived
from services.journal.questions.versions import Verdict
from shared.contracts.lifecycle import (
    ApprovalRevoked,
    DeploymentRolledBack,
    DeploymentSuperseded,
    ModelApproved,
    ModelDeclined,
    PromotionDeclined,
)
from tests.services.journal.chronicle import ALICE, MODEL, Chronicle, a_full_life
from tests.services.journal.stories import Tell


def declined(kind: type, **changes: Any) -> Tell:
    return lambda told: told.say(kind, version=3, approver=ALICE, note="no", **changes)


def approved(told: Chronicle) -> None:
    told.say(ModelApproved, version=3, approver=ALICE)


def promoted(told: Chronicle) -> None:
    told.to_staging(3, "third")
    told.to_production(3, "third")


def kept_out(told: Chronicle) -> None:
    told.to_staging(3, "third")
    declined(PromotionDeclined)(told)


def superseded(told: Chronicle) -> None:
    approved(told)
    told.say(DeploymentSuperseded, version=3, stage="staging", reason="v4 is higher")


def replaced(told: Chronicle) -> None:
    promoted(told)
    told.train(4, "fourth")
    told.to_staging(4, "fourth")
    told.to_production(4, "fourth")


def replaced_in_staging(told: Chronicle) -> None:
    told.to_staging(3, "third")
    told.to_staging(4, "fourth")


def forgotten_in_staging(told: Chronicle) -> None:
    promoted(told)
    told.say(
        DeploymentRolledBack, stage="staging", version=3, back_to=None, reason="old", aged_out=True
    )
    told.roll_out(1, "production", "first")


STANDS: list[Any] = [
    pytest.param(lambda told: None, "waits for approval", (Verdict.WAITING, None), id="registered"),
    pytest.param(approved, "approved, goes to staging", (Verdict.APPROVED, None), id="approved"),
    pytest.param(
        declined(ModelDeclined), f"declined by {ALICE}: no", (Verdict.DECLINED, None), id="declined"
    ),
    pytest.param(
        promoted,
        "serves in production",
        (Verdict.APPROVED, Verdict.APPROVED),
        id="in production",
    ),
    pytest.param(
        kept_out,
        f"kept out of production by {ALICE}: no",
        (Verdict.APPROVED, Verdict.DECLINED),
        id="kept out",
    ),
    pytest.param(
        superseded,
        "gave way in staging: v4 is higher",
        (Verdict.APPROVED, None),
        id="superseded",
    ),
    pytest.param(
        replaced,
        "left production: v4 took its place",
        (Verdict.APPROVED, Verdict.APPROVED),
        id="replaced",
    ),
    pytest.param(
        replaced_in_staging,
        "left staging: v4 took its place",
        (Verdict.APPROVED, None),
        id="replaced in staging",
    ),
    pytest.param(
        forgotten_in_staging,
        "left production: v1 took its place",
        (Verdict.APPROVED, Verdict.APPROVED),
        id="aged out of staging after that",
    ),
]


@pytest.mark.parametrize(("then", "stands", "verdicts"), STANDS)
def test_where_a_version_stands(then: Tell, stands: str, verdicts: tuple[Any, Any]) -> None:
    told = a_full_life()
    then(told)
    one = versions.version(lived(MODEL, told.entries), 3)
    assert (one.stands, (one.approval, one.production)) == (stands, verdicts)


def test_a_revocation_outlasts_the_approval_that_came_late() -> None:
    told = a_full_life()
    told.say(ApprovalRevoked, version=1, approver=ALICE)
    entries = sorted(told.entries, key=lambda one: one.detail_type == "ModelApproved")
    assert versions.version(lived(MODEL, entries), 1).approval is Verdict.DECLINED
