"""Records, lists and pictures in OUT that somebody damaged: a batch goes on, and nothing but one photo may suffer."""

import json
import random
import time
import tracemalloc
import zlib

import pytest
from batch_jobs import editing, found, pictures, tree
from regions import block, outcome, region

from automask.batches.failures import read_failures
from automask.batches.mappers import LocalPool
from automask.batches.page import write_page
from automask.batches.resume import has_masks, is_done
from automask.batches.run import run_batch
from automask.batches.sheets import result_pictures, write_contact_sheet
from automask.errors import AutomaskError
from automask.images import open_photo
from automask.images.containers import png_bytes
from automask.results.claims import claims_of, sweep_journals
from automask.results.coco import coco_of_records
from automask.results.files import files_of
from automask.results.labelme import labelme_of_record
from automask.results.outcome import save_masks
from automask.results.records import has_readable_masks, parse_record, read_record
from automask.results.yolo import yolo_of_records
from automask.types import Job

pytestmark = pytest.mark.slow

SEEDS, MORE_SEEDS = 100, 1000
ODD = [
    None,
    True,
    -1,
    0,
    1e308,
    2**70,
    "",
    "x",
    "../x",
    "a/b/c",
    "\0",
    "x" * 300,
    [],
    [[]],
    {},
    {"a": 1},
    [None],
    ["x"] * 9,
]


def damaged(text: str, dice: random.Random) -> bytes:
    """A record with a value of another kind somewhere, without one, or with broken text."""
    record = json.loads(text)
    if dice.random() < 0.25:
        data = bytearray(text.encode())
        for _ in range(dice.choice((1, 5, 50))):
            data[dice.randrange(len(data))] = dice.randrange(256)
        return bytes(data[: dice.choice((len(data), dice.randrange(len(data))))])
    node = record
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = dice.choice(keys)
        if isinstance(node[key], dict | list) and node[key] and dice.random() < 0.7:
            node = node[key]
            continue
        break
    if dice.random() < 0.2:
        del node[key]
    else:
        node[key] = dice.choice(ODD)
    return json.dumps(record).encode()


@pytest.fixture
def saved(kitchen, tmp_path):
    hards = [block(0, 20, 0, 20), None, block(30, 50, 30, 80)]
    return outcome(kitchen, hards).save(tmp_path / "out", disclose="label")


def test_every_reader_takes_every_damaged_record(saved, kitchen, tmp_path, request):
    out, text = tmp_path / "out", saved.record.read_text()
    pictures_before = {name: data for name, data in tree(out).items() if "run.json" not in name}
    job = Job(kitchen.source, outcome(kitchen, [None] * 3).plan, out, "kitchen")
    for seed in range(MORE_SEEDS if request.config.getoption("--long") else SEEDS):
        data = damaged(text, random.Random(seed))
        saved.record.write_bytes(data)
        record = read_record(saved.record)
        claims_of(files_of("kitchen.png", out))
        is_done(job, record.get("digest", ""))
        write_page(out, result_pictures(out))
        sweep_journals(out)
        saved.record.with_name(".automask.kitchen.writing").write_bytes(data)
        claims_of(files_of("kitchen.png", out))
        try:
            outcome(kitchen, [block(1, 3, 1, 3), None, None]).save(out, name="kitchen")
        except AutomaskError as error:
            assert "\n" not in str(error), seed  # noqa: PT017
        else:
            saved = outcome(kitchen, [block(0, 20, 0, 20), None, block(30, 50, 30, 80)]).save(
                out, disclose="label", overwrite=True
            )
        for path in out.glob(".automask.*"):
            path.unlink()
        now = tree(out)
        assert {name: now.get(name) for name in pictures_before} == pictures_before, seed


def test_masks_of_a_damaged_record_can_be_listed_or_are_found_unreadable(kitchen, tmp_path, request):
    regions = [region("island", block(0, 20, 0, 20)), region("sofa"), region("lamp", block(30, 50, 30, 80))]
    text = save_masks(kitchen, regions, tmp_path).record.read_text()
    assert has_readable_masks(parse_record(text.encode()))
    readable = 0
    for seed in range(MORE_SEEDS if request.config.getoption("--long") else SEEDS):
        record = parse_record(damaged(text, random.Random(seed)))
        if has_readable_masks(record):
            readable += 1
            named = [("a.png", record)]
            assert json.dumps([coco_of_records(named), labelme_of_record("a.png", record)])
            assert yolo_of_records(named)
    assert 0.2 < readable / (seed + 1) < 0.8


@pytest.mark.parametrize(
    ("key", "value"),
    [("counts", "o" * 3_000_000), ("counts", "é"), ("size", [1 << 40, 1 << 40]), ("size", []), ("size", [-1, -1])],
)
def test_run_lengths_made_to_take_long_or_all_memory_are_damaged(kitchen, tmp_path, key, value):
    record = parse_record(save_masks(kitchen, [region("island", block(0, 20, 0, 20))], tmp_path).record.read_bytes())
    record["regions"][0]["segmentation"][key] = value
    began = time.process_time()
    assert not has_readable_masks(record)
    assert time.process_time() - began < 1


