"""Dead letters: what a service, a rule or a schedule could not do, until a person decides."""
