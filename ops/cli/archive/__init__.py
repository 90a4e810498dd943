"""EventBridge's own archive of an environment's events, and its replays."""
