"""The deployer: hears verdicts in the registry, takes approved versions to endpoints, and back."""
