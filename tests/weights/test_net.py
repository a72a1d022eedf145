import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from automask.errors import ConfigError
from automask.geometry.surfaces import NET
from automask.segmenters.vocabulary import packaged
from automask.weights.net import LEAST_SIDE_PX, Net

PHOTO = np.random.default_rng(0).random((1, 3, 64, 96), np.float32)


def opened(threads=1):
    return Net(NET.read_bytes(), name=NET, threads=threads)


@pytest.fixture(scope="module")
def one():
    return opened()


@pytest.fixture
def opencv_threads():
    before = cv2.getNumThreads()
    yield cv2.setNumThreads
    cv2.setNumThreads(before)


@pytest.mark.parametrize("threads", [1, 2, 3, 5])
def test_the_same_bytes_every_time_and_on_any_number_of_threads(one, opencv_threads, threads):
    opencv_threads(threads)
    assert opened(threads).run(photo=PHOTO)[0].tobytes() == one.run(photo=PHOTO)[0].tobytes()


def test_a_net_that_was_closed_gives_the_same_bytes():
    net = opened()
    before = net.run(photo=PHOTO)[0].tobytes()
    net.close()
    net.close()
    assert net.run(photo=PHOTO)[0].tobytes() == before


@pytest.mark.parametrize(("had", "asked", "used"), [(4, 2, 2), (1, 2, 1), (3, 3, 3)])
def test_it_runs_on_its_threads_at_most_and_leaves_opencv_s_number_as_it_was(
    monkeypatch, opencv_threads, had, asked, used
):
    opencv_threads(had)
    net = opened(asked)
    inner, outputs = net._opened
    seen = []

    class Watched:
        def __getattr__(self, name):
            seen.append(cv2.getNumThreads())
            return getattr(inner, name)

    monkeypatch.setitem(vars(net), "_opened", (Watched(), outputs))
    net.run(photo=PHOTO)
    assert set(seen) == {used}
    assert cv2.getNumThreads() == had


def test_threads_that_share_a_net_do_not_mix_their_photos(one):
    photos = [np.random.default_rng(seed).random((1, 3, 64, 64 + 32 * seed), np.float32) for seed in range(4)]
    alone = [one.run(photo=photo)[0].tobytes() for photo in photos]
    start = threading.Barrier(4)

    def run(photo):
        start.wait()
        return one.run(photo=photo)[0].tobytes()

    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            assert list(pool.map(run, photos)) == alone


def test_a_result_stays_as_it_is_when_the_net_runs_again(one):
    (first,) = one.run(photo=PHOTO)
    before = first.copy()
    one.run(photo=PHOTO[..., ::-1].copy())
    np.testing.assert_array_equal(first, before)


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc fills memory on request")
@pytest.mark.parametrize("hw", [(LEAST_SIDE_PX, 160), (160, LEAST_SIDE_PX), (LEAST_SIDE_PX, LEAST_SIDE_PX)])
def test_from_the_least_side_on_nothing_that_was_never_written_is_read(hw):
    code = (
        "import hashlib, sys, numpy as np\n"
        "from automask.geometry.surfaces import NET\n"
        "from automask.weights.net import Net\n"
        f"photo = np.random.default_rng(0).random((1, 3, *{hw}), np.float32)\n"
        "print(hashlib.sha256(Net(NET.read_bytes(), name=NET, threads=1).run(photo=photo)[0].tobytes()).hexdigest())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "MALLOC_PERTURB_": fill},
        ).stdout
        for fill in ("85", "170")
    }
    assert len(said) == 1


def test_its_metadata_are_those_of_the_file():
    assert opened().metadata == {}
    assert set(Net(packaged("starter.onnx"), name="starter", threads=1).metadata) == {
        *("steps", "seed", "terms", "presence")
    }


def test_bytes_that_are_no_net_are_refused():
    with pytest.raises(ConfigError, match=r"mine\.onnx is no net that OpenCV can open; install automask again"):
        Net(b"no net", name="folder/mine.onnx", threads=1).run(photo=PHOTO)
