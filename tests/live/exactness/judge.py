"""Compares the catalogue after an apply with the spec's text and with the catalogue before."""

from __future__ import annotations

from components.access.session import Connection, Target
from tests.live.exactness import catalogue, declared
from tests.live.exactness.catalogue import Entry
from tests.live.exactness.declared import Place, Policy
from tests.live.exactness.things import DATABASE, OLD, OWNER, RULED, SCHEMAS, marked, quoted
from tests.live.exactness.worlds import World

NEW = {
    "relation": "CREATE TABLE {}.born_table (id int)",
    "sequence": "CREATE SEQUENCE {}.born_sequence",
    "routine": "CREATE FUNCTION {}.born_function() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "type": "CREATE TYPE {}.born_type AS ENUM ('a')",
}


class Judge:
    """Remembers what there was before; then says what is wrong with what there is."""

    def __init__(self, target: Target, mark: str, world: World) -> None:
        self.target, self.mark, self.world = target, mark, world
        self.policies = declared.policies(world)
        self.hardened = bool(world.spec["harden"])
        self.outside = self._outside()
        with catalogue.opened(target, mark) as connection:
            self.before = catalogue.entries(connection)
            self.policies_before = catalogue.policies(connection)

    def look(self) -> None:
        """Everything."""
        outside = self._outside()
        for name, rows in self.outside.items():
            differing = set(map(str, rows)) ^ set(map(str, outside[name]))
            assert not differing, f"{name} is not as before: {sorted(differing)}"
        with catalogue.opened(self.target, self.mark) as connection:
            found = catalogue.entries(connection)
            self._rights(found)
            self._columns(found)
            self._public(found)
            self._roles(connection)
            self._policies(catalogue.policies(connection))
            self._newborn(connection)

    def _outside(self) -> dict[str, list[object]]:
        found = catalogue.outside(self.target, self.mark, sorted(self.policies), hardened=self.hardened)
        return {key: [one for one in rows if "_old" not in str(one)] for key, rows in found.items()}

    def _mode(self, place: Place) -> str:
        return self.world.mode(place.schema)

    def _rights(self, found: set[Entry]) -> None:
        """On whole objects: exactly the declared in strict mode, else those and what there was."""
        for (place, role), words in declared.rights(self.world).items():
            name = Place(place.schema, place.kind, marked(place.name, self.mark))
            here = self._of(found, name, role)
            if (owner := self._owner(found, name)) == marked(role, self.mark):
                assert not here
                continue
            held = {one.privilege for one in here}
            before = {one.privilege for one in self._of(self.before, name, role)}
            strict = self._mode(place) == "strict"
            wanted = set(words) if strict else words | before
            if place.kind == "parameter" and self._parameters():
                continue
            retired = not strict and OLD in self.world.spec["roles"]  # rights that it handed on go with it
            assert words <= held if retired else held == wanted, (place, role, owner)
            assert not strict or not any(one.grantable for one in here), f"{role} may pass on a right on {place}"

    def _parameters(self) -> bool:
        with self.target.open() as connection:
            return connection.info.server_version < 150000

    def _columns(self, found: set[Entry]) -> None:
        wanted = declared.columns(self.world)
        for schema in SCHEMAS:
            roles = {marked(role, self.mark): role for role in RULED}
            held = {
                (one.schema, one.name, roles[one.grantee], one.privilege)
                for one in found
                if one.kind == "column" and one.schema == schema and one.grantee in roles
            }
            owned = {(one.name, one.owner) for one in found if one.kind == "column"}
            here = {one for one in wanted if one[0] == schema and (one[1], marked(one[2], self.mark)) not in owned}
            here -= {one for one in here if self._owns(found, schema, one[1].partition(".")[0], one[2])}
            if self.world.mode(schema) == "strict":
                assert held == here
            else:
                assert here <= held

    def _owns(self, found: set[Entry], schema: str, table: str, role: str) -> bool:
        return self._owner(found, Place(schema, "relation", table)) == marked(role, self.mark)

    def _public(self, found: set[Entry]) -> None:
        """Hardened, strict: PUBLIC has nothing but types; the rest is compared with what lies outside."""
        for one in found:
            ruled = one.schema in SCHEMAS or one.kind == "database"
            if self.hardened and one.grantee == "PUBLIC" and ruled and one.kind != "type":
                assert self.world.mode(one.schema) != "strict", one

    def _roles(self, connection: Connection) -> None:
        names = {marked(role, self.mark): role for role in RULED}
        if self.world.spec["scope"]["mode"] == "strict":
            held = catalogue.memberships(connection)
            among = {(names[group], names[member]) for group, member in held if group in names and member in names}
            assert among == declared.memberships(self.world)
        for name in names:
            row = connection.execute(
                "SELECT rolcanlogin, rolcreatedb, rolinherit, rolconnlimit, rolconfig FROM pg_roles WHERE rolname = %s",
                [name],
            ).fetchone()
            assert row == (False, False, True, -1, None)
        if OLD in self.world.spec["roles"]:
            assert not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [marked(OLD, self.mark)]).rowcount

    def _policies(self, found: dict[str, set[Policy]]) -> None:
        for table, wanted in self.policies.items():
            named = {one._replace(roles=tuple(sorted(marked(role, self.mark) for role in one.roles))) for one in wanted}
            # Without a CHECK of its own, a policy checks new rows by its USING.
            here = {self._checked(one) for one in found.get(table, set())}
            if self.world.mode(table.partition(".")[0]) == "strict":
                assert here == {self._checked(one) for one in named}, table
            else:
                assert {self._checked(one) for one in named} <= here, table

    @staticmethod
    def _checked(one: Policy) -> Policy:
        return one._replace(check=one.using) if one.check is None and one.command in "*w" else one

    def _newborn(self, connection: Connection) -> None:
        """What a creator makes now is born with the declared rights; tried, and rolled back."""
        for schema in SCHEMAS:
            if self.world.mode(schema) == "strict" and self.world.spec["scope"]["mode"] == "strict":
                for creator in declared.creators(self.world, schema):
                    self._born(connection, schema, creator)

    def _born(self, connection: Connection, schema: str, creator: str) -> None:
        name = quoted(marked(creator, self.mark))
        with connection.transaction(force_rollback=True):
            connection.execute(f"GRANT USAGE, CREATE ON SCHEMA {quoted(schema)} TO {name}".encode())
            connection.execute(f"SET LOCAL ROLE {name}".encode())
            for statement in NEW.values():
                connection.execute(statement.format(quoted(schema)).encode())
            connection.execute("RESET ROLE")
            found = {
                one for one in catalogue.entries(connection) if one.name.startswith("born_") and one.schema == schema
            }
        for kind in NEW:
            said = declared.newborn(self.world, schema, kind)
            wanted = {marked(role, self.mark): words for role, words in said.items()}
            wanted.pop(marked(creator, self.mark), None)
            ruled = {marked(role, self.mark) for role in RULED} | {"PUBLIC"}
            held: dict[str, set[str]] = {}
            for one in found:
                if one.kind == kind and one.grantee in ruled:
                    held.setdefault(one.grantee, set()).add(one.privilege)
            if not self.hardened:  # then what PUBLIC gets by default is none of the spec's business
                held.pop("PUBLIC", None)
                wanted.pop("PUBLIC", None)
            assert held == wanted, (schema, creator, kind)

    def _owner(self, found: set[Entry], place: Place) -> str:
        return next((one.owner for one in found if one[:3] == place), "") or self._asked(place)

    def _asked(self, place: Place) -> str:
        """The owner of what nobody has a right on."""
        queries = {
            "schema": "SELECT nspowner FROM pg_namespace WHERE nspname = %(schema)s",
            "relation": "SELECT relowner FROM pg_class WHERE relname = %(name)s AND relnamespace = "
            "(SELECT oid FROM pg_namespace WHERE nspname = %(schema)s)",
            "routine": "SELECT proowner FROM pg_proc WHERE proname = %(name)s AND pronamespace = "
            "(SELECT oid FROM pg_namespace WHERE nspname = %(schema)s)",
            "type": "SELECT typowner FROM pg_type WHERE typname = %(name)s AND typnamespace = "
            "(SELECT oid FROM pg_namespace WHERE nspname = %(schema)s)",
            "database": "SELECT datdba FROM pg_database WHERE datname = %(name)s",
            "large object": "SELECT lomowner FROM pg_largeobject_metadata WHERE oid::text = %(name)s",
        }
        queries["sequence"] = queries["relation"]
        if place.kind not in queries:
            return "postgres"
        with catalogue.opened(self.target, self.mark) as connection:
            query = f"SELECT pg_get_userbyid(({queries[place.kind]}))".encode()
            row = connection.execute(query, {"schema": place.schema, "name": place.name}).fetchone()
        assert row
        return str(row[0])

    def _of(self, found: set[Entry], place: Place, role: str) -> list[Entry]:
        return [one for one in found if one[:3] == place and one.grantee == marked(role, self.mark)]


assert OWNER not in RULED and DATABASE  # the owner's own rights are implied, so no spec of these worlds grants to it
