"""The alerts of k8s/monitoring by Prometheus' own checker: each parses, is silent while all is well, and fires."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.kubernetes.manifests import read
from components.kubernetes.monitoring import monitored
from components.settings.kubernetes import DEFAULT_MAJOR
from components.settings.load import load
from tools.setup.progress import SetupError
from tools.setup.promtool import ensure_promtool

ROOT = Path(__file__).parent.parent.parent.parent
# Every value as it is written: 0x50 is promtool's "0, and then 50 times the same", not eighty.
CASES: list[dict[str, Any]] = yaml.load(
    Path(__file__).with_name("cases.yaml").read_text(encoding="utf-8"),
    Loader=yaml.BaseLoader,  # noqa: S506  # makes nothing but text
)
RULES = yaml.safe_load((ROOT / "k8s/monitoring/rules.yaml").read_text(encoding="utf-8"))["spec"]
STEP = "15s"


@pytest.fixture(scope="module")
def promtool() -> Path:
    try:
        return ensure_promtool()
    except SetupError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module", params=["as they stand", "of one stack"])
def rules(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As Prometheus reads them: without the operator's wrapping."""
    file = tmp_path_factory.mktemp("rules") / "rules.yaml"
    chosen = RULES if request.param == "as they stand" else _of_a_stack()
    file.write_text(yaml.safe_dump(chosen), encoding="utf-8")
    return file


def _of_a_stack() -> dict[str, Any]:
    """What the component makes of them for a stack in namespace n."""
    config = {"platform": "kubernetes", "kubernetes": {"namespace": "n", "monitoring": {"enabled": True}}}
    made = monitored(read().monitoring, load(config, default_major=DEFAULT_MAJOR))
    return next(dict(one["spec"]) for one in made if one["kind"] == "PrometheusRule")


def test_every_expression_parses(promtool: Path, rules: Path) -> None:
    done = told(promtool, "check", "rules", str(rules))
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_broken_expression_is_told(promtool: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    rule = {"alert": "Broken", "expr": "sum by (pod) (a) > 0.8 * on (pod) (b - c)"}
    broken.write_text(yaml.safe_dump({"groups": [{"name": "broken", "rules": [rule]}]}), encoding="utf-8")
    assert "vector matching only allowed between" in told(promtool, "check", "rules", str(broken)).stderr


def test_every_alert_has_a_case() -> None:
    alerts = [rule["alert"] for group in RULES["groups"] for rule in group["rules"]]
    assert sorted(alerts) == sorted(case["alert"] for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["alert"]))
def test_it_fires_when_it_must_and_not_before(
    case: dict[str, Any], promtool: Path, rules: Path, tmp_path: Path
) -> None:
    told_alert = {"exp_labels": case["labels"], "exp_annotations": {"summary": case["summary"]}}
    moments = [(case["silent"], []), (case["fires"], [told_alert])]
    tests = [_test(case["alert"], case["series"], moments)]
    if "quiet" in case:
        tests.append(_test(case["alert"], case["quiet"], [(case["silent"], []), (case["fires"], [])]))
    file = tmp_path / "test.yaml"
    content = {"rule_files": [str(rules)], "evaluation_interval": STEP, "tests": tests}
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    done = told(promtool, "test", "rules", str(file))
    assert done.returncode == 0, done.stdout + done.stderr


def _test(alert: str, series: dict[str, str], moments: list[tuple[str, list[Any]]]) -> dict[str, Any]:
    return {
        "interval": STEP,
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": [
            {"alertname": alert, "eval_time": moment, "exp_alerts": expected} for moment, expected in moments
        ],
    }


def told(promtool: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(promtool), *words], capture_output=True, text=True, timeout=60)
