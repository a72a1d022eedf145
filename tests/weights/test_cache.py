import hashlib
import io
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from http.client import BadStatusLine, IncompleteRead
from types import SimpleNamespace

import pytest

from automask.cli.entry import main
from automask.errors import ConfigError, ExtraMissing, WeightsMissing
from automask.weights import (
    Weights,
    catalogue,
    expected_path,
    fetch,
    find,
    find_local,
    hub_dir,
    locate,
    take_over_downloads,
)

BYTES = b"not really weights" * 1000
DIGEST = hashlib.sha256(BYTES).hexdigest()


def entry(**settings):
    plain = {"name": "net", "kind": "refiner", "source": "https://example.invalid/net.pth", "revision": None}
    plain |= {"sha256": (("net.pth", DIGEST),), "licence": "MIT", "size_mb": 1, "note": ""}
    return Weights(**{**plain, **settings})


@pytest.fixture
def known(monkeypatch):
    def put(*entries):
        monkeypatch.setattr("automask.weights.table._CATALOGUE", entries)

    return put


class Answer(io.BytesIO):
    def __init__(self, body, length, status=200):
        super().__init__(body)
        self.status = status
        self.headers = {} if length is None else {"Content-Length": str(length)}


@pytest.fixture
def served(monkeypatch):
    """What a download gets in place of the network; a list of the URLs that were asked for comes back."""
    asked = []

    def serve(body=BYTES, length=None, error=None, resumes=True):
        def urlopen(url, timeout):
            asked.append(url)
            if error is not None:
                raise error
            if not isinstance(url, str) and resumes:  # a request for the rest
                start = int(re.fullmatch(r"bytes=(\d+)-", url.get_header("Range"))[1])
                return Answer(body[start:], None if length is None else length - start, 206)
            return Answer(body, length)

        monkeypatch.setattr(urllib.request, "urlopen", urlopen)
        return asked

    return serve


def fill(home, names):
    for name in names:
        file = home / name.replace("*", "x")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("{}")


def test_weights_that_are_not_there_are_missing_and_nothing_is_downloaded(served, homes):
    asked = served()
    for known in catalogue():
        assert find_local(known) is None
        with pytest.raises(WeightsMissing) as caught:
            locate(known.name)
        assert str(caught.value) == (
            f"no weights for {known.name!r} under {expected_path(known)}; "
            f"run 'automask models fetch {known.name}', or point model at a copy"
        )
    assert asked == []
    assert not (homes / "own").exists()


def test_a_path_is_taken_as_it_is_but_a_name_goes_first(tmp_path, monkeypatch):
    (tmp_path / "mine.pth").write_bytes(BYTES)
    assert locate(str(tmp_path / "mine.pth")) == tmp_path / "mine.pth"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "vit_b").mkdir()
    with pytest.raises(WeightsMissing, match=r"no weights for 'vit_b' under"):
        locate("vit_b")
    with pytest.raises(
        WeightsMissing, match=r"no weights at 'gone/sam.pth'; point model at a file or folder that is there"
    ):
        locate("gone/sam.pth")
    with pytest.raises(ConfigError, match=r"unknown model 'vit_x'; did you mean 'vit_"):
        locate("vit_x")


SHARDED = {
    "flux-fill": ("text_encoder_2/model", "transformer/diffusion_pytorch_model"),
    "klein-4b": ("text_encoder/model",),
    "kontext-dev": ("text_encoder_2/model", "transformer/diffusion_pytorch_model"),
    "qwen-image": ("text_encoder/model", "transformer/diffusion_pytorch_model"),
    "qwen-image-edit": ("text_encoder/model", "transformer/diffusion_pytorch_model"),
}


@pytest.mark.parametrize("name", [known.name for known in catalogue() if not known.is_one_file])
def test_a_repository_is_there_when_every_file_of_it_is(name):
    known = find(name)
    home = expected_path(known)
    assert home.parts[-3:] == ("models--" + known.source.replace("/", "--"), "snapshots", known.revision or "newest")
    fill(home, [file for file in known.files if not file.endswith(".safetensors.index.json")])
    for index in SHARDED.get(name, ()):
        text = json.dumps({"weight_map": {"a": f"{index.split('/')[1]}-1.safetensors"}})
        (home / f"{index}.safetensors.index.json").write_text(text)
        assert find_local(known) is None  # the shard that the index names is not there
        (home / f"{index}-1.safetensors").write_text("")
    assert find_local(known) == locate(name) == home
    (home / known.files[-1]).unlink()
    assert find_local(known) is None


