"""Content credentials: what a signed result says, that its samples stay, what is refused. The keys are made here."""

import datetime
import http.server
import importlib.util
import json
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from drawing import room
from outcomes import outcome, photo_file
from pictures import saved
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from automask.batches.resume import is_done
from automask.errors import ConfigError, ExtraMissing, OutputError
from automask.fingerprint import disclosed_digest
from automask.images import open_photo
from automask.plan import parse_plan
from automask.results.credentials import signer_of
from automask.types import Job

c2pa = pytest.mark.skipif(
    importlib.util.find_spec("c2pa") is None, reason="needs c2pa-python: pip install 'automask[c2pa]'"
)


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of an agent, signed by an authority that nobody trusts, and the agent's key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    def name(text: str) -> x509.Name:
        parts = ((NameOID.ORGANIZATION_NAME, "Tests"), (NameOID.COMMON_NAME, text))
        return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])

    keys = {text: ec.generate_private_key(ec.SECP256R1()) for text in ("Authority", "Agent")}
    now = datetime.datetime.now(datetime.UTC)
    written = []
    for text, is_authority in (("Agent", False), ("Authority", True)):
        usage = dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False
        ) | {"encipher_only": False, "decipher_only": False, "crl_sign": is_authority}
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(text))
            .issuer_name(name("Authority"))
            .public_key(keys[text].public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(
                x509.KeyUsage(digital_signature=not is_authority, key_cert_sign=is_authority, **usage), critical=True
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(keys[text].public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(keys["Authority"].public_key()), critical=False
            )
        )
        if not is_authority:
            builder = builder.add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
            )
        written.append(builder.sign(keys["Authority"], hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    formats = (serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL)
    written.append(keys["Agent"].private_bytes(*formats, serialization.NoEncryption()))
    path = tmp_path_factory.mktemp("keys") / "agent.pem"
    path.write_bytes(b"".join(written))
    return path


SHOT = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"


def manifest(path: Path) -> dict:
    from c2pa import Reader

    manifest_read = json.loads(Reader(str(path)).json())
    assert manifest_read["validation_state"] == "Valid"
    return manifest_read["manifests"][manifest_read["active_manifest"]]


@c2pa
@pytest.mark.parametrize("name", ["kitchen.png", "kitchen.jpg", "kitchen.tif", "kitchen.webp"])
def test_a_signed_result_says_what_it_was_made_from_and_how(name: str, pem: Path, tmp_path: Path):
    made = outcome(photo_file(tmp_path, name))
    plain = made.save(tmp_path / "plain", disclose="label")
    done = made.save(tmp_path / "out", disclose="label", c2pa=pem)
    manifest_read = manifest(done.result)
    assert [(part["title"], part["relationship"]) for part in manifest_read["ingredients"]] == [(name, "parentOf")]
    (actions,) = (part["data"]["actions"] for part in manifest_read["assertions"] if part["label"] == "c2pa.actions.v2")
    assert [action["action"] for action in actions] == ["c2pa.opened", "c2pa.edited"]
    assert actions[1]["digitalSourceType"].endswith("/algorithmicallyEnhanced")
    assert actions[1]["description"] == "Digitally altered: island"
    assert done.recorded["credentials"] == {"signed_by": "CN=Agent,O=Tests"}
    one, two = open_photo(plain.result), open_photo(done.result)
    np.testing.assert_array_equal(one.samples, two.samples)
    assert (one.exif, one.icc) == (two.exif, two.icc)


@c2pa
def test_the_bytes_of_a_result_are_signed_as_its_file_is(pem: Path, tmp_path: Path):
    made = outcome(photo_file(tmp_path).read_bytes(), c2pa=str(pem))
    (tmp_path / "a.png").write_bytes(made.to_bytes())
    assert manifest(tmp_path / "a.png")["title"] == "photo.png"
    np.testing.assert_array_equal(open_photo(tmp_path / "a.png").rgb, made.image)


@pytest.fixture
def listener():
    """The address of a server of this machine, and what was asked of it."""
    asked: list[str] = []

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


@c2pa
@pytest.mark.parametrize("name", ["kitchen.jpg", "kitchen.png"])
def test_an_address_in_the_photo_is_not_asked(name: str, pem: Path, tmp_path: Path, listener):
    address, asked = listener
    photo = photo_file(tmp_path, name)
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dcterms="http://purl.org/dc/terms/" '
        f'dcterms:provenance="{address}/manifest.c2pa"/></rdf:RDF></x:xmpmeta>'
    )
    picture = Image.open(photo)
    if name.endswith("jpg"):
        picture.save(photo, xmp=packet.encode(), quality=95)
    else:
        text = PngInfo()
        text.add_itxt("XML:com.adobe.xmp", packet)
        picture.save(photo, pnginfo=text)
    outcome(photo).save(tmp_path / "out", c2pa=pem)
    assert asked == []


@c2pa
@pytest.mark.parametrize("metadata", ["no-location", "none"])
def test_a_signature_does_not_bring_back_the_place_in_the_photos_own_credentials(
    metadata: str, pem: Path, tmp_path: Path
):
    import io

    from c2pa import Builder

    place = {"label": "stds.exif", "data": {"@context": {}, "exif:GPSLatitude": "Atlantis"}}
    actions = {"label": "c2pa.actions.v2", "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": SHOT}]}}
    builder = Builder({"claim_generator_info": [{"name": "camera"}], "assertions": [actions, place]})
    photo, signed = photo_file(tmp_path, "kitchen.jpg"), io.BytesIO()
    builder.sign(signer_of(pem)[0], "image/jpeg", io.BytesIO(photo.read_bytes()), signed)
    photo.write_bytes(signed.getvalue())
    assert b"Atlantis" in photo.read_bytes()
    made = outcome(photo)
    assert b"Atlantis" in made.save(tmp_path / "kept", c2pa=pem).result.read_bytes()
    done = made.save(tmp_path / "out", c2pa=pem, metadata=metadata)
    assert b"Atlantis" not in done.result.read_bytes()
    assert manifest(done.result)["ingredients"][0]["relationship"] == "parentOf"


