"""Files are written whole or not at all."""

from pathlib import Path

import numpy as np
import pytest
from pictures import colours

from automask.errors import OutputError
from automask.images import atomic_path, open_photo, write_mask, write_picture


def test_folders_are_created_and_a_file_in_the_way_is_reported(tmp_path: Path) -> None:
    write_mask(tmp_path / "a" / "b" / "m.png", np.zeros((2, 3), np.float32))
    with pytest.raises(OutputError, match="cannot write"):
        write_mask(tmp_path / "a" / "b" / "m.png" / "c.png", np.zeros((2, 3), np.float32))
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(OutputError, match="cannot write"):
        write_mask(tmp_path / "folder.png", np.zeros((2, 3), np.float32))


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, MemoryError])
def test_an_interrupted_block_leaves_no_temporary_file(error: type[BaseException], tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    target.write_bytes(b"old")

    def block() -> None:
        with atomic_path(target) as temporary:
            assert temporary.parent == tmp_path
            assert temporary.suffix == ".png"
            temporary.write_bytes(b"half")
            raise error

    with pytest.raises(error):
        block()
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_the_ending_decides_the_format_of_a_picture(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.PNG", colours())
    np.testing.assert_array_equal(open_photo(tmp_path / "a.PNG").rgb, colours())
    write_picture(tmp_path / "a.jpg", colours())
    assert np.abs(open_photo(tmp_path / "a.jpg").rgb.astype(int) - colours()).max() < 40
    with pytest.raises(OutputError, match=r"'a\.gif' does not end in \.jpg or \.png; pick one of the two"):
        write_picture(tmp_path / "a.gif", colours())
    with pytest.raises(OutputError, match=r"a picture must be \[H, W, 3\] uint8, this one is \[45, 70\] uint8"):
        write_picture(tmp_path / "a.png", colours()[..., 0])
