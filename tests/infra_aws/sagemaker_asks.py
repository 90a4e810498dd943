"""What SageMaker asks of IAM in the name of its four roles, worked out of what we have it do.

The jobs of a training are those of the committed pipeline, with its parameters as the trainer gives
them; their programs are isolated from every network, so that all calls are SageMaker's own. Which
calls these are is in AWS's guide, *How to use SageMaker AI execution roles*, by operation.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from infra.aws import arns, definitions
from infra.aws.environments import ROOT, Environment
from infra.aws.grants import Places
from infra.local.sagemaker.references import resolve
from services.trainer.domain import parameters
from services.trainer.domain.parameters import Site
from shared.contracts import names, windows
from shared.contracts.names import Execution
from shared.contracts.specs import ModelSpec

RUN = "fees-r0a1b"
SPEC = {
    "model": "fees",
    "series": "transactions",
    "target": "mean",
    "frequency": "5m",
    "horizon": 12,
}
NETWORK = (
    "ec2:CreateNetworkInterface",
    "ec2:CreateNetworkInterfacePermission",
    "ec2:DeleteNetworkInterface",
    "ec2:DeleteNetworkInterfacePermission",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
)
PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
PRINT = (
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:DescribeLogStreams",
    "logs:PutLogEvents",
)
USE_OF_KEY = ("kms:Decrypt", "kms:GenerateDataKey")


class Ask(NamedTuple):
    """One question to IAM, in the name of one role."""

    role: Execution
    action: str
    resource: str
    values: tuple[tuple[str, str], ...] = ()


class Steps:
    """What references of a definition lead to, had its steps been run."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self.given = given
        self.steps: dict[str, Mapping[str, Any]] = {}

    def parameter(self, name: str) -> Any:
        return self.given[name]

    def variable(self, name: str) -> Any:
        return name

    def described(self, step: str) -> Mapping[str, Any]:
        return self.steps[step]

    def property_file(self, step: str, name: str) -> Any:
        raise NotImplementedError(f"{step}: {name}")