@pytest.mark.parametrize("key", ["size_wh", "regions", "target", "segmentation", "area_px", "peak"])
def test_a_record_of_masks_without_what_a_coco_file_takes_is_not_done_before(kitchen, tmp_path, key):
    saved = save_masks(kitchen, [region("island", block(0, 20, 0, 20))], tmp_path, digest="d")
    job = Job(kitchen.source, outcome(kitchen, [None] * 3).plan, tmp_path, "kitchen")
    assert has_masks(job, "d")
    record = json.loads(saved.record.read_text())
    del (record if key in record else record["regions"][0])[key]
    saved.record.write_text(json.dumps(record))
    assert not has_masks(job, "d")


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 2_000_000,
        b'{"schema": 1, "steps": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"schema": 1, "seed": ' + b"9" * 10_000 + b"}",
        b'{"schema": 1, "photo": "' + b"x" * 3_000_000 + b'"}',
        b'{"schema": true}',
        b'{"schema": 1, "photo": "../../etc/passwd"}',
        b'{"schema": 1, "files": {"../../a": {"bytes": 1, "sha256": ""}}}',
        b'{"schema": 1, "files": {"/etc/passwd": {"bytes": 1, "sha256": ""}}}',
        b'{"schema": 1, "regions": [{"mask": "../../../a.png"}]}',
        b'{"schema": 1, "disclosure": {"original": "../a.jpg"}}',
        b'{"schema": 1, "steps": [{"targets": []}]}',
        b"\xff\xfe\0",
    ],
)
def test_what_is_no_record_is_none(data):
    began = time.process_time()
    assert parse_record(data) == {} or "x" * 99 in parse_record(data)["photo"]
    assert time.process_time() - began < 2


def test_a_record_of_many_megabytes_is_not_read(tmp_path):
    with (tmp_path / "a.run.json").open("wb") as file:
        file.truncate(1 << 30)
    tracemalloc.start()
    assert read_record(tmp_path / "a.run.json") == {}
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def bomb() -> bytes:
    """A PNG of 600 megapixels in 2 MB, all black: twenty lines, packed once, a thousand times over."""
    size = 20 * (30_000 * 3 + 1)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    lines = packer.compress(bytes(size)) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = (1000 * size % 65521) << 16 | 1  # of zeros, by RFC 1950
    packed = b"\x78\xda" + lines * 1000 + b"\x03\0" + checksum.to_bytes(4, "big")
    header = (30_000).to_bytes(4, "big") + (20_000).to_bytes(4, "big") + b"\x08\x02\0\0\0"
    return png_bytes([(b"IHDR", header), (b"IDAT", packed), (b"IEND", b"")])


DAMAGE = {
    "a.run.json": [b"[" * 100_000, b'{\n "schema": 1, "steps": 7}', b'{"schema": 1, "photo": []}'],
    "a.before-after.jpg": [b"%!PS-Adobe-3.0 EPSF-3.0\nshowpage", b"", b"\xff\xd8\xff" + bytes(99)],
    "failures.csv": [b'photo,reason\n"' + b"x" * 400_000, b"\0" * 99, b"photo,reason\n\xff,\n"],
    "contact-sheet.jpg": [b"", b"mine"],
    "index.html": [b"", b"\xff\xfe", b"<h1>mine</h1>"],
}


@pytest.mark.parametrize(("name", "data"), [(name, data) for name, several in DAMAGE.items() for data in several])
def test_a_batch_goes_on_whatever_lies_in_its_folder(tmp_path, name, data):
    out = tmp_path / "out"
    jobs = found(pictures(tmp_path / "in", "a.jpg", "b.jpg"), out).jobs
    run_batch(jobs, editing, LocalPool(workers=1), out=out)
    (out / name).write_bytes(data)
    reports = run_batch(jobs, editing, LocalPool(workers=1), out=out)
    assert reports[1].status == "skipped"
    assert reports[0].status in {"skipped", "done", "failed"}


def test_a_bomb_as_a_preview_costs_a_cell_of_the_sheet(tmp_path):
    out = tmp_path / "out"
    jobs = found(pictures(tmp_path / "in", "a.jpg", "b.jpg"), out).jobs
    run_batch(jobs, editing, LocalPool(workers=1), out=out)
    (out / "a.before-after.jpg").write_bytes(bomb())
    began = time.process_time()
    tracemalloc.start()
    (sheet,) = write_contact_sheet(out)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert open_photo(sheet).size_wh[0] > 100
    assert peak < 200e6
    assert time.process_time() - began < 5


def test_a_name_too_long_for_its_companions_is_shortened(tmp_path):
    long = "x" * 240 + ".jpg"
    out = tmp_path / "out"
    jobs = found(pictures(tmp_path / "in", "a.jpg", long), out).jobs
    reports = run_batch(jobs, editing, LocalPool(workers=1), out=out)
    assert [report.status for report in reports] == ["done", "done"]
    assert read_failures(out) == []
    results = [file.name for file in out.glob("x*.jpg") if "before-after" not in file.name]
    assert len(results) == 1
    assert results[0] != long
