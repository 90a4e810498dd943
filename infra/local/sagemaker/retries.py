"""Retry policies of a definition's steps: which errors are tried again, when, and how often.

An error that no policy names ends its step at once; the real service tries throttled calls and
service faults again by itself. Waiting is on the wall clock: a driven clock stands still meanwhile.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.local.sagemaker.core import ServiceError

THROTTLING, SERVICE_FAULT = "Step.THROTTLING", "Step.SERVICE_FAULT"
INTERNAL_ERROR = "SageMaker.JOB_INTERNAL_ERROR"
CAPACITY_ERROR, RESOURCE_LIMIT = "SageMaker.CAPACITY_ERROR", "SageMaker.RESOURCE_LIMIT"

OF_CALLS = frozenset({THROTTLING, SERVICE_FAULT})
OF_JOBS = OF_CALLS | {INTERNAL_ERROR, CAPACITY_ERROR, RESOURCE_LIMIT}
EXCEPTIONS: Mapping[str, frozenset[str]] = {
    "Processing": OF_JOBS,
    "Training": OF_JOBS,
    "Transform": OF_JOBS,
    "Model": OF_CALLS,
    "RegisterModel": OF_CALLS,
}
"""Step types that may have policies, and the errors that these may name."""

FIELDS = frozenset(
    {"ExceptionType", "IntervalSeconds", "BackoffRate", "MaxAttempts", "ExpireAfterMin"}
)
INTERVAL_S_MAX = 43_200
ATTEMPTS_MAX, ATTEMPTS = 20, 5
EXPIRES_MINUTES_MAX = 14_400

CODES: Mapping[str, str] = {
    "Throttling": THROTTLING,
    "ThrottlingException": THROTTLING,
    "ResourceLimitExceeded": RESOURCE_LIMIT,
}
REASONS: Mapping[str, str] = {
    "InternalServerError": INTERNAL_ERROR,
    "CapacityError": CAPACITY_ERROR,
    "ResourceLimitExceeded": RESOURCE_LIMIT,
}


class PolicyError(Exception):
    """A retry policy that the service would not take; the message says why."""


@dataclass(frozen=True)
class Policy:
    """What is done about some errors.

    Parameters
    ----------
    interval_s : float
        Before the first retry; each later one waits `backoff` times longer.
    attempts : int or None
        Retries at most; None where `expires_s` limits them.
    expires_s : float or None
        Since the step began: no retry is begun later.
    """

    exceptions: frozenset[str]
    interval_s: float
    backoff: float
    attempts: int | None
    expires_s: float | None

    def pause_s(self, retries: int, since_s: float) -> float | None:
        """Answer how long to wait before the next retry; None if there is to be none.

        Parameters
        ----------
        retries : int
            Made by this policy until now.
        since_s : float
            Since the step began.
        """
        pause: float = self.interval_s * self.backoff**retries
        if self.attempts is not None and retries >= self.attempts:
            return None
        if self.expires_s is not None and since_s + pause > self.expires_s:
            return None
        return pause


def read(kind: str, given: Mapping[str, Any]) -> Policy:
    """Read a policy of a step of some type.

    Raises
    ------
    PolicyError
        For steps that have none, unknown fields or errors, and numbers out of range.
    """
    if kind not in EXCEPTIONS:
        raise PolicyError(f"a {kind} step has no retry policies, only {', '.join(EXCEPTIONS)}")
    if not given.keys() <= FIELDS:
        raise PolicyError(f"unknown {', '.join(sorted(given.keys() - FIELDS))} in a retry policy")
    exceptions = frozenset(given["ExceptionType"])
    if not exceptions or not exceptions <= EXCEPTIONS[kind]:
        known = ", ".join(sorted(EXCEPTIONS[kind]))
        raise PolicyError(f"ExceptionType is {sorted(exceptions)}, a {kind} step knows {known}")
    if "MaxAttempts" in given and "ExpireAfterMin" in given:
        raise PolicyError("a retry policy has MaxAttempts or ExpireAfterMin, not both")
    expires = _number(given, "ExpireAfterMin", None, 0, EXPIRES_MINUTES_MAX)
    attempts = _number(given, "MaxAttempts", ATTEMPTS, 1, ATTEMPTS_MAX)
    return Policy(
        exceptions,
        interval_s=_number(given, "IntervalSeconds", 1, 0, INTERVAL_S_MAX),
        backoff=_number(given, "BackoffRate", 2.0, 0, float("inf")),
        attempts=None if expires is not None else attempts,
        expires_s=None if expires is None else expires * 60.0,
    )


def of_refusal(refusal: ServiceError) -> str | None:
    """Answer what policies call a refused call; None for what none can name."""
    if refusal.status >= 500:
        return SERVICE_FAULT
    return CODES.get(refusal.code)


def of_reason(reason: str | None) -> str | None:
    """Answer what policies call a job's FailureReason; None for what none can name."""
    return REASONS.get((reason or "").partition(":")[0])


def _number(given: Mapping[str, Any], name: str, default: Any, least: float, most: float) -> Any:
    value = given.get(name, default)
    if value is default:
        return value
    whole = name != "BackoffRate"
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        raise PolicyError(f"{name} must be a number, got {value!r}")
    if not least <= value <= most:
        raise PolicyError(f"{name} must be from {least} to {most}, got {value}")
    return value
