import copy
import pickle
from inspect import getmembers, isclass

import pytest

from automask import errors
from automask.errors import AutomaskError, CropRefused, PlanError, TargetMissing, WeightsMissing

CLASSES = [found for _, found in getmembers(errors, isclass) if issubclass(found, AutomaskError)]

BUILTINS = {
    "PlanError": ValueError,
    "UnknownPhrase": ValueError,
    "ConfigError": ValueError,
    "UsageError": ValueError,
    "PhotoError": ValueError,
    "MaskError": ValueError,
    "OutputError": OSError,
    "WeightsMissing": FileNotFoundError,
    "ExtraMissing": ImportError,
    "SegmenterError": RuntimeError,
    "RefinerError": RuntimeError,
    "EditorError": RuntimeError,
    "UnknownPrompt": RuntimeError,
    "CropRefused": RuntimeError,
    "TargetMissing": LookupError,
}
EXIT_STATUS = {"PlanError": 2, "UnknownPhrase": 2, "ConfigError": 2, "UsageError": 2, "TargetMissing": 3}

every_class = pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)


class Detailed(WeightsMissing):
    """Stands for a class that someone adds with keyword-only arguments and a message of its own."""

    def __init__(self, model_id: str, *, size_mb: int) -> None:
        super().__init__(f"no weights for {model_id!r} ({size_mb} MB)", hint=f"fetch {model_id}")
        self.size_mb = size_mb


def through_pickle(error, protocol=pickle.HIGHEST_PROTOCOL):
    return pickle.loads(pickle.dumps(error, protocol))  # noqa: S301  # our own bytes


@every_class
def test_a_message_is_the_problem_then_the_hint(kind):
    error = kind("no 'island'", hint="try boxes.threshold=0.15")
    assert str(error) == "no 'island'; try boxes.threshold=0.15"
    assert (error.problem, error.hint) == ("no 'island'", "try boxes.threshold=0.15")


@every_class
def test_without_a_hint_the_message_is_the_problem(kind):
    assert str(kind("no 'island'")) == "no 'island'"
    assert kind("no 'island'").hint == ""


@every_class
def test_the_hint_is_a_keyword_argument(kind):
    with pytest.raises(TypeError):
        kind("no 'island'", "try again")


@every_class
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_error_survives_pickle(kind, protocol):
    error = kind("no 'island'", hint="try again")
    error.photo = "kitchen.jpg"
    back = through_pickle(error, protocol)
    assert type(back) is kind
    assert str(back) == str(error)
    assert back.args == error.args
    assert (back.problem, back.hint, back.photo) == (error.problem, error.hint, "kitchen.jpg")


@every_class
def test_every_error_survives_a_second_pickle_and_a_copy(kind):
    error = kind("no 'island'", hint="try again")
    for back in (through_pickle(through_pickle(error)), copy.copy(error), copy.deepcopy(error)):
        assert (type(back), str(back), back.problem, back.hint) == (kind, str(error), error.problem, error.hint)


def test_notes_survive_pickle():
    error = PlanError("no arrow")
    error.add_note("in row 3 of jobs.csv")
    assert through_pickle(error).__notes__ == ["in row 3 of jobs.csv"]


def test_an_error_with_keyword_only_arguments_of_its_own_survives_pickle():
    back = through_pickle(Detailed("vit_b", size_mb=375))
    assert type(back) is Detailed
    assert (str(back), back.size_mb) == ("no weights for 'vit_b' (375 MB); fetch vit_b", 375)


def test_an_error_with_a_caret_survives_pickle():
    error = PlanError.at("a second arrow", text="a -> b -> c", position=7, hint="expected ';'")
    back = through_pickle(error)
    assert str(back) == str(error)
    assert (back.problem, back.hint) == ("a second arrow", "expected ';'")


@every_class
def test_every_error_is_also_the_builtin_it_resembles(kind):
    assert issubclass(kind, BUILTINS.get(kind.__name__, Exception))
    assert kind is AutomaskError or kind.__name__ in BUILTINS


