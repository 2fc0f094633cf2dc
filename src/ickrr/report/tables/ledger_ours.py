"""Table of our own claims, one row each: what decides it, its verdict."""

from typing import Final

from ickrr.report.ledger_rows import builder_of

READS: Final = ("claims",)
SOURCES: Final = ("ours",)

build = builder_of(*SOURCES)
