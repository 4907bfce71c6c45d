"""Keeps passwords' verifiers out of the server's log and statistics, as far as the login in use may."""

from __future__ import annotations

import json
from collections.abc import Mapping

from components.access.passwords import Verifier
from components.access.roles import digest
from components.access.session import Connection

# Whatever the server logs. Unknown names are harmless.
_SILENT = {
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
    "pgaudit.log": "none",
    "pg_stat_statements.track": "none",
}


def digests(verifiers: Mapping[str, Verifier]) -> dict[str, str]:
    """What a later run needs to know of the passwords of this one. The salts are secret, so nothing can be guessed."""
    return {name: digest(one) for name, one in verifiers.items()}


def silence(connection: Connection) -> tuple[str, ...]:
    """For the rest of the transaction; tells where that cannot be."""
    able = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (True,)
    chosen, asked = list(_SILENT), "SELECT name FROM unnest(%s::text[]) name WHERE has_parameter_privilege(name, 'SET')"
    if not able:
        may_ask = connection.info.server_version >= 150000
        chosen = [name for (name,) in connection.execute(asked, [chosen])] if may_ask else []
    wanted = json.dumps({name: _SILENT[name] for name in chosen})
    connection.execute("SELECT set_config(key, value, true) FROM jsonb_each_text(%s::jsonb)", [wanted])
    if connection.execute("SELECT current_setting('log_statement')").fetchone() == ("none",):
        return ()
    return (
        "the server logs statements and the login in use may not silence it: passwords' verifiers get into its log",
    )
