"""A designer's own colours: files in five formats, and their names as words of a plan. All names are invented."""

import json
import struct

import numpy as np
import pytest
from coloraide.cmfs import CIE_1931_2DEG
from hypothesis import given
from hypothesis import strategies as st

from automask import config
from automask.editors.paint import Paint, look_for, palettes, spectra
from automask.editors.paint.colours import hex_of, linear
from automask.editors.paint.listing import hex_of_linear
from automask.editors.paint.palettes import Palette, Swatch, load_palettes, palette_key
from automask.errors import ConfigError, EditorError, UnknownPrompt

NIGHT, SAND = "#1d2a3a", "#d8c9ae"


def utf16(text: str) -> bytes:
    return (text + "\0").encode("utf-16-be")


def aco(*rows):
    body = b"".join(
        struct.pack(">HHHHHI", space, *figures, len(name) + 1) + utf16(name) for name, space, figures in rows
    )
    first = b"".join(struct.pack(">HHHHH", space, *figures) for _, space, figures in rows)
    return struct.pack(">HH", 1, len(rows)) + first + struct.pack(">HH", 2, len(rows)) + body


def ase(*rows):
    blocks = struct.pack(">HI", 0xC001, 4 + len(utf16("Set"))) + struct.pack(">H", 4) + utf16("Set") + b"\0\0"
    for name, model, figures in rows:
        body = struct.pack(">H", len(name) + 1) + utf16(name) + model
        body += struct.pack(f">{len(figures)}f", *figures) + b"\0\2"
        blocks += struct.pack(">HI", 1, len(body)) + body
    blocks += struct.pack(">HI", 0xC002, 0)
    return b"ASEF" + struct.pack(">HHI", 1, 0, len(rows) + 2) + blocks


@pytest.fixture
def own(tmp_path):
    """A function that writes a palette and gives its path."""

    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


def levels(digits: str) -> list[int]:
    return [*bytes.fromhex(digits[1:])]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", f"name,code,hex\nHarbour Night,QX 7006,{NIGHT}\nDune Paper,QX 7007,{SAND}\n"),
        ("b.csv", f"Code;Colour Name;RGB\nQX 7006;Harbour Night;{' '.join(map(str, levels(NIGHT)))}\n"),
        ("c.tsv", "name\tcode\tr\tg\tb\nHarbour Night\tQX 7006\t29\t42\t58\n"),
        ("d.json", json.dumps([{"name": "Harbour Night", "code": "QX 7006", "hex": NIGHT}])),
        ("e.json", json.dumps({"colors": [{"name": "Harbour Night", "number": "QX 7006", "rgb": levels(NIGHT)}]})),
        ("f.gpl", "GIMP Palette\nName: Mine\nColumns: 2\n# QX\n 29  42  58\tHarbour Night\n"),
        ("g.aco", aco(("Harbour Night", 0, [257 * level for level in levels(NIGHT)] + [0]))),
        ("h.ase", ase(("Harbour Night", b"RGB ", [level / 255 for level in levels(NIGHT)]))),
    ],
)
def test_a_name_in_any_format_is_a_word_for_its_colour(own, name, content):
    palette = load_palettes([own(name, content)])
    look = look_for("harbour night", palette)
    assert hex_of_linear(look.reflectance) == NIGHT
    assert look.texture is None
    if any(one.code for one in palette.swatches):
        assert look_for("qx-7006", palette).reflectance == look.reflectance == look_for("QX7006", palette).reflectance


def test_names_stand_wherever_a_colour_may_and_before_automasks_own(own):
    palette = load_palettes([own("mine.csv", f"name,hex,sheen\nSage,{NIGHT},satin\nDune Paper,{SAND},\n")])
    sage, dune = linear(NIGHT), linear(SAND)
    assert look_for("sage", palette).reflectance == pytest.approx(sage, abs=1e-6)
    assert look_for("sage", palette).gloss == 0.35
    assert look_for("matt sage paint", palette).gloss == 0.0
    assert look_for("dune paper", palette).gloss is None
    velvet = look_for("sage velvet", palette)
    assert velvet.texture is not None
    assert velvet.reflectance == pytest.approx(sage, abs=1e-6)
    stripes = look_for("sage and dune paper stripes", palette)
    assert stripes.reflectance == pytest.approx(np.mean([sage, dune], axis=0), abs=1e-6)
    assert max(look_for("dark dune paper", palette).reflectance) < min(dune)
    # What does not name one of them is read as without a palette.
    for words in ("white marble", "warm white", "navy linen", "matt #abc"):
        assert look_for(words, palette).reflectance == look_for(words).reflectance


