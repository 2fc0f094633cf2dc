"""Classical solvers of (K + ridge I) a = y, batched over prompts and prefixes."""
