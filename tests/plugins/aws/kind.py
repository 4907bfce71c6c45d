"""Kind: what the stand-in knows of one type of resource."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import boto3  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import ClientError  # type: ignore[import-untyped]

from tests.plugins.aws import words
from tests.plugins.protocol_types import Failed
from tests.plugins.protocol_values import Props

QUICK = Config(retries={"max_attempts": 2}, connect_timeout=5, read_timeout=60, parameter_validation=True)
GONE = ("NotFound", "NoSuchEntity", "ResourceNotFoundException", "NotFoundException", "does not exist")


class Aws:
    """Clients of one region of the emulator; botocore checks every call against AWS's own models."""

    def __init__(self, region: str) -> None:
        self.region = region
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """The client of a service, with the emulator's address; never AWS itself."""
        if service not in self._clients:
            endpoint = os.environ.get("POSTGRES_PLATFORM_TEST_AWS")
            if not endpoint:
                raise Failed("POSTGRES_PLATFORM_TEST_AWS must hold the emulator's address: this stand-in is for tests")
            self._clients[service] = boto3.client(
                service,
                region_name=self.region,
                endpoint_url=endpoint,
                aws_access_key_id="testing",
                aws_secret_access_key="testing",
                config=QUICK,
            )
        return self._clients[service]

    def input_of(self, service: str, operation: str) -> Any:
        """botocore's shape of an operation's input."""
        return self.client(service).meta.service_model.operation_model(operation).input_shape

    def call(self, service: str, operation: str, /, **given: Any) -> Any:
        """One call; a refusal is one sentence."""
        client = self.client(service)
        method = next(m for m, name in client.meta.method_to_api_mapping.items() if name == operation)
        return getattr(client, method)(**given)


class Kind:
    """One type of resource: how it is made, looked at, changed and removed, in AWS's calls.

    The class variables serve the common case; a type that differs overrides a method.
    """

    service: ClassVar[str]
    creates: ClassVar[str]
    updates: ClassVar[str] = ""
    removes: ClassVar[str] = ""
    name_property: ClassVar[str] = "name"  # what is the id, too
    autonames: ClassVar[bool] = True  # a name is made up where none is given
    aliases: ClassVar[Mapping[str, str]] = {}
    replacing: ClassVar[frozenset[str]] = frozenset()
    ignored: ClassVar[frozenset[str]] = frozenset({"tags"})
    secret: ClassVar[tuple[str, ...]] = ()

    def create(self, aws: Aws, inputs: Props) -> str:
        """Makes it; the answer is its id."""
        aws.call(self.service, self.creates, **self.request(aws, self.creates, inputs))
        return str(inputs[self.name_property])

    def request(self, aws: Aws, operation: str, inputs: Props) -> dict[str, Any]:
        """Parameters of a call that makes or changes it."""
        return words.parameters(aws.input_of(self.service, operation), inputs, self.aliases, self.ignored)

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        """What AWS says of it, in AWS's words; None when it is gone."""
        raise NotImplementedError

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        """What the program gets besides the inputs."""
        return {}

    def found(self, said: Props, inputs: Props) -> Props:
        """The inputs as they would have to be written to have made what is there."""
        return words.found(said, inputs, self.aliases)

    def update(self, aws: Aws, id_: str, old: Props, new: Props) -> None:
        """Changes what differs. Only what differs is sent, as the real provider does."""
        if not self.updates:
            return
        changed = {name: value for name, value in new.items() if old.get(name) != value}
        shape = aws.input_of(self.service, self.updates)
        asked = words.parameters(shape, changed, self.aliases, self.ignored | self.replacing)
        if asked:
            aws.call(self.service, self.updates, **self.identity(id_), **asked)

    def identity(self, id_: str) -> dict[str, Any]:
        """The parameter that names it in calls."""
        return {self.aliases.get(self.name_property, self.name_property): id_}

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        """Deletes it."""
        aws.call(self.service, self.removes, **self.identity(id_))


def none_if_gone(ask: Callable[[], Any]) -> Any:
    """The answer, or None where AWS says that there is no such thing."""
    try:
        return ask()
    except ClientError as error:
        said = f"{error.response['Error'].get('Code', '')} {error.response['Error'].get('Message', '')}"
        if any(sign in said for sign in GONE):
            return None
        raise
