"""Table of our own claims, one row each: what decides it, its value, its verdict."""

from ickrr.report.ledger_rows import builder_of

build = builder_of("ours")
