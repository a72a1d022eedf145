"""The commands of `automask`."""

import os
import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automask.cli.arguments import Arguments, check_said_once, is_key_value, photo_of
from automask.cli.console import (
    batch_progress_bar,
    download_bar,
    print_batch_end,
    print_devices,
    print_dry_run,
    print_found,
    print_json,
    print_notes,
    print_steps,
    progress_bar,
    say,
    warn,
)
from automask.cli.outliving import outliving_readers, stopping_on_signals
from automask.cli.parsers import Parser
from automask.cli.pipes import PIPE, check_result_pipe, only_bytes_on_stdout
from automask.errors import DOCUMENTATION, OutputError, UsageError

if TYPE_CHECKING:
    from automask.batches.run import OpenBatch
    from automask.cli.exports import Written
    from automask.images import Photo
    from automask.results.outcome import Outcome
    from automask.types import JobReport, Rgb, Variant
    from automask.weights import Weights


INTERRUPTED = 130
"""The exit status of a command that was interrupted."""


def run_edit(parser: Parser, arguments: list[str]) -> int:
    """`automask edit`; its exit status."""
    typed = Arguments(parser, arguments, "photo", wants_arrow=True)
    from automask import runner
    from automask.results.files import check_out, files_of
    from automask.results.layers import check_layers
    from automask.results.outcome import save_variants
    from automask.settings import RunSettings

    variants = typed.variants()
    config = typed.config()
    typed.check_masks(config)
    # Refused now, and not after minutes of painting.
    check_layers(config["layers"])
    if typed.flags.out == PIPE:
        check_result_pipe(results=len(variants), as_json=typed.json, layers=config["layers"])
    photo = photo_of(typed.subject, config)
    if typed.flags.out == PIPE:
        return _edit_into_pipe(typed, variants, config, photo)
    for variant in variants:
        out = Path(config["out"], variant.name)
        overwrites = (photo, files_of(photo.name, out).result) if isinstance(photo, Path) else None
        check_out(out if variant.name else config["out"], overwrites=overwrites)
    with progress_bar() as on_progress:
        on_progress("loading the models", 0, 1)
        settings = RunSettings.from_config(config)
        prepared = runner.prepare(variants, settings, config, conf=typed.conf, masks=config["masks"])
        print_devices(prepared.stages)
        steps: list[Any] = []

        def made() -> "Iterator[tuple[Variant, Outcome]]":
            outcomes = runner.run(prepared, photo, on_progress, destination=runner.destination_of(config))
            for variant, outcome in zip(variants, outcomes, strict=True):
                steps.append(outcome.steps)
                on_progress("writing", 1, 1)
                yield variant, outcome

        saved, sheet = save_variants(made(), config["out"], overwrite=config["overwrite"])
    printed: set[str] = set()
    for variant, painted, one in zip(variants, steps, saved, strict=True):
        if typed.json:
            print_json({"variant": variant.name, **one.recorded} if variant.name else one.recorded)
            continue
        if variant.name:
            say(", ".join(variant.words))
        print_notes(one.recorded.get("notes", ()), printed)
        print_steps(painted, one.recorded["size_wh"], printed, check_below=settings.check_below)
        say(one.result)
        if sheet is None:
            say(one.picture)
        if one.original:
            say(one.original)
    if sheet is not None and not typed.json:
        say(sheet)
    return 0


def _edit_into_pipe(
    typed: Arguments, variants: "tuple[Variant, ...]", config: dict[str, Any], photo: "Path | Photo"
) -> int:
    """`automask edit -o -`: the picture's bytes on standard output, everything else on standard error."""
    from automask import runner
    from automask.settings import RunSettings

    with only_bytes_on_stdout() as result:
        with progress_bar() as on_progress:
            on_progress("loading the models", 0, 1)
            settings = RunSettings.from_config(config)
            prepared = runner.prepare(variants, settings, config, conf=typed.conf, masks=config["masks"])
            print_devices(prepared.stages)
            (outcome,) = runner.run(prepared, photo, on_progress)
            picture = outcome.to_bytes()
        print_notes(outcome.record.get("notes", ()))
        print_steps(outcome.steps, outcome.photo.size_wh, check_below=settings.check_below)
        result.write(picture)
    return 0


