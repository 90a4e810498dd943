"""Programs for tests of the engine; each package stands for an image."""
