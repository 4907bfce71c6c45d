"""Throw-away certificates for these tests, in the places where the sites expect them."""

from __future__ import annotations

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from components.render.sites import Certificate

NOW = datetime.datetime.now(datetime.UTC)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


class Authority:
    """A CA that signs certificates for localhost and 127.0.0.1, fit for servers and clients."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder("test CA", self.key.public_key())
        self.certificate = builder.add_extension(x509.BasicConstraints(True, 0), True).sign(self.key, hashes.SHA256())

    def _builder(self, common: str, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(_name(common))
            .issuer_name(_name("test CA"))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - datetime.timedelta(minutes=5))
            .not_valid_after(NOW + datetime.timedelta(hours=1))
        )

    def issue(self, common: str, place: Certificate) -> None:
        """Certificate and key of `common`, and the CA's certificate, as files."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        uses = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        signed = (
            self._builder(common, key.public_key())
            .add_extension(x509.SubjectAlternativeName(names), False)
            .add_extension(x509.ExtendedKeyUsage(uses), False)
            .sign(self.key, hashes.SHA256())
        )
        Path(place.ca).parent.mkdir(parents=True, exist_ok=True)
        Path(place.ca).write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        Path(place.certificate).write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        plain = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        Path(place.key).write_bytes(plain)
        Path(place.key).chmod(0o600)
