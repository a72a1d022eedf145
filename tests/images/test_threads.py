import threading

import cv2
import pytest

from automask.images.threads import in_threads


@pytest.fixture(params=[1, 2])
def opencv_threads(request):
    before = cv2.getNumThreads()
    cv2.setNumThreads(request.param)
    yield request.param
    cv2.setNumThreads(before)


def test_results_come_in_the_order_of_the_pieces(opencv_threads):
    assert in_threads(lambda piece: piece * piece, range(20)) == [piece * piece for piece in range(20)]
    assert in_threads(lambda piece: piece, []) == []


def test_as_many_pieces_are_worked_on_at_once_as_opencv_has_threads(opencv_threads):
    together = threading.Barrier(opencv_threads)

    def meet(_):
        together.wait(timeout=20)
        return threading.current_thread()

    assert len(set(in_threads(meet, range(opencv_threads)))) == opencv_threads


def test_the_first_piece_that_fails_is_told(opencv_threads):
    def work(piece):
        if piece >= 3:
            raise ValueError(f"piece {piece}")

    with pytest.raises(ValueError, match="piece 3"):
        in_threads(work, range(8))


def test_no_more_are_worked_on_at_once_than_said(opencv_threads):
    threads = in_threads(lambda _: threading.current_thread(), range(8), at_once=1)
    assert set(threads) == {threading.current_thread()}
