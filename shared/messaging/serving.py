"""Asking an endpoint for forecasts, as the evaluator and the monitor do."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from shared.contracts import limits
from shared.forecasting import deepar_json
from shared.forecasting.deepar_json import FormatError, Prediction, Series
from shared.messaging.aws_errors import described, translated
from shared.messaging.errors import Refused

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

ANOTHER_CONFIGURATION = "AnotherConfiguration"


class Endpoints(Protocol):
    """SageMaker's hosting."""

    def config(self, endpoint: str) -> str | None:
        """Answer the configuration that serves; None while there is none, or it is changing."""
        ...

    def forecast(
        self, endpoint: str, instances: Sequence[Series], quantiles: Sequence[float]
    ) -> tuple[Prediction, ...]:
        """Ask for one forecast per instance, in their order."""
        ...


def ask(
    endpoints: Endpoints,
    endpoint: str,
    config: str,
    instances: Sequence[Series],
    quantiles: Sequence[float],
    in_time: int,
) -> tuple[Prediction, ...]:
    """Ask for one forecast per instance, if a configuration serves before and after.

    Parameters
    ----------
    in_time : int
        Instances that the endpoint answers in one request.

    Raises
    ------
    Refused
        If the endpoint does not answer, something else serves there, or something is under way.
    FormatError
        If the answer is not one forecast per instance.
    """
    still_serves(endpoints, endpoint, config)
    predictions = tuple(
        prediction
        for batch in batches(instances, in_time)
        for prediction in endpoints.forecast(endpoint, batch, quantiles)
    )
    still_serves(endpoints, endpoint, config)
    if len(predictions) != len(instances):
        raise FormatError(f"{len(predictions)} forecasts, {len(instances)} were asked for")
    return predictions


def still_serves(endpoints: Endpoints, endpoint: str, config: str) -> None:
    """Raise Refused unless the endpoint serves a configuration, and nothing is under way."""
    if (found := endpoints.config(endpoint)) != config:
        does = f"serves {found}" if found else "is not in service, or is changing"
        raise Refused(ANOTHER_CONFIGURATION, f"{endpoint} {does}")


def batches(instances: Sequence[Series], in_time: int) -> Iterator[Sequence[Series]]:
    """Cut instances into requests that an endpoint answers in time, and that are not too large."""
    longest = max((len(one.target) for one in instances), default=0)
    size = max(1, min(in_time, limits.REQUEST_POINTS_MAX // max(1, longest)))
    for start in range(0, len(instances), size):
        yield instances[start : start + size]


class SageMakerEndpoints:
    """SageMaker's hosting."""

    def __init__(self, sagemaker: "SageMakerClient", runtime: "SageMakerRuntimeClient") -> None:
        self.sagemaker = sagemaker
        self.runtime = runtime

    def config(self, endpoint: str) -> str | None:
        """Answer the configuration that serves; None while there is none, or it is changing."""
        found = described(lambda: self.sagemaker.describe_endpoint(EndpointName=endpoint))
        if found is None or found["EndpointStatus"] != "InService":
            return None
        config: str | None = found.get("EndpointConfigName")
        return None if found.get("PendingDeploymentSummary") else config

    def forecast(
        self, endpoint: str, instances: Sequence[Series], quantiles: Sequence[float]
    ) -> tuple[Prediction, ...]:
        """Ask for one forecast per instance.

        Raises
        ------
        Refused
            If the endpoint does not answer.
        FormatError
            If its answer is not DeepAR's.
        """
        request = deepar_json.Request(
            instances=tuple(instances),
            configuration=deepar_json.Configuration(
                output_types=("quantiles",), quantiles=tuple(quantiles)
            ),
        )
        with translated():
            answer = self.runtime.invoke_endpoint(
                EndpointName=endpoint,
                ContentType="application/json",
                Body=deepar_json.write_request(request),
            )
            body = answer["Body"].read()
        return deepar_json.read_response(body)
