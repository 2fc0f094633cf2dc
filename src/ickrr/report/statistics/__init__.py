"""The statistics that decide claims by name, one module each: an estimate with its interval from tidy tables.

Each has ``NAME``, what a condition is about, as the table of the claims writes it (LaTeX; its arguments in
braces), ``READS``, the tables of its runs that it reads (empty where it belongs to no run), and
``estimate(question, <argument>, ..)``, which returns an `Interval`. The parameters after the question are the
arguments that a condition must give, and no other; a `Literal` says which values one may have. An estimate
that does not exist is NaN. One that is about the model built for a run has ``OF_BUILT``, so that a run for
which none is built is refused before the first job.
"""
