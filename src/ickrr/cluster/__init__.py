"""Running the pipeline on a SLURM cluster: free of torch, and of Snakemake."""
