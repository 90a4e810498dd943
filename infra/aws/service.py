"""One stack per service, made from the tables: rules → queue with dead letters → function, and what
wakes it by the clock."""

from pathlib import Path
from typing import Any, NamedTuple

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as awslambda
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.aws import arns, permissions
from infra.aws.alarms import add_function_alarms, add_service_alarms
from infra.aws.allowed.common import UNTRACED
from infra.aws.environments import Environment
from infra.aws.findings import Finding, accept
from infra.aws.roles import add_role
from infra.aws.schedules import add_schedules
from shared.contracts import limits, names
from shared.contracts.subscriptions import SCHEDULES, Pattern, aws_pattern, our_pattern
from shared.messaging.settings import NEEDS, POLLER, VARIABLES

RECORDS_CONSUMER = "ingest"
"""The service that takes records from producers, on a queue of their own."""
KEEPER = "journal"
"""The service that keeps events, many at a time."""
DATA_KEY_HOURS = 1  # AWS: up to 24; every five minutes, as is usual, would be paid for
POLLER_SECONDS = limits.POLL_SECONDS + limits.POLL_ANSWER_SECONDS_MAX + 3  # it ends before the next


class Batch(NamedTuple):
    """How much a function is handed at once, and how long it waits for that to come together."""

    messages: int = limits.QUEUE_BATCH_MESSAGES_MAX
    seconds: int = 0


BATCHES = {KEEPER: Batch(limits.JOURNAL_BATCH_MESSAGES_MAX, limits.JOURNAL_BATCH_SECONDS_MAX)}
"""Service → what it is handed, where that is not the common; each batch of the journal costs it a
request to S3."""


