"""The commands of `automask`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automask.cli.arguments import Arguments, Parser, add_run_options, command_parser, existing_photo, worker_count
from automask.cli.console import (
    batch_progress_bar,
    print_devices,
    print_dry_run,
    print_found,
    print_json,
    print_notes,
    print_steps,
    progress_bar,
    warn,
)
from automask.errors import UsageError

if TYPE_CHECKING:
    from automask.results.outcome import Outcome
    from automask.types import JobReport, Variant
    from automask.weights import Weights


def run_edit(arguments: list[str]) -> int:
    """`automask edit`; its exit status."""
    parser = command_parser(
        "edit",
        "PHOTO [EDITS]",
        "Makes the edits in one photo and writes the result, its masks, a before/after picture and a record into OUT;\n"
        'of words with braces ("island -> {marble, oak}") each variant into a folder of its own, and a sheet of all.',
        epilog='for example:  automask edit kitchen.jpg "island -> marble; cabinets except handles -> white" -o done\n',
    )
    add_run_options(parser)
    parser.add_argument(
        "--masks", metavar="DIR", help="use these masks (as 'automask mask' wrote them) and find nothing"
    )
    typed = Arguments(parser, arguments, "photo", wants_arrow=True)
    from automask import runner
    from automask.results.files import check_out, files_of
    from automask.results.outcome import save_variants
    from automask.settings import RunSettings

    variants = typed.variants()
    config = typed.config()
    photo = existing_photo(typed.subject)
    # Refused now, and not after minutes of painting.
    for variant in variants:
        out = Path(config["out"], variant.name)
        check_out(out if variant.name else config["out"], overwrites=(photo, files_of(photo.name, out).result))
    with progress_bar() as tell:
        tell("loading the models", 0, 1)
        settings = RunSettings.from_config(config)
        prepared = runner.prepare(variants, settings, config, conf=typed.conf, masks=typed.flags.masks)
        print_devices(prepared.stages)
        steps: list[Any] = []

        def made() -> "Iterator[tuple[Variant, Outcome]]":
            for variant, outcome in zip(variants, runner.run(prepared, typed.subject, tell), strict=True):
                steps.append(outcome.steps)
                tell("writing", 1, 1)
                yield variant, outcome

        saved, sheet = save_variants(made(), config["out"])
    told: set[str] = set()
    for variant, painted, one in zip(variants, steps, saved, strict=True):
        if typed.json:
            print_json({"variant": variant.name, **one.recorded} if variant.name else one.recorded)
            continue
        if variant.name:
            print(", ".join(variant.words))
        print_notes(one.recorded.get("notes", ()), told)
        print_steps(painted, told)
        print(one.result)
        if sheet is None:
            print(one.picture)
        if one.original:
            print(one.original)
    if sheet is not None and not typed.json:
        print(sheet)
    return 0


def run_mask(arguments: list[str]) -> int:
    """`automask mask`; its exit status."""
    parser = command_parser(
        "mask",
        "PHOTO [TARGETS]",
        "Finds what the words name; writes masks, an overlay picture and a COCO record into OUT; paints nothing.",
        epilog='for example:  automask mask kitchen.jpg "island; cabinets except handles"\n',
    )
    add_run_options(parser)
    typed = Arguments(parser, arguments, "photo", wants_arrow=False)
    from automask import runner
    from automask.results.files import check_out
    from automask.settings import RunSettings
    from automask.types import Variant

    targets = (Variant("", (), typed.targets()),)
    config = typed.config()
    existing_photo(typed.subject)
    check_out(config["out"])
    with progress_bar() as tell:
        tell("loading the models", 0, 1)
        settings = RunSettings.from_config(config)
        prepared = runner.prepare(targets, settings, config, conf=typed.conf, paint=False)
        print_devices(prepared.stages)
        masked = runner.mask(prepared, typed.subject, tell)
        saved = masked.save(config["out"])
    if typed.json:
        print_json(saved.recorded)
    else:
        print_notes(saved.recorded.get("notes", ()))
        for region in masked.regions:
            share = float(region.hard.mean())
            print_found(
                region.target, region.found, region.peak, len(region.boxes), share, region.reason, region.read_as
            )
        print(saved.picture)
        print(saved.record)
    return 0


def run_batch(arguments: list[str]) -> int:
    """`automask batch`; its exit status."""
    parser = command_parser(
        "batch",
        "SOURCE [EDITS]",
        "Makes the edits in every photo of a folder, a glob, a store's URL or a CSV with columns photo,edits.",
        epilog='for example:  automask batch listing/ "cabinets -> white" -o done\n',
    )
    add_run_options(parser)
    parser.add_argument("--mapper", metavar="NAME", help="local (default) or ray")
    parser.add_argument("--workers", type=worker_count, metavar="N", help="how many photos at a time (default: auto)")
    parser.add_argument("--recursive", action="store_true", help="subfolders too; OUT mirrors them")
    parser.add_argument("--dry-run", action="store_true", help="list what would be done, and do nothing")
    parser.add_argument("--retry-failed", action="store_true", help="only the photos that OUT/failures.csv lists")
    typed = Arguments(parser, arguments, "folder, glob or CSV", wants_arrow=True)
    from automask.batches import run
    from automask.batches.failures import only_failed
    from automask.batches.find import find_jobs
    from automask.batches.stores import is_url, local_out

    is_csv = typed.subject.lower().endswith(".csv")
    if not is_csv or typed.words is not None or typed.flags.plan is not None:
        typed.one_of_words_and_plan("EDITS", '"cabinets -> white"')
    config = typed.config()
    if typed.flags.out is None and not any(text.startswith("out=") for text in typed.overrides):
        raise UsageError("a batch needs a folder to write into", hint="say -o DIR")
    out = local_out(config["out"])
    out_url = config["out"] if is_url(config["out"]) else ""
    variants = typed.variants() if typed.words is not None or typed.flags.plan is not None else None
    found = find_jobs(typed.subject, out=out, variants=variants, recursive=config["recursive"], out_url=out_url)
    jobs = only_failed(found.jobs, out) if typed.flags.retry_failed else found.jobs
    if typed.flags.dry_run:
        return print_dry_run(jobs, found.refused, as_json=typed.json)
    with batch_progress_bar(len(jobs)) as on_report:

        def report(done: "JobReport") -> None:
            on_report(done)
            if typed.json:
                print_json(run.report_record(done))

        reports = run.run_jobs(
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
        warn(f"{done.job.shown}: {done.reason}")
    for name, reason in found.refused:
        warn(f"{name}: {reason}")
    return 4 if failed or found.refused else 0


def run_demo(arguments: list[str]) -> int:
    """`automask demo`; its exit status."""
    parser = Parser(prog="automask demo", description="Edits the kitchen that comes with automask.")
    parser.add_argument("-o", "--out", default="out", metavar="OUT", help="folder for the results (default: out)")
    flags = parser.parse_args(arguments)
    from automask.api import edit
    from automask.results.files import check_out

    words = "island -> white marble; cabinets -> forest; keep countertop"
    photo = Path(__file__).parents[1] / "samples" / "kitchen.jpg"
    check_out(flags.out)
    print(f'automask edit kitchen.jpg "{words}"')
    with progress_bar() as tell:
        outcome = edit(photo, words, on_progress=tell)
        saved = outcome.save(flags.out)
    print_steps(outcome.steps)
    print(f"the result:        {saved.result.resolve() if saved.result else ''}")
    print(f"before and after:  {saved.picture.resolve()}")
    print(f"masks and record:  {saved.record.resolve().parent}")
    return 0


def run_materials(arguments: list[str]) -> int:
    """`automask materials`; its exit status."""
    parser = Parser(
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
        from automask.results.sheets import contact_sheet

        sheet = Path(flags.out)
        if sheet.suffix.lower() not in (".png", ".jpg", ".jpeg"):
            raise UsageError(f"'{sheet}' has no ending of a picture", hint="name it .png or .jpg")
        cells = ((row["name"], paint.sample(row["name"])) for row in listed)
        write_picture(sheet, contact_sheet(cells, columns=6, cell_px=300))
    if flags.json:
        print_json({"materials": list(listed), "sheet": flags.out})
        return 0
    for group in dict.fromkeys(row["group"] for row in listed):
        print(f"{group}:")
        for row in listed:
            if row["group"] == group:
                notes = [row["finish"]] * bool(row["finish"]) + ["in any colour"] * row["takes_colour"]
                print(f"  {row['name']:<26}{', '.join(notes)}".rstrip())
    print("\nBeside them: every colour, finishes, and your own picture (swatch:oak.jpg); see docs/guide/materials.md.")
    if flags.out is not None:
        print(flags.out)
    return 0


def run_models(arguments: list[str]) -> int:
    """`automask models`; its exit status."""
    parser = Parser(prog="automask models", description="Lists the weights that automask knows, or fetches some.")
    parser.add_argument("action", nargs="?", default="list", choices=["list", "fetch"])
    parser.add_argument("name", nargs="?", help="fetch: one of the names that list shows")
    flags = parser.parse_args(arguments)
    from automask import weights

    if flags.action == "fetch":
        if flags.name is None:
            raise UsageError("fetch what?", hint="name one of 'automask models list'")
        print(weights.fetch(flags.name))
        return 0
    from rich.console import Console
    from rich.table import Table

    places = {known: weights.find_local(known) for known in weights.catalogue()}
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
