"""docs/access-spec.md: the language of an access spec, read from the models, with the rules that no type can say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from components.access.spec.wording import allowed, spec_schema

Schema = dict[str, Any]

INTRODUCTION = """\
# Access specs

An access spec says who may do what in which databases. `make up` (or `pulumi up`) shows the SQL that makes a server so,
and runs it: one transaction a database, under one lock, and not at all if anything in it fails.

```yaml
# yaml-language-server: $schema=../../schema/access.schema.json
version: 1
harden: true
scope: { roles: "^shop_" }
roles:
  shop_owner: { comment: owns every object }
  shop_app: { login: true, password: secret:shop_app, connection_limit: 40 }
profiles:
  writer: { schema: [usage], tables: [select, insert, update, delete], sequences: [usage] }
databases:
  shop:
    owner: shop_owner
    connect: [shop_app]
    extensions: { pgcrypto: ">=1.3" }
    schemas:
      app: { access: { shop_app: writer } }
    sql: [sql/]
```

Without Pulumi, on any server: `python -m components.access plan|check|apply|lint SPEC --url URL [--json]`. `plan` and
`check` exit with 2 when there is something to do. Passwords come from `ACCESS_PASSWORD_<NAME>` and the key of the salts
from `ACCESS_KEY`.

## What it rules, and how strictly

- A spec rules the roles that `scope.roles` matches, in the schemas and databases it lists. Mode `strict` revokes what
  is not declared there and drops undeclared policies of tables it has rules for; `report` tells; `add` does neither.
- Rights of roles outside the scope are told and left alone. PUBLIC is touched under `harden` only. The login in use,
  `postgres`, `pg_*`, `rds*`, `cloudsql*`, `azure_*` and `scope.never` are never touched, nor are members of extensions.
- An absent key is PostgreSQL's default. A role that is no longer declared stays as it is; databases, schemas and
  extensions are never dropped.
- One line holds for what is there and for what comes later: `access` becomes GRANTs on the objects that are there and
  default privileges for each of the schema's `creators`.
- A line for a single table, sequence, function or type replaces the `access` line for that role and object. Where the
  object is not there yet, the line is pending and the report says so.
- Where PgBouncer's own login (`pgbouncer`) is on the server, each database lets it in: it looks up passwords there.
- `languages`, `foreign_servers`, `parameters` and their like are ruled only where the spec names the kind, and then
  every object of it.
- A role whose `password` names a secret that the stack lacks gets a generated one. A spec never holds a password.

## Roles that go, and passwords that change

- `old_app: { retire: { to: shop_owner } }` takes a role away: what it owns goes to the other role and its rights go, in
  every database that depends on it, whether a spec lists it or not; DROP ROLE comes last. Open sessions are ended only
  where the stack allows `ends-sessions`. Once it is gone the line does nothing and may be taken out.
- `password: { secret: app, rotate: ab, generation: 0 }` makes the role a group with two logins, `<role>_a` and
  `<role>_b`. Count `generation` up: the other login gets a new password and its URLs are handed out, and the one before
  goes on working. When nobody uses it any longer, say `previous: locked`, or just wait for the next generation.

## Who gets in, and how

`auth` of a login says by what proof it comes in, from where and to which databases:

```yaml
shop_app:   { login: true, password: secret:shop_app, auth: scram }          # to every database it may connect to
shop_batch: { login: true, auth: { by: cert, from: [10.2.0.0/16], databases: [shop] } }
shop_staff: { login: true, password: secret:staff, auth: [cert, { by: scram, from: 10.3.0.0/24 }] }
shop_cloud: { login: true, auth: iam }                                       # RDS: a member of rds_iam
```

- While no spec of a stack says `auth`, any login may try its password, from anywhere. **Where one role says it, the
  door is shut**: pg_hba.conf then has one line for each login, database and network of the stack's specs, and nobody
  else gets in. A login that does not say `auth` keeps its password, from anywhere, to the databases where it may
  connect; so do the roles named under `scope.never`, to all databases. The preview names logins of the server that
  get no line.
