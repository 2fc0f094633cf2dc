"""What the rules start: ``python -I src <step>``, which runs this package and no setting of the caller's Python.

With ``-I`` Python reads no ``PYTHON*`` variable and no user folder; a folder as its program is put on the path.
"""

import sys

from ickrr.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
