"""One function per action: do it, return what happened. Safe to repeat until the outcome is
stored."""

from collections.abc import Sequence

from services.monitor import scoring
from services.monitor.domain import observing
from services.monitor.domain.actions import ScoreOrigins
from services.monitor.domain.outcomes import NOT_A_FORECAST, OriginsScored
from services.monitor.ports import Ports
from services.monitor.scoring import Origin
from shared.contracts.scoring import ScoredForecasts, scored_key
from shared.forecasting.deepar_json import FormatError, Quantiles, quantiles_of
from shared.messaging import serving
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
    windows = ports.windows.windows(
        task.series,
        action.first - scoring.history(task),
        action.first + action.origins * task.span - world.window,
        world.window_s,
    )
    found = scoring.origins(action, windows)
    forecasts = asked(action, found, ports)
    keep(action, found, forecasts, ports)
    pairs = zip(found, forecasts, strict=True)
    return OriginsScored(
        scored=tuple(scoring.score(origin, quantiles, task) for origin, quantiles in pairs)
    )


def asked(action: ScoreOrigins, origins: Sequence[Origin], ports: Ports) -> tuple[Quantiles, ...]:
    """Ask the endpoint for each origin.

    Raises
    ------
    Refused
        If something else serves there, or an answer is not the forecast that was asked for.
    """
    task = action.task
    try:
        predictions = serving.ask(
            ports.endpoints,
            action.endpoint,
            action.config,
            [origin.instance(task) for origin in origins],
            task.quantiles,
            in_time=observing.batch_of(task.algorithm),
        )
        return quantiles_of(predictions, task.quantiles, task.horizon)
    except FormatError as error:
        raise Refused(NOT_A_FORECAST, str(error)) from error


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
