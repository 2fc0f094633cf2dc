"""What every job needs of the machine, computed from settings alone; free of torch, so that rules can ask."""
