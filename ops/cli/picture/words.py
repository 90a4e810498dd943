"""The words around the picture of a forecast."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

SIMULATED = "simulated data"


@dataclass(frozen=True)
class Caption:
    """What stands above and below the picture."""

    series: str
    unit: str
    """What the values are, as `mean fee, satoshi per transaction`."""
    model: str
    version: int
    live_since: datetime | None = None
    """When the version went into production, aware; None where it is not there."""
    loss: float | None = None
    """Mean weighted quantile loss of the version's backtest."""
    baseline_loss: float | None = None
    """The same of the naive forecast that it was compared with."""
    simulated: bool = False


def title(caption: Caption, origin: datetime, times: Sequence[datetime]) -> str:
    """Say what is forecast, and how far ahead."""
    return f"{caption.series}, the next {span(times[-1] - origin)}"


def subtitle(caption: Caption) -> str:
    """Say which version forecasts, and since when."""
    text = f"model {caption.model}, version {caption.version}"
    if caption.live_since is None:
        return f"{text}, not in production"
    return f"{text}, in production since {moment(caption.live_since)}"


def score(caption: Caption) -> tuple[str, str]:
    """Say how good the backtest was: the verdict, and its evidence; both may be empty."""
    if caption.loss is None:
        return "", ""
    measured = f"quantile loss {caption.loss:.3f}"
    if not caption.baseline_loss:
        return measured, "mean over the backtest"
    better = 1 - caption.loss / caption.baseline_loss
    verdict = f"{abs(better):.0%} {'worse' if is_worse(caption) else 'better'} than naive"
    return verdict, f"{measured} against {caption.baseline_loss:.3f}"


def is_worse(caption: Caption) -> bool:
    """Tell whether the backtest was worse than the baseline's, where both are known."""
    known = caption.loss is not None and caption.baseline_loss is not None
    return known and (caption.loss or 0) > (caption.baseline_loss or 0)


def begins(times: Sequence[datetime]) -> str:
    """Say what the first moment is that is forecast."""
    return f"forecast from {moment(times[0])}"


def footer(origin: datetime) -> str:
    """Say from when the forecast is, and where a value is drawn that is of a stretch of time."""
    return (
        f"Modelcycle · last observation {moment(origin)} · "
        "each value at the start of its step · times in UTC"
    )


def moment(time: datetime) -> str:
    """Write a time to the minute."""
    return f"{time.astimezone(UTC):%d %b %Y %H:%M} UTC"


def span(length: timedelta) -> str:
    """Write a length of time in the unit that people would use."""
    for unit, one, least in (
        ("days", timedelta(days=1), 2),
        ("hours", timedelta(hours=1), 2),
        ("minutes", timedelta(minutes=1), 2),
    ):
        if length >= least * one:
            return f"{length / one:.3g} {unit}"
    return f"{length.total_seconds():.3g} seconds"


def number(value: float) -> str:
    """Write a value as people read it: thousands separated, four digits of a small one."""
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"
