"""Finished runs for people who work on: `from ickrr import load_run`."""
