"""Lineages of versions: complete, or their gaps are named."""

from datetime import timedelta
from typing import Any

import pytest

from services.journal.questions import lineage
from services.journal.questions.life import lived
from services.journal.questions.lineage import Lineage
from shared.contracts.envelope import Event
from shared.contracts.lifecycle import (
    EndpointInService,
    ModelApproved,
    ModelEvaluated,
    ModelRegistered,
    ObservationsIngested,
    PromotionApproved,
    TrainingCompleted,
    TrainingStarted,
)
from shared.contracts.lifecycle.fields import Dataset
from tests.services.journal.chronicle import MODEL, Chronicle, a_full_life
from tests.services.journal.world import NOON

FULL = a_full_life()
COMPLETED = TrainingCompleted.example()
WINDOW = timedelta(hours=1)


def dataset(hours: int) -> Dataset:
    cutoff = NOON + timedelta(hours=hours)
    return Dataset.model_validate(
        {**COMPLETED.dataset.model_dump(), "first": NOON, "cutoff": cutoff}
    )


def made(*spans: tuple[int, int], hours: int = 10) -> Lineage:
    """Answer the lineage of a version trained on some hours, of which batches brought these."""
    told = Chronicle()
    for first, last in spans:
        told.say(
            ObservationsIngested,
            trip="batch",
            first=NOON + timedelta(hours=first),
            last=NOON + timedelta(hours=last),
        )
    told.minute += 1_000
    told.say(TrainingStarted, run_id="fees-r0")
    told.say(TrainingCompleted, run_id="fees-r0", dataset=dataset(hours))
    told.say(ModelEvaluated, run_id="fees-r0")
    told.say(ModelRegistered, run_id="fees-r0", version=1)
    return lineage.lineage(lived(MODEL, told.entries), 1, told.entries, WINDOW)


BATCHES: list[Any] = [
    pytest.param([(0, 10)], None, id="all at once"),
    pytest.param([(5, 10), (0, 4)], None, id="one after the other, in any order"),
    pytest.param([(0, 10), (3, 4)], None, id="one revises the other"),
    pytest.param([], "the journal knows no ObservationsIngested of its windows", id="none"),
    pytest.param(
        [(50, 60)], "the journal knows no ObservationsIngested of its windows", id="later"
    ),
    pytest.param(
        [(0, 3), (6, 10)], "of 2026-03-01 16:00 to 2026-03-01 18:00 UTC no batch is known", id="gap"
    ),
    pytest.param(
        [(2, 10)],
        "of 2026-03-01 12:00 to 2026-03-01 14:00 UTC no batch is known",
        id="no beginning",
    ),
    pytest.param(
        [(0, 5)], "of 2026-03-01 18:00 to 2026-03-01 22:00 UTC no batch is known", id="no end"
    ),
]


@pytest.mark.parametrize(("spans", "gap"), BATCHES)
def test_windows_lead_to_the_batches_that_brought_them(
    spans: list[tuple[int, int]], gap: str | None
) -> None:
    (records, *others) = made(*spans).links
    assert records.found is (gap is None)
    assert (gap or "brought") in records.what
    assert all(link.found for link in others)


def test_batches_that_were_not_read_are_told_from_those_that_are_not_known() -> None:
    told = a_full_life()
    found = lineage.lineage(lived(MODEL, told.entries), 1, (), WINDOW, NOON)
    assert found.links[0].what.endswith("before 2026-03-01 12:00 UTC was not read")


def without(*missing: type[Event]) -> Lineage:
    names = {one.__name__ for one in missing}
    entries = [one for one in FULL.entries if one.detail_type not in names]
    return lineage.lineage(lived(MODEL, entries), 1)


MISSING: list[Any] = [
    pytest.param((TrainingStarted,), {"records", "run"}, id="the beginning of the run"),
    pytest.param((TrainingCompleted,), {"records", "windows", "dataset"}, id="its end"),
    pytest.param((ModelEvaluated,), {"records", "evaluation"}, id="its verdict"),
    pytest.param((ModelApproved,), {"records", "approvals"}, id="the approval"),
    pytest.param((PromotionApproved,), {"records", "approvals"}, id="the promotion"),
    pytest.param((EndpointInService,), {"records"}, id="nothing: it has not served"),
    pytest.param(
        (ModelRegistered,),
        {"records", "windows", "dataset", "run", "evaluation", "registration"}
        | {"image", "artifact", "judged artifact"},
        id="the registration",
    ),
]


@pytest.mark.parametrize(("missing", "gaps"), MISSING)
def test_what_the_journal_does_not_know_is_named_as_a_gap(
    missing: tuple[type[Event], ...], gaps: set[str]
) -> None:
    assert {link.name for link in without(*missing).gaps} == gaps


@pytest.mark.parametrize(("score", "said"), [(0.0, "v1 0"), (0.25, "v1 0.25"), (None, "baseline")])
def test_the_champion_of_an_evaluation_is_named_where_it_was_compared(
    score: float | None, said: str
) -> None:
    told, seen = Chronicle(), ModelEvaluated.example().champion
    told.say(ModelEvaluated, champion=seen.changed(version=1, mean_wql=score))
    told.say(ModelRegistered, version=2)
    links = lineage.lineage(lived(MODEL, told.entries), 2).links
    (evaluation,) = (link for link in links if link.name == "evaluation")
    assert said in evaluation.what.split(", ")[-1]
