"""Finding the aggregates that an event concerns: the answers to `About`."""

from collections.abc import Callable
from typing import Any, Protocol

from shared.contracts import names
from shared.contracts.envelope import Envelope, Event
from shared.contracts.subscriptions import SERIES_KEY, About, subscriptions_of
from shared.contracts.wishes import SweepRequested


class Directory(Protocol):
    """What users declared: which models there are, and what they read."""

    def models(self) -> tuple[str, ...]:
        """Answer all models that have a spec."""
        ...

    def models_of_series(self, series: str) -> tuple[str, ...]:
        """Answer the models that read a series."""
        ...


class Concerned:
    """Answer the aggregates that an event concerns; none: it is not about anything of ours.

    Parameters
    ----------
    keys : Callable
        All aggregates that the service keeps.
    """

    def __init__(
        self, service: str, env: str, directory: Directory, keys: Callable[[], tuple[str, ...]]
    ) -> None:
        self.env = env
        self.directory = directory
        self.keys = keys
        self.about = {row.event: row.about for row in subscriptions_of(service)}
        self.about[SweepRequested] = About.ALL

    def __call__(self, envelope: Envelope[Event]) -> tuple[str, ...]:
        """Answer the keys of the aggregates."""
        event: Any = envelope.data
        match self.about[type(envelope.data)]:
            case About.ITS_SUBJECT:
                return (envelope.metadata.subject,)
            case About.MODELS_OF_SERIES:
                return self.directory.models_of_series(event.series)
            case About.SERIES_AND_ITS_MODELS:
                models = self.directory.models_of_series(event.series)
                return (SERIES_KEY + event.series, *models)
            case About.MODEL_OF_ENDPOINT:
                return self.ours(names.read_endpoint(event.endpoint))
            case About.MODEL_OF_PACKAGE:
                return self.ours(names.read_package_group(event.group))
            case About.MODEL_OF_RUN:
                model = names.model_of_run(event.run_id)
                return (model,) if model else ()
            case About.ALL:
                return tuple(sorted({*self.keys(), *self.directory.models()}))

    def ours(self, owned: names.OwnedModel | names.OwnedEndpoint | None) -> tuple[str, ...]:
        """Answer the model of a resource of this environment."""
        return (owned.model,) if owned and owned.env == self.env else ()
