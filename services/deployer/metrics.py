"""What CloudWatch is told of deployments: measured by what is said of them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from shared.contracts import metrics
from shared.contracts.envelope import Envelope, Event
from shared.contracts.lifecycle import DeploymentFailed, EndpointInService
from shared.contracts.metrics import Metric
from shared.messaging.measuring import Meter

OUTCOMES: Mapping[tuple[type[Event], str], Metric] = MappingProxyType(
    {
        (EndpointInService, metrics.PRODUCTION): metrics.IN_PRODUCTION,
        (DeploymentFailed, metrics.PRODUCTION): metrics.FAILED_IN_PRODUCTION,
        (DeploymentFailed, metrics.STAGING): metrics.FAILED_IN_STAGING,
    }
)


def came_out(meter: Meter) -> Callable[[Envelope[Event]], None]:
    """Answer what measures the events that the deployer says."""

    def measure(envelope: Envelope[Event]) -> None:
        said = envelope.data
        if isinstance(said, EndpointInService | DeploymentFailed):
            known = OUTCOMES.get((type(said), said.stage))
            if known is not None:
                meter.write({known: 1})

    return measure
