"""The AWS that a command talks to, for one environment."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

from infra.loopback import is_loopback
from ops.cli.errors import not_found
from shared.contracts import names
from shared.contracts.complaints import suggestion

if TYPE_CHECKING:
    import boto3

    from shared.messaging.clock import Clock
    from shared.messaging.parameters import Parameters

CLOCKS_DIFFER = timedelta(minutes=1)
"""By more than clocks of two machines do."""
CLOCK_PATH = "/_modelcycle/clock"


@dataclass(frozen=True)
class Identity:
    """Who the caller is, as AWS sees it."""

    account: str
    arn: str


class Connection:
    """Clients of one AWS, for one environment.

    Parameters
    ----------
    env : str
        The environment's name.
    endpoint_url : str or None
        Where the local AWS listens; None for an account.
    operator : str or None
        The access key in use where it names a person; only of the local AWS.
    """

    def __init__(
        self, env: str, session: "boto3.Session", endpoint_url: str | None, operator: str | None
    ) -> None:
        self.env = env
        self.session = session
        self.endpoint_url = endpoint_url
        self.operator = operator
        self._clients: dict[str, Any] = {}
        self._making = Lock()

    @property
    def region(self) -> str:
        """The region."""
        return self.session.region_name

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine."""
        return bool(self.endpoint_url) and is_loopback(str(self.endpoint_url))

    @property
    def place(self) -> str:
        """Where commands go, in words."""
        if self.endpoint_url:
            return f"{self.endpoint_url} ({self.region})"
        return f"account {self.identity.account} ({self.region})"

    @cached_property
    def identity(self) -> Identity:
        """The caller; the local AWS knows people by their access key."""
        answer = self.client("sts").get_caller_identity()
        if self.operator:
            name = self.operator.removeprefix("operator.")
            return Identity(answer["Account"], f"arn:aws:iam::{answer['Account']}:user/{name}")
        return Identity(answer["Account"], answer["Arn"])

    @property
    def bucket(self) -> str:
        """The environment's bucket."""
        return names.bucket(self.env, self.identity.account, self.region)

    @cached_property
    def clock(self) -> "Clock":
        """What time it is there: a local AWS may follow a driven clock, and people's words come in
        the order of its time."""
        from shared.messaging.clock import ServedClock, WallClock
        from shared.messaging.errors import Retryable

        if not self.is_local:
            return WallClock()
        served = ServedClock(str(self.endpoint_url).rstrip("/") + CLOCK_PATH)
        try:
            served.now()
        except Retryable:
            return WallClock()  # a local AWS, only not one of ours
        return served

    @cached_property
    def parameters(self) -> "Parameters":
        """What users declared."""
        from shared.messaging.parameters import Parameters

        return Parameters(self.client("ssm"), self.env)

    def client(self, service: str) -> Any:
        """Answer the client of an AWS service, one per command; safe for threads."""
        with self._making:
            if service not in self._clients:
                self._clients[service] = self._client(service)
            return self._clients[service]

    def require_environment(self) -> None:
        """Make sure that the environment is there: a bus that is not accepts events silently.

        Raises
        ------
        CliError
            If it is not; the nearest one is named.
        """
        events = self.client("events")
        try:
            events.describe_event_bus(Name=names.bus(self.env))
        except events.exceptions.ResourceNotFoundException:
            prefix = names.bus("x").removesuffix("x")
            buses = events.list_event_buses(NamePrefix=prefix)["EventBuses"]
            known = [bus["Name"].removeprefix(prefix) for bus in buses]
            raise not_found(
                f"there is no environment '{self.env}' at {self.place}",
                f"{suggestion(self.env, known)}; choose with --env or MODELCYCLE_ENV"
                if known
                else self.first_environment(),
            ) from None

    def first_environment(self) -> str:
        """Say how to have an environment where there is none."""
        if self.is_local:
            return "start a local AWS that has one: `modelcycle up` (or `make up`)"
        return "deploy one to this account, or choose another account with AWS_PROFILE"

    def _client(self, service: str) -> Any:
        from botocore.config import Config

        from ops.cli.explanations import ACTION

        config = Config(
            connect_timeout=5,
            read_timeout=30,
            retries={"mode": "standard", "total_max_attempts": 3},
            proxies={} if self.endpoint_url else None,
        )
        client = self.session.client(service, endpoint_url=self.endpoint_url, config=config)  # type: ignore[call-overload]

        def note_action(parsed: dict[str, Any], model: Any, **_: Any) -> None:
            action = f"{model.service_model.signing_name}:{model.name}"
            parsed.setdefault("ResponseMetadata", {})[ACTION] = action

        client.meta.events.register("after-call", note_action)
        return client
