"""Rules of EventBridge: which of them an event matches, and why."""
