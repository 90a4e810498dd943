"""What the trainer remembers of a model: the wish, the run, the candidates, and how it went."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from pydantic import AwareDatetime

from services.trainer.domain.wanted import Degradation, Refusal, Trigger, Wish
from shared.contracts import limits
from shared.contracts.frozen import Frozen

DAY = timedelta(days=1)


class Phase(StrEnum):
    """How far a run is."""

    ASKED = "asked"
    """Committed; SageMaker has not answered yet."""
    RUNNING = "running"
    COLLECTING = "collecting"
    """It succeeded; what it made is being read."""


class Run(Frozen):
    """The training in flight."""

    id: str
    trigger: Trigger
    correlation_id: str
    started_at: AwareDatetime
    algorithm: str
    spec_digest: str
    phase: Phase = Phase.ASKED
    execution_arn: str = ""


class Standing(StrEnum):
    """How far a candidate is, in the order of its way."""

    JUDGED = "is being judged"
    PENDING = "waits for approval"
    TO_STAGING = "goes to staging"
    STAGED = "is in staging and waits for promotion"
    TO_PRODUCTION = "goes to production"

    def is_after(self, other: "Standing") -> bool:
        """Tell whether this comes later on the way."""
        order = tuple(Standing)
        return order.index(self) > order.index(other)


class Candidate(Frozen):
    """What a run made, until it is in production or has ended otherwise."""

    run_id: str
    version: int | None = None
    """None until the evaluator has registered it."""
    standing: Standing = Standing.JUDGED
    since: AwareDatetime | None = None
    """When it came so far, once it was approved."""

    def is_lost(self, now: datetime) -> bool:
        """Tell whether it was approved long ago and what became of it was never heard: of the facts
        about one endpoint only the latest counts, which may be another version's."""
        if self.since is None or self.standing not in (Standing.TO_STAGING, Standing.TO_PRODUCTION):
            return False
        return now - self.since > timedelta(days=limits.CANDIDATE_SILENCE_DAYS_MAX)

    def __str__(self) -> str:
        """Say which it is and how far."""
        name = self.run_id if self.version is None else f"v{self.version}"
        return f"{name} {self.standing}"


class SpecSeen(Frozen):
    """The spec as it was seen last."""

    digest: str
    training_digest: str
    """Of what makes a difference to a training."""
    since: AwareDatetime


class Trainings(Frozen):
    """The aggregate: one per model."""

    env: str
    model: str
    spec: SpecSeen | None = None
    remembered: Wish | None = None
    """The strongest wish that was refused, but for the one of `degradation`, which waits there: it
    may lapse, and must not take another with it."""
    run: Run | None = None
    starts: tuple[AwareDatetime, ...] = ()
    """When the latest runs began, newest last."""
    useless: int = 0
    """Runs in a row that ended without a new version in production."""
    candidates: tuple[Candidate, ...] = ()
    ended: tuple[int, ...] = ()
    """Latest versions whose end was heard before their registration was."""
    gave_way: tuple[int, ...] = ()
    """Latest versions that were superseded before their registration was heard."""
    production: int | None = None
    """The version in production."""
    fired_at: AwareDatetime | None = None
    """The latest moment of the schedule that was made a wish."""
    degradation: Degradation | None = None
    """Open until AccuracyRecovered; a wish only while its version is in production."""
    faults: tuple[str, ...] = ()
    """Kinds of open faults of the data."""

    def remembering(self, wish: Wish) -> Self:
        """Keep a refused wish, unless one at least as strong is remembered."""
        if wish.trigger is Trigger.DEGRADATION:
            return self.refusing_degradation(wish.refusal)
        kept = self.remembered
        if kept and kept.cause != wish.cause and not wish.trigger.outranks(kept.trigger):
            return self
        return self.changed(remembered=wish)

    def refusing_degradation(self, refusal: Refusal | None) -> Self:
        """Keep the last no to the open degradation; None: a run is under way for it."""
        opened = self.degradation
        return self.changed(degradation=opened and opened.changed(refusal=refusal))

    def starting(self, run: Run) -> Self:
        """Begin a run; it serves every waiting wish that is not stronger than its own."""
        starts = (*self.starts, run.started_at)[-limits.DAILY_CAP_MAX :]
        state = self.changed(run=run, starts=starts)
        if state.remembered and not state.remembered.trigger.outranks(run.trigger):
            state = state.changed(remembered=None)
        if not Trigger.DEGRADATION.outranks(run.trigger):
            state = state.refusing_degradation(None)
        if (opened := state.degradation) and run.trigger is Trigger.DEGRADATION:
            state = state.changed(degradation=opened.changed(attempts=opened.attempts + 1))
        return state

    def starts_of_a_day(self, now: datetime) -> tuple[datetime, ...]:
        """Answer the starts of the last 24 hours, oldest first."""
        return tuple(start for start in self.starts if now - start < DAY)

    def may_serve(self, version: int) -> bool:
        """Tell whether a version is in production, as far as we have heard."""
        return self.production in (None, version)

    @property
    def waiting(self) -> tuple[Wish, ...]:
        """The wishes that are to be asked again, the strongest first."""
        wishes = filter(None, (self.remembered, self.unmet))
        return tuple(sorted(wishes, key=lambda wish: tuple(Trigger).index(wish.trigger)))

    @property
    def unmet(self) -> Wish | None:
        """The wish of the open degradation, unless a run or a candidate is under way for it; None:
        there is none.

        Another version in production is given time to show itself: the monitor says how it does.
        """
        opened = self.degradation
        if opened is None or not self.may_serve(opened.version):
            return None
        under_way = opened.refusal is None and (self.run or self.candidates)
        return None if under_way else opened.wish()

    def with_candidate(self, candidate: Candidate) -> Self:
        """Keep a candidate as it is now; of too many the oldest is forgotten."""
        others = tuple(one for one in self.candidates if one.run_id != candidate.run_id)
        kept = (*others, candidate)[-limits.CANDIDATES_REMEMBERED :]
        return self.changed(candidates=kept)

    def without(self, candidate: Candidate) -> Self:
        """Forget a candidate."""
        kept = tuple(one for one in self.candidates if one.run_id != candidate.run_id)
        return self.changed(candidates=kept)

    def of_run(self, run_id: str) -> Candidate | None:
        """Answer the candidate that a run made."""
        return next((one for one in self.candidates if one.run_id == run_id), None)

    def of_version(self, version: int) -> Candidate | None:
        """Answer the candidate that was registered as a version."""
        return next((one for one in self.candidates if one.version == version), None)

    def is_running(self, execution_arn: str) -> bool:
        """Tell whether this is the execution that is waited for."""
        run = self.run
        return run is not None and run.phase is Phase.RUNNING and run.execution_arn == execution_arn
