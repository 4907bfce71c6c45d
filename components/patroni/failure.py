"""The one exception of the platforms with Patroni: a sentence for the person who ran `up`."""

from __future__ import annotations


class ClusterError(Exception):
    """What went wrong, where, and what to do about it; without a traceback and without a secret."""
