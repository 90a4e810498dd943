"""What holds for all tests."""

import signal

# A shell starts background jobs with SIGINT ignored, and programs that tests start inherit that:
# Ctrl-C would not reach them. A handler of our own is reset to the default when they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
