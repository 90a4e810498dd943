"""Asking an endpoint for forecasts, as the evaluator and the monitor do."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from shared.forecasting import deepar_json
from shared.forecasting.deepar_json import Prediction, Series
from shared.messaging.aws_errors import described, translated

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient


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
