import numpy as np
import pytest

from automask.geometry.surfaces import NET
from automask.weights.onnx import cpu_session


def answers(session):
    return session.run(None, {"photo": np.random.default_rng(0).random((1, 3, 64, 96), np.float32)})


@pytest.fixture(scope="module")
def one():
    return cpu_session(NET.read_bytes(), threads=1)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_session_uses_the_threads_it_is_given_and_no_more(threads):
    options = cpu_session(NET.read_bytes(), threads=threads).get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (threads, 1)


def test_it_runs_on_the_processor_without_an_arena(one):
    assert one.get_providers() == ["CPUExecutionProvider"]
    assert not one.get_session_options().enable_cpu_mem_arena


def test_the_same_every_time(one):
    first, again = answers(one), answers(one)
    assert all(np.isfinite(each).all() for each in first)
    for each, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(each, other)


def test_bytes_that_are_no_net_are_refused():
    with pytest.raises(Exception, match=r"(?i)protobuf|model"):
        cpu_session(b"no net", threads=1)
