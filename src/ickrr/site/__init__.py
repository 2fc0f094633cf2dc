"""The site: static pages on the results, which open from the file system as well as from any host.

No page fetches anything or loads a module, because browsers allow neither from the file system: data are
assignments in plain scripts.
"""
