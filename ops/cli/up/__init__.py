"""``modelcycle up``: the local AWS kept running, with something that comes in."""
