"""The whole local AWS starts, works, becomes quiet and leaves nothing behind."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.function_host import FunctionBrokenError
from infra.local.http_server import PortTakenError
from infra.local.memory import family
from infra.local.stack import LocalStack, NotQuietError, StateInUseError
from shared.contracts import names
from tests.local.queues import FIXTURE, ROOT, eventually
from tests.local.test_processes import is_alive, until_gone

SERVICES = ("ingest", "deployer")
PARENT = f"""
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored by children of background jobs
from pathlib import Path
from infra.local.stack import LocalStack
with LocalStack(Path(sys.argv[1]), services={SERVICES}, handler="{FIXTURE}"):
    print("up", flush=True)
    time.sleep(60)
"""
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")


@pytest.fixture(scope="module")
def said() -> list[str]:
    return []


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, said: list[str]) -> Iterator[LocalStack]:
    folder = tmp_path_factory.mktemp("state")
    with LocalStack(folder, services=SERVICES, handler=FIXTURE, progress=said.append) as stack:
        yield stack


def send(stack: LocalStack, service: str, message: dict[str, Any]) -> None:
    sqs = stack.client("sqs")
    queue = sqs.get_queue_url(QueueName=names.queue("dev", service))["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(message))


def test_it_says_what_it_has_reached(stack: LocalStack, said: list[str]) -> None:
    assert said[0] == f"local AWS at {stack.endpoint_url}"
    assert said[-1] == "services ingest, deployer"


def test_an_event_on_the_bus_reaches_its_function_and_then_it_is_quiet(stack: LocalStack) -> None:
    before = stack.supervisor.batches()
    entry = {
        "EventBusName": names.bus("dev"),
        "Source": "modelcycle.evaluator",
        "DetailType": "ModelRegistered",
        "Detail": "{}",
    }
    stack.client("events").put_events(Entries=[entry])
    stack.wait_until_quiet(20)
    assert stack.supervisor.batches() > before
    assert stack.watch.dead_letters() == {}


def test_what_is_still_going_on_is_named(stack: LocalStack) -> None:
    send(stack, "deployer", {"do": "sleep", "seconds": 0.5})
    with pytest.raises(NotQuietError, match="1 messages in modelcycle-dev-deployer"):
        stack.wait_until_quiet(0.1)
    stack.wait_until_quiet(20)


def test_unfinished_business_of_an_aggregate_is_named(stack: LocalStack) -> None:
    dynamodb, table = stack.client("dynamodb"), names.table("dev", "deployer")
    item = {"id": {"S": "fees"}, "kind": {"S": "aggregate"}, "revision": {"N": "1"}}
    dynamodb.put_item(TableName=table, Item={**item, "todo": {"S": '[{"kind": "RollOut"}]'}})
    assert "deployer has to do for fees: RollOut" in set(stack.watch.unfinished())
    dynamodb.put_item(TableName=table, Item={**item, "todo": {"S": "[]"}})
    stack.wait_until_quiet(20)


def test_a_client_speaks_as_whoever_it_is_said_to_be(stack: LocalStack) -> None:
    sagemaker = stack.client("sagemaker", "operator.alice")
    sagemaker.create_model_package_group(ModelPackageGroupName="strangers")
    arn = sagemaker.create_model_package(ModelPackageGroupName="strangers")["ModelPackageArn"]
    seen = sagemaker.describe_model_package(ModelPackageName=arn)
    assert seen["CreatedBy"]["IamIdentity"]["Arn"].endswith(":user/alice")
    assert stack.environment("operator.alice")["AWS_ENDPOINT_URL"] == stack.endpoint_url


@linux
def test_memory_counts_every_process_once(stack: LocalStack) -> None:
    taken = stack.memory_bytes()
    assert taken is not None
    assert 50e6 < taken < 2e9
    assert len(family(os.getpid())) >= 1 + 1 + len(SERVICES)


def test_a_folder_belongs_to_one_stack_at_a_time(stack: LocalStack) -> None:
    with pytest.raises(StateInUseError, match="another local AWS runs in"):
        LocalStack(stack.state_dir).start()


def test_a_port_that_is_taken_is_named(stack: LocalStack, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"port {port} on .* choose another port"):
            LocalStack(tmp_path, port=port).start()


@linux
def test_a_start_that_fails_leaves_nothing_running(tmp_path: Path) -> None:
    before = family(os.getpid())
    broken = LocalStack(tmp_path, services=("deployer",), handler="services.nobody.handler")
    with pytest.raises(FunctionBrokenError, match="deployer: services.nobody.handler"):
        broken.start()
    eventually(lambda: set(family(os.getpid())) <= set(before), "an end of all processes")


@linux
@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_no_process_outlives_it_however_it_ends(tmp_path: Path, ending: signal.Signals) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
    )
    with parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "up\n"
        members = family(parent.pid)
        assert sum(map(is_alive, members)) >= 1 + 1 + len(SERVICES)
        parent.send_signal(ending)
    assert all(map(until_gone, members))
