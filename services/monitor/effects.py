"""One function per action: do it, return what happened. Safe to repeat until the outcome is
stored."""

from collections.abc import Iterator, Sequence

from services.monitor import scoring
from services.monitor.domain import observing
from services.monitor.domain.actions import ScoreOrigins
from services.monitor.domain.outcomes import (
    ANOTHER_CONFIGURATION,
    NOT_A_FORECAST,
    OriginsScored,
)
from services.monitor.domain.seen import Task
from services.monitor.ports import Ports
from services.monitor.scoring import Origin, Quantiles
from shared.contracts import limits
from shared.contracts.scoring import ScoredForecasts, scored_key
from shared.forecasting.deepar_json import FormatError, Prediction
from shared.messaging.decision import Action, Effect
from shared.messaging.errors import Refused


def score_origins(action: ScoreOrigins, ports: Ports) -> OriginsScored:
    """Ask for windows that have come true, and score the answers.

    Raises
    ------
    Refused
        If something else serves there, before or after, or the endpoint does not answer as it
        should.
    """
    task, world = action.task, action.world
    still_serves(action, ports)
    windows = ports.windows.windows(
        task.series,
        action.first - scoring.history(task),
        action.first + action.origins * task.span - world.window,
        world.window_s,
    )
    found = scoring.origins(action, windows)
    forecasts = asked(action, found, ports)
    still_serves(action, ports)
    keep(action, found, forecasts, ports)
    pairs = zip(found, forecasts, strict=True)
    return OriginsScored(
        scored=tuple(scoring.score(origin, quantiles, task) for origin, quantiles in pairs)
    )


def still_serves(action: ScoreOrigins, ports: Ports) -> None:
    """Raise Refused unless the endpoint serves the version, and nothing is under way."""
    if (config := ports.endpoints.config(action.endpoint)) != action.config:
        found = f"serves {config}" if config else "is not in service, or is changing"
        raise Refused(ANOTHER_CONFIGURATION, f"{action.endpoint} {found}")


def asked(action: ScoreOrigins, origins: Sequence[Origin], ports: Ports) -> tuple[Quantiles, ...]:
    """Ask the endpoint for each origin.

    Raises
    ------
    Refused
        If an answer is not the forecast that was asked for.
    """
    task = action.task
    try:
        predictions = [
            prediction
            for batch in batches(origins, task)
            for prediction in ports.endpoints.forecast(
                action.endpoint, [origin.instance(task) for origin in batch], task.quantiles
            )
        ]
    except FormatError as error:
        raise Refused(NOT_A_FORECAST, str(error)) from error
    if len(predictions) != len(origins):
        raise Refused(
            NOT_A_FORECAST, f"{len(predictions)} forecasts, {len(origins)} were asked for"
        )
    return tuple(read(prediction, task) for prediction in predictions)


def batches(origins: Sequence[Origin], task: Task) -> Iterator[Sequence[Origin]]:
    """Cut origins into requests that an endpoint answers in time, and that are not too large."""
    in_time = observing.batch_of(task.algorithm)
    size = max(1, min(in_time, limits.REQUEST_POINTS_MAX // task.context_points))
    for start in range(0, len(origins), size):
        yield origins[start : start + size]


def read(prediction: Prediction, task: Task) -> Quantiles:
    """Answer a forecast's quantiles; raises Refused where they are not those of the task."""
    wanted = dict.fromkeys(task.quantiles, task.horizon)
    quantiles = prediction.quantiles or {}
    if (got := {level: len(steps) for level, steps in quantiles.items()}) != wanted:
        raise Refused(NOT_A_FORECAST, f"(quantile: steps) {got}, expected {wanted}")
    return quantiles


def keep(
    action: ScoreOrigins,
    origins: Sequence[Origin],
    forecasts: Sequence[Quantiles],
    ports: Ports,
) -> None:
    """Keep forecasts and truths for reports; written again, they are the same object."""
    if not origins:
        return
    pairs = zip(origins, forecasts, strict=True)
    document = ScoredForecasts(
        model=action.model,
        version=action.version,
        frequency_s=action.task.frequency_s,
        forecasts=tuple(scoring.kept(origin, quantiles) for origin, quantiles in pairs),
    )
    key = scored_key(action.model, action.version, action.first)
    ports.blobs.put(key, document.model_dump_json().encode())


EFFECTS: dict[type[Action], Effect] = {
    ScoreOrigins: Effect(do=score_origins, then=observing.scored),
}
