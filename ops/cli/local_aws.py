"""The local AWS inside a command: alone in its folder, its errors in two lines, spoken to."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ops.cli.errors import failed, misused

ENV = "dev"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Have a command's folder for oneself; it may be emptied and made anew meanwhile.

    Parameters
    ----------
    folder : Path
        Named after the command: ``.local/demo``. What is locked is a file beside it.

    Raises
    ------
    CliError
        If the same command has it already, or nothing can be written there.
    """
    command = f"modelcycle {folder.name}"
    try:
        folder.parent.mkdir(exist_ok=True)
        lock = folder.with_suffix(".lock").open("w")
    except OSError as error:
        raise misused(
            f"{folder.parent}: {error.strerror}: `{command}` keeps its files there",
            "run it in a folder that you may write to",
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise failed(
                f"another `{command}` is running in {Path.cwd()}",
                "wait for it or end it, or use another folder",
            ) from None
        yield


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Put what goes wrong with a local AWS into words for people.

    Raises
    ------
    CliError
        In place of each error that names what the local AWS cannot do.
    """
    from infra.local.feeds import FeedError
    from infra.local.front_process import FrontError
    from infra.local.function_host import FunctionError
    from infra.local.http_server import PortTakenError
    from infra.local.lambdas import QueueLostError
    from infra.local.provision import ProvisionError
    from infra.local.stack import StackError

    try:
        yield
    except PortTakenError as error:
        raise misused(str(error), "give another --port; 0 takes a free one") from error
    except (
        FeedError,
        FrontError,
        FunctionError,
        ProvisionError,
        QueueLostError,
        StackError,
    ) as error:
        raise failed(str(error), f"see {folder / 'logs'}") from error


@contextmanager
def speaking_to(environment: dict[str, str]) -> Iterator[None]:
    """Point this process's AWS clients to the local AWS, and back."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
