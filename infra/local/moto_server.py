"""moto's server in this process, mended where the loop needs more than it does.

What is mended, all of it against moto 5.2.5 (see the pin in pyproject.toml):

- its dictionaries do not bear two threads, so all but SQS is answered under one lock; a queue has
  one of its own, since a long poll waits inside (a message that was sent while another was being
  deleted was lost, and one message could be received twice);
- a message whose visibility is set to zero wakes those who wait for one;
- delivered events lacked their account, and could be garbled by a detail that holds ``<source>``;
  rules that are disabled, or only scheduled, received every event;
- a replay sent the whole archive to all rules, whatever span and rules were asked for; where a
  queue was gone, PutEvents failed, and a rule's dead letters had nothing of it;
- TransactWriteItems: see `transactions`;
- a quarter of each call went into listing its own folders and methods and into matching its own
  services' addresses, and a query sorted the whole table before it looked;
- SSM brought EC2 with it, whose catalogues of machines and images take 100 MB: see `_without_ec2`;
  and it took parameters of any size.
"""

import functools
import importlib
import logging
import sys
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from types import ModuleType
from typing import Any, NamedTuple

import jsonpath_ng.ext
from moto import backends
from moto.core import responses
from moto.core.exceptions import ServiceException
from moto.dynamodb.models.table import Table
from moto.events.models import Replay, Rule, events_backends
from moto.events.utils import EventTemplateParser
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.sqs.models import Queue, SQSBackend, sqs_backends

from infra.local import eventbridge, transactions
from infra.local.account import ACCOUNT

log = logging.getLogger(__name__)

LOCK = threading.RLock()  # one a process, as moto's state is

STANDARD_PARAMETER_BYTES_MAX = 4_096

SCOPE_PARTS = 5  # access key id / date / region / service / aws4_request

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def application() -> Application:
    """Answer moto's WSGI application, mended."""
    _mend()
    moto = DomainDispatcherApplication(create_backend_app)
    found = functools.cache(moto.get_backend_for_host)
    moto.get_backend_for_host = found

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if signature(environ).service == "sqs":
            return moto(environ, start_response)  # type: ignore[no-any-return]
        with LOCK:
            return list(moto(environ, start_response))

    return answer


class Signature(NamedTuple):
    """Who signed a request, and for what; the signature itself is not checked."""

    service: str
    region: str
    access_key: str


def signature(environ: Mapping[str, Any]) -> Signature:
    """Answer a request's SigV4 credential scope; empty texts where there is none."""
    _, _, scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")
    parts = scope.partition(",")[0].split("/")
    if len(parts) != SCOPE_PARTS:
        return Signature("", "", "")
    access_key, _, region, service, _ = parts
    return Signature(service.lower(), region, access_key)


class Depths(NamedTuple):
    """Messages that are not deleted yet, in hand or not, by queue."""

    handled: Mapping[str, int]
    """Of queues that have dead letters: somebody handles their messages."""
    others: Mapping[str, int]


def queue_depths(region: str) -> Depths:
    """Answer how much is in all queues."""
    queues = list(sqs_backends[ACCOUNT][region].queues.values())
    return Depths(
        {queue.name: len(queue._messages) for queue in queues if queue.redrive_policy},
        {queue.name: len(queue._messages) for queue in queues if not queue.redrive_policy},
    )


def put_aws_event(
    account: str,
    region: str,
    now: datetime,
    detail_type: str,
    resources: Sequence[str],
    detail: Mapping[str, Any],
) -> None:
    """Deliver an event of SageMaker by the rules of the default bus.

    PutEvents refuses the source ``aws.…`` to anybody but AWS, hence not by it. A rule that cannot
    deliver is logged.
    """
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type,
        "source": "aws.sagemaker",
        "account": account,
        "time": now.timestamp(),  # as moto keeps it; it is delivered in ISO 8601
        "region": region,
        "resources": list(resources),
        "detail": dict(detail),
        "ingestion-time": now.timestamp(),
    }
    with LOCK:
        bus = events_backends[account][region].describe_event_bus("default")
        for rule in list(bus.rules.values()):
            try:
                rule.send_to_targets(event)
            except Exception:  # as in AWS, a broken target is no matter of who caused the event
                log.exception("rule %s could not deliver %s", rule.name, detail_type)


