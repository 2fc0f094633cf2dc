"""The schema of an experiment: one module a wing, composed in `experiment`, read by `load`."""
