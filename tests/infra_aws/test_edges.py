"""Whoever sends to whom may do so, with the key, too, and nobody else may.

The edges come from the tables of contracts and alarms; what is checked is the template.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pytest

from infra.aws import arns
from infra.aws.environments import Environment
from shared.contracts import names
from shared.contracts.names import Execution
from shared.contracts.subscriptions import SCHEDULES, SERVICES, aws_pattern, our_pattern
from shared.messaging.settings import POLLER
from tests.infra_aws import iam
from tests.infra_aws.made import Account

ENV, ACCOUNT, REGION = "dev", "123456789012", "eu-central-1"
STRANGER = "999999999999"
USE_OF_KEY = ("kms:Decrypt", "kms:GenerateDataKey")
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/any"
BUCKET = f"arn:aws:s3:::modelcycle-{ENV}-{ACCOUNT}-{REGION}"
TLS = {"aws:SecureTransport": "true"}


class Sending(NamedTuple):
    """A rule's bus, and the queue that it feeds."""

    service: str
    bus: str | None


SENDINGS = [
    Sending(service, bus)
    for service in SERVICES
    for bus, pattern in ((names.bus(ENV), our_pattern(service)), (None, aws_pattern(service)))
    if pattern
]
CONSUMED = [(service, names.queue(ENV, service)) for service in SERVICES]
CONSUMED.append(("ingest", names.records_queue(ENV)))


def key_admits(account: Account, service: str, said_account: str) -> bool:
    """Tell whether an AWS service may use the key on its own account, in full."""
    return all(
        iam.admits(
            account.key_policy(),
            f"{service}.amazonaws.com",
            action,
            KEY,
            {"aws:SourceAccount": said_account},
        )
        for action in USE_OF_KEY
    )


def has_key(account: Account, role: str, through: str, action: str) -> bool:
    """Tell whether a role may use the key through a service, and no other key and no other way."""
    document = account.policy_of_role(role)
    ours = {
        "kms:ResourceAliases": names.key_alias(ENV),
        "kms:ViaService": f"{through}.{REGION}.amazonaws.com",
    }
    others = [
        ours | {"kms:ResourceAliases": "alias/another"},
        ours | {"kms:ViaService": f"ec2.{REGION}.amazonaws.com"},
        {},
    ]
    assert not any(iam.allows(document, action, KEY, values) for values in others)
    return iam.allows(document, action, KEY, ours)


@pytest.mark.parametrize("sending", SENDINGS, ids=lambda one: f"{one.service}-{one.bus}")
def test_a_rule_sends_to_its_encrypted_queue_and_its_dead_letters(
    environment: Environment, account: Account, sending: Sending
) -> None:
    queue = names.queue(ENV, sending.service)
    dead_letters = names.dead_letter_queue(ENV, sending.service)
    rule = arns.rule(environment, sending.bus, queue)
    strange = arns.rule(environment, sending.bus, "somebody-elses")
    (made,) = (
        each
        for each in account.all("Events::Rule")
        if (each["Name"], each["EventBusName"]) == (queue, sending.bus or "default")
    )
    (target,) = made["Targets"]
    assert target["Arn"] == arns.queue(environment, queue)
    assert target["DeadLetterConfig"] == {"Arn": arns.queue(environment, dead_letters)}
    for name in (queue, dead_letters):
        policy, arn = account.policy_of_queue(name), arns.queue(environment, name)

        def admitted(source: str, policy: Any = policy, arn: str = arn) -> bool:
            values = TLS | {"aws:SourceArn": source}
            return iam.admits(policy, "events.amazonaws.com", "sqs:SendMessage", arn, values)

        assert admitted(rule)
        assert not admitted(strange)
        assert encrypted(account, name)
    assert key_admits(account, "events", ACCOUNT)
    assert not key_admits(account, "events", STRANGER)


def encrypted(account: Account, queue: str) -> bool:
    """Tell whether a queue is encrypted with the environment's key."""
    made = account.one("SQS::Queue", "QueueName", queue)
    return str(made["KmsMasterKeyId"]).endswith(names.key_alias(ENV))


def test_an_alarm_reaches_people_through_the_encrypted_topic(
    environment: Environment, account: Account
) -> None:
    topic = arns.topic(environment, names.alarms_topic(ENV))
    alarms = list(account.all("CloudWatch::Alarm"))
    assert alarms
    assert all(alarm["AlarmActions"] == [topic] for alarm in alarms)
    assert account.one("SNS::Topic", "TopicName", names.alarms_topic(ENV))["KmsMasterKeyId"]
    (policy,) = (
        each["PolicyDocument"]
        for each in account.all("SNS::TopicPolicy")
        if each["Topics"] == [topic]
    )

    def admitted(who: str) -> bool:
        source = f"arn:aws:cloudwatch:{REGION}:{who}:alarm:any"
        values = TLS | {"aws:SourceAccount": who, "aws:SourceArn": source}
        return iam.admits(policy, "cloudwatch.amazonaws.com", "sns:Publish", topic, values)

    assert admitted(ACCOUNT)
    assert not admitted(STRANGER)
    assert key_admits(account, "cloudwatch", ACCOUNT)
    assert not key_admits(account, "cloudwatch", STRANGER)


