"""What jobs and endpoints printed, deleted with the environment that ran them.

Functions' logs are in their stacks. SageMaker makes the groups of the others when they are first
needed: one for each endpoint, and one for all jobs of a kind in the whole account, in which each
job has streams of its own.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from typing import Any

OF_ENDPOINTS = "/aws/sagemaker/Endpoints/"
OF_JOBS = tuple(f"/aws/sagemaker/{kind}Jobs" for kind in ("Processing", "Training", "Transform"))
OF_PIPELINES = "pipelines-"  # SageMaker: so begin the names of what an execution makes
TOLD_EACH = 500  # AWS deletes one stream a call, some ten a second

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
    ours = frozenset(map(jobs_begin, executions))
    for group in OF_JOBS:
        streams = [one for one in streams_of_pipelines(logs, group) if begin_of(one) in ours]
        for deleted, stream in enumerate(streams, 1):
            with suppress(logs.exceptions.ResourceNotFoundException):  # another was faster
                logs.delete_log_stream(logGroupName=group, logStreamName=stream)
            if deleted % TOLD_EACH == 0:
                say(f"{deleted:,} of {len(streams):,} streams in {group}")


def jobs_begin(execution: str) -> str:
    """Answer how SageMaker begins the names of what an execution of a pipeline makes."""
    return f"{OF_PIPELINES}{execution.rpartition('/')[2]}-"


def begin_of(stream: str) -> str:
    """Answer how the name of a job of a pipeline begins, from that of one of its streams."""
    return OF_PIPELINES + stream.removeprefix(OF_PIPELINES).partition("-")[0] + "-"


def streams_of_pipelines(logs: Any, group: str) -> Iterator[str]:
    """Answer the streams of all jobs of pipelines, fifty in a call, however many trainings there
    were; none if there was no job yet, ever."""
    pages = logs.get_paginator("describe_log_streams")
    with suppress(logs.exceptions.ResourceNotFoundException):
        for page in pages.paginate(logGroupName=group, logStreamNamePrefix=OF_PIPELINES):
            yield from (stream["logStreamName"] for stream in page["logStreams"])
