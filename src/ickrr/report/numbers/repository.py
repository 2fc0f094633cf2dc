"""Where the code and the results of the paper are: the public repository, if there is one, and the commit."""

import re

from ickrr.report.formatting import escape
from ickrr.report.numbers.macros import Macros


def repository_macros(macros: Macros, repository: str, commit: str) -> None:
    """Add where the repository is and which commit made the results, as links if there is an address.

    Args:
        macros: where they are added.
        repository: its public address, empty where there is none.
        commit: the commit of the results.
    """
    place = rf"at \url{{{repository}}}" if repository else "in the folder that this document was made in"
    macros.add("RepositoryPlace", place)
    text = rf"commit \texttt{{{escape(commit)}}}"
    sources = sources_address(repository, commit).replace("/blob/", "/tree/")
    macros.add("RepositoryCommit", rf"\href{{{sources}}}{{{text}}}" if sources else text)


def sources_address(repository: str, commit: str) -> str:
    """Return the address below which sources are shown: of one commit, or of the newest of several."""
    if not repository:
        return ""
    single = re.fullmatch("[0-9a-f]{7,40}", commit)
    return f"{repository.rstrip('/')}/blob/{commit if single else 'HEAD'}"
