"""Recordings made of what was said on a bus in memory, and of simulated lives."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from ops.replay import gathering, recording, summary
from ops.replay.playing import Replay
from ops.replay.recorded import Header, Recording
from ops.replay.recording import FORMAT
from services.journal import domain
from services.journal.domain import Entry
from shared.contracts.door import open_event
from shared.contracts.envelope import Event
from shared.contracts.lifecycle import ModelRefused
from shared.messaging import decision
from tests.simulation import schedule
from tests.simulation.bus import Bus
from tests.simulation.network import Network
from tests.simulation.past import Past
from tests.simulation.schedule import Plan

E = TypeVar("E", bound=Event)
HEADER = Header(format=FORMAT, environment="dev", code_version="0.1.0")


def kept(said: Iterable[decision.Entry]) -> tuple[Entry, ...]:
    """Keep events as the journal does, each once."""
    found: dict[str, Entry] = {}
    for one in said:
        detail = json.loads(one.detail)
        raw = {"source": one.source, "detail-type": one.detail_type, "detail": detail}
        envelope = open_event(raw)
        assert envelope is not None
        found.setdefault(envelope.metadata.event_id, domain.entry(envelope, detail))
    return tuple(found.values())


def nothing_kept(uri: str) -> bytes:
    """Where everything that was seen is small."""
    raise AssertionError(uri)


def recorded(
    folder: Path,
    said: Iterable[decision.Entry],
    fetch: Callable[[str], bytes | None] = nothing_kept,
    **header: Any,
) -> Recording:
    """Record events, and read the recording."""
    file = folder / "recording.jsonl.gz"
    text, _ = recording.text_of(HEADER.changed(**header), gathering.lines(kept(said), fetch))
    recording.write(file, text)
    return recording.read(file)


def replayed(found: Recording, **settings: Any) -> Replay:
    """Play a recording to its end."""
    replay = Replay(found, **settings)
    for _ in replay.play():
        pass
    return replay


def of(recording: Recording, kind: type[E]) -> list[E]:
    """Answer the events of one kind."""
    data = (one.envelope.data for one in recording.events)
    return [event for event in data if isinstance(event, kind)]


def refused(replay: Replay) -> set[str]:
    """Answer the runs that the gate refuses now, and did not then."""
    return {
        str(said.detail["data"]["run_id"])
        for one in filter(summary.is_refusal, replay.differences)
        for said in (one.now.events if one.now else ())
        if said.kind == ModelRefused.detail_type() and said.detail
    }


def lived(seed: int) -> list[decision.Entry]:
    """Answer what services and people say in a schedule."""
    said: list[decision.Entry] = []
    publish, deliver = Bus.publish, Network.deliver

    def note(self: Bus, entries: tuple[decision.Entry, ...]) -> None:
        said.extend(entries)
        publish(self, entries)

    def note_people(self: Network, name: str, body: str) -> None:
        raw = json.loads(body)
        if raw["source"] == "modelcycle.operator":
            detail = json.dumps(raw["detail"])
            said.append(decision.Entry(source=raw["source"], detail_type=name, detail=detail))
        deliver(self, name, body)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Bus, "publish", note)
        patched.setattr(Network, "deliver", note_people)
        outcome = schedule.run(replace(Plan.of(seed), past=Past.NOTHING))
    assert outcome.violation is None
    return said
