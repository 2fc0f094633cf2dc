"""Hand-built models that run preconditioned Richardson iteration: the theorem and its certificates."""
