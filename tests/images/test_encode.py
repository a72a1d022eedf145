"""Writing a photo: nothing outside the mask changes, whatever the kind of file."""

from pathlib import Path

import numpy as np
import pytest
from pictures import GREEN, HEIGHT, WIDTH, every_kind, expanded, make, patch, picture, rewritten, saved
from PIL import Image
from profiles import DISPLAY_P3

from automask.errors import OutputError
from automask.images import open_photo, to_unit, write_photo


@every_kind
def test_writing_without_an_edit_gives_back_every_sample(name: str, tmp_path: Path) -> None:
    photo = open_photo(make(name, tmp_path))
    again, written = rewritten(photo, tmp_path / "out", edit=False)
    assert (again.mode, again.format, again.size_wh) == (photo.mode, photo.format, photo.size_wh)
    assert written.outside_changed_px == 0
    assert written.notes == ()
    if photo.container.lossless:
        assert (written.encoder_changed_px, written.encoder_max_diff) == (0, 0)
        np.testing.assert_array_equal(expanded(again), expanded(photo))
    else:
        assert written.encoder_max_diff <= 16


@every_kind
def test_an_edit_changes_nothing_outside_its_alpha(name: str, tmp_path: Path) -> None:
    photo = open_photo(make(name, tmp_path))
    _, alpha = patch(photo)
    again, written = rewritten(photo, tmp_path / "out")
    assert written.outside_changed_px == 0
    assert again.size_wh == photo.size_wh
    if not photo.container.lossless:
        return
    before, after = expanded(photo), expanded(again)
    outside = alpha == 0
    channels = min(before[0, 0].size, after[0, 0].size)
    np.testing.assert_array_equal(
        before.reshape(HEIGHT, WIDTH, -1)[outside][:, :channels],
        after.reshape(HEIGHT, WIDTH, -1)[outside][:, :channels],
    )


@every_kind
def test_the_painted_colour_arrives(name: str, tmp_path: Path) -> None:
    photo = open_photo(make(name, tmp_path))
    again, _ = rewritten(photo, tmp_path / "out")
    wanted = np.array(GREEN)
    if photo.mode in {"L", "LA", "I;16", "LA;16"}:
        wanted = np.repeat(np.array([134]), 3)  # its BT.601 grey
    if photo.mode == "1":
        wanted = np.array([255, 255, 255])
    tolerance = {"full-palette.gif": 120}.get(name, 0 if photo.container.lossless else 12)
    if name == "key.png":
        tolerance = 1  # GREEN is its "transparent" here
    inner = again.rgb[11:17, 14:26].astype(int)
    if not photo.container.lossless:
        inner = inner.mean(axis=(0, 1), keepdims=True)
    assert np.abs(inner - wanted).max() <= tolerance + (1 if photo.mode == "CMYK" or photo.mode.startswith("L") else 0)


@every_kind
def test_alpha_channels_are_never_changed(name: str, tmp_path: Path) -> None:
    photo = open_photo(make(name, tmp_path))
    again, _ = rewritten(photo, tmp_path / "out")
    before, after = expanded(photo), expanded(again)
    if photo.format in {"HEIF", "AVIF"}:
        pytest.skip("its encoder stores alpha with loss")
    if before.ndim != 3 or before.shape[2] not in {2, 4} or photo.mode == "CMYK" or after.shape != before.shape:
        pytest.skip("no alpha channel that the result has too")
    np.testing.assert_array_equal(before[..., -1], after[..., -1])


@every_kind
def test_a_write_of_the_same_edit_gives_the_same_bytes(name: str, tmp_path: Path) -> None:
    photo = open_photo(make(name, tmp_path))
    _, first = rewritten(photo, tmp_path / "one")
    _, second = rewritten(photo, tmp_path / "two")
    assert first.path.read_bytes() == second.path.read_bytes()


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_noise_in_progressive_scans_of_quality_100_is_written(mode: str, tmp_path: Path) -> None:
    from PIL import ImageFile

    bands = len(Image.new(mode, (1, 1)).getbands())
    noise = np.random.default_rng(1).integers(0, 256, (240, 320, bands), np.uint8)
    limit = ImageFile.MAXBLOCK
    ImageFile.MAXBLOCK = 1 << 22  # Pillow needs it for the photo of this test, too
    try:
        image = Image.frombytes(mode, (320, 240), noise.tobytes())
        path = saved(tmp_path / "a.jpg", image, quality=100, progressive=True, subsampling=0)
    finally:
        ImageFile.MAXBLOCK = limit
    again, written = rewritten(open_photo(path), tmp_path / "out")
    assert again.container.progressive
    assert written.outside_changed_px == 0
    assert limit == ImageFile.MAXBLOCK


