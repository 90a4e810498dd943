"""What jobs and endpoints printed, deleted with the environment that ran them.

Functions' logs are in their stacks. SageMaker makes the groups of the others when they are first
needed: one for each endpoint, and one for all jobs of a kind in the whole account, in which each
job has streams of its own.
"""

from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

OF_ENDPOINTS = "/aws/sagemaker/Endpoints/"
OF_JOBS = tuple(f"/aws/sagemaker/{kind}Jobs" for kind in ("Processing", "Training", "Transform"))

Say = Callable[[str], None]


def delete_of_endpoints(logs: Any, names_begin: str, say: Say) -> None:
    """Delete the groups of all endpoints whose names begin so."""
    pages = logs.get_paginator("describe_log_groups")
    groups = [
        group["logGroupName"]
        for page in pages.paginate(logGroupNamePrefix=OF_ENDPOINTS + names_begin)
        for group in page["logGroups"]
    ]
    for group in groups:
        say(f"log {group}")
        logs.delete_log_group(logGroupName=group)


def delete_of_jobs(logs: Any, executions: Collection[str], say: Say) -> None:
    """Delete the streams of the jobs of some executions of pipelines, by whose ids SageMaker names
    the jobs; those of others, in the same groups, stay."""
    say(f"logs of the jobs of {len(executions)} trainings")
    for execution in executions:
        for group in OF_JOBS:
            with suppress(logs.exceptions.ResourceNotFoundException):  # no such job yet, ever
                delete_streams(logs, group, jobs_begin(execution))


def jobs_begin(execution: str) -> str:
    """Answer how SageMaker begins the names of what an execution of a pipeline makes."""
    return f"pipelines-{execution.rpartition('/')[2]}-"


def delete_streams(logs: Any, group: str, names_begin: str) -> None:
    """Delete the streams of a group whose names begin so."""
    pages = logs.get_paginator("describe_log_streams")
    streams = [
        stream["logStreamName"]
        for page in pages.paginate(logGroupName=group, logStreamNamePrefix=names_begin)
        for stream in page["logStreams"]
    ]
    for stream in streams:
        logs.delete_log_stream(logGroupName=group, logStreamName=stream)
