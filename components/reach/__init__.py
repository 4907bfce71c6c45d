"""How a server is reached from where `pulumi` runs: directly, by `kubectl port-forward`, or by AWS Session Manager."""

from __future__ import annotations

from components.reach.authorities import AuthoritiesError, authorities
from components.reach.errors import RouteError
from components.reach.identity import identity_files, unusable
from components.reach.route import Way, open_route
from components.reach.secret import SecretError, password

__all__ = [
    "AuthoritiesError",
    "RouteError",
    "SecretError",
    "Way",
    "authorities",
    "identity_files",
    "open_route",
    "password",
    "unusable",
]
