"""A certificate of the sandbox's own, for serving it over TLS.

A certificate authority is made for the occasion and signs one certificate; its key is forgotten.
Whoever trusts `authority.pem` trusts this one server, for a month, and nothing else.
"""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

NAMES = ("localhost", "*.zendesk.com", "*.zdusercontent.com")
ADDRESSES = ("127.0.0.1", "::1")

_LIFETIME = timedelta(days=30)


class CryptographyMissing(Exception):
    """The package that makes certificates is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "serving over TLS makes a certificate, which takes the package 'cryptography': "
            "install it (pip install cryptography), or leave out --tls"
        )


@dataclass(frozen=True)
class Certificate:
    """Where the parts of a certificate were written."""

    authority_file: Path
    """The CA to trust, in PEM."""
    chain_file: Path
    """The server's certificate."""
    key_file: Path
    """The server's private key."""


def make_certificate(folder: Path) -> Certificate:
    """Makes a certificate for `NAMES` and `ADDRESSES`, and writes it into a folder.

    Raises:
        CryptographyMissing: There is nothing to make it with.
    """
    try:
        from cryptography import x509  # noqa: PLC0415 - optional, and slow to load
        from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    except ImportError as error:
        raise CryptographyMissing from error

    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    unsigned = _builder("Embedded Zendesk: certificate authority", authority_key, None)
    authority = _for_signing(unsigned).sign(authority_key, hashes.SHA256())
    alternatives = [
        *(x509.DNSName(name) for name in NAMES),
        *(x509.IPAddress(ipaddress.ip_address(address)) for address in ADDRESSES),
    ]
    server = (
        _builder("Embedded Zendesk", key, authority)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    made = Certificate(folder / "authority.pem", folder / "server.pem", folder / "server.key")
    folder.mkdir(parents=True, exist_ok=True)
    made.authority_file.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    made.chain_file.write_bytes(server.public_bytes(serialization.Encoding.PEM))
    made.key_file.touch(mode=0o600)
    made.key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return made


def _builder(
    name: str,
    key: "ec.EllipticCurvePrivateKey",
    issuer: "x509.Certificate | None",
) -> "x509.CertificateBuilder":
    from cryptography import x509  # noqa: PLC0415

    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _for_signing(builder: "x509.CertificateBuilder") -> "x509.CertificateBuilder":
    """What the strict verification of Python 3.13 asks of an authority."""
    from cryptography import x509  # noqa: PLC0415

    usage = dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return builder.add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    ).add_extension(x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage), critical=True)
