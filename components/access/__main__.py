"""`python -m components.access`: see cli.py."""

from __future__ import annotations

import gc
import sys

# A command is short and makes no garbage worth collecting; looking for it would take a tenth of its time.
gc.disable()

from components.access.cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
