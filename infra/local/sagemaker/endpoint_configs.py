"""Endpoint configurations: immutable, and what an endpoint is made of."""

from collections.abc import Callable

from infra.local.sagemaker.core import Caller, Request, Response, Surroundings, invalid, moment
from infra.local.sagemaker.job import ServedModel
from infra.local.sagemaker.listing import listing
from infra.local.sagemaker.serving import Variant
from infra.local.sagemaker.tags import Tags

STARTUP_LIMIT_S = 180.0  # SageMaker's default for a container to answer /ping

NOT_HERE = (  # accepted silently, these would promise what does not happen
    "AsyncInferenceConfig",
    "CrossRegionTrafficConfig",
    "DataCaptureConfig",
    "ExplainerConfig",
    "ShadowProductionVariants",
)


class EndpointConfigs:
    """CreateEndpointConfig, DescribeEndpointConfig, ListEndpointConfigs, DeleteEndpointConfig.

    Parameters
    ----------
    served : Callable
        Answers what a container needs of a model; ValidationException where there is none.
    """

    def __init__(
        self, surroundings: Surroundings, tags: Tags, served: Callable[[str], ServedModel]
    ) -> None:
        self._surroundings = surroundings
        self._tags = tags
        self._served = served
        self._configs: dict[str, Response] = {}

    def create_endpoint_config(self, request: Request, _caller: Caller) -> Response:
        """Create a configuration; ValidationException if it exists or a model does not."""
        name = request["EndpointConfigName"]
        arn = self._arn(name)
        if name in self._configs:
            raise invalid(f'Cannot create already existing endpoint configuration "{arn}".')
        for wish in NOT_HERE:
            if wish in request:
                raise invalid(f"The local AWS has no {wish}: leave it out")
        _check_variants(request["ProductionVariants"])
        described: Response = {
            **{key: value for key, value in request.items() if key != "Tags"},
            "ProductionVariants": [
                {"InitialVariantWeight": 1.0, **variant}
                for variant in request["ProductionVariants"]
            ],
            "EndpointConfigArn": arn,
            "CreationTime": moment(self._surroundings.now()),
        }
        _variants(described, self._served)
        self._configs[name] = described
        self._tags.put(arn, request.get("Tags", ()))
        return {"EndpointConfigArn": arn}

    def describe_endpoint_config(self, request: Request, _caller: Caller) -> Response:
        """Describe a configuration; ValidationException if there is none."""
        return dict(self._known(request["EndpointConfigName"]))

    def list_endpoint_configs(self, request: Request, _caller: Caller) -> Response:
        """List configurations, newest first unless asked otherwise."""
        shown = ("EndpointConfigName", "EndpointConfigArn", "CreationTime")
        rows = [{key: config[key] for key in shown} for config in self._configs.values()]
        return listing(request, rows, into="EndpointConfigs", name="EndpointConfigName")

    def delete_endpoint_config(self, request: Request, _caller: Caller) -> Response:
        """Delete a configuration; endpoints that were made of it go on."""
        name = request["EndpointConfigName"]
        self._known(name)
        del self._configs[name]
        self._tags.drop(self._arn(name))
        return {}

    def variants(self, name: str) -> tuple[Variant, ...]:
        """Answer what to start; ValidationException if the configuration or a model is gone."""
        return _variants(self._known(name), self._served)

    def _known(self, name: str) -> Response:
        try:
            return self._configs[name]
        except KeyError:
            raise invalid(f'Could not find endpoint configuration "{self._arn(name)}".') from None

    def _arn(self, name: str) -> str:
        return self._surroundings.arn(f"endpoint-config/{name.lower()}")


def _check_variants(variants: list[Response]) -> None:
    names = [variant["VariantName"] for variant in variants]
    if len(set(names)) < len(names):
        raise invalid(f"Production variant names must be unique, these are not: {names}")
    for variant in variants:
        serverless = "ServerlessConfig" in variant
        instances = "InstanceType" in variant and "InitialInstanceCount" in variant
        if serverless == instances or "ModelName" not in variant:
            raise invalid(
                f"Production variant {variant['VariantName']} needs a ModelName, and either a"
                " ServerlessConfig or an InstanceType with an InitialInstanceCount"
            )
        if serverless and len(variants) > 1:
            raise invalid("A serverless endpoint has exactly one production variant")


def _variants(config: Response, served: Callable[[str], ServedModel]) -> tuple[Variant, ...]:
    return tuple(
        Variant(
            name=variant["VariantName"],
            model=served(variant["ModelName"]),
            weight=variant["InitialVariantWeight"],
            instances=variant.get("InitialInstanceCount", 0),
            serverless=variant.get("ServerlessConfig"),
            startup_limit_s=variant.get(
                "ContainerStartupHealthCheckTimeoutInSeconds", STARTUP_LIMIT_S
            ),
        )
        for variant in config["ProductionVariants"]
    )
