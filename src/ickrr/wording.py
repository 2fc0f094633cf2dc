"""Numbers of things, as messages say them."""


def counted(count: int, noun: str) -> str:
    """Return how many there are, in words: ``1 job``, ``2 jobs``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
