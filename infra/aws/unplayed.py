"""TWO TABLES: what of the templates is not replayed in the local AWS, and why."""

from collections.abc import Mapping

RUN = "the supervisor of the local AWS runs it: see infra/aws/deployed.py"
UNENCRYPTED = "the local AWS encrypts nothing"
UNGUARDED = "the local AWS lets everybody do everything; tests of the policies stand in for it"
UNWATCHED = "nobody watches the local AWS"
SECONDS = "the local functions live in one process each, as large as they like"
FOR_PEOPLE = "words for people who look at it in AWS"
UNNAMED = "names of what costs what, for AWS's bill"

KINDS: Mapping[str, str] = {
    "AWS::CloudWatch::Alarm": UNWATCHED,
    "AWS::CloudWatch::Dashboard": UNWATCHED,
    "AWS::IAM::ManagedPolicy": UNGUARDED,
    "AWS::IAM::Role": UNGUARDED,
    "AWS::KMS::Alias": UNENCRYPTED,
    "AWS::KMS::Key": UNENCRYPTED,
    "AWS::Lambda::EventInvokeConfig": "it is about retries of what schedules invoke directly, "
    "which asks a source in the internet",
    "AWS::Lambda::EventSourceMapping": RUN,
    "AWS::Lambda::Function": RUN,
    "AWS::Logs::LogGroup": "functions log into files",
    "AWS::S3::BucketPolicy": "moto reads no conditions: what is denied without TLS would be denied",
    "AWS::Scheduler::Schedule": RUN,
}
"""Kind → why no resource of it is made through boto3."""

PROPERTIES: Mapping[str, Mapping[str, str]] = {
    "AWS::DynamoDB::Table": {"SSESpecification": UNENCRYPTED, "Tags": UNNAMED},
    "AWS::Events::Archive": {"KmsKeyIdentifier": UNENCRYPTED},
    "AWS::Events::EventBus": {"KmsKeyIdentifier": UNENCRYPTED, "Tags": UNNAMED},
    "AWS::Lambda::EventSourceMapping": {
        "MaximumBatchingWindowInSeconds": "the local poller waits for no company",
        "ScalingConfig": "each function has one process here, which takes batch after batch",
    },
    "AWS::Lambda::Function": {
        "Architectures": SECONDS,
        "Description": FOR_PEOPLE,
        "Code": "the code is this repository; tests of the bundles import what is deployed",
        "LoggingConfig": "functions log into files",
        "MemorySize": SECONDS,
        "Role": UNGUARDED,
        "Runtime": "the Python that runs this",
        "Tags": UNNAMED,
        "TracingConfig": "nothing collects traces here",
    },
    "AWS::S3::Bucket": {"BucketEncryption": UNENCRYPTED, "Tags": UNNAMED},
    "AWS::SNS::Topic": {"KmsMasterKeyId": UNENCRYPTED, "Tags": UNNAMED},
    "AWS::SQS::Queue": {
        "KmsDataKeyReusePeriodSeconds": UNENCRYPTED,
        "KmsMasterKeyId": UNENCRYPTED,
        "SqsManagedSseEnabled": UNENCRYPTED,
        "Tags": UNNAMED,
    },
    "AWS::Scheduler::Schedule": {"Description": FOR_PEOPLE},
}
"""Kind → property → why it is not replayed."""