class Asking:
    """Works out questions for one environment."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.places = Places(environment)

    def of_training(self, algorithm: str) -> Iterator[Ask]:
        """Answer what an execution of an algorithm's pipeline asks."""
        text = (ROOT / "algorithms" / algorithm / "pipeline.json").read_text()
        definition = definitions.of_environment(json.loads(text), self.environment)
        defaults = {one["Name"]: one.get("DefaultValue") for one in definition["Parameters"]}
        look = Steps(defaults | self.parameters(algorithm))
        for step in definition["Steps"]:
            name, kind, arguments = step["Name"], step["Type"], resolve(step["Arguments"], look)
            look.steps[name] = arguments | self.made(name, arguments)
            yield from self.of_creating(kind, arguments)
            yield from OF_STEPS[kind](self, arguments)

    def parameters(self, algorithm: str) -> dict[str, str]:
        """Answer a run's parameters, as the trainer gives them."""
        site = Site(
            env=self.environment.name,
            bucket=self.environment.bucket,
            role_arn=arns.role(
                self.environment, names.execution_role(self.environment.name, Execution.JOBS)
            ),
            image_registry=self.environment.image_registry,
            image_tag=self.environment.image_tag,
        )
        spec = ModelSpec.model_validate_json(json.dumps(SPEC | {"algorithm": algorithm}))
        chosen = parameters.hyperparameters(spec, {})
        offline = f"s3://{self.environment.bucket}/{windows.OFFLINE_PREFIX}/any/data"
        return parameters.of_run(site, RUN, spec, 60, chosen, offline)

    def made(self, step: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Answer what a step has made, where others refer to it."""
        job = f"pipelines-0a1b-{step}"
        if "OutputDataConfig" in arguments:
            uri = f"{arguments['OutputDataConfig']['S3OutputPath']}/{job}/output/model.tar.gz"
            return {"ModelArtifacts": {"S3ModelArtifacts": uri}}
        return {"ModelName": job}

    def of_creating(self, kind: str, arguments: Mapping[str, Any]) -> Iterator[Ask]:
        """Answer what the pipeline's own role asks, to make a step's job or model."""
        word, resource = MADE[kind]
        arn = self.places.of("sagemaker", f"{resource}/pipelines-0a1b-{kind}")
        for verb in ("Create", "Describe"):
            yield Ask(Execution.PIPELINES, f"sagemaker:{verb}{word}", arn)
        yield Ask(Execution.PIPELINES, "sagemaker:AddTags", arn)
        role = arguments.get("RoleArn") or arguments.get("ExecutionRoleArn")
        if role:
            passed = (("iam:PassedToService", "sagemaker.amazonaws.com"),)
            yield Ask(Execution.PIPELINES, "iam:PassRole", role, passed)

    def of_processing(self, arguments: Mapping[str, Any]) -> Iterator[Ask]:
        """Answer what a processing job asks."""
        for one in arguments["ProcessingInputs"]:
            yield from self.read(one["S3Input"]["S3Uri"])
        for one in arguments["ProcessingOutputConfig"]["Outputs"]:
            yield from self.write(one["S3Output"]["S3Uri"])
        yield from self.container(Execution.JOBS, arguments["AppSpecification"]["ImageUri"])
        yield from self.disks(arguments["ProcessingResources"]["ClusterConfig"])
        yield from self.network(Execution.JOBS, arguments["NetworkConfig"])

    def of_training_job(self, arguments: Mapping[str, Any]) -> Iterator[Ask]:
        """Answer what a training job asks."""
        for one in arguments["InputDataConfig"]:
            yield from self.read(one["DataSource"]["S3DataSource"]["S3Uri"])
        yield from self.write(arguments["OutputDataConfig"]["S3OutputPath"])
        image = arguments["AlgorithmSpecification"]["TrainingImage"]
        yield from self.container(Execution.JOBS, image)
        yield from self.disks(arguments["ResourceConfig"])
        yield from self.network(Execution.JOBS, arguments)

    def of_model(
        self, arguments: Mapping[str, Any], role: Execution = Execution.JOBS
    ) -> Iterator[Ask]:
        """Answer what a model asks, where it forecasts or serves."""
        container = arguments["PrimaryContainer"]
        yield from self.read(container["ModelDataUrl"], role)
        yield from self.container(role, container["Image"])
        yield from self.network(role, arguments)

    def of_transform(self, arguments: Mapping[str, Any]) -> Iterator[Ask]:
        """Answer what a transform job asks; its model has asked before."""
        yield from self.read(arguments["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"])
        yield from self.write(arguments["TransformOutput"]["S3OutputPath"])
        yield from self.disks(arguments["TransformResources"])

    def of_serving(self, algorithm: str) -> Iterator[Ask]:
        """Answer what an endpoint's model asks: it serves what a training shipped."""
        given = self.parameters(algorithm)
        shipped = f"{given['OutputUri']}/shipped/pipelines-0a1b-Refit/output/model.tar.gz"
        served: dict[str, Any] = {
            "PrimaryContainer": {"Image": given["Image"], "ModelDataUrl": shipped}
        }
        if self.environment.vpc:
            served["VpcConfig"] = {}
        return self.of_model(served, Execution.ENDPOINTS)

    def of_features(self, group: Mapping[str, Any]) -> Iterator[Ask]:
        """Answer what the feature group of the template asks, when it is made and as it writes."""
        role, storage = Execution.FEATURES, group["OfflineStoreConfig"]["S3StorageConfig"]
        for action in ("s3:GetBucketAcl", "s3:GetBucketLocation", "s3:ListBucket"):
            yield Ask(role, action, self.places.bucket())
        for action in ("s3:GetObject", "s3:PutObject", "s3:PutObjectAcl"):
            yield Ask(role, action, object_in(storage["S3Uri"]))
        database = "sagemaker_featurestore"
        catalog = ("catalog", f"database/{database}")
        for action in ("glue:GetDatabase", "glue:GetTable", "glue:UpdateTable"):
            for one in catalog:
                yield Ask(role, action, self.places.of("glue", one))
        for action in ("glue:GetTable", "glue:UpdateTable"):
            yield Ask(role, action, self.places.of("glue", f"table/{database}/windows_1"))
        for service in ("s3", "sagemaker", "dynamodb"):
            yield from self.key(role, service)

    def read(self, uri: str, role: Execution = Execution.JOBS) -> Iterator[Ask]:
        """Answer what it takes to copy what is below a prefix."""
        bucket = f"arn:{self.environment.partition}:s3:::{urlsplit(uri).netloc}"
        for action in ("s3:ListBucket", "s3:GetBucketLocation"):
            yield Ask(role, action, bucket)
        yield Ask(role, "s3:GetObject", object_in(uri))
        yield from self.key(role, "s3")

    def write(self, uri: str) -> Iterator[Ask]:
        """Answer what it takes to leave a file below a prefix."""
        yield Ask(Execution.JOBS, "s3:PutObject", object_in(uri))
        yield from self.key(Execution.JOBS, "s3")

    def container(self, role: Execution, image: str) -> Iterator[Ask]:
        """Answer what it takes to pull an image, and to keep what its program prints."""
        yield Ask(role, "ecr:GetAuthorizationToken", "*")
        repository = image.partition("/")[2].rpartition(":")[0]
        for action in PULL:
            yield Ask(role, action, self.places.of("ecr", f"repository/{repository}"))
        for action in PRINT:
            yield Ask(role, action, self.places.log_group("/aws/sagemaker/TrainingJobs"))
        for space in ("/aws/sagemaker/TrainingJobs", "aws/sagemaker/Endpoints"):
            yield Ask(role, "cloudwatch:PutMetricData", "*", (("cloudwatch:namespace", space),))
        yield from self.key(role, "sagemaker")

    def disks(self, cluster: Mapping[str, Any]) -> Iterator[Ask]:
        """Answer what it takes to encrypt the disks of machines."""
        assert cluster["VolumeKmsKeyId"] == arns.key_alias(self.environment)
        ours = ("kms:ResourceAliases", names.key_alias(self.environment.name))
        granted = ("kms:GrantIsForAWSResource", "true")
        yield Ask(Execution.JOBS, "kms:DescribeKey", self.places.of("kms", "key/any"), (ours,))
        yield Ask(
            Execution.JOBS, "kms:CreateGrant", self.places.of("kms", "key/any"), (granted, ours)
        )

    def key(self, role: Execution, service: str) -> Iterator[Ask]:
        """Answer what it takes to read and write through a service what is encrypted."""
        values = (
            ("kms:ResourceAliases", names.key_alias(self.environment.name)),
            ("kms:ViaService", self.places.endpoint_of(service)),
        )
        for action in USE_OF_KEY:
            yield Ask(role, action, self.places.of("kms", "key/any"), values)

    def network(self, role: Execution, arguments: Mapping[str, Any]) -> Iterator[Ask]:
        """Answer what it takes to live in a VPC, where a job or a model is told to."""
        if "VpcConfig" in arguments:
            yield from (Ask(role, action, "*") for action in NETWORK)


MADE = {
    "Processing": ("ProcessingJob", "processing-job"),
    "Training": ("TrainingJob", "training-job"),
    "Transform": ("TransformJob", "transform-job"),
    "Model": ("Model", "model"),
}
"""Kind of step → the word in its operations, and in its ARN."""
OF_STEPS = {
    "Processing": Asking.of_processing,
    "Training": Asking.of_training_job,
    "Model": Asking.of_model,
    "Transform": Asking.of_transform,
}


def object_in(uri: str) -> str:
    """Answer the ARN of an object below an S3 URI."""
    parts = urlsplit(uri)
    return f"arn:aws:s3:::{parts.netloc}{parts.path}/x"
