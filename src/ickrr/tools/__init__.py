"""Tools: what people call, ``ickrr <tool>``."""
