"""The poller's composition root and Lambda entry: woken every minute, it polls for most of it.

Its answer says how many records it sent and how long the source is left in peace: woken before, it
asks nothing. The event may say for how many ``seconds`` it polls; 0: once.
"""

import os
from collections.abc import Callable, Mapping
from time import monotonic, sleep
from typing import Any

from aws_lambda_powertools import Logger

from services.ingest.polling.aws import RecordsQueue
from services.ingest.polling.poller import Poller
from services.ingest.polling.sources import SOURCES
from services.ingest.polling.web import Urllib
from shared.contracts import limits, names
from shared.contracts.complaints import suggestion
from shared.messaging import runtime
from shared.messaging.clock import WallClock
from shared.messaging.settings import POLLER, MisconfiguredError, Settings

NAME = "ingest-poller"
pollers: list[Poller] = []  # one, put together at the first event


def build(environment: Mapping[str, str] = os.environ) -> Poller:
    """Put the poller together on AWS.

    Raises
    ------
    MisconfiguredError
        If the environment names no source, or one that is not in the table.
    """
    settings = Settings.read(POLLER, environment)
    name = settings.source
    if name not in SOURCES:
        raise MisconfiguredError(f"no source {name!r}: {suggestion(name, SOURCES)}")
    source = SOURCES[name]
    url = environment.get("MODELCYCLE_SOURCE_URL", source.url)
    interval_s = float(environment.get("MODELCYCLE_SOURCE_INTERVAL_S", source.interval_s))
    queue = names.records_queue(settings.env)
    return Poller(
        name,
        source._replace(url=url, interval_s=interval_s),
        settings.source_series,
        Urllib(),
        RecordsQueue(runtime.client("sqs"), queue, runtime.blobs(settings)),
        WallClock(),
        monotonic,
        Logger(service=NAME),
    )


def keep_polling(
    poller: Poller,
    seconds: float,
    elapsed_s: Callable[[], float] = monotonic,
    pause: Callable[[float], None] = sleep,
) -> dict[str, Any]:
    """Poll again and again, until the next poll would come too late; at least once, unless the
    source is to be left in peace."""
    end_s, before, records = elapsed_s() + seconds, poller.polls, 0
    while True:
        polled = poller.poll()
        records += polled.records
        if elapsed_s() + polled.wait_s >= end_s:
            return {
                "polls": poller.polls - before,
                "records": records,
                "failures": poller.failures,
                "wait_s": polled.wait_s,
            }
        pause(polled.wait_s)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Poll for as long as the event says."""
    if not pollers:
        pollers.append(build())
    return keep_polling(pollers[0], float(event.get("seconds", limits.POLL_SECONDS)))