@pytest.mark.parametrize("row", SCHEDULES, ids=lambda row: row.service)
def test_a_schedule_reaches_its_queue_by_its_role(
    environment: Environment, account: Account, row: Any
) -> None:
    queue = arns.queue(environment, names.queue(ENV, row.service))
    (made,) = (
        each for each in account.all("Scheduler::Schedule") if each["Target"]["Arn"] == queue
    )
    target = made["Target"]
    role = target["RoleArn"].rsplit("/", 1)[-1]
    document = account.policy_of_role(role)
    assert account.takes(role, "scheduler")
    for arn in (queue, target["DeadLetterConfig"]["Arn"]):
        assert iam.allows(document, "sqs:SendMessage", arn, {})
    assert not iam.allows(document, "sqs:SendMessage", queue + "x", {})
    assert all(has_key(account, role, "sqs", action) for action in USE_OF_KEY)


def test_the_pollers_schedule_may_call_it_and_nothing_else(
    environment: Environment, account: Account
) -> None:
    function = arns.function(environment, POLLER)
    (made,) = (
        each for each in account.all("Scheduler::Schedule") if each["Target"]["Arn"] == function
    )
    document = account.policy_of_role(made["Target"]["RoleArn"].rsplit("/", 1)[-1])
    assert iam.allows(document, "lambda:InvokeFunction", function, {})
    assert not iam.allows(
        document, "lambda:InvokeFunction", arns.function(environment, "deployer"), {}
    )


def test_a_lost_call_of_the_poller_is_no_dead_letter_for_the_next_makes_it_good(
    environment: Environment, account: Account
) -> None:
    made = {each["Target"]["Arn"]: each["Target"] for each in account.all("Scheduler::Schedule")}
    poller = made.pop(arns.function(environment, POLLER))
    assert poller["RetryPolicy"]["MaximumRetryAttempts"] == 0
    assert "DeadLetterConfig" not in poller
    assert all("DeadLetterConfig" in target for target in made.values())


@pytest.mark.parametrize(("service", "queue"), CONSUMED)
def test_an_event_source_takes_from_its_queue_with_the_functions_role(
    environment: Environment, account: Account, service: str, queue: str
) -> None:
    name = names.function(ENV, service)
    arn = arns.queue(environment, queue)
    (source,) = (
        each for each in account.all("Lambda::EventSourceMapping") if each["EventSourceArn"] == arn
    )
    assert source["FunctionName"] == name
    role = account.one("Lambda::Function", "FunctionName", name)["Role"].rsplit("/", 1)[-1]
    document = account.policy_of_role(role)
    assert account.takes(role, "lambda")
    for action in ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"):
        assert iam.allows(document, action, arn, {})
    assert has_key(account, role, "sqs", "kms:Decrypt")


def test_each_role_of_sagemaker_is_given_to_what_it_is_for(
    environment: Environment, account: Account
) -> None:
    def arn(part: Execution) -> str:
        return arns.role(environment, names.execution_role(ENV, part))

    def passed(service: str) -> str:
        function = account.one("Lambda::Function", "FunctionName", names.function(ENV, service))
        return str(function["Environment"]["Variables"]["MODELCYCLE_ROLE_ARN"])

    (group,) = account.all("SageMaker::FeatureGroup")
    assert group["RoleArn"] == arn(Execution.FEATURES)
    assert {one["RoleArn"] for one in account.all("SageMaker::Pipeline")} == {
        arn(Execution.PIPELINES)
    }
    assert passed("trainer") == arn(Execution.JOBS)
    assert passed("deployer") == arn(Execution.ENDPOINTS)


def test_nobody_is_let_in_without_tls(environment: Environment, account: Account) -> None:
    bare = {"aws:SecureTransport": "false"}
    topics = [each["TopicName"] for each in account.all("SNS::Topic")]
    queues = [each["QueueName"] for each in account.all("SQS::Queue")]
    for queue in queues:
        assert denied(account.policy_of_queue(queue), "sqs:SendMessage", bare)
        assert encrypted(account, queue)
    policies = [each["PolicyDocument"] for each in account.all("SNS::TopicPolicy")]
    assert len(policies) == len(topics)
    assert all(denied(policy, "sns:Publish", bare) for policy in policies)
    (bucket,) = account.all("S3::BucketPolicy")
    assert denied(bucket["PolicyDocument"], "s3:GetObject", bare)


def denied(document: Mapping[str, Any], action: str, values: Mapping[str, str]) -> bool:
    """Tell whether a policy keeps everybody out who comes with some values."""
    return any(
        statement["Effect"] == "Deny"
        and statement["Principal"] in ("*", {"AWS": "*"})
        and iam.meant(statement, action, iam.listed(statement["Resource"])[0], values)
        for statement in document["Statement"]
    )


def senders(account: Account) -> Iterator[str]:
    """Answer the services of AWS that send in nobody's name to what is encrypted with the key:
    whom the policy of a queue or a topic lets in, and who feeds a queue from a topic."""
    for kind in ("SQS::QueuePolicy", "SNS::TopicPolicy"):
        for policy in account.all(kind):
            for statement in policy["PolicyDocument"]["Statement"]:
                if statement["Effect"] == "Allow":
                    yield statement["Principal"]["Service"]
    if any(one["Protocol"] == "sqs" for one in account.all("SNS::Subscription")):
        yield "sns.amazonaws.com"


def test_the_key_lets_in_the_account_and_exactly_those_services_that_send(
    account: Account,
) -> None:
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    let_in = [statement["Principal"] for statement in account.key_policy()["Statement"]]
    services = [one["Service"] for one in let_in if one != root]
    assert sorted(services) == sorted(set(senders(account)))
    assert sorted(services) == ["cloudwatch.amazonaws.com", "events.amazonaws.com"]
    for stranger in ("sns", "sqs", "s3", "lambda"):
        assert not key_admits(account, stranger, ACCOUNT)
