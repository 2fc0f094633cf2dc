"""The one Snakemake that works in a folder: its lock, and what its jobs need of the machine."""
