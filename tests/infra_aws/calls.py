"""The calls that the whole loop makes, each once, without what differs from run to run.

``tests/flow/test_restarts.py`` records them and compares. With ``MODELCYCLE_WRITE_CALLS=1`` in the
environment it writes the list instead.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from infra.local.account import ACCOUNT
from shared.contracts.subscriptions import SERVICES

WRITE = "MODELCYCLE_WRITE_CALLS"
FILE = Path(__file__).with_name("calls.json")
CALLERS = {f"modelcycle-{service}": service for service in (*SERVICES, "poller")}
CHANCE = re.compile(rf"\b(?!{ACCOUNT}\b)(r?)[0-9a-f]{{8,}}\b")
MOMENT = re.compile(r"\d{8}T\d{6}Z")
DAY = re.compile(r"/\d{4}/\d\d/\d\d/")


class Call(NamedTuple):
    """One question to IAM."""

    service: str
    action: str
    resource: str
    values: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        values = "".join(f", {key} {value}" for key, value in self.values)
        return f"{self.service}: {self.action} on {self.resource}{values}"


def of_services(recorded: Iterable[Mapping[str, Any]]) -> frozenset[Call]:
    """Answer what functions called, of all that a front recorded."""
    return frozenset(
        Call(
            CALLERS[one["caller"]],
            one["action"],
            without_chance(one["resource"]),
            tuple(sorted(one["values"].items())),
        )
        for one in recorded
        if one["caller"] in CALLERS
    )


def without_chance(resource: str) -> str:
    """Answer a resource's name as it would be at another time."""
    on_one_day = DAY.sub("/2026/03/01/", MOMENT.sub("20260301T000000Z", resource))
    return CHANCE.sub(r"\g<1>00000000", on_one_day)


def read() -> frozenset[Call]:
    """Answer the committed list."""
    return frozenset(
        Call(service, action, resource, tuple(sorted(values.items())))
        for service, rows in json.loads(FILE.read_text()).items()
        for action, resource, values in rows
    )


def write(calls: Iterable[Call]) -> None:
    """Write the list."""
    rows: dict[str, list[Any]] = {}
    for call in sorted(calls):
        rows.setdefault(call.service, []).append([call.action, call.resource, dict(call.values)])
    texts = {
        service: ",\n".join(f"    {json.dumps(row)}" for row in each)
        for service, each in rows.items()
    }
    parts = (f"  {json.dumps(service)}: [\n{text}\n  ]" for service, text in texts.items())
    FILE.write_text("{\n" + ",\n".join(parts) + "\n}\n")
