"""What the pages show can be typed: every command is accepted, every plan parses, every link leads somewhere."""

import itertools
import re
import shlex
import shutil
from pathlib import Path

import pytest

from automask.cli.entry import main
from automask.errors import AutomaskError
from automask.plan import parse_targets, parse_variants
from automask.plan.removal import is_removal

ROOT = Path(__file__).resolve().parent.parent
DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *DOCS]
README = (ROOT / "README.md").read_text(encoding="utf-8")
REPOSITORY = "https://github.com/automask/automask"
RAW = "https://raw.githubusercontent.com/automask/automask/main"
"""Where the project is at home: the package index shows README.md, where only absolute addresses lead somewhere."""


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def in_checkout(page: Path, target: str) -> Path | None:
    """The file of this checkout that an address of a page means; None where it leads out of the project."""
    path = target.partition("#")[0]
    for home in (f"{REPOSITORY}/blob/main/", f"{REPOSITORY}/tree/main/", f"{RAW}/"):
        if path.startswith(home):
            return ROOT / path.removeprefix(home)
    return None if "://" in path else page.parent / path


def commands(page: Path) -> list[list[str]]:
    """Every `automask ...` line of a page's shell blocks and indented lines, split as a shell would."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    typed = [shlex.split(line, comments=True) for line in lines if line.startswith("automask ")]
    return [list(itertools.takewhile(lambda word: word != ">", words)) for words in typed]


SHOWN = [
    pytest.param(arguments, id=f"{name_of(page)}: {' '.join(arguments)}")
    for page in (ROOT / "README.md", *DOCS)
    for arguments in commands(page)
    if "--conf" not in arguments and not any("s3://" in argument for argument in arguments)  # that asks the network
]


class Accepted(AutomaskError):
    """Raised in place of loading: everything typed was understood."""

    exit_status = 77


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the pages speak of, where nothing is loaded and nothing fetched."""
    from automask import config, weights

    photo = ROOT / "automask" / "samples" / "kitchen.jpg"
    (tmp_path / "listing").mkdir()
    for name in ("kitchen.jpg", "bedroom.jpg", "living-room.jpg", "room.png", "listing/a.jpg"):
        shutil.copy(photo, tmp_path / name)
    (tmp_path / "jobs.csv").write_text("photo,edits\nkitchen.jpg,cabinets -> white\n", encoding="utf-8")
    (tmp_path / "plan.yaml").write_text("- target: island\n  prompt: marble\n", encoding="utf-8")
    (tmp_path / "mine.csv").write_text("name,code,hex\nHarbour Night,QX 7006,#1d2a3a\n", encoding="utf-8")
    (tmp_path / "done").mkdir()
    (tmp_path / "done" / "failures.csv").write_text("photo,reason\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def accepted(*_: object, **__: object) -> None:
        raise Accepted("accepted")

    monkeypatch.setattr(config, "build", accepted)
    monkeypatch.setattr("automask.batches.run.run_jobs", accepted)
    monkeypatch.setattr("automask.studio.server.make", accepted)
    monkeypatch.setattr("automask.studio.tools.serve", accepted)
    monkeypatch.setattr(weights, "fetch", lambda name, progress: weights.find(name))
    return tmp_path


def test_the_pages_show_commands():
    assert len(SHOWN) > 35
    assert len(commands(ROOT / "README.md")) > 20


@pytest.mark.parametrize("arguments", SHOWN)
def test_a_command_of_the_pages_is_accepted(arguments: list[str], desk: Path, capsys: pytest.CaptureFixture[str]):
    status = main(arguments[1:])
    assert status in (0, Accepted.exit_status), capsys.readouterr().err


def recipes() -> list[tuple[str, str]]:
    return [
        (arguments[1], arguments[3])
        for arguments in commands(ROOT / "README.md")
        if arguments[1] in ("edit", "mask", "batch") and len(arguments) > 3 and "--preset" not in arguments
        if not arguments[3].startswith("-") and not any(one.startswith("palette=") for one in arguments)
    ]


def test_the_starter_preset_knows_every_word_of_the_recipes():
    from automask.editors.paint import Paint
    from automask.masking.find import phrases_of
    from automask.segmenters.starter import Starter

    starter, paint = Starter(), Paint()
    assert len(recipes()) > 8
    for command, words in recipes():
        plans = [parse_targets(words)] if command == "mask" else [made.plan for made in parse_variants(words)]
        starter.understand(phrases_of(plans[0]))
        for edit in itertools.chain(*plans):
            if command != "mask" and not is_removal(edit.prompt):
                paint.check(edit.prompt)


def test_the_models_of_the_pages_are_in_the_catalogue():
    from automask.weights import find

    pages = "\n".join(page.read_text(encoding="utf-8") for page in (ROOT / "README.md", *DOCS) if page.name != "cli.md")
    named = re.findall(r"automask models fetch ((?!--)[a-z0-9_-]+)", pages)
    assert named
    for name in named:
        assert find(name).name == name


@pytest.mark.slow
def test_the_python_example_runs(desk: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.undo()
    monkeypatch.chdir(desk)
    (code,) = re.findall(r"^```python\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
    exec(compile(code, "README.md", "exec"), {})  # noqa: S102 - our own page
    assert (desk / "out" / "kitchen.jpg").is_file()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_to_a_file_leads_somewhere(page: Path):
    for target in re.findall(r"(?<!!)\[[^]]*\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        file = in_checkout(page, target)
        assert file is None or file.exists(), target


@pytest.mark.skipif(not (ROOT / "docs" / "images").is_dir(), reason="docs/images is not in this checkout")
def test_every_picture_of_the_pages_is_there():
    shown = set()
    for page in PAGES:
        for target in re.findall(r"!\[[^]]+\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
            file = in_checkout(page, target)
            if file is None:
                assert page.name == "README.md", target
                assert target.startswith("https://img.shields.io/badge/"), target
            else:
                assert file.is_file(), target
                shown.add(file.resolve())
    assert {file.resolve() for file in (ROOT / "docs" / "images").iterdir()} == shown


def test_every_address_in_the_readme_works_on_the_package_index():
    for target in re.findall(r"\]\(([^)\s]+)\)", README):
        assert target.startswith(("https://", "#")), target


def test_the_demo_and_the_readme_show_the_same_words(capsys: pytest.CaptureFixture[str]):
    (words,) = re.findall(r"^    automask edit kitchen\.jpg \"(.*)\"$", README, flags=re.MULTILINE)
    source = (ROOT / "automask" / "cli" / "commands.py").read_text(encoding="utf-8")
    assert f'"{words}"' in source
    assert f'"{words}"' in (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    assert f'"{words}"' in (ROOT / "scripts" / "pictures.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_test_that_a_page_names_exists(page: Path):
    for name in re.findall(r"`(tests/[\w/]+\.py)`", page.read_text(encoding="utf-8")):
        assert (ROOT / name).is_file(), name
