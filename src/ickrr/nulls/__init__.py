"""Nulls by name, one module each: predictors that do not iterate, along a path of one parameter.

What a layer has in common with the best position of such a path is no sign of an iteration, so nulls stand
beside the solvers in the tables that compare layers with steps. Each module has ``NAME``, ``SHORT`` and
``PROPER`` for text, ``flops(points)`` of one position on one prompt, and ``path(task, x, y, steps)``, which
returns the predictions of positions 0..T, from ones that hardly depend on where the inputs lie to ones that
follow the labels at least as closely as the posterior mean.
"""
