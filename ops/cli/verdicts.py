"""What a person may say of a version, and what is then written in its ModelPackage. Pure.

=========  ===================================  =========================================
verb       on a version that is                 writes
=========  ===================================  =========================================
approve    waiting                              ``Approved``
decline    waiting                              ``Rejected``
decline    approved, offered for production     ``{Production, Rejected}``
decline    approved, with --revoke              ``Rejected``: it leaves every stage
promote    approved, not declined there         ``{Production, Approved}``
=========  ===================================  =========================================

Everything else is refused: a declined version needs a new registration to return.
"""

from collections.abc import Callable, Sequence
from typing import Any

from ops.cli.errors import CliError, misused, not_found, refused
from ops.cli.registry import PRODUCTION, Described, Verdict, Version
from shared.contracts.names import Stage

Fields = dict[str, Any]
VERSIONS_LISTED = 10


def approve(seen: Described, note: str) -> Fields:
    """Approve a version for staging."""
    version = registered(seen)
    match version.approval:
        case Verdict.WAITING:
            return {"ModelApprovalStatus": "Approved", "ApprovalDescription": note}
        case Verdict.APPROVED:
            raise refused(
                f"{name(version)} is approved already{said(seen.approval_note)}",
                f"modelcycle promote {version.model} {version.number}"
                if version.production is Verdict.WAITING
                else f"modelcycle status {version.model}",
            )
        case Verdict.DECLINED:
            raise declined(version, seen.approval_note)


def decline(seen: Described, note: str, revoke: bool) -> Fields:
    """Decline a version, for staging or for production, or take its approval back."""
    version = registered(seen)
    if version.approval is Verdict.DECLINED:
        raise refused(
            f"{name(version)} is declined already{said(seen.approval_note)}",
            f"modelcycle status {version.model}",
        )
    if version.approval is Verdict.WAITING or revoke:
        return {"ModelApprovalStatus": "Rejected", "ApprovalDescription": note}
    if version.production is Verdict.WAITING:
        return life_cycle("Rejected", note)
    raise refused(
        f"{name(version)} is approved, and does not wait for anything",
        f"`modelcycle decline {version.model} {version.number} --revoke` takes the approval back; "
        "`modelcycle rollback` takes it from one stage",
    )


def promote(seen: Described, note: str) -> Fields:
    """Approve a version for production; before its smoke test, too."""
    version = registered(seen)
    match (version.approval, version.production):
        case (Verdict.DECLINED, _):
            raise declined(version, seen.approval_note)
        case (Verdict.WAITING, _):
            raise refused(
                f"{name(version)} is not approved yet",
                f"modelcycle approve {version.model} {version.number}",
            )
        case (_, Verdict.APPROVED):
            raise refused(
                f"{name(version)} is approved for production already{said(seen.production_note)}",
                f"modelcycle status {version.model}",
            )
        case (_, Verdict.DECLINED):
            raise declined(version, seen.production_note, " for production")
    return life_cycle("Approved", note)


def deployable(seen: Described, stage: Stage) -> None:
    """Refuse a version that people have not approved for a stage, as the deployer would."""
    version = registered(seen)
    if version.approval is Verdict.DECLINED:
        raise declined(version, seen.approval_note)
    if version.approval is Verdict.WAITING:
        raise refused(
            f"{name(version)} is not approved yet",
            f"modelcycle approve {version.model} {version.number}",
        )
    if stage is Stage.PRODUCTION and version.production is Verdict.DECLINED:
        raise declined(version, seen.production_note, " for production")
    if not is_approved(version, stage):
        raise refused(
            f"{name(version)} is not approved for production yet",
            f"modelcycle promote {version.model} {version.number}",
        )


def is_approved(version: Version, stage: Stage) -> bool:
    """Tell whether people approved a version for a stage."""
    if version.approval is not Verdict.APPROVED:
        return False
    return stage is Stage.STAGING or version.production is Verdict.APPROVED


def life_cycle(status: str, note: str) -> Fields:
    """Write what is said of production."""
    return {
        "ModelLifeCycle": {"Stage": PRODUCTION, "StageStatus": status, "StageDescription": note}
    }


def choose(
    model: str,
    versions: Sequence[Version],
    number: int | None,
    waits: Callable[[Version], bool],
    verb: str,
) -> Version:
    """Answer the version that is meant: the one named, or the only one that waits.

    Raises
    ------
    CliError
        If there is no such version, none waits, or several do.
    """
    if number is not None:
        return named(model, versions, number)
    waiting = [version for version in versions if waits(version)]
    if not waiting:
        raise refused(f"no version of {model} waits{purpose(verb)}", next_step(model, versions))
    if len(waiting) > 1:
        raise misused(
            f"{len(waiting)} versions of {model} wait: {listed(waiting)}",
            f"say which: modelcycle {verb} {model} {waiting[0].number}",
        )
    return waiting[0]


def named(model: str, versions: Sequence[Version], number: int) -> Version:
    """Answer the version of this number.

    Raises
    ------
    CliError
        If there is none, naming those that there are.
    """
    for version in versions:
        if version.number == number:
            return version
    raise not_found(f"there is no v{number} of {model}", known(model, versions))


def purpose(verb: str) -> str:
    """Say what a version would wait for."""
    return " for production" if verb == "promote" else " for approval"


def next_step(model: str, versions: Sequence[Version]) -> str:
    """Say what brings a version to where it waits."""
    if any(one.approval is Verdict.WAITING for one in versions):
        return f"modelcycle approve {model}"
    early = [one for one in versions if one.approval is Verdict.APPROVED and not one.production]
    if early:
        return (
            f"wait for the smoke test of {listed(early)}, or promote early by naming the version: "
            f"modelcycle promote {model} {early[0].number}"
        )
    return f'modelcycle status {model}; `modelcycle retrain {model} --reason "…"` makes a version'


def registered(seen: Described) -> Version:
    """Answer the version, if the loop knows it."""
    version = seen.version
    if seen.registration is None:
        raise refused(
            f"{name(version)} was not registered by the evaluator: nothing would be deployed",
            f'make a version by `modelcycle retrain {version.model} --reason "…"`',
        )
    return version


def declined(version: Version, note: str, where: str = "") -> CliError:
    """Say that a version was declined, and how another comes."""
    return refused(
        f"{name(version)} was declined{where}{said(note)}: it needs a new registration to return",
        f'modelcycle retrain {version.model} --reason "…"',
    )


def known(model: str, versions: Sequence[Version]) -> str:
    """Name the versions that there are."""
    if not versions:
        return f"none is registered yet: modelcycle status {model}"
    return f"there {'is' if len(versions) == 1 else 'are'} {listed(versions)}"


def listed(versions: Sequence[Version]) -> str:
    """Name versions, the first ten."""
    shown = ", ".join(f"v{version.number}" for version in versions[:VERSIONS_LISTED])
    return shown + (", …" if len(versions) > VERSIONS_LISTED else "")


def name(version: Version) -> str:
    """Name a version: ``fees v3``."""
    return f"{version.model} v{version.number}"


def said(note: str) -> str:
    """Repeat a note."""
    return f" ({note})" if note else ""
