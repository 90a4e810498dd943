"""``python -m tests.compatibility``: record what is decided today, and how documents are read."""

from tests.compatibility import recorded

recorded.write()
