"""Certificates as files: the CA in pki/, readable by nobody else, and in each part's tls/ what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from components.embedded.failure import EmbeddedError
from components.embedded.files import Account, folder, write
from components.patroni import authority
from components.patroni.authority import Pair, flaw, issue, new_authority, present

ADMINISTRATOR = "postgres"
OPEN = 0o644


def bytes_of(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def the_authority(root: Path) -> Pair | None:
    """The CA of the platform in `root`; None when it was never made or lost its key."""
    certificate, key = bytes_of(root / "pki/ca.crt"), bytes_of(root / "pki/ca.key")
    return Pair(certificate=certificate, key=key) if certificate and key else None


def authority_drift(root: Path, name: str) -> list[str]:
    """What is wrong with the CA and the administrator's certificate."""
    pair = the_authority(root)
    if pair is None or authority.flaw(pair.certificate, pair.certificate, name, present()) is not None:
        return ["the certificate authority is missing or damaged: a new one is made, and a certificate for each part"]
    found = [] if bytes_of(root / "ca.crt") == pair.certificate else [f"{root / 'ca.crt'} is not the CA's certificate"]
    return found + tls_drift(root / "pki", pair, {ADMINISTRATOR: ADMINISTRATOR})


def ensure_authority(root: Path, name: str) -> None:
    """Makes what is missing. The CA's key leaves neither the folder nor the account of whoever runs `up`."""
    own, home = Account.own(), root / "pki"
    folder(home, own)
    pair = the_authority(root)
    if pair is None or flaw(pair.certificate, pair.certificate, name, present()) is not None:
        pair = new_authority(name, present())
        # The certificate last: the pair counts only when both are there.
        (home / "ca.crt").unlink(missing_ok=True)
        write(home / "ca.key", pair.key, own)
        write(home / "ca.crt", pair.certificate, own)
    if bytes_of(root / "ca.crt") != pair.certificate:
        write(root / "ca.crt", pair.certificate, own, OPEN)
    ensure_tls(home, root, {ADMINISTRATOR: ADMINISTRATOR}, own)


def tls_drift(home: Path, pair: Pair, names: Mapping[str, str]) -> list[str]:
    """What is wrong with the certificates `<file>.crt`, made out to a name each, in this folder."""
    found = [] if bytes_of(home / "ca.crt") == pair.certificate else ["ca.crt is not the CA's certificate"]
    for file, name in names.items():
        wrong = flaw(bytes_of(home / f"{file}.crt"), pair.certificate, name, present())
        wrong = wrong or (None if (home / f"{file}.key").is_file() else "has no key")
        found += [f"certificate {file}.crt {wrong}"] if wrong else []
    return found


def part_drift(root: Path, home: Path, names: Mapping[str, str]) -> list[str]:
    """`tls_drift` of a part; nothing while there is no CA, which is then told once by the CA's own resource."""
    pair = the_authority(root)
    return [] if pair is None else tls_drift(home / "tls", pair, names)


def ensure_tls(home: Path, root: Path, names: Mapping[str, str], owner: Account) -> bool:
    """Makes the certificates that are missing or due; True when there was one."""
    pair = the_authority(root)
    if pair is None:
        raise EmbeddedError(f"there is no certificate authority in {root / 'pki'}; run up for the whole stack")
    folder(home, owner)
    made = False
    for file, name in names.items():
        certificate, key = home / f"{file}.crt", home / f"{file}.key"
        if key.is_file() and flaw(bytes_of(certificate), pair.certificate, name, present()) is None:
            continue
        fresh = issue(pair, name, present())
        certificate.unlink(missing_ok=True)  # never an old certificate beside a new key
        write(key, fresh.key, owner)
        write(certificate, fresh.certificate, owner)
        made = True
    if bytes_of(home / "ca.crt") != pair.certificate:
        write(home / "ca.crt", pair.certificate, owner)
        made = True
    return made
