"""The verbs that ask the journal what happened and why: timeline, why, as-of, lineage, versions."""