@pytest.mark.parametrize("name", ["lcm-lora-sd15", "sdxl-lightning-lora"])
def test_a_lora_is_located_as_the_file_that_diffusers_loads(name):
    known = find(name)
    folder = hub_dir() / f"models--{known.source.replace('/', '--')}" / "snapshots" / known.revision
    fill(folder, ["sdxl_lightning_8step_lora.safetensors"])  # another file of the repository is not enough
    assert find_local(known) is None
    fill(folder, known.files)
    assert locate(name) == folder / known.files[0]
    assert locate(name).suffix == ".safetensors"


@pytest.mark.models
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"HF_HOME": "/a/hf"},
        {"HF_HUB_CACHE": "/a/hub"},
        {"XDG_CACHE_HOME": "/a/xdg"},
        {"HUGGINGFACE_HUB_CACHE": "/a/old"},
    ],
)
def test_the_hubs_folder_is_the_one_that_huggingface_hub_finds(settings, monkeypatch):
    for name in ("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    code = "from huggingface_hub import constants; print(constants.HF_HUB_CACHE)"
    theirs = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    assert str(hub_dir()) == theirs


def test_a_download_is_checked_renamed_and_reported(known, served):
    known(entry())
    asked, reported = served(length=len(BYTES)), []
    path = fetch("net", progress=lambda done, total: reported.append((done, total)))
    assert path == expected_path(find("net")) == locate("net")
    assert path.read_bytes() == BYTES
    assert reported[-1] == (len(BYTES), len(BYTES))
    assert [file.name for file in path.parent.iterdir()] == ["net.pth"]
    fetch("net")
    assert len(asked) == 1  # the second time it is only checked


def test_a_download_has_its_name_only_once_it_is_whole_and_checked(known, served):
    known(entry())
    served(length=len(BYTES))
    there = []
    fetch("net", progress=lambda *_: there.append(expected_path(find("net")).exists()))
    assert there
    assert not any(there)


def test_a_download_with_another_digest_is_thrown_away(known, served):
    known(entry())
    served(body=b"something else")
    with pytest.raises(
        WeightsMissing,
        match=rf"net.pth of 'net' has SHA-256 [0-9a-f]{{64}}, not {DIGEST} \(published\); the download was deleted: "
        "fetch again, and if it is the same again, report this",
    ):
        fetch("net")
    assert find_local(find("net")) is None
    assert list(expected_path(find("net")).parent.iterdir()) == []


def test_a_file_that_changed_on_disk_is_noticed(known, served):
    known(entry())
    served()
    fetch("net").write_bytes(b"changed")
    with pytest.raises(WeightsMissing, match=r"delete .*net.pth and fetch again; do not use this file"):
        fetch("net")
    assert find_local(find("net")) is None
    with pytest.raises(WeightsMissing, match="no weights for 'net'"):
        locate("net")
    assert fetch("net").read_bytes() == BYTES


def breaks_off(served, at=7000):
    served(body=BYTES[:at], length=len(BYTES))
    with pytest.raises(
        WeightsMissing, match=rf"could not fetch 'net' from https://.*: the download broke off after {at} of 18000"
    ):
        fetch("net")
    assert find_local(find("net")) is None


@pytest.mark.parametrize("resumes", [True, False])
def test_a_download_that_broke_off_is_gone_on_with_where_the_server_can(known, served, resumes):
    known(entry())
    breaks_off(served)
    asked, reported = served(length=len(BYTES), resumes=resumes), []
    path = fetch("net", progress=lambda *now: reported.append(now))
    assert path.read_bytes() == BYTES
    assert asked[-1].get_header("Range") == "bytes=7000-"
    assert reported[-1] == (len(BYTES), len(BYTES))
    assert [file.name for file in path.parent.iterdir()] == ["net.pth"]


def test_what_breaks_off_twice_keeps_what_it_has(known, served):
    known(entry())
    breaks_off(served)
    served(error=OSError("no route to host"))
    with pytest.raises(WeightsMissing, match="no route to host"):
        fetch("net")
    breaks_off(served, at=9000)
    served(length=len(BYTES))
    assert fetch("net").read_bytes() == BYTES


def a_dead_process() -> int:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def part_of(pid: int, host: str | None = None) -> str:
    return f"net.pth.{pid}@{host or socket.gethostname()}.part"


def test_a_fetch_goes_on_from_what_a_killed_one_had_and_leaves_that_of_another_alone(known, served):
    known(entry())
    folder = expected_path(find("net")).parent
    folder.mkdir(parents=True)
    (folder / part_of(a_dead_process())).write_bytes(BYTES[:9000])
    (folder / part_of(a_dead_process())).write_bytes(BYTES[:500])
    theirs = folder / part_of(os.getppid())
    theirs.write_bytes(BYTES[:100])
    asked = served(length=len(BYTES))
    assert fetch("net").read_bytes() == BYTES
    assert asked[-1].get_header("Range") == "bytes=9000-"
    assert sorted(folder.iterdir()) == sorted([folder / "net.pth", theirs])


def test_the_list_of_models_tidies_up_after_killed_downloads(known, capsys):
    known(entry())
    folder = expected_path(find("net")).parent
    folder.mkdir(parents=True)
    (folder / part_of(a_dead_process())).write_bytes(BYTES[:9000])
    (folder / part_of(a_dead_process())).write_bytes(b"")
    assert main(["models"]) == 0
    assert [(file.name, file.stat().st_size) for file in folder.iterdir()] == [("net.pth.part", 9000)]


def test_what_another_machine_downloads_into_the_same_cache_is_left_to_it_until_it_has_long_been_silent(known, served):
    known(entry())
    folder = expected_path(find("net")).parent
    folder.mkdir(parents=True)
    theirs = folder / part_of(a_dead_process(), "10.0.0.5")
    theirs.write_bytes(BYTES[:9000])
    asked = served(length=len(BYTES))
    assert fetch("net").read_bytes() == BYTES
    assert asked == [entry().source], "from its beginning"
    assert theirs.read_bytes() == BYTES[:9000]
    os.utime(theirs, (time.time() - 3600,) * 2)
    take_over_downloads()
    assert sorted(file.name for file in folder.iterdir()) == ["net.pth", "net.pth.part"]


class Breaking(Answer):
    """An answer that ends by an error of its own after some bytes."""

    def __init__(self, body, error):
        super().__init__(body, None)
        self.error = error

    def read(self, size=-1):
        block = super().read(size)
        if not block:
            raise self.error
        return block


@pytest.mark.parametrize("size", [0, 7000])
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (IncompleteRead(b"", 5), r"IncompleteRead\(0 bytes read, 5 more expected\)"),
        (ConnectionResetError(104, "Connection reset by peer"), "Connection reset by peer"),
    ],
)
def test_an_answer_that_ends_by_an_error_keeps_what_came_and_nothing_empty(
    known, monkeypatch, served, size, error, said
):
    known(entry())
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: Breaking(BYTES[:size], error))
    with pytest.raises(WeightsMissing, match=rf"could not fetch 'net' from https://.*{said}; check the connection"):
        fetch("net")
    home = expected_path(find("net"))
    assert {file.name: file.stat().st_size for file in home.parent.iterdir()} == (
        {"net.pth.part": size} if size else {}
    )
    served(length=len(BYTES))
    assert fetch("net").read_bytes() == BYTES


