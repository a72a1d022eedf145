"""The command line. It imports nothing heavy until it knows that there is work to do: `--help` answers at once."""

import argparse
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automask.errors import AutomaskError, UsageError

if TYPE_CHECKING:
    from automask.protocols import Stages
    from automask.report import Outcome
    from automask.types import JobReport, Plan, Variant
    from automask.weights import Weights

ARROWS = ("->", "=>", "\N{RIGHTWARDS ARROW}")
_OVERRIDE = re.compile(r"[~+]*[A-Za-z_][\w@/.-]*=")
_INTERRUPTED = 130

EXIT_STATUSES = """\
exit status: 0 done; 1 failed; 2 the words, the configuration or the arguments are wrong; 3 a target was missing under
on_missing=fail; 4 a batch finished with some photos failed; 130 interrupted.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; its exit status. Every error is one line on standard error, never a traceback.

    Args:
        argv: The arguments without the program's name; None takes the process's own.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        # A file name in letters that the terminal's encoding lacks must not undo an edit that is already written.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    try:
        status = _flushed(arguments)
    except AutomaskError as error:
        status = _fail(str(error), error.exit_status)
    except KeyboardInterrupt:
        status = _fail("interrupted; files already finished are complete", _INTERRUPTED)
    except BrokenPipeError:
        _drop_output()
        status = 1
    except OSError as error:
        _drop_output()
        status = _fail(f"{error.filename or 'standard output'}: {error.strerror or error}", 1)
    except MemoryError:
        status = _fail("out of memory; try a smaller photo, or fewer phrases at a time", 1)
    except Exception as error:
        if os.environ.get("AUTOMASK_DEBUG"):
            raise
        said = " ".join(str(error).split())
        status = _fail(f"unexpected {type(error).__name__}: {said}; run again with AUTOMASK_DEBUG=1 to see where", 1)
    return status


def _flushed(arguments: list[str]) -> int:
    """Runs one command and hands over all that it printed, so that a reader who went away is noticed here."""
    try:
        status = _run(arguments)
    except SystemExit as end:
        # Argparse leaves so after --help.
        status = int(end.code or 0)
    sys.stdout.flush()
    return status


def _drop_output() -> None:
    """Points standard output elsewhere once its reader went away (`| head`), or Python complains once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str, status: int) -> int:
    print(f"automask: {message}", file=sys.stderr)
    return status


def _run(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="automask",
        description="Change rooms in photographs from words alone.",
        epilog='for example:  automask edit kitchen.jpg "island -> marble; cabinets -> white"\n\n' + EXIT_STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="automask COMMAND ...",
    )
    parser.add_argument("--version", action="store_true", help="print the version and stop")
    commands = {
        "edit": (_edit, "make the edits in one photo"),
        "mask": (_mask, "only find the masks, and draw them over the photo"),
        "batch": (_batch, "make the same edits in a folder of photos"),
        "demo": (_demo, "edit the kitchen that comes with automask"),
        "materials": (_materials, "list the materials that paint knows, or draw them"),
        "models": (_models, "list model weights, or fetch some"),
    }
    listing = "\n".join(f"  {name:<10}{about}" for name, (_, about) in commands.items())
    parser.add_argument("command", nargs="?", metavar="COMMAND", help="one of:\n" + listing)
    parser.formatter_class = argparse.RawTextHelpFormatter
    head = parser.parse_args(arguments[:1])
    if head.version:
        from automask import __version__

        print(f"automask {__version__}")
        return 0
    if head.command is None:
        parser.print_help()
        return 0
    if head.command not in commands:
        from difflib import get_close_matches

        close = get_close_matches(head.command, commands, 1)
        if not close and Path(head.command).exists():
            raise UsageError(f"no command {head.command!r}", mend=f"did you mean: automask edit {head.command} ...?")
        hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(commands)}"
        raise UsageError(f"no command {head.command!r}", mend=hint)
    return commands[head.command][0](arguments[1:])


