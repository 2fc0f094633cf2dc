"""In-context Gaussian kernel regression: data, solvers, transformers, constructions and their comparison."""
