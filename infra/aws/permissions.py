"""THE TABLE of permissions: one role per function; the rows and their reasons are in `allowed`.

A row that the recorded loop does not use says why (`unseen`); the tests compare both ways. What
SageMaker's jobs and people may do is in `execution` and `people`.
"""

from collections.abc import Callable, Mapping

from infra.aws.allowed import (
    deployer,
    evaluator,
    ingest,
    journal,
    monitor,
    poller,
    trainer,
)
from infra.aws.allowed.common import base, common
from infra.aws.environments import Environment
from infra.aws.grants import Grant, Places, Role
from shared.contracts import names
from shared.contracts.subscriptions import SERVICES
from shared.messaging.settings import POLLER

LAMBDA = "lambda.amazonaws.com"

TABLE: Mapping[str, Callable[[Places], tuple[Grant, ...]]] = {
    "ingest": ingest.rows,
    "trainer": trainer.rows,
    "evaluator": evaluator.rows,
    "deployer": deployer.rows,
    "monitor": monitor.rows,
    "journal": journal.rows,
}
"""Service → what it may do besides what all may."""


def roles(environment: Environment) -> Mapping[str, Role]:
    """Answer the role of each function, by its service; the poller's, too."""
    places = Places(environment)
    rows = {service: (*common(places, service), *TABLE[service](places)) for service in SERVICES}
    rows[POLLER] = (*base(places, POLLER), *poller.rows(places))
    return {
        service: Role(
            name=names.function(environment.name, service),
            taken_by=LAMBDA,
            why=f"the function of {service}",
            grants=grants,
        )
        for service, grants in rows.items()
    }
