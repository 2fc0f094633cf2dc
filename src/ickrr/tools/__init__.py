"""The tools that people call as ``ickrr <tool>``, one module for each."""
