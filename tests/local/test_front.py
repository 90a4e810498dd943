"""One port for all of the local AWS, in this process or in one of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.session import get_session
from moto.sqs import sqs_backends

from infra.local import constraints
from infra.local.account import ACCOUNT, REGION, client
from infra.local.front import Front
from infra.local.gateway import service_of
from infra.local.http_server import HttpServer, PortTakenError
from infra.local.moto_server import Signature, signature
from infra.local.sagemaker.engine import SERVICES
from infra.local.sagemaker.storage import pack
from tests.local.conftest import Clients
from tests.local.world import IMAGE, REPOSITORY, ROLE, until


def test_health_tells_what_a_supervisor_wants_to_know(front: Front) -> None:
    with urllib.request.urlopen(f"{front.url}/_modelcycle/health") as answer:  # noqa: S310
        health = json.load(answer)
    assert health["status"] == "ok"
    assert health["services"] == list(SERVICES)
    assert {"jobs_running", "executions_running", "endpoints"} <= health.keys()


def test_objects_with_unusual_keys_survive_the_way_to_moto(aws: Clients, bucket: str) -> None:
    s3, key = aws("s3"), "year=2026/a b/ü+%2F.txt"
    s3.put_object(Bucket=bucket, Key=key, Body=b"hello", Metadata={"my_key": "kept"})
    found = s3.get_object(Bucket=bucket, Key=key)
    assert found["Body"].read() == b"hello"
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="year=")["Contents"]
    assert [each["Key"] for each in listed] == [key]


def test_services_that_are_not_ours_are_answered_by_moto(aws: Clients) -> None:
    aws("ssm").put_parameter(Name="/modelcycle/test", Value="5", Type="String")
    assert aws("ssm").get_parameter(Name="/modelcycle/test")["Parameter"]["Value"] == "5"
    topic = aws("sns").create_topic(Name="people")["TopicArn"]
    assert topic.endswith(":people")


@pytest.mark.parametrize(
    ("call", "code", "said"),
    [
        (("create_hub", {"HubName": "h", "HubDescription": "d"}), "UnknownOperationException", ""),
        (
            ("create_model_package_group", {"ModelPackageGroupName": "under_score"}),
            "ValidationException",
            "at 'modelPackageGroupName' failed to satisfy constraint",
        ),
        (
            ("create_model_package_group", {"ModelPackageGroupName": "x" * 64}),
            "ValidationException",
            "length less than or equal to 63",
        ),
        (
            (
                "update_model_package",
                {
                    "ModelPackageArn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/a/1",
                    "ModelApprovalStatus": "Yes",
                },
            ),
            "ValidationException",
            "enum value set: [Approved, Rejected, PendingManualApproval]",
        ),
    ],
)
def test_what_sagemaker_would_refuse_is_refused_in_its_words(
    aws: Clients, call: tuple[str, dict[str, Any]], code: str, said: str
) -> None:
    sagemaker = aws("sagemaker")
    operation, request = call
    with pytest.raises(sagemaker.exceptions.ClientError) as refused:
        getattr(sagemaker, operation)(**request)
    error = refused.value.response["Error"]
    assert error["Code"] == code
    assert said in error["Message"]
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_an_operation_that_is_not_built_is_named_with_those_that_are(aws: Clients) -> None:
    sagemaker = aws("sagemaker")
    with pytest.raises(sagemaker.exceptions.ClientError, match="has no ListHubs. It has: AddTags"):
        sagemaker.list_hubs()


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        ({"X-Amz-Target": "SageMaker.DoWhatIMean"}, b"{}", "UnknownOperationException"),
        ({"X-Amz-Target": "SageMaker.ListModels"}, b"{broken", "SerializationException"),
        ({"X-Amz-Target": "SageMaker.ListModels"}, b"[1]", "SerializationException"),
        ({"X-Amz-Target": "SageMaker.DescribeModel"}, b"{}", "ValidationException"),
    ],
)
def test_requests_that_no_client_would_send_are_refused(
    front: Front, headers: dict[str, str], body: bytes, code: str
) -> None:
    request = urllib.request.Request(  # noqa: S310
        front.url,
        data=body,
        headers={
            **headers,
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": f"AWS4-HMAC-SHA256 Credential=me/20260131/{REGION}/sagemaker/"
            "aws4_request, SignedHeaders=host, Signature=0",
        },
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)  # noqa: S310
    with refused.value as answer:
        assert (answer.code, json.load(answer)["__type"]) == (400, code)


def test_another_region_is_refused_with_a_word_what_to_do(front: Front) -> None:
    elsewhere = boto3.client(
        "sagemaker",
        endpoint_url=front.url,
        region_name="eu-north-1",
        aws_access_key_id="me",
        aws_secret_access_key="local",
    )
    with pytest.raises(elsewhere.exceptions.ClientError, match="set AWS_REGION"):
        elsewhere.list_models()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            "AWS4-HMAC-SHA256 Credential=operator.alice/20260131/us-east-1/SageMaker/aws4_request,"
            " SignedHeaders=host, Signature=0",
            Signature("sagemaker", "us-east-1", "operator.alice"),
        ),
        ("AWS me:signature", Signature("", "", "")),
        ("", Signature("", "", "")),
    ],
)
def test_who_signed_for_what(header: str, expected: Signature) -> None:
    assert signature({"HTTP_AUTHORIZATION": header}) == expected


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/", "sagemaker"),
        ("/endpoints/fees/invocations", "sagemaker-runtime"),
        ("/FeatureGroup/windows", "sagemaker-featurestore-runtime"),
        ("/BatchWriteRecord", "sagemaker-featurestore-runtime"),
    ],
)
def test_which_of_the_three_services_is_meant(path: str, service: str) -> None:
    assert service_of(path) == service


def test_every_pattern_that_python_can_say_is_checked() -> None:
    skipped = set()
    for service in SERVICES:
        model = get_session().get_service_model(service)
        for name in model.shape_names:
            pattern = model.shape_for(name).metadata.get("pattern")
            if pattern and constraints.in_python(pattern) is None:
                skipped.add(pattern)
    no_equal = re.compile(r"\\p\{(S|P|Print|Alnum)\}|\\uDFFF")
    assert [pattern for pattern in skipped if not no_equal.search(pattern)] == []


def test_a_port_that_is_taken_is_named_with_what_to_do(front: Front, tmp_path: Path) -> None:
    port = int(front.url.rpartition(":")[2])
    with pytest.raises(PortTakenError, match=f"port {port} .* choose another port"):
        HttpServer(lambda *_: [], port)


@pytest.fixture
def restless() -> Iterator[None]:
    """Let threads switch so often that a race which can be lost is lost."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("front", "restless")
