"""The whole rendered files of some stacks, kept beside this module so that a review sees what a change does to them.

    python -m tests.unit.render.golden

writes them anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from components.render.backup_sites import host_site
from components.render.etcd import etcd_configuration
from components.render.haproxy import haproxy_cfg
from components.render.hba import pooler_hba
from components.render.patroni import dynamic_configuration, member_configuration
from components.render.pgbackrest import after_init, host_text, member_text, secrets_text, source_text
from components.render.pgbouncer import DEBIAN_12, databases, pgbouncer_ini, users
from components.render.pgbouncer_sql import pgbouncer_sql, post_init_script
from components.render.promise import promise
from components.render.sites import POOLER_HBA, POOLER_USERS, Sites, sites
from components.settings.load import load
from components.settings.model import Settings

CASES = Path(__file__).parent / "cases"


def as_yaml(plain: dict[str, Any]) -> str:
    return yaml.safe_dump(plain, sort_keys=False, width=120, allow_unicode=True)


def case_names() -> list[str]:
    return sorted(folder.name for folder in CASES.iterdir() if folder.is_dir())


def rendered(name: str) -> dict[str, str]:
    """Text by file name of everything that the case's stack.yaml gives."""
    given = yaml.safe_load((CASES / name / "stack.yaml").read_text(encoding="utf-8"))
    settings = load(given["config"], default_major=15)
    extensions = frozenset(given.get("extensions", ()))
    place = sites(settings, given.get("directory", "/srv/pg"), server_user=given.get("server_user", "postgres"))
    member, gateway = place.members[0], place.gateway
    version = tuple(given.get("pgbouncer", DEBIAN_12))
    whole = member_configuration(settings, member, extensions)
    assert whole["bootstrap"]["dcs"] == dynamic_configuration(settings, extensions)
    return {
        "patroni.yml": as_yaml(whole),
        "etcd.yml": as_yaml(etcd_configuration(settings, place.etcd[0], place.etcd)),
        "haproxy.cfg": haproxy_cfg(gateway, place.members),
        "pooled.ini": pgbouncer_ini(settings, gateway.pooled, (version[0], version[1])),
        POOLER_HBA: pooler_hba(),
        POOLER_USERS: users(),
        "pooled.databases.ini": databases(member.address, member.port),
        "post_init.sh": post_init_script(member, after_init(settings, member)),
        "post_init.sql": pgbouncer_sql(),
        "promise.txt": "\n".join([*promise(settings), ""]),
        **_backups(settings, place),
    }


def _backups(settings: Settings, place: Sites) -> dict[str, str]:
    """pgBackRest's files, where the stack has any."""
    if settings.backup is None:
        return {}
    values = {name: secret.get_secret_value() for name, secret in settings.secrets.items()}
    found = {
        "pgbackrest.conf": member_text(settings, settings.backup, place.members[0]),
        "backup-pgbackrest.conf": host_text(settings, settings.backup, place.members, host_site(place.directory)),
        "secrets.conf": secrets_text(settings.backup.repository, settings.backup.encryption, values),
    }
    return found | (
        {"pgbackrest-restore.conf": source_text(settings, host_site(place.directory))} if settings.restore else {}
    )


def main() -> None:
    for name in case_names():
        for file, text in rendered(name).items():
            (CASES / name / file).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
