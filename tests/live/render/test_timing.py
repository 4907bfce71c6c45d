"""Our statement of Patroni's timing rule against Patroni's own code, over thousands of values."""

from __future__ import annotations

import itertools
import json
import subprocess
from pathlib import Path

import pytest

from components.settings.timing import Timing, rewritten

pytestmark = pytest.mark.live

# Run by Patroni's own Python: each line of standard input is [ttl, loop_wait, retry_timeout], each line of output what
# Patroni makes of it.
ASK_PATRONI = """
import json, logging, sys
from patroni.config import Config
logging.disable(logging.CRITICAL)
patroni = Config.__new__(Config)
for line in sys.stdin:
    values = dict(zip(("ttl", "loop_wait", "retry_timeout"), json.loads(line)))
    patroni._validate_and_adjust_timeouts(values)
    print(json.dumps([values["ttl"], values["loop_wait"], values["retry_timeout"]]))
"""


def test_patroni_rewrites_as_we_say(patroni: Path) -> None:
    steps = (range(15, 75, 3), (0, 1, 2, 5, 9, 10, 30, 60), (1, 2, 3, 4, 9, 10, 14, 30, 40))
    asked = [Timing(*values) for values in itertools.product(*steps)]
    lines = "\n".join(json.dumps([one.ttl, one.loop_wait, one.retry_timeout]) for one in asked)
    done = subprocess.run(
        [str(patroni.parent / "python3"), "-c", ASK_PATRONI],
        input=lines, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    answers = [Timing(*json.loads(line)) for line in done.stdout.splitlines()]
    assert len(answers) == len(asked) == 1440
    differing = [(one, answer) for one, answer in zip(asked, answers, strict=True) if rewritten(one) != answer]
    assert differing == []
    assert [one for one, answer in zip(asked, answers, strict=True) if one.holds != (one == answer)] == []