def test_a_material_keeps_its_name_beside_a_colour_of_that_name(own):
    palette = load_palettes([own("mine.csv", f"name,hex\nWhite,{NIGHT}\nOak,{SAND}\n")])
    assert look_for("white marble", palette).texture is not None
    assert hex_of_linear(look_for("white", palette).reflectance) == NIGHT
    assert look_for("oak herringbone", palette).layout == "boards"


def test_a_misspelt_name_gets_the_nearest_of_the_palette(own):
    palette = load_palettes([own("mine.csv", f"name,code,hex\nHarbour Night,QX 7006,{NIGHT}\n")])
    with pytest.raises(UnknownPrompt, match="did you mean 'Harbour Night'"):
        look_for("harbor nihgt", palette)
    with pytest.raises(UnknownPrompt, match="did you mean 'QX 7006'"):
        look_for("qx 7060", palette)


def test_one_name_with_two_colours_is_refused_and_its_code_is_not(own):
    paths = [
        own("one.csv", f"name,code,hex\nTide,A 1,{NIGHT}\nTide,A 1,{NIGHT}\n"),
        own("two.json", json.dumps([{"name": "Tide", "code": "B 2", "hex": SAND}])),
    ]
    palette = load_palettes(paths)
    with pytest.raises(EditorError, match=r"'tide' is two colours: Tide \(A 1\) in one.csv and Tide \(B 2\) in two"):
        look_for("tide", palette)
    assert hex_of_linear(look_for("B2", palette).reflectance) == SAND
    assert hex_of_linear(look_for("tide", load_palettes(paths[:1])).reflectance) == NIGHT


# ----------------------------------------------------------------------------------------------------------- measured


def test_lab_is_taken_as_measured_in_every_format(own):
    # Y of L* = 97 is 0.925: lighter than WHITEST, which a screen's white is taken as.
    rows = {
        "a.csv": "name,L,a,b\nBright,97,0,0\n",
        "b.json": json.dumps([{"name": "Bright", "lab": [97, 0, 0], "white": "D50"}]),
        "c.ase": ase(("Bright", b"LAB ", [0.97, 0.0, 0.0])),
        "d.aco": aco(("Bright", 7, [9700, 0, 0, 0])),
        "e.csv": "name;L*;a*;b*\nBright;97,0;0,0;0,0\n",
    }
    for name, content in rows.items():
        look = look_for("bright", load_palettes([own(name, content)]))
        assert look.measured
        assert look.reflectance == pytest.approx([((97 + 16) / 116) ** 3] * 3, abs=2e-4)
    assert not look_for("dark bright", load_palettes([own("a.csv", rows["a.csv"])])).measured


@given(share=st.floats(0.02, 1.0))
def test_an_even_spectrum_is_that_grey(share):
    spectrum = [(nm, share) for nm in range(400, 701, 20)]
    assert spectra.linear_of_spectrum(spectrum) == pytest.approx([share] * 3, abs=2e-3)


def test_the_fitted_observer_is_the_tables():
    fitted, table = spectra._observer(), np.array([CIE_1931_2DEG[nm] for nm in range(400, 701, 10)]).T
    assert np.abs(fitted - table).max() < 0.06
    assert fitted.sum(1) == pytest.approx(table.sum(1), rel=0.02)


def test_spectra_in_per_cent_and_in_shares_are_one_colour(own):
    nm = range(400, 701, 10)
    green = [0.05 + 0.4 * np.exp(-(((one - 540) / 40) ** 2)) for one in nm]
    heads = ",".join(f"{one}nm" for one in nm)
    of_shares = own("a.csv", f"name,{heads}\nLeaf,{','.join(f'{one:.4f}' for one in green)}\n")
    of_percent = own("b.csv", f"name,{heads}\nLeaf,{','.join(f'{100 * one:.2f}' for one in green)}\n")
    one, other = (look_for("leaf", load_palettes([path])) for path in (of_shares, of_percent))
    assert one.reflectance == pytest.approx(other.reflectance, abs=1e-3)
    assert one.reflectance[1] > 2 * max(one.reflectance[0], one.reflectance[2])
    assert one.measured


