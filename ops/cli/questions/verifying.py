"""Comparing a lineage with what S3, the registry and the endpoints say of it now."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError
from pydantic import ValidationError

from ops.cli.connection import Connection
from services.journal.questions.lineage import Lineage, Link
from shared.contracts.lifecycle.fields import Blob
from shared.contracts.manifest import Manifest
from shared.contracts.registration import Registration
from shared.messaging.aws_errors import code_of

ABSENT = frozenset({"404", "NoSuchKey", "ResourceNotFound", "ValidationException"})
CHUNK_BYTES = 1024 * 1024
APPROVALS = {"approved": "Approved", "declined": "Rejected", "revoked": "Rejected"}
PROMOTIONS = {"promoted": "Approved", "kept out of production": "Rejected"}


@dataclass(frozen=True)
class Verified:
    """A link, and whether it holds."""

    link: Link
    is_verified: bool | None = None
    """None: it was not compared, or there is nothing left to compare with."""
    problem: str = ""

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against it."""
        return self.link.found and self.is_verified is not False


class NotComparableError(Exception):
    """There is nothing to compare a link with."""


def verify(connection: Connection, found: Lineage) -> tuple[Verified, ...]:
    """Compare every link that can be compared."""
    world = World(connection, found)
    return tuple(verified(world, link) for link in found.links)


def verified(world: "World", link: Link) -> Verified:
    """Compare one link."""
    if not link.found or link.name not in CHECKS:
        return Verified(link)
    try:
        problem = CHECKS[link.name](world, link)
    except NotComparableError:
        return Verified(link)
    except ClientError as error:
        if code_of(error) not in ABSENT:
            raise
        problem = "it is not there any more"
    return Verified(link, not problem, problem)


class World:
    """What AWS says of a version, each thing asked for once."""

    def __init__(self, connection: Connection, found: Lineage) -> None:
        self.s3, self.sagemaker = connection.client("s3"), connection.client("sagemaker")
        self.lineage = found

    def link(self, name: str) -> Link:
        """Answer the first link of a name.

        Raises
        ------
        NotComparableError
            If it is missing: what others say cannot be compared with it.
        """
        link = next(one for one in self.lineage.links if one.name == name)
        if not link.found:
            raise NotComparableError
        return link

    def blob(self, name: str) -> Blob:
        """Answer the blob of a link."""
        blob = self.link(name).blob
        if blob is None:
            raise NotComparableError
        return blob

    @cached_property
    def package(self) -> Mapping[str, Any]:
        """The version, as the registry describes it."""
        arn = self.link("registration").keys["package_arn"]
        described: Mapping[str, Any] = self.sagemaker.describe_model_package(ModelPackageName=arn)
        return described

    def body(self, blob: Blob) -> Any:
        """Open an object."""
        bucket, _, key = blob.uri.removeprefix("s3://").partition("/")
        return self.s3.get_object(Bucket=bucket, Key=key)["Body"]


def digest(world: World, link: Link) -> str:
    """Compare an object with its digest."""
    if link.blob is None:
        raise NotComparableError
    sha256 = hashlib.sha256()
    for chunk in world.body(link.blob).iter_chunks(CHUNK_BYTES):
        sha256.update(chunk)
    seen = sha256.hexdigest()
    return "" if seen == link.blob.sha256 else f"{link.blob.uri} has changed: its sha256 is {seen}"


def windows(world: World, link: Link) -> str:
    """Compare with the manifest that the prepare step wrote."""
    try:
        content = world.body(world.blob("dataset")).read()
        manifest = Manifest.model_validate_json(content, extra="ignore")
    except ValidationError:
        return "the manifest cannot be read"
    said = {"first": manifest.first.isoformat(), "cutoff": manifest.cutoff.isoformat()}
    return different(said, link.keys, "the manifest")


def execution(world: World, link: Link) -> str:
    """Compare with the pipeline's execution."""
    arn = link.keys["execution_arn"]
    found = world.sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
    if (status := found["PipelineExecutionStatus"]) != "Succeeded":
        return f"its execution is {status}"
    name = found.get("PipelineExecutionDisplayName", "")
    return different({"run_id": name}, link.keys, "its execution")


def registration(world: World, link: Link) -> str:
    """Compare what the registry has with what was made and judged."""
    registered = Registration.read(world.package.get("CustomerMetadataProperties", {}))
    if registered is None:
        return "the package was not registered by the evaluator"
    (container,) = world.package["InferenceSpecification"]["Containers"]
    said = {
        "run_id": registered.run_id,
        "dataset": registered.manifest_sha256,
        "artifact": registered.artifact_sha256,
        "artifact's address": container["ModelDataUrl"],
        "image": container["Image"],
    }
    told = {
        "run_id": world.link("run").keys["run_id"],
        "dataset": world.blob("dataset").sha256,
        "artifact": world.blob("artifact").sha256,
        "artifact's address": world.blob("artifact").uri,
        "image": world.link("image").what,
    }
    return different(said, told, "the registry")


def image(world: World, link: Link) -> str:
    """Compare with the registry's container."""
    (container,) = world.package["InferenceSpecification"]["Containers"]
    return different({"image": container["Image"]}, {"image": link.what}, "the registry")


def approval(world: World, link: Link) -> str:
    """Compare the last word on staging, and on production, with the registry."""
    said = link.keys.get("said", "")
    of_same = APPROVALS if said in APPROVALS else PROMOTIONS
    words = [one for one in world.lineage.links if one.keys.get("said") in of_same]
    if not said or words[-1] is not link:
        raise NotComparableError
    life_cycle = world.package.get("ModelLifeCycle", {})
    seen = (
        world.package["ModelApprovalStatus"]
        if of_same is APPROVALS
        else life_cycle.get("StageStatus", "")
    )
    return different({"verdict": seen}, {"verdict": of_same[said]}, "the registry")


def endpoint(world: World, link: Link) -> str:
    """Compare what an endpoint serves: its configuration, and the artifact behind that."""
    if not link.keys:
        raise NotComparableError
    name, config = link.keys["endpoint"], link.keys["endpoint_config"]
    if link.keys.get("serves") == "yes":
        seen = world.sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
        if seen != config:
            return f"{name} serves {seen}"
    try:
        found = world.sagemaker.describe_endpoint_config(EndpointConfigName=config)
    except ClientError as error:
        if code_of(error) in ABSENT and link.keys.get("serves") != "yes":
            raise NotComparableError from None  # long ago, and cleaned up since
        raise
    model = world.sagemaker.describe_model(ModelName=found["ProductionVariants"][0]["ModelName"])
    container = model["PrimaryContainer"]
    said = {"artifact": container["ModelDataUrl"], "image": container["Image"]}
    told = {"artifact": world.blob("artifact").uri, "image": world.link("image").what}
    return different(said, told, config)


def different(said: Mapping[str, str], told: Mapping[str, str], who: str) -> str:
    """Say what somebody says otherwise than the journal; nothing where they agree."""
    apart = [
        f"{who} says {name} {value}, the journal {told[name]}"
        for name, value in said.items()
        if value != told[name]
    ]
    return "; ".join(apart)


CHECKS: Mapping[str, Callable[[World, Link], str]] = {
    "windows": windows,
    "dataset": digest,
    "run": execution,
    "image": image,
    "artifact": digest,
    "judged artifact": digest,
    "evaluation": digest,
    "registration": registration,
    "approvals": approval,
    "endpoints": endpoint,
}
