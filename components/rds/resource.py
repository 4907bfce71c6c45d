"""One resource of Pulumi's AWS provider, named by its token, with the inputs as they go over the wire.

The provider's own Python package is 270 MB of classes, and loading those that this platform uses costs a preview much
of its time. The package stays a requirement, since `pulumi install` finds the plugin by it, and tests hold every
property name against its classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components.settings.model import Settings

PROVIDER = "7.51.1"  # pulumi-aws of requirements.txt
WITHOUT_REGION = ("iam.", "route53.")  # services that are the same everywhere


def token(kind: str) -> str:
    """`rds.Instance` -> `aws:rds/instance:Instance`."""
    module, _, name = kind.partition(".")
    return f"aws:{module}/{name[0].lower()}{name[1:]}:{name}"


class Resource(pulumi.CustomResource):
    """`resource["arn"]` is an input, or one of the `outputs` that were asked for."""

    def __init__(
        self,
        kind: str,
        name: str,
        inputs: Mapping[str, Any],
        opts: pulumi.ResourceOptions,
        outputs: Iterable[str] = (),
    ) -> None:
        asked = {**dict.fromkeys(outputs), **{key: value for key, value in inputs.items() if value is not None}}
        version = pulumi.ResourceOptions(version=PROVIDER)
        super().__init__(token(kind), name, asked, pulumi.ResourceOptions.merge(opts, version))

    def __getitem__(self, name: str) -> pulumi.Output[Any]:
        found: pulumi.Output[Any] = self.__dict__[name]
        return found


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Where resources are declared: one region of one stack. `name` begins the logical name of each, `component` is
    what they are children of.
    """

    name: str
    settings: Settings
    region: str
    home: bool
    account: pulumi.Output[str]
    component: pulumi.Resource | None
    provider: pulumi.ProviderResource

    def make(
        self,
        kind: str,
        label: str,
        inputs: Mapping[str, Any],
        outputs: Iterable[str] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> Resource:
        """Declares `<name>-<label>` in this region, as a child of the component unless `opts` say otherwise."""
        elsewhere = {} if self.home or kind.startswith(WITHOUT_REGION) else {"region": self.region}
        base = pulumi.ResourceOptions(parent=self.component, provider=self.provider)
        merged = pulumi.ResourceOptions.merge(base, opts)
        return Resource(kind, f"{self.name}-{label}", {**inputs, **elsewhere}, merged, outputs)

    def kept(self, **options: Any) -> pulumi.ResourceOptions:
        """Protected by the one switch: what holds data, or what data cannot be read without."""
        return pulumi.ResourceOptions(protect=self.settings.rds.protection, **options)
