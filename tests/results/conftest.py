import pytest
from regions import room

from automask.images import open_photo, write_picture


@pytest.fixture
def kitchen(tmp_path):
    path = tmp_path / "in" / "kitchen.png"
    write_picture(path, room())
    return open_photo(path)
