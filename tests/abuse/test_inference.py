"""Requests that nobody should send to a model: each is refused in words, and it serves on."""

import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.algorithms import sandbox
from tests.algorithms.conftest import prepared, server, trained

__all__ = ["prepared", "server", "trained"]

JSON, LINES = "application/json", "application/jsonlines"
ERROR_CHARACTERS_MAX = 400
LONG = "x" * 100_000
TARGET = [1.0 + hour % 24 for hour in range(60)]
DEEP = "[" * 1_000 + "]" * 1_000
SLOW_CLIENTS = 20


def instance(**changes: Any) -> dict[str, Any]:
    """Answer a series of which a forecast can be made."""
    return {"start": "2025-03-03 00:00:00", "target": TARGET, **changes}


def body(*instances: Any, **configuration: Any) -> str:
    """Answer a request in real time."""
    asked = {"configuration": configuration} if configuration else {}
    return json.dumps({"instances": instances or [instance()], **asked})


def written(text: str) -> str:
    """Answer a request with a target that no JSON library writes."""
    return body(instance(target="@")).replace('"@"', text)


@pytest.fixture(autouse=True)
def serves_on(server: sandbox.Serving) -> Iterator[None]:
    """After each request a good one is answered."""
    yield
    assert server.request("POST", "/invocations", body(), JSON)[0] == 200


@pytest.fixture(scope="module", autouse=True)
def logs_nothing(trained: Path) -> Iterator[None]:
    """After all of them the program's log shows no bug."""
    yield
    assert "Traceback" not in (trained / "serve.log").read_text()


REFUSED = [
    pytest.param(DEEP, "too deep", id="deep"),
    pytest.param("[" * 1_000_000, "too deep", id="deep-1000000"),
    pytest.param(written(DEEP), "too deep", id="deep-target"),
    pytest.param(written("[" + "9" * 5_000 + "]"), "too long a number", id="5000-digits"),
    pytest.param(body(instance(target=[10**400])), "must be a finite number", id="401-digits"),
    pytest.param(body(instance(target=[float("nan")])), "NaN is not JSON", id="nan"),
    pytest.param(body(instance(target=[float("-inf")])), "Infinity is not JSON", id="infinity"),
    pytest.param(written("[1e999]"), "target[0] is inf", id="1e999"),
    pytest.param(body(instance(target=[1e308] * 60)), "not finite", id="1e308"),
    pytest.param(body(instance(target=[True] * 60)), "target[0] is True", id="true"),
    pytest.param(body(instance(target=["NaN"] * 60)), "no known value", id="nothing-known"),
    pytest.param(body(instance(target=LONG)), "target is a text", id="target-text"),
    pytest.param(body(instance(start=LONG)), "start is 'xxx", id="start-100000"),
    pytest.param(body(instance(start="2025-03-03 00:00:00\0")), "start is", id="start-nul"),
    pytest.param(body(instance(start="\ud800")), "start is", id="start-surrogate"),
    pytest.param(body(instance(start=1e308)), "start is 1e+308", id="start-number"),
    pytest.param(body(instance(**{LONG: 1})), "unknown field 'xxx", id="field-100000"),
    pytest.param(body(instance(**{"\ud800": 1})), "unknown field", id="field-surrogate"),
    pytest.param(body(None), "instances[0] is null", id="null"),
    pytest.param(json.dumps({"instances": {}}), "instances is an object", id="object"),
    pytest.param('"x"', "the body is a text", id="text"),
    pytest.param("\0", "not JSON", id="nul"),
    pytest.param(b"\xff", "not UTF-8", id="latin-1"),
    pytest.param(b"\x1f\x8b" + b"x" * 99, "not UTF-8", id="gzip"),
    pytest.param(body(num_samples=10**9), "num_samples is 1000000000", id="samples"),
    pytest.param(body(num_samples=10**400), "num_samples is 1000", id="samples-401-digits"),
    pytest.param(body(num_samples=True), "num_samples is True", id="samples-true"),
    pytest.param(
        body(*[instance()] * 100, num_samples=10_000, output_types=["samples"]),
        "would hold 6000000 values",
        id="samples-of-many",
    ),
    pytest.param(
        body(*[instance()] * 10, quantiles=[level / 10**5 for level in range(10**4, 9 * 10**4)]),
        "ask for fewer series, quantiles or samples",
        id="quantiles-of-many",
    ),
    pytest.param(body(quantiles=["nan"]), "quantile 'nan'", id="quantile-nan"),
    pytest.param(body(quantiles=["9" * 100_000]), "is not between 0 and 1", id="quantile-100000"),
    pytest.param(body(quantiles=[[0.5]]), "quantile [0.5]", id="quantile-list"),
    pytest.param(body(output_types=[LONG]), "output_types is ['xxx", id="output-type-100000"),
    pytest.param(body(output_types=[{}]), "output_types is [{}]", id="output-type-object"),
]


