"""What every service's app.py needs to put its worker together."""

import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config

from shared.contracts import limits, names
from shared.contracts.printable import printable, shortened
from shared.messaging.aws_errors import translated
from shared.messaging.bus import EventBridgeBus
from shared.messaging.clock import WallClock, clock_of
from shared.messaging.concerned import Concerned
from shared.messaging.decision import S
from shared.messaging.errors import Refused
from shared.messaging.evidence import Evidence
from shared.messaging.lambda_entry import Door, Hears
from shared.messaging.parameters import Parameters
from shared.messaging.settings import Settings
from shared.messaging.store import DynamoStore
from shared.messaging.worker import Service, Worker

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

QUICK = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "max_attempts": 3})
TOO_LARGE, NO_URI = "TooLarge", "NotAnS3Uri"
S3_URI = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<key>.+)", re.DOTALL)
URI_CHARACTERS_SHOWN = 200


@cache
def client(service: str) -> Any:
    """Answer the boto3 client of an AWS service, one per process."""
    return boto3.client(service, config=QUICK)  # type: ignore[call-overload]


class S3Blobs:
    """The environment's bucket."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self.s3 = s3
        self.bucket = bucket

    def put(self, key: str, body: bytes) -> str:
        """Write an object and answer its URI."""
        with translated():
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        return f"s3://{self.bucket}/{key}"

    def get(self, uri: str) -> bytes:
        """Read an object, of this bucket or another.

        Raises
        ------
        Refused
            If it is no S3 URI, is not there, may not be read, or is larger than
            `limits.OBJECT_BYTES_MAX`.
        """
        bucket, key = bucket_and_key(uri)
        with translated():
            found = self.s3.get_object(Bucket=bucket, Key=key)
            if (size := found["ContentLength"]) > limits.OBJECT_BYTES_MAX:
                raise Refused(
                    TOO_LARGE, f"{uri} has {size} bytes, at most {limits.OBJECT_BYTES_MAX} are read"
                )
            return found["Body"].read()


def bucket_and_key(uri: str) -> tuple[str, str]:
    """Take ``s3://bucket/key`` apart.

    Raises
    ------
    Refused
        If it is none, or S3 has no such names.
    """
    found = S3_URI.fullmatch(uri)
    is_text = not any("\ud800" <= sign <= "\udfff" for sign in uri)  # halves of characters
    if found is None or not is_text or len(found["key"].encode()) > limits.S3_KEY_BYTES_MAX:
        shown = shortened(printable(uri), URI_CHARACTERS_SHOWN)
        raise Refused(NO_URI, f"{shown!r} is no S3 URI: s3://bucket/key is expected")
    return found["bucket"], found["key"]


class SqsDeadLetters:
    """The dead-letter queue of a service."""

    def __init__(self, sqs: "SQSClient", name: str) -> None:
        self.sqs = sqs
        self.name = name

    def reject(self, body: str, reason: str) -> None:
        """Keep the message with its reason."""
        with translated():
            url = self.sqs.get_queue_url(QueueName=self.name)["QueueUrl"]
            self.sqs.send_message(
                QueueUrl=url,
                MessageBody=body,
                MessageAttributes={"reason": {"DataType": "String", "StringValue": reason}},
            )


def blobs(settings: Settings) -> S3Blobs:
    """Answer the environment's bucket."""
    return S3Blobs(client("s3"), settings.bucket)


def parameters(settings: Settings) -> Parameters:
    """Answer what users declared."""
    return Parameters(client("ssm"), settings.env)


def bus(settings: Settings) -> EventBridgeBus:
    """Answer the environment's bus."""
    return EventBridgeBus(client("events"), names.bus(settings.env))


def worker(
    service: Service[S], state: type[S], initial: Callable[[str], S], settings: Settings
) -> Worker[S]:
    """Put a service's worker together on the real ports."""
    store = DynamoStore(
        client("dynamodb"),
        names.table(settings.env, service.name),
        state,
        initial,
        wall=WallClock(),
        lease_seconds=settings.lease_seconds,
    )
    return Worker(
        service=service,
        store=store,
        bus=bus(settings),
        clock=clock_of(),
        evidence=Evidence(blobs(settings).put),
        concerned=Concerned(service.name, settings.env, parameters(settings), store.keys),
        log=Logger(service=service.name),
        code_version=settings.code_version,
    )


def door(name: str, hears: Hears, settings: Settings) -> Door:
    """Put the way in together: what a service hears, and where it sends what it cannot."""
    dead_letters = SqsDeadLetters(client("sqs"), names.dead_letter_queue(settings.env, name))
    return Door(hears, dead_letters, Logger(service=name))
