"""The Kubernetes platform as one Pulumi component: the manifests of `k8s/` with the stack's settings over them.

What goes into its resources is computed in `overlay.py` and `arguments.py`.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import pulumi

from components.access.logins import Login
from components.contract import Server
from components.kubernetes import arguments, backup, login_secrets
from components.kubernetes.certificate_manifests import authority_secret, tls_secret
from components.kubernetes.leaves import leaves
from components.kubernetes.manifest import Cluster, Found, Object
from components.kubernetes.manifests import Manifest, identity, read
from components.kubernetes.names import namespace
from components.kubernetes.overlay import labelled, overlay
from components.kubernetes.resources import Authority, Certificates, Configuration, Volumes
from components.render.hba import Admission
from components.render.promise import promise
from components.settings.model import Settings

ADMINISTRATOR = "admin-tls"
Keys = Mapping[str, pulumi.Input[str]]


class KubernetesCluster(pulumi.ComponentResource):
    """Patroni, PostgreSQL, etcd and gateways as pods.

    `server` is known at once; `identity` is the administrator's: `certificate`, `key` and the `ca` to verify servers
    with, as PEM, all of them secrets. `ready` resolves to True when the gateways serve.
    """

    server: Server
    coming = None  # all of it is known at once
    identity: Keys
    ready: pulumi.Output[bool]

    def __init__(
        self,
        name: str,
        settings: Settings,
        extensions: frozenset[str] = frozenset(),
        admissions: Collection[Admission] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("postgres-ha:kubernetes:Cluster", name, {}, opts)
        self._name, self._settings = name, settings
        for line in promise(settings):
            pulumi.log.info(line, self)
        self._provider = Cluster(f"{name}-cluster", settings, pulumi.ResourceOptions(parent=self))
        base = read()
        self._manifests = overlay(base, settings, extensions, admissions)
        self._labels = labelled(base, settings)
        objects = self._declare()
        volumes = Volumes(f"{name}-volumes", arguments.volumes_spec(settings), self._after(objects))
        below = self._after([*objects, volumes])  # a member whose disk is full starts when its volume has grown
        template, files = arguments.template(self._manifests), arguments.files(self._manifests, leaves(settings))
        pods = {"template": template, "files": files}
        wanted = arguments.configuration_spec(settings, extensions, admissions, pods)
        configuration = Configuration(f"{name}-configuration", wanted, self.identity, below)
        # Once WAL is archived, which a cluster that lives learns from its configuration.
        last = [one for one in self._manifests if identity(one) == backup.FIRST]
        for one in last:
            self._object(one, [*objects, configuration], parent=self)
        self.server = arguments.server(settings)
        self.ready = configuration.spec.apply(lambda _: True)
        self.register_outputs({"ready": self.ready})

    def publish(self, logins: Iterable[Login]) -> None:
        """A Secret for each login and database in the cluster's namespace, made once its URLs work."""
        found = {(one.role, one.database): one.urls for one in logins}
        space = [one for one in self._made if one.manifest["kind"] == "Namespace"]
        for (role, database), name in login_secrets.names(found).items():
            both = pulumi.Output.all(found[role, database], self.identity["ca"])
            data: pulumi.Output[Any] = both.apply(lambda known: login_secrets.data(*known))
            secret: pulumi.Output[Any] = pulumi.Output.secret(data)
            # No child of ours: access waits for all of those, and these wait for access.
            manifest = self._placed(login_secrets.manifest(name, role, database))
            self._object(manifest, space, {"data": secret}, parent=None)

    def _after(self, those: Sequence[pulumi.Resource]) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(those))

    def _declare(self) -> list[Object]:
        """Every object, layer by layer; what the last layer needs is all the rest."""
        made: list[Object] = []
        self._made: list[Object] = []
        wanted = [one for one in self._manifests if identity(one) != backup.FIRST]
        for number in sorted({0, arguments.OTHERS, *(arguments.layer(one) for one in wanted)}):
            below = list(made)
            made += [self._object(one, below, parent=self) for one in wanted if arguments.layer(one) == number]
            if number == arguments.OTHERS:
                made += [*self._secrets(below), *self._backup_secrets(below)]
        return made

    def _object(
        self,
        manifest: Manifest,
        after: Sequence[pulumi.Resource],
        secret: Mapping[str, pulumi.Input[Any]] | None = None,
        *,
        parent: pulumi.Resource | None,
    ) -> Object:
        told = arguments.treatment(manifest)
        opts = pulumi.ResourceOptions(
            parent=parent,
            provider=self._provider,
            depends_on=list(after),
            ignore_changes=list(told.ignored) or None,
            retain_on_delete=told.kept or None,
            custom_timeouts=pulumi.CustomTimeouts(create=told.limit, update=told.limit, delete=told.limit),
        )
        kind, own = manifest["kind"], manifest["metadata"]["name"]
        suffix = "" if kind == "Namespace" else f"-{own}"
        made = Object(f"{self._name}-{kind.lower()}{suffix}", arguments.annotated(manifest), opts, secret)
        self._made.append(made)
        return made

    def _secrets(self, after: Sequence[Object]) -> list[Object]:
        """The own CA's certificates as Secrets; with cert-manager there are Certificates among the manifests."""
        given = self._settings.kubernetes.certificates
        if given.issuer == "cert-manager":
            made = [one for one in self._made if one.manifest["kind"] == "Certificate"]
            self.identity = _secret(self._filled_by_cert_manager(made))
            return []
        brought = None
        if given.authority_certificate and given.authority_key:
            brought = (given.authority_certificate, given.authority_key.get_secret_value())
        below = pulumi.ResourceOptions(parent=self)
        subject = f"postgres-platform {self._settings.name}"
        authority = Authority(f"{self._name}-authority", subject, brought, below)
        wanted = leaves(self._settings)
        certificates = Certificates(f"{self._name}-certificates", authority, wanted, below)
        admin = certificates.of(ADMINISTRATOR)
        self.identity = _secret({"certificate": admin["certificate"], "key": admin["key"], "ca": authority.certificate})
        trust = {"data": {"ca.crt": authority.certificate.apply(_encoded)}}
        found = [self._object(self._placed(authority_secret()), after, trust, parent=self)]
        for leaf in wanted:
            pair = certificates.of(leaf.secret)
            data = {"tls.crt": pair["certificate"].apply(_encoded), "tls.key": pair["key"].apply(_encoded)}
            found.append(
                self._object(self._placed(tls_secret(leaf)), after, {"data": pulumi.Output.secret(data)}, parent=self)
            )
        return found

    def _backup_secrets(self, after: Sequence[Object]) -> list[Object]:
        """What pgBackRest shows the S3 service, and the passphrase of what it stores there."""
        found = []
        for name, files in backup.secrets(self._settings).items():
            data = pulumi.Output.secret({file: _encoded(text) for file, text in files.items()})
            found.append(self._object(self._placed(backup.manifest(name)), after, {"data": data}, parent=self))
        return found

    def _placed(self, manifest: Manifest) -> Manifest:
        metadata = manifest["metadata"] | {"namespace": namespace(self._settings), "labels": self._labels}
        return manifest | {"metadata": metadata}

    def _filled_by_cert_manager(self, certificates: Sequence[Object]) -> Keys:
        """The administrator's Secret, read once cert-manager has filled it; a first preview does not know it yet."""
        where = pulumi.Output.all(*(one.id for one in certificates)).apply(
            lambda _: f"{namespace(self._settings)}/{ADMINISTRATOR}"
        )
        opts = pulumi.ResourceOptions(parent=self, provider=self._provider)
        data = Found(f"{self._name}-identity", "v1", "Secret", where, opts).data
        names = {"certificate": "tls.crt", "key": "tls.key", "ca": "ca.crt"}
        return {
            name: data.apply(lambda found, key=key: base64.b64decode(found[key]).decode())  # type: ignore[misc]
            for name, key in names.items()
        }


def _secret(values: Keys) -> Keys:
    return {name: pulumi.Output.secret(value) for name, value in values.items()}


def _encoded(text: str) -> str:
    """As the data of a Secret."""
    return base64.b64encode(text.encode()).decode()
