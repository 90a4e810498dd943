"""Recordings of real runs of the loop, replayed in every test run.

``python -m tests.recordings`` plays the runs again on the local AWS and records them; what then
differs in a replay of the old ones is what the code decides otherwise now.
"""
