"""What may be said of a version: a table of what it is, what is said, and what is written."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from ops.cli import verdicts
from ops.cli.errors import CliError, ExitCode
from ops.cli.registry import Described, Verdict, Version
from tests.cli.world import registration

NOW = datetime(2026, 3, 1, tzinfo=UTC)
WAITING, APPROVED, DECLINED = Verdict.WAITING, Verdict.APPROVED, Verdict.DECLINED

Say = Callable[[Described], verdicts.Fields]
SAY: dict[str, Say] = {
    "approve": lambda seen: verdicts.approve(seen, "note"),
    "decline": lambda seen: verdicts.decline(seen, "note", revoke=False),
    "revoke": lambda seen: verdicts.decline(seen, "note", revoke=True),
    "promote": lambda seen: verdicts.promote(seen, "note"),
}


def version(
    approval: Verdict = WAITING, production: Verdict | None = None, number: int = 3
) -> Version:
    return Version("fees", number, f"arn/{number}", approval, production, NOW)


def described(version: Version, ours: bool = True) -> Described:
    return Described(
        version=version,
        registration=registration("fees-r0123456789ab") if ours else None,
        approval_note="too wide",
        production_note="bad week",
        modified_by="jane",
        modified_at=NOW,
        evaluation_uri=None,
    )


STATUS_APPROVED = {"ModelApprovalStatus": "Approved", "ApprovalDescription": "note"}
STATUS_REJECTED = {"ModelApprovalStatus": "Rejected", "ApprovalDescription": "note"}


def production(status: str) -> verdicts.Fields:
    return {
        "ModelLifeCycle": {
            "Stage": "Production",
            "StageStatus": status,
            "StageDescription": "note",
        }
    }


@pytest.mark.parametrize(
    ("verb", "of", "written"),
    [
        ("approve", version(WAITING), STATUS_APPROVED),
        ("decline", version(WAITING), STATUS_REJECTED),
        ("decline", version(APPROVED, WAITING), production("Rejected")),
        ("revoke", version(APPROVED), STATUS_REJECTED),
        ("revoke", version(APPROVED, WAITING), STATUS_REJECTED),
        ("revoke", version(APPROVED, APPROVED), STATUS_REJECTED),
        ("promote", version(APPROVED, WAITING), production("Approved")),
        ("promote", version(APPROVED), production("Approved")),
    ],
)
def test_what_is_said_is_written_as_in_studio(
    verb: str, of: Version, written: verdicts.Fields
) -> None:
    assert SAY[verb](described(of)) == written


RETRAIN = 'modelcycle retrain fees --reason "…"'
STATUS = "modelcycle status fees"
OUT = "needs a new registration to return"


@pytest.mark.parametrize(
    ("verb", "of", "what", "fix"),
    [
        ("approve", version(APPROVED), "fees v3 is approved already (too wide)", STATUS),
        (
            "approve",
            version(APPROVED, WAITING),
            "fees v3 is approved already (too wide)",
            "modelcycle promote fees 3",
        ),
        ("approve", version(DECLINED), f"fees v3 was declined (too wide): it {OUT}", RETRAIN),
        ("decline", version(DECLINED), "fees v3 is declined already (too wide)", STATUS),
        ("revoke", version(DECLINED), "fees v3 is declined already (too wide)", STATUS),
        (
            "decline",
            version(APPROVED, APPROVED),
            "fees v3 is approved, and does not wait for anything",
            "`modelcycle decline fees 3 --revoke` takes the approval back; "
            "`modelcycle rollback` takes it from one stage",
        ),
        ("promote", version(WAITING), "fees v3 is not approved yet", "modelcycle approve fees 3"),
        ("promote", version(DECLINED), f"fees v3 was declined (too wide): it {OUT}", RETRAIN),
        (
            "promote",
            version(APPROVED, APPROVED),
            "fees v3 is approved for production already (bad week)",
            STATUS,
        ),
        (
            "promote",
            version(APPROVED, DECLINED),
            f"fees v3 was declined for production (bad week): it {OUT}",
            RETRAIN,
        ),
    ],
)
def test_what_cannot_be_said_is_refused_with_the_way_out(
    verb: str, of: Version, what: str, fix: str
) -> None:
    with pytest.raises(CliError) as error:
        SAY[verb](described(of))
    assert (error.value.code, error.value.what, error.value.fix) == (ExitCode.STATE, what, fix)


@pytest.mark.parametrize("verb", SAY)
def test_a_version_that_the_evaluator_did_not_register_is_left_alone(verb: str) -> None:
    with pytest.raises(CliError) as error:
        SAY[verb](described(version(), ours=False))
    assert error.value.what.startswith("fees v3 was not registered by the evaluator: ")


def waits(one: Version) -> bool:
    return one.approval is WAITING


@pytest.mark.parametrize(
    ("versions", "number", "code", "what", "fix"),
    [
        ([], 3, 3, "there is no v3 of fees", f"none is registered yet: {STATUS}"),
        ([version(number=4)], 3, 3, "there is no v3 of fees", "there is v4"),
        (
            [version(number=number) for number in range(20, 4, -1)],
            3,
            3,
            "there is no v3 of fees",
            "there are v20, v19, v18, v17, v16, v15, v14, v13, v12, v11, …",
        ),
        (
            [version(number=4), version()],
            None,
            2,
            "2 versions of fees wait: v4, v3",
            "say which: modelcycle approve fees 4",
        ),
        (
            [version(APPROVED, APPROVED)],
            None,
            4,
            "no version of fees waits for approval",
            f"{STATUS}; `{RETRAIN}` makes a version",
        ),
    ],
)
def test_the_version_must_be_clear(
    versions: list[Version], number: int | None, code: int, what: str, fix: str
) -> None:
    with pytest.raises(CliError) as error:
        verdicts.choose("fees", versions, number, waits, "approve")
    assert (error.value.code, error.value.what, error.value.fix) == (code, what, fix)


def test_the_only_one_that_waits_is_meant() -> None:
    versions = [version(DECLINED, number=4), version(), version(APPROVED, number=2)]
    assert verdicts.choose("fees", versions, None, waits, "approve").number == 3


@pytest.mark.parametrize(
    ("of", "fix"),
    [
        (version(WAITING), "modelcycle approve fees"),
        (
            version(APPROVED),
            "wait for the smoke test of v3, or promote early by naming the version: "
            "modelcycle promote fees 3",
        ),
    ],
)
def test_where_nothing_waits_for_production_the_step_before_is_named(of: Version, fix: str) -> None:
    with pytest.raises(CliError) as error:
        verdicts.choose("fees", [of], None, lambda one: False, "promote")
    assert error.value.what == "no version of fees waits for production"
    assert error.value.fix == fix
