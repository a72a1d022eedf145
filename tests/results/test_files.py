import pytest

from automask.results.files import files_of


@pytest.mark.parametrize(
    ("photo", "name", "result", "companion"),
    [
        ("kitchen.jpg", None, "kitchen.jpg", "kitchen"),
        ("kitchen.png", "kitchen.png", "kitchen.png", "kitchen.png"),
        ("kitchen.png", "kitchen-2", "kitchen-2.png", "kitchen-2"),
        ("a.b.JPG", None, "a.b.JPG", "a.b"),
        ("[1], x=y.jpg", None, "[1], x=y.jpg", "[1], x=y"),
        ("noend", None, "noend", "noend"),
    ],
)
def test_names_of_result_and_companions(tmp_path, photo, name, result, companion):
    files = files_of(photo, tmp_path, name)
    assert files.result == tmp_path / result
    assert files.masks == tmp_path / f"{companion}.masks"
    assert files.before_after == tmp_path / f"{companion}.before-after.jpg"
    assert files.record == tmp_path / f"{companion}.run.json"
