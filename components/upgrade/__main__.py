"""`python -m components.upgrade 16 17 --url ...`: what would stop this major upgrade, on any server, by any platform.

Exit status: 0 nothing does; 1 the server could not be asked; 2 something does.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from components.access import edge
from components.access.session import Target
from components.upgrade.look import look
from components.upgrade.report import report

URL = "ACCESS_URL"


def main(arguments: Sequence[str] | None = None) -> int:
    """Asks and prints."""
    parser = argparse.ArgumentParser(
        prog="python -m components.upgrade", description="What would stop a major upgrade.", epilog=(__doc__ or "")
    )
    parser.add_argument("old", type=int, help="the major version that runs")
    parser.add_argument("new", type=int, help="the one that is wanted")
    parser.add_argument(
        "--url",
        default=os.environ.get(URL),
        help=f"the server, as its administrator: any libpq URL or keywords (default: ${URL})",
    )
    given = parser.parse_args(arguments)
    if not given.url:
        parser.error(f"no server: give --url, or set {URL}")
    try:
        seen = look(Target.at(given.url), given.old, given.new)
    except Exception as error:
        print(edge.told(error), file=sys.stderr)  # noqa: T201
        return 1
    print("\n".join(report(seen, given.old, given.new)))  # noqa: T201
    return 2 if seen.stopping else 0


if __name__ == "__main__":
    sys.exit(main())
