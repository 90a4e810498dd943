"""A picture that is drawn again and again, in place where there is a terminal."""

from collections.abc import Callable
from time import sleep
from typing import TYPE_CHECKING, NoReturn

from ops.cli import output

if TYPE_CHECKING:
    from rich.console import RenderableType

EVERY_S = 2.0


def watch(draw: Callable[[], "RenderableType"]) -> NoReturn:
    """Draw until Ctrl-C; where output is piped, one picture below the other."""
    from rich.live import Live

    console = output.console()
    if not console.is_terminal:
        while True:
            console.print(draw())
            sleep(EVERY_S)
    with Live(draw(), console=console, auto_refresh=False) as live:
        while True:
            sleep(EVERY_S)
            live.update(draw(), refresh=True)