def test_a_measured_white_is_painted_lighter_than_a_screens_white(own):
    photo = np.full((48, 64, 3), 120, np.uint8)
    hard = np.zeros((48, 64), np.bool_)
    hard[8:40, 8:56] = True
    editor = Paint(palette=own("mine.csv", "name,L,a,b\nChalk Face,98,0,0\n"))
    measured, screen = (editor.paint(photo, hard, words, seed=0)[24, 32] for words in ("chalk face", "white"))
    assert (measured > screen).all()


def test_greys_of_ncs_follow_their_published_lightness_and_hues_are_refused(own):
    whites = {"ncs s 0500-n": (0.84, 0.90), "NCS S 5000-N": (0.24, 0.29), "s 9000-n": (0.03, 0.05)}
    for words, (low, high) in whites.items():
        red, green, blue = look_for(words).reflectance
        assert red == green == blue
        assert low < green < high
    with pytest.raises(EditorError, match=r"'NCS S 2030-Y90R' is defined by the atlas.*palette=mine.csv"):
        look_for("NCS S 2030-Y90R")
    palette = load_palettes([own("mine.csv", f"code,hex\nNCS S 2030-Y90R,{SAND}\n")])
    assert hex_of_linear(look_for("ncs s 2030-y90r", palette).reflectance) == SAND
    assert hex_of("sand") is not None


# ------------------------------------------------------------------------------------------------------- bad files


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "shade,hex\nx,#fff\n", "line 1: no column 'name' or 'code' among 'shade', 'hex'"),
        ("a.csv", "name,hex\nTide,#ggg\n", "line 2: the colour '#ggg' is none"),
        ("a.csv", "name,hex\n,#fff\n", "line 2: no name"),
        ("a.csv", "name,hex\nTide,\n", "line 2: no colour"),
        ("a.csv", "name,hex,sheen\nTide,#fff,very\n", "line 2: sheen is 'very'; write a finish"),
        ("a.csv", "name,r,g,b\nTide,1,2,300\n", "line 2: RGB is .*; levels are 0 to 255"),
        ("a.csv", "name,L,a,b\nTide,120,0,0\n", "line 2: Lab is .*; L is 0 to 100"),
        ("a.csv", "name,lab,white\nTide,50 0 0,F11\n", "line 2: white is 'F11'; give D65 or D50"),
        ("a.csv", "name,400,500,600\nTide,1,1,1\n", "line 2: reflectances at 3 wavelengths; give 10 or more"),
        ("a.csv", f"name,hex\n{'x' * 200},#fff\n", "longer than 100 letters"),
        ("a.csv", "name,hex\n", "has no colour"),
        ("a.json", '["Tide"]', "colour 1: 'Tide' is not an object"),
        ("a.json", "{", "Expecting"),
        ("a.json", "[" * 100_000, "palette"),
        ("a.json", '[{"name": "Tide", "reflectance": [2, 0, 0]}]', "linear red, green and blue from 0 to 1"),
        ("a.gpl", "GIMP\n1 2 3 x\n", "its first line is not 'GIMP Palette'"),
        ("a.aco", b"\0\2\0\5", "it ends too early"),
        ("a.ase", b"ASEF\0\1\0\0\xff\xff\xff\xff", "it ends too early"),
        ("a.ase", b"PK\3\4" + bytes(20), "it does not begin with 'ASEF'"),
        ("a.doc", "x", "has no known ending; give one of .csv"),
    ],
)
def test_a_file_that_says_no_colours_is_refused_in_one_line(own, name, content, said):
    with pytest.raises(ConfigError, match=said) as caught:
        load_palettes([own(name, content)])
    assert "\n" not in str(caught.value)


def test_ink_has_no_colour_until_it_is_asked_for(own):
    rows = [("Press Red", b"CMYK", [0.0, 1.0, 1.0, 0.0]), ("Slate Mist", b"Gray", [0.5])]
    palette = load_palettes([own("mine.ase", ase(*rows))])
    assert look_for("slate mist", palette).texture is None
    with pytest.raises(EditorError, match=r"'Press Red' of 'mine.ase' is mixed of inks \(CMYK\)"):
        look_for("press red", palette)


