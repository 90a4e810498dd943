"""Asking public sources for observations and sending them to the records queue: a function of its
own."""
