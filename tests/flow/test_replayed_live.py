"""A run of the loop on the local AWS, recorded, and sent once more onto the bus that it came from:
whoever heard an event before does nothing about it."""

from datetime import timedelta
from pathlib import Path

import pytest

from ops.replay.recording import read
from tests.flow.local_aws import wait_for
from tests.flow.streaming import WATCHED, followed, streamed
from tests.flow.typing_in import run
from tests.replay.world import replayed

pytestmark = pytest.mark.flow

HOURS, STEP = 4, timedelta(hours=1)
BEFORE_THE_MODEL = "history: no verdict is given on it"
"""Upon the import, of which nobody told a model that was not declared yet."""


def test_events_that_are_sent_again_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history, stream = followed(HOURS)
    before, after = tmp_path / "before.jsonl.gz", tmp_path / "after.jsonl.gz"
    with streamed(tmp_path, monkeypatch, history, stream, step=STEP) as scene:
        scene.declare(WATCHED)
        wait_for("production", lambda: scene.serves("watched", "production", 1))
        scene.driver.drive(HOURS)
        scene.stack.wait_until_quiet(30)
        run("events", "record", "-o", before)
        sent = run("replay", "--live", before)
        scene.stack.wait_until_quiet(30)
        run("events", "record", "-o", after)
        assert run("replay", "--model", "watched").endswith("no difference\n")
    known = read(before).events
    ids = {one.entry.event_id for one in known}
    facts = [one for one in known if not one.is_decision]
    assert sent.startswith(f"{len(facts)} events were sent to environment 'dev'")
    again = read(after)
    assert [one.entry for one in again.events if not one.is_decision] == [
        one.entry for one in facts
    ]
    new = [one for one in again.events if one.entry.event_id not in ids]
    assert {one.record.why for one in new} <= {BEFORE_THE_MODEL}
    replay = replayed(again)
    assert (replay.differences, replay.stopped, replay.skipped) == ([], {}, {})
    assert min(replay.decided.values()) > 0
