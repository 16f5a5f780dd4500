"""Certificates of the HTTPS listeners: issued by the local cloud's authority for the names of the ACM certificates."""

import datetime
import ipaddress
import secrets
import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from components.hostnames import covers

Names = tuple[str, ...]
"""The host names, wildcards included, of one certificate."""

_VALID_DAYS = 397


def choose(host: str, certificates: Sequence[Names]) -> Names | None:
    """The certificate that a listener shows for a host: the closest that covers it, else its default, the first."""
    covering = [names for names in certificates if covers(names, host)]
    exact = [names for names in covering if host in names]
    return next(iter([*exact, *covering, *certificates]), None)


def listener_certificates(
    arns: Sequence[str], hosts: Sequence[str], certificates: Iterable[Mapping[str, Any]]
) -> list[Names]:
    """The certificates of a listener, its default first.

    ``arns`` are those that Ingresses or their class name, ``hosts`` those for which the controller looks among
    all. ``certificates`` are ACM's, by their outputs; one that is not issued cannot be on a listener.
    """
    issued = {
        str(one.get("arn")): tuple(
            dict.fromkeys(str(n) for n in (one["domainName"], *(one.get("subjectAlternativeNames") or ())))
        )
        for one in certificates
        if one.get("status") in (None, "ISSUED")
    }
    named = [issued[arn] for arn in arns if arn in issued]
    return [*named, *(names for host in hosts for names in issued.values() if covers(names, host))]


class Certificates:
    """TLS contexts by the names of their certificate, made when they are first asked for."""

    def __init__(self, authority: Path, folder: Path, offered: Callable[[str], Sequence[Names]]) -> None:
        """``authority`` is the folder of ``ca.crt`` and ``ca.key``; ``offered`` gives what is there for a host."""
        self._authority = authority
        self._folder = folder
        self._offered = offered
        self._contexts: dict[Names, ssl.SSLContext] = {}

    def listener(self) -> ssl.SSLContext:
        """The context of a listener, which takes the certificate that the client's server name asks for."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.sni_callback = self._select  # pyright: ignore[reportAttributeAccessIssue] -- stubs lack the int
        return context

    def _select(self, tls: ssl.SSLObject, server_name: str | None, first: ssl.SSLContext) -> int | None:
        del first
        names = choose((server_name or "").lower(), self._offered((server_name or "").lower()))
        if names is None:
            return ssl.ALERT_DESCRIPTION_HANDSHAKE_FAILURE
        if names not in self._contexts:
            self._contexts[names] = self._context(names)
        tls.context = self._contexts[names]
        return None

    def _context(self, names: Names) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        # OpenSSL takes certificates from files only.
        draft = self._folder / f"certificate-{secrets.token_hex(8)}.pem"
        draft.touch(mode=0o600)
        try:
            draft.write_bytes(issue(self._authority, names))
            context.load_cert_chain(draft)
        finally:
            draft.unlink()
        return context


def issue(authority: Path, names: Names) -> bytes:
    """A new key and a certificate for it, signed by the authority in that folder, as PEM."""
    signer = x509.load_pem_x509_certificate((authority / "ca.crt").read_bytes())
    signing_key = serialization.load_pem_private_key((authority / "ca.key").read_bytes(), None)
    if not isinstance(signing_key, ec.EllipticCurvePrivateKey):
        raise TypeError("the local cloud's authority has a key of another kind")
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    # A common name has room for 64 characters only; nobody reads it besides people.
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "load balancer stand-in")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=_VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName([_name(name) for name in names]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False
        )
        .sign(signing_key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
