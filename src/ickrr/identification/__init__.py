"""Which algorithm a layer resembles: candidates, predictors that do not iterate, how to tell them apart."""