def run_mask(parser: Parser, arguments: list[str]) -> int:
    """`automask mask`; its exit status."""
    typed = Arguments(parser, arguments, "photo", wants_arrow=False)
    if _is_many(typed.subject):
        return _mask_many(typed, arguments)
    for flag in ("mapper", "workers", "recursive", "dry_run", "retry_failed", "force"):
        if getattr(typed.flags, flag):
            raise UsageError(
                f"--{flag.replace('_', '-')} with one photo", hint="it is for a folder or a glob of photos"
            )
    from automask import runner
    from automask.cli.exports import Exports, Masked
    from automask.results.files import check_out, files_of
    from automask.settings import RunSettings
    from automask.types import Variant

    targets = (Variant("", (), typed.targets()),)
    config = typed.config()
    if typed.flags.out == PIPE:
        raise UsageError("mask writes several files, and standard output takes one", hint="say -o DIR")
    photo = photo_of(typed.subject, config)
    check_out(config["out"])
    files = [files_of(photo.name, Path(config["out"]), prefix) for prefix in (None, photo.name)]
    exports = Exports.of(typed.flags, [photo.name], files, overwrite=config["overwrite"])
    with progress_bar() as on_progress:
        on_progress("loading the models", 0, 1)
        settings = RunSettings.from_config(config)
        prepared = runner.prepare(targets, settings, config, conf=typed.conf, paint=False)
        print_devices(prepared.stages)
        masked = runner.mask(prepared, photo, on_progress)
        saved = masked.save(config["out"], overwrite=config["overwrite"])
        stem = saved.record.name.removesuffix(".masks.json")
        source = photo if isinstance(photo, Path) else None
        written = exports.write([Masked(masked.photo.name, stem, source, saved.recorded)])
    if typed.json:
        print_json(saved.recorded)
    else:
        print_notes(saved.recorded.get("notes", ()))
        for region in masked.regions:
            share = float(region.hard.mean())
            print_found(
                region.target,
                region.found,
                region.expected_iou,
                len(region.boxes),
                share,
                region.reason,
                region.read_as,
                check_below=settings.check_below,
                instances=region.instances,
                choices=region.choices,
                photo_px=region.hard.size,
            )
        say(saved.picture)
        say(saved.record)
        _say_exports(written)
    return 0


def _is_many(subject: str) -> bool:
    """Whether the subject of `automask mask` is a folder, or a pattern that names no file."""
    import glob

    from automask.images import same_letters

    path = same_letters(subject)
    return path.is_dir() or (not os.path.lexists(path) and "://" not in subject and glob.has_magic(subject))


