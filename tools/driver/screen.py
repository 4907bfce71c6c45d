"""Where the story is shown: on a terminal with what is being done at this moment, elsewhere as plain lines."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.text import Text

from tools.driver.story import Line, Story

COLOURS = {"done": "green", "failed": "bold red", "note": "yellow", "statement": "dim", "plain": ""}
EVERY_SECONDS = 15.0  # between two signs of life where there is no terminal
WIDE = 200  # of tables, whatever the terminal's: names are there to be copied, so none is cut short


class Screen:
    """Everything for the person goes to standard error; standard output belongs to results."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False, soft_wrap=True)

    @classmethod
    def for_results(cls) -> Screen:
        """One that writes to standard output."""
        return cls(Console(highlight=False, soft_wrap=True))

    def show(self, *lines: Line) -> None:
        for line in lines:
            self.console.print(Text(line.text, style=COLOURS.get(line.kind, "")))

    def say(self, text: str) -> None:
        self.show(Line("plain", text))

    def show_tables(self, tables: RenderableType) -> None:
        """What has columns."""
        self.console.width = max(WIDE, self.console.width)
        self.console.print(tables)

    @contextmanager
    def following(self, story: Story) -> Iterator[None]:
        """Within the block, what is running is shown with its seconds."""
        begin, ended = time.monotonic(), threading.Event()
        ticker = self._on_terminal if self.console.is_terminal else self._in_log
        thread = threading.Thread(target=ticker, args=(story, begin, ended), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(timeout=5)

    def _on_terminal(self, story: Story, begin: float, ended: threading.Event) -> None:
        with self.console.status("") as status:
            while not ended.wait(0.2):
                status.update(Text(now_doing(story, begin, time.monotonic())))

    def _in_log(self, story: Story, begin: float, ended: threading.Event) -> None:
        while not ended.wait(EVERY_SECONDS):
            self.say(f"  ... {now_doing(story, begin, time.monotonic())}")


def now_doing(story: Story, begin: float, now: float) -> str:
    """`creating pg-1 (3 s), creating pg-2 (1 s)`."""
    running = [f"{what} ({now - since:.0f} s)" for what, since in list(story.running.values())]
    if running:
        return ", ".join(running)
    return f"{'looking at what is there' if story.looking else 'working'} ({now - begin:.0f} s)"