def test_the_result_outside_alpha_is_ignored(tmp_path: Path) -> None:
    photo = open_photo(make("rgb.png", tmp_path))
    result, alpha = patch(photo)
    wild = np.where(alpha[..., None] > 0, result, 255 - result).astype(np.uint8)
    written = write_photo(photo, wild, alpha, tmp_path / "out" / "rgb.png")
    np.testing.assert_array_equal(open_photo(written.path).rgb, result)


def test_alpha_may_be_float(tmp_path: Path) -> None:
    photo = open_photo(make("rgb.png", tmp_path))
    result, alpha = patch(photo)
    write_photo(photo, result, to_unit(alpha), tmp_path / "a.png")
    write_photo(photo, result, alpha, tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_soft_edge_starts_at_the_old_sample_outside_srgb_too(tmp_path: Path) -> None:
    vivid = np.zeros((20, 20, 3), np.uint8)
    vivid[:] = (0, 255, 0)  # the green of P3: outside sRGB
    photo = open_photo(saved(tmp_path / "a.png", Image.fromarray(vivid), icc_profile=DISPLAY_P3))
    alpha = np.full((20, 20), 13, np.uint8)
    result = np.clip(photo.rgb.astype(int) + np.array([2, -2, 2]), 0, 255).astype(np.uint8)
    write_photo(photo, result, alpha, tmp_path / "out.png")
    assert np.abs(open_photo(tmp_path / "out.png").samples.astype(int) - vivid).max() <= 12


def test_a_soft_edge_blends_from_the_old_inks_to_the_new(tmp_path: Path) -> None:
    old = np.zeros((20, 260, 4), np.uint8)
    old[:] = (150, 100, 60, 0)
    photo = open_photo(saved(tmp_path / "a.tif", Image.frombytes("CMYK", (260, 20), old.tobytes())))
    alpha = np.zeros((20, 260), np.uint8)
    alpha[:, 4:] = np.arange(256)
    share = alpha[..., None] / 255
    result = np.rint(photo.rgb * (1 - share) + np.array((60, 40, 40)) * share).astype(np.uint8)
    write_photo(photo, result, alpha, tmp_path / "out.tif")
    again = open_photo(tmp_path / "out.tif")
    assert np.abs(again.rgb.astype(int) - result).max() <= 1
    assert np.abs(np.diff(again.samples[0].astype(int), axis=0)).max() <= 8


def test_a_palette_photo_is_written_as_rgb_only_when_it_is_edited(tmp_path: Path) -> None:
    photo = open_photo(make("palette.png", tmp_path))
    again, written = rewritten(photo, tmp_path / "same", edit=False)
    assert again.mode == "P"
    again, written = rewritten(photo, tmp_path / "edited")
    assert again.mode == "RGB"
    assert written.notes == ("its palette cannot hold new colours: written as RGB with every old colour as it was",)
    see_through = open_photo(make("palette-clear.png", tmp_path))
    assert rewritten(see_through, tmp_path / "edited")[0].mode == "RGBA"


def test_a_gif_keeps_its_colours_and_paints_with_the_free_ones(tmp_path: Path) -> None:
    photo = open_photo(make("palette.gif", tmp_path))
    _, written = rewritten(photo, tmp_path / "out")
    assert len(written.notes) == 1
    assert "a GIF holds 256 colours" in written.notes[0]
    full = open_photo(make("full-palette.gif", tmp_path))
    assert "a GIF holds 256 colours" in rewritten(full, tmp_path / "out")[1].notes[0]


def test_transparent_pixels_of_a_gif_stay_transparent(tmp_path: Path) -> None:
    image = picture("RGB").quantize(60)
    path = saved(tmp_path / "a.gif", image, transparency=int(np.asarray(image)[12, 15]))
    photo = open_photo(path)
    clear = expanded(photo)[..., 3] == 0
    again, _ = rewritten(photo, tmp_path / "out")
    np.testing.assert_array_equal(expanded(again)[..., 3] == 0, clear)


def test_colour_lost_in_a_grey_photo_is_noted(tmp_path: Path) -> None:
    _, written = rewritten(open_photo(make("grey.jpg", tmp_path)), tmp_path / "out")
    assert written.notes == (
        "a grey photo holds no colour: the repainted part is written in grey; save the photo as RGB to keep it",
    )
    _, written = rewritten(open_photo(make("bits.png", tmp_path)), tmp_path / "out")
    assert written.notes == (
        "a black-and-white photo holds no greys: the repainted part is written in black and white",
    )


def test_a_painted_pixel_does_not_become_transparent_by_chance(tmp_path: Path) -> None:
    photo = open_photo(make("key.png", tmp_path))
    again, _ = rewritten(photo, tmp_path / "out")
    assert again.container.clear_key == GREEN
    inner = again.rgb[11:17, 14:26]
    assert not (inner == GREEN).all(axis=2).any()


def test_the_photo_itself_is_never_overwritten(tmp_path: Path) -> None:
    path = make("rgb.png", tmp_path)
    before = path.read_bytes()
    photo = open_photo(path)
    link = tmp_path / "link.png"
    link.symlink_to(path)
    for target in (path, tmp_path / "." / "rgb.png", link):
        with pytest.raises(
            OutputError, match="is the photo itself, which is never overwritten; write into another folder"
        ):
            write_photo(photo, *patch(photo), target)
    assert path.read_bytes() == before


def test_a_result_or_alpha_of_another_size_is_refused(tmp_path: Path) -> None:
    photo = open_photo(make("rgb.png", tmp_path))
    result, alpha = patch(photo)
    with pytest.raises(
        OutputError, match=r"the result is \[45, 69, 3\] uint8, the photo \[45, 70, 3\] uint8; write a result"
    ):
        write_photo(photo, result[:, 1:], alpha, tmp_path / "o.png")
    with pytest.raises(OutputError, match=r"the result is .* float64"):
        write_photo(photo, result / 255, alpha, tmp_path / "o.png")
    with pytest.raises(OutputError, match=r"alpha is \[44, 70\], the photo \[45, 70\]; write an alpha"):
        write_photo(photo, result, alpha[1:], tmp_path / "o.png")
    assert list(tmp_path.iterdir()) == [tmp_path / "rgb.png"]


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = open_photo(make("rgb.png", tmp_path))
    out = tmp_path / "out"
    target = write_photo(photo, photo.rgb, np.zeros((HEIGHT, WIDTH), np.uint8), out / "a.png").path
    before = target.read_bytes()

    def full(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match=r"cannot write '.*a\.png': No space left on device; check the folder"):
        write_photo(photo, *patch(photo), target)
    assert target.read_bytes() == before
    assert list(out.iterdir()) == [target]


def test_an_encoder_that_changes_other_pixels_is_detected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from automask.images import encode

    photo = open_photo(make("rgb.png", tmp_path))
    real = encode.pillow_image

    def sloppy(samples: np.ndarray, mode: str, palette: np.ndarray | None) -> Image.Image:
        worse = samples.copy()
        worse[0, 0] ^= 1
        return real(worse, mode, palette)

    monkeypatch.setattr(encode, "pillow_image", sloppy)
    with pytest.raises(
        OutputError, match=r"'a\.png' would have 1 changed pixels outside the mask; nothing was written"
    ):
        write_photo(photo, *patch(photo), tmp_path / "out" / "a.png")
    assert list((tmp_path / "out").iterdir()) == []
    monkeypatch.setattr(encode, "pillow_image", lambda samples, mode, palette: real(samples[1:], mode, palette))
    with pytest.raises(
        OutputError, match=r"'a\.png' came back as \[44, 70, 3\] uint8, not \[45, 70, 3\] uint8; nothing was"
    ):
        write_photo(photo, *patch(photo), tmp_path / "out" / "a.png")


def test_an_encoder_error_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = open_photo(make("rgb.png", tmp_path))

    def refuse(self: Image.Image, *args: object, **options: object) -> None:
        raise OSError("encoder error -2")

    monkeypatch.setattr(Image.Image, "save", refuse)
    with pytest.raises(
        OutputError, match=r"'rgb\.png' cannot be written as PNG by the libraries here \(encoder error -2\)"
    ):
        write_photo(photo, *patch(photo), tmp_path / "out.jpg")
