"""Runs in a pod beside the platform, as any application would: writes through the Services, tells what is acknowledged.

    python3 in_pod.py ROUTES OUTPUT     ROUTES is a JSON file: {"pooled": {conninfo}, "direct": {conninfo}}

One line of JSON for each row that a server acknowledged: [route, id, seconds since 1970]; and for each error:
[route, null, seconds, text]. The writer itself is tests/chaos/writer.py.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from writer import Writer  # type: ignore[import-not-found]  # lies beside this file in the pod


def tell(writers: list[Writer], told: dict[str, list[int]], out: TextIO) -> None:
    """What is new since the last time."""
    offset = time.time() - time.monotonic()
    for writer in writers:
        before, now = told.get(writer.route, [0, 0]), [len(writer.acknowledged), len(writer.errors)]
        rows, errors = writer.acknowledged[before[0] : now[0]], writer.errors[before[1] : now[1]]
        lines: list[list[Any]] = [[writer.route, number, at + offset] for number, at in rows]
        lines += [[writer.route, None, at + offset, text] for at, text in errors]
        told[writer.route] = now
        out.writelines(json.dumps(line) + "\n" for line in lines)
    out.flush()


def main() -> None:
    routes = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    writers = [Writer(route, words) for route, words in routes.items()]
    for writer in writers:
        writer.start()
    told: dict[str, list[int]] = {}
    with Path(sys.argv[2]).open("a", encoding="utf-8") as out:
        while True:
            tell(writers, told, out)
            time.sleep(0.1)


if __name__ == "__main__":
    main()
