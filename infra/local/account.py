"""The one account of the local AWS, and clients that can reach nothing else."""

import os
from functools import cache
from threading import Lock
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from shared.contracts import names

ACCOUNT = "123456789012"
REGION = "us-east-1"
OFFLINE_LAG_S = 2.0  # the front's offline store lags by one second, and writes for a moment
LEASE_MARGIN_S = 1.0  # by which a lease outlives its function; one clock, hence so little
POOL_CONNECTIONS_MAX = 32  # more than the long polls of all services at the same time


_making = Lock()  # sessions do not bear two threads, clients do


def role_arn(name: str) -> str:
    """Answer a role by its name."""
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def bucket(env: str) -> str:
    """Answer the environment's bucket."""
    return names.bucket(env, ACCOUNT, REGION)


def client(
    service: str,
    endpoint_url: str,
    access_key: str,
    *,
    read_timeout_s: float = 60,
    attempts: int = 3,
) -> Any:
    """Make a boto3 client of the local AWS.

    The caller's own profile, credentials, region and proxy are not looked at, so that neither a
    broken configuration nor a real account can come into play.

    Parameters
    ----------
    access_key : str
        Who is speaking: shown as ``LastModifiedBy`` and the like.
    attempts : int
        How often a call is made until it is given up.
    """
    with _making:
        return _session().client(  # type: ignore[call-overload]
            service,
            endpoint_url=endpoint_url,
            aws_access_key_id=access_key,
            aws_secret_access_key="local",  # noqa: S106  # the local AWS checks no signature
            config=Config(
                proxies={},
                read_timeout=read_timeout_s,
                retries={"mode": "standard", "total_max_attempts": attempts},
                max_pool_connections=POOL_CONNECTIONS_MAX,
            ),
        )


@cache
def _session() -> boto3.Session:
    """Make the one session, which keeps what it has read of AWS's models."""
    hermetic = botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
    )
    return boto3.Session(botocore_session=hermetic, region_name=REGION)


def plain_environment() -> dict[str, str]:
    """Answer what any program needs, and nothing of AWS: none of the caller's credentials."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "MALLOC_ARENA_MAX": "2",  # glibc: threads that come and go keep a third less
    }


def pointing_at(endpoint_url: str, access_key: str) -> dict[str, str]:
    """Answer the variables that point any AWS client to the local AWS and nowhere else."""
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


UNLIKE_AWS = {
    "MODELCYCLE_IMAGE_REGISTRY": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com",
    "MODELCYCLE_IMAGE_TAG": "local",
    "MODELCYCLE_SUBNETS": "",
    "MODELCYCLE_SECURITY_GROUPS": "",
    "MODELCYCLE_KEY": "",
    "MODELCYCLE_QUERIES_DAYS": "",
}
"""Settings of functions: no network, no key, and nothing of the journal ends."""


def function_environment(
    env: str, service: str, endpoint_url: str, limit_s: float, rules_allowed: bool = False
) -> dict[str, str]:
    """Answer everything that a service's function sees, and nothing of the caller's.

    Parameters
    ----------
    limit_s : float
        The function's time limit; what it leases outlives it.
    rules_allowed : bool
        Whether a spec may let the rule approve in place of a person.
    """
    return {
        **plain_environment(),
        **pointing_at(endpoint_url, f"modelcycle-{service}"),
        "MODELCYCLE_ENV": env,
        "MODELCYCLE_BUCKET": bucket(env),
        "MODELCYCLE_ROLE_ARN": role_arn(names.passed_role(env, service)),
        "MODELCYCLE_CODE_VERSION": "local",
        "MODELCYCLE_LEASE_SECONDS": str(limit_s + LEASE_MARGIN_S),
        "MODELCYCLE_OFFLINE_LAG_S": str(OFFLINE_LAG_S),
        "MODELCYCLE_RULES_ALLOWED": "yes" if rules_allowed else "no",
        **UNLIKE_AWS,
        "AWS_LAMBDA_FUNCTION_NAME": function_name(env, service),
        "POWERTOOLS_SERVICE_NAME": service,
    }


def function_name(env: str, service: str) -> str:
    """Name the Lambda of a service."""
    return f"{names.bus(env)}-{service}"
