"""Probes, similarities, trends and intervals."""
