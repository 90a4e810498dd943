"""The manifest that the prepare step writes: what was trained on, and what it is judged by.

``algorithms/dataset/prepare.py`` writes it as plain JSON; the evaluator, the deployer and the
gateway read it as this class.
"""

from typing import Literal

from pydantic import AwareDatetime, Field

from shared.contracts.frozen import Frozen


class Origin(Frozen):
    """A moment from which the backtest forecasts."""

    index: int = Field(ge=1)
    """Position of the first forecast step in the full target."""
    start: AwareDatetime
    """Start of the first forecast window."""


class Manifest(Frozen):
    """What the prepare step made of the offline store."""

    manifest_version: Literal[1]
    run_id: str
    model: str
    series: str
    target: str
    """count, sum or mean."""
    frequency_s: int = Field(ge=1)
    horizon: int = Field(ge=1)
    quantiles: tuple[float, ...]
    season: int = Field(ge=1)
    """In points."""
    first: AwareDatetime
    cutoff: AwareDatetime
    judged_cutoff: AwareDatetime
    """The last point before the first origin: the judged artifact has seen nothing later."""
    points: int = Field(ge=1)
    gaps: int = Field(ge=0)
    """Runs of points without any observation."""
    filled: int = Field(ge=0)
    """Points in those gaps: each was given a value."""
    origins: tuple[Origin, ...]
    context_points: int = Field(ge=1)
    """Points before an origin that a forecast is given, at most."""
    files: dict[str, str]
    """sha256 by path below the dataset's prefix."""
