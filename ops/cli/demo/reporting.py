"""The report of the demo: what was observed, forecast and said, from where the loop keeps it."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

from ops import forecast
from ops.cli.connection import Connection
from ops.cli.demo.scene import Scene
from ops.cli.sending import summary
from ops.cli.story import Story as Journal
from ops.report import LiveForecast, Report, compose, draw_report, write_page
from shared.contracts.scoring import ScoredForecasts
from shared.contracts.windows import SeriesSummary
from shared.forecasting import grid

BEFORE = timedelta(days=1)  # of history, before the second act begins
ENTRIES_MAX = 10_000


def report(
    connection: Connection,
    scene: Scene,
    begun: datetime,
    remarks: Sequence[tuple[datetime, str]],
) -> Report:
    """Collect what the loop keeps of the second act."""
    known = cast(SeriesSummary, summary(connection, scene.series.series))
    observed = windows(connection, scene, known, begun - BEFORE)
    window_s = scene.series.window // timedelta(seconds=1)
    frequency_s = scene.model.frequency // timedelta(seconds=1)
    built = grid.build(observed, scene.model.target.value, window_s, frequency_s)
    journal = Journal(connection)
    entries = [
        entry
        for subject in (scene.model.model, scene.series.series)
        for entry in journal.latest(subject, None, ENTRIES_MAX, lambda _: True)
    ]
    return compose(
        f"{scene.model.model}: {scene.unit}",
        scene.model.model,
        scene.unit,
        [built.time(at) for at in range(len(built.values))],
        built.values,
        list(live_forecasts(connection, scene.model.model)),
        sorted(entries, key=lambda entry: entry.occurred_at),
        step=scene.model.frequency,
        remarks=remarks,
        simulated=scene.simulated,
    )


def windows(
    connection: Connection, scene: Scene, known: SeriesSummary, since: datetime
) -> list[grid.Window]:
    """Read the windows since a moment from the online store."""
    length = scene.series.window
    skipped = max(0, (since - known.first) // length)
    count = (known.last - known.first) // length + 1
    starts = [known.first + number * length for number in range(skipped, count)]
    size = forecast.RECORDS_PER_CALL
    return [
        window
        for at in range(0, len(starts), size)
        for window in forecast.read(
            connection.client, connection.env, scene.series.series, starts[at : at + size]
        )
    ]


def live_forecasts(connection: Connection, model: str) -> Iterator[LiveForecast]:
    """Read what the monitor asked production for."""
    s3 = connection.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=connection.bucket, Prefix=f"monitor/{model}/"
    )
    for key in [one["Key"] for page in pages for one in page.get("Contents", ())]:
        body = s3.get_object(Bucket=connection.bucket, Key=key)["Body"].read()
        scored = ScoredForecasts.model_validate_json(body)
        for one in scored.forecasts:
            levels = {float(level): values for level, values in one.quantiles.items()}
            yield LiveForecast(one.start, levels, scored.version)


def write(made: Report, page: Path) -> Path:
    """Write the page, and its picture beside it; answer the picture's path."""
    picture = page.with_suffix(".png")
    write_page(page, made)
    draw_report(picture, made)
    return picture