def _mask_many(typed: Arguments, arguments: Sequence[str]) -> int:
    """`automask mask` of a folder or a glob; its exit status."""
    from automask.batches import run
    from automask.batches.failures import failure_names, read_failures
    from automask.batches.stores import is_url
    from automask.cli.exports import Exports, Masked
    from automask.results.files import files_of
    from automask.results.records import has_readable_masks, read_record
    from automask.types import Variant

    variants = (Variant("", (), typed.targets()),)
    config = typed.config()
    if typed.flags.out == PIPE or is_url(config["out"]):
        raise UsageError(f"the masks of many photos go into a folder, not into {config['out']!r}", hint="say -o DIR")
    batch = run.open_batch(typed.subject, variants, config, retry_failed=typed.flags.retry_failed)
    jobs = batch.everything.jobs if batch.everything else batch.jobs
    files = {job: files_of(job.photo.name, job.out, job.name) for job in jobs}
    # A photo is called there by its path below the source.
    names = {job: (job.out / job.photo.name).relative_to(batch.out).as_posix() for job in jobs}
    exports = Exports.of(typed.flags, [*names.values()], [*files.values()], overwrite=config["overwrite"])
    status = _do_batch(typed, ["mask", *arguments], batch, config, paint=False)
    if not exports or typed.flags.dry_run or status == INTERRUPTED:
        return status
    listed = {name for name, _ in read_failures(batch.out)}
    good = [job for job in jobs if listed.isdisjoint(failure_names(job, batch.out))]
    records = {job: read_record(files[job].masks_record) for job in good}
    stems = {job: files[job].masks_record.relative_to(batch.out).as_posix() for job in good}
    readable = {job: record for job, record in records.items() if has_readable_masks(record)}
    made = [
        Masked(names[job], stems[job].removesuffix(".masks.json"), job.photo, record)
        for job, record in readable.items()
    ]
    damaged = [job for job, record in records.items() if record and job not in readable]
    for job in damaged:
        warn(f"{names[job]}: the record of its masks is damaged, and they are left out; --force makes them again")
    written = exports.write(made)
    if not typed.json:
        _say_exports(written)
    return max(status, 4) if damaged else status


def _say_exports(written: "Written") -> None:
    for path in written.files:
        say(path)
    for note in written.kept:
        warn(note)


def run_batch(parser: Parser, arguments: list[str]) -> int:
    """`automask batch`; its exit status."""
    if "--merge" in arguments[: arguments.index("--") if "--" in arguments else None]:
        return _merge(parser, arguments)
    typed = Arguments(parser, arguments, "folder, glob or CSV", wants_arrow=True)
    from automask.batches import run
    from automask.batches.shards import Shard
    from automask.batches.stores import is_url
    from automask.results.layers import check_layers

    if PIPE in (typed.subject, typed.flags.out):
        raise UsageError(
            "a batch reads and writes folders, not pipes", hint="for one photo: automask edit - EDITS -o -"
        )
    is_csv = typed.subject.lower().endswith(".csv")
    if not (is_csv or typed.says_edits):
        typed.one_of_words_and_plan("EDITS", '"cabinets -> white"')
    config = typed.config()
    typed.check_masks(config)
    check_layers(config["layers"])
    variants = typed.variants() if typed.says_edits else None
    shard = None if typed.flags.shard is None else Shard.parse(typed.flags.shard)
    if shard is not None and (config["prune"] or is_url(config["out"])):
        why = "--prune" if config["prune"] else f"OUT {config['out']!r}"
        raise UsageError(f"--shard with {why}", hint="a shard knows its own photos only, and writes into a folder")
    batch = run.open_batch(typed.subject, variants, config, retry_failed=typed.flags.retry_failed, shard=shard)
    return _do_batch(typed, ["batch", *arguments], batch, config)


def _merge(parser: Parser, arguments: list[str]) -> int:
    """`automask batch --merge`; its exit status."""
    flags = parser.parse_intermixed_args(arguments)
    if flags.subject is not None:
        raise UsageError(f"--merge with {flags.subject!r}", hint="it needs nothing but -o OUT")
    from automask.batches.run import merge_shards
    from automask.results.files import check_out

    out = check_out("out" if flags.out is None else flags.out)
    if not out.is_dir():
        raise OutputError(f"there is no folder {str(out)!r}", hint="name the OUT of the shards with -o")
    merged = merge_shards(out)
    missing = [f"{shard.number}/{shard.count}" for shard in merged.missing]
    if flags.json:
        counts = {"out": merged.out, "done": merged.done, "failed": merged.failed, "missing_shards": missing}
        print_json({"summary": counts})
    else:
        say(f"{merged.done} done, {merged.failed} failed, in {merged.out}")
    if missing:
        shown = ", ".join(missing[:10]) + (f" and {len(missing) - 10} more" if len(missing) > 10 else "")
        warn(f"shards that have not ended: {shown}")
    return 4 if merged.failed or missing else 0


