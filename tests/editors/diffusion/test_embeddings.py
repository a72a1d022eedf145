import numpy as np
import pytest
from diffusion_engines import job, levels_apart

from automask.testing import tiny_diffusion

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("one_thread")]
KINDS = ("sd15", "sdxl", "flux", "qwen")


def text_runs(editor):
    """Which text encoders ran, as a list that grows."""
    ran = []
    for name in ("text_encoder", "text_encoder_2"):
        net = getattr(editor.pipe, name, None)
        if net is not None:
            net.register_forward_hook(lambda *_, name=name: ran.append(name))
    return ran


@pytest.mark.parametrize("kind", KINDS)
def test_words_are_read_once(kind):
    editor = tiny_diffusion(kind=kind)
    editor.paint(**job(1, guidance=1.0))  # reads nothing that is not to be painted
    ran = text_runs(editor)
    first = editor.paint(**job(1))
    assert bool(ran) is (kind != "flux")
    ran.clear()
    editor.paint(**job(2))
    assert np.array_equal(editor.paint(**job(1)), first)
    assert ran == []
    editor.paint(**job(1, "birch"))
    assert ran


@pytest.mark.parametrize("kind", ["sd15", "sdxl"])
def test_negative_words_and_guidance_are_read_for_themselves(kind):
    editor = tiny_diffusion(kind=kind)
    made = [editor.paint(**job(1, **options)) for options in ({"guidance": 1.0}, {}, {"negative": "wood"}, {})]
    assert levels_apart(made[1], made[0]) > 0
    assert levels_apart(made[1], made[2]) > 0
    assert np.array_equal(made[1], made[3])


def test_only_so_many_sentences_are_remembered():
    editor = tiny_diffusion(steps=1)
    ran = text_runs(editor)
    for number in range(40):
        editor.words.embeddings(str(number), "", guided=False)
        editor.words.embeddings("oak", "", guided=False)
    assert len(editor.words.cache) == 32
    assert len(ran) == 41  # what is used again and again is not forgotten
    ran.clear()
    editor.words.embeddings("39", "", guided=False)
    assert ran == []
    editor.words.embeddings("0", "", guided=False)
    assert ran == ["text_encoder"]