def test_what_is_sent_while_others_receive_and_delete_arrives_once() -> None:
    sqs, senders, each = sqs_backends[ACCOUNT][REGION], 3, 100
    sqs.create_queue("busy", {})
    received: list[str] = []
    ending = threading.Event()

    def send(sender: int) -> None:
        for number in range(each):
            sqs.send_message("busy", f"{sender}-{number}")

    def receive() -> None:
        while not ending.is_set():
            for message in sqs.receive_message("busy", 10, 0, 60):
                received.append(message.body)
                sqs.delete_message("busy", message.receipt_handle)

    with ThreadPoolExecutor(senders + 2) as pool:
        readers = [pool.submit(receive) for _ in range(2)]
        for sending in [pool.submit(send, sender) for sender in range(senders)]:
            sending.result()
        until(lambda: not sqs.get_queue("busy")._messages, lambda: time.sleep(0.01))
        ending.set()
        for reader in readers:
            reader.result()
    assert sorted(received) == sorted(f"{s}-{n}" for s in range(senders) for n in range(each))


def test_a_message_made_visible_again_wakes_the_one_who_waits(aws: Clients) -> None:
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName="wakes", Attributes={"VisibilityTimeout": "600"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="again")
    (first,) = sqs.receive_message(QueueUrl=url)["Messages"]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(sqs.receive_message, QueueUrl=url, WaitTimeSeconds=10)
        sqs.change_message_visibility(
            QueueUrl=url, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=0
        )
        assert waiting.result()["Messages"][0]["Body"] == "again"


def test_the_front_as_a_process_ends_cleanly_with_all_its_children(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTED_WITH_THE_FIXTURE, "--port", "0"]
    with (tmp_path / "log").open("w") as log:
        front = subprocess.Popen(
            [*command, "--state-dir", str(tmp_path / "state")], cwd=REPOSITORY, stderr=log
        )
    try:
        until(lambda: "listens on" in (tmp_path / "log").read_text(), lambda: time.sleep(0.05))
        url = (tmp_path / "log").read_text().split("listens on ")[1].split()[0]
        bring_up_an_endpoint(url, tmp_path)
        containers = [
            int(pid) for pid in re.findall(r"started (\d+)", (tmp_path / "log").read_text())
        ]
        assert any(is_alive(container) for container in containers)
    finally:
        front.send_signal(signal.SIGTERM)
        code = front.wait(timeout=20)
    assert code == 0, (tmp_path / "log").read_text()
    assert not any(is_alive(container) for container in containers)


STARTED_WITH_THE_FIXTURE = """
import sys
from infra.local import front, processes

start = processes.Children.start

def told(family, command, **options):
    child = start(family, command, **options)
    print("started", child.pid, file=sys.stderr, flush=True)
    return child

processes.Children.start = told
front.algorithm_images = lambda _: {"modelcycle/mean": "tests.local.fixture_algorithms.mean"}
front.main(sys.argv[1:])
"""


def bring_up_an_endpoint(url: str, folder: Path) -> None:
    """Make an endpoint of the fixture algorithm, and wait until it is in service."""
    s3, sagemaker = client("s3", url, "me"), client("sagemaker", url, "me")
    source = folder / "model"
    source.mkdir()
    (source / "model.json").write_text('{"mean": 1}')
    s3.create_bucket(Bucket="models")
    s3.put_object(Bucket="models", Key="model.tar.gz", Body=pack(source))
    sagemaker.create_model(
        ModelName="mean",
        ExecutionRoleArn=ROLE,
        PrimaryContainer={
            "Image": IMAGE,
            "ModelDataUrl": "s3://models/model.tar.gz",
        },
    )
    variant = {
        "VariantName": "all",
        "ModelName": "mean",
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    sagemaker.create_endpoint_config(EndpointConfigName="mean", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="mean", EndpointConfigName="mean")
    waiter = sagemaker.get_waiter("endpoint_in_service")
    waiter.wait(EndpointName="mean", WaiterConfig={"Delay": 0.1, "MaxAttempts": 200})


def is_alive(pid: int) -> bool:
    """Whether a process runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_motos_ssm_comes_without_ec2_whose_catalogues_take_100_mb() -> None:
    program = (
        "import sys; from infra.local import moto_server; moto_server.application();"
        "import moto.ssm.models; assert 'moto.ec2.models' not in sys.modules;"
        "import moto.ec2; assert moto.ec2.ec2_backends['123456789012']['us-east-1']"
    )
    subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[2], check=True)
