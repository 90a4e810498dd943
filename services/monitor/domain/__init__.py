"""Pure decisions: (state, what was seen, now) → Decision."""
