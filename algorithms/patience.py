"""Which errors the steps of all pipelines try again, and how patiently.

Programs that fail are not tried again: they would fail again, and the trainer is told at once.
"""

from sagemaker.mlops.workflow.retry import (
    SageMakerJobExceptionTypeEnum,
    SageMakerJobStepRetryPolicy,
    StepExceptionTypeEnum,
    StepRetryPolicy,
)

# 10, 20, … 640 seconds, some twenty minutes in all, for what passes quickly
CALLS = StepRetryPolicy(
    exception_types=[StepExceptionTypeEnum.THROTTLING, StepExceptionTypeEnum.SERVICE_FAULT],
    interval_seconds=10,
    backoff_rate=2.0,
    max_attempts=7,
)
# A job that SageMaker itself has lost is begun anew, twice
LOST = SageMakerJobStepRetryPolicy(
    failure_reason_types=[SageMakerJobExceptionTypeEnum.INTERNAL_ERROR],
    interval_seconds=60,
    backoff_rate=2.0,
    max_attempts=2,
)
# Machines come back within minutes or hours: 5, 10, 20, … minutes, until six hours after the start
CAPACITY = SageMakerJobStepRetryPolicy(
    exception_types=[SageMakerJobExceptionTypeEnum.RESOURCE_LIMIT],
    failure_reason_types=[SageMakerJobExceptionTypeEnum.CAPACITY_ERROR],
    interval_seconds=300,
    backoff_rate=2.0,
    expire_after_mins=360,
)
OF_CALLS = [CALLS]
"""Of a step that only makes a call."""

OF_JOBS = [CALLS, LOST, CAPACITY]
"""Of a step that waits for a job."""
