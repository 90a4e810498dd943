"""The world as it is now, for the handlers."""

from services.deployer.aws.endpoints import SageMakerEndpoints
from services.deployer.aws.registry import SageMakerRegistry
from services.deployer.domain.seen import Package, World, of_spec
from shared.contracts import names
from shared.contracts.complaints import SpecError
from shared.contracts.names import Stage
from shared.messaging.parameters import Parameters


class AwsLook:
    """The world as it is now."""

    def __init__(
        self,
        registry: SageMakerRegistry,
        endpoints: SageMakerEndpoints,
        parameters: Parameters,
        rules_allowed: bool,
    ) -> None:
        self.registry = registry
        self.endpoints = endpoints
        self.parameters = parameters
        self.rules_allowed = rules_allowed

    def package(self, arn: str) -> Package | None:
        """Answer a version as it is now."""
        return self.registry.package(arn)

    def world(self, model: str) -> World:
        """Answer the model's endpoints, and what its spec says of deployments.

        A spec that cannot be read freezes the model: nothing new starts, but what is revoked goes.
        """
        try:
            spec = self.parameters.model_spec(model)
            declared = of_spec(spec, self.rules_allowed) if spec else {"frozen": False}
        except SpecError:
            declared = {"frozen": True}
        env = self.parameters.env
        return World(
            endpoints={
                stage: self.endpoints.describe(names.endpoint(env, model, stage)) for stage in Stage
            },
            rules_allowed=self.rules_allowed,
            **declared,
        )
