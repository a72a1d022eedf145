import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from drawing import disc, room

from automask.images import write_picture

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "eval_detail.py"


def test_the_table_shows_less_missed_where_the_edit_only_dims_the_photo(tmp_path):
    photo = room(200, 240)
    inside = disc((200, 240), (120, 100), 60)
    after = photo.copy()
    after[inside] = photo[inside] // 2 + 40
    for name, picture in (("before", photo), ("after", after), ("labels", np.repeat(inside[..., None], 3, 2) * 1)):
        write_picture(tmp_path / f"{name}.png", picture.astype(np.uint8))
    pair = {"before": "before.png", "after": "after.png", "labels": "labels.png", "classes": ["island"]}
    (tmp_path / "pairs.json").write_text(json.dumps([pair]))
    (tmp_path / "classes.json").write_text(json.dumps({"0": {"phrase": "unlabelled"}, "1": {"phrase": "island"}}))
    said = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path), "--scale", "2"], check=True, capture_output=True, text=True
    ).stdout
    cells = [cell.strip() for cell in said.splitlines()[-1].strip("|").split("|")]
    assert cells[0] == "1/2"
    plain, restored, missed, missed_after = map(float, cells[1:5])
    assert restored < 0.8 * plain
    assert missed_after < 0.8 * missed
    assert cells[5] == "0 of 1"
