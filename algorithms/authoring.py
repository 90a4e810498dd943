"""The steps that the algorithms' pipelines are made of, in the words of the sagemaker SDK.

Author-time only: the SDK is heavy and lives in an environment of its own, which neither containers
nor services see. ``make pipelines`` runs this and writes ``algorithms/*/pipeline.json``.

References to what is known only when an execution runs (parameters, what other steps made) are
the SDK's pipeline variables, which it types as ``Any`` here.
"""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import boto3
from sagemaker.core.network import NetworkConfig
from sagemaker.core.processing import Processor
from sagemaker.core.shapes import (
    Channel,
    DataSource,
    OutputDataConfig,
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
    S3DataSource,
)
from sagemaker.core.training.configs import Compute, Networking, StoppingCondition
from sagemaker.core.transformer import Transformer
from sagemaker.core.workflow.functions import Join
from sagemaker.core.workflow.parameters import ParameterString
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.steps import CacheConfig, ProcessingStep, TrainingStep, TransformStep

from algorithms import patience
from algorithms.roles import ANY_ROLE, RoleSession, RoleTrainer

JSON_LINES = "application/jsonlines"
VOLUME_GB = 10
RUNTIME_S_MAX = 3_600
PROCESSING = "/opt/ml/processing"
DATASETS = ("judged", "full", "backtest", "manifest")

# Caching looks at arguments, not at the data behind a prefix: a cached step would train on old data
UNCACHED = CacheConfig(enable_caching=False)

PARAMETERS: Mapping[str, str | None] = {
    "Model": None,
    "RunId": None,
    "RoleArn": None,
    "Image": None,
    "DatasetImage": None,
    "OutputUri": None,
    "OfflineStoreUri": None,
    "Series": None,
    "Target": "mean",
    "WindowSeconds": None,
    "FrequencySeconds": None,
    "TimeFreq": None,
    "Horizon": None,
    "Season": None,
    "Quantiles": '["0.1","0.2","0.3","0.4","0.5","0.6","0.7","0.8","0.9"]',
    "Origins": "20",
    "Stride": None,
    "ContextPoints": None,
    "MinPoints": "0",
    "MaxPoints": "0",
}
"""What every pipeline is given: name → default. The trainer says all that have none."""

PREPARE_ARGUMENTS: Mapping[str, str] = {
    "--model": "Model",
    "--run-id": "RunId",
    "--series": "Series",
    "--target": "Target",
    "--window-s": "WindowSeconds",
    "--frequency-s": "FrequencySeconds",
    "--horizon": "Horizon",
    "--quantiles": "Quantiles",
    "--season": "Season",
    "--origins": "Origins",
    "--stride": "Stride",
    "--context-points": "ContextPoints",
    "--min-points": "MinPoints",
    "--max-points": "MaxPoints",
}

FROM_SPEC: Mapping[str, str] = {
    "prediction_length": "Horizon",
    "time_freq": "TimeFreq",
    "season_length": "Season",
    "test_quantiles": "Quantiles",
}
"""Hyperparameters that no user sets: name → parameter."""


