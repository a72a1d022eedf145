"""What of scripts/render_rooms needs no Blender: arguments, classes, plans of kitchens, looks, edits, the folder."""

import ast
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "scripts" / "render_rooms"
FREE = ("arguments", "chance", "classes", "colours", "edits", "folder", "kitchen_plan", "look", "overrides")

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="not part of the source package: its other modules need Blender"
)


@pytest.fixture(autouse=True)
def _scripts_on_path(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(FOLDER.parent))


def parse(*words: str):
    from render_rooms.arguments import parser

    return parser("").parse_args(words)


# ---------------------------------------------------------------- modules


def test_only_modules_that_need_blender_import_it():
    for file in FOLDER.glob("*.py"):
        named = {
            name.name.split(".")[0]
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.Import)
            for name in node.names
        }
        assert not (file.stem in FREE and named & {"bpy", "mathutils"}), file.name


def test_nothing_that_ships_imports_blender():
    shipped = [*(ROOT / "automask").rglob("*.py"), *(ROOT / "pipelines").rglob("*.py")]
    assert not [file for file in shipped if "import bpy" in file.read_text(encoding="utf-8")]


def test_help_needs_no_blender():
    done = subprocess.run([sys.executable, str(FOLDER), "--help"], capture_output=True, text=True, check=True)
    assert "900 to 999" in done.stdout


# ---------------------------------------------------------------- classes


def test_classes_of_older_renders_keep_their_ids():
    from render_rooms.classes import CID, CLASSES

    kept = {"wall": 1, "floor": 3, "ceiling": 4, "base cabinet": 7, "dishwasher": 60, "microwave": 61}
    assert {phrase: CID[phrase] for phrase in kept} == kept
    assert len(CID) == len(CLASSES)
    assert len(CLASSES) <= 255  # one byte a pixel


def test_the_trainer_knows_every_class():
    from train_starter.labels import RENDER_IGNORED, RENDER_LEAVES, LabelTable

    from render_rooms.classes import class_table

    classes = {int(number): entry["phrase"] for number, entry in class_table().items()}
    table = LabelTable()
    of_render = table.rows_of(classes, RENDER_LEAVES, RENDER_IGNORED)
    assert table.rows[of_render[60]] == ("dishwasher",)


# ---------------------------------------------------------------- arguments


def test_a_room_is_drawn_from_seed_and_number():
    from render_rooms.arguments import rooms

    first, second = rooms(parse("--seed", "11", "--start", "7", "--count", "2", "--kind", "bedroom"))
    assert (first.name, first.seed) == ("bedroom_00007", 1100007)
    assert (second.name, second.seed) == ("bedroom_00008", 1100008)


def test_a_longer_run_begins_with_the_rooms_of_a_shorter():
    from render_rooms.arguments import rooms

    assert list(rooms(parse("--count", "40")))[:15] == list(rooms(parse("--count", "15")))


def test_six_rooms_in_ten_are_kitchens():
    from render_rooms.arguments import rooms

    kinds = [room.kind for room in rooms(parse("--count", "200"))]
    assert sum(kind in ("kitchen", "showroom") for kind in kinds) == 120
    assert {"living", "bedroom", "bathroom", "dining", "hall"} < set(kinds)


def test_again_makes_the_rooms_that_records_tell(tmp_path: Path):
    from render_rooms.arguments import rooms

    record = {"name": "hall_00003", "kind": "hall", "seed": 5, "size": [64, 48], "override": {"wall": "plaster:sage"}}
    (tmp_path / "hall_00003.json").write_text(json.dumps(record | {"version": 2}), encoding="utf-8")
    (tmp_path / "classes.json").write_text("{}", encoding="utf-8")
    (room,) = rooms(parse("--again", str(tmp_path)))
    assert (room.name, room.kind, room.seed, room.size) == ("hall_00003", "hall", 5, (64, 48))
    assert (room.override, room.plain) == ((("wall", "plaster:sage"),), False)


