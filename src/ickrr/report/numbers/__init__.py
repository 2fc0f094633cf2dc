"""The numbers of the paper's text as LaTeX macros (latex/numbers.tex and latex/provenance.tex).

`names` is the list of all macros: what each holds and which module writes it. `collection` calls these,
each for the tidy tables of its subject: `runs`, `comparison`, `construction`, `conjugate`, `operators`,
`claims` and `ledger`. `origin`, `repository` and `links` say where results come from, `macros` is what all of
them write into, and `made` says which macros a configuration gives.
"""
