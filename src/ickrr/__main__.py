"""Command line: ``python -m ickrr <verb>``. Each verb is a module of `ickrr.commands`, imported when called.

A verb module has a docstring (its help), ``add_arguments(parser)`` and ``main(arguments)``.
"""

import argparse
import pkgutil
import sys
from importlib import import_module

from ickrr import batch_job, commands
from ickrr.errors import IckrrError


def main(argv: list[str] | None = None) -> int:
    """Run one verb; errors meant for people are printed as one message and exit with 1."""
    argv = sys.argv[1:] if argv is None else argv
    verbs = sorted(module.name for module in pkgutil.iter_modules(commands.__path__))
    parser = argparse.ArgumentParser(
        prog="python -m ickrr", description="The verbs behind the pipeline's rules."
    )
    parser.add_argument("verb", choices=verbs, help="what to do; <verb> --help says more")
    if not argv or argv[0] not in verbs:
        parser.parse_args(argv[:1] or ["--help"])
    verb = import_module(f"{commands.__name__}.{argv[0]}")
    verb_parser = argparse.ArgumentParser(prog=f"python -m ickrr {argv[0]}", description=verb.__doc__)
    verb.add_arguments(verb_parser)
    options = verb_parser.parse_args(argv[1:])
    job = batch_job.where()
    if job:
        print(job, file=sys.stderr, flush=True)
    try:
        verb.main(options)
    except IckrrError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        if job:
            print(f"{job}: peak memory {batch_job.peak_memory_mb():.0f} MB", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
