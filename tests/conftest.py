"""What holds for all tests."""

import signal

from hypothesis import settings

# A shell starts background jobs with SIGINT ignored, and programs that tests start inherit that:
# Ctrl-C would not reach them. A handler of our own is reset to the default when they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long one example takes says more of what else runs on the machine than of the code.
settings.register_profile("house", deadline=None)
settings.load_profile("house")
