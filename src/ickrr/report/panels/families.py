"""How families of algorithms are drawn: a colour, a marker and a line for each."""

from typing import Final

from ickrr.report.style import Look

LOOKS: Final[dict[str, Look]] = {
    "PR": Look("#BB3344", "s", "-"),
    "PR closed": Look("#E08A96", "P", ":"),
    "R": Look("#004488", "o", "--"),
    "R shared": Look("#6C9BD2", "X", ":"),
    "Newton": Look("#E9B949", "D", "-."),
    "CG": Look("#2A9D8F", "^", "-."),
    "PCG": Look("#8CCFC6", "<", ":"),
    "ridge": Look("#777777", "v", (0, (4, 1, 1, 1))),
    "smoother": Look("#000000", "d", ":"),
}
