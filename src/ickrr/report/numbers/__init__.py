"""The numbers of the paper's text as LaTeX macros."""