def _do_batch(
    typed: Arguments, command: Sequence[str], batch: "OpenBatch", config: dict[str, Any], *, paint: bool = True
) -> int:
    """Runs an open batch, or says what it would do; its exit status.

    Args:
        typed: The arguments.
        command: All that was typed.
        batch: What to do.
        config: As composed.
        paint: False only finds masks.
    """
    from automask.batches import run, stale, summary
    from automask.batches.page import page_in
    from automask.plan import printable

    if typed.flags.retry_failed and not batch.jobs:
        listed = printable(batch.shown_out)
        warn(f"nothing to retry: {listed}/failures.csv lists no photo of {typed.subject!r}")
    if typed.flags.dry_run:
        from automask.batches.forecast import forecast

        would = forecast(batch.jobs, config, everything=batch.everything, paint=paint, conf=typed.conf)
        if paint and config["prune"] and batch.everything is not None:
            pruned = stale.prune(batch.out, stale.made_by(batch.everything, batch.out), dry=True)
            for note in pruned.notes(str(batch.out), dry=True):
                warn(note)
        return print_dry_run(would, batch, as_json=typed.json)
    began = time.perf_counter()
    ended: list[summary.Summary] = []
    ticks: list[str] = []

    def end(reports: "Sequence[JobReport]") -> None:
        ended.append(summary.summary_of(reports, batch, took_s=time.perf_counter() - began))
        print_batch_end(ended[-1], reports, batch, as_json=typed.json)
        if ticks:
            warn(f"ended: {ended[-1]}")

    def tick(line: str) -> None:
        if not sys.stderr.isatty():  # a terminal has a bar
            ticks.append(line)
            warn(line)

    with outliving_readers(), stopping_on_signals():
        try:
            with batch_progress_bar(len(batch.jobs)) as on_report:

                def report(done: "JobReport") -> None:
                    on_report(done)
                    if typed.json:
                        print_json(summary.report_record(done))

                run.run_jobs(
                    batch.jobs,
                    config,
                    out=batch.out,
                    refused=batch.refused_rows,
                    sheets=batch.sheets,
                    former_names=[name for name, _ in batch.refused],
                    everything=batch.everything,
                    paint=paint,
                    shard=batch.shard,
                    conf=typed.conf,
                    on_report=report,
                    on_note=warn,
                    on_tick=tick,
                    on_end=end,
                    keep=summary.kept_report,
                )
        except KeyboardInterrupt:
            again = shlex.join(["automask", *(text for text in command if text != "--force")])
            warn(f"interrupted; files already finished are complete; to go on: {again}")
            return INTERRUPTED
        except OutputError as error:
            # Photos that failed count for more than a list or a sheet that could not be written.
            if not ended or not ended[-1].exit_status:
                raise
            warn(str(error))
        page = page_in(batch.out)
        if paint and not typed.json and not batch.out_url and page.is_file():
            say(f"look through them: {page}")
    return ended[-1].exit_status


def run_studio(parser: Parser, arguments: list[str]) -> int:
    """`automask studio`; its exit status."""
    typed = Arguments(parser, arguments, "photo or folder", wants_arrow=True, optional=True)
    from automask.images import same_letters
    from automask.plan import parse_variants
    from automask.studio import server

    flags, config = typed.flags, typed.config()
    source = same_letters(typed.subject) if typed.subject else None
    if source is not None and not source.exists():
        raise UsageError(f"there is no photo or folder {typed.subject!r}", hint="check its name")
    if typed.words is not None:
        parse_variants(typed.words)
    options = server.Options(
        source=source,
        words=typed.words or "",
        photos=None if flags.photos is None else Path(flags.photos),
        host=flags.host,
        port=flags.port,
        allow_hosts=tuple(flags.allow_host),
    )
    running = server.make(options, config, conf=typed.conf, on_failure=_print_failure)
    with stopping_on_signals():  # the photos that the engine keeps in a temporary folder are removed then, too
        server.serve(running, options, warn, browse=not flags.no_browser)
    return 0


