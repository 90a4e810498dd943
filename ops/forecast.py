"""Ask a model in production for a forecast, as any client may."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from shared.contracts import names, windows
from shared.contracts.names import Stage
from shared.contracts.specs import ModelSpec, SeriesSpec
from shared.contracts.windows import SeriesSummary
from shared.forecasting import deepar_json, grid

RECORDS_PER_CALL = 100  # AWS: BatchGetRecord

Client = Callable[[str], Any]


class NoForecastError(RuntimeError):
    """There is no forecast to be had; the text says why and what to do."""


@dataclass(frozen=True)
class Forecast:
    """What an endpoint said, and from what.

    Parameters
    ----------
    context : Grid
        The points that the endpoint was given, in the unit of the target.
    times : sequence of datetime
        Start of each forecast step, UTC.
    quantiles : Mapping
        Forecast values by quantile, one per step, in the unit of the target.
    """

    model: str
    version: int
    endpoint: str
    context: grid.Grid
    times: Sequence[datetime]
    quantiles: Mapping[float, Sequence[float]]


def ask(
    client: Client,
    env: str,
    spec: ModelSpec,
    series: SeriesSpec,
    summary: SeriesSummary,
    stage: Stage,
) -> Forecast:
    """Forecast from the end of what was ingested.

    Raises
    ------
    NoForecastError
        If nothing serves there, or too little is known of the recent past.
    """
    endpoint = names.endpoint(env, spec.model, stage)
    version = serving_version(client, endpoint)
    context = recent(client, env, spec, series, summary.last)
    known = (summary.last - summary.first) // spec.frequency
    if len(context.values) < min(spec.context_points, known):
        raise NoForecastError(
            f"{len(context.values)} of the {spec.context_points} points that {spec.model} looks "
            "back on are in the online store: ingest puts them there within a minute"
        )
    request = deepar_json.Request(
        instances=(deepar_json.Series(start=context.start, target=context.values),),
        configuration=deepar_json.Configuration(
            output_types=("quantiles",), quantiles=spec.quantiles
        ),
    )
    answer = client("sagemaker-runtime").invoke_endpoint(
        EndpointName=endpoint,
        ContentType="application/json",
        Body=deepar_json.write_request(request),
    )
    quantiles = deepar_json.read_response(answer["Body"].read())[0].quantiles or {}
    times = [context.time(len(context.values) + step) for step in range(spec.horizon)]
    return Forecast(spec.model, version, endpoint, context, times, quantiles)


def serving_version(client: Client, endpoint: str) -> int:
    """Read from the endpoint's configuration which version serves."""
    listed = client("sagemaker").list_endpoints(NameContains=endpoint, StatusEquals="InService")
    if endpoint not in {one["EndpointName"] for one in listed["Endpoints"]}:
        raise NoForecastError(f"{endpoint} does not serve: approve and promote a version first")
    shown = client("sagemaker").describe_endpoint(EndpointName=endpoint)
    owned = names.read_endpoint_config(shown["EndpointConfigName"])
    return owned.version if owned else 0


def recent(
    client: Client, env: str, spec: ModelSpec, series: SeriesSpec, last: datetime
) -> grid.Grid:
    """Read the last context of a series from the online store, on the model's grid."""
    wanted = spec.context // series.window
    starts = [last - index * series.window for index in range(wanted)]
    found = [
        window
        for first in range(0, wanted, RECORDS_PER_CALL)
        for window in read(client, env, spec.series, starts[first : first + RECORDS_PER_CALL])
    ]
    window_s = series.window // timedelta(seconds=1)
    frequency_s = spec.frequency // timedelta(seconds=1)
    try:
        built = grid.build(found, cast(grid.Target, spec.target), window_s, frequency_s)
    except grid.GridError as error:
        raise NoForecastError(f"series {spec.series}: {error}") from error
    return built.filled(spec.season_points).tail(spec.context_points)


def read(client: Client, env: str, series: str, starts: Sequence[datetime]) -> list[grid.Window]:
    """Read some windows from the online store; those that are not there are left out."""
    answer = client("sagemaker-featurestore-runtime").batch_get_record(
        Identifiers=[
            {
                "FeatureGroupName": names.feature_group(env),
                "RecordIdentifiersValueAsString": [
                    windows.record_id(series, start) for start in starts
                ],
            }
        ]
    )
    rows = [
        {feature["FeatureName"]: feature["ValueAsString"] for feature in one["Record"]}
        for one in answer["Records"]
    ]
    return [
        grid.Window(
            start=datetime.fromisoformat(row["window_start"]).astimezone(UTC),
            count=int(row["count"]),
            total=float(row["total"]),
        )
        for row in rows
    ]
