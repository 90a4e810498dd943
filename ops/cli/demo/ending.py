"""How the demo ends: production is asked, and what came of it is shown."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from rich.console import Console
from rich.table import Table

from ops.cli.connection import Connection
from ops.cli.demo.live import Act
from ops.cli.demo.scene import Scene
from ops.cli.demo.story import LOGS, Story
from ops.cli.errors import failed
from ops.cli.picture import Caption, draw_forecast
from ops.cli.sending import summary
from ops.forecast import Forecast, NoForecastError, ask
from shared.contracts.names import Stage

MEGABYTE = 1_000_000
CONTEXT_LIMIT_S = 60.0  # ingest puts online what a new model looks back on, with its sweep
LOOK_S = 0.5


@dataclass(frozen=True)
class Ending:
    """What came of the demo."""

    story: Story
    forecast: Forecast
    picture: Path
    report: Path | None
    act: Act | None
    """The second act; none: it was not played."""
    seconds: float
    memory_bytes: int | None
    calls: int
    """To the front, by everybody."""

    def document(self) -> dict[str, Any]:
        """Answer it for programs."""
        judged, bad_rows = self.story.evaluation(), self.story.scene.bad_rows
        return {
            "model": judged.model,
            "version": self.forecast.version,
            "run_id": judged.run_id,
            "mean_wql": judged.metrics.mean_wql,
            "baseline": judged.baseline_name,
            "baseline_wql": judged.baseline.mean_wql,
            "limit": judged.gate.limit,
            "points": judged.points,
            "origins": judged.origins,
            "coverage": judged.metrics.coverage,
            "live_since": self.story.live_since().isoformat(),
            "forecast": {
                "times": [time.isoformat() for time in self.forecast.times],
                "quantiles": {str(level): list(v) for level, v in self.forecast.quantiles.items()},
            },
            "picture": str(self.picture),
            "report": str(self.report) if self.report else None,
            "degraded_at": moment(self.act.degraded_at) if self.act else None,
            "recovered_at": moment(self.act.recovered_at) if self.act else None,
            "closed": self.act.is_closed if self.act else None,
            "rows_in_quarantine": bad_rows.number if bad_rows else 0,
            "calls": self.calls,
            "seconds": round(self.seconds, 1),
            "memory_mb": self.memory_bytes and round(self.memory_bytes / MEGABYTE),
            "events": [heard.envelope.data.detail_type() for heard in self.story.heard],
        }

    def show(self, console: Console) -> None:
        """Show it to people."""
        judged, bad_rows = self.story.evaluation(), self.story.scene.bad_rows
        title = f"{judged.model} v{self.forecast.version} is in production"
        table = Table(title=title, show_header=False)
        table.add_column()
        table.add_column(justify="right")
        rows = {
            "mean weighted quantile loss": f"{judged.metrics.mean_wql:.4f}",
            f"baseline ({judged.baseline_name})": f"{judged.baseline.mean_wql:.4f}",
            "better than the baseline": better(judged.metrics.mean_wql, judged.baseline.mean_wql),
            f"limit ({judged.gate.limit_is})": f"{judged.gate.limit:.4f}",
            "judged on": f"{judged.points} points from {judged.origins} origins",
            **{f"share at or below q{level}": f"{seen:.0%}" for level, seen in self.coverage()},
            "live since (UTC)": f"{self.story.live_since():%Y-%m-%d %H:%M:%S}",
            **self.second_act(),
            **({"rows in quarantine": str(bad_rows)} if bad_rows else {}),
            "time, setup not counted": f"{self.seconds:.0f} s",
            "calls to the local AWS": f"{self.calls:,}",
        }
        if self.memory_bytes is not None:
            rows["memory of all processes"] = f"{self.memory_bytes / MEGABYTE:.0f} MB"
        for name, value in rows.items():
            table.add_row(name, value)
        console.print(table)
        console.print(self.sentence())
        console.print(f"picture: {self.picture}")
        if self.report:
            console.print(f"report:  {self.report}")

    def second_act(self) -> dict[str, str]:
        """Answer what came of the second act."""
        if self.act is None:
            return {}
        found = moment(self.act.degraded_at) or "never"
        well = moment(self.act.recovered_at) or "not yet"
        return {"found wanting": found, "recovered": well}

    def coverage(self) -> list[tuple[str, float]]:
        """Answer the coverage of the lowest, the middle and the highest quantile."""
        found = sorted(
            self.story.evaluation().metrics.coverage.items(), key=lambda one: float(one[0])
        )
        return [found[0], found[len(found) // 2], found[-1]]

    def sentence(self) -> str:
        """Say what production answered for the first step."""
        levels = sorted(self.forecast.quantiles)
        low, middle, high = levels[0], levels[len(levels) // 2], levels[-1]
        first = {level: self.forecast.quantiles[level][0] for level in (low, middle, high)}
        return (
            f"production says for {self.forecast.times[0]:%Y-%m-%d %H:%M} UTC: "
            f"{first[middle]:,.4g} ({self.story.scene.unit}), "
            f"between {first[low]:,.4g} and {first[high]:,.4g} with a chance of {high - low:.0%}"
        )


def better(loss: float, baseline: float) -> str:
    """Say by which share a loss is less than the baseline's; of a series that never changes a
    naive forecast is perfect."""
    return f"{1 - loss / baseline:.1%}" if baseline else "no: it makes no error"


def moment(at: datetime | None) -> str | None:
    """Write a moment of driven time."""
    return f"{at:%Y-%m-%d %H:%M}" if at else None


def ask_production(connection: Connection, scene: Scene) -> Forecast:
    """Ask production for a forecast from the end of the data.

    Raises
    ------
    CliError
        If it does not answer.
    """
    known = summary(connection, scene.series.series)
    if known is None:
        raise failed(f"nothing is known of series {scene.series.series}", "modelcycle data import")
    deadline = monotonic() + CONTEXT_LIMIT_S
    while True:
        try:
            return ask(
                connection.client,
                connection.env,
                scene.model,
                scene.series,
                known,
                Stage.PRODUCTION,
            )
        except NoForecastError as error:
            if monotonic() > deadline:
                raise failed(str(error), LOGS) from error
            sleep(LOOK_S)


def draw(story: Story, forecast: Forecast, path: Path) -> None:
    """Draw the series with the forecast fan."""
    judged, scene = story.evaluation(), story.scene
    context = forecast.context
    caption = Caption(
        series=scene.series.series,
        unit=scene.unit,
        model=scene.model.model,
        version=forecast.version,
        live_since=story.live_since(),
        loss=judged.metrics.mean_wql,
        baseline_loss=judged.baseline.mean_wql,
        simulated=scene.simulated,
    )
    history = {context.time(at): value for at, value in enumerate(context.values)}
    draw_forecast(path, caption, history, forecast.times, forecast.quantiles)


def write(path: Path, document: dict[str, Any]) -> None:
    """Write the ending for programs."""
    path.write_text(json.dumps(document, indent=2) + "\n")