def run_mcp(parser: Parser, arguments: list[str]) -> int:
    """`automask mcp`; its exit status."""
    flags = parser.parse_intermixed_args(arguments)
    from automask.config import compose
    from automask.studio import tools

    conf = None if flags.conf is None else Path(flags.conf)
    overrides = [text for text in flags.words if is_key_value(text) and not Path(text).is_dir()]
    check_said_once(overrides)
    folders = [Path(text) for text in flags.words if text not in overrides]
    if not folders:
        raise UsageError("no folder given", hint="name the folder of the photos")
    tools.serve(folders, compose(flags.preset, overrides, conf=conf), conf=conf)
    return 0


def _print_failure(error: BaseException) -> None:
    import traceback

    traceback.print_exception(error)


def run_demo(parser: Parser, arguments: list[str]) -> int:
    """`automask demo`; its exit status."""
    flags = parser.parse_args(arguments)
    from automask.api import edit
    from automask.results.files import check_out
    from automask.settings import RunSettings

    words = "island -> white marble; cabinets -> forest; keep countertop"
    photo = Path(__file__).parents[1] / "samples" / "kitchen.jpg"
    check_out(flags.out)
    print(f'automask edit kitchen.jpg "{words}"')
    with progress_bar() as on_progress:
        outcome = edit(photo, words, on_progress=on_progress)
        saved = outcome.save(flags.out)
    print_steps(outcome.steps, outcome.photo.size_wh, check_below=RunSettings().check_below)
    say(f"the result:        {saved.result.resolve() if saved.result else ''}")
    say(f"before and after:  {saved.picture.resolve()}")
    say(f"masks and record:  {saved.record.resolve().parent}")
    return 0


def run_materials(parser: Parser, arguments: list[str]) -> int:
    """`automask materials`; its exit status."""
    flags = parser.parse_intermixed_args(arguments)
    from automask.config import compose, load_editor

    others = [text for text in flags.overrides if text.partition("=")[0] != "palette"]
    if others:
        raise UsageError(f"{others[0]!r} is no palette", hint="say palette=mine.csv")
    check_said_once(flags.overrides)
    # Adapters are named by YAML files only: the editor itself is asked what it knows.
    paint: Any = load_editor("paint", palette=compose(None, flags.overrides)["palette"])
    listed = paint.materials()
    own = [one for one in paint.colours() if "file" in one]
    if flags.out is not None:
        from automask.cli.exports import refuse_others_file
        from automask.results.seals import write_sheet
        from automask.results.sheets import contact_sheet

        sheet = Path(flags.out)
        if sheet.suffix.lower() not in (".png", ".jpg", ".jpeg"):
            raise UsageError(f"{str(sheet)!r} has no ending of a picture", hint="name it .png or .jpg")
        refuse_others_file(sheet)
        cells = [*((row["name"], paint.sample(row["name"])) for row in listed)]
        cells += [(f"{one['name']} {one['code']}".strip(), _even_cell(one["hex"])) for one in own]
        write_sheet(sheet, contact_sheet(cells, columns=6, cell_px=300), overwrite=True)
    if flags.json:
        print_json({"materials": list(listed), "sheet": flags.out, **({"colours": own} if own else {})})
        return 0
    for group in dict.fromkeys(row["group"] for row in listed):
        print(f"{group}:")
        for row in listed:
            if row["group"] == group:
                notes = [row["finish"]] * bool(row["finish"]) + ["in any colour"] * row["takes_colour"]
                print(f"  {row['name']:<26}{', '.join(notes)}".rstrip())
    if own:
        print("your own colours:")
    for one in own:
        print(f"  {one['name']:<26}{one['code']:<12}{one['hex']}".rstrip())
    page = f"{DOCUMENTATION}/guide/materials.md"
    print(f"\nAlso: every colour, finishes, and your own picture (swatch:oak.jpg); see {page}")
    if flags.out is not None:
        say(flags.out)
    return 0


