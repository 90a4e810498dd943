"""``modelcycle demo``: the whole loop on this machine, for real."""
