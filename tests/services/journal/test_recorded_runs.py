"""Real runs of the loop, as they were recorded: all that happened in them can be explained."""

import math
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from infra.aws.cost.usage import JOURNAL_MODELS_MAX, JOURNAL_UNITS_AN_EVENT, KB
from ops.replay.recording import read
from services import journal
from services.journal.aws import Item, written
from services.journal.domain import Entry
from services.journal.questions import as_of, lineage, timeline, versions, why
from services.journal.questions.causes import LED, Causes
from services.journal.questions.life import Life, lived
from shared.contracts.lifecycle import EVENTS, ModelSpecApplied

RECORDINGS = sorted((Path(__file__).parents[2] / "recordings").glob("*.jsonl.gz"))
WINDOW = timedelta(minutes=5)
WISHES = {"AccuracyDegraded", "RetrainRequested", "ModelSpecApplied"}


@pytest.fixture(scope="module", params=RECORDINGS, ids=lambda path: path.stem)
def entries(request: pytest.FixtureRequest) -> Sequence[Entry]:
    return [one.entry for one in read(request.param).events]


def models(entries: Sequence[Entry]) -> set[str]:
    """Name the models of a run."""
    applied = ModelSpecApplied.detail_type()
    return {one.subject for one in entries if one.detail_type == applied}


def of(model: str, entries: Sequence[Entry]) -> list[Entry]:
    return [one for one in entries if one.subject == model]


def test_whatever_has_a_cause_is_led_back_to_it(entries: Sequence[Entry]) -> None:
    for model in models(entries):
        life = [one for one in of(model, entries) if one.tells_life]
        causes = Causes(life)
        lost = [
            one.event_id
            for one in life
            if EVENTS[one.detail_type] in LED and causes.of(one.event_id) is None
        ]
        assert lost == []


def test_what_tells_a_life_is_enough_to_know_it(entries: Sequence[Entry]) -> None:
    for model in models(entries):
        whole, life = Life.begin(model), Life.begin(model)
        for entry in entries:
            whole.hear(entry)
            if entry.tells_life:
                life.hear(entry)
            at = entry.occurred_at
            assert as_of.standing(life, at) == as_of.standing(whole, at)


def test_every_version_has_its_whole_lineage(entries: Sequence[Entry]) -> None:
    for model in models(entries):
        life = lived(model, entries)
        assert life.unknown == set()
        assert versions.numbers(life)
        for number in versions.numbers(life):
            assert lineage.lineage(life, number, entries, WINDOW).gaps == ()


def test_every_trip_begins_with_a_wish_and_has_an_outcome(entries: Sequence[Entry]) -> None:
    for model in models(entries):
        own = of(model, entries)
        life = lived(model, own)
        found = timeline.cycles(life, own)
        trained = [
            one
            for one in found
            if any(step.entry.detail_type == "TrainingStarted" for step in one.steps)
        ]
        assert trained
        for cycle in trained:
            assert cycle.steps[0].entry.detail_type in WISHES
            assert cycle.outcome
            assert "nothing was heard" not in cycle.outcome
        told = {step.entry.event_id for one in found for step in one.steps}
        assert told == {one.event_id for one in own if one.tells_life}


def test_what_serves_is_a_story_from_a_wish_to_its_arrival(entries: Sequence[Entry]) -> None:
    for model in models(entries):
        own = of(model, entries)
        chain = why.story(lived(model, own), own)
        assert chain[0].detail_type in WISHES
        assert chain[-1].detail_type == "EndpointInService"
        told = why.of_event(chain, own)
        by_services = [link for link in told.chain if link.entry.revision]
        assert all(link.why for link in by_services)


def test_the_journal_takes_what_so_many_models_say_as_its_readme_has_it() -> None:
    run = RECORDINGS[[path.stem for path in RECORDINGS].index("loop.jsonl")]
    items = [written(one.entry) for one in read(run).events]
    units = sum(math.ceil(size(item) / KB) for item in items) / len(items)
    assert units == pytest.approx(JOURNAL_UNITS_AN_EVENT, rel=0.1)
    said = (Path(journal.__file__).parent / "README.md").read_text()
    assert f"**Takes at most** what {JOURNAL_MODELS_MAX:,} models say" in said


def size(item: Item) -> int:
    """Answer the bytes of an item, as DynamoDB counts them: names and texts."""
    return sum(len(name) + len(value["S"].encode()) for name, value in item.items())
