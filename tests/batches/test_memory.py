import numpy as np
import pytest
from PIL import Image

from automask.batches import memory
from automask.batches.memory import free_mb, largest_megapixels, needed_mb, workers_by_memory
from automask.types import Job


def job(path, url=""):
    return Job(path, (), path.parent, path.stem, photo_url=url)


@pytest.mark.parametrize(
    ("cores", "free", "needed", "workers"),
    [
        (8, 16000, 1000, 8),  # the cores decide
        (8, 5000, 1000, 4),  # the memory decides, of which a tenth is left
        (8, 900, 1000, 1),  # one is always tried
        (8, None, 1000, 8),  # a system that does not say
        (1, 64000, 1000, 1),
    ],
)
def test_workers_are_as_many_as_cores_and_memory_allow(cores, free, needed, workers):
    assert workers_by_memory(cores, free, needed) == workers


def test_larger_photos_and_less_memory_never_give_more_workers():
    counts = np.array(
        [[workers_by_memory(16, free, needed_mb(size)) for size in (1, 12, 24, 100)] for free in (2e3, 8e3, 32e3)]
    )
    assert (np.diff(counts, axis=1) <= 0).all()
    assert (np.diff(counts, axis=0) >= 0).all()


def test_the_largest_photo_counts_and_files_that_are_none_do_not(tmp_path):
    for name, size in (("a.jpg", (300, 200)), ("b.png", (1000, 500))):
        Image.new("RGB", size).save(tmp_path / name)
    (tmp_path / "c.jpg").write_bytes(b"no photo" * 10000)
    jobs = [job(tmp_path / name) for name in ("a.jpg", "b.png", "c.jpg", "gone.jpg")]
    assert largest_megapixels(jobs) == 0.5
    assert largest_megapixels([]) == 0


def test_a_photo_in_a_store_is_not_fetched_to_see_its_size(tmp_path):
    assert largest_megapixels([job(tmp_path / "a.jpg", "s3://bucket/a.jpg")]) == 12


def test_free_memory_is_the_system_s_or_what_a_container_has_left(tmp_path):
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 9 kB\nMemAvailable:    4000000 kB\n", encoding="ascii")
    assert free_mb(meminfo, tmp_path) == 4096
    for name, text in (("max", "3000000000"), ("current", "2500000000"), ("stat", "anon 9\ninactive_file 500000000")):
        (tmp_path / f"memory.{name}").write_text(text, encoding="ascii")
    assert free_mb(meminfo, tmp_path) == 1000
    (tmp_path / "memory.max").write_text("max\n", encoding="ascii")
    assert free_mb(meminfo, tmp_path) == 4096
    assert free_mb(tmp_path / "none", tmp_path) is None


def test_a_batch_of_large_photos_gets_fewer_workers(tmp_path, monkeypatch):
    Image.new("L", (4000, 3000)).save(tmp_path / "a.png")
    monkeypatch.setattr(memory, "free_mb", lambda: 3 * needed_mb(12))
    assert memory.fitting_workers(8, [job(tmp_path / "a.png")]) == 2
