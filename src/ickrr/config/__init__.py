"""The schema of an experiment: one module for each part, composed in `experiment`, read by `load`."""