# ---------------------------------------------------------------------------------------------------------- arguments


class _Parser(argparse.ArgumentParser):
    """Argparse whose complaints go the way of all our errors."""

    def error(self, message: str) -> Any:
        raise UsageError(f"{self.prog}: {message}", mend=f"see '{self.prog} --help'")


def _parser(command: str, positionals: str, about: str, *, epilog: str = "") -> _Parser:
    parser = _Parser(
        prog=f"automask {command}",
        usage=f"automask {command} {positionals} [options] [key=value ...]",
        description=about,
        epilog=epilog + "\n" + EXIT_STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("words", nargs="*", metavar=positionals, help="in this order; key=value may stand anywhere")
    return parser


def _add_run_options(parser: _Parser) -> None:
    parser.add_argument("-o", "--out", metavar="OUT", help="folder for the results (default: out)")
    parser.add_argument("--plan", metavar="FILE.yaml", help="a YAML plan in place of the words")
    parser.add_argument("--preset", metavar="NAME", help="starter (default), photo, tiny, or your own from --conf")
    parser.add_argument("--conf", metavar="DIR", help="a folder of your own YAML files, searched after automask's")
    parser.add_argument(
        "--json", action="store_true", help="print the record as JSON, and nothing else, on standard output"
    )


class _Arguments:
    """What was typed, sorted: the subject, the words, and the configuration's overrides."""

    def __init__(self, parser: _Parser, arguments: Sequence[str], subject: str, *, wants_arrow: bool) -> None:
        typed = list(arguments)
        # After a lone `--` everything is a word, even with a dash in front.
        end = typed.index("--") if "--" in typed else len(typed)
        self.flags = parser.parse_intermixed_args(typed[:end])
        self.flags.words += typed[end + 1 :]
        self.subject, self.words, self.overrides = _sort(self.flags.words, subject, wants_arrow=wants_arrow)
        self.json: bool = getattr(self.flags, "json", False)

    @property
    def conf(self) -> Path | None:
        return None if self.flags.conf is None else Path(self.flags.conf)

    def config(self) -> dict[str, Any]:
        """The composed configuration, flags included."""
        from automask.config import compose

        for name in ("photo", "edits", "plan"):
            if any(text.startswith(f"{name}=") for text in self.overrides):
                raise UsageError(
                    f"{name}=... is for the scripts in pipelines/", mend="here it is an argument of its own"
                )
        for flag in ("out", "mapper", "recursive"):
            self._agree(flag, getattr(self.flags, flag, None))
        self._agree("mapper.workers", getattr(self.flags, "workers", None))
        extra = [f"mapper={self.flags.mapper}"] if getattr(self.flags, "mapper", None) else []
        if getattr(self.flags, "workers", None) is not None:
            extra.append(f"mapper.workers={self.flags.workers}")
        config = dict(compose(self.flags.preset, [*self.overrides, *extra], conf=self.conf))
        # A path never goes through Hydra's grammar: it may hold anything.
        if self.flags.out is not None:
            config["out"] = self.flags.out
        if getattr(self.flags, "recursive", False):
            config["recursive"] = True
        return config

    def _agree(self, key: str, flag: Any) -> None:
        said = [text.partition("=")[2] for text in self.overrides if text.partition("=")[0] == key]
        if flag in (None, False) or not said:
            return
        if said[-1].strip("'\"").lower() != str(flag).lower():
            name = key.rpartition(".")[2]
            raise UsageError(f"--{name} {flag} and {key}={said[-1]} disagree", mend="say it once")

    def targets(self) -> "Plan":
        """What to find, from the words or the plan file.

        Raises:
            UsageError: Neither or both were given.
        """
        from automask.api import targets_from
        from automask.plan import load_plan

        self.one_of_words_and_plan("TARGETS", '"island; cabinets"')
        return targets_from(self.words) if self.flags.plan is None else load_plan(Path(self.flags.plan), prompts=False)

    def variants(self) -> "tuple[Variant, ...]":
        """The variants that the words or the plan file say; one of no name where there are no braces.

        Raises:
            UsageError: Neither or both were given.
        """
        from automask.plan import variants_from

        self.one_of_words_and_plan("EDITS", '"island -> marble"')
        return variants_from(self.words if self.flags.plan is None else Path(self.flags.plan))

    def one_of_words_and_plan(self, name: str, example: str) -> None:
        if self.words is None and self.flags.plan is None:
            raise UsageError(f"no {name} and no --plan", mend=f"say what to do, as in {example}")
        if self.words is not None and self.flags.plan is not None:
            raise UsageError(f"{name} {self.words!r} and --plan {self.flags.plan}", mend="give one of the two")


def _sort(typed: Sequence[str], subject: str, *, wants_arrow: bool) -> tuple[str, Any, list[str]]:
    """The subject (a photo, a folder), the words or None, and the overrides, wherever each stands."""
    found: str | None = None
    words: str | None = None
    overrides: list[str] = []
    for text in typed:
        has_arrow = any(arrow in text for arrow in ARROWS)
        is_override = _OVERRIDE.match(text) is not None and not has_arrow
        if found is None and (os.path.lexists(text) or not (has_arrow or is_override)):
            found = text
        elif is_override:
            overrides.append(text)
        elif words is None:
            words = text
        else:
            what = "EDITS" if wants_arrow else "TARGETS"
            raise UsageError(
                f"{what} twice: {words!r} and {text!r}", mend="put them in one pair of quotes, parted by ';'"
            )
    if found is None:
        taken = f" (there is no file {overrides[0]!r}: it was read as a setting)" if overrides else ""
        raise UsageError(f"no {subject} given{taken}", mend=f"name the {subject} first")
    if not found:
        raise UsageError(f"the {subject} is ''", mend=f"name the {subject}")
    return found, words, overrides


# ----------------------------------------------------------------------------------------------------------- commands


def _edit(arguments: list[str]) -> int:
    parser = _parser(
        "edit",
        "PHOTO [EDITS]",
        "Makes the edits in one photo and writes the result, its masks, a before/after picture and a record into OUT;\n"
        'of words with braces ("island -> {marble, oak}") each variant into a folder of its own, and a sheet of all.',
        epilog='for example:  automask edit kitchen.jpg "island -> marble; cabinets except handles -> white" -o done\n',
    )
    _add_run_options(parser)
    parser.add_argument(
        "--masks", metavar="DIR", help="use these masks (as 'automask mask' wrote them) and find nothing"
    )
    typed = _Arguments(parser, arguments, "photo", wants_arrow=True)
    from automask import config as configuration
    from automask.api import NotLoaded
    from automask.api import variants as make
    from automask.chain import check_edits, named_editors
    from automask.credentials import signer_of
    from automask.report import check_out, files_of, save_variants

    variants = typed.variants()
    plan = variants[0].plan
    config = typed.config()
    photo = _existing_photo(typed.subject)
    # Refused now, and not after minutes of painting.
    if config["c2pa"] is not None:
        signer_of(config["c2pa"])
    for variant in variants:
        out = Path(config["out"], variant.name)
        check_out(out if variant.name else config["out"], overwrites=(photo, files_of(photo.name, out).result))
    with _progress() as tell:
        tell("loading the models", 0, len(plan))
        given = {} if typed.flags.masks is None else {"segmenter": NotLoaded(), "refiner": NotLoaded()}
        began = time.perf_counter()
        stages = configuration.build(config, editors=named_editors(plan), conf=typed.conf, given=given)
        for variant in variants:
            check_edits(variant.plan, stages)  # loads what `editor=auto` sends an edit to
        loaded_s = time.perf_counter() - began
        _say_devices(stages)
        outcomes = make(
            typed.subject,
            variants,
            stages=stages,
            seed=config["seed"],
            on_missing=config["on_missing"],
            masks=typed.flags.masks,
            max_megapixels=config["max_megapixels"],
            candidates=config["candidates"],
            on_progress=tell,
            mask_cache_mb=config["mask_cache_mb"],
        )
        steps: list[Any] = []

        def made() -> "Iterator[tuple[Variant, Outcome]]":
            for variant, (_, outcome) in zip(variants, outcomes, strict=True):
                if not steps:
                    outcome.record["timing"]["load_s"] = round(outcome.record["timing"]["load_s"] + loaded_s, 4)
                steps.append(outcome.steps)
                tell("writing", len(plan), len(plan))
                yield variant, outcome

        saved, sheet = save_variants(made(), config["out"], disclose=config["disclose"], c2pa=config["c2pa"])
    told: set[str] = set()
    for variant, painted, one in zip(variants, steps, saved, strict=True):
        if typed.json:
            _print_json({"variant": variant.name, **one.recorded} if variant.name else one.recorded)
            continue
        if variant.name:
            print(", ".join(variant.words))
        _say_notes(one.recorded.get("notes", ()), told)
        _say_steps(painted, told)
        print(one.result)
        if sheet is None:
            print(one.picture)
        if one.original:
            print(one.original)
    if sheet is not None and not typed.json:
        print(sheet)
    return 0


def _mask(arguments: list[str]) -> int:
    parser = _parser(
        "mask",
        "PHOTO [TARGETS]",
        "Finds what the words name; writes masks, an overlay picture and a COCO record into OUT; paints nothing.",
        epilog='for example:  automask mask kitchen.jpg "island; cabinets except handles"\n',
    )
    _add_run_options(parser)
    typed = _Arguments(parser, arguments, "photo", wants_arrow=False)
    from automask import config as configuration
    from automask.api import NotLoaded, models_of, versions
    from automask.images import open_photo
    from automask.masker import find_regions, phrases_of, understand
    from automask.report import check_out, save_masks

    plan = typed.targets()
    config = typed.config()
    _existing_photo(typed.subject)
    check_out(config["out"])
    with _progress() as tell:
        began = time.perf_counter()
        tell("loading the models", 0, 1)
        stages = configuration.build(config, conf=typed.conf, given={"editor": NotLoaded()})
        _say_devices(stages)
        understand(stages.segmenter, phrases_of(plan))
        loaded = time.perf_counter()
        photo = open_photo(typed.subject, max_megapixels=config["max_megapixels"])
        tell("finding the masks", 0, 1)
        regions = find_regions(photo.rgb, plan, stages, on_missing=config["on_missing"])
        found = time.perf_counter()
        models = {stage: about for stage, about in models_of(stages).items() if stage != "editor"}
        timing = {"load_s": loaded - began, "mask_s": found - loaded}
        saved = save_masks(
            photo, regions, config["out"], preset=stages.preset, models=models, versions=versions(), timing=timing
        )
    if typed.json:
        _print_json(saved.recorded)
    else:
        _say_notes(saved.recorded.get("notes", ()))
        for region in regions:
            share = float(region.hard.mean())
            _say_found(
                region.target, region.found, region.peak, len(region.boxes), share, region.reason, region.read_as
            )
        print(saved.picture)
        print(saved.record)
    return 0


def _batch(arguments: list[str]) -> int:
    parser = _parser(
        "batch",
        "SOURCE [EDITS]",
        "Makes the edits in every photo of a folder, a glob, a store's URL or a CSV with columns photo,edits.",
        epilog='for example:  automask batch listing/ "cabinets -> white" -o done\n',
    )
    _add_run_options(parser)
    parser.add_argument("--mapper", metavar="NAME", help="serial (default) or ray")
    parser.add_argument("--workers", type=_count, metavar="N", help="how many photos at a time (default: auto)")
    parser.add_argument("--recursive", action="store_true", help="subfolders too; OUT mirrors them")
    parser.add_argument("--dry-run", action="store_true", help="list what would be done, and do nothing")
    parser.add_argument("--retry-failed", action="store_true", help="only the photos that OUT/failures.csv lists")
    typed = _Arguments(parser, arguments, "folder, glob or CSV", wants_arrow=True)
    from automask import api
    from automask.batch import find_jobs, only_failed
    from automask.stores import is_url, local_out

    is_csv = typed.subject.lower().endswith(".csv")
    if not is_csv or typed.words is not None or typed.flags.plan is not None:
        typed.one_of_words_and_plan("EDITS", '"cabinets -> white"')
    config = typed.config()
    if typed.flags.out is None and not any(text.startswith("out=") for text in typed.overrides):
        raise UsageError("a batch needs a folder to write into", mend="say -o DIR")
    out = local_out(config["out"])
    out_url = config["out"] if is_url(config["out"]) else ""
    variants = typed.variants() if typed.words is not None or typed.flags.plan is not None else None
    found = find_jobs(typed.subject, out=out, variants=variants, recursive=config["recursive"], out_url=out_url)
    jobs = only_failed(found.jobs, out) if typed.flags.retry_failed else found.jobs
    if typed.flags.dry_run:
        return _say_dry_run(jobs, found.refused, as_json=typed.json)
    with _batch_progress(len(jobs)) as on_report:

        def report(done: "JobReport") -> None:
            on_report(done)
            if typed.json:
                _print_json(api.report_record(done))

        reports = api.run_jobs(
            jobs, config, out=out, refused=found.refused, sheets=found.sheets, conf=typed.conf, on_report=report
        )
    failed = [done for done in reports if done.status == "failed"]
    skipped = sum(done.status == "skipped" for done in reports)
    if not typed.json:
        refused = f", {len(found.refused)} refused" if found.refused else ""
        done_now = len(reports) - len(failed) - skipped
        without = sum(any(step["missing"] for step in done.record.get("steps", ())) for done in reports)
        lacking = f" ({without} without something that was looked for)" if without else ""
        print(f"{done_now} done{lacking}, {skipped} done before, {len(failed)} failed{refused}, in {out_url or out}")
        page = out / "index.html"
        if not out_url and page.is_file():
            print(f"look through them: {page}")
    for done in failed:
        _warn(f"{done.job.shown}: {done.reason}")
    for name, reason in found.refused:
        _warn(f"{name}: {reason}")
    return 4 if failed or found.refused else 0


def _count(text: str) -> int | str:
    try:
        return text if text == "auto" else int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither 'auto' nor a whole number") from None


def _demo(arguments: list[str]) -> int:
    parser = _Parser(prog="automask demo", description="Edits the kitchen that comes with automask.")
    parser.add_argument("-o", "--out", default="out", metavar="OUT", help="folder for the results (default: out)")
    flags = parser.parse_args(arguments)
    from automask.api import edit
    from automask.report import check_out

    words = "island, accent wall -> marble; cabinets -> white"
    photo = Path(__file__).parent / "samples" / "kitchen.jpg"
    check_out(flags.out)
    print(f'automask edit kitchen.jpg "{words}"')
    with _progress() as tell:
        outcome = edit(photo, words, on_progress=tell)
        saved = outcome.save(flags.out)
    _say_steps(outcome.steps)
    print(f"the result:        {saved.result.resolve() if saved.result else ''}")
    print(f"before and after:  {saved.picture.resolve()}")
    print(f"masks and record:  {saved.record.resolve().parent}")
    return 0


def _materials(arguments: list[str]) -> int:
    parser = _Parser(
        prog="automask materials",
        description="Lists the materials that paint knows, beside every colour; -o draws them.",
        allow_abbrev=False,
    )
    parser.add_argument("-o", "--out", metavar="SHEET.png", help="draw 1.2 m x 0.8 m of each on one sheet")
    parser.add_argument("--json", action="store_true", help="print the list as JSON, and nothing else")
    flags = parser.parse_args(arguments)
    from automask.config import load_editor

    # Adapters are named by YAML files only: the editor itself is asked what it knows.
    paint: Any = load_editor("paint")
    listed = paint.materials()
    if flags.out is not None:
        from automask.images import write_picture
        from automask.report import contact_sheet

        sheet = Path(flags.out)
        if sheet.suffix.lower() not in (".png", ".jpg", ".jpeg"):
            raise UsageError(f"'{sheet}' has no ending of a picture", mend="name it .png or .jpg")
        cells = ((row["name"], paint.sample(row["name"])) for row in listed)
        write_picture(sheet, contact_sheet(cells, columns=6, cell_px=300))
    if flags.json:
        _print_json({"materials": list(listed), "sheet": flags.out})
        return 0
    for group in dict.fromkeys(row["group"] for row in listed):
        print(f"{group}:")
        for row in listed:
            if row["group"] == group:
                notes = [row["finish"]] * bool(row["finish"]) + ["in any colour"] * row["takes_colour"]
                print(f"  {row['name']:<26}{', '.join(notes)}".rstrip())
    print("\nBeside them: every colour, finishes, and your own picture (swatch:oak.jpg); see docs/materials.md.")
    if flags.out is not None:
        print(flags.out)
    return 0


def _models(arguments: list[str]) -> int:
    parser = _Parser(prog="automask models", description="Lists the weights that automask knows, or fetches some.")
    parser.add_argument("action", nargs="?", default="list", choices=["list", "fetch"])
    parser.add_argument("name", nargs="?", help="fetch: one of the names that list shows")
    flags = parser.parse_args(arguments)
    from automask import weights

    if flags.action == "fetch":
        if flags.name is None:
            raise UsageError("fetch what?", mend="name one of 'automask models list'")
        print(weights.fetch(flags.name))
        return 0
    from rich.console import Console
    from rich.table import Table

    places = {known: weights.cached_at(known) for known in weights.catalogue()}
    table = Table(box=None, pad_edge=False)
    for column in ("name", "what", "download", "GPU memory"):
        table.add_column(column, no_wrap=True)
    table.add_column("licence", overflow="fold")
    table.add_column("here", no_wrap=True)
    for known, place in places.items():
        licence = f"{known.licence} (gated)" if known.gated else known.licence
        here = "yes" if place else "no"
        table.add_row(known.name, known.kind, _download_size(known), _gpu_memory(known), licence, here)
    # A pipe has no width of its own; a table folded to 80 columns helps no script.
    Console(width=None if sys.stdout.isatty() else 200, markup=False).print(table)
    print("\nGPU memory: estimates in half precision; in brackets with offload; '+' on top of the editor's.")
    for known in places:
        terms = ["no commercial use"] * known.non_commercial + ["gated"] * known.gated
        if terms:
            print(f"{known.name}: {', '.join(terms)}: {known.page}")
    for known, place in places.items():
        if place:
            print(f"{known.name} is at {place}")
    print("To fetch one: automask models fetch NAME")
    return 0


def _download_size(known: "Weights") -> str:
    return f"{known.size_mb / 1000:.1f} GB" if known.size_mb >= 1000 else f"{known.size_mb} MB"


def _gpu_memory(known: "Weights") -> str:
    if known.vram_gb is None:
        return "?"
    offloaded = f" ({known.offload_gb:g})" if known.offload_gb is not None else ""
    return f"{'+' if known.kind == 'editor part' else ''}{known.vram_gb:g} GB{offloaded}"


# ------------------------------------------------------------------------------------------------------------- saying


def _existing_photo(subject: str) -> Path:
    if Path(subject).is_dir():
        raise UsageError(f"{subject!r} is a folder", mend=f"for many photos: automask batch {subject} ...")
    if not Path(subject).exists():
        from automask.images import open_photo

        # It cannot be opened: this says why (no such file, a URL, ...) before a model is loaded for it.
        open_photo(subject)
    return Path(subject)


def _print_json(value: Any) -> None:
    import json

    # Where the terminal is not UTF-8, JSON's own escapes carry every letter.
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print(json.dumps(value, ensure_ascii=not utf8), flush=True)


def _warn(message: str) -> None:
    print(f"automask: {message}", file=sys.stderr)


def _say_devices(stages: "Stages") -> None:
    """Says once where the models run: on a machine without a GPU that is what a user wonders about."""
    from automask.api import device_note, parts_of

    for note in dict.fromkeys(filter(None, map(device_note, parts_of(stages).values()))):
        _warn(note)


def _say_notes(notes: Sequence[str], told: set[str] | None = None) -> None:
    for note in notes:
        _warn_once(note, told)


def _warn_once(message: str, told: set[str] | None) -> None:
    """Warns, unless that was told of another variant already."""
    if told is None or message not in told:
        _warn(message)
    if told is not None:
        told.add(message)


def _say_steps(steps: Sequence[Any], told: set[str] | None = None) -> None:
    if not any(step.area_px for step in steps):
        _warn_once(f"the photo was written unchanged: {'; '.join(step.reason for step in steps if step.reason)}", told)
        return
    for step in steps:
        if step.read_as and tuple(step.read_as) != tuple(step.targets):
            print(f"  read {', '.join(step.targets)!r} as {', '.join(step.read_as)!r}")
        state = f"{step.area_px} px repainted" if step.area_px else "not done"
        print(f"  {', '.join(step.targets)} -> {step.prompt}: {state}")
        if step.reason:
            _warn_once(step.reason, told)


def _say_found(
    target: str,
    found: bool,
    peak: float | None,
    boxes: int,
    share: float,
    reason: str | None,
    read_as: Sequence[str],
) -> None:
    if read_as and ", ".join(read_as) != target:
        print(f"  read {target!r} as {', '.join(read_as)!r}")
    if found:
        print(f"  {target}: {share:.1%} of the photo in {boxes} places" + (f", peak heat {peak:.2f}" if peak else ""))
    if reason:
        _warn(reason)


def _say_dry_run(jobs: Sequence[Any], refused: Sequence[tuple[str, str]], *, as_json: bool) -> int:
    from automask.plan import format_plan

    for job in jobs:
        if as_json:
            where = job.out_url or str(job.out)
            _print_json({"photo": job.shown, "out": where, "name": job.name, "plan": format_plan(job.plan)})
        else:
            where = f"{job.out_url}/{job.name}" if job.out_url else str(job.out / job.name)
            print(f"{job.shown} -> {where}: {format_plan(job.plan)}")
    for name, reason in refused:
        if as_json:
            _print_json({"photo": name, "refused": reason})
        _warn(f"{name}: {reason}")
    if not as_json:
        print(f"{len(jobs)} to do, {len(refused)} refused; nothing was done")
    return 4 if refused else 0


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """Tells on standard error what is being done; silent when that is not a terminal."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("starting", total=None)
        yield lambda what, done, total: progress.update(
            task, description=what, completed=done, total=total if what == "painting" else None
        )


@contextmanager
def _batch_progress(total: int) -> Iterator[Callable[["JobReport"], None]]:
    """A bar with photos done, rate, time left and failures on standard error; silent when that is not a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("photos"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[failed]} failed"),
    )
    began, failed, done = time.perf_counter(), 0, 0
    # Rich would take what is printed meanwhile along to standard error; --json belongs on standard output.
    with Progress(*columns, console=Console(stderr=True), redirect_stdout=False) as progress:
        task = progress.add_task("photos", total=total, failed=0, rate="")

        def on_report(report: "JobReport") -> None:
            nonlocal failed, done
            failed += report.status == "failed"
            done += 1
            rate = done / max(time.perf_counter() - began, 1e-9)
            progress.update(task, advance=1, failed=failed, rate=f"{rate:.2f} a second")

        yield on_report


if __name__ == "__main__":
    sys.exit(main())
