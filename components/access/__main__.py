"""`python -m components.access`: see cli.py."""

from __future__ import annotations

import sys

from components.access.cli import main

if __name__ == "__main__":
    sys.exit(main())
