"""What the parts with a supervisor share: their files, and what was wanted, seen and done."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from components.embedded import decisions
from components.embedded.certificates import ensure_tls, part_drift
from components.embedded.decisions import Seen, Wanted
from components.embedded.files import digest, folder, server_account, text_of, write
from components.embedded.supervised import Launched, Part
from components.patroni.decisions import differences
from components.render.patroni import local_part
from components.render.sites import POOLER_HBA, POOLER_USERS

Spec = Mapping[str, Any]
POOLER_FILES = frozenset({POOLER_HBA, POOLER_USERS})  # which both poolers read
PATRONI_YML, SUPERVISOR_JSON = "patroni.yml", "supervisor.json"

# A supervisor of a gateway reads its members again at a reload; all else of its file only at the start.
RELOADED: Mapping[str, frozenset[str]] = {
    "node": frozenset(),
    "member": frozenset({PATRONI_YML}),
    "gateway": frozenset({*POOLER_FILES, "pooled.ini", "pooled-reader.ini", "haproxy.cfg", SUPERVISOR_JSON}),
}
RESTARTED: Mapping[str, frozenset[str]] = {
    "node": frozenset({"etcd.yml"}),
    "member": frozenset(),
    "gateway": frozenset(),
}


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def wanted(spec: Spec) -> Wanted:
    role = spec["role"]
    supervisor = {
        key: value for key, value in spec["supervisor"].items() if not (role == "gateway" and key == "members")
    }
    started_with = [canonical(supervisor), spec["runtime"], spec["python"], canonical(spec.get("ports", {}))]
    started_with += [spec["files"][name] for name in sorted(RESTARTED[role])]
    files = {name: digest(text) for name, text in spec["files"].items()}
    files[SUPERVISOR_JSON] = digest(canonical(spec["supervisor"]))
    if "configuration" in spec:
        files[PATRONI_YML] = digest(canonical(spec["configuration"]))
    return Wanted(launch=digest(*started_with), files=files, reloads=RELOADED[role], restarts=RESTARTED[role])


def seen(spec: Spec) -> Seen:
    part = Part.of(spec)
    launched = part.launched()
    disk = {name: digest(text) for name in spec["files"] if (text := text_of(part.home / name)) is not None}
    disk[SUPERVISOR_JSON] = digest(_reparsed(text_of(part.home / SUPERVISOR_JSON), json.loads))
    if "configuration" in spec:
        disk[PATRONI_YML] = digest(
            _reparsed(text_of(part.home / PATRONI_YML), lambda text: local_part(yaml.safe_load(text)))
        )
    return Seen(running=part.running() is not None, launch=launched.launch, loaded=launched.loaded, disk=disk)


def _reparsed(text: str | None, parse: Callable[[str], Any]) -> str:
    """The meaning of a file, so that a comment or another order of keys is no difference."""
    with contextlib.suppress(ValueError, yaml.YAMLError, AttributeError):
        return canonical(parse(text)) if text is not None else "missing"
    return "unreadable"


def drift(spec: Spec, coming: Spec) -> list[str]:
    """How the part differs from what it was told to be, one sentence each."""
    name, home = spec["name"], Path(spec["directory"])
    if not home.is_dir():
        return [f"{name}: its folder {home} is gone"]
    expected, found, later = wanted(spec), seen(spec), wanted(coming)
    lines = [] if found.running else [f"{name}: does not run"]
    for file in sorted({*decisions.edited(expected, found)} & {*decisions.edited(later, found)}):
        lines += [f"{name}: {file} is not what the last up wrote{_detail(spec, file)}"]
    if found.running and found.launch not in (expected.launch, later.launch):
        lines += [f"{name}: still runs with what it was started with before"]
    if found.running:
        lines += [f"{name}: has not read {file} yet" for file in _unread(expected, later, found)]
    return lines + [f"{name}: {line}" for line in part_drift(Path(spec["root"]), home, spec["tls"])]


def _unread(expected: Wanted, later: Wanted, found: Seen) -> list[str]:
    both = {*decisions.unread(expected, found)} & {*decisions.unread(later, found)}
    return sorted(file for file in both if file in found.disk)


def _detail(spec: Spec, file: str) -> str:
    """Which values of patroni.yml, since that is the one that people edit."""
    text = text_of(Path(spec["directory"]) / file)
    if text is None:
        return ": it is missing"
    if file != PATRONI_YML:
        return ""
    try:
        found = local_part(yaml.safe_load(text))
    except (yaml.YAMLError, AttributeError):
        return ": it cannot be read as YAML"
    return f" ({'; '.join(list(differences(spec['configuration'], found))[:3])})"


def changes(old: Spec, new: Spec, words: Mapping[str, str]) -> list[str]:
    """What a new spec will do to a part that is well, in `words` for restart and reload."""
    if old["directory"] != new["directory"]:
        return [f"{new['name']}: cannot be moved from {old['directory']} to {new['directory']}"]
    found = decisions.steps(wanted(new), decisions.well(wanted(old)))
    for step, text in words.items():
        if step in found:
            return [f"{new['name']}: {text}"]
    if "rewrite" in found or old["tls"] != new["tls"]:
        return [f"{new['name']}: files are rewritten, nothing restarts"]
    return []


def prepare(spec: Spec) -> bool:
    """Folder, certificates and files as wanted; True when a certificate is new."""
    account, home = server_account(), Path(spec["directory"])
    folder(home, account)
    folder(home / "log", account)
    fresh = ensure_tls(home / "tls", Path(spec["root"]), spec["tls"], account)
    texts = dict(spec["files"])
    texts[SUPERVISOR_JSON] = json.dumps(spec["supervisor"], indent=1) + "\n"
    if "configuration" in spec:
        whole = {**spec["configuration"], "bootstrap": spec["bootstrap"]}
        texts[PATRONI_YML] = yaml.safe_dump(json.loads(json.dumps(whole)), sort_keys=False)
    for name, text in texts.items():
        if text_of(home / name) != text:
            write(home / name, text, account)
    return fresh


def launched(spec: Spec) -> Launched:
    """What is remembered when the part has read all that is wanted now."""
    now = wanted(spec)
    return Launched(launch=now.launch, loaded={name: now.files[name] for name in now.reloads})
