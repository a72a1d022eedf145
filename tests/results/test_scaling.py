from PIL import Image
from regions import room

from automask.images import write_picture
from automask.results.scaling import thumbnail


def test_a_thumbnail_is_small_and_keeps_its_aspect(tmp_path):
    write_picture(tmp_path / "a.jpg", room(400, 600))
    assert thumbnail(tmp_path / "a.jpg", 60).shape == (40, 60, 3)


def test_a_thumbnail_is_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (80, 40), (200, 10, 10)).save(tmp_path / "a.jpg", exif=exif)
    assert thumbnail(tmp_path / "a.jpg", 20).shape == (20, 10, 3)
