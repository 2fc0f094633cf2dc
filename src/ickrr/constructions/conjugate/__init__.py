"""Hand-built models that run conjugate gradients on representations (MetaRepICL)."""
