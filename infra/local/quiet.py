"""Whether anything is still to be done anywhere: for tests, and for a demo that waits."""

import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.request import ProxyHandler, build_opener

from infra.local import account
from shared.contracts import names
from shared.contracts.tables import BY_KIND, TABLES
from shared.messaging.store import AGGREGATE

WAITING = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed")
BEING_HANDLED = "ApproximateNumberOfMessagesNotVisible"
SETTLED_ENDPOINTS = frozenset({"InService", "Failed", "OutOfService", "UpdateRollbackFailed"})
HEALTH_LIMIT_S = 5.0


class Watch:
    """Looks for unfinished business; it only reads.

    Parameters
    ----------
    services : sequence of str
        Whose queues and tables count.
    """

    def __init__(self, env: str, endpoint_url: str, services: Sequence[str]) -> None:
        self.env = env
        self.services = tuple(services)
        self._endpoint_url = endpoint_url
        self._sqs: Any = account.client("sqs", endpoint_url, "modelcycle-local")
        self._dynamodb: Any = account.client("dynamodb", endpoint_url, "modelcycle-local")
        self._sagemaker: Any = account.client("sagemaker", endpoint_url, "modelcycle-local")
        self._opener = build_opener(ProxyHandler({}))  # a proxy knows nothing of loopback

    def unfinished(self) -> Iterator[str]:
        """Answer what is under way, a few words each, in the order in which work moves on."""
        yield from self._engine()
        yield from self._queues()
        yield from self._todos()

    def wait(self, limit_s: float) -> dict[str, Any]:
        """Answer what is under way as of one moment, in one call; waits for nothing to be left.

        It sees queues, jobs, executions and endpoints, not the todo of an aggregate: what is left
        there is resumed by the next sweep.

        Parameters
        ----------
        limit_s : float
            The longest wait.

        Returns
        -------
        dict
            ``quiet``, ``messages`` and ``dead_letters`` by queue, and how much else is under way.

        Raises
        ------
        OSError
            If the front does not answer.
        """
        seen = self._page(f"quiet?wait_s={limit_s}", limit_s + HEALTH_LIMIT_S)
        ours = [names.dead_letter_queue(self.env, service) for service in self.services]
        return {
            **seen,
            "dead_letters": {
                queue: seen["dead_letters"][queue]
                for queue in ours
                if queue in seen["dead_letters"]
            },
        }

    def health(self) -> dict[str, Any]:
        """Answer what the front says of itself.

        Raises
        ------
        OSError
            If it does not answer.
        """
        return self._page("health", HEALTH_LIMIT_S)

    def calls(self) -> list[dict[str, Any]]:
        """Answer who called what so far, each different call once; only of a front that records."""
        answer: list[dict[str, Any]] = self._page("calls", HEALTH_LIMIT_S)["calls"]
        return answer

    def dead_letters(self) -> dict[str, int]:
        """Answer how many messages each service could not handle."""
        counts = {
            service: self._messages(names.dead_letter_queue(self.env, service))
            for service in self.services
        }
        return {service: count for service, count in counts.items() if count}

    def _page(self, page: str, limit_s: float) -> dict[str, Any]:
        url = f"{self._endpoint_url}/_modelcycle/{page}"
        with self._opener.open(url, timeout=limit_s) as answer:
            content: dict[str, Any] = json.load(answer)
            return content

    def _engine(self) -> Iterator[str]:
        health = self.health()
        for kind in ("jobs", "executions"):
            if running := health.get(f"{kind}_running"):
                yield f"{running} {kind} running"
        for page in self._sagemaker.get_paginator("list_endpoints").paginate():
            for endpoint in page["Endpoints"]:
                if endpoint["EndpointStatus"] not in SETTLED_ENDPOINTS:
                    yield f"endpoint {endpoint['EndpointName']} {endpoint['EndpointStatus']}"

    def _queues(self) -> Iterator[str]:
        queues = [names.queue(self.env, service) for service in self.services]
        if "ingest" in self.services:
            queues.append(names.records_queue(self.env))
        for queue in queues:
            if messages := self._messages(queue):
                yield f"{messages} messages in {queue}"

    def _messages(self, queue: str) -> int:
        url = self._sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        counts = self._sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=[*WAITING, BEING_HANDLED]
        )
        return sum(map(int, counts["Attributes"].values()))

    def _todos(self) -> Iterator[str]:
        for table in TABLES:
            if table.service in self.services and BY_KIND in table.indexes:
                yield from self._todos_of(table.service)

    def _todos_of(self, service: str) -> Iterator[str]:
        table = names.table(self.env, service)
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=table,
            IndexName=BY_KIND.name,
            KeyConditionExpression="kind = :kind",
            ExpressionAttributeValues={":kind": {"S": AGGREGATE}},
        )
        for key in (item["id"] for page in pages for item in page["Items"]):
            answer = self._dynamodb.get_item(
                TableName=table, Key={"id": key}, ConsistentRead=True, ProjectionExpression="todo"
            )
            kinds = [item["kind"] for item in json.loads(answer["Item"]["todo"]["S"])]
            if kinds:
                yield f"{service} has to do for {key['S']}: {', '.join(kinds)}"