- `scram` is the password. `cert` is a client certificate of the platform's authority with the role's name as its CN.
  What is weaker (md5, password in clear, trust) is refused. Everything needs TLS.
- One proof at one place: PostgreSQL asks for the first that matches. A narrower network comes before the wider one,
  so it may have another proof. Addresses are those that the server sees: **direct sessions come through HAProxy,
  pooled ones through PgBouncer**, so PostgreSQL sees the gateway's address; PgBouncer sees its client's and keeps the
  same lines. On the embedded platform all of them are 127.0.0.1.
- Pooled sessions are by `scram` only: PgBouncer cannot show the server its client's certificate, so a login by `cert`
  uses the direct ports, and PgBouncer says "login rejected".
- The preview shows the lines as pg_hba.conf's own text, added (`+`) and removed (`-`). They come into force by a
  reload; open sessions stay. A file edited by hand is drift, and a line that PostgreSQL cannot read is told in its
  own words.
- Where pg_hba.conf is not ours (RDS), `cert`, `from` and `databases` stop the preview, and `iam` needs `rds_iam`. The
  commands that work by URL write no pg_hba.conf: that is the platform's.

## What poolers are told

A pooled session keeps the role settings that it began with, and a prepared statement fails once a column has another
type. So after a change of roles, extensions, schemas or by scripts, `up` tells every PgBouncer to RECONNECT: sessions
that are free get new ones at once, the others after their transaction. A pooler that cannot be told is a warning and
not a failure. Until all have been told the database bears a mark (the setting `postgres_platform.reconnect`, which
nothing else reads); the next preview shows it, and the next `up` tells them. Named prepared statements of a client live
through it with PgBouncer 1.21 or newer, which prepares them anew; older ones do not pool them at all.

## Without a superuser

