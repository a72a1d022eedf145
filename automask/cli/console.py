"""What the commands print, and their progress bars."""

import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from automask.batches.forecast import Estimate, Forecast
    from automask.batches.run import OpenBatch
    from automask.batches.summary import Summary
    from automask.protocols import Stages
    from automask.types import JobReport


def print_json(value: Any) -> None:
    """Prints a value as one line of JSON on standard output."""
    import json

    # Where the terminal is not UTF-8, JSON's own escapes carry every letter.
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print(json.dumps(value, ensure_ascii=not utf8), flush=True)


_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What a terminal obeys, without tab and line break: a file may be named after an escape sequence."""


def harmless(text: str) -> str:
    """The text with escapes in place of characters that a terminal would obey; line breaks and tabs stay."""
    return _CONTROLS.sub(lambda found: repr(found[0])[1:-1], text)


def say(value: object) -> None:
    """Prints a line, such as a path, on standard output."""
    print(harmless(str(value)).replace("\n", "\\n"))


def warn(message: str) -> None:
    """Prints a message on standard error, after the program's name."""
    print(f"automask: {harmless(message)}", file=sys.stderr)


def print_devices(stages: "Stages") -> None:
    """Says once where the models run: on a machine without a GPU that is what a user wonders about."""
    from automask.stages import device_note, parts_of

    for note in dict.fromkeys(filter(None, map(device_note, parts_of(stages).values()))):
        warn(note)


def print_notes(notes: Sequence[str], printed: set[str] | None = None) -> None:
    """Warns of each note that was not printed for another variant already."""
    for note in notes:
        _warn_once(note, printed)


def _warn_once(message: str, printed: set[str] | None) -> None:
    """Warns, unless that was printed of another variant already."""
    if printed is None or message not in printed:
        warn(message)
    if printed is not None:
        printed.add(message)


def share_of_photo(share: float) -> str:
    """A share of a photo's pixels for people: `4.1 % of the photo`."""
    percent = 100 * share
    return f"{'less than 0.1' if 0 < percent < 0.05 else f'{percent:.1f}'} % of the photo"


def quality_of(expected_iou: float | None, check_below: float) -> str:
    """A region's expected quality for people: `, quality 0.74 (check)`; nothing for one that has none."""
    if expected_iou is None:
        return ""
    return f", quality {expected_iou:.2f}{' (check)' if expected_iou < check_below else ''}"


def print_steps(
    steps: Sequence[Any], size_wh: Sequence[int], printed: set[str] | None = None, *, check_below: float = 0.0
) -> None:
    """Prints what became of each edit of a photo of that size, and marks those of a lower expected quality."""
    passed_over = [step for step in steps if step.passed_over]
    steps = [step for step in steps if not step.passed_over]
    if passed_over and any(step.area_px for step in steps):
        say(f"  not in this photo: {', '.join(target for step in passed_over for target in step.targets)}")
    if not any(step.area_px for step in steps):
        steps = [*steps, *passed_over]
        for step in steps:
            _print_reading(step, printed)
        _warn_once(
            f"the photo was written unchanged: {'; '.join(step.reason for step in steps if step.reason)}", printed
        )
        return
    for step in steps:
        _print_reading(step)
        _print_choices(step.choices)
        share = step.area_px / (size_wh[0] * size_wh[1])
        state = f"{share_of_photo(share)} repainted" if step.area_px else "not done"
        say(f"  {', '.join(step.targets)} -> {step.prompt}: {state}{quality_of(step.expected_iou, check_below)}")
        if step.reason:
            _warn_once(step.reason, printed)


def _print_reading(step: Any, printed: set[str] | None = None) -> None:
    """Prints what a step's words were read as where that differs, unless it was printed of another variant already."""
    line = f"  read {', '.join(step.targets)!r} as {', '.join(step.read_as)!r}"
    if step.read_as and tuple(step.read_as) != tuple(step.targets) and (printed is None or line not in printed):
        say(line)
        if printed is not None:
            printed.add(line)


