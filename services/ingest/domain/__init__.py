"""What ingest decides: which window a record belongs to, when one is closed, what is said of it."""
