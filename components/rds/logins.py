"""Declares a secret in Secrets Manager for each login: what an application reads its URLs from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pulumi

from components.rds import login_texts as arguments
from components.rds.resource import Resource, Scope

if TYPE_CHECKING:
    from components.access.logins import Login  # loads the driver, for which a stack without access has no use


def login_secrets(
    scope: Scope, key: pulumi.Input[str] | None, logins: Iterable[Login], authority: pulumi.Input[str] | None
) -> dict[str, pulumi.Output[str]]:
    """The ARN of each by `role.database`. `authority` is what clients verify our own poolers with."""
    return {
        arguments.label(one.role, one.database): _secret(scope, key, one, authority)["arn"]
        for one in sorted(logins, key=lambda login: (login.role, login.database))
    }


def _secret(scope: Scope, key: Any, login: Login, authority: Any) -> Resource:
    name = f"login-{arguments.label(login.role, login.database)}"
    held = scope.make(
        "secretsmanager.Secret", name, arguments.secret(scope.settings, login.role, login.database, key), ("arn",)
    )
    both = pulumi.Output.all(login.urls, authority)
    content: pulumi.Output[Any] = both.apply(lambda known: arguments.text(scope.settings, *known))
    hidden = pulumi.ResourceOptions(additional_secret_outputs=["secretString"])
    inputs: dict[str, Any] = {"secretId": held["arn"], "secretString": pulumi.Output.secret(content)}
    scope.make("secretsmanager.SecretVersion", name, inputs, (), hidden)
    return held