def print_found(
    target: str,
    found: bool,
    expected_iou: float | None,
    boxes: int,
    share: float,
    reason: str | None,
    read_as: Sequence[str],
    *,
    check_below: float = 0.0,
    instances: Sequence[Any] = (),
    choices: Sequence[Any] = (),
    photo_px: int = 1,
) -> None:
    """Prints where one target was found, each single thing of it, or warns why it was not.

    Places are the single things where these are listed: two that touch are in one box.
    """
    if read_as and ", ".join(read_as) != target:
        say(f"  read {target!r} as {', '.join(read_as)!r}")
    _print_choices(choices)
    if found:
        count = sum(one.chosen for one in instances) if len(instances) > 1 else boxes
        places = f"{count} {'place' if count == 1 else 'places'}"
        say(f"  {target}: {share_of_photo(share)} in {places}{quality_of(expected_iou, check_below)}")
    for one in instances if len(instances) > 1 else ():
        x0, y0, x1, y1 = one.box.x0, one.box.y0, one.box.x1, one.box.y1
        left_out = "" if one.chosen else ", not chosen"
        where = f"x {x0}-{x1}, y {y0}-{y1} px"
        said = f"{share_of_photo(one.area_px / photo_px)}, {where}{quality_of(one.expected_iou, check_below)}{left_out}"
        say(f"    {one.target} {one.number}: {said}")
    if reason:
        warn(reason)


def _print_choices(choices: Sequence[Any]) -> None:
    """Prints how one of several things was chosen."""
    for one in choices:
        if one.reason is None:
            margin = "" if one.margin is None else f", margin {one.margin:.2f}"
            chosen = ", ".join(map(str, one.numbers))
            say(f"  {one.target!r}: number {chosen} of {len(one.candidates)}, by {one.measure}{margin}")


def print_dry_run(would: "Forecast", batch: "OpenBatch", *, as_json: bool) -> int:
    """Prints what a batch would do; the exit status."""
    from dataclasses import asdict

    from automask.batches.summary import refused_record
    from automask.plan import format_plan, printable

    for one in would.expected:
        plan = format_plan(one.job.plan)
        if as_json:
            print_json(one.as_record(plan))
        elif one.status != "would fail":
            done = " (done before)" if one.status == "done before" else ""
            say(f"{printable(one.job.shown)} -> {printable(one.result)}: {plan}{done}")
        if one.reason is not None:
            warn(f"{printable(one.job.shown)}: {one.reason}")
    for (shown, reason), (row, _) in zip(batch.refused, batch.refused_rows, strict=True):
        if as_json:
            print_json({**refused_record(shown, reason, row=row, out=batch.shown_out), "refused": reason})
        warn(f"{printable(shown)}: {reason}")
    todo, skipped, fail = map(would.count, ("to do", "done before", "would fail"))
    if as_json:
        about = None if would.estimate is None else asdict(would.estimate)
        counts = {"to_do": todo, "skipped": skipped, "would_fail": fail, "refused": len(batch.refused)}
        print_json({"summary": {"out": batch.shown_out, **counts, "estimate": about}})
    else:
        said = [f"{todo} to do", *([f"{skipped} done before"] if skipped else [])]
        said += [f"{fail} would fail"] if fail else []
        say(f"{', '.join(said)}, {len(batch.refused)} refused; nothing was done")
        if would.estimate is not None:
            say(_cost_of(would.estimate))
    return 4 if batch.refused or fail else 0


def _cost_of(cost: "Estimate") -> str:
    """What a batch would take, in a sentence."""
    from automask.batches.progress import duration

    said = [f"{duration(cost.took_s)} with {cost.workers} worker{'' if cost.workers == 1 else 's'}"]
    said.append(_of_what_there_is(cost.disk_mb, "disk", cost.free_mb, "free", lacks="disk" in cost.lacks))
    if cost.memory_mb is not None:
        said.append(
            _of_what_there_is(cost.memory_mb, "memory", cost.available_mb, "available", lacks="memory" in cost.lacks)
        )
    if cost.gpu_mb is not None:
        said.append(f"{_size(cost.gpu_mb)} of GPU memory for each worker")
    tried = f"{cost.samples} photo{'' if cost.samples == 1 else 's'}"
    return f"it would take about {', '.join(said)}, by {tried} tried on this machine"


