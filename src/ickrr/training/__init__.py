"""Training of one transformer."""
