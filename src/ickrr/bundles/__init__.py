"""Bundles: archives of results and of what Snakemake recorded of them, to carry or to ship."""
