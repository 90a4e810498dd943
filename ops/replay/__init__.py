"""Replay: recorded events are decided upon again by the production handlers, with nothing done."""
