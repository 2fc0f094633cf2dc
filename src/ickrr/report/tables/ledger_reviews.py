"""Table of the claims that reviews of the examined paper report, a row each: what decides it, its verdict."""

from typing import Final

from ickrr.report.ledger_rows import builder_of

READS: Final = ("claims",)
SOURCES: Final = ("review", "summary")

build = builder_of(*SOURCES)
