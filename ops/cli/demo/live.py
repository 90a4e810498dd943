"""The second act: the model is watched while time passes, found wanting, and replaced."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ops.cli.demo.story import Story
from shared.contracts.lifecycle import (
    AccuracyDegraded,
    AccuracyRecovered,
    ModelRegistered,
    PromotionRequested,
)


@dataclass(frozen=True)
class Act:
    """What came of the second act; a moment is none where it did not come."""

    degraded_at: datetime | None
    recovered_at: datetime | None
    ended_at: datetime

    @property
    def is_closed(self) -> bool:
        """Whether the loop closed: found wanting, replaced, and well again."""
        return self.degraded_at is not None and self.recovered_at is not None


class Live:
    """Lets time pass, and does what an operator does: approve what is offered.

    Parameters
    ----------
    now : Callable
        The driven time.
    is_over : Callable
        Whether nothing more will come in.
    ends_well : bool
        Whether it is the end when another version has made a degradation good.
    """

    def __init__(
        self,
        story: Story,
        now: Callable[[], datetime],
        is_over: Callable[[], bool],
        ends_well: bool,
    ) -> None:
        self.ends_well = ends_well
        self.story = story
        self.now = now
        self.is_over = is_over
        self.degraded_at: datetime | None = None
        self.recovered_at: datetime | None = None

    def play(self) -> Act:
        """Go on until nothing more comes in, or the loop has closed."""
        while not self.is_over() and not (self.ends_well and self.recovered_at):
            self.story.wait()
            self.answer()
        return Act(self.degraded_at, self.recovered_at, self.now())

    def answer(self) -> None:
        """Do what is to be done about what was heard; a refused candidate is fine."""
        story = self.story
        for heard in story.fresh():
            match heard.envelope.data:
                case ModelRegistered(model=model, version=version):
                    story.enter(f'approve {model} {version} --note "it has seen the new regime"')
                case PromotionRequested(model=model, version=version):
                    story.enter(f'promote {model} {version} --note "it may replace the champion"')
                case AccuracyDegraded():
                    self.degraded_at = heard.at
                case AccuracyRecovered(version=version, degraded_version=degraded):
                    if self.degraded_at and version != degraded:
                        self.recovered_at = heard.at
