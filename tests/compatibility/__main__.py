"""``python -m tests.compatibility``: record what today's handlers decide."""

from tests.compatibility import recorded

recorded.write()
