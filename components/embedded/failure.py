"""The one exception of the embedded platform: a sentence for the person who ran `up`."""

from __future__ import annotations


class EmbeddedError(Exception):
    """What went wrong, where, and what to do about it; without a traceback and without a secret."""