def test_what_is_stopped_while_it_is_verified_is_not_downloaded_again(known, monkeypatch, served):
    def stopped(_):
        raise KeyboardInterrupt

    known(entry())
    served(length=len(BYTES))
    with monkeypatch.context() as patched:
        patched.setattr("automask.weights.cache._sha256", stopped)
        with pytest.raises(KeyboardInterrupt):
            fetch("net")
    assert [file.name for file in expected_path(find("net")).parent.iterdir()] == ["net.pth.part"]
    asked = served(length=len(BYTES))
    assert fetch("net").read_bytes() == BYTES
    assert asked[-1].get_header("Range") == f"bytes={len(BYTES)}-"


def test_what_is_no_answer_of_a_server_is_said_as_one_sentence(known, served):
    known(entry())
    served(error=BadStatusLine("hello there"))
    with pytest.raises(WeightsMissing, match=r"could not fetch 'net' from .*: hello there; check the connection"):
        fetch("net")


def test_what_was_whole_when_it_was_stopped_is_taken_as_it_is(known, served):
    known(entry())
    breaks_off(served)
    home = expected_path(find("net"))
    home.with_name(f"{home.name}.part").write_bytes(BYTES)
    served(error=urllib.error.HTTPError("https://x", 416, "Range Not Satisfiable", {}, None))
    assert fetch("net").read_bytes() == BYTES
    assert [file.name for file in home.parent.iterdir()] == [home.name]


