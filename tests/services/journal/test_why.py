"""Reasons: why something is as it is, and why nothing else happens."""

from typing import Any

import pytest

from services.journal.questions import why
from services.journal.questions.causes import Causes
from services.journal.questions.life import lived
from shared.contracts.lifecycle import (
    AccuracyDegraded,
    AccuracyMeasured,
    DataFaultDetected,
    DecisionRecorded,
    DeploymentStarted,
    RetrainRequested,
    TrainingStarted,
)
from tests.services.journal.chronicle import ALICE, MODEL, Chronicle, a_full_life
from tests.services.journal.stories import (
    Tell,
    emptied,
    failed,
    judged,
    kinds,
    refused,
    running,
    waiting,
)

FULL = a_full_life()


def test_reasons_are_joined_to_the_decisions_that_said_the_events() -> None:
    told = Chronicle()
    wish = told.say(RetrainRequested)
    started = told.say(TrainingStarted, because=wish)
    told.revisions["trainer"] -= 1  # of the same decision
    told.say(DecisionRecorded, service="trainer", model=MODEL, why="it runs")
    answer = why.of_event(Causes(told.entries).chain(started), told.entries)
    assert [link.why for link in answer.chain] == ["", "it runs"]
    assert answer.paragraph.startswith(f"{ALICE} asked for a training on 2026-03-01 12:00:00 UTC: ")


def reasons(told: Chronicle, frozen: bool = False) -> why.Reasons:
    life = lived(MODEL, told.entries)
    chain = why.story(life, told.entries)
    return why.of_model(life, chain, (), told.now, frozen)


def test_the_story_of_what_serves_goes_from_its_making_to_its_coming_back() -> None:
    told = reasons(FULL)
    assert told.paragraph.startswith("v1 serves in production since 2026-03-01 12:27:00 UTC, as ")
    parts = [
        f"{ALICE} asked for a training",
        "Judged on 20 points it lost 0.314 (mean wQL)",
        "It was registered as v1.",
        f"{ALICE} sent v1 to production (looks good).",
        f"{ALICE} asked to take v2 from production: it looks odd.",
        "v1 came back to production",
    ]
    places = [told.paragraph.index(part) for part in parts]
    assert places == sorted(places)
    assert kinds(link.entry for link in told.chain)[-1] == "EndpointInService"
    assert told.open[0].startswith("v1 falls short since 2026-03-01 12:00 UTC: ")
    assert told.open[1:] == (
        f"v2 left production: rolled back by {ALICE}: it looks odd",
        "v3 waits for approval, registered 2026-03-01 12:32:00 UTC",
    )


def breached(told: Chronicle) -> None:
    for _ in range(2):
        told.say(
            AccuracyMeasured, stage="production", version=1, mean_wql=0.5, limit=0.4, breached=True
        )


OPEN: list[Any] = [
    pytest.param(waiting, "a training waits (asked for by spec; cool_down): a run began at noon"),
    pytest.param(running, "fees-r0 is being trained since"),
    pytest.param(judged, "fees-r0 is being judged since"),
    pytest.param(refused, "fees-r0 was refused: too bad; too few"),
    pytest.param(failed, "fees-r0 failed in Prepare: no data"),
    pytest.param(
        lambda told: told.say(DataFaultDetected, kind="gap"), "the data are at fault (gap)"
    ),
    pytest.param(
        lambda told: told.say(AccuracyDegraded, degraded_version=1), "v1 falls short since"
    ),
    pytest.param(
        breached, "mean wQL 0.5 on 20 points is above its limit 0.4, baseline 0.314; 2 brea"
    ),
    pytest.param(
        lambda told: told.say(DeploymentStarted, stage="staging", version=3),
        "v3 is on its way to staging since",
    ),
]


@pytest.mark.parametrize(("then", "said"), OPEN)
def test_what_is_open_says_why_nothing_else_happens(then: Tell, said: str) -> None:
    told = a_full_life()
    then(told)
    assert [one for one in reasons(told).open if said in one]


def test_a_frozen_model_says_so_first() -> None:
    assert reasons(FULL, frozen=True).open[0].startswith("it is frozen")


def test_where_nothing_serves_it_says_how_that_came() -> None:
    assert reasons(Chronicle()).paragraph == "Nothing has served in production yet."
    told = a_full_life()
    emptied(told)
    assert reasons(told).paragraph.endswith(": v1 left it, no.")
    assert reasons(told).chain == ()
