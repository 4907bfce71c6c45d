"""What is raised where no way leads to a server."""

from __future__ import annotations


class RouteError(ConnectionError):
    """The server cannot be reached by this route; the text says which route, and what kubectl said."""
