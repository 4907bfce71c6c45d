"""How a server is reached from where `pulumi` runs: directly, by `kubectl port-forward`, or by AWS Session Manager."""

from __future__ import annotations

<<<<<<< HEAD
from components.reach.errors import RouteError
=======
from components.reach.asking import ask
from components.reach.behind import behind
>>>>>>> kube
from components.reach.identity import identity_files, unusable
from components.reach.route import Way, open_route

__all__ = ["RouteError", "Way", "ask", "behind", "identity_files", "open_route", "unusable"]
