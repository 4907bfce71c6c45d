"""Whether this program will know the database when it is there: asked before anything is made."""

from __future__ import annotations

import pulumi

from components.rds.arguments_server import planned
from components.reach import AuthoritiesError, authorities
from components.settings.model import Settings


def check(settings: Settings) -> None:
    """Ends an `up` that could not verify the server in the end; a preview needs nobody's network, so it is warned."""
    try:
        authorities(planned(settings).authorities or "")
    except AuthoritiesError as why:
        if settings.rds.ca_bundle is None and pulumi.runtime.is_dry_run():
            pulumi.log.warn(f"`up` will stop here: {why}")
            return
        raise pulumi.RunError(f"{why}; nothing was changed") from None
