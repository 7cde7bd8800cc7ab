"""One-time certificates for the connection to the host."""

from __future__ import annotations

import base64
import datetime


def one_time() -> tuple[bytes, bytes, str]:
    """A new key and a self-signed certificate for it (both PEM), and the certificate as the handshake line has it.

    The key is of the curve P-256: the one that Go and every version of grpcio take.
    """
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
    except ImportError as e:
        raise SystemExit(
            f"the connection is to be encrypted and that needs the package cryptography ({e}); install it, or write "
            "mtls = false into plugin.toml") from None
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    usage = {
        "digital_signature": True, "key_encipherment": True, "key_agreement": True, "key_cert_sign": True,
        "content_commitment": False, "data_encipherment": False, "crl_sign": False, "encipher_only": False,
        "decipher_only": False,
    }
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    der = certificate.public_bytes(serialization.Encoding.DER)
    return private, certificate.public_bytes(serialization.Encoding.PEM), base64.b64encode(der).decode().rstrip("=")
