"""What the monitor wants done, in our words."""

from pydantic import AwareDatetime, Field

from services.monitor.domain.seen import Task, World
from services.monitor.domain.state import Span
from shared.messaging.decision import Action


class ScoreOrigins(Action):
    """Ask the version in production for windows that have come true, and score its forecasts."""

    model: str
    version: int
    endpoint: str
    config: str
    """What serves while it is asked, or nothing is scored."""
    task: Task
    first: AwareDatetime
    """Start of the first window's first step."""
    origins: int = Field(ge=1)
    """Windows, one horizon apart."""
    unbelievable: tuple[Span, ...]
    """What the series held there is left out."""
    world: World
    """As it was declared then: when and how to judge."""
