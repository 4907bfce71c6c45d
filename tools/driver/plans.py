"""Saved plans: what a preview showed, and an `up` that does no other than that."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from components.access import agreed
from tools.driver.project import Project
from tools.driver.refusal import Refusal

VERSION = 1


@contextmanager
def saving(file: str, project: Project) -> Iterator[dict[str, str]]:
    """The environment of a preview whose SQL goes to `file` once it has succeeded; no file, no saving."""
    if not file:
        yield {}
        return
    place = Path(file)
    if not place.parent.is_dir():
        raise Refusal(f"{place}: the folder {place.parent} is not there")
    with tempfile.TemporaryDirectory(prefix="plan-") as folder:
        yield {agreed.SAVE_IN: folder}
        plan = {"version": VERSION, "stack": project.stack, "plans": agreed.collected(Path(folder))}
    made = place.with_name(f".{place.name}.part")
    made.write_text(json.dumps(plan, indent=2, ensure_ascii=False) + "\n", "utf-8")
    made.replace(place)


def agreed_on(file: str, project: Project) -> dict[str, str]:
    """The environment of an `up` that runs the SQL of `file` and no other. Raises Refusal where that is no plan."""
    if not file:
        return {}
    try:
        plan = json.loads(Path(file).read_text("utf-8"))
    except OSError as error:
        raise Refusal(f'{file}: {error.strerror}; `make preview ARGS="--save {file}"` makes one') from None
    except ValueError:
        plan = None
    if not isinstance(plan, dict) or plan.get("version") != VERSION or not isinstance(plan.get("plans"), dict):
        raise Refusal(f'{file} is no plan that `make preview ARGS="--save {file}"` saved')
    if plan.get("stack") != project.stack:
        raise Refusal(f"{file} is a plan of stack {plan.get('stack')}, this is {project.stack}")
    return {agreed.PLAN: str(Path(file).resolve())}