def _even_cell(colour: str) -> "Rgb":
    """A cell of a sheet in one colour, given as `#rrggbb`."""
    import numpy as np

    cell = np.empty((200, 300, 3), np.uint8)
    cell[:] = np.frombuffer(bytes.fromhex(colour[1:]), np.uint8)
    return cell


def run_styles(parser: Parser, arguments: list[str]) -> int:
    """`automask styles`; its exit status."""
    flags = parser.parse_args(arguments)
    from automask.config import load_editor
    from automask.styles import load_style, style_names

    conf = None if flags.conf is None else Path(flags.conf)
    styles = [load_style(name, conf) for name in flags.names or style_names(conf)]
    if flags.out is not None:
        from automask.cli.exports import refuse_others_file
        from automask.results.seals import write_sheet
        from automask.results.sheets import contact_sheet, text_cell

        sheet = Path(flags.out)
        if sheet.suffix.lower() not in (".png", ".jpg", ".jpeg"):
            raise UsageError(f"{str(sheet)!r} has no ending of a picture", hint="name it .png or .jpg")
        refuse_others_file(sheet)
        paint: Any = load_editor("paint")
        columns = 1 + max(len(style.plan) for style in styles)
        cells: list[Any] = []
        for style in styles:
            row = [text_cell(style.name, style.about, size_wh=(300, 200))]
            for edit in style.plan:
                what = f"{', '.join(edit.targets)}: {edit.prompt}"
                row.append((what, paint.picture_of(edit.prompt)))
            blank = text_cell("", "", size_wh=(300, 200))
            cells += row + [blank] * (columns - len(row))
        write_sheet(sheet, contact_sheet(cells, columns=columns, cell_px=220), overwrite=True)
    if flags.json:
        plans = [
            {
                "name": style.name,
                "about": style.about,
                "edits": [{"targets": list(edit.targets), "prompt": edit.prompt} for edit in style.plan],
            }
            for style in styles
        ]
        print_json({"styles": plans, "sheet": flags.out})
        return 0
    for style in styles:
        print(f"{style.name}: {style.about}")
        for edit in style.plan if flags.names else ():
            excepted = f" except {', '.join(edit.excepts)}" if edit.excepts else ""
            print(f"  {', '.join(edit.targets)}{excepted} -> {edit.prompt}")
    if flags.out is not None:
        say(flags.out)
    return 0


def run_models_fetch(parser: Parser, arguments: list[str]) -> int:
    """`automask models fetch`; its exit status."""
    flags = parser.parse_intermixed_args(arguments)
    from automask import weights

    conf = None if flags.conf is None else Path(flags.conf)
    overrides = [text for text in flags.words if is_key_value(text)]
    check_said_once(overrides)
    names = [weights.find(text).name for text in flags.words if text not in overrides]
    if overrides and flags.preset is None:
        raise UsageError(f"{overrides[0]!r} without --preset", hint="say which preset it changes, as --preset photo")
    if flags.preset is not None:
        from automask.config import compose, weights_of

        needed = weights_of(compose(flags.preset, overrides, conf=conf), conf=conf)
        if not needed and not names:
            print(f"preset {flags.preset!r} needs no weights: nothing to fetch")
        names += needed
    elif not names:
        valid = ", ".join(known.name for known in weights.catalogue())
        raise UsageError(f"name what to fetch: {valid}", hint="or say --preset NAME for all that a preset needs")
    for name in dict.fromkeys(names):
        with download_bar(name, weights.find(name).size_mb) as on_progress:
            path = weights.fetch(name, progress=on_progress)
        print(path, flush=True)
    return 0


