"""Reading SageMaker: "exists", "not found" and "busy" are one code, so only a look tells."""

from collections.abc import Callable
from typing import Any

from shared.messaging.aws_errors import translated
from shared.messaging.errors import Refused

PERHAPS_THERE = frozenset({"ValidationException", "ResourceInUse", "ConflictException"})


def ensured(create: Callable[[], Any], same: Callable[[], bool]) -> None:
    """Create something whose name says what it is: present and equal is success.

    SageMaker answers ValidationException for "exists" and "not found" alike, so only a look tells.

    Raises
    ------
    Refused
        If it could not be created, or is there and different.
    """
    try:
        with translated():
            create()
    except Refused as refusal:
        if refusal.code not in PERHAPS_THERE or not same():
            raise
