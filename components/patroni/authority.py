"""The platform's own certificate authority: keys, signatures and dates, all in memory."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_LIFE = timedelta(days=3650)
LIFE = timedelta(days=90)
RENEWED_AT = 2 / 3  # of its life
LOOPBACK = ("localhost", "127.0.0.1")
CLOCK_SLACK = timedelta(minutes=5)  # a server whose clock is a little behind takes a fresh certificate too


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A certificate and its private key in PEM. Printing one does not show the key."""

    certificate: bytes
    key: bytes

    def __repr__(self) -> str:
        return f"Pair({subject(self.certificate)})"


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=not authority,
        encipher_only=False,
        decipher_only=False,
    )


def new_authority(name: str, now: datetime) -> Pair:
    """A CA that signs nothing but end certificates."""
    key = ec.generate_private_key(ec.SECP256R1())
    made = (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SLACK)
        .not_valid_after(now + AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Pair(certificate=made.public_bytes(serialization.Encoding.PEM), key=_key_pem(key))


def issue(authority: Pair, name: str, now: datetime, hosts: Sequence[str] = LOOPBACK) -> Pair:
    """A certificate for `name` as a server and as a client; as a server for `hosts`, names and addresses."""
    issuer = x509.load_pem_x509_certificate(authority.certificate)
    signer = serialization.load_pem_private_key(authority.key, None)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise ValueError("the CA's key is not one that this platform makes")
    key = ec.generate_private_key(ec.SECP256R1())
    purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    builder = (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SLACK)
        .not_valid_after(now + LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        .add_extension(_authority_identifier(issuer), critical=False)
    )
    if hosts:  # an empty list of names makes Python 3.13 and others refuse the certificate
        builder = builder.add_extension(x509.SubjectAlternativeName([_general(host) for host in hosts]), critical=False)
    made = builder.sign(signer, hashes.SHA256())
    return Pair(certificate=made.public_bytes(serialization.Encoding.PEM), key=_key_pem(key))


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def names_of(certificate: x509.Certificate) -> set[str]:
    """The names and addresses that a certificate is good for as a server."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    return {str(name.value) for name in found}


def _authority_identifier(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    subject_identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(subject_identifier.value)


def subject(certificate: bytes) -> str:
    """The common name; "" when there is none."""
    found = x509.load_pem_x509_certificate(certificate).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""


def flaw(
    certificate: bytes | None, authority: bytes, name: str, now: datetime, hosts: Sequence[str] = ()
) -> str | None:
    """Why a certificate has to be made anew, in words; None when it is good. It must be good for all of `hosts`."""
    if certificate is None:
        return "is missing"
    try:
        given, issuer = x509.load_pem_x509_certificate(certificate), x509.load_pem_x509_certificate(authority)
        given.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return "was not signed by this platform's CA"
    if subject(certificate) != name:
        return f"is made out to {subject(certificate) or 'nobody'}, not to {name}"
    if lacking := sorted(set(hosts) - names_of(given)):
        return f"is not made out to {', '.join(lacking)}"
    if now < given.not_valid_before_utc:
        return "is not valid yet: was the clock set back?"
    if now >= _renewal(given):
        return f"ends at {given.not_valid_after_utc:%Y-%m-%d}, so it is renewed"
    return None


def renewal(certificate: bytes) -> datetime:
    """When it is made anew."""
    return _renewal(x509.load_pem_x509_certificate(certificate))


def _renewal(given: x509.Certificate) -> datetime:
    life = given.not_valid_after_utc - given.not_valid_before_utc
    return given.not_valid_before_utc + life * RENEWED_AT


def present() -> datetime:
    return datetime.now(UTC)
