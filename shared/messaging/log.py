"""The log port: structured lines, as powertools' Logger writes them."""

from collections.abc import Mapping
from typing import Protocol


class Log(Protocol):
    """Takes one line with its fields."""

    def info(self, msg: object, *, extra: Mapping[str, object] | None = None) -> None:
        """Note what was decided."""
        ...

    def warning(self, msg: object, *, extra: Mapping[str, object] | None = None) -> None:
        """Note what a person should look at."""
        ...

    def exception(self, msg: object, *, extra: Mapping[str, object] | None = None) -> None:
        """Note a bug, with where it is."""
        ...