def test_only_regular_files_of_bounded_size_are_read(own, tmp_path, monkeypatch):
    with pytest.raises(ConfigError, match=r"cannot read the palette .*: No such file"):
        load_palettes([str(tmp_path / "none.csv")])
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ConfigError, match=r"cannot read the palette .*: Is a directory"):
        load_palettes([str(tmp_path / "folder.csv")])
    (tmp_path / "zero.csv").symlink_to("/dev/zero")
    with pytest.raises(ConfigError, match="a pipe or a device"):
        load_palettes([str(tmp_path / "zero.csv")])
    monkeypatch.setattr(palettes, "MAX_BYTES", 8)
    with pytest.raises(ConfigError, match="more than the"):
        load_palettes([own("large.csv", "name,hex\nTide,#fff\n")])
    monkeypatch.setattr(palettes, "MAX_BYTES", 1 << 20)
    monkeypatch.setattr(palettes, "MAX_COLOURS", 2)
    with pytest.raises(ConfigError, match="more than the 2 colours allowed"):
        load_palettes([own("many.csv", "name,hex\na,#fff\nb,#fff\nc,#fff\n")])


@given(data=st.binary(max_size=200), kind=st.sampled_from([*palettes._READERS]))
def test_damaged_files_raise_nothing_else(tmp_path_factory, data, kind):
    path = tmp_path_factory.mktemp("damaged") / f"x.{kind}"
    for head in (b"", b"ASEF\0\1\0\0\0\0\0\2\0\1", b"\0\2\0\1\0\0", b"name,hex\n", b"GIMP Palette\n"):
        path.write_bytes(head + data)
        found, said = palettes.EMPTY, ""
        try:
            found = load_palettes([str(path)])
        except ConfigError as error:
            said = error.problem
        assert bool(said) != bool(found.swatches)
        assert "\n" not in said


@given(st.text("aZ0 -_.éÜßﬁ²Ｎ灰ıİ\u0301", max_size=12))
def test_keys_do_not_change_when_made_again(text):
    assert palette_key(palette_key(text)) == palette_key(text)


def test_every_name_is_found_again():
    names = ["Harbour Night", "Nº 12", "L'Été", "Stripes & Co", "A-1", "Über/Grau", "GRAY 3"]
    palette = Palette.of([Swatch(name, "", (0.1 * i, 0.2, 0.3)) for i, name in enumerate(names, 1)])
    for i, name in enumerate(names, 1):
        for spelling in (name, name.lower(), name.upper()):
            assert look_for(spelling, palette).reflectance == pytest.approx((0.1 * i, 0.2, 0.3), abs=1e-6)


# -------------------------------------------------------------------------------------------------------- the setting


def test_the_runs_palette_reaches_paint_whichever_way_it_is_loaded(own, monkeypatch):
    path, other = own("mine.csv", f"name,hex\nTide,{NIGHT}\n"), own("other.csv", f"name,hex\nShoal,{SAND}\n")
    given = {"segmenter": None, "refiner": None}

    def paint_of(*overrides):
        return config.build(config.compose("starter", overrides), given=given).editor

    assert hex_of_linear(look_for("tide", paint_of(f"palette={path}").palette).reflectance) == NIGHT
    both = paint_of(f"palette=[{path},{other}]")
    assert [one["name"] for one in both.colours()[:2]] == ["Tide", "Shoal"]
    assert [str(file) for file in both.own_files[1:]] == [path, other]
    assert paint_of(f"palette={path}", f"editor.palette={other}").palette.names == ("Shoal",)
    assert paint_of("editor=auto", f"palette={path}").route("tide").palette.names == ("Tide",)
    assert config.load_editor("paint").palette.names == ()
    with pytest.raises(ConfigError, match=r"palette is 3: give a file of colours, or a list of files"):
        config.compose("starter", ["palette=3"])


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("json", '[{"name": "a", "rgb": [1' + "0" * 400 + ", 0, 0]}]"),
        ("json", '[{"name": "a", "spectrum": {"400": 1' + "0" * 400 + "}}]"),
        ("json", '[{"name": "a", "rgb": "' + "x" * 1_000_000 + '"}]'),
        ("json", '[{"name": "a", "hex": "#fff", "sheen": "' + "x" * 1_000_000 + '"}]'),
        ("csv", ",".join(["x" * 100_000] * 6) + "\n"),
    ],
)
def test_figures_beyond_use_are_refused_in_a_short_line(tmp_path, kind, content):
    path = tmp_path / f"own.{kind}"
    path.write_text(content)
    with pytest.raises(ConfigError) as caught:
        load_palettes([str(path)])
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000