def test_a_kitchen_of_the_first_version_is_made_again_as_a_plain_showroom(tmp_path: Path):
    from render_rooms.arguments import rooms

    record = {"name": "kitchen_0000", "kind": "kitchen", "seed": 700000, "size": [64, 48], "override": {}}
    (tmp_path / "kitchen_0000.json").write_text(json.dumps(record), encoding="utf-8")
    (room,) = rooms(parse("--again", str(tmp_path)))
    assert (room.kind, room.plain) == ("showroom", True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--size", "big"), "'big' is no size: write it as 512x384"),
        (("--override", "wall"), "no list of role=recipe:kind"),
    ],
)
def test_a_wrong_argument_says_how_to_write_it(words, message, capsys):
    with pytest.raises(SystemExit):
        parse(*words)
    assert message in capsys.readouterr().err


def test_override_reads_roles_and_materials():
    assert parse("--override", "island=marble:white;cabinet=paint:white").override == {
        "island": "marble:white",
        "cabinet": "paint:white",
    }


def test_every_nth():
    from render_rooms.arguments import every

    assert [i for i in range(9) if every(i, 4)] == [0, 4, 8]
    assert not any(every(i, 0) for i in range(9))


# ---------------------------------------------------------------- the folder


def test_a_room_that_an_error_ended_leaves_nothing(tmp_path: Path):
    from render_rooms.folder import is_done, opened, part

    def break_down(folder: Path):
        (folder / "a.jpg").write_text("half")
        raise RuntimeError

    with opened(tmp_path) as out:
        with pytest.raises(RuntimeError), part(out, "a") as folder:
            break_down(folder)
        assert not is_done(out, "a")
        assert sorted(f.name for f in out.iterdir()) == [".lock", "classes.json"]


def test_a_finished_room_is_moved_out_without_its_scratch_files(tmp_path: Path):
    from render_rooms.folder import is_done, opened, part

    with opened(tmp_path) as out:
        with part(out, "a") as folder:
            for name in ("a.json", "a.jpg", "index.exr"):
                (folder / name).write_text("x")
        assert is_done(out, "a")
        assert sorted(f.name for f in out.iterdir()) == [".lock", "a.jpg", "a.json", "classes.json"]


def test_what_a_killed_run_left_is_thrown_away(tmp_path: Path):
    from render_rooms.folder import opened

    (tmp_path / ".a.part").mkdir()
    (tmp_path / ".a.part" / "a.json").write_text("x")
    with opened(tmp_path):
        assert not (tmp_path / ".a.part").exists()


def test_two_runs_do_not_share_a_folder(tmp_path: Path):
    from render_rooms.folder import opened

    with opened(tmp_path), pytest.raises(SystemExit, match="another run is writing to"), opened(tmp_path):
        pass


def test_progress_tells_rate_and_time_left():
    from render_rooms.folder import progress

    assert progress(12, 1000, 10, 98.0) == "12 of 1000, 9.8 s a room, 2 h 41 min left"


