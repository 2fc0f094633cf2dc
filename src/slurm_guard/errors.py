"""The errors whose message is meant for people."""


class ClusterError(Exception):
    """The cluster refuses or cannot be reached; the message says what to do."""
