"""The journal: keeps every event and every decision, in the order of causes."""
