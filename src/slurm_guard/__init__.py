"""What Snakemake's SLURM plugin does not cover: jobs that it loses, waits for without end, or submits twice.

Stands between the plugin and SLURM's own commands, knows nothing of what is computed, and imports nothing of
the rest of this project. docs/cluster.md lists each guard with the test that fails without it.
"""
