"""ARNs from names: stacks know each other's resources by these, and export nothing."""

from infra.aws.environments import Environment
from shared.contracts import names


def of(environment: Environment, service: str, resource: str) -> str:
    """Build the ARN of a resource in the environment's account and region."""
    where = f"{environment.region}:{environment.account}"
    return f"arn:{environment.partition}:{service}:{where}:{resource}"


def bucket(environment: Environment) -> str:
    """Answer the ARN of the environment's bucket."""
    return f"arn:{environment.partition}:s3:::{environment.bucket}"


def queue(environment: Environment, name: str) -> str:
    """Answer the ARN of a queue."""
    return of(environment, "sqs", name)


def rule(environment: Environment, bus: str | None, name: str) -> str:
    """Answer the ARN of a rule; without a bus, of one on the account's default bus."""
    return of(environment, "events", f"rule/{bus}/{name}" if bus else f"rule/{name}")


def bus(environment: Environment) -> str:
    """Answer the ARN of the environment's bus."""
    return of(environment, "events", f"event-bus/{names.bus(environment.name)}")


def table(environment: Environment, service: str) -> str:
    """Answer the ARN of a service's table."""
    return of(environment, "dynamodb", f"table/{names.table(environment.name, service)}")


def function(environment: Environment, service: str) -> str:
    """Answer the ARN of a service's function."""
    return of(environment, "lambda", f"function:{names.function(environment.name, service)}")


def key_alias(environment: Environment) -> str:
    """Answer the ARN of the alias of the environment's key, for all but policies."""
    return of(environment, "kms", names.key_alias(environment.name))


def topic(environment: Environment, name: str) -> str:
    """Answer the ARN of a topic."""
    return of(environment, "sns", name)


def role(environment: Environment, name: str) -> str:
    """Answer the ARN of a role."""
    return f"arn:{environment.partition}:iam::{environment.account}:role/{name}"
