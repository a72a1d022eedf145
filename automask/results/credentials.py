"""Content credentials (C2PA): a signed statement, inside the result, of what it was made from and how.

The user signs, with a certificate and key of their own. If the certificate is not on a viewer's trust list, the
statement is valid, but shown as coming from an unknown signer.
"""

import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from automask.errors import ConfigError, ExtraMissing, OutputError
from automask.images import Photo, atomic_path, open_photo, read_regular

_MIME = {
    **{"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "TIFF": "image/tiff"},
    **{"HEIF": "image/heic", "AVIF": "image/avif", "GIF": "image/gif"},
}
_MOST_PEM_BYTES = 1 << 20
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n?", re.DOTALL)
_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----\n?", re.DOTALL)


def signer_of(pem: str | Path) -> tuple[Any, str]:
    """The signer of a PEM file, and the name on its certificate.

    Args:
        pem: Holds the certificates, the signer's own first and then its issuers', and the unencrypted private key.

    Raises:
        ExtraMissing: c2pa-python is not installed.
        ConfigError: The file does not hold these, or the library rejects the key or the certificate.
    """
    try:
        import c2pa
        from cryptography import x509
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
        from cryptography.hazmat.primitives.serialization import load_pem_private_key as load_key
    except ImportError as error:
        raise ExtraMissing(
            f"c2pa={str(pem)!r} needs the package c2pa-python", hint="run: pip install 'automask[c2pa]'"
        ) from error
    hint = "give one PEM file: your certificate, its issuers', and your private key without a password"
    try:
        data = read_regular(pem, _MOST_PEM_BYTES)
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read c2pa={str(pem)!r}: {error}", hint=hint) from error
    certificates, keys = _CERTIFICATE.findall(data), _KEY.findall(data)
    if not certificates or len(keys) != 1:
        raise ConfigError(f"{str(pem)!r} holds {len(certificates)} certificates and {len(keys)} keys", hint=hint)
    try:
        key = load_key(keys[0], password=None)
        name = x509.load_pem_x509_certificate(certificates[0]).subject.rfc4514_string()
        # The library reads keys in this form only.
        plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        info = c2pa.C2paSignerInfo(_algorithm(key), b"".join(certificates), plain, None)
        return c2pa.Signer.from_info(info), name
    except (c2pa.C2paError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ConfigError(f"{str(pem)!r} cannot sign ({reason})", hint=hint) from error


def _algorithm(key: Any) -> bytes:
    """The signature algorithm for a key, out of those that C2PA 2.1 allows (section 13.2)."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, ed25519.Ed25519PrivateKey):
        return b"ed25519"
    if isinstance(key, rsa.RSAPrivateKey):
        return b"ps256"
    curves = {"secp256r1": b"es256", "secp384r1": b"es384", "secp521r1": b"es512"}
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in curves:
        return curves[key.curve.name]
    raise ValueError("C2PA does not accept this kind of key")


def sign(
    result: Path, photo: Photo, original: bytes, pem: str | Path, *, source_type: str, note: str, tool: str
) -> str | None:
    """Signs a written result in place.

    The statement names the photo as the file that was opened (with its own credentials, if any), and one edit with its
    digital source type. The samples do not change, which is checked.

    Args:
        result: The file, written from `photo`.
        photo: The photo as it was opened, from a file.
        original: The file that the statement names as the one that was opened.
        pem: See `signer_of`.
        source_type: Term of IPTC's vocabulary.
        note: What was altered, in words.
        tool: Name and version of the software, separated by a space.

    Returns:
        The name on the certificate; None if the photo's format cannot hold credentials.

    Raises:
        ConfigError, ExtraMissing: See `signer_of`.
        OutputError: It cannot be signed. The unsigned file remains.
    """
    mime = _MIME.get(photo.format)
    if mime is None:
        return None
    signer, name = signer_of(pem)
    import c2pa

    maker, _, version = tool.partition(" ")
    edited = {"action": "c2pa.edited", "digitalSourceType": source_type, "description": note}
    opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["photo"]}}
    manifest = {
        "claim_generator_info": [{"name": maker, "version": version}],
        "title": result.name,
        "format": mime,
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [opened, edited]}}],
    }
    ingredient = {"title": photo.name, "relationship": "parentOf", "label": "photo"}
    try:
        with atomic_path(result) as part, result.open("rb") as unsigned, part.open("w+b") as signed:
            builder = c2pa.Builder(json.dumps(manifest), context=_offline())
            builder.add_ingredient(json.dumps(ingredient), mime, io.BytesIO(original))
            builder.sign(signer, mime, unsigned, signed)
            signed.flush()
            _check(part, result, mime)
    except c2pa.C2paError as error:
        reason = " ".join(str(error).split())
        raise OutputError(
            f"cannot sign {str(result)!r}: {reason}", hint="leave c2pa out, or fix the certificate"
        ) from error
    return name


def _offline() -> Any:
    """A context in which the library asks nothing of the network: a photo's XMP may name any address."""
    import c2pa

    return c2pa.Context(c2pa.Settings.from_dict({"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}))


def _check(signed: Path, unsigned: Path, mime: str) -> None:
    import c2pa

    with signed.open("rb") as file:
        state = json.loads(c2pa.Reader(mime, file, context=_offline()).json()).get("validation_state")
    if state not in ("Valid", "Trusted"):
        raise OutputError(
            f"the signature of {str(unsigned)!r} is {state}", hint="fix the certificate, or leave c2pa out"
        )
    one, two = (open_photo(path, max_megapixels=float("inf")).samples for path in (signed, unsigned))
    if not np.array_equal(one, two):
        raise OutputError(
            f"signing would change the pixels of {str(unsigned)!r}", hint="leave c2pa out, and report this"
        )
