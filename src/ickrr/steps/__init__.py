"""Steps: what the rules call, one module for each rule, of the same name."""
