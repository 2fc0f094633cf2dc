"""Table of the claims of the examined paper, one row each: what decides it, its value, its verdict."""

from typing import Final

from ickrr.report.ledger_rows import builder_of

SOURCES: Final = ("abstract", "review", "summary")

build = builder_of(*SOURCES)