@c2pa
def test_nothing_repainted_is_nothing_signed(pem: Path, tmp_path: Path):
    made = outcome(photo_file(tmp_path), np.zeros((180, 240), bool))
    done = made.save(tmp_path / "out", c2pa=pem)
    assert done.recorded["credentials"] is None
    assert done.result.read_bytes() == made.save(tmp_path / "plain").result.read_bytes()


@c2pa
def test_a_format_without_credentials_is_said(pem: Path, tmp_path: Path):
    done = outcome(saved(tmp_path / "a.bmp", Image.fromarray(room()))).save(tmp_path / "out", c2pa=pem)
    assert done.recorded["credentials"] is None
    assert "a BMP file holds no content credentials: it is not signed" in done.recorded["notes"]


@c2pa
def test_a_batch_signs_what_was_not_signed(pem: Path, tmp_path: Path):
    job = Job(photo_file(tmp_path), parse_plan("island -> green"), tmp_path / "out", "kitchen")
    digests = [disclosed_digest("d" * 64, "none", signed=signed) for signed in (False, True)]
    outcome(job.photo).save(job.out)
    assert [is_done(job, digest) for digest in digests] == [True, False]
    outcome(job.photo).save(job.out, c2pa=pem)
    assert [is_done(job, digest) for digest in digests] == [False, True]


@c2pa
def test_an_array_cannot_be_signed(pem: Path, tmp_path: Path):
    with pytest.raises(OutputError, match="this photo was given as pixels and did not come from a file"):
        outcome(room()).save(tmp_path, c2pa=pem)
    assert not (tmp_path / "photo.run.json").exists()


@c2pa
@pytest.mark.parametrize(
    ("keep", "said"),
    [
        ("CERTIFICATE", "holds 2 certificates and 0 keys"),
        ("PRIVATE KEY", "holds 0 certificates and 1 keys"),
        ("nothing", "holds 0 certificates and 0 keys"),
    ],
)
def test_half_a_pem_file_is_refused(keep: str, said: str, pem: Path, tmp_path: Path):
    import re

    parts = re.findall(r"-----BEGIN .*?-----END [A-Z ]*-----\n", pem.read_text(), flags=re.DOTALL)
    half = tmp_path / "half.pem"
    half.write_text("".join(part for part in parts if keep in part))
    with pytest.raises(ConfigError, match=said):
        signer_of(half)


@c2pa
def test_a_broken_key_and_a_missing_file_are_refused(pem: Path, tmp_path: Path):
    broken = tmp_path / "broken.pem"
    broken.write_text(pem.read_text().replace("PRIVATE KEY-----\nM", "PRIVATE KEY-----\nA"))
    with pytest.raises(ConfigError, match="cannot sign"):
        signer_of(broken)
    with pytest.raises(ConfigError, match="cannot read"):
        signer_of(tmp_path / "none.pem")


def test_without_its_library_the_command_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "c2pa", None)
    with pytest.raises(ExtraMissing, match=r"needs the package c2pa-python; run: pip install 'automask\[c2pa\]'"):
        outcome(photo_file(tmp_path)).save(tmp_path / "out", c2pa="agent.pem")


def test_the_command_line_refuses_before_it_works(capsys, scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from automask.cli.entry import main

    monkeypatch.setitem(sys.modules, "c2pa", None)
    for words in (["edit", str(scene.photo)], ["batch", str(scene.folder)]):
        assert main([*words, "lamp -> gold", "-o", str(tmp_path / "out"), "c2pa=agent.pem", *scene.overrides]) == 1
        assert "c2pa-python" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