def run_models_list(parser: Parser, arguments: list[str]) -> int:
    """`automask models` and `automask models list`; the exit status."""
    parser.parse_args(arguments)
    from rich.console import Console
    from rich.table import Table

    from automask import weights

    weights.take_over_downloads()
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
            say(f"{known.name} is at {place}")
    print("To fetch some: automask models fetch NAME ...; all of a preset: automask models fetch --preset photo")
    return 0


def _download_size(known: "Weights") -> str:
    return f"{known.size_mb / 1000:.1f} GB" if known.size_mb >= 1000 else f"{known.size_mb} MB"


def _gpu_memory(known: "Weights") -> str:
    if known.vram_gb is None:
        return "?"
    offloaded = f" ({known.offload_gb:g})" if known.offload_gb is not None else ""
    return f"{'+' if known.kind == 'editor part' else ''}{known.vram_gb:g} GB{offloaded}"


def run_config_show(parser: Parser, arguments: list[str]) -> int:
    """`automask config show`; its exit status."""
    flags = parser.parse_intermixed_args(arguments)
    from automask.config import compose, to_yaml

    check_said_once(flags.overrides)
    conf = None if flags.conf is None else Path(flags.conf)
    print(to_yaml(compose(flags.preset, flags.overrides, conf=conf)), end="")
    return 0


def run_config_list(parser: Parser, arguments: list[str]) -> int:
    """`automask config list`; its exit status."""
    flags = parser.parse_args(arguments)
    from automask.config import conf_files

    files = conf_files(None if flags.conf is None else Path(flags.conf))
    groups = list(dict.fromkeys(file.group for file in files))
    for group in flags.groups:
        if group not in groups:
            raise UsageError(f"unknown group {group!r}", hint=f"valid: {', '.join(groups)}")
    for group in flags.groups or groups:
        print(f"{group}:")
        for file in files:
            if file.group == group:
                print(f"  {file.name:<16} {file.about}".rstrip())
    return 0


def run_config_copy(parser: Parser, arguments: list[str]) -> int:
    """`automask config copy`; its exit status."""
    flags = parser.parse_args(arguments)
    from difflib import get_close_matches

    from automask.config import conf_files

    files = {f"{file.group}/{file.name}": file for file in conf_files()}
    named = flags.file.removesuffix(".yaml")
    if named not in files:
        close = get_close_matches(named, files, 1)
        hint = f"did you mean {close[0]!r}?" if close else "see 'automask config list'"
        raise UsageError(f"unknown configuration file {flags.file!r}", hint=hint)
    file = files[named]
    name = (flags.new_name or f"my-{file.name}").removesuffix(".yaml")
    if not name or Path(name).name != name or name.startswith("."):
        raise UsageError(f"{name!r} is not a file name", hint="use letters, digits and dashes, as in --as mine")
    if f"{file.group}/{name}" in files:
        # The packaged file would win, so a changed copy of the same name would never be read.
        raise UsageError(
            f"{file.group}/{name} is one of automask's own files", hint="give the copy a new name: --as mine"
        )
    copy = Path(flags.folder, file.group, f"{name}.yaml")
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        with copy.open("xb") as target:
            target.write(file.path.read_bytes())
    except OSError as error:
        if isinstance(error, FileExistsError) and copy.exists():
            raise OutputError(f"{str(copy)!r} is there already", hint="choose another name: --as NAME") from error
        raise OutputError(f"cannot write {str(copy)!r}: {error.strerror}", hint="name another folder") from error
    say(copy)
    chosen = f"--{file.group} {name}" if file.group in ("preset", "style") else f"{file.group}={name}"
    say(f"to use it: automask edit ... --conf {shlex.quote(flags.folder)} {chosen}")
    return 0


def run_completion(parser: Parser, arguments: list[str]) -> int:
    """`automask completion`; its exit status."""
    flags = parser.parse_args(arguments)
    from automask.cli.completion import script

    print(script(flags.shell), end="")
    return 0
