"""Four ways to read a layer linearly, the choice among them, and what depends on it."""