@functools.cache
def _mend() -> None:
    transactions.install(LOCK)
    backends.list_of_moto_modules = functools.cache(_listed(backends.list_of_moto_modules))
    _without_ec2()
    ssm = sys.modules["moto.ssm.models"].SimpleSystemManagerBackend
    ssm.put_parameter = _within_its_tier(ssm.put_parameter)
    responses.method_names_from_class = functools.cache(responses.method_names_from_class)
    Table.query = _looking_unsorted(Table.query)
    jsonpath = functools.lru_cache(maxsize=256)(jsonpath_ng.ext.parse)  # type: ignore[attr-defined]
    jsonpath_ng.ext.parse = jsonpath  # type: ignore[attr-defined]
    Rule.send_to_targets = _unless_off(Rule.send_to_targets)
    Rule._send_to_sqs_queue = eventbridge.else_to_dead_letters(Rule._send_to_sqs_queue)
    Replay.replay_events = eventbridge.replay_as_asked
    EventTemplateParser.parse = staticmethod(_whole_unless_templated(EventTemplateParser.parse))
    Queue.delete_message = _holding(Queue.delete_message)
    SQSBackend.receive_message = _holding_queue(SQSBackend.receive_message)
    SQSBackend.change_message_visibility = _waking(SQSBackend.change_message_visibility)


def _without_ec2() -> None:
    """Let moto's SSM go without its EC2, where nobody has a machine to send commands to."""
    absent = ModuleType("moto.ec2")
    absent.ec2_backends = {}  # type: ignore[attr-defined]  # all that SSM takes of it
    sys.modules.setdefault("moto.ec2", absent)
    importlib.import_module("moto.ssm.models")
    if sys.modules["moto.ec2"] is absent:
        del sys.modules["moto.ec2"]  # whoever asks for EC2 itself gets it


def _within_its_tier(put: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(put)
    def put_parameter(
        backend: Any, name: str, description: str, value: str, *rest: Any, **options: Any
    ) -> Any:
        is_standard = options.get("tier") in (None, "Standard")
        if is_standard and len(value.encode()) > STANDARD_PARAMETER_BYTES_MAX:
            raise ServiceException(
                "ValidationException",
                f"Standard tier parameters hold at most {STANDARD_PARAMETER_BYTES_MAX} characters",
            )
        return put(backend, name, description, value, *rest, **options)

    return put_parameter


def _listed(names: Callable[[], Iterable[str]]) -> Callable[[], Sequence[str]]:
    return lambda: tuple(names())


def _looking_unsorted(query: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(query)
    def look(table: Any, *arguments: Any, **options: Any) -> Any:
        nested = table.range_key_attr is not None
        table.all_items = lambda: [  # under the lock: nobody else sees the table like this
            item
            for found in table.items.values()
            for item in (found.values() if nested else (found,))
        ]
        try:
            return query(table, *arguments, **options)  # which sorts what it has found
        finally:
            del table.all_items

    return look


def _unless_off(send: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(send)
    def send_to_targets(rule: Any, *arguments: Any, **options: Any) -> None:
        listens = rule.event_pattern.get_pattern()
        if rule.state != "DISABLED" and (listens or not rule.scheduled_expression):
            send(rule, *arguments, **options)

    return send_to_targets


def _whole_unless_templated(parse: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(parse)
    def whole(
        input_template: str | None, input_paths_map: dict[str, Any], event: Mapping[str, Any]
    ) -> Any:
        if input_template:
            return parse(input_template, input_paths_map, event)
        return {key: value for key, value in event.items() if key != "ingestion-time"}

    return whole


def _holding(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def locked(queue: Any, *arguments: Any, **options: Any) -> Any:
        with queue._messages_lock:
            return method(queue, *arguments, **options)

    return locked


def _holding_queue(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def locked(backend: Any, queue_name: str, *arguments: Any, **options: Any) -> Any:
        # a condition's wait() lets go of its lock however often it is held, so polls may wait
        with backend.get_queue(queue_name)._messages_lock:
            return method(backend, queue_name, *arguments, **options)

    return locked


def _waking(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def wake(backend: Any, queue_name: str, *arguments: Any, **options: Any) -> Any:
        lock = backend.get_queue(queue_name)._messages_lock
        with lock:
            result = method(backend, queue_name, *arguments, **options)
            lock.notify_all()
            return result

    return wake
