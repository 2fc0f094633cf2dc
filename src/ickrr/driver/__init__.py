"""The one Snakemake of a folder: its lock, and what it asks of the machine before the first job."""
