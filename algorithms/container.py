"""Where a program finds its world inside a SageMaker container, and how it ends there."""

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

ROOT_VARIABLE = "MODELCYCLE_ML_ROOT"
REASON_CHARACTERS_MAX = 1_024  # what SageMaker keeps of FailureReason and ExitMessage


class Failure(Exception):  # noqa: N818 (SageMaker's word: it becomes the job's FailureReason)
    """The program cannot go on; the text is one sentence for the person who started the job."""


def root() -> Path:
    """Answer the folder that plays ``/opt/ml``, from MODELCYCLE_ML_ROOT where it is set."""
    return Path(os.environ.get(ROOT_VARIABLE, "/opt/ml"))


def run(program: Callable[[], None], reason: Path) -> None:
    """Run a job's program to its end, with its log on standard output.

    Parameters
    ----------
    program : callable
        Raises Failure where it cannot go on.
    reason : Path
        Where the sentence of a Failure is written for SageMaker to show; the exit code is 1 then.
    """
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
    try:
        program()
    except Failure as failure:
        reason.parent.mkdir(parents=True, exist_ok=True)
        reason.write_text(str(failure)[:REASON_CHARACTERS_MAX], encoding="utf-8")
        logging.getLogger(__name__).error("%s", failure)
        sys.exit(1)
