"""Are the stack's server parameters such that the server starts with them, and the platform keeps its promises?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from components.settings.catalogue import Catalogue, Parameter, catalogue
from components.settings.nearest import nearest
from components.settings.owned import FLOORS, ONLY, OWNED, ZERO_LOSS_COMMIT
from components.settings.units import number, whole

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)*")
TRUTH = frozenset({"on", "off", "true", "false", "yes", "no", "1", "0"})
CONTROL = re.compile(r"[\x00-\x1f\x7f]")

DEFAULT_MAX_CONNECTIONS = 100
DEFAULT_SUPERUSER_RESERVED = 3
OPERATION_RESERVE = 10  # connections for Patroni, the access layer and a person who looks


def parameter_problems(
    parameters: Mapping[str, str], *, major: int | None, zero_loss: bool
) -> Iterator[tuple[str, str]]:
    """(name, sentence) for each parameter that is unknown, out of range, or not the stack's to set."""
    known = catalogue(major)
    seen: dict[str, str] = {}
    for name, value in parameters.items():
        message = _problem(name, value, known, zero_loss=zero_loss)
        if (twin := seen.get(name.lower())) and message is None:
            message = f"is the same parameter as {twin}; keep one of the two"
        seen.setdefault(name.lower(), name)
        if message:
            yield name, message


def _problem(name: str, value: str, known: Catalogue, *, zero_loss: bool) -> str | None:
    if reason := OWNED.get(name.lower()):
        return f"cannot be set: {reason}; remove it"
    if CONTROL.search(value):
        return "its value holds a control character; write it without"
    if not NAME.fullmatch(name):
        return "is no parameter name; allowed are letters, digits and underscores, with dots for an extension's"
    if "." in name:
        return None  # An extension's, which only the running server knows.
    parameter = known.get(name)
    if parameter is None:
        return _unknown(name, known) if known.complete else None
    return value_problem(parameter, value) or limit_problem(parameter, value, zero_loss=zero_loss)


def _unknown(name: str, known: Catalogue) -> str:
    like = nearest(name, known.parameters)
    meant = f"; did you mean {like}?" if like else ""
    return f"PostgreSQL {known.major} has no such parameter{meant}"


def value_problem(parameter: Parameter, value: str) -> str | None:
    """Why the server would not start with this value: type, enumeration, unit or range."""
    if parameter.context == "internal":
        return "cannot be set: the server only reports it; remove it"
    if parameter.kind == "bool" and value.lower() not in TRUTH:
        return f"found {value!r}; allowed is on or off"
    if parameter.kind == "enum" and value.lower() not in map(str.lower, parameter.values):
        like = nearest(value, parameter.values)
        meant = f"; did you mean {like}?" if like else ""
        return f"found {value!r}; allowed is one of {', '.join(parameter.values)}{meant}"
    if parameter.kind in ("integer", "real"):
        return _number_problem(parameter, value)
    return None


def _number_problem(parameter: Parameter, value: str) -> str | None:
    try:
        amount = number(value, parameter.unit)
    except ValueError as error:
        return f"found {value!r}; allowed is {error}"
    amount = round(amount) if parameter.kind == "integer" else amount
    low, high = float(parameter.minimum or "-inf"), float(parameter.maximum or "inf")
    if low <= amount <= high:
        return None
    unit = f" in {parameter.unit}" if parameter.unit else ""
    return f"found {value!r}; allowed is {parameter.minimum} to {parameter.maximum}{unit}"


def limit_problem(parameter: Parameter, value: str, *, zero_loss: bool, floors: bool = True) -> str | None:
    """Why the platform's promises would break. `floors` are Patroni's; Amazon RDS has its own."""
    name = parameter.name.lower()
    values, reason = ZERO_LOSS_COMMIT if zero_loss and name == "synchronous_commit" else ONLY.get(name, ((), ""))
    if values and plain(parameter, value) not in map(str.lower, values):
        return f"found {value!r}; allowed is {' or '.join(values)}: {reason}"
    if floors and name in FLOORS and whole(value, parameter.unit) < FLOORS[name][0]:
        unit = f" {parameter.unit}" if parameter.unit else ""
        return f"found {value!r}; allowed is {FLOORS[name][0]}{unit} or more: {FLOORS[name][1]}"
    if name == "log_min_duration_statement" and whole(value, parameter.unit) == 0:
        return "found '0', which logs every statement, passwords in clear among them; allowed is -1 (off) or 1 and more"
    return None


def plain(parameter: Parameter, value: str) -> str:
    """One way to write a value: `on` for `true`, lower case for enumerations, the server's unit for numbers."""
    if parameter.kind == "bool":
        return "on" if value.lower() in ("on", "true", "yes", "1") else "off"
    if parameter.kind == "enum":
        return value.lower()
    if parameter.kind == "integer":
        return str(whole(value, parameter.unit))
    if parameter.kind == "real":
        return str(number(value, parameter.unit))
    return value


def usable_connections(parameters: Mapping[str, str]) -> int:
    """Connections left for clients: max_connections less what superusers, and the platform itself, keep."""
    lower = {name.lower(): value for name, value in parameters.items()}
    total = whole(lower.get("max_connections", str(DEFAULT_MAX_CONNECTIONS)))
    kept = whole(lower.get("superuser_reserved_connections", str(DEFAULT_SUPERUSER_RESERVED)))
    return total - kept - whole(lower.get("reserved_connections", "0")) - OPERATION_RESERVE
