"""Status of a cell of the verification grid: whether its model was built and run, and why it was not."""

from typing import Final

VERIFIED: Final = "verified"  # built, run, and compared with float64
TOO_DEEP: Final = "theory only"  # deeper than the settings allow
BEYOND_FLOAT64: Final = "beyond float64"  # float64's rounding is not below the accuracy
