"""What flow tests share: a local AWS of their own, and waiting with a limit."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar

from infra.local.stack import LocalStack

T = TypeVar("T")
LIMIT_S = 120.0
FUNCTION_LIMIT_S = 10.0


@contextmanager
def local_aws(folder: Path, **settings: Any) -> Iterator[LocalStack]:
    """Start a local AWS, and show its troubles when a test fails."""
    troubles: list[str] = []
    settings = {"function_limit_s": FUNCTION_LIMIT_S, **settings}
    with LocalStack(folder, trouble=troubles.append, **settings) as stack:
        try:
            yield stack
        except BaseException as error:
            error.add_note("\n".join(["troubles:", *troubles, *logs(folder)]))
            raise


def logs(folder: Path) -> Iterator[str]:
    """Answer the ends of all logs."""
    for path in sorted((folder / "logs").glob("*.log")):
        yield f"--- {path.name}\n{path.read_text()[-1_500:]}"


def wait_for(what: str, look: Callable[[], T | None], limit_s: float = LIMIT_S) -> T:
    """Look again and again until there is an answer."""
    deadline = monotonic() + limit_s
    while monotonic() < deadline:
        if answer := look():
            return answer
        sleep(0.1)
    raise AssertionError(f"{what}: not within {limit_s:g} s")
