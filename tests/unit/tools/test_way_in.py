"""What the set-up decides, and that its lists agree with each other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from components.settings.model import NAMESPACE, Settings
from tools.driver.commands import COMMANDS
from tools.setup.go import version_numbers
from tools.setup.places import ROOT, digest, patroni_home
from tools.setup.pulumi import new_enough
from tools.setup.stamps import stamped, write
from tools.setup.targets import TARGETS

BY_HAND = {"pulumi"}  # `./tools/run pulumi ...`: its words are the CLI's own


def makefile_targets() -> set[str]:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z-]+):.*## ", text, re.M))


def test_every_make_target_is_one_that_the_set_up_knows() -> None:
    assert makefile_targets() - {"help"} == set(TARGETS) - BY_HAND


def test_every_command_of_the_driver_is_a_target() -> None:
    driven = {name for name, target in TARGETS.items() if target.commands == (("-m", "tools.driver"),)}
    assert driven == set(COMMANDS)


def test_pulumi_yaml_declares_exactly_the_settings() -> None:
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))["config"]
    assert set(declared) == {f"{NAMESPACE}:{name}" for name in Settings.model_fields}
    assert all(entry["type"] and entry["description"] and "default" in entry for entry in declared.values())


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("v3.255.0", True),
        ("v3.300.1-alpha", True),
        ("v3.254.9", False),
        ("v4.0.0", False),
        ("v2.999.0", False),
        ("", False),
        ("dev", False),
    ],
)
def test_which_cli_is_new_enough(version: str, expected: bool) -> None:
    assert new_enough(version) is expected


@pytest.mark.parametrize(("text", "expected"), [("go1.26.8", (1, 26)), ("2:1.19~1", (1, 19)), ("nothing", (0, 0))])
def test_versions_of_go(text: str, expected: tuple[int, int]) -> None:
    assert version_numbers(text) == expected


def test_a_stamp_holds_only_for_its_inputs(tmp_path: Path) -> None:
    stamp = tmp_path / "folder" / "stamp"
    assert not stamped(stamp, "a")
    write(stamp, "a", mode=0o600)
    assert stamped(stamp, "a") and not stamped(stamp, "b")
    assert stamp.stat().st_mode & 0o777 == 0o600
    assert list(stamp.parent.iterdir()) == [stamp]


def test_the_digest_changes_with_each_file_and_with_their_border(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("ab")
    two.write_text("c")
    before = digest(one, two)
    one.write_text("a")
    two.write_text("bc")
    assert digest(one, two) != before


def test_the_folder_of_patroni_carries_version_and_pins() -> None:
    assert re.fullmatch(r"patroni-4\.1\.5-[0-9a-f]{12}", patroni_home().name)
