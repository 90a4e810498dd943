"""Ingest: turns records into exact windows, and keeps them in the feature store."""
