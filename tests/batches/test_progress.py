from pathlib import Path

from batch_jobs import found, pictures, touch

from automask.batches import progress
from automask.batches.progress import BatchLog, Progress
from automask.types import JobReport


def test_a_line_says_done_failed_rate_and_time_left(tmp_path):
    (job,) = found(pictures(tmp_path / "in", "a.jpg"), tmp_path / "out").jobs
    now = [0.0]
    counted = Progress(500, lambda: now[0])
    assert counted.line() == "0 of 500 photos, 0 failed"
    for status in ("skipped", "done", "failed", "done"):
        counted.add(JobReport(job, status))
    now[0] = 6.0
    assert counted.line() == "4 of 500 photos, 1 done before, 1 failed; 0.50 a second, 17 min left"


def lines(path):
    return path.read_text(encoding="utf-8").splitlines()


def test_the_log_goes_on_with_each_run_and_is_not_begun_without_a_line(tmp_path):
    BatchLog(tmp_path)
    assert not [*tmp_path.iterdir()]
    for text in ("one", "two"):
        BatchLog(tmp_path).write(text)
    assert [line.partition(" ")[2] for line in lines(tmp_path / "batch.log")[1:]][1::2] == ["one", "two"]


def test_a_log_whose_title_was_cut_by_a_full_disk_is_begun_again(tmp_path):
    (tmp_path / "batch.log").write_text("automask's l", encoding="utf-8")
    BatchLog(tmp_path).write("one")
    assert [path.name for path in tmp_path.iterdir()] == ["batch.log"]
    assert lines(tmp_path / "batch.log")[0] == "automask's log of this folder"


def test_a_log_of_a_person_s_own_is_kept(tmp_path):
    touch(tmp_path, "batch.log")
    BatchLog(tmp_path).write("one")
    assert (tmp_path / "batch.log").read_bytes() == b"x"
    assert lines(tmp_path / "automask-batch.log")[-1].endswith(" one")


def test_a_long_log_loses_its_beginning(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "_LOG_BYTES", 1000)
    for number in range(100):
        BatchLog(tmp_path).write(f"line {number}")
    kept = lines(tmp_path / "batch.log")
    assert sum(map(len, kept)) < 1200
    assert kept[0] == "automask's log of this folder"
    assert kept[-1].endswith("line 99")


def test_a_log_that_cannot_be_written_stops_nothing():
    BatchLog(Path("/dev/null/nowhere")).write("one")
    BatchLog(None).write("one")
