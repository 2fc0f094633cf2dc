"""The one kind of error whose message is meant for people."""


class ClusterError(Exception):
    """The cluster refuses, or is not there; the message says what to do."""
