"""Figures, LaTeX tables and numbers, from tidy tables only."""
