"""Which no of the governor waits: told from the journal as the trainer remembers it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from services.journal import domain
from services.journal.domain import Entry
from services.journal.questions import as_of
from services.journal.questions.life import lived
from services.trainer.domain.seen import Progress
from services.trainer.domain.wanted import Trigger
from shared.contracts.door import open_event
from shared.contracts.envelope import Event
from shared.contracts.lifecycle import (
    AccuracyDegraded,
    AccuracyRecovered,
    EndpointInService,
    ModelRegistered,
)
from tests.services.journal.world import entry_of, said
from tests.services.trainer.test_degradation import MINUTE, NEEDED, POINT
from tests.services.trainer.world import MODEL, Loop

FEW = NEEDED - 10
"""Points of a new regime that are not enough yet."""


class Kept(Loop):
    """The trainer with what it hears and says in a journal; both are asked after each event."""

    def __init__(self) -> None:
        super().__init__()
        self.others: list[Entry] = []
        self.apply()
        self.end(Progress.FAILED, "Train", "no capacity")
        self.serve(1)
        self.bench.clock.forward(hours=1)

    def hear(self, event: Event, event_id: str = "", **metadata: Any) -> None:
        super().hear(event, event_id, **metadata)
        if event.detail_type() in {"EndpointInService", "AccuracyDegraded", "AccuracyRecovered"}:
            now = self.bench.clock.now()
            self.others.append(entry_of(said(event, f"event-{self.heard}", now)))
        self.bench.clock.forward(minutes=1)
        told = self.suppressed
        remembered = {(one.trigger, one.refusal) for one in self.state.waiting if one.refusal}
        known = {(trigger.value, no.rule, no.reason) for trigger, no in remembered}
        assert (told in known) if known else told is None

    @property
    def suppressed(self) -> tuple[str, str, str] | None:
        """What the journal tells of the wish that waits."""
        found = as_of.standing(lived(MODEL, self.entries), self.bench.clock.now()).suppressed
        return (found.trigger, found.rule, found.reason) if found else None

    @property
    def entries(self) -> list[Entry]:
        """What the journal holds."""
        own = [
            domain.entry(envelope, detail)
            for entry in self.bench.bus.entries
            for detail in [json.loads(entry.detail)]
            for envelope in [
                open_event(
                    {"source": entry.source, "detail-type": entry.detail_type, "detail": detail}
                )
            ]
            if envelope
        ]
        return self.others + own

    def serve(self, version: int) -> None:
        """A version comes into production."""
        self.hear(EndpointInService.example().changed(stage="production", version=version))

    def degrade(self, points: int = FEW) -> None:
        """The version in production falls short, so many points before the latest one."""
        last = self.aws.declared.summary
        assert last
        since = last.last + MINUTE - points * POINT
        self.hear(
            AccuracyDegraded.example().changed(version=1, degraded_version=1, since=since),
            correlation_id="degradation",
        )

    def recover(self) -> None:
        """It is within its limit again."""
        self.hear(AccuracyRecovered.example().changed(version=1, degraded_version=1))

    def rest(self) -> None:
        """The cool-down passes."""
        self.bench.clock.forward(hours=7)
        self.sweep()


def weaker_run(loop: Kept) -> None:
    loop.degrade()
    loop.apply(hyperparameters={"seed": 1})
    loop.rest()


def weaker_run_that_ends(loop: Kept) -> None:
    weaker_run(loop)
    loop.sweep()
    loop.end()
    loop.sweep()


def weaker_run_that_reaches_production(loop: Kept) -> None:
    weaker_run(loop)
    run_id = loop.run_id
    loop.sweep()
    loop.end()
    loop.hear(ModelRegistered.example().changed(run_id=run_id, version=2))
    loop.serve(2)


def weaker_run_and_recovery(loop: Kept) -> None:
    weaker_run(loop)
    loop.recover()


def own_run(loop: Kept) -> None:
    loop.degrade(NEEDED)
    loop.rest()


def persons_run(loop: Kept) -> None:
    loop.degrade()
    loop.retrain()


def persons_wish_beside_the_run_of_a_degradation(loop: Kept) -> None:
    own_run(loop)
    loop.retrain()
    loop.end(Progress.FAILED, "Train", "no capacity")


STORIES: list[Any] = [
    pytest.param(weaker_run, ("degradation", "enough_new_points"), id="a weaker run"),
    pytest.param(weaker_run_that_ends, ("degradation", "enough_new_points"), id="its end"),
    pytest.param(weaker_run_that_reaches_production, None, id="its version in production"),
    pytest.param(weaker_run_and_recovery, None, id="recovery"),
    pytest.param(own_run, None, id="its own run"),
    pytest.param(persons_run, None, id="a stronger run"),
    pytest.param(
        persons_wish_beside_the_run_of_a_degradation,
        None,
        id="a person's wish beside its run",
    ),
]


@pytest.mark.parametrize(("happen", "waits"), STORIES)
def test_a_no_waits_until_a_run_begins_that_serves_its_wish(
    happen: Callable[[Kept], None], waits: tuple[str, str] | None
) -> None:
    loop = Kept()
    happen(loop)
    assert (loop.suppressed[:2] if loop.suppressed else None) == waits


def test_triggers_are_as_strong_as_the_trainer_has_them() -> None:
    assert sorted(Trigger, key=as_of.strength, reverse=True) == list(Trigger)
    assert as_of.strength("said by a later version") < as_of.strength(Trigger.SCHEDULE)