@pytest.mark.parametrize(("request_body", "reason"), REFUSED)
def test_a_request_is_refused_with_its_reason(
    server: sandbox.Serving, request_body: str | bytes, reason: str
) -> None:
    status, text = server.request("POST", "/invocations", request_body, JSON)
    error = json.loads(text)["error"]
    assert status == 400
    assert reason in error
    assert len(error) <= ERROR_CHARACTERS_MAX
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        pytest.param(DEEP, "too deep", id="deep"),
        pytest.param(f"{json.dumps(instance())}\n{{", "not JSON", id="second-line"),
        pytest.param(f"{json.dumps(instance())}\u2028", "not JSON", id="line-separator"),
        pytest.param("\n" * 1_000_000, "the body is empty", id="1000000-lines"),
        pytest.param("NaN", "NaN is not JSON", id="nan"),
    ],
)
def test_a_batch_with_one_bad_line_is_refused_with_its_reason(
    server: sandbox.Serving, lines: str, reason: str
) -> None:
    status, text = server.request("POST", "/invocations", lines.encode(), LINES)
    assert status == 400
    assert reason in json.loads(text)["error"]


@pytest.mark.parametrize(
    "content_type",
    ["text/csv", "application/x-npy", "application/json\xff", "../json", "x" * 10_000],
    ids=["csv", "npy", "latin-1", "parent", "10000"],
)
def test_another_content_type_is_refused(server: sandbox.Serving, content_type: str) -> None:
    status, text = server.request("POST", "/invocations", body(), content_type)
    assert status == 415
    assert "is neither application/json nor" in json.loads(text)["error"]
    assert len(text) <= ERROR_CHARACTERS_MAX


@pytest.mark.parametrize(
    "path", ["/../../etc/passwd", "/invocations/../ping", "/%2e%2e/ping", "/ping%00"]
)
def test_there_is_nothing_at_other_paths(server: sandbox.Serving, path: str) -> None:
    status, text = server.request("GET", path)
    assert status == 404
    assert "root:" not in text


def test_a_body_beyond_the_limit_is_refused_unread(server: sandbox.Serving) -> None:
    assert b"413 " in raw(server, f"Content-Length: {10**12}\r\n\r\n".encode())


@pytest.mark.parametrize(
    "head",
    [
        pytest.param("Content-Length: -1\r\n\r\n", id="length-negative"),
        pytest.param("Content-Length: 9e9\r\n\r\n", id="length-no-number"),
        pytest.param("Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", id="two-lengths"),
        pytest.param("Transfer-Encoding: chunked\r\n\r\nzz\r\n", id="chunk-no-number"),
        pytest.param("Transfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\na", id="encoding"),
        pytest.param("Content-Type: a\0b\r\n\r\n", id="nul"),
        pytest.param(f"X: {LONG * 3}\r\n\r\n", id="header-300000"),
    ],
)
def test_a_request_that_is_no_http_is_refused(server: sandbox.Serving, head: str) -> None:
    answer = raw(server, head.encode())
    assert answer.split()[1] in (b"400", b"431", b"501")
    assert b"Traceback" not in answer


def raw(server: sandbox.Serving, rest: bytes) -> bytes:
    """Send bytes behind the first lines of a request; answer what comes back first."""
    with connected(server) as connection:
        connection.sendall(b"POST /invocations HTTP/1.1\r\nHost: x\r\n" + rest)
        return connection.recv(10_000)


def connected(server: sandbox.Serving) -> socket.socket:
    """Open a connection."""
    return socket.create_connection(("127.0.0.1", server.port), timeout=30)


def test_slow_clients_keep_nobody_waiting(server: sandbox.Serving) -> None:
    begun = b"POST /invocations HTTP/1.1\r\nHost: x\r\n"
    slow = [connected(server) for _ in range(SLOW_CLIENTS)]
    try:
        for number, connection in enumerate(slow):
            connection.sendall(begun + (b"Content-Length: 9999\r\n\r\n{" if number % 2 else b""))
        for _ in range(3):
            assert server.request("POST", "/invocations", body(), JSON)[0] == 200
    finally:
        for connection in slow:
            connection.close()


def test_clients_that_leave_in_the_middle_cost_nothing(server: sandbox.Serving) -> None:
    begun = b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Length: "
    for length in (b"9999", b"2"):
        with connected(server) as connection:
            connection.sendall(begun + length + b"\r\n\r\n{}")
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    client.request("POST", "/invocations", body(*[instance()] * 200), {"Content-Type": JSON})
    client.close()
