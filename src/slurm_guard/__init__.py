"""Guard Snakemake's SLURM plugin against jobs that it loses, waits for without end, or submits twice.

This package stands between the plugin and SLURM's own commands, knows nothing of what is computed, and
imports nothing of the rest of this project. docs/cluster.md lists each guard with the test that fails without
it.
"""
