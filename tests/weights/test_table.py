import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from automask.cli.entry import main
from automask.errors import ConfigError
from automask.weights import (
    catalogue,
    find,
)
from automask.weights.table import PICKLES

UNPINNED = {"eomt-ade20k", "mask2former-ade20k", "segformer-b5", "mm-grounding-dino-tiny", "sam3.1", "sam-hq-base"}
"""No document that names a commit was found: it is recorded at the first fetch."""
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "models.md"


def test_every_entry_is_pinned_and_says_its_licence():
    order = ("segmenter", "refiner", "editor", "editor part")
    kinds = [entry.kind for entry in catalogue()]
    assert kinds == sorted(kinds, key=order.index)
    assert len({entry.name for entry in catalogue()}) == len(kinds)
    for known in catalogue():
        assert known.licence
        assert known.size_mb > 50
        assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for _, digest in known.sha256)
        if known.is_url:
            assert known.source.startswith("https://dl.fbaipublicfiles.com/segment_anything/")
            assert known.revision is None
            assert known.sha256
        else:
            assert known.name in UNPINNED or re.fullmatch(r"[0-9a-f]{40}", known.revision)
            assert known.name not in UNPINNED or known.revision is None
            assert known.page == f"https://huggingface.co/{known.source}"


def test_only_safetensors_and_plain_text_are_fetched_of_a_repository():
    for known in catalogue():
        for pattern in known.files:
            plain_text = ("tokenizer/*", "tokenizer_2/*", "processor/*")
            assert pattern.endswith((".json", ".safetensors", ".txt")) or pattern in plain_text


@pytest.mark.models
def test_no_pattern_lets_a_pickle_through():
    from huggingface_hub.utils import filter_repo_objects

    names = [f"{stem}.{end}" for stem in ("x", "config.json") for end in ("bin", "pth", "pt", "ckpt", "pkl")]
    for known in catalogue():
        folders = {pattern.rpartition("/")[0] for pattern in known.files}
        files = [f"{folder}/{name}".lstrip("/") for folder in folders for name in names]
        assert not list(filter_repo_objects(files, allow_patterns=list(known.files), ignore_patterns=list(PICKLES)))


def test_every_published_digest_is_of_a_file_that_is_fetched():
    for known in catalogue():
        if not known.is_url:
            assert all(any(fnmatch(file, pattern) for pattern in known.files) for file, _ in known.sha256), known.name


def test_gpu_memory_is_given_and_offload_never_needs_more():
    for known in catalogue():
        assert known.vram_gb > 0
        assert known.offload_gb is None or known.kind == "editor"
        assert (known.offload_gb or 0) < known.vram_gb
    assert find("sd15-inpaint").vram_gb <= 4
    assert find("sdxl-inpaint").offload_gb <= 8


def test_the_docs_page_has_every_entry_with_licence_memory_and_commit():
    page = PAGE.read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("|")]
    for known in catalogue():
        (row,) = [row for row in rows if row[0] == f"`{known.name}`" and len(row) == 6]
        assert row[1] == known.kind
        assert row[5].startswith(known.licence)
        assert known.gated == ("gated" in row[5])
        assert row[4].split()[0].lstrip("+") == f"{known.vram_gb:g}"
        assert (known.offload_gb is not None) == ("(" in row[4])
        assert known.offload_gb is None or f"({known.offload_gb:g})" in row[4]
        if not known.is_url:
            (row,) = [row for row in rows if row[0] == f"`{known.name}`" and len(row) == 3]
            commit = f"`{known.revision}`" if known.revision else "recorded at the first fetch"
            assert row[1:] == [f"huggingface.co/{known.source}", commit]
        for _, digest in known.sha256:
            assert f"`{digest}`" in page


def test_the_list_names_licence_download_and_memory_of_each_in_100_columns(capsys):
    assert main(["models"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 100
    for known in catalogue():
        (line,) = [line for line in lines if line.split(" ")[0] == known.name]
        assert known.licence in line
        assert f"{known.vram_gb:g} GB" in line
        assert ("+" in line.replace("++", "")) == (known.kind == "editor part")
        assert known.gated == ("(gated)" in line)
    assert f"flux-fill: no commercial use, gated: {find('flux-fill').page}" in lines
    assert find("flux-fill").non_commercial
    assert not find("sd15-inpaint").non_commercial


def test_an_unknown_name_gets_the_nearest():
    assert find("vit_b").name == "vit_b"
    with pytest.raises(ConfigError, match=r"unknown model 'sd15-inpant'; did you mean 'sd15-inpaint'\?"):
        find("sd15-inpant")
    with pytest.raises(ConfigError, match=r"unknown model 'zzz'; valid: clipseg-rd64-refined, eomt-ade20k,"):
        find("zzz")


def test_listing_needs_none_of_the_models_packages():
    code = (
        "import sys, automask.weights as w; print(*map(w.find_local, w.catalogue()), 'huggingface_hub' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split() == [
        "None"
    ] * len(catalogue()) + ["False"]
