"""Approving by the CLI is approving in the registry: what is read there is what a person wrote."""

import pytest

from tests.cli.conftest import Cli, Clients, Files
from tests.cli.world import Evaluator, lines


@pytest.fixture
def model(cli: Cli, files: Files, request: pytest.FixtureRequest) -> str:
    """A model of this test's own."""
    name = f"m{abs(hash(request.node.name)) % 10**8}"
    files(name)
    assert cli("models", "apply", f"{name}.yaml").exit_code == 0
    return name


def test_the_only_version_that_waits_is_approved_in_the_callers_name(
    cli: Cli, model: str, evaluator: Evaluator
) -> None:
    arn = evaluator.register(model)
    result = cli("approve", model, "--note", "looks good")
    assert (result.exit_code, result.stdout) == (0, f"{model} v1 is approved: it goes to staging\n")
    package = evaluator.package(arn)
    assert package["ModelApprovalStatus"] == "Approved"
    assert package["ApprovalDescription"] == "looks good"
    assert package["LastModifiedBy"]["UserProfileName"] == "jane"
    assert package["ModelLifeCycle"]["Stage"] == "Staging"


def test_a_version_goes_from_approval_to_promotion_and_no_step_twice(
    cli: Cli, model: str, evaluator: Evaluator
) -> None:
    arn = evaluator.register(model)
    assert lines(cli("promote", model)) == (
        4,
        [
            f"Error: no version of {model} waits for production",
            f"Try: modelcycle approve {model}",
        ],
    )
    assert cli("approve", model, "v1").exit_code == 0
    assert lines(cli("approve", model, "1")) == (
        4,
        [f"Error: {model} v1 is approved already", f"Try: modelcycle status {model}"],
    )
    evaluator.offer(arn)
    result = cli("promote", model, "--note", "ship it")
    assert result.stdout == f"{model} v1 is approved for production: it goes there\n"
    assert evaluator.package(arn)["ModelLifeCycle"] == {
        "Stage": "Production",
        "StageStatus": "Approved",
        "StageDescription": "ship it",
    }
    assert lines(cli("promote", model, "1")) == (
        4,
        [
            f"Error: {model} v1 is approved for production already (ship it)",
            f"Try: modelcycle status {model}",
        ],
    )


def test_production_may_be_approved_before_the_smoke_test(
    cli: Cli, model: str, evaluator: Evaluator
) -> None:
    evaluator.register(model)
    cli("approve", model)
    result = cli("promote", model, "1")
    assert result.stdout == (
        f"{model} v1 is approved for production early: it goes there after its smoke test\n"
    )


def test_a_declined_version_cannot_be_approved_any_more(
    cli: Cli, model: str, evaluator: Evaluator
) -> None:
    arn = evaluator.register(model)
    assert cli("decline", model, "--note", "too wide").stdout == f"{model} v1 is declined\n"
    assert evaluator.package(arn)["ModelApprovalStatus"] == "Rejected"
    assert lines(cli("approve", model, "1")) == (
        4,
        [
            f"Error: {model} v1 was declined (too wide): it needs a new registration to return",
            f'Try: modelcycle retrain {model} --reason "…"',
        ],
    )


def test_a_promotion_is_declined_and_an_approval_taken_back(
    cli: Cli, model: str, evaluator: Evaluator
) -> None:
    arn = evaluator.register(model)
    cli("approve", model)
    evaluator.offer(arn)
    assert cli("decline", model).stdout == f"{model} v1 is kept out of production\n"
    assert evaluator.package(arn)["ModelLifeCycle"]["StageStatus"] == "Rejected"
    assert evaluator.package(arn)["ModelApprovalStatus"] == "Approved"
    result = cli("decline", model, "1", "--revoke")
    assert result.stdout == f"the approval of {model} v1 is taken back: it leaves every stage\n"
    assert evaluator.package(arn)["ModelApprovalStatus"] == "Rejected"


def test_of_several_waiting_versions_one_must_be_named(
    cli: Cli, model: str, evaluator: Evaluator
) -> None:
    evaluator.register(model)
    evaluator.register(model)
    assert lines(cli("approve", model)) == (
        2,
        [
            f"Error: 2 versions of {model} wait: v2, v1",
            f"Try: say which: modelcycle approve {model} 2",
        ],
    )
    assert cli("approve", model, "1").exit_code == 0
    assert lines(cli("approve", model, "7")) == (
        3,
        [f"Error: there is no v7 of {model}", "Try: there are v2, v1"],
    )


def test_where_nothing_was_registered_nothing_waits(cli: Cli, model: str) -> None:
    assert lines(cli("approve", model)) == (
        4,
        [
            f"Error: no version of {model} waits for approval",
            f'Try: modelcycle status {model}; `modelcycle retrain {model} --reason "…"` '
            "makes a version",
        ],
    )


def test_a_version_of_strangers_is_not_approved(
    cli: Cli, model: str, evaluator: Evaluator, aws: Clients
) -> None:
    arn = evaluator.register(model, ours=False)
    code, told = lines(cli("approve", model))
    assert (code, told[0]) == (
        4,
        f"Error: {model} v1 was not registered by the evaluator: nothing would be deployed",
    )
    assert evaluator.package(arn)["ModelApprovalStatus"] == "PendingManualApproval"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("approve", "fees", "latest"), "'latest' is no version: write its number, as 3 or v3"),
        (("approve", "fees", "0"), "'0' is no version"),
        (("approve", "fees", "--note", "rule: fine"), "must not begin with 'rule:'"),
        (("approve", "fees", "--note", "a\nb"), "must be one line of at most 1000 characters"),
        (("retrain", "fees"), "Missing option '--reason'."),
        (("retrain", "fees", "--reason", " "), "must not be empty"),
        (("rollback", "fees", "--reason", "bad"), "Missing option '--stage'."),
        (("rollback", "fees", "--reason", "bad", "--stage", "prod"), "'prod' is not one of"),
        (("deploy", "fees", "--reason", "bad", "--stage", "staging"), "Missing argument 'VERSION'"),
        (("deploy", "fees", "1", "--reason", "bad"), "Missing option '--stage'."),
    ],
)
def test_wrong_use_is_told_before_aws_is_asked(
    bare: Cli, arguments: tuple[str, ...], said: str
) -> None:
    code, told = lines(bare(*arguments))
    assert code == 2
    assert said in told[0]
    assert told[1] == f"Try: modelcycle {arguments[0]} --help"


def test_approving_a_version_of_a_frozen_model_says_that_nothing_is_deployed(
    cli: Cli, model: str, evaluator: Evaluator
) -> None:
    evaluator.register(model)
    cli("models", "freeze", model)
    result = cli("approve", model)
    assert result.exit_code == 0
    assert (
        f"{model} is frozen: nothing is deployed until `models unfreeze {model}`" in result.stderr
    )
