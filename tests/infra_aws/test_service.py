"""What every service's stack promises, looked up in its template."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from infra.aws.allowed.common import UNTRACED
from infra.aws.environments import Environment
from infra.aws.schedules import SCHEDULED_TIME, wish_message
from shared.contracts import limits, names
from shared.contracts.door import open_event
from shared.contracts.subscriptions import SCHEDULES, SERVICES, Schedule
from shared.messaging.settings import NEEDS, VARIABLES, Settings
from tests.infra_aws.synthesis import Template, resources

Templates = Mapping[str, Template]

each_service = pytest.mark.parametrize("service", SERVICES)


def queues(template: Template) -> dict[str, dict[str, Any]]:
    """Answer the queues of a stack by their logical id."""
    return {
        key: one["Properties"]
        for key, one in template["Resources"].items()
        if one["Type"] == "AWS::SQS::Queue"
    }


@each_service
def test_queues_are_encrypted_patient_and_speak_tls_only(
    templates: Templates, service: str
) -> None:
    template = templates[service]
    denied = [
        statement["Resource"]["Fn::GetAtt"][0]
        for policy in resources(template, "AWS::SQS::QueuePolicy")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
    ]
    found = queues(template)
    assert sorted(denied) == sorted(found)
    for queue in found.values():
        assert queue["KmsMasterKeyId"].endswith(names.key_alias("dev"))
        assert queue["VisibilityTimeout"] >= 6 * limits.FUNCTION_SECONDS_MAX
        assert queue["KmsDataKeyReusePeriodSeconds"] == 3_600  # every five minutes costs more


@each_service
def test_what_cannot_be_handled_or_delivered_goes_to_dead_letters(
    templates: Templates, service: str
) -> None:
    found = queues(templates[service])
    (dead,) = (
        key
        for key, one in found.items()
        if one["QueueName"] == names.dead_letter_queue("dev", service)
    )
    arn = {"Fn::GetAtt": [dead, "Arn"]}
    for key, queue in found.items():
        if key != dead:
            assert queue["RedrivePolicy"]["deadLetterTargetArn"] == arn
            assert queue["RedrivePolicy"]["maxReceiveCount"] >= 5
    for rule in resources(templates[service], "AWS::Events::Rule"):
        assert [target["DeadLetterConfig"]["Arn"] for target in rule["Targets"]] == [arn]


@each_service
def test_rules_and_nobody_else_may_send_to_the_queue(templates: Templates, service: str) -> None:
    of_the_account = "arn:aws:events:eu-central-1:123456789012:rule"
    name = names.queue("dev", service)
    rules = {
        f"{of_the_account}/{names.bus('dev')}/{name}"
        if rule["EventBusName"] != "default"
        else f"{of_the_account}/{name}"
        for rule in resources(templates[service], "AWS::Events::Rule")
    }
    allowed = [
        (statement["Principal"], statement["Condition"])
        for policy in resources(templates[service], "AWS::SQS::QueuePolicy")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]
    for principal, condition in allowed:
        assert principal == {"Service": "events.amazonaws.com"}
        sources = condition["ArnEquals"]["aws:SourceArn"]
        assert {sources} if isinstance(sources, str) else set(sources) == rules
    assert len(allowed) == (2 if rules else 0)  # the queue, and its dead letters


@each_service
def test_a_function_is_small_traced_and_within_its_lease(
    templates: Templates, environment: Environment, service: str
) -> None:
    for function in resources(templates[service], "AWS::Lambda::Function"):
        assert function["Runtime"] == "python3.11"
        assert function["Architectures"] == ["arm64"]
        assert function["Description"].endswith(", test")  # which code runs: see function-errors.md
        traced = None if service in UNTRACED else {"Mode": "Active"}
        assert function.get("TracingConfig") == traced
        assert function["Timeout"] <= limits.FUNCTION_SECONDS_MAX < limits.LEASE_SECONDS


def expected(environment: Environment) -> dict[str, Any]:
    """Answer the settings that do not depend on the function."""
    assert environment.vpc
    assert environment.source
    return {
        "env": "dev",
        "bucket": environment.bucket,
        "code_version": "test",
        "lease_seconds": limits.LEASE_SECONDS,
        "rules_allowed": environment.rules_allowed,
        "image_registry": environment.image_registry,
        "image_tag": environment.image_tag,
        "offline_lag_seconds": limits.OFFLINE_STORE_LAG_SECONDS_MAX,
        "subnets": environment.vpc.subnets,
        "security_groups": environment.vpc.security_groups,
        "key": "arn:aws:kms:eu-central-1:123456789012:alias/modelcycle-dev",
        "queries_days": environment.journal.queries_days,
        "source": environment.source.name,
        "source_series": environment.source.series,
    }


@each_service
def test_a_function_has_the_settings_that_it_needs_and_no_others(
    templates: Templates, environment: Environment, service: str
) -> None:
    for function in resources(templates[service], "AWS::Lambda::Function"):
        variables = function["Environment"]["Variables"]
        name = variables["POWERTOOLS_SERVICE_NAME"]
        needed = {VARIABLES[setting].name for setting in NEEDS[name]}
        assert variables.keys() == needed | {"POWERTOOLS_SERVICE_NAME"}
        role = f"arn:aws:iam::123456789012:role/{names.passed_role('dev', name)}"
        given = expected(environment) | {"role_arn": role}
        settings = Settings.read(name, variables)
        assert {one: getattr(settings, one) for one in NEEDS[name]} == {
            one: given[one] for one in NEEDS[name]
        }


@each_service
def test_a_function_has_a_log_that_ends_before_it_could_make_its_own(
    templates: Templates, environment: Environment, service: str
) -> None:
    found = templates[service]["Resources"]
    logs = {
        one["Properties"]["LogGroupName"]: key
        for key, one in found.items()
        if one["Type"] == "AWS::Logs::LogGroup"
    }
    for key in logs.values():
        assert found[key]["Properties"]["RetentionInDays"] == environment.log_days
        assert found[key]["DeletionPolicy"] == "Delete"
    functions = [one for one in found.values() if one["Type"] == "AWS::Lambda::Function"]
    for one in functions:
        assert logs[f"/aws/lambda/{one['Properties']['FunctionName']}"] in one["DependsOn"]


@each_service
def test_queues_feed_the_function_within_bounds_and_message_by_message(
    templates: Templates, environment: Environment, service: str
) -> None:
    sources = resources(templates[service], "AWS::Lambda::EventSourceMapping")
    assert len(sources) == len(queues(templates[service])) - 1  # all but the dead letters
    for source in sources:
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert source["ScalingConfig"] == {"MaximumConcurrency": environment.concurrency}
        waits = service == "journal"
        assert source["BatchSize"] == (
            limits.JOURNAL_BATCH_MESSAGES_MAX if waits else limits.QUEUE_BATCH_MESSAGES_MAX
        )
        seconds = source.get("MaximumBatchingWindowInSeconds", 0)
        assert seconds == (limits.JOURNAL_BATCH_SECONDS_MAX if waits else 0)
        for queue in queues(templates[service]).values():
            assert queue["VisibilityTimeout"] >= 6 * limits.FUNCTION_SECONDS_MAX + seconds


def test_the_journal_is_told_how_long_its_table_keeps_an_event(
    templates: Templates, environment: Environment
) -> None:
    (function,) = resources(templates["journal"], "AWS::Lambda::Function")
    told = Settings.read("journal", function["Environment"]["Variables"])
    assert told.queries_days == environment.journal.queries_days


@each_service
def test_schedules_are_the_rows_of_their_table(templates: Templates, service: str) -> None:
    rows = {
        f"{names.queue('dev', service)}-{row.wish.__name__}": row
        for row in SCHEDULES
        if row.service == service
    }
    found = {one["Name"]: one for one in resources(templates[service], "AWS::Scheduler::Schedule")}
    poller = found.pop(names.function("dev", "poller"), None)
    assert (poller is not None) == (service == "ingest")
    assert found.keys() == rows.keys()
    for name, row in rows.items():
        minutes = "1 minute" if row.minutes == 1 else f"{row.minutes} minutes"
        assert found[name]["ScheduleExpression"] == f"rate({minutes})"
        assert found[name]["Target"]["Input"] == wish_message(row)
        assert "DeadLetterConfig" in found[name]["Target"]


@pytest.mark.parametrize("row", SCHEDULES, ids=lambda row: row.service)
def test_a_schedules_message_is_a_wish_that_services_understand(row: Schedule) -> None:
    message = wish_message(row).replace(SCHEDULED_TIME, "2026-03-01T12:00:00Z")
    opened = open_event(json.loads(message))
    assert opened is not None
    assert isinstance(opened.data, row.wish)
    assert opened.metadata.occurred_at.isoformat() == "2026-03-01T12:00:00+00:00"


@each_service
def test_a_stack_can_be_deployed_alone(templates: Templates, service: str) -> None:
    assert "Outputs" not in templates[service]
    assert "Fn::ImportValue" not in json.dumps(templates[service])
