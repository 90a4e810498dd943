"""`modelcycle timeline`, `why`, `as-of`, `versions` and `lineage`: asked of a journal as it is."""

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from infra.local import account
from ops.cli import output
from ops.cli.questions import timeline
from ops.cli.questions.timeline import tree
from services.journal import domain
from services.journal.aws import DynamoBook
from services.journal.questions.life import lived
from services.journal.questions.timeline import cycles
from shared.contracts import names
from shared.contracts.lifecycle import (
    DataStalled,
    DecisionRecorded,
    ModelApproved,
    RetrainRequested,
    TrainingStarted,
    TrainingSuppressed,
)
from tests.cli.conftest import Cli, Clients, Files
from tests.cli.world import lines
from tests.services.journal.chronicle import ALICE, Chronicle, a_full_life

Asked = Callable[..., Any]


def full() -> Chronicle:
    """A life with a no of the governor in it, and a roll-out that was tried twice."""
    told = a_full_life()
    told.say(TrainingSuppressed, trip="third", rule="cool_down", reason="a run began at noon")
    told.say(ModelApproved, trip="third", version=3, approver=ALICE)
    told.say(
        DecisionRecorded,
        trip="third",
        service="deployer",
        model="fees",
        answered="RollOut",
        cause={"refused": "ResourceLimitExceeded", "message": "no"},
        why="v3: no capacity, attempt 1 of 3",
        events=(),
    )
    told.roll_out(3, "staging", "third")
    return told


TOLD = full()
FIRST, LAST = TOLD.entries[0], TOLD.entries[-1]


@pytest.fixture(scope="module")
def journal(url: str) -> None:
    book = DynamoBook(account.client("dynamodb", url, "journal"), names.table("dev", "journal"))
    other = Chronicle()
    other.say(DataStalled, series="transactions")
    for entry in (*TOLD.entries, *other.entries):
        book.keep(entry)


@pytest.fixture
def asked(cli: Cli, files: Files, journal: None) -> Cli:
    """Ask a journal that knows one model."""
    files("fees")
    files("quiet")
    cli("models", "apply", "fees.yaml", "quiet.yaml")
    return cli