@every_class
def test_every_error_has_its_exit_status(kind):
    assert kind.exit_status == EXIT_STATUS.get(kind.__name__, 1)


def documented_tree() -> dict[str, tuple[str, str]]:
    """What the module's docstring draws: for each class its parent among ours, and the builtin ("" for inherited)."""
    lines = [line for line in errors.__doc__.splitlines() if line.startswith("    ")]
    above: list[str] = []
    tree = {}
    for line in lines:
        depth = (len(line) - len(line.lstrip())) // 4 - 1
        name = line.split()[0]
        above[depth:] = [name]
        tree[name] = (above[depth - 1] if depth else "", line[35:54].strip())
    return tree


def test_the_docstring_draws_the_tree_of_the_classes():
    real = {}
    for kind in CLASSES:
        ours, *builtin = kind.__bases__
        own = builtin[0].__name__ if builtin else "Exception" if kind is AutomaskError else ""
        real[kind.__name__] = ("" if kind is AutomaskError else ours.__name__, own)
    assert documented_tree() == real


def test_every_error_is_exported():
    import automask

    for kind in CLASSES:
        assert getattr(automask, kind.__name__) is kind
        assert kind.__name__ in automask.__all__


def test_a_refused_crop_is_distinguished_from_a_failed_editor():
    assert issubclass(CropRefused, errors.EditorError)
    assert not issubclass(TargetMissing, KeyError)  # whose message would be shown in quotes


@every_class
def test_every_error_says_what_it_is_for(kind):
    assert kind.__doc__


CARETS = {
    "first column": ("? a", 0, "line 1, column 1: no; yes\n    ? a\n    ^"),
    "in the line": ("a ? b", 2, "line 1, column 3: no; yes\n    a ? b\n      ^"),
    "at the end": ("a b", 3, "line 1, column 4: no; yes\n    a b\n       ^"),
    "nothing at all": ("", 0, "line 1, column 1: no; yes\n    \n    ^"),
    "second line": ("a\nb ?\nc", 4, "line 2, column 3: no; yes\n    b ?\n      ^"),
    "last line": ("a\nb\n?", 4, "line 3, column 1: no; yes\n    ?\n    ^"),
    "on the line break": ("a\nb", 1, "line 1, column 2: no; yes\n    a\n     ^"),
    "after the last line break": ("a\n", 2, "line 2, column 1: no; yes\n    \n    ^"),
    "behind wide letters": ("\u58c1 ?", 2, "line 1, column 3: no; yes\n    \u58c1 ?\n       ^"),
    "behind a combining mark": ("a\u0308 ?", 3, "line 1, column 4: no; yes\n    a\u0308 ?\n      ^"),
    "behind tabs": ("\ta\t? b", 3, "line 1, column 4: no; yes\n    \ta\t? b\n    \t \t^"),
}


@pytest.mark.parametrize(("text", "position", "message"), CARETS.values(), ids=CARETS)
def test_the_caret_is_under_the_offending_character(text, position, message):
    error = PlanError.at("no", text=text, position=position, hint="yes")
    assert str(error) == message
    assert (error.problem, error.hint) == ("no", "yes")


def test_a_subclass_keeps_its_class_when_it_shows_a_caret():
    assert type(errors.UnknownPhrase.at("no", text="a", position=0, hint="yes")) is errors.UnknownPhrase


def test_the_old_name_of_a_hint_works_and_warns():
    with pytest.warns(DeprecationWarning, match="'mend' is now called 'hint'"):
        error = errors.PhotoError("no photo", mend="name one")
    assert (error.hint, str(error)) == ("name one", "no photo; name one")
    with pytest.warns(DeprecationWarning, match="'mend' is now called 'hint'"):
        assert error.mend == "name one"


def test_an_error_raised_from_itself_ends_in_no_endless_search(monkeypatch, capsys):
    monkeypatch.setenv("AUTOMASK_DEBUG", "1")
    error = errors.PhotoError("no photo")
    error.__cause__ = error
    errors.debug_traceback(error)
    assert capsys.readouterr().err == ""
