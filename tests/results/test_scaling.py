from regions import room

from automask.images import write_picture
from automask.results.scaling import thumbnail


def test_a_thumbnail_is_small_and_keeps_its_aspect(tmp_path):
    write_picture(tmp_path / "a.jpg", room(400, 600))
    assert thumbnail(tmp_path / "a.jpg", 60).shape == (40, 60, 3)