def document(cli: Cli, *arguments: str) -> Any:
    result = cli(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_versions_are_listed_with_scores_verdicts_and_how_they_ended(asked: Cli) -> None:
    found = document(asked, "versions", "fees")["versions"]
    assert [(one["version"], one["approval"], one["stands"]) for one in found] == [
        (1, "approved", "serves in production"),
        (
            2,
            "approved",
            "left production: rolled back by arn:aws:iam::123456789012:user/alice: it looks odd",
        ),
        (3, "approved", "serves in staging"),
    ]
    assert found[0]["evidence"]["score"] == 0.314
    shown = asked("versions", "fees").stdout.splitlines()
    assert [line.split()[0] for line in shown] == ["version", "v1", "v2", "v3"]
    assert "; promoted by alice, " in shown[1]
    assert "left production: rolled back by alice: it looks odd" in shown[2]


def test_what_was_live_at_a_moment_is_what_had_been_said_by_then(asked: Cli) -> None:
    served = {}
    for entry in TOLD.entries:
        at = entry.occurred_at.isoformat()
        seen = document(asked, "as-of", at, "fees")["stages"]["production"]["stay"]
        served[entry.event_id] = seen and seen["version"]
    assert list(dict.fromkeys(served.values())) == [None, 1, 2]
    assert served[FIRST.event_id] is None
    assert served[LAST.event_id] == 1
    shown = asked("as-of", LAST.occurred_at.isoformat(), "fees").stdout
    assert "production  v1 since" in shown
    assert "came back" in shown
    assert "promoted by alice, 2026-03-01 12:09:00 UTC: looks good" in shown
    assert "wish        of spec waits, cool_down: a run began at noon" in shown


def test_a_timeline_lists_trips_and_tells_the_latest_step_by_step(asked: Cli) -> None:
    shown = asked("timeline", "fees").stdout.splitlines()
    trips = [line.strip().split("  ")[-1].strip() for line in shown[1:4]]
    assert trips == [
        "v1 serves in production",
        "v2 left production: rolled back by alice: it looks odd",
        "v3 serves in staging",
    ]
    steps = shown[shown.index("") + 1 :]
    assert "RetrainRequested" in steps[0]
    assert steps[-1] == "outcome: v3 serves in staging"
    tried = next(line for line in steps if "DeploymentStarted" in line)
    assert "tried 2 times: v3: no capacity, attempt 1 of 3" in tried
    assert any("ModelApproved" in line and "then 2 min" in line for line in steps)


def test_in_a_terminal_a_trip_is_a_tree_in_which_only_branches_stand_apart() -> None:
    entries = TOLD.entries
    found = cycles(lived("fees", entries), entries)
    console = Console(width=300, record=True, file=StringIO())
    console.print(tree(found[0]))
    drawn = console.export_text().splitlines()
    assert drawn[0].rstrip() == "trip first: v1 serves in production"
    shapes = ["".join(sign for sign in line[:8] if sign in "│├└") for line in drawn[1:]]
    assert shapes == ["├", *["│├"] * 10, "│└", "└", "├", "├", "└"]


def test_a_trip_is_found_by_its_version_and_by_the_beginning_of_its_id(asked: Cli) -> None:
    (by_version,) = document(asked, "timeline", "fees", "--cycle", "v2")["cycles"]
    (by_id,) = document(asked, "timeline", "fees", "--cycle", "sec")["cycles"]
    assert by_version == by_id
    kinds = [step["detail_type"] for step in by_id["steps"]]
    assert kinds[:3] == ["AccuracyDegraded", "TrainingStarted", "TrainingCompleted"]
    parents = {step["event_id"]: step["because_of"] for step in by_id["steps"]}
    assert [parents[one] for one in list(parents)[:2]] == [None, by_id["steps"][0]["event_id"]]
    whole = document(asked, "timeline", "fees")["cycles"]
    assert [one["versions"] for one in whole] == [[1], [2], [3]]
    assert [one["id"] for one in document(asked, "timeline", "fees", "--limit", "1")["cycles"]] == [
        "third"
    ]


def test_a_timeline_says_how_far_back_it_has_looked_for_what_was_tried_in_vain(
    asked: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert document(asked, "timeline", "fees")["retries_since"] is None
    assert asked("timeline", "fees").stderr == ""
    monkeypatch.setattr(timeline, "DECISIONS_READ", 2)
    told = document(asked, "timeline", "fees")
    before = TOLD.entries[-2].occurred_at
    assert told["retries_since"] == output.iso(before)
    assert [
        step["retries"] for one in told["cycles"] for step in one["steps"] if step["retries"]
    ] == []
    assert asked("timeline", "fees").stderr.splitlines() == [
        f"what was tried in vain before {before:%Y-%m-%d %H:%M:%S} UTC was not read"
    ]


def test_why_tells_the_story_of_what_serves_and_what_is_open(asked: Cli) -> None:
    told = document(asked, "why", "fees")
    assert told["why"].startswith("v1 serves in production since ")
    for part in ("asked for a training", "sent v1 to production (looks good)", "it looks odd"):
        assert part in told["why"]
    assert any(matter.startswith("a training waits") for matter in told["open"])
    kinds = [link["detail_type"] for link in told["chain"]]
    assert (kinds[0], kinds[-1]) == ("RetrainRequested", "EndpointInService")
    shown = asked("why", "fees").stdout
    assert "alice asked to take v2 from production" in shown
    assert "arn:aws:iam" not in shown


def test_why_an_event_was_said_is_the_chain_to_its_root(asked: Cli) -> None:
    told = document(asked, "why", LAST.event_id)
    kinds = [link["detail_type"] for link in told["chain"]]
    assert kinds == [
        "RetrainRequested",
        "TrainingStarted",
        "TrainingCompleted",
        "ModelEvaluated",
        "ModelRegistered",
        "ModelApproved",
        "DeploymentStarted",
        "EndpointInService",
    ]
    assert told["why"].endswith(
        "approved v3 (looks good). v3 reached staging on 2026-03-01 12:37:00 UTC."
    )
    assert "v3 serves in staging" in asked("why", LAST.event_id).stdout


def test_a_lineage_is_complete_or_its_gap_is_named(asked: Cli) -> None:
    done = asked("lineage", "fees", "--json")
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert (told["version"], told["complete"]) == (1, False)
    missing = [link["name"] for link in told["links"] if not link["found"]]
    assert missing == ["records"]
    code, said = lines(asked("lineage", "fees", "3"))
    assert code == 1
    assert said == ["records: the journal knows no ObservationsIngested of its windows"]


NOT_THERE: list[Any] = [
    (
        ("versions", "fes"),
        (
            3,
            [
                "Error: there is no model 'fes' in environment 'dev'",
                "Try: did you mean 'fees'?",
            ],
        ),
    ),
    (
        ("timeline", "transactions"),
        (
            3,
            [
                "Error: there is no model 'transactions' in environment 'dev'",
                "Try: known: 'fees', 'quiet'",
            ],
        ),
    ),
    (
        ("timeline", "fees", "--cycle", "none"),
        (3, ["Error: fees has no trip 'none'", "Try: `modelcycle timeline fees` lists the latest"]),
    ),
    (
        ("why", "nothing"),
        (
            3,
            [
                "Error: there is neither a model nor an event 'nothing'",
                "Try: `modelcycle models list` shows the models, `modelcycle events list` the "
                "latest events",
            ],
        ),
    ),
    (
        ("as-of", "2026-03-01T11:00Z", "fees"),
        (
            3,
            [
                "Error: nothing was known of 'fees' at 2026-03-01 11:00:00 UTC",
                "Try: ask for 2026-03-01T12:00:00Z or later: its first event is of then",
            ],
        ),
    ),
    (
        ("as-of", "0999-01-01", "fees"),
        (
            3,
            [
                "Error: nothing was known of 'fees' at 0999-01-01 00:00:00 UTC",
                "Try: ask for 2026-03-01T12:00:00Z or later: its first event is of then",
            ],
        ),
    ),
    (
        ("lineage", "fees", "9"),
        (
            3,
            [
                "Error: the journal knows no v9 of fees",
                "Try: say which: modelcycle lineage fees 3 (there are 3)",
            ],
        ),
    ),
]


@pytest.mark.parametrize(("command", "answer"), NOT_THERE, ids=lambda one: str(one)[:30])
def test_what_cannot_be_found_is_told(
    asked: Cli, command: tuple[str, ...], answer: tuple[int, list[str]]
) -> None:
    assert lines(asked(*command)) == answer


def test_what_may_be_several_is_asked_for(asked: Cli) -> None:
    code, said = lines(asked("why", "ModelRegistered"))
    assert code == 2
    assert said[0].startswith("Error: 3 events begin with 'ModelRegistered': ")
    assert said[1] == "Try: give more of it"


def test_a_model_to_which_nothing_has_happened_is_told_from_one_that_is_not_there(
    asked: Cli,
) -> None:
    code, said = lines(asked("versions", "quiet"))
    assert (code, said) == (
        3,
        ["Error: nothing has happened to 'quiet' yet", "Try: modelcycle status quiet"],
    )


def test_what_a_later_version_said_is_left_out_and_named(asked: Cli, aws: Clients) -> None:
    book = DynamoBook(aws("dynamodb"), names.table("dev", "journal"))
    other = Chronicle()
    other.say(RetrainRequested, model="quiet")
    other.say(TrainingStarted, model="quiet")
    first, second = other.entries
    ids = {"event_id": "of-tomorrow", "position": f"{second.position}-2"}
    book.keep(first)
    book.keep(second.changed(detail_type="TrainingStarted.v2", **ids))
    assert asked("versions", "quiet").stderr.splitlines() == [
        "left out, as a later version of this program said it: TrainingStarted.v2",
        "no version of quiet is registered yet",
    ]


def test_a_second_is_asked_about_with_all_that_was_said_in_it(asked: Cli, aws: Clients) -> None:
    said = Chronicle()
    said.say(RetrainRequested, model="early")
    (entry,) = said.entries
    at = entry.occurred_at.replace(microsecond=400_000)
    moved = f"{domain.moment(at)}{entry.position[len(domain.moment(at)) :]}"
    book = DynamoBook(aws("dynamodb"), names.table("dev", "journal"))
    book.keep(entry.changed(occurred_at=at, position=moved, event_id="early"))
    second = f"{at:%Y-%m-%dT%H:%M:%S}"
    assert document(asked, "as-of", f"{second}Z", "early")["at"] == f"{second}Z"
    assert asked("as-of", f"{second}Z", "early").stdout.startswith("model")
    code, told = lines(asked("as-of", f"{second}.3Z", "early"))
    assert (code, told[1]) == (
        3,
        f"Try: ask for {second}Z or later: its first event is of then",
    )


def test_now_can_be_asked_about(asked: Cli) -> None:
    told = document(asked, "as-of", "now", "fees")
    assert told["stages"]["production"]["stay"]["version"] == 1


def test_the_future_cannot_be_asked_about(asked: Cli) -> None:
    code, said = lines(asked("as-of", "2199-01-01", "fees"))
    assert code == 2
    assert said[0].startswith("Error: 2199-01-01 00:00:00 UTC is in the future: it is ")
    assert lines(asked("as-of", "soon", "fees"))[0] == 2
