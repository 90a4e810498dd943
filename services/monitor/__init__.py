"""The monitor: watches what was forecast against what came true, and the data themselves."""