def test_the_rest_of_another_file_is_noticed_and_thrown_away(known, served):
    known(entry())
    breaks_off(served)
    served(body=b"x" * len(BYTES), length=len(BYTES))
    with pytest.raises(WeightsMissing, match=r"has SHA-256 .* \(published\); the download was deleted: fetch again"):
        fetch("net")
    assert list(expected_path(find("net")).parent.iterdir()) == []
    served()
    assert fetch("net").read_bytes() == BYTES


def test_without_a_network_the_reason_and_the_place_are_said(known, served):
    known(entry())
    served(error=OSError("no route to host\nand more"))
    with pytest.raises(
        WeightsMissing, match=r"could not fetch 'net' .*: no route to host; check the connection, or copy .*net.pth"
    ):
        fetch("net")


def test_what_no_document_gives_is_recorded_at_the_first_fetch(known, served, homes):
    known(entry(sha256=()))
    served()
    fetch("net").unlink()
    assert json.loads((homes / "own" / "digests" / "net.json").read_text()) == {"net.pth": DIGEST}
    served(body=b"something else")
    with pytest.raises(WeightsMissing, match=rf"not {DIGEST} \(recorded in .*net.json\)"):
        fetch("net")


@pytest.fixture
def hub(monkeypatch):
    """huggingface_hub's download in place of the network: writes what it was asked for, or raises."""
    import huggingface_hub

    asked = []

    def answer(error=None, leave_out=()):
        def snapshot_download(source, *, revision, cache_dir, allow_patterns, ignore_patterns):
            assert {"*.bin", "*.ckpt", "*.pt", "*.pth"} <= set(ignore_patterns)
            asked.append((source, revision, tuple(allow_patterns)))
            if error is not None:
                raise error
            home = cache_dir / f"models--{source.replace('/', '--')}" / "snapshots" / (revision or "a" * 40)
            fill(home, [name for name in allow_patterns if name not in leave_out])
            return str(home)

        monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
        return asked

    return answer


REPOSITORY = {
    "name": "repo",
    "source": "someone/something",
    "revision": "0" * 40,
    "sha256": (),
    "files": ("config.json", "unet/model.safetensors"),
}


@pytest.mark.models
def test_a_repository_is_fetched_at_its_commit_and_its_digests_recorded(known, hub, homes):
    known(entry(**REPOSITORY))
    asked = hub()
    assert fetch("repo") == locate("repo")
    assert asked == [("someone/something", "0" * 40, ("config.json", "unet/model.safetensors"))]
    recorded = json.loads((homes / "own" / "digests" / "repo.json").read_text())
    assert recorded == {"unet/model.safetensors": hashlib.sha256(b"{}").hexdigest()}


@pytest.mark.models
def test_a_repository_without_a_known_commit_is_held_to_that_of_the_first_fetch(known, hub, homes):
    known(entry(**{**REPOSITORY, "revision": None}))
    asked = hub()
    with pytest.raises(WeightsMissing, match=r"no weights for 'repo' under .*newest; run 'automask models fetch repo'"):
        locate("repo")
    assert fetch("repo") == locate("repo")
    assert locate("repo").name == "a" * 40
    assert (homes / "own" / "commits" / "repo").read_text() == "a" * 40
    assert fetch("repo") == locate("repo")
    assert [revision for _, revision, _ in asked] == [None, "a" * 40]


