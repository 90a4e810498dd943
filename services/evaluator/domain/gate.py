"""The gate: small named rules, each of which says why a candidate may not pass, or nothing.

A candidate passes when no usual rule objects. While the champion is in breach, passing the rules of
relief is enough, whoever wanted the run: in a world that became harder for everybody nobody may
reach the old limit, and the better of two is still the better one.
"""

from collections.abc import Callable

from shared.contracts.frozen import Frozen
from shared.contracts.lifecycle.evaluation import ChampionSeen, GateSeen


class Case(Frozen):
    """What the gate judges by. Scores are mean wQL: lower is better."""

    score: float
    baseline: float
    points: int
    gate: GateSeen
    champion: ChampionSeen
    in_breach: bool
    """Whether the champion that was compared with fell short, by the monitor's latest word."""


class Verdict(Frozen):
    """What the gate says."""

    passed: bool
    reasons: tuple[str, ...]
    """Why it was refused; of one that passed, what was overlooked."""


Rule = Callable[[Case], str | None]


def enough_points(case: Case) -> str | None:
    """A verdict needs points."""
    if case.points >= case.gate.min_points:
        return None
    return f"{case.points} points make no verdict, {case.gate.min_points} are needed"


def within_limit(case: Case) -> str | None:
    """The score is within the limit in force."""
    if case.score <= case.gate.limit:
        return None
    return (
        f"mean wQL {case.score:.4g} is above the limit {case.gate.limit:.4g} ({case.gate.limit_is})"
    )


def not_worse_than_champion(case: Case) -> str | None:
    """On the windows that both can be judged by, the champion is not better beyond noise."""
    low = case.champion.difference_low
    if low is None or low <= 0:
        return None
    return f"{compared(case.champion)}: worse beyond noise"


def better_than_champion(case: Case) -> str | None:
    """On the windows that both can be judged by, the champion is beaten beyond noise."""
    high = case.champion.difference_high
    if high is None:
        return f"not compared with the champion: {case.champion.not_compared}"
    return None if high < 0 else f"{compared(case.champion)}: not better beyond noise"


def no_worse_than_baseline(case: Case) -> str | None:
    """A naive forecast is not better."""
    if case.score <= case.baseline:
        return None
    return f"mean wQL {case.score:.4g} is worse than the baseline's {case.baseline:.4g}"


USUAL: tuple[Rule, ...] = (enough_points, within_limit, not_worse_than_champion)
RELIEF: tuple[Rule, ...] = (enough_points, no_worse_than_baseline, better_than_champion)


def judge(case: Case) -> Verdict:
    """Ask every rule; all objections are told, not only the first."""
    reasons = objections(USUAL, case)
    relieved = bool(reasons) and case.in_breach and not objections(RELIEF, case)
    if relieved:
        beaten = f"the champion fell short, and {compared(case.champion)}: better beyond noise"
        return Verdict(passed=True, reasons=(*reasons, beaten))
    return Verdict(passed=not reasons, reasons=reasons)


def objections(rules: tuple[Rule, ...], case: Case) -> tuple[str, ...]:
    """Answer what the rules say against a candidate."""
    return tuple(reason for rule in rules if (reason := rule(case)))


def compared(champion: ChampionSeen) -> str:
    """Tell both scores."""
    return (
        f"mean wQL {champion.candidate_wql:.4g} against {champion.mean_wql:.4g} of "
        f"v{champion.version} on {champion.points} points"
    )


def person_because(champion: ChampionSeen) -> str | None:
    """Say why only a person may approve: a champion serves, and nothing was compared with it."""
    if champion.version is None or champion.not_compared is None:
        return None
    return f"not compared with v{champion.version}: {champion.not_compared}"
