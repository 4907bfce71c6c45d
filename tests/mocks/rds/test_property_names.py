"""Tokens and property names are those of Pulumi's AWS provider: its own classes know them all."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from pulumi import _types

from components.rds.resource import PROVIDER, token
from components.rds.upgrading import OF_CLUSTERS, OF_INSTANCES
from tests.mocks.rds.stacks import graph

# Loading the provider's package warns of what it has deprecated itself.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
STACKS = ("small", "prod", "regions", "cluster", "aurora")
REQUIREMENTS = Path(__file__).parents[3] / "requirements.txt"


def theirs(kind: str, suffix: str = "") -> Any:
    """The provider's own class, from its own file: the packages load lazily, and ec2 not at all while it is loading."""
    module, _, name = kind.partition(".")
    file = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return getattr(import_module(f"pulumi_aws.{module}.{file}"), f"{name}{suffix}")


def properties(kind: str) -> set[str]:
    """Names over the wire that the provider has."""
    return {wire for _, wire, _ in _types._py_properties(theirs(kind, "Args"))}


KINDS = sorted({kind for stack in STACKS for kind, _ in graph(stack)[0].resources if "." in kind and ":" not in kind})


@pytest.mark.parametrize("kind", KINDS)
def test_the_provider_knows_every_property(kind: str) -> None:
    used = {name for stack in STACKS for inputs in graph(stack)[0].of(kind).values() for name in inputs}
    assert used - properties(kind) == set()


@pytest.mark.parametrize("kind", KINDS)
def test_the_provider_knows_every_token(kind: str) -> None:
    assert theirs(kind).pulumi_type == token(kind)


def test_the_plugin_is_the_one_that_is_required() -> None:
    assert f"pulumi-aws=={PROVIDER}\n" in REQUIREMENTS.read_text(encoding="utf-8")


@pytest.mark.parametrize("function", ["get_instance", "get_instances", "get_cluster", "get_clusters"])
def test_the_provider_answers_in_the_words_that_are_read(function: str) -> None:
    """What upgrading.py asks for, and what it reads of the answer."""
    found = import_module(f"pulumi_aws.rds.{function}")
    result = next(value for name, value in vars(found).items() if name.startswith("Get") and name.endswith("Result"))
    words = {
        "get_instance": {"address", "masterUsername", "masterUserSecrets"},
        "get_instances": {"instanceIdentifiers"},
        "get_cluster": {"endpoint", "masterUsername", "masterUserSecrets"},
        "get_clusters": {"clusterIdentifiers"},
    }[function]
    assert words <= {wire for _, wire, _ in _types._py_properties(result)}
    asked = OF_CLUSTERS if "cluster" in function else OF_INSTANCES
    assert function == f"get_{asked.function[3:].lower()}{'s' if function.endswith('s') else ''}"
