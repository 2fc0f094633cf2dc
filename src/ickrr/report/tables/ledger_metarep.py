"""Table of the claims of MetaRepICL, one row each: what decides it, its verdict."""

from typing import Final

from ickrr.report.ledger_rows import builder_of

READS: Final = ("claims",)
SOURCES: Final = ("metarepicl",)

build = builder_of(*SOURCES)
