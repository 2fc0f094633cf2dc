"""What the rules start: ``python -I src <step>``, which no setting of the caller's Python reaches.

With ``-I`` Python reads no ``PYTHON*`` variable and no user folder; its program, a folder, is on its path.
"""

import sys

from ickrr.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
