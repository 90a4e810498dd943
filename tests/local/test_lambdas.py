"""Messages reach functions as in Lambda, whatever dies in between."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local import invocation, poller
from infra.local.faults import Fault
from infra.local.function_host import FunctionBrokenError
from infra.local.lambdas import QueueLostError
from tests.local.queues import Stage, eventually, moto_server


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with moto_server() as address:
        yield address


def test_what_is_done_is_deleted_and_the_function_sees_only_its_own_world(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "the caller's own")
    with Stage(url, tmp_path) as stage:
        stage.supervisor.start()
        stage.send({"n": 1}, {"n": 2})
        notes = stage.noted(2)
        stage.wait_until_empty()
    assert [note["message"]["n"] for note in notes] == [1, 2]
    assert {"AWS_ACCESS_KEY_ID", "HOME"} & notes[0]["sees"].keys() == set()
    assert notes[0]["record"]["eventSource"] == "aws:sqs"
    assert notes[0]["record"]["attributes"]["ApproximateReceiveCount"] == "1"
    assert 0 < notes[0]["left_ms"] <= 20_000


def test_only_what_failed_comes_back(url: str, tmp_path: Path) -> None:
    with Stage(url, tmp_path) as stage:
        stage.send({"n": 1}, {"n": 2, "do": "fail once"}, {"n": 3})
        stage.supervisor.start()
        stage.noted(4)
        stage.wait_until_empty()
    assert [note["message"]["n"] for note in stage.notes()] == [1, 2, 3, 2]
    assert stage.left(stage.dead) == 0


def test_what_fails_too_often_ends_in_the_dead_letter_queue(url: str, tmp_path: Path) -> None:
    poisons = ({"do": "fail"}, {"do": "raise"}, {"do": "answer", "what": "nameless"})
    with Stage(url, tmp_path, queues=len(poisons)) as stage:
        for queue, poison in enumerate(poisons):
            stage.send(poison, queue=queue)
        stage.supervisor.start()
        stage.wait_until_empty()
        assert stage.left(stage.dead) == len(poisons)
    assert len(stage.notes()) == 2 * len(poisons)


def test_a_process_that_dies_is_replaced_and_its_batch_comes_at_once(
    url: str, tmp_path: Path
) -> None:
    with Stage(url, tmp_path) as stage:
        stage.send({"do": "die once"}, {"n": 2})
        stage.supervisor.start()
        first, *again = stage.noted(3)
        stage.wait_until_empty()
        assert stage.supervisor.deaths() == {"fixture": 1}
    assert [note["record"]["attributes"]["ApproximateReceiveCount"] for note in again] == ["2", "2"]
    assert first["pid"] not in {note["pid"] for note in again}
    assert stage.said == ["fixture: its function died and is started again"]


def test_a_function_that_is_killed_at_work_starts_its_batch_again(url: str, tmp_path: Path) -> None:
    with Stage(url, tmp_path) as stage:
        stage.supervisor.start()
        stage.send({"do": "sleep", "seconds": 1})
        stage.noted(1)
        stage.supervisor.kill("fixture")
        stage.noted(2)
        stage.wait_until_empty()


def test_a_function_that_is_killed_in_its_sleep_is_there_for_the_next_message(
    url: str, tmp_path: Path
) -> None:
    with Stage(url, tmp_path) as stage:
        stage.supervisor.start()
        stage.supervisor.kill("fixture")
        stage.send({"n": 1})
        stage.wait_until_empty()
    assert len(stage.notes()) == 1


def test_the_time_limit_ends_a_function_and_its_message_dies_in_the_end(
    url: str, tmp_path: Path
) -> None:
    with Stage(url, tmp_path, limit_s=0.3) as stage:
        stage.send({"do": "sleep", "seconds": 60})
        stage.supervisor.start()
        stage.wait_until_empty()
        assert stage.left(stage.dead) == 1
    assert "ran into its time limit of 0.3 s" in stage.said[0]


def test_a_function_that_ends_with_everything_else_is_no_trouble(url: str, tmp_path: Path) -> None:
    with Stage(url, tmp_path) as stage:
        stage.supervisor.start()
        stage.send({"do": "sleep", "seconds": 60})
        stage.noted(1)
    stage.supervisor.join()
    assert stage.said == []
    assert stage.supervisor.deaths() == {"fixture": 0}


def test_two_queues_share_one_process(url: str, tmp_path: Path) -> None:
    with Stage(url, tmp_path, queues=2) as stage:
        stage.supervisor.start()
        stage.send({"n": 1}, queue=0)
        stage.send({"n": 2}, queue=1)
        notes = stage.noted(2)
        stage.wait_until_empty()
    assert len({note["pid"] for note in notes}) == 1
    assert {note["record"]["eventSourceARN"].split("-")[-1] for note in notes} == {"0", "1"}


def test_a_handler_that_cannot_be_imported_is_named_with_the_reason(
    url: str, tmp_path: Path
) -> None:
    with (
        Stage(url, tmp_path, handler="services.nobody.app.handler") as stage,
        pytest.raises(
            FunctionBrokenError,
            match=r"fixture: services.nobody.app.handler does not start: ModuleNotFoundError: No",
        ),
    ):
        stage.supervisor.start()


def test_a_fault_is_met_once_and_the_next_process_is_whole(url: str, tmp_path: Path) -> None:
    with Stage(url, tmp_path, handler="tests.local.fixture_caller.handler") as stage:
        stage.function.environment["AWS_ENDPOINT_URL"] = url  # type: ignore[index]
        stage.supervisor.start()
        stage.supervisor.arm("fixture", Fault("after", "ListQueues", nth=2))
        stage.send({"n": 1})
        stage.send({"n": 2})
        eventually(lambda: stage.supervisor.deaths()["fixture"], "a death")
        stage.wait_until_empty()
        assert stage.supervisor.deaths() == {"fixture": 1}


def test_messages_stay_hidden_while_their_function_works(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poller, "VISIBILITY_S", 1)
    with Stage(url, tmp_path) as stage:
        stage.supervisor.start()
        stage.send({"do": "sleep", "seconds": 2.5})
        stage.noted(1)
        stage.wait_until_empty()
    assert len(stage.notes()) == 1


def test_a_poller_that_ends_by_a_bug_does_not_end_in_silence(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(invocation, "sqs_event", broken)
    with Stage(url, tmp_path) as stage:
        stage.supervisor.start()
        stage.send({"n": 1})
        eventually(lambda: stage.said, "a complaint")
        with pytest.raises(QueueLostError, match="nobody polls queue-"):
            stage.supervisor.batches()
