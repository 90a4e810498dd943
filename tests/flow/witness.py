"""What SageMaker itself says of a model, while a run goes on: the truth that the journal's answers
are held against. Nothing here reads our events."""

import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from infra.local.stack import LocalStack
from shared.contracts import names
from shared.contracts.names import Stage
from shared.messaging.aws_errors import code_of

ENDPOINT = "SageMaker Endpoint State Change"
DEPLOYMENT = "SageMaker Endpoint Deployment State Change"
PACKAGE = "SageMaker Model Package State Change"
VERDICTS = {"PendingManualApproval": "waiting", "Approved": "approved", "Rejected": "declined"}
STAGED = {"PendingApproval": "waiting", "Approved": "approved", "Rejected": "declined"}


class Served(NamedTuple):
    """An endpoint, from a moment on."""

    at: datetime
    config: str | None
    """What answers; none: nothing does."""
    pending: str | None
    """What is being rolled out."""


class Said(NamedTuple):
    """What the registry says of a version, from a moment on."""

    approval: str
    production: str | None


class Witness:
    """Hears what SageMaker says on the default bus, and asks it when all is quiet."""

    def __init__(self, stack: LocalStack, model: str) -> None:
        self.model = model
        self.sqs, self.sagemaker = stack.client("sqs"), stack.client("sagemaker")
        self.queue = self.sqs.create_queue(QueueName="witness")["QueueUrl"]
        asked = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])
        pattern = {"source": ["aws.sagemaker"], "detail-type": [ENDPOINT, DEPLOYMENT, PACKAGE]}
        events = stack.client("events")
        events.put_rule(Name="witness", EventPattern=json.dumps(pattern))
        target = {"Id": "witness", "Arn": asked["Attributes"]["QueueArn"]}
        events.put_targets(Rule="witness", Targets=[target])
        self.served: defaultdict[str, list[Served]] = defaultdict(list)
        """By stage, in order."""
        self.said: defaultdict[int, list[tuple[datetime, Said]]] = defaultdict(list)
        """By version, in order; moments in whole seconds."""

    def listen(self) -> None:
        """Take what was said by now."""
        heard: list[Any] = []
        while messages := self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                heard.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        for event in heard:
            self.hear(event["detail-type"], event["detail"])
        for states in self.served.values():
            states.sort(key=lambda one: one.at)

    def hear(self, kind: str, detail: Any) -> None:
        """Take one event."""
        if kind == PACKAGE:
            at = datetime.fromisoformat(detail["LastModifiedTime"])
            self.said[detail["ModelPackageVersion"]].append((at, said(detail)))
            return
        owned = names.read_endpoint(detail["EndpointName"])
        assert owned is not None
        status, config = detail["EndpointStatus"], detail["EndpointConfigName"]
        pending = detail.get("PendingDeploymentSummary", {}).get("EndpointConfigName")
        at = datetime.fromtimestamp(detail["LastModifiedTime"] / 1_000, UTC)
        serves = None if status in ("CREATING", "FAILED", "DELETED") else config
        on_its_way = config if status == "CREATING" else pending
        self.served[owned.stage].append(Served(at, serves, on_its_way))

    def at(self, stage: str, moment: datetime) -> Served:
        """Answer what an endpoint did at a moment."""
        before = [one for one in self.served[stage] if one.at <= moment]
        return before[-1] if before else Served(moment, None, None)

    def next(self, stage: str, moment: datetime) -> Served | None:
        """Answer what an endpoint did next after a moment."""
        return next((one for one in self.served[stage] if one.at > moment), None)

    def verdicts(self, version: int, until: datetime) -> list[Said]:
        """Answer what the registry said of a version until a moment, each word once."""
        found = [one for at, one in self.said[version] if at <= until]
        return list(dict.fromkeys(found))

    def now(self) -> dict[str, str | None]:
        """Ask what serves each stage."""
        return {stage.value: self.describe(stage) for stage in Stage}

    def describe(self, stage: Stage) -> str | None:
        """Ask what serves a stage; nothing may be on its way."""
        name = names.endpoint("dev", self.model, stage)
        try:
            found = self.sagemaker.describe_endpoint(EndpointName=name)
        except ClientError as error:
            assert code_of(error) == "ValidationException"
            return None
        assert found["EndpointStatus"] == "InService"
        return str(found["EndpointConfigName"])

    def packages(self) -> dict[int, Any]:
        """Ask for all versions."""
        group = names.package_group("dev", self.model)
        try:
            listed = self.sagemaker.list_model_packages(ModelPackageGroupName=group)
        except ClientError as error:
            assert code_of(error) == "ValidationException"
            return {}
        return {
            one["ModelPackageVersion"]: self.sagemaker.describe_model_package(
                ModelPackageName=one["ModelPackageArn"]
            )
            for one in listed["ModelPackageSummaryList"]
        }


def said(package: Any) -> Said:
    """Read the verdicts of a package."""
    life_cycle = package.get("ModelLifeCycle", {})
    in_production = life_cycle.get("Stage") == "Production"
    return Said(
        approval=VERDICTS[package["ModelApprovalStatus"]],
        production=STAGED[life_cycle["StageStatus"]] if in_production else None,
    )