class Bench:
    """Makes steps, all of one pipeline.

    Parameters
    ----------
    hyperparameters : Mapping
        Those that users may set, with their defaults: each is a parameter of the pipeline, too.
    processing, training, transform : str
        Instance types unless an execution is given others.
    """

    def __init__(
        self,
        hyperparameters: Mapping[str, str],
        *,
        processing: str,
        training: str,
        transform: str,
    ) -> None:
        defaults = {
            **PARAMETERS,
            "ProcessingInstanceType": processing,
            "TrainingInstanceType": training,
            "TransformInstanceType": transform,
            **hyperparameters,
        }
        self.parameters = {
            name: ParameterString(name, default_value=default) for name, default in defaults.items()
        }
        self._hyperparameters = tuple(hyperparameters)
        self.session = RoleSession(
            boto3.Session("nobody", "nothing", region_name="us-east-1"),  # it is never called
            default_bucket="unused",
        )

    def prepare(self) -> Any:
        """Make the step that cuts the datasets out of the offline store."""
        processor = Processor(
            role=self.parameters["RoleArn"],
            image_uri=self.parameters["DatasetImage"],
            entrypoint=["python3", "-m", "algorithms.dataset.prepare"],
            instance_count=1,
            instance_type=self.parameters["ProcessingInstanceType"],
            volume_size_in_gb=VOLUME_GB,
            max_runtime_in_seconds=RUNTIME_S_MAX,
            network_config=NetworkConfig(enable_network_isolation=True),
            sagemaker_session=self.session,
        )
        offline = ProcessingS3Input(
            s3_uri=self.parameters["OfflineStoreUri"],
            local_path=f"{PROCESSING}/input/offline",
            s3_data_type="S3Prefix",
            s3_input_mode="File",
            s3_data_distribution_type="FullyReplicated",
        )
        arguments = processor.run(
            inputs=[ProcessingInput(input_name="offline", s3_input=offline)],
            outputs=[self._dataset(name) for name in DATASETS],
            arguments=[
                word
                for option, name in PREPARE_ARGUMENTS.items()
                for word in (option, self.parameters[name])
            ],
        )
        return ProcessingStep(
            "Prepare", arguments, cache_config=UNCACHED, retry_policies=patience.OF_JOBS
        )

    def train(self, name: str, dataset: Any, folder: str) -> Any:
        """Make a training step.

        Parameters
        ----------
        dataset : pipeline variable
            What it is trained on; see `dataset`.
        folder : str
            Where its artifact goes, under the run's OutputUri.
        """
        trainer = RoleTrainer(
            sagemaker_session=self.session,
            role=ANY_ROLE,
            base_job_name="unused",
            training_image=self.parameters["Image"],
            training_input_mode="File",
            compute=Compute(
                instance_type=self.parameters["TrainingInstanceType"],
                instance_count=1,
                volume_size_in_gb=VOLUME_GB,
            ),
            networking=Networking(enable_network_isolation=True),
            stopping_condition=StoppingCondition(max_runtime_in_seconds=RUNTIME_S_MAX),
            hyperparameters={
                **{each: self.parameters[each] for each in self._hyperparameters},
                **{each: self.parameters[source] for each, source in FROM_SPEC.items()},
            },
            input_data_config=[_channel("train", dataset)],
            output_data_config=OutputDataConfig(s3_output_path=self._output(folder)),
        )
        trainer.role = self.parameters["RoleArn"]
        return TrainingStep(
            name, trainer.train(), cache_config=UNCACHED, retry_policies=patience.OF_JOBS
        )

    def model(self, name: str, trained: Any) -> Any:
        """Make the step that creates the model of a training step's artifact."""
        # Not ModelBuilder: it wants to know the framework and to look at the artifact
        self.session.init_model_step_arguments(SimpleNamespace(sagemaker_session=self.session))
        container = {
            "Image": self.parameters["Image"],
            "ModelDataUrl": trained.properties.ModelArtifacts.S3ModelArtifacts,
        }
        self.session.create_model(
            name=None,
            role=self.parameters["RoleArn"],
            container_defs=container,
            enable_network_isolation=True,
        )
        arguments, self.session.context = self.session.context, None
        return ModelStep(name, arguments, retry_policies=patience.OF_CALLS)

    def forecast(self, model: Any, prepared: Any) -> Any:
        """Make the step that forecasts from every origin of the backtest."""
        transformer = Transformer(
            model_name=model.properties.ModelName,
            instance_count=1,
            instance_type=self.parameters["TransformInstanceType"],
            strategy="SingleRecord",
            assemble_with="Line",
            output_path=self._output("forecasts"),
            accept=JSON_LINES,
            env={"DEEPAR_INFERENCE_CONFIG": self._inference()},
            sagemaker_session=self.session,
        )
        arguments = transformer.transform(
            dataset(prepared, "backtest"), content_type=JSON_LINES, split_type="Line"
        )
        return TransformStep(
            "Forecast", arguments, cache_config=UNCACHED, retry_policies=patience.OF_JOBS
        )

    def _dataset(self, name: str) -> Any:
        place = ProcessingS3Output(
            s3_uri=self._output("dataset", name),
            local_path=f"{PROCESSING}/output/{name}",
            s3_upload_mode="EndOfJob",
        )
        return ProcessingOutput(output_name=name, s3_output=place)

    def _output(self, *folders: str) -> Any:
        return Join(on="/", values=[self.parameters["OutputUri"], *folders])

    def _inference(self) -> Any:
        head = '{"output_types":["mean","quantiles"],"quantiles":'
        return Join(on="", values=[head, self.parameters["Quantiles"], "}"])


def dataset(prepared: Any, name: str) -> Any:
    """Answer where the prepare step has put one of its `DATASETS`."""
    return prepared.properties.ProcessingOutputConfig.Outputs[name].S3Output.S3Uri


def defaults(specification: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Answer the defaults of the hyperparameters that users may set.

    Parameters
    ----------
    specification : Sequence
        The content of an algorithm's ``hyperparameters.json``.
    """
    return {
        row["Name"]: row["DefaultValue"] for row in specification if row["Name"] not in FROM_SPEC
    }


def _channel(name: str, place: Any) -> Any:
    source = S3DataSource(
        s3_data_type="S3Prefix", s3_uri=place, s3_data_distribution_type="FullyReplicated"
    )
    return Channel(
        channel_name=name,
        content_type=JSON_LINES,
        data_source=DataSource(s3_data_source=source),
    )
