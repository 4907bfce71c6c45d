"""What pods do for a backup, without pods: sidecar and repository host talk by mutual TLS, with the rendered files."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.live.backup.pod_layout import MOUNTED, ROOT

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]


def test_a_jobs_pod_backs_a_member_up_by_mutual_tls_and_a_stranger_is_refused() -> None:
    if os.geteuid() != 0:
        pytest.skip("mounts of its own need root")
    command = ["unshare", "--mount", sys.executable, "-m", "tests.live.backup.pod_layout"]
    absent = [folder for folder in MOUNTED if not folder.exists()]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=170)
    finally:
        for folder in absent:  # where it mounted; nothing was ever in them
            folder.rmdir()
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "backups": ["full", "diff"],
        "faults": [False, False],
        "cipher": "aes-256-cbc",
        "progress": True,
        "archived": "t",
        "stranger": [27, True],
    }
