"""What the checks of cdk-nag find and we leave as it is, each with its reason."""

from collections.abc import Mapping
from enum import StrEnum

import aws_cdk as cdk
from constructs import Construct


class Finding(StrEnum):
    """A rule of cdk-nag, by its id."""

    ACCESS_LOGS = "AwsSolutions-S1"
    RUNTIME = "AwsSolutions-L1"
    RUNTIME_TOO = "Serverless-LambdaLatestVersion"
    FUNCTION_DEAD_LETTERS = "Serverless-LambdaDLQ"
    FAILED_CALLS = "Serverless-LambdaAsyncFailureDestination"
    SOURCE_DEAD_LETTERS = "Serverless-LambdaEventSourceMappingDestination"
    TRACES = "Serverless-LambdaTracing"
    RECOVERY = "AwsSolutions-DDB3"
    WILDCARDS = "AwsSolutions-IAM5"
    FUNCTION_WILDCARDS = "Serverless-LambdaStarPermissions"
    DEAD_LETTERS_OF_DEAD_LETTERS = "Serverless-SQSRedrivePolicy"


REASONS: Mapping[Finding, str] = {
    Finding.ACCESS_LOGS: (
        "only our own roles reach the bucket, and what they keep in it is told by events in the "
        "journal; who wants every read logged has CloudTrail's data events, which need no second "
        "bucket"
    ),
    Finding.RUNTIME: (
        "the wheels of a bundle are locked for Python 3.11, which runs on the laptop and in the "
        "tests, too: see requirements/lock.sh"
    ),
    Finding.RUNTIME_TOO: "as AwsSolutions-L1",
    Finding.FUNCTION_DEAD_LETTERS: (
        "nobody calls a service's function but its queue, which has dead letters; the poller is "
        "called every minute, so that a lost call is made good by the next, and its errors alarm"
    ),
    Finding.FAILED_CALLS: "a lost call of the poller is made good by the next; its errors alarm",
    Finding.SOURCE_DEAD_LETTERS: "SQS has none: the queue itself moves what fails to dead letters",
    Finding.TRACES: (
        "a call of the journal only writes what it was handed: duration and errors tell all "
        "that a trace would, and it would be half of all traces, which are paid for"
    ),
    Finding.RECOVERY: (
        "the bucket, which is versioned, holds every event of the journal's table, which is "
        "written anew from it: modelcycle journal rebuild"
    ),
    Finding.FUNCTION_WILDCARDS: (
        "names that are made later, under the environment's own prefix, and the few actions that "
        "know no resources: infra/aws/permissions.py gives the reason of each"
    ),
    Finding.DEAD_LETTERS_OF_DEAD_LETTERS: "these are the dead letters: they wait for a person",
}


def accept(found: Construct, *findings: Finding) -> None:
    """Leave something as it is, for the reason of the table."""
    for finding in findings:
        accept_because(found, finding, REASONS[finding])


def accept_because(found: Construct, finding: str, reason: str) -> None:
    """Leave something as it is, for a reason of its own."""
    cdk.Validations.of(found).acknowledge(cdk.Acknowledgment(id=finding, reason=reason))
