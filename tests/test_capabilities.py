"""Optional members of adapters: read with their defaults, refused where they are misspelt or of the wrong kind."""

import ast
import importlib
import inspect
import pkgutil
import textwrap
from dataclasses import fields

import pytest

import automask
from automask import editors, refiners, segmenters, testing
from automask.capabilities import Capabilities, capabilities_of, is_slip
from automask.editors.auto import Auto
from automask.editors.paint import Paint
from automask.errors import ConfigError
from automask.protocols import Editor, Refiner, Segmenter
from automask.refiners.grabcut import GrabCut
from automask.refiners.threshold import Threshold
from automask.segmenters.painted import Painted
from automask.segmenters.starter import Starter
from automask.testing import Fill, Identity

MEMBERS = {field.name for field in fields(Capabilities)}
PLAUSIBLE = {
    *(
        "editor",
        "masks",
        "mask",
        "model",
        "models",
        "device",
        "batch",
        "batch_size",
        "prompt",
        "seed",
        "seeds",
        "files",
    ),
    *("generate", "generator", "generated", "read", "reader", "load", "loads", "loader", "router", "routes", "routing"),
    *(
        "connected",
        "connection",
        "checks",
        "checked",
        "checker",
        "part",
        "part_of",
        "painter",
        "paint_one",
        "paint_all",
    ),
    *(
        "exclude",
        "excluded",
        "inclusive",
        "device_name",
        "devices",
        "notes",
        "context",
        "compute",
        "computed",
        "understood",
    ),
    *(
        "surroundings",
        "spill",
        "own",
        "outer",
        "report",
        "refine_many",
        "predict",
        "processor",
        "tokenizer",
        "transform",
    ),
}
"""Names that an adapter may well have for things of its own."""


def adapter_classes():
    modules = [
        importlib.import_module(f"automask.testing.{found.name}") for found in pkgutil.iter_modules(testing.__path__)
    ]
    for package in (segmenters, refiners, editors):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            modules.append(importlib.import_module(found.name))
    classes = {one for module in modules for one in vars(module).values() if inspect.isclass(one)}
    adapters = [one for one in classes if any(hasattr(one, name) for name in ("heats", "refine", "paint"))]
    return sorted(adapters, key=lambda one: one.__name__)


def public_names(adapter):
    """Methods and class attributes, and what any of its methods sets on self."""
    source = attributes_set_in(inspect.getsource(adapter))
    return {name for name in {*dir(adapter), *source} if not name.startswith("_")}


def attributes_set_in(source):

    nodes = ast.walk(ast.parse(textwrap.dedent(source)))
    return {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)}


@pytest.mark.parametrize("adapter", adapter_classes(), ids=lambda adapter: adapter.__name__)
def test_no_packaged_adapter_has_a_name_that_is_taken_for_a_slip(adapter):
    slips = {(name, member) for name in public_names(adapter) - MEMBERS for member in MEMBERS if is_slip(name, member)}
    assert not slips


def test_the_packaged_adapters_are_all_looked_at():
    assert {"Starter", "ClipSeg", "Painted", "GrabCut", "Sam", "Threshold", "Paint", "Diffusion", "Auto", "Fill"} <= {
        adapter.__name__ for adapter in adapter_classes()
    }


def test_names_that_adapters_may_well_have_are_no_slips():
    assert not {(name, member) for name in PLAUSIBLE for member in MEMBERS if is_slip(name, member)}
    required = {*vars(Segmenter), *vars(Refiner), *vars(Editor)}
    assert not {(name, member) for name in required for member in MEMBERS if is_slip(name, member)}
    assert not {(name, member) for name in MEMBERS for member in MEMBERS if name != member and is_slip(name, member)}


@pytest.mark.parametrize(
    ("name", "member"),
    [
        ("paintmany", "paint_many"),
        ("paint_meny", "paint_many"),
        ("PaintMany", "paint_many"),
        ("paint_mnay", "paint_many"),
        ("own_file", "own_files"),
        ("keeps_surrounding", "keeps_surroundings"),
        ("keep_surroundings", "keeps_surroundings"),
        ("computed_with", "computes_with"),
        ("device_notes", "device_note"),
        ("exlcusive", "exclusive"),
        ("understands", "understand"),
        ("spillpx", "spill_px"),
        ("context_fraq", "context_frac"),
        ("generativ", "generative"),
        ("chekc", "check"),
        ("ruote", "route"),
        ("raeds", "reads"),
    ],
)
def test_one_slip_names_the_member_that_was_meant(name, member):
    assert [known for known in sorted(MEMBERS) if is_slip(name, known)] == [member]


