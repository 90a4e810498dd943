"""What the evaluator remembers of a model: its limit, its champion, and what it registered."""

from typing import Any, Self

from pydantic import AwareDatetime

from services.evaluator.domain.seen import Declared
from shared.contracts import limits
from shared.contracts.frozen import Frozen


class Task(Frozen):
    """What a version forecasts: versions with different tasks cannot be compared."""

    series: str
    target: str
    frequency_s: int
    horizon: int
    quantiles: tuple[float, ...]


class Registered(Frozen):
    """A version that passed its gate."""

    run_id: str
    package_arn: str
    algorithm: str
    task: Task
    score: float
    """Mean wQL of its own backtest."""


class Stay(Frozen):
    """The champion's stay in production."""

    version: int
    endpoint: str
    config: str
    cutoff: AwareDatetime
    """The last observation that it was trained on."""
    since: AwareDatetime
    may_tighten: bool
    """Whether its score is still to be held against the limit, once it has baked."""
    correlation_id: str
    """The trip round the loop that brought it here."""


class Tightening(Frozen):
    """A version that tightened the threshold, and what it was before."""

    version: int
    old: float


class Limit(Frozen):
    """The limit in force: a multiple of the baseline, or an absolute threshold."""

    ratio: float = 1.0
    threshold: float | None = None
    """In force, perhaps tightened; none: the limit is relative."""
    declared: Declared | None = None
    """What people declared when we last looked."""
    tightenings: tuple[Tightening, ...] = ()
    """Since the threshold was declared, oldest first: as a roll-back takes them away again."""
    fault: str = ""
    """Why the declared threshold cannot be used; said once."""


class Evaluations(Frozen):
    """The aggregate: one per model."""

    env: str
    model: str
    limit: Limit = Limit()
    production: Stay | None = None
    degraded: int | None = None
    """The version that fell short, by the monitor's latest word; none: none did, or it is over."""
    versions: dict[int, Registered] = {}

    def is_in_breach(self, version: int | None) -> bool:
        """Tell whether a version is the champion, and fell short."""
        champion = self.production
        return champion is not None and champion.version == version == self.degraded

    def with_version(self, number: int, registered: Registered) -> Self:
        """Remember a version; the oldest that are not in production are forgotten."""
        versions = {**self.versions, number: registered}
        champion = self.production.version if self.production else None
        others = sorted(one for one in versions if one != champion)
        forgotten = others[: max(0, len(versions) - limits.VERSIONS_REMEMBERED)]
        return self.changed(versions={n: v for n, v in versions.items() if n not in forgotten})

    def with_limit(self, **changes: Any) -> Self:
        """Change the limit."""
        return self.changed(limit=self.limit.changed(**changes))
