"""Print, as shell commands, those of pip's settings that say where packages come from, for pip and for uv.

Run by envs/setup.sh with the Python of .venv. The caller's variables (PIP_*, UV_*) and configuration files
may also say where packages are installed, or which are left out (user, target, prefix, no-deps, constraint
..): such settings would make another environment than the locks describe, and stay out. Of uv's own settings
none counts, so that there is one place to say where packages come from.
"""

import contextlib
import os
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
OF_UV = {
    "index-url": ["UV_DEFAULT_INDEX"],
    "pypi-url": ["UV_DEFAULT_INDEX"],
    "extra-index-url": ["UV_INDEX"],
    "find-links": ["UV_FIND_LINKS"],
    "cert": ["SSL_CERT_FILE"],
    "client-cert": ["SSL_CLIENT_CERT"],
    "trusted-host": ["UV_INSECURE_HOST"],
    "proxy": ["HTTP_PROXY", "HTTPS_PROXY"],
    "timeout": ["UV_HTTP_TIMEOUT"],
    "default-timeout": ["UV_HTTP_TIMEOUT"],
    "retries": ["UV_HTTP_RETRIES"],
    "no-cache-dir": ["UV_NO_CACHE"],
}
SECTIONS = ("global", "install", "download", ":env:")  # the later one counts
YES = {"1", "true", "yes", "on", "y", "t"}


def exported(name: str, value: str) -> str:
    """A line of shell that sets a variable."""
    return f"export {name}={shlex.quote(value)}"


configuration = Configuration(isolated=False)
try:
    configuration.load()
except ConfigurationError as error:
    sys.exit(f"envs/setup.sh: pip cannot read its settings: {error}; correct them")
print('unset "${!PIP_@}" "${!UV_@}"; export PIP_CONFIG_FILE=/dev/null')
# As pip: certificates of the system, and of several indexes none comes first, since the hashes decide.
print("export UV_SYSTEM_CERTS=1 UV_INDEX_STRATEGY=unsafe-best-match; no_index=")
for source in SOURCES:
    found = None
    for section in SECTIONS:
        with contextlib.suppress(ConfigurationError):  # there is no such setting
            found = str(configuration.get_value(f"{section}.{source}")).strip()
    if found is None:
        continue
    print(exported(f"PIP_{source.replace('-', '_').upper()}", found))
    if source == "no-index" and found.lower() in YES:
        print("no_index=yes")
    if source == "cache-dir":
        print(exported("UV_CACHE_DIR", f"{found}/uv"))
    for name in OF_UV.get(source, []):
        print(exported(name, ("," if source == "find-links" else " ").join(found.split())))
# pip goes on without a cache where it cannot write one, uv does not.
cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
while not os.path.exists(cache):
    cache = os.path.dirname(cache)
if not os.access(cache, os.W_OK):
    print("export UV_NO_CACHE=1")
