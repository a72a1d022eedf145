"""What the studio's jobs give the page."""

import io

import numpy as np
from PIL import Image

from automask.studio.work import overlay_png


def test_an_overlay_is_its_colour_tinted_inside_solid_at_its_border_and_clear_outside():
    alpha = np.zeros((60, 90), np.float32)
    alpha[20:40, 30:60] = 1
    alpha[20:40, 60:64] = 0.4
    shown = np.asarray(Image.open(io.BytesIO(overlay_png(alpha, (230, 159, 0)))).convert("RGBA"))
    assert (shown[..., :3] == (230, 159, 0)).all()
    assert (shown[30, 45, 3], shown[5, 5, 3], shown[20, 45, 3]) == (107, 0, 255)
    assert shown[30, 62, 3] == 43
