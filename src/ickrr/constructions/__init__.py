"""Weights by construction: Richardson iteration inside the transformer, with bounds on its error."""
