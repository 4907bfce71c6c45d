"""docs/configuration.md: every setting with meaning, allowed values, default, unit and cost, read from the models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from components.render.parameters import DEFAULTS, ENFORCED
from components.render.rds_parameters import DEFAULTS as RDS_DEFAULTS
from components.render.rds_parameters import ENFORCED as RDS_ENFORCED
from components.settings.allowed import allowed, resolve, settings_schema
from components.settings.model import NAMESPACE
from components.settings.owned import FLOORS, ONLY, OWNED
from components.settings.rds.allowed import ALLOWABLE

Schema = dict[str, Any]

INTRODUCTION = f"""\
# Configuration

Every setting of a stack. They stand in `Pulumi.<stack>.yaml` below `config:`, each with the prefix `{NAMESPACE}:`:

```yaml
# yaml-language-server: $schema=schema/stack.schema.json
config:
  {NAMESPACE}:platform: embedded
  {NAMESPACE}:replicas: 2
  {NAMESPACE}:parameters:
    work_mem: 16MB
  {NAMESPACE}:patroni:
    timing: normal
```

The first line lets editors complete and check the file (`schema/stack.schema.json` is made from the same models as this
page). All problems of a file are reported at once, with the line, before anything is touched.

What a change costs a running cluster:

- **nothing restarts**: only the access layer or a later step reads it.
- **reload**: in force within seconds, nobody is cut off.
- **restart of the gateway**: clients reconnect, within a second.
- **rolling restart**: replicas first, then a switchover, then the old primary; writes pause for about 3 s.
- **restart of everything**: at once; some seconds without a primary.
- **members are added or removed**: the others go on.
- **new cluster**: the data has to be moved; the preview shows a replacement.

On Amazon RDS:

- **at once**: without an outage. **at once, slow**: so, too, but it works for hours and blocks other changes of
  storage.
- **at once, outage**: the server restarts, whatever the window.
- **next window**: in the next maintenance window, or at once with `rds.windows.apply_immediately`. **next window,
  outage**: the same, and the database is away for a minute or two (a failover with Multi-AZ), for an upgrade longer.
- **reload or reboot**: dynamic parameters at once; static ones wait for a reboot, which the preview says.
- **clients reconnect**, **new replica**, **a primary of its own**: as the words say. **read when made**: only a new
  database reads it. **see each**: it depends on what is inside.
"""

PARAMETERS = """\
## Server parameters

`parameters` takes PostgreSQL's own names. Unknown names, values out of range and wrong units are refused, from a
catalogue of each major version (14 to 18). An extension's parameters (with a dot in the name) are passed on as they
are. The preview says for each change whether it is a reload or a rolling restart.
Libraries to preload come from the extensions that the access specs ask for; what a stack adds in
`shared_preload_libraries` joins them.
"""


RDS = """\
### On Amazon RDS

Parameters go into parameter groups of the major version. RDS counts memory from the instance class, so
`max_connections` and `shared_buffers` are better left out; a value may be a formula of RDS
(`{DBInstanceClassMemory/32768}`). What RDS sets itself is refused, and so is a parameter that its groups do not have.
A static parameter waits for a reboot, which the preview says.
"""


def configuration_manual() -> str:
    """The whole page."""
    lines = [INTRODUCTION, *_sections(), PARAMETERS, *_parameter_tables(), RDS, *_rds_tables()]
    return "\n".join(lines).rstrip() + "\n"


def _sections() -> Iterator[str]:
    """The settings themselves, then each section that they hold, depth first."""
    yield "## Settings of a stack\n"
    yield from _section("", settings_schema())


def _section(prefix: str, schema: Schema) -> Iterator[str]:
    inner = {name: resolve(one) for name, one in schema["properties"].items()}
    yield "| setting | meaning | allowed | default | a change costs |"
    yield "|---|---|---|---|---|"
    for name, one in inner.items():
        yield _row(prefix + name, schema["properties"][name], one)
    yield ""
    for name, one in inner.items():
        below, part = _below(one)
        if "properties" in below:
            yield f"## {prefix}{name}{part}\n"
            yield from _section(f"{prefix}{name}{part}.", below)


def _below(schema: Schema) -> tuple[Schema, str]:
    """The section inside a setting, and how its place is written: a list's entry as [], a mapping's as .<name>."""
    if schema.get("type") == "array":
        return resolve(schema.get("items") or {}), "[]"
    if schema.get("type") == "object" and "properties" not in schema:
        return resolve(schema.get("additionalProperties") or {}), ".<name>"
    return schema, ""


def _row(name: str, outer: Schema, inner: Schema) -> str:
    merged = inner | outer
    unit = f" ({merged['x-unit']})" if "x-unit" in merged else ""
    values = "see below" if "properties" in inner else allowed(inner)
    cells = [f"`{name}`", merged["description"], values + unit, _default(merged, inner), merged["x-cost"]]
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _default(merged: Schema, inner: Schema) -> str:
    if "default" not in merged:
        return "must be set"
    if "properties" in inner:
        return ""
    value = merged["default"]
    if value in (None, {}, [], ()):
        return ""
    return f"`{value}`" if isinstance(value, str) else f"`{json.dumps(value)}`"


def _parameter_tables() -> Iterator[str]:
    yield "### Defaults of the platform\n"
    yield from _table("parameter", "value", {name: f"`{value}`" for name, value in DEFAULTS.items()})
    yield "### Not a stack's to set\n"
    reasons = {name: reason + (f" (`{ENFORCED[name]}`)" if name in ENFORCED else "") for name, reason in OWNED.items()}
    yield from _table("parameter", "reason", reasons)
    yield "### Limited values\n"
    limits = {name: f"{' or '.join(values)}: {reason}" for name, (values, reason) in ONLY.items()}
    limits |= {name: f"{least} or more: {reason}" for name, (least, reason) in FLOORS.items()}
    yield from _table("parameter", "allowed", limits)


def _rds_tables() -> Iterator[str]:
    yield from _table(
        "parameter", "value", {name: f"`{value}`" for name, value in {**RDS_DEFAULTS, **RDS_ENFORCED}.items()}
    )
    yield "### What `allow` takes on Amazon RDS\n"
    yield from _table("name", "accepts", dict(ALLOWABLE))


def _table(left: str, right: str, rows: dict[str, str]) -> Iterator[str]:
    yield f"| {left} | {right} |"
    yield "|---|---|"
    for name in sorted(rows):
        yield f"| `{name}` | {rows[name]} |"
    yield ""
