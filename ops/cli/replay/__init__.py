"""``modelcycle replay``: take recorded decisions again, or send recorded events."""
