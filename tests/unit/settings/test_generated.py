"""What is made from the models is up to date, and says what the models say."""

from __future__ import annotations

from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from tools.schema import DOCUMENTS, ROOT, Document, stack_schema


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.path)
def test_a_generated_file_is_up_to_date(document: Document) -> None:
    assert document.current, f"{document.path} is stale: run `python -m tools.schema` and commit the result"


def faults(config: dict[str, Any]) -> list[str]:
    """Paths that an editor would underline."""
    ours = {f"postgres-platform:{key}": value for key, value in config.items()}
    stack = {"config": ours | {"aws:region": "eu-central-1"}, "encryptionsalt": "v1:x"}
    validator = jsonschema.Draft202012Validator(stack_schema())
    return sorted("/".join(map(str, error.absolute_path)) for error in validator.iter_errors(stack))


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(stack_schema())


def test_a_good_stack_passes() -> None:
    parameters = {"work_mem": "16MB", "TimeZone": "UTC", "jit": False, "synchronous_commit": True, "cron.host": ""}
    secrets = {"app": {"secure": "v1:abc"}}
    assert faults({"platform": "embedded", "parameters": parameters, "secrets": secrets, "major": 15}) == []


@pytest.mark.parametrize(
    "config, at",
    [
        pytest.param({}, "config", id="platform missing"),
        pytest.param({"platform": "here"}, "config/postgres-platform:platform", id="value"),
        pytest.param({"platform": "rds", "replica": 1}, "config", id="unknown key"),
        pytest.param({"platform": "rds", "patroni": {"tll": 1}}, "config/postgres-platform:patroni", id="deep key"),
        pytest.param({"platform": "rds", "replicas": 9}, "config/postgres-platform:replicas", id="range"),
        pytest.param(
            {"platform": "rds", "parameters": {"work_men": 1}}, "config/postgres-platform:parameters", id="name"
        ),
        pytest.param({"platform": "rds", "parameters": {"port": 1}}, "config/postgres-platform:parameters", id="owned"),
        pytest.param({"platform": "rds", "secrets": {"a": "clear"}}, "config/postgres-platform:secrets", id="in clear"),
    ],
)
def test_an_editor_sees_the_fault(config: dict[str, Any], at: str) -> None:
    assert faults(config) == [at]


def test_the_stacks_of_this_project_pass() -> None:
    validator = jsonschema.Draft202012Validator(stack_schema())
    for file in sorted(ROOT.glob("Pulumi.*.yaml")):
        stack = yaml.safe_load(file.read_text(encoding="utf-8"))
        assert [error.message for error in validator.iter_errors(stack)] == [], file.name
