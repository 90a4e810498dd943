"""How an invariant that does not hold is told."""


class Violation(BaseException):
    """An invariant does not hold: it passes through all that catches exceptions."""

    def __init__(self, invariant: str, text: str) -> None:
        super().__init__(f"{invariant}: {text}")
        self.invariant = invariant
        self.text = text


def expect(holds: bool, invariant: str, text: str) -> None:
    """Speak up where something does not hold; raises Violation."""
    if not holds:
        raise Violation(invariant, text)
