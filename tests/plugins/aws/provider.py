"""The provider: finds the kind of a resource, and turns the engine's calls into its methods."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

from tests.plugins.aws.functions import FUNCTIONS
from tests.plugins.aws.kind import Aws, Kind
from tests.plugins.aws.kinds import KINDS
from tests.plugins.protocol_types import Call, Checked, Difference, Failed, Found, Made, Provider, compare
from tests.plugins.protocol_values import UNKNOWN, Path, Props


class AmazonWebServices(Provider):
    """Speaks for one region, as the real provider does; a resource's own `region` wins."""

    name, version = "aws", "7.51.1"

    def __init__(self) -> None:
        self._region = "eu-central-1"
        self._clouds: dict[str, Aws] = {}

    def configure(self, config: Props) -> None:
        self._region = str(config.get("region") or self._region)

    def secret_outputs(self, type_: str) -> Iterable[Path]:
        kind = KINDS.get(type_)
        return tuple((name,) for name in kind.secret) if kind else ()

    def check(self, call: Call, olds: Props, news: Props) -> Checked:
        kind = _kind(call.type)
        inputs = {name: value for name, value in news.items() if value is not None}
        if kind.autonames and kind.name_property not in inputs:
            prefix = str(inputs.get("namePrefix") or f"{call.name}-")
            suffix = hashlib.sha256(call.urn.encode()).hexdigest()[:7]
            inputs[kind.name_property] = olds.get(kind.name_property) or f"{prefix}{suffix}"
        return Checked(inputs)

    def diff(self, call: Call, _id: str, old_inputs: Props, _olds: Props, news: Props) -> Difference:
        kind = _kind(call.type)
        always = kind.replacing | {"region"} | ({kind.name_property} if kind.autonames else set())
        return compare(old_inputs, news, lambda path: path[0] in always)

    def create(self, call: Call, inputs: Props) -> Made:
        kind = _kind(call.type)
        if call.preview:
            return Made("", {**inputs, **dict.fromkeys(PREVIEWED, UNKNOWN)})
        aws = self._aws(inputs)
        id_ = _tried(call, lambda: kind.create(aws, inputs))
        return Made(id_, self._outputs(kind, aws, call, id_, inputs))

    def read(self, call: Call, id_: str, inputs: Props, olds: Props) -> Found | None:
        kind, aws = _kind(call.type), self._aws(inputs)
        said = _tried(call, lambda: kind.describe(aws, id_, inputs))
        if said is None:
            return None
        there = kind.found(said, inputs)
        return Found(id_, there, {**olds, **there, **kind.outputs(aws, id_, said, there)})

    def update(self, call: Call, id_: str, old_inputs: Props, olds: Props, news: Props) -> Props:
        kind = _kind(call.type)
        if call.preview:
            return {**olds, **news}
        aws = self._aws(news)
        _tried(call, lambda: kind.update(aws, id_, old_inputs, news))
        return self._outputs(kind, aws, call, id_, news)

    def delete(self, call: Call, id_: str, old_inputs: Props, _olds: Props) -> None:
        kind, aws = _kind(call.type), self._aws(old_inputs)
        if _tried(call, lambda: kind.describe(aws, id_, old_inputs)) is not None:
            _tried(call, lambda: kind.remove(aws, id_, old_inputs))

    def invoke(self, call: Call, token: str, arguments: Props) -> Props:
        if token not in FUNCTIONS:
            raise Failed(f"this stand-in has no function {token}")
        return dict(_tried(call, lambda: FUNCTIONS[token](self._aws(arguments), arguments)))

    def _outputs(self, kind: Kind, aws: Aws, call: Call, id_: str, inputs: Props) -> Props:
        said = _tried(call, lambda: kind.describe(aws, id_, inputs))
        if said is None:
            raise Failed(f"{call.type} {id_} is not there although it was just made")
        return {**inputs, "region": aws.region, **kind.outputs(aws, id_, said, inputs)}

    def _aws(self, inputs: Props) -> Aws:
        region = str(inputs.get("region") or self._region)
        return self._clouds.setdefault(region, Aws(region))


PREVIEWED = ("arn", "id", "endpoint", "address", "tagsAll")


def _kind(type_: str) -> Kind:
    if type_ not in KINDS:
        raise Failed(f"this stand-in has no resource {type_}")
    return KINDS[type_]


def _tried(call: Call, ask: Any) -> Any:
    """The answer; what AWS or botocore's validation refuses is one sentence."""
    try:
        return ask()
    except (ClientError, BotoCoreError) as error:
        raise Failed(f"{call.type} {call.name}: {error}") from None
