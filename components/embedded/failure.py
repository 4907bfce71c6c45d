"""What the embedded platform says when it cannot go on."""

from __future__ import annotations

from components.patroni.failure import ClusterError


class EmbeddedError(ClusterError):
    """What went wrong on this machine, where, and what to do about it; without a traceback and without a secret."""