def _of_what_there_is(need_mb: float, what: str, has_mb: float | None, there: str, *, lacks: bool) -> str:
    has = "" if has_mb is None else f" ({'ONLY ' if lacks else ''}{_size(has_mb)} {there})"
    return f"{_size(need_mb)} of {what}{has}"


def _size(megabytes: float) -> str:
    return (
        f"{megabytes:.1f} MB"
        if megabytes < 10
        else f"{megabytes:.0f} MB"
        if megabytes < 1000
        else _gigabytes(megabytes)
    )


def _gigabytes(megabytes: float) -> str:
    return f"{megabytes / 1e3:.1f} GB"


def print_batch_end(ended: "Summary", reports: Sequence["JobReport"], batch: "OpenBatch", *, as_json: bool) -> None:
    """Prints what a batch came to: the counts, what was kept, and each failure with its reason."""
    from automask.batches.summary import refused_record
    from automask.plan import printable

    if as_json:
        for (shown, reason), (row, _) in zip(batch.refused, batch.refused_rows, strict=True):
            print_json(refused_record(shown, reason, row=row, out=batch.shown_out))
        print_json(ended.as_record())
    else:
        say(ended)
    for done in reports:
        for name in done.record.get("yours", ()):
            warn(f"{printable(done.job.shown)}: masks: yours ({printable(name)})")
        for name in done.record.get("kept", ()):
            warn(f"{printable(done.job.shown)}: {printable(name)} is kept as it is; --overwrite replaces it")
    for done in reports:
        if done.status == "failed":
            warn(f"{printable(done.job.shown)}: {done.reason}")
    for shown, reason in batch.refused:
        warn(f"{printable(shown)}: {reason}")


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
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
def download_bar(name: str, size_mb: int) -> Iterator[Callable[[int, int], None]]:
    """Tells of a download on standard error: a bar with rate and time left, or now and then a line.

    Args:
        name: What is downloaded.
        size_mb: Its size in 10**6 bytes, for a server that does not say it.
    """
    if not sys.stderr.isatty():
        yield _download_lines(name, size_mb)
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    progress = Progress(*columns, console=Console(stderr=True), redirect_stdout=False)
    task = progress.add_task(name, total=size_mb * 1e6)

    def on_progress(done: int, total: int) -> None:
        # Not before the first bytes: a download from the hub shows bars of its own, and calls this never.
        progress.start()
        progress.update(task, completed=done, total=total or size_mb * 1e6)

    try:
        yield on_progress
    finally:
        progress.stop()


def _download_lines(name: str, size_mb: int) -> Callable[[int, int], None]:
    """Prints a line for every tenth of a download and every minute, but none within five seconds of the last."""
    began = time.perf_counter()
    last_s, last_tenth = -_LINE_SECONDS[0], -1

    def on_progress(done: int, total: int) -> None:
        nonlocal last_s, last_tenth
        took_s = time.perf_counter() - began
        whole = max(total or size_mb * 1e6, done, 1)
        tenth = int(10 * done / whole)
        since_s = took_s - last_s
        due = since_s >= _LINE_SECONDS[0] if tenth != last_tenth else since_s >= _LINE_SECONDS[1]
        if not done or not (due or (done == total and tenth != last_tenth)):
            return
        last_s, last_tenth = took_s, tenth
        rate = done / max(took_s, 1e-9)
        left = f", {_minutes((whole - done) / rate)} left" if done < whole else ""
        warn(f"{name}: {done / 1e6:.0f} of {whole / 1e6:.0f} MB, {rate / 1e6:.1f} MB/s{left}")

    return on_progress


_LINE_SECONDS = (5.0, 60.0)


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


@contextmanager
def batch_progress_bar(total: int) -> Iterator[Callable[["JobReport"], None]]:
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
