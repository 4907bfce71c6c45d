"""Declares keys, the monitoring role, the administrator's password and secret, and policies for logins by token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import pulumi

from components.access.generated_password import GeneratedPassword
from components.rds import arguments_security as arguments
from components.rds.resource import Resource, Scope
from components.settings.rds.replicas import managed_password

PASSWORD_LENGTH = 40


def region_key(scope: Scope, named: str | None) -> pulumi.Input[str] | None:
    """ARN of the region's key: the one that is named, an own one, or None for AWS's managed keys."""
    settings = scope.settings
    if named is not None:
        return named
    if not arguments.own_key(settings):
        return None if settings.rds.encryption.key == "aws" else settings.rds.encryption.key
    inputs = scope.account.apply(lambda account: arguments.key_policy(settings, scope.region, account))
    key = scope.make("kms.Key", "key", {**arguments.key(settings), "policy": inputs}, ("arn", "keyId"), scope.kept())
    scope.make("kms.Alias", "key", arguments.alias(settings, key["keyId"]))
    return key["arn"]


@dataclass(frozen=True, kw_only=True)
class Monitoring:
    """The role of enhanced monitoring; `ready` has to be there before the role is used."""

    arn: pulumi.Output[str]
    ready: Resource


def monitoring(scope: Scope) -> Monitoring | None:
    """None where nothing is monitored. Roles know no region, so one serves all."""
    settings = scope.settings
    if settings.rds.monitoring.interval == 0:
        return None
    trust = scope.account.apply(lambda account: arguments.monitoring_trust(settings, scope.region, account))
    inputs = {**arguments.monitoring_role(settings), "assumeRolePolicy": trust}
    role = scope.make("iam.Role", "monitoring", inputs, ("arn", "name"))
    attached = {"role": role["name"], "policyArn": arguments.monitoring_policy(scope.region)}
    return Monitoring(arn=role["arn"], ready=scope.make("iam.RolePolicyAttachment", "monitoring", attached))


def password(scope: Scope) -> pulumi.Output[str] | None:
    """The administrator's, made here and kept in the state as ciphertext; None where RDS keeps it."""
    if managed_password(scope.settings):
        return None
    version = scope.settings.rds.credentials.version
    options = pulumi.ResourceOptions(parent=scope.component)
    return GeneratedPassword(f"{scope.name}-admin", length=PASSWORD_LENGTH, rotate=version, opts=options).password


@dataclass(frozen=True, kw_only=True)
class Login:
    """What the secret says."""

    host: pulumi.Output[str]
    username: pulumi.Output[str]
    password: pulumi.Output[str] | None
    managed_secret: pulumi.Output[str] | None  # ARN of RDS's own


def held(scope: Scope, key: pulumi.Input[str] | None) -> Resource | None:
    """Where the password is kept; None where RDS keeps it. What lies in it comes when the database is there."""
    if managed_password(scope.settings):
        return None
    return scope.make("secretsmanager.Secret", "admin", arguments.secret(scope.settings, key), ("arn",))


def admin_secret(scope: Scope, secret: Resource | None, login: Login) -> pulumi.Output[str]:
    """ARN of the administrator's secret in Secrets Manager: RDS's own with its rotation, or ours."""
    settings = scope.settings
    if secret is None:
        assert login.managed_secret is not None
        scope.make("secretsmanager.SecretRotation", "admin", arguments.rotation(settings, login.managed_secret))
        return login.managed_secret
    text = pulumi.Output.all(login.host, login.username, login.password).apply(
        lambda found: arguments.secret_text(settings, *found)
    )
    inputs = {"secretId": secret.id, "secretString": text}  # secret, since the password is
    hidden = pulumi.ResourceOptions(additional_secret_outputs=["secretString"])
    made = scope.make("secretsmanager.SecretVersion", "admin", inputs, ("arn",), hidden)
    return made["arn"]


def login_policies(scope: Scope, resource_ids: Sequence[pulumi.Output[str]]) -> Mapping[str, pulumi.Output[str]]:
    """Login -> ARN of the policy that lets it in by token, attached to the roles that are named."""
    settings = scope.settings
    found: dict[str, pulumi.Output[str]] = {}
    known = pulumi.Output.all(scope.account, *resource_ids)
    for name, roles in sorted(settings.rds.iam.logins.items()):
        text = known.apply(partial(_login_policy, scope.region, name))
        policy = scope.make("iam.Policy", f"login-{name}", arguments.login(settings, name, text), ("arn",))
        for role in roles:
            attached = {"role": role, "policyArn": policy["arn"]}
            scope.make("iam.RolePolicyAttachment", f"login-{name}-{role}", attached)
        found[name] = policy["arn"]
    return found


def _login_policy(region: str, login: str, known: Sequence[str]) -> str:
    account, *resource_ids = known
    return arguments.login_policy(region, account, resource_ids, login)
