"""Table of the claims of the examined paper's abstract, one row each: what decides it, its verdict."""

from typing import Final

from ickrr.report.ledger_rows import builder_of

READS: Final = ("claims",)
SOURCES: Final = ("abstract",)

build = builder_of(*SOURCES)
