"""Heads whose attention is replaced, and what that does to the layers after them."""
