"""`modelcycle models`: everything is checked, then written in order, then said once."""

import json
from pathlib import Path

import pytest

from shared.contracts.specs import ModelSpec, SeriesSpec
from tests.cli.conftest import Cli, Clients, Files
from tests.cli.world import heard, lines


def stored(aws: Clients, path: str) -> str | None:
    ssm = aws("ssm")
    try:
        return str(ssm.get_parameter(Name=f"/modelcycle/dev/{path}")["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        return None


def test_a_new_model_is_written_with_its_series_and_said_to_the_trainer(
    cli: Cli, aws: Clients, files: Files
) -> None:
    heard(aws, "trainer")
    files("new")
    result = cli("models", "apply", "new.yaml")
    assert result.exit_code == 0, result.stderr
    assert "series transactions: new" in result.stdout
    assert "model new: new" in result.stdout
    assert "  horizon: 12" in result.stdout
    spec = ModelSpec.parse(stored(aws, "new/spec") or "")
    assert SeriesSpec.parse(stored(aws, "series/transactions") or "").series == spec.series
    assert stored(aws, "series/transactions/models/new") == "new"
    (event,) = heard(aws, "trainer")
    assert (event["source"], event["detail-type"]) == ("modelcycle.operator", "ModelSpecApplied")
    assert event["detail"]["data"]["digest"] == spec.digest()
    metadata = event["detail"]["metadata"]
    assert metadata["actor"] == "arn:aws:iam::123456789012:user/jane"
    assert metadata["event_id"] == metadata["correlation_id"] == metadata["causation_id"]
    assert "revision" not in metadata


def test_applying_the_same_again_says_so_and_sends_nothing(
    cli: Cli, aws: Clients, files: Files
) -> None:
    files("twice")
    cli("models", "apply", "twice.yaml")
    heard(aws, "trainer")
    result = cli("models", "apply", "twice.yaml")
    assert (result.exit_code, result.stdout) == (0, "unchanged: twice\n")
    assert heard(aws, "trainer") == []


def test_a_change_is_shown_field_by_field_and_said_with_their_names(
    cli: Cli, aws: Clients, files: Files
) -> None:
    files("changing")
    cli("models", "apply", "changing.yaml")
    heard(aws, "trainer")
    files("changing", "gate:\n  limit_ratio: 0.9\n", horizon="24")
    result = cli("models", "apply", ".")
    assert "model changing: changed" in result.stdout
    assert "  gate.limit_ratio: 1.0 → 0.9\n  horizon: 12 → 24\n" in result.stdout
    (event,) = heard(aws, "trainer")
    assert event["detail"]["data"]["changed_fields"] == ["gate.limit_ratio", "horizon"]


def test_a_check_writes_nothing_and_tells_a_difference_by_its_exit_code(
    cli: Cli, aws: Clients, files: Files
) -> None:
    files("checked")
    assert cli("models", "apply", "--check", "checked.yaml").exit_code == 1
    assert stored(aws, "checked/spec") is None
    cli("models", "apply", "checked.yaml")
    assert cli("models", "apply", "--check", "checked.yaml").exit_code == 0


def test_a_model_that_reads_another_series_leaves_the_index_of_the_old_one(
    cli: Cli, aws: Clients, files: Files
) -> None:
    files("moving")
    cli("models", "apply", "moving.yaml")
    Path("series/blocks.yaml").write_text("series: blocks\nwindow: 1m\n")
    files("moving", series="blocks")
    cli("models", "apply", "moving.yaml")
    assert stored(aws, "series/transactions/models/moving") is None
    assert stored(aws, "series/blocks/models/moving") == "moving"


BIG = "hyperparameters:\n" + "".join(f"  name_{number}: {number}\n" for number in range(400))


@pytest.mark.parametrize(
    ("more", "changes", "said"),
    [
        ("", {"horizon": "0"}, "bad.yaml:5: horizon: must be >= 1 and <= 400, got 0"),
        ("horizn: 3\n", {}, "bad.yaml:6: horizn: unknown key; did you mean 'horizon'?"),
        ("", {"series": "transaction"}, "bad.yaml:5: series: unknown series 'transaction': "),
        ("gate:\n  limit_ratio: .nan\n", {}, "bad.yaml:7: gate.limit_ratio: "),
        ("quantiles: [0.5, 1.5]\n", {}, "bad.yaml:6: quantiles: must be between 0 and 1"),
        ("", {"frequency": "90"}, "bad.yaml:5: frequency: needs a unit"),
        (BIG, {}, "bad.yaml"),
    ],
)
def test_a_mistake_in_one_file_and_nothing_of_any_file_is_written(
    cli: Cli, aws: Clients, files: Files, more: str, changes: dict[str, str], said: str
) -> None:
    files("good")
    files("bad", more, **changes)
    code, told = lines(cli("models", "apply", "good.yaml", "bad.yaml"))
    assert code == 2
    assert told[0].startswith(f"Error: {said}")
    assert told[-1] == "Try: correct the files; nothing was written"
    assert stored(aws, "good/spec") is None


def test_a_file_that_is_not_there_is_named(cli: Cli) -> None:
    assert lines(cli("models", "apply", "none.yaml")) == (
        2,
        [
            "Error: none.yaml: cannot be read: No such file or directory",
            "Try: correct the files; nothing was written",
        ],
    )


def test_an_environment_that_is_not_there_is_refused_with_the_nearest(
    cli: Cli, aws: Clients, files: Files, url: str
) -> None:
    files("elsewhere")
    assert lines(cli("--env", "dv", "models", "apply", "elsewhere.yaml")) == (
        3,
        [
            f"Error: there is no environment 'dv' at {url} (us-east-1)",
            "Try: did you mean 'dev'?; choose with --env or MODELCYCLE_ENV",
        ],
    )
    assert lines(cli("models", "list", "--env", "prod"))[0] == 3


def test_a_name_that_no_environment_can_have_is_wrong_use(cli: Cli) -> None:
    code, told = lines(cli("models", "list", "--env", "Dev!"))
    assert code == 2
    assert "environment name 'Dev!': use 1 to 8 lower-case letters" in told[0]


def test_freezing_is_a_change_of_the_spec_that_is_said(
    cli: Cli, aws: Clients, files: Files
) -> None:
    files("icy")
    cli("models", "apply", "icy.yaml")
    heard(aws, "trainer")
    frozen = cli("models", "freeze", "icy")
    assert (frozen.exit_code, frozen.stdout) == (0, "icy is frozen\n")
    assert "write `frozen: true` in its file, too" in frozen.stderr
    assert ModelSpec.parse(stored(aws, "icy/spec") or "").frozen
    (event,) = heard(aws, "trainer")
    assert event["detail"]["data"]["changed_fields"] == ["frozen"]
    assert lines(cli("models", "freeze", "icy")) == (
        4,
        ["Error: icy is frozen already", "Try: modelcycle models unfreeze icy"],
    )
    thawed = cli("models", "unfreeze", "icy")
    assert thawed.stdout == "icy is not frozen any more\n"
    assert thawed.stderr.startswith("if its file says `frozen: true`, remove that: ")
    assert lines(cli("models", "unfreeze", "icy")) == (
        4,
        ["Error: icy is not frozen", "Try: modelcycle models freeze icy"],
    )


def test_applying_a_file_that_does_not_say_frozen_unfreezes_and_tells(
    cli: Cli, files: Files
) -> None:
    files("thawing")
    cli("models", "apply", "thawing.yaml")
    cli("models", "freeze", "thawing")
    result = cli("models", "apply", "thawing.yaml")
    assert "  frozen: True → False" in result.stdout
    assert "thawing is not frozen any more: its file does not say so" in result.stderr


@pytest.mark.parametrize(("said", "after"), [("", False), ("frozen: true\n", True)])
def test_applying_a_file_after_unfreezing_freezes_only_where_the_file_says_so(
    cli: Cli, aws: Clients, files: Files, said: str, after: bool
) -> None:
    files("iced", said)
    cli("models", "apply", "iced.yaml")
    cli("models", "freeze", "iced")
    assert cli("models", "unfreeze", "iced").exit_code == 0
    cli("models", "apply", "iced.yaml")
    assert ModelSpec.parse(stored(aws, "iced/spec") or "").frozen is after


def test_models_are_listed_and_shown_for_people_and_for_programs(
    cli: Cli, aws: Clients, files: Files
) -> None:
    files("shown")
    cli("models", "apply", "shown.yaml")
    listed = cli("models", "list")
    assert "shown" in listed.stdout
    assert "lightgbm" in listed.stdout
    document = json.loads(cli("models", "list", "--json").stdout)
    assert document["environment"] == "dev"
    assert "shown" in [model["model"] for model in document["models"]]
    text = cli("models", "show", "shown").stdout
    assert "horizon: 12" in text
    assert "# history_points: " in text
    aws("ssm").put_parameter(Name="/modelcycle/dev/shown/threshold", Value="0.4", Type="String")
    one = json.loads(cli("models", "show", "shown", "--json").stdout)
    assert one["spec"]["horizon"] == 12
    assert one["set_at_run_time"] == {"threshold": 0.4, "hyperparameters": {}}
    assert "# threshold set at run time: 0.4" in cli("models", "show", "shown").stdout


@pytest.mark.parametrize(
    "command",
    [
        ("models", "show", "showm"),
        ("models", "freeze", "showm"),
        ("status", "showm"),
        ("approve", "showm"),
        ("promote", "showm", "3"),
        ("retrain", "showm", "--reason", "why not"),
        ("rollback", "showm", "--stage", "staging", "--reason", "why not"),
        ("deploy", "showm", "3", "--stage", "staging", "--reason", "why not"),
    ],
)
def test_an_unknown_model_is_answered_with_the_nearest(
    cli: Cli, files: Files, command: tuple[str, ...]
) -> None:
    files("shown")
    cli("models", "apply", "shown.yaml")
    assert lines(cli(*command)) == (
        3,
        [
            "Error: there is no model 'showm' in environment 'dev'",
            "Try: did you mean 'shown'?",
        ],
    )


def test_a_name_that_no_model_can_have_is_simply_unknown(cli: Cli) -> None:
    code, told = lines(cli("models", "show", "../Fees"))
    assert code == 3
    assert told[0] == "Error: there is no model '../Fees' in environment 'dev'"


def test_a_stored_spec_that_cannot_be_read_does_not_hide_the_others(
    cli: Cli, aws: Clients, files: Files
) -> None:
    files("sound")
    cli("models", "apply", "sound.yaml")
    ssm = aws("ssm")
    ssm.put_parameter(Name="/modelcycle/dev/torn/spec", Value='{"horizon":0}', Type="String")
    try:
        result = cli("models", "list")
        assert "sound" in result.stdout
        assert "/modelcycle/dev/torn/spec cannot be read: model: is missing" in result.stderr
        code, told = lines(cli("models", "show", "torn"))
        assert code == 1
        assert told[0].startswith("Error: the stored spec of 'torn' cannot be read: model: ")
        assert told[1] == "Try: apply its file again: modelcycle models apply PATH"
    finally:
        ssm.delete_parameter(Name="/modelcycle/dev/torn/spec")
