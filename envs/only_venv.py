"""Copied into .venv by envs/setup.sh, and run whenever Python starts there: what PYTHONPATH names stays out.

Cluster modules and shell profiles set it, and a package that is found there would hide the locked one.
"""

import os
import sys

_ROOT = os.path.dirname(sys.prefix)
_STANDARD = os.path.dirname(os.__file__)
_OWN = {f"{_ROOT}/src", _STANDARD, f"{_STANDARD}/lib-dynload"}
if "PYTHONPATH" in os.environ:
    for _path in map(os.path.abspath, os.environ.pop("PYTHONPATH").split(os.pathsep)):
        if _path in sys.path and _path not in _OWN and not _path.startswith(f"{sys.prefix}/"):
            sys.path.remove(_path)
