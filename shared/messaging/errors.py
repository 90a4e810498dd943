"""What may go wrong while an event is handled.

::

    HandlingError
    ├── Retryable        back to the queue: throttled, unreachable, busy
    ├── Rejected         to the dead-letter queue with its reason; only before the commit
    ├── Refused          AWS said no: an outcome that the domain hears, never past the worker
    ├── Conflict         another worker committed first: load and look again
    └── AlreadyHeard     the inbox knows this fact: nothing is left to do
"""


class HandlingError(Exception):
    """The root of all that the worker itself knows how to answer."""


class Retryable(HandlingError):  # noqa: N818 - the four names of the design
    """It may work later, unchanged."""


class Rejected(HandlingError):  # noqa: N818
    """It can never be handled: malformed, unknown, too old, or from a stranger."""


class Refused(HandlingError):  # noqa: N818
    """AWS, or a last look before acting, said no.

    Parameters
    ----------
    code : str
        The error code, or our own word for what was found; compared by the domain.
    message : str
        For people; never compared.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Conflict(HandlingError):  # noqa: N818
    """The aggregate changed between load and commit."""


class AlreadyHeard(HandlingError):  # noqa: N818
    """This fact was committed before."""
