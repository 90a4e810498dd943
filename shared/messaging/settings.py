"""ONE TABLE of settings: which environment variables each function has, and no others.

The deployment sets what the table says, and the function reads it at its start. A function that
asks for a setting which is not in its row ends at once, in the tests, too. Only the local AWS sets
more: where its clock is asked, and where and how often its source is.
"""

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn


class MisconfiguredError(RuntimeError):
    """The function lacks a setting; the text names it."""


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()


def _is_yes(text: str) -> bool:
    return text == "yes"


def _days(text: str) -> int | None:
    return int(text) if text else None


class Variable(NamedTuple):
    """One row: how a setting is spelt in the environment, and how it is read."""

    name: str
    read: Callable[[str], Any] = str


VARIABLES: Mapping[str, Variable] = {
    "env": Variable("MODELCYCLE_ENV"),
    "bucket": Variable("MODELCYCLE_BUCKET"),
    "role_arn": Variable("MODELCYCLE_ROLE_ARN"),
    "code_version": Variable("MODELCYCLE_CODE_VERSION"),
    "lease_seconds": Variable("MODELCYCLE_LEASE_SECONDS", float),
    "rules_allowed": Variable("MODELCYCLE_RULES_ALLOWED", _is_yes),
    "image_registry": Variable("MODELCYCLE_IMAGE_REGISTRY"),
    "image_tag": Variable("MODELCYCLE_IMAGE_TAG"),
    "offline_lag_seconds": Variable("MODELCYCLE_OFFLINE_LAG_S", float),
    "subnets": Variable("MODELCYCLE_SUBNETS", _listed),
    "security_groups": Variable("MODELCYCLE_SECURITY_GROUPS", _listed),
    "key": Variable("MODELCYCLE_KEY"),
    "queries_days": Variable("MODELCYCLE_QUERIES_DAYS", _days),
    "source": Variable("MODELCYCLE_SOURCE"),
    "source_series": Variable("MODELCYCLE_SOURCE_SERIES"),
}
"""Setting → its variable."""

POLLER = "poller"
EACH = ("env", "bucket")
WORKER = (*EACH, "code_version", "lease_seconds")
NEEDS: Mapping[str, tuple[str, ...]] = {
    "ingest": WORKER,
    "trainer": (*WORKER, "role_arn", "image_registry", "image_tag", "offline_lag_seconds"),
    "evaluator": WORKER,
    "deployer": (*WORKER, "role_arn", "rules_allowed", "subnets", "security_groups", "key"),
    "monitor": WORKER,
    "journal": (*EACH, "queries_days"),
    POLLER: (*EACH, "source", "source_series"),
}
"""Function → its settings."""


class Settings:
    """A function's environment, typed; it has what `NEEDS` says.

    Parameters
    ----------
    function : str
        Whose they are.
    values : Mapping
        Setting → value.
    """

    env: str
    """The environment's name: ``dev``, ``staging``, ``prod``."""
    bucket: str
    role_arn: str
    """The role that SageMaker's jobs and endpoints take."""
    code_version: str
    lease_seconds: float
    """How long an action without a token is held: more than the function's time limit."""
    rules_allowed: bool
    """Whether a spec's rule may approve in this environment, in place of a person."""
    image_registry: str
    """Where the algorithms' images are."""
    image_tag: str
    """Which of them."""
    offline_lag_seconds: float
    """How late records reach the offline store, at the most."""
    subnets: tuple[str, ...]
    """Of the VPC that instances of our own are in; none: SageMaker's own network."""
    security_groups: tuple[str, ...]
    key: str
    """What encrypts the disks of instances of our own; empty: SageMaker's own key."""
    queries_days: int | None
    """How long the journal's table keeps an event; None: for ever."""
    source: str
    """The public source that is polled."""
    source_series: str

    def __init__(self, function: str, values: Mapping[str, Any]) -> None:
        self.function = function
        vars(self).update(values)

    if not TYPE_CHECKING:  # a name that is misspelt is to be found by mypy

        def __getattr__(self, name: str) -> NoReturn:
            """Refuse what the function was not given."""
            if name not in VARIABLES:
                raise AttributeError(name)
            raise MisconfiguredError(
                f"{self.function} has no setting {name!r}: its row of NEEDS in "
                "shared/messaging/settings.py lacks it"
            )

    @classmethod
    def read(cls, function: str, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the environment variables that the deployment sets.

        Raises
        ------
        MisconfiguredError
            If some are missing, or cannot be read: it names them all.
        """
        wanted = {setting: VARIABLES[setting] for setting in NEEDS[function]}
        missing = [one.name for one in wanted.values() if one.name not in environment]
        if missing:
            raise MisconfiguredError(
                f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set: the "
                f"environment variables of {function} come with its deployment: deploy it again"
            )
        values = {}
        for setting, variable in wanted.items():
            text = environment[variable.name]
            try:
                values[setting] = variable.read(text)
            except ValueError as error:
                raise MisconfiguredError(
                    f"{variable.name} cannot be read, it is {text!r}: deploy {function} again"
                ) from error
        return cls(function, values)
