"""Table of the claims of MetaRepICL, one row each: what decides it, its value, its verdict."""

from ickrr.report.ledger_rows import builder_of

build = builder_of("metarepicl")