def test_a_misspelt_method_of_an_editor_is_refused_before_the_photo_is_opened(scene):
    class Misspelt(Fill):
        def paintmany(self, jobs):
            return [self.paint(**job) for job in jobs]

    with pytest.raises(
        ConfigError, match=r"Misspelt has 'paintmany', which nothing reads; did you mean 'paint_many'\?"
    ):
        automask.edit("/no/such/photo.jpg", "lamp -> gold", overrides=scene.overrides, editor=Misspelt())
    stages = automask.load(overrides=scene.overrides)
    with pytest.raises(ConfigError, match="did you mean 'paint_many'"):
        automask.edit("/no/such/photo.jpg", "lamp -> gold", stages=stages, editor=Misspelt())


def test_a_misspelt_attribute_of_any_stage_is_refused(scene):
    refiner, segmenter = Threshold(), Painted(masks=str(scene.folder / "heat"))
    refiner.own_file = ()
    with pytest.raises(ConfigError, match="Threshold has 'own_file', which nothing reads; did you mean 'own_files'"):
        automask.mask(scene.photo, "lamp", overrides=scene.overrides, refiner=refiner)
    segmenter.understands = None
    with pytest.raises(ConfigError, match="did you mean 'understand'"):
        automask.mask(scene.photo, "lamp", overrides=scene.overrides, segmenter=segmenter)


def test_a_name_with_an_underscore_is_the_adapter_s_own():
    editor = Identity()
    editor._paintmany = editor._own_file = 1
    assert capabilities_of(editor).paint_many is None


def test_members_of_another_protocol_are_not_looked_at():
    class Finds(Painted):
        check = "mine"
        paintmany = editors = loaded = 3

    assert capabilities_of(Finds(masks={})).check is None


def test_an_editor_that_does_not_choose_may_say_whether_it_is_loaded():
    editor = Fill()
    editor.loaded = True
    assert capabilities_of(editor).loaded == {}


@pytest.mark.parametrize(
    ("member", "value", "said"),
    [
        ("paint_many", True, "Fill.paint_many is True; give a method"),
        ("own_files", "net.onnx", "Fill.own_files is 'net.onnx'; give a list of paths"),
        ("computes_with", "torch", "Fill.computes_with is 'torch'; give a list of names of packages"),
        ("device_note", 3, "Fill.device_note is 3; give a sentence"),
        ("exclusive", "yes", "Fill.exclusive is 'yes'; give True or False"),
        ("keeps_surroundings", 1, "Fill.keeps_surroundings is 1; give True or False"),
        ("spill_px", -1, "Fill.spill_px is -1; give a number from 0"),
        ("generative", "no", "Fill.generative is 'no'; give True or False"),
        ("context_frac", True, "Fill.context_frac is True; give a number from 0"),
    ],
)
def test_a_member_of_the_wrong_kind_is_refused(member, value, said):
    editor = Fill()
    setattr(editor, member, value)
    with pytest.raises(ConfigError) as caught:
        capabilities_of(editor)
    assert str(caught.value) == said


def test_without_members_all_have_their_defaults():
    for plain in (Threshold(), GrabCut()):
        can = capabilities_of(plain)
        assert (can.own_files, can.computes_with, can.device_note, can.exclusive) == ((), (), "", False)
        assert (can.understand, can.paint_many, can.generative, can.context_frac) == (None, None, None, None)


def test_what_packaged_adapters_say_is_read():
    paint, starter, auto = capabilities_of(Paint()), capabilities_of(Starter()), capabilities_of(Auto())
    assert (paint.generative, paint.exclusive, [file.name for file in paint.own_files]) == (
        False,
        False,
        ["surfaces.onnx"],
    )
    assert starter.understand(["sofas"]) == Starter().understand(["sofas"])
    assert starter.computes_with == ()
    assert (auto.editors, auto.loaded) == (("paint", "diffusion"), {})
    assert auto.route is not None
    assert auto.connect is not None


def test_files_that_a_stage_loads_or_draws_later_are_noticed(tmp_path):
    segmenter = Painted(masks=str(tmp_path))
    assert capabilities_of(segmenter).own_files == ()
    (tmp_path / "lamp.png").write_bytes(b"")
    assert capabilities_of(segmenter).own_files == (tmp_path / "lamp.png",)
