"""Models whose weights are built by hand: two families, and what both need."""
