"""The world as it is now, for the handlers."""

from services.deployer.aws.endpoints import SageMakerEndpoints
from services.deployer.aws.registry import SageMakerRegistry
from services.deployer.domain.seen import Package, World
from shared.contracts import names
from shared.contracts.complaints import SpecError
from shared.contracts.names import Stage
from shared.contracts.specs import Approver, Strategy
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
            readable = True
        except SpecError:
            spec, readable = None, False
        env = self.parameters.env
        by_rule = {
            Stage.STAGING: spec and spec.approval.staging is Approver.RULE,
            Stage.PRODUCTION: spec and spec.approval.production is Approver.RULE,
        }
        return World(
            endpoints={
                stage: self.endpoints.describe(names.endpoint(env, model, stage)) for stage in Stage
            },
            strategy=spec.deployment.strategy if spec else Strategy.ALL_AT_ONCE,
            bake_s=int(spec.deployment.bake.total_seconds()) if spec else 0,
            frozen=spec.frozen if spec else not readable,
            rule_for=tuple(stage for stage in Stage if by_rule[stage] and self.rules_allowed),
            expires_after_s=int(spec.approval.expires_after.total_seconds()) if spec else None,
            staging_ttl_s=int(spec.deployment.staging_ttl.total_seconds()) if spec else None,
        )
