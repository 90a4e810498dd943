"""What was committed parses, and leads to what it led to."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from services.deployer.effects import EFFECTS as DEPLOYER
from services.evaluator.effects import EFFECTS as EVALUATOR
from services.ingest.effects import EFFECTS as INGEST
from services.monitor.effects import EFFECTS as MONITOR
from services.trainer.effects import EFFECTS as TRAINER
from shared.contracts.lifecycle import EVENTS
from shared.contracts.registration import Registration
from shared.contracts.subscriptions import SERVICES
from shared.messaging.decision import Publish, effects_by_kind
from tests.compatibility import recorded

EFFECTS = {
    "deployer": DEPLOYER,
    "evaluator": EVALUATOR,
    "ingest": INGEST,
    "monitor": MONITOR,
    "trainer": TRAINER,
}
ALL_STATES = [
    pytest.param(service, path, id=f"{service}: {path.stem}")
    for service in EFFECTS
    for path in recorded.states(service)
]


def holds(new: Any, old: Any) -> bool:
    """Tell whether all that was there is there, as it was; more may be."""
    match old:
        case dict():
            return isinstance(new, dict) and all(
                key in new and holds(new[key], value) for key, value in old.items()
            )
        case list():
            return len(new) == len(old) and all(map(holds, new, old))
        case _:
            return bool(new == old)


HOW_TO_GO_ON = "if that is meant: python -m tests.compatibility, and read the diff"


def test_every_service_that_hears_our_events_is_recorded() -> None:
    assert {*recorded.TABLES, "ingest"} == set(SERVICES)
    assert list(recorded.heard("ingest")) == []


@pytest.mark.parametrize("service", recorded.TABLES)
def test_the_same_events_lead_to_the_same_decisions(service: str) -> None:
    now = recorded.TABLES[service]()
    before = json.loads(recorded.table_path(service).read_text())
    drifted = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    for name in drifted:
        assert now.get(name) == before.get(name), f"{service}, {name}: {HOW_TO_GO_ON}"


@pytest.mark.parametrize("event", EVENTS)
def test_examples_are_never_changed_or_removed(event: str) -> None:
    paths = recorded.examples(event)
    names = [hashlib.sha256(path.read_bytes()).hexdigest()[:8] for path in paths]
    assert [path.stem for path in paths] == names
    known = json.loads(recorded.table_path("journal").read_text())
    assert {f"{event}/{name}" for name in names} == {
        name for name in known if name.startswith(f"{event}/")
    }


def test_documents_are_read_as_before_and_their_examples_never_removed() -> None:
    assert recorded.documents() == json.loads(recorded.DOCUMENTS_READ.read_text()), HOW_TO_GO_ON


@pytest.mark.parametrize("path", recorded.examples("Registration"), ids=lambda path: path.stem)
def test_what_the_registry_keeps_as_strings_is_read_as_the_document(path: Path) -> None:
    text = path.read_text()
    strings = {name: str(value) for name, value in json.loads(text).items()}
    assert Registration.read({**strings, "news": "1"}) == Registration.model_validate_json(text)


@pytest.mark.parametrize(("service", "path"), ALL_STATES)
def test_recorded_states_lose_nothing_when_they_are_read(service: str, path: Path) -> None:
    content = json.loads(path.read_text())
    kept = recorded.recorded(service, path).kept
    assert holds(kept.state.model_dump(mode="json"), content["state"])
    assert [item.model_dump(mode="json") for item in kept.todo] == content["todo"]


@pytest.mark.parametrize(("service", "path"), ALL_STATES)
def test_recorded_things_to_do_can_still_be_done(service: str, path: Path) -> None:
    effects = effects_by_kind(EFFECTS[service])
    for item in recorded.recorded(service, path).kept.todo:
        action = Publish if item.kind == Publish.__name__ else effects[item.kind][0]
        assert action.model_validate_json(item.body)


@pytest.mark.parametrize("service", EFFECTS)
def test_everything_that_can_be_to_do_is_in_some_recorded_state(service: str) -> None:
    kinds = {
        item.kind
        for path in recorded.states(service)
        for item in recorded.recorded(service, path).kept.todo
    }
    assert effects_by_kind(EFFECTS[service]).keys() <= kinds
