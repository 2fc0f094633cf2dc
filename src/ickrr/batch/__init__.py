"""Training and probing many models on one machine without Snakemake, within a budget of time."""
