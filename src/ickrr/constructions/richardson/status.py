"""What became of a cell of the verification grid."""

VERIFIED = "verified"  # built, run, and held against float64
THEORY = "theory only"  # deeper than the grid allows
ROUNDING = "beyond float64"  # float64's rounding is not below the accuracy