CREATEROLE and CREATEDB are enough on every major, with what the server says of the login and not by a product's name.
The login becomes a member of each declared owner and creator, since it works on what they own. What it would be
refused (another's objects and grants, attributes that it has not itself, extensions that are not trusted) stops the
preview with what helps. Passwords that it may not read are compared with digests of what was sent before, kept in the
stack's state; without Pulumi they are sent to new roles only, or to all with `apply --send-passwords`. Where the server
logs statements and the login may not turn that off, the report says that verifiers get into its log.

## What happens in a database, in this order

Schemas and their owners; extensions; default privileges; the scripts of `sql` that have not run, as the database's
owner; a fresh read; row policies, then ENABLE and FORCE; REVOKE; GRANT; a last read that must find nothing left to do,
else everything is rolled back. Jobs are told to pg_cron after that.

## Row policies

`:name` in an expression stands for a setting of `rls.context`, read once a query, and NULL where it is unset or empty.
Names must be qualified (`app.current_user_id()`): they are resolved with `search_path = pg_catalog`.

`rls.tenant` gives every table that has the column, in the listed schemas:

| policy | kind | for | to |
|---|---|---|---|
| `tenant_floor` | restrictive | all | the roles of `to`: no policy added later can widen what they see |
| `tenant_rows` | permissive | all | those of them that no permissive policy under `rls.tables` names |
| `see_all`, `see_all_<command>` | permissive, `true` | as said | the roles of `see_all` |

A table without the column must be under `exempt`, with a reason, or have policies of its own under `rls.tables`. A new
table is found by the next preview. `see_all` under `rls` is for the tables under `rls.tables`, the one under `tenant`
for the tenant's. Under FORCE the owner sees nothing without it. Several commands in one `for` make a policy each,
called `<name>_<command>`. Put partitions into a schema that nobody is let into: a partition read directly does not ask
its parent's policies.

## Tests

`tests` says what a role must see and must be refused; `python -m components.access verify SPEC --url URL [--json]`
tries it and exits with 1 where it is otherwise. All tests of a database run in one transaction that is always rolled
back; what each one changes is undone before the next, but rows of a `fixture` stay for the tests after it. A test
acts by SET LOCAL ROLE: with the role's rights and row policies, without its own settings. `denied` is a refusal for
want of a right or by a row policy; an UPDATE or DELETE that merely finds no row stands under `affects` with 0.
Numbers taken from sequences are not given back, and rows that fixtures touch are locked meanwhile.

## Lints

Findings stop the preview; `lint.allow` excepts an object with a reason. Objects are called `schema.name`, functions
`schema.name(argument types)`.
"""

LINTS = {
    "rls-off-with-tenant-column": "a tenant's role may use a table that has the tenant column and no row policies",
    "owner-blind": "the owner of a table under FORCE would see none of its rows",
    "tenant-becomes-owner": "a tenant's role is, or can become, a role that row policies do not bind",
    "bare-current-setting": "a policy reads a setting in a way that fails when it is unset or empty",
    "definer-view": "a view shows rows past the policies of the table behind it",
    "definer-function": "others may call a SECURITY DEFINER function in a database with row policies",
    "definer-search-path": "a SECURITY DEFINER function does not pin its search_path",
    "grant-to-public": "everybody may use a table",
    "partition-granted": "a partition may be read directly, past its parent's policies",
    "tenant-index": "no index begins with the tenant column",
    "login-unlimited": "a login with a password has neither connection_limit nor valid_until",
    "login-owns": "a role that logs in owns the database, a schema or an object of the spec's schemas",
    "login-becomes-owner": "a login may SET ROLE to an owner (other than by its own `settings: {role: ...}`), "
    "or row policies do not bind it or a role it may become",
    "acl-width": "more than 1500 roles on one object; PostgreSQL itself fails at about 2400",
    "login-without-line": "where a role of the spec says `auth`: a login that no line of pg_hba.conf would let in",
    "tenant-unique": "a unique index without the tenant column: an insert tells whether another tenant has the value",
    "tenant-reference": "a foreign key between tenants' tables without the tenant column may point to "
    "another tenant's row, since it is checked past row policies",
    "connection-budget": "told only: the logins' connection limits add up to more than the server's connections",
}


def access_manual() -> str:
    """The whole page."""
    rows = [f"| `{name}` | {meaning} |" for name, meaning in LINTS.items()]
    lints = ["| lint | finds |", "|---|---|", *rows, ""]
    return "\n".join([INTRODUCTION, *lints, *_reference()]).rstrip() + "\n"


def _reference() -> Iterator[str]:
    yield "## Every key\n"
    schema = spec_schema()
    yield from _table("The file", schema)
    for name, part in sorted(schema["$defs"].items()):
        if "properties" in part:
            yield from _table(_title(name), part)


def _table(title: str, part: Schema) -> Iterator[str]:
    yield f"### {title}\n"
    if title != "The file" and part.get("description"):
        yield part["description"] + "\n"
    yield from ("| key | allowed | default | meaning |", "|---|---|---|---|")
    required = part.get("required", [])
    for name, field in part["properties"].items():
        meaning = _cell(field.get("description", ""))
        yield f"| `{name}` | {_allowed(field)} | {_default(name, field, required)} | {meaning} |"
    yield ""


def _allowed(field: Schema) -> str:
    if "Not yet supported" in str(field.get("description")):
        return "-"
    below = field.get("additionalProperties")
    if isinstance(below, dict):
        return _cell(f"a mapping of names to {allowed(_followed(below))}")
    return _cell(allowed(_followed(field)))


def _followed(field: Schema) -> Schema:
    if "$ref" in field:
        found: Schema = spec_schema()["$defs"][field["$ref"].rsplit("/", 1)[-1]]
        return found
    return field


def _default(name: str, field: Schema, required: list[str]) -> str:
    if name in required:
        return "required"
    default = field.get("default")
    return "" if default in (None, [], {}) or isinstance(default, dict) else f"`{json.dumps(default)}`"


def _title(name: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip().capitalize()


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    print(access_manual(), end="")  # noqa: T201
