"""Classical solvers of (K + ridge I) a = y by name, one module each, batched over prompts and prefixes.

Each module has ``NAME``, ``SHORT``, ``PROPER`` and ``LOOK`` for text and figures, ``flops_per_step(points)``,
and ``iterate(system, settings)``, which yields the predictions of every step without end.
"""
