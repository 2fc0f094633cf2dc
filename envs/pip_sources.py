"""Print, as shell commands, those of pip's settings that say where packages come from.

Run by envs/setup.sh with the Python of .venv. The caller's variables (PIP_*) and pip's configuration files
may also say where packages are installed, or which are left out (user, target, prefix, no-deps, constraint
..): such settings would make another environment than the locks describe, and stay out.
"""

import contextlib
import shlex
import sys

# Not `pip config list`, which such settings change too: with user it leaves most files out.
from pip._internal.configuration import Configuration
from pip._internal.exceptions import ConfigurationError

SOURCES = (
    *("index-url", "pypi-url", "extra-index-url", "no-index", "find-links"),
    *("cert", "client-cert", "trusted-host", "proxy", "keyring-provider", "use-feature", "use-deprecated"),
    *("timeout", "default-timeout", "retries", "resume-retries", "cache-dir", "no-cache-dir"),
)
SECTIONS = ("global", "install", "download", ":env:")  # the later one counts

configuration = Configuration(isolated=False)
try:
    configuration.load()
except ConfigurationError as error:
    sys.exit(f"envs/setup.sh: pip cannot read its settings: {error}; correct them")
print('unset "${!PIP_@}"; export PIP_CONFIG_FILE=/dev/null')
for source in SOURCES:
    for section in SECTIONS:
        with contextlib.suppress(ConfigurationError):  # there is no such setting
            value = str(configuration.get_value(f"{section}.{source}")).strip()
            print(f"export PIP_{source.replace('-', '_').upper()}={shlex.quote(value)}")
