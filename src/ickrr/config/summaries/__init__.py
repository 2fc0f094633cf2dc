"""What stands in the summary tables: which quantities, what each belongs to, under which settings.

A summary table holds one number in each row, which a claim names by ``quantity``, ``subject`` and
``setting``. Claims are checked against this catalogue while the configuration is read, tables of the paper
take their words from it, and docs/catalogue.md says what each number is. The steps that make the tables do
not import it; a test compares it with what they write.
"""

from collections.abc import Mapping
from typing import Final

from ickrr.config.summaries.names import Quantity
from ickrr.config.summaries.of_conjugate import CG_QUANTITIES, WIDTH_QUANTITIES
from ickrr.config.summaries.of_construction import CONSTRUCTION_QUANTITIES
from ickrr.config.summaries.of_operators import ANCHOR_QUANTITIES, OPERATOR_QUANTITIES

SUMMARIES: Final[Mapping[str, Mapping[str, Quantity]]] = {
    "construction/summary": CONSTRUCTION_QUANTITIES,
    "metarep/cg": CG_QUANTITIES,
    "metarep/width": WIDTH_QUANTITIES,
    "metarep/operators": OPERATOR_QUANTITIES,
    "metarep/anchor": ANCHOR_QUANTITIES,
}
