"""What the rules start: ``python -I src <step>``, which no setting of the caller's Python reaches.

With ``-I`` Python reads no ``PYTHON*`` variable and no user folder; its program, a folder, is on its path. A
job then enters its own surroundings, before anything is imported that could read those of the caller.
"""

import sys

if __name__ == "__main__":
    if sys.argv[1:2] == ["slurm_guard"]:
        from slurm_guard.__main__ import main as guard

        sys.exit(guard(sys.argv[2:]))
    from ickrr.surroundings import enter, is_job

    if is_job(sys.argv):
        enter()
    from ickrr.__main__ import main

    sys.exit(main())
