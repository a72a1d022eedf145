import pytest

from automask.testing.model_cache import write_once


@pytest.mark.models
def test_a_tiny_model_is_written_once_and_leaves_the_global_random_state(cache):
    import torch

    writes = []

    def write(folder):
        writes.append(torch.rand(3).tolist())
        (folder / "file").write_text("whole")

    before = torch.get_rng_state()
    first = write_once("model", write)
    assert write_once("model", write) == first
    assert (first / "file").read_text() == "whole"
    assert len(writes) == 1
    assert torch.equal(before, torch.get_rng_state())
    assert [path.name for path in cache.iterdir()] == [first.name]


@pytest.mark.models
def test_of_two_processes_that_race_the_slower_takes_what_the_faster_wrote(cache):
    def write_slowly(folder):
        (folder / "file").write_text("slow")
        write_once("model", lambda other: (other / "file").write_text("fast"))

    home = write_once("model", write_slowly)
    assert (home / "file").read_text() == "fast"
    assert [path.name for path in cache.iterdir()] == [home.name]


@pytest.mark.models
def test_a_tiny_model_that_fails_half_way_leaves_nothing(cache):
    def fail(folder):
        (folder / "file").write_text("half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_once("model", fail)
    assert list(cache.iterdir()) == []