class ServiceStack(cdk.Stack):
    """All of one service; it needs the platform stack, and no other service's.

    Parameters
    ----------
    bundle : Path
        The folder or archive with the service's code and what it imports.
    code_version : str
        What its decisions tell as the version of the code that took them.
    """

    def __init__(
        self,
        scope: Construct,
        environment: Environment,
        service: str,
        bundle: Path,
        code_version: str,
        **settings: Any,
    ) -> None:
        super().__init__(scope, names.stack(environment.name, service), **settings)
        self.settings = environment
        self.service = service
        self.code = awslambda.Code.from_asset(str(bundle))
        self.code_version = code_version
        self.batch = BATCHES.get(service, Batch())
        self.key = kms.Alias.from_alias_name(self, "Key", names.key_alias(environment.name))
        self.dead_letters = self._queue(
            "DeadLetters", names.dead_letter_queue(environment.name, service)
        )
        accept(self.dead_letters, Finding.DEAD_LETTERS_OF_DEAD_LETTERS)
        self.queue = self._queue("Queue", names.queue(environment.name, service), self.dead_letters)
        self.queues = [self.queue]
        if service == RECORDS_CONSUMER:
            self.records = self._queue(
                "Records", names.records_queue(environment.name), self.dead_letters
            )
            self.queues.append(self.records)
        self._rules()
        self.roles = permissions.roles(environment)
        self.function = self._function(
            service,
            f"services.{service}.app.handler",
            self._variables(service),
            limits.FUNCTION_SECONDS_MAX,
        )
        for queue in self.queues:
            self._feed(queue)
        source = environment.source if service == RECORDS_CONSUMER else None
        if source:
            self._poller()
        rows = [row for row in SCHEDULES if row.service == service]
        polled = names.function(environment.name, POLLER) if source else None
        add_schedules(self, environment, service, rows, polled)
        add_service_alarms(self, environment, service)

    def _queue(self, what: str, name: str, dead_letters: sqs.Queue | None = None) -> sqs.Queue:
        redrive = None
        if dead_letters:
            redrive = sqs.DeadLetterQueue(
                queue=dead_letters, max_receive_count=limits.QUEUE_RECEIVES_MAX
            )
        return sqs.Queue(
            self,
            what,
            queue_name=name,
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=self.key,
            data_key_reuse=cdk.Duration.hours(DATA_KEY_HOURS),
            enforce_ssl=True,
            retention_period=cdk.Duration.days(limits.QUEUE_RETENTION_DAYS),
            visibility_timeout=cdk.Duration.seconds(
                limits.QUEUE_VISIBILITY_SECONDS + self.batch.seconds
            ),
            dead_letter_queue=redrive,
        )

    def _rules(self) -> None:
        """Let our bus and AWS's own send what the service hears to its queue."""
        env = self.settings.name
        buses: list[tuple[str, str | None, Pattern | None]] = [
            ("Ours", names.bus(env), our_pattern(self.service)),
            ("Aws", None, aws_pattern(self.service)),
        ]
        sources = []
        for what, bus, pattern in buses:
            if pattern is None:
                continue
            name = names.queue(env, self.service)
            events.CfnRule(
                self,
                f"{what}Rule",
                name=name,
                event_bus_name=bus or "default",
                description=f"What {self.service} hears on {bus or 'the default bus'}",
                event_pattern=pattern.as_dict(),
                targets=[
                    events.CfnRule.TargetProperty(
                        id=self.service,
                        arn=self.queue.queue_arn,
                        dead_letter_config={"arn": self.dead_letters.queue_arn},
                    )
                ],
            )
            sources.append(arns.rule(self.settings, bus, name))
        if sources:
            for queue in (self.queue, self.dead_letters):
                queue.add_to_resource_policy(_may_send(queue, "events", "ArnEquals", sources))

    def _function(
        self, name: str, entry: str, variables: dict[str, str], seconds: int, **more: Any
    ) -> awslambda.Function:
        """Add a function with its log and its role."""
        log = logs.CfnLogGroup(
            self,
            f"{name.capitalize()}Log",
            log_group_name=f"/aws/lambda/{names.function(self.settings.name, name)}",
            retention_in_days=self.settings.log_days,
        )
        log.apply_removal_policy(cdk.RemovalPolicy.DESTROY)
        untraced = name in UNTRACED
        role = add_role(self, f"{name.capitalize()}Role", self.roles[name], self.settings.account)
        function = awslambda.Function(
            self,
            f"{name.capitalize()}Function",
            function_name=names.function(self.settings.name, name),
            description=f"Modelcycle's {name}, {self.code_version}",
            runtime=awslambda.Runtime.PYTHON_3_11,
            architecture=awslambda.Architecture.ARM_64,
            handler=entry,
            code=self.code,
            role=role.without_policy_updates(),
            timeout=cdk.Duration.seconds(seconds),
            environment=variables,
            tracing=awslambda.Tracing.DISABLED if untraced else awslambda.Tracing.ACTIVE,
            **{"memory_size": self.settings.memory_mb, **more},
        )
        if untraced:
            accept(function, Finding.TRACES)
        accept(function, Finding.RUNTIME, Finding.RUNTIME_TOO, Finding.FUNCTION_DEAD_LETTERS)
        function.node.add_dependency(log)  # else Lambda would make it, and keep it for ever
        return function

    def _poller(self) -> None:
        """Add the function that asks a public source, woken every minute."""
        function = self._function(
            POLLER,
            "services.ingest.polling.app.handler",
            self._variables(POLLER),
            POLLER_SECONDS,
            memory_size=limits.POLL_MEMORY_MB,
            retry_attempts=0,
        )
        accept(function, Finding.FAILED_CALLS)
        add_function_alarms(self, self.settings, POLLER)

    def _variables(self, name: str) -> dict[str, str]:
        """Answer the settings that a function needs, as the table says, and no others."""
        env, vpc, source = self.settings, self.settings.vpc, self.settings.source
        values = {
            "env": env.name,
            "bucket": env.bucket,
            "role_arn": arns.role(env, names.passed_role(env.name, name)),
            "code_version": self.code_version,
            "lease_seconds": str(limits.LEASE_SECONDS),
            "rules_allowed": "yes" if env.rules_allowed else "no",
            "image_registry": env.image_registry,
            "image_tag": env.image_tag,
            "offline_lag_seconds": str(limits.OFFLINE_STORE_LAG_SECONDS_MAX),
            "subnets": ",".join(vpc.subnets if vpc else ()),
            "security_groups": ",".join(vpc.security_groups if vpc else ()),
            "key": arns.key_alias(env),
            "queries_days": str(env.journal.queries_days),
            "source": source.name if source else "",
            "source_series": source.series if source else "",
        }
        needed = {VARIABLES[setting].name: values[setting] for setting in NEEDS[name]}
        return {**needed, "POWERTOOLS_SERVICE_NAME": name}

    def _feed(self, queue: sqs.Queue) -> None:
        mapping = awslambda.CfnEventSourceMapping(
            self,
            f"{queue.node.id}Source",
            event_source_arn=queue.queue_arn,
            function_name=self.function.function_name,
            batch_size=self.batch.messages,
            maximum_batching_window_in_seconds=self.batch.seconds or None,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config={"maximumConcurrency": self.settings.concurrency},
        )
        accept(mapping, Finding.SOURCE_DEAD_LETTERS)


def _may_send(queue: sqs.Queue, service: str, how: str, sources: list[str]) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid=f"From{service.capitalize()}",
        principals=[iam.ServicePrincipal(f"{service}.amazonaws.com")],
        actions=["sqs:SendMessage"],
        resources=[queue.queue_arn],
        conditions={how: {"aws:SourceArn": sources}},
    )
