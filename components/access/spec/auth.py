"""The part of a spec that says by what proof, from where and to which databases a login comes in."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator

from components.access.spec.fields import Listed, Names, Part, Text, field

METHODS = ("scram", "cert", "iam")
Method = Literal["scram", "cert", "iam"]
# What pg_hba.conf also knows, and why a spec does not.
REFUSED = {
    "trust": "asks for no proof at all",
    "password": "sends the password in clear",
    "md5": "can be logged in with by whoever reads the stored hash",
    "ident": "believes whatever the client's machine says",
    "peer": "is for the server's own machine, where no login of a spec works",
    "reject": "is what everybody gets who has no line",
}


def _method(value: Any) -> Any:
    word = value.lower() if isinstance(value, str) else value
    if word == "scram-sha-256":
        return "scram"
    if word in METHODS:
        return word
    reason = REFUSED.get(word, "is not known here") if isinstance(word, str) else "is no method"
    raise ValueError(f"{value} {reason}; allowed are {', '.join(METHODS)}")


def _network(text: str) -> str:
    if text.lower() == "all":
        raise ValueError("all means anywhere, which is the default; leave `from` out")
    try:
        return str(ip_network(text))
    except ValueError:
        pass
    try:
        meant = ip_network(text, strict=False)
    except ValueError:
        raise ValueError(
            f"{text!r} is no network; write 10.0.0.0/8, 10.1.2.3 or 2001:db8::/32. Names are not taken, since whoever "
            "answers for the DNS would decide who gets in"
        ) from None
    raise ValueError(f"{text!r} has bits set right of its prefix; write {meant}")


Network = Annotated[Text, AfterValidator(_network)]


class Way(Part):
    """One way in."""

    by: Annotated[Method, BeforeValidator(_method)] = field(
        ...,
        "scram (the password), cert (a client certificate with the role's name), or iam (RDS: membership of rds_iam).",
    )
    from_: Listed[Network] = field(
        (), "Networks or addresses, as the server sees them. Default: anywhere.", alias="from"
    )
    databases: Names = field((), "To which databases. Default: each of the spec's that it may connect to.")


def ways(value: Any) -> Any:
    """`auth: cert` is short for one way with defaults, and one way stands for a list of one."""
    if value is None:
        return None
    given = value if isinstance(value, list | tuple) else [value]
    return tuple({"by": one} if isinstance(one, str) else one for one in given)


Ways = Annotated[
    tuple[Way, ...] | None, BeforeValidator(ways, json_schema_input_type=Method | Way | list[Method | Way] | None)
]