@pytest.mark.models
def test_one_file_of_a_repository_is_fetched_checked_and_given_back(known, hub, homes):
    known(entry(**{**REPOSITORY, "files": ("lora.safetensors",)}))
    asked = hub()
    folder = hub_dir() / "models--someone--something" / "snapshots" / ("0" * 40)
    fill(folder, ["another.safetensors"])  # fetched by another program: not ours to read through
    assert fetch("repo") == locate("repo") == folder / "lora.safetensors"
    assert asked == [("someone/something", "0" * 40, ("lora.safetensors",))]
    recorded = json.loads((homes / "own" / "digests" / "repo.json").read_text())
    assert recorded == {"lora.safetensors": hashlib.sha256(b"{}").hexdigest()}
    known(entry(**{**REPOSITORY, "files": ("lora.safetensors",), "sha256": (("lora.safetensors", DIGEST),)}))
    with pytest.raises(WeightsMissing, match=r"lora.safetensors of 'repo' has SHA-256 .* \(published\); delete"):
        fetch("repo")


@pytest.mark.models
def test_a_repository_with_another_digest_is_refused(known, hub):
    known(entry(**{**REPOSITORY, "sha256": (("unet/model.safetensors", DIGEST),)}))
    hub()
    with pytest.raises(WeightsMissing, match=r"unet/model.safetensors of 'repo' has SHA-256 .* \(published\); delete"):
        fetch("repo")


@pytest.mark.models
def test_a_wrong_file_behind_a_link_of_the_hub_is_the_one_to_delete(known, hub, homes):
    known(entry(**{**REPOSITORY, "sha256": (("unet/model.safetensors", DIGEST),)}))
    hub()
    blob = homes / "hub" / "blobs" / "abc"
    fill(blob.parent, ["abc"])
    link = expected_path(find("repo")) / "unet" / "model.safetensors"
    link.parent.mkdir(parents=True)
    link.symlink_to(blob)
    with pytest.raises(WeightsMissing, match=rf"delete {re.escape(str(blob.resolve()))} and fetch again"):
        fetch("repo")
    assert blob.exists()
    assert not link.is_symlink()
    assert find_local(find("repo")) is None


@pytest.mark.models
def test_a_repository_that_lacks_a_file_is_refused(known, hub):
    known(entry(**REPOSITORY))
    hub(leave_out=("unet/model.safetensors",))
    with pytest.raises(
        WeightsMissing, match=r"someone/something at 0{40} has no unet/model.safetensors; point model at a"
    ):
        fetch("repo")


@pytest.mark.models
def test_a_gated_repository_says_where_its_licence_is_accepted(known, hub):
    from huggingface_hub.errors import GatedRepoError

    known(entry(**REPOSITORY))
    refused = SimpleNamespace(status_code=403, headers={}, request=None)
    hub(error=GatedRepoError("403 Forbidden", response=refused))
    with pytest.raises(
        WeightsMissing,
        match=r"someone/something is gated: its licence \(MIT\) must be accepted first; accept it at "
        r"https://huggingface.co/someone/something, run 'hf auth login', and fetch again",
    ):
        fetch("repo")


@pytest.mark.models
def test_a_hub_that_does_not_answer_is_said(known, hub):
    from huggingface_hub.errors import LocalEntryNotFoundError

    known(entry(**REPOSITORY))
    hub(error=LocalEntryNotFoundError("cannot find the requested files"))
    with pytest.raises(
        WeightsMissing, match=r"could not fetch 'repo' from someone/something: cannot find the requested files;"
    ):
        fetch("repo")


def test_without_huggingface_hub_one_sentence_names_the_command(known, monkeypatch):
    known(entry(**REPOSITORY))
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(
        ExtraMissing, match=r"fetching 'repo' needs the packages of the 'models' extra: .*huggingface_hub"
    ):
        fetch("repo")


def test_the_list_says_where_fetched_weights_are(capsys):
    known = find("lcm-lora-sd15")
    fill(expected_path(known).parent, known.files)
    assert main(["models"]) == 0
    out = capsys.readouterr().out
    assert f"lcm-lora-sd15 is at {expected_path(known)}" in out
    assert [line.split()[0] for line in out.splitlines() if line.rstrip().endswith(" yes")] == ["lcm-lora-sd15"]
