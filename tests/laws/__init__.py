"""Laws of the pure decisions: what holds for every input, tried on many."""