def test_a_finished_run_needs_no_blender(tmp_path: Path):
    (tmp_path / "kitchen_00000.json").write_text("{}")
    command = [sys.executable, str(FOLDER), "--out", str(tmp_path), "--count", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": ""})
    assert done.stdout == "1 of 1 rooms are there already\n"


# ---------------------------------------------------------------- plans of kitchens


def test_units_of_a_run_stand_side_by_side_within_their_wall():
    from render_rooms.kitchen_plan import draw_plan

    for seed in range(300):
        plan = draw_plan(random.Random(seed))
        for run in plan.runs:
            length = plan.W if run.wall == "back" else plan.D
            assert run.x0 > -1e-6
            assert run.x1 < length + 1e-6
            assert all(abs(a.x1 - b.x0) < 1e-3 for a, b in zip(run.units, run.units[1:], strict=False))


def test_a_kitchen_cooks_and_an_island_stands_free():
    from render_rooms.kitchen_plan import DEPTH, draw_plan

    plans = [draw_plan(random.Random(seed)) for seed in range(300)]
    cookers = [any(u.kind in ("range", "hob") for r in p.runs for u in r.units) for p in plans]
    assert sum(cookers) > 0.9 * len(plans)
    for plan in plans:
        if plan.island:
            _, cy, _, ly = plan.island
            assert cy + ly / 2 < plan.D - DEPTH - 0.7


def test_worktops_stop_at_ranges_and_fridges():
    from render_rooms.kitchen_plan import Run, Unit

    run = Run(
        "back",
        [Unit("door", 0, 1), Unit("sink", 1, 2), Unit("range", 2, 3), Unit("drawers", 3, 4), Unit("fridge", 4, 5)],
    )
    assert run.tops() == [(0, 2), (3, 4)]


def test_nothing_hangs_before_a_window():
    from render_rooms.kitchen_plan import Run, Unit, upper_spans

    run = Run("back", [Unit("door", 0, 1), Unit("sink", 1, 2), Unit("range", 2, 3)], [(1.0, 2.0)])
    assert [(kind, round(a, 3), round(c, 3)) for kind, a, c in upper_spans(run, 0, 3)] == [
        ("cabinet", 0, 0.93),
        ("cooker", 2, 3),
    ]


# ---------------------------------------------------------------- looks and edits


def test_the_plain_look_changes_nothing():
    from render_rooms.look import PLAIN, apply_look

    rgb = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    assert (apply_look(rgb, PLAIN) == rgb).all()


def test_a_look_is_recorded_and_gives_the_same_picture_again():
    from render_rooms.look import apply_look, draw_look

    rgb = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    for seed in range(20):
        look = draw_look(random.Random(seed))
        again = json.loads(json.dumps(look))
        assert (apply_look(rgb, look) == apply_look(rgb, again)).all()


SEEN = [
    {"id": 1, "class": "wall", "pixels": 4000, "material": "plaster:white"},
    {"id": 2, "class": "base cabinet", "pixels": 3000, "material": "wood:oak"},
    {"id": 3, "class": "bar stool", "pixels": 90, "material": "metal:black"},
    {"id": 4, "class": "bar stool", "pixels": 80, "material": "metal:black"},
    {"id": 5, "class": "vase", "pixels": 5, "material": "gloss:white"},
]


def test_only_what_can_be_seen_is_left_out():
    from render_rooms.edits import draw_removals

    for seed in range(20):
        (twin,) = draw_removals(random.Random(seed), SEEN, 10000, 2)
        assert twin["class"] == "bar stool"
        assert (twin["remove"], twin["instances"]) in [("bar stools", [3, 4]), ("bar stool", [3]), ("bar stool", [4])]


def test_a_recolour_is_what_a_person_types_with_classes_and_hex():
    from render_rooms.colours import PAINT
    from render_rooms.edits import draw_recolours

    for seed in range(40):
        for edit in draw_recolours(random.Random(seed), SEEN, 10000, 2):
            assert edit["edit"] == "; ".join(p["words"] for p in edit["parts"])
            for p in edit["parts"]:
                assert p["words"].partition(" -> ")[0] in ("walls", "cabinets")
                assert (p["hex"] is not None) == p["material"].startswith("paint:")
                assert p["hex"] in (None, *PAINT.values())


def test_an_edit_of_several_views_changes_what_all_of_them_show():
    from render_rooms.edits import draw_recolours

    without_walls = [one for one in SEEN if one["class"] != "wall"]
    for seed in range(20):
        for edit in draw_recolours(random.Random(seed), SEEN, 10000, 2, others=[SEEN, without_walls]):
            assert all(p["words"].startswith("cabinets -> ") for p in edit["parts"])
        assert draw_recolours(random.Random(seed), SEEN, 10000, 2, others=[[]]) == []
        alone = draw_recolours(random.Random(seed), SEEN, 10000, 2)
        assert draw_recolours(random.Random(seed), SEEN, 10000, 2, others=[SEEN]) == alone


def test_edits_name_classes_that_there_are():
    from render_rooms.classes import CID
    from render_rooms.edits import REMOVABLE, SURFACES

    assert set(REMOVABLE) | {c for classes, _ in SURFACES.values() for c in classes} <= set(CID)


def test_paints_have_names_or_are_hexes():
    from render_rooms.colours import paint, paint_hex

    assert [paint_hex("sage"), paint_hex("#98a48c")] == ["98a48c", "98a48c"]
    assert paint("#ffffff") == (1, 1, 1, 1)
