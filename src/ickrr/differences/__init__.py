"""How two sets of results differ: settings, learning curves, best steps, alignment and claims."""
