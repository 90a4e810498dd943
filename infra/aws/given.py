"""What a template gives to a resource, taken property by property."""

from typing import Any

from infra.aws.templates import Resource, TemplateError
from infra.aws.unplayed import PROPERTIES


class UnplayedError(TemplateError):
    """A kind or a property is neither replayed nor in the table of what is not."""


class Given:
    """What a template gives to a resource: each property is taken once, and none is forgotten."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self._left = dict(resource.properties)

    def take(self, name: str) -> Any:
        """Answer a property that must be there.

        Raises
        ------
        TemplateError
            If it is not.
        """
        if name not in self._left:
            raise TemplateError(f"{self.resource.place}: {name} is missing")
        return self._left.pop(name)

    def find(self, name: str, otherwise: Any = None) -> Any:
        """Answer a property that may be there."""
        return self._left.pop(name, otherwise)

    def some(self, *names: str) -> dict[str, Any]:
        """Answer those of some properties that are there."""
        return {name: self._left.pop(name) for name in names if name in self._left}

    def end(self) -> None:
        """Make sure that nothing is left but what nobody replays.

        Raises
        ------
        UnplayedError
            If there is.
        """
        unheeded = PROPERTIES.get(self.resource.kind, {})
        if left := sorted(self._left.keys() - unheeded.keys()):
            raise UnplayedError(
                f"{self.resource.place}: {', '.join(left)}: replay it in infra/aws/provision.py, "
                "or say in infra/aws/unplayed.py why not"
            )
