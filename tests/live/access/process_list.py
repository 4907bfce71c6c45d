"""What everybody on the machine could see of its processes while something ran."""

from __future__ import annotations

import threading
import time
from pathlib import Path


class ProcessList:
    """The arguments (or title) and the environment of every process while it watched."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        while not self._ended.is_set():
            for file in ("cmdline", "environ"):
                for place in Path("/proc").glob(f"[0-9]*/{file}"):
                    try:
                        self.seen.add(place.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
                    except OSError:  # it has ended, or is somebody else's
                        continue
            time.sleep(0.02)

    def __enter__(self) -> ProcessList:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(30)
