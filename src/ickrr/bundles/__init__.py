"""Bundles: results in one archive, with what Snakemake recorded of them."""
