"""MCP: the same engine for programs that talk, over standard input and output.

It has no network surface. Files are read and written only in the folders that were named at the start, with all links
followed; a name elsewhere is refused, and so is a swatch there.
"""

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from automask import config, runner
from automask._version import __version__
from automask.errors import AutomaskError, ExtraMissing, UsageError
from automask.images import picture_bytes
from automask.painting import editors
from automask.plan import parse_plan, parse_targets
from automask.results.previews import before_after, overlay
from automask.settings import RunSettings
from automask.studio.work import refuse_files_elsewhere
from automask.types import Variant

_SHOWN_PX = 1024
_MOST_LISTED = 500
_INSTRUCTIONS = (
    "Edits rooms in photographs. Words: 'island -> white marble; cabinets except handles -> sage; keep faucet'. "
    "Call find_masks first and look at the picture: what is not found, or in doubt, it says. Paths are relative to the "
    "folders that list_photos names."
)


def serve(folders: Sequence[Path], cfg: config.Config, *, conf: Path | None = None) -> None:
    """Serves until standard input ends.

    Raises:
        ExtraMissing: The package mcp is not installed, or is older than 2.
        UsageError: One of the folders is none.
    """
    make(Tools(folders, cfg, conf=conf)).run("stdio")


class Tools:
    """What the tools do; each answers with text, and with the bytes of a JPEG where there is something to see.

    Args:
        folders: Where photos are read and results are written.
        cfg: As `config.compose` gives it.
        conf: The user's own folder of YAML files.

    Raises:
        UsageError: One of the folders is none.
    """

    def __init__(self, folders: Sequence[Path], cfg: config.Config, *, conf: Path | None = None) -> None:
        for folder in folders:
            if not folder.is_dir():
                raise UsageError(f"there is no folder {str(folder)!r}", hint="name folders that are there")
        self.folders = [Path(os.path.realpath(folder)) for folder in folders]
        self._cfg, self._conf = cfg, conf
        self._settings = RunSettings.from_config(cfg)
        self._loaded: tuple[tuple[str, ...], Any] | None = None
        self._at_work = threading.Lock()  # an assistant may call several tools at once, each in a thread of its own

    def inside(self, text: str) -> Path:
        """The path of a name in one of the folders.

        Raises:
            UsageError: It is elsewhere.
        """
        for folder in self.folders:
            path = Path(os.path.realpath(folder / text))
            if path.is_relative_to(folder) and (path.exists() or folder is self.folders[-1]):
                return path
        raise UsageError(f"{text!r} is outside the folders that were opened", hint="see list_photos")

    def list_photos(self) -> str:
        """The photos in the folders, by the names that the other tools take."""
        from automask.images import PHOTO_SUFFIXES

        names = [
            path.relative_to(folder).as_posix()
            for folder in self.folders
            for path in sorted(folder.rglob("*"))
            if path.suffix.lower() in PHOTO_SUFFIXES
            and not any(part.startswith(".") or part.endswith(".masks") for part in path.relative_to(folder).parts)
        ]
        more = [f"and {len(names) - _MOST_LISTED} more"] if len(names) > _MOST_LISTED else []
        return "\n".join([*names[:_MOST_LISTED], *more]) or "no photos"

    def find_masks(self, photo: str, words: str) -> tuple[str, bytes]:
        """What the words name in a photo: a report, and the photo with the masks drawn over it."""
        path, plan = self.inside(photo), parse_targets(words)
        with self._at_work:
            stages = self._stages()
            runner.check_plan(plan, stages, paint=False)
            prepared = runner.PreparedRun((Variant("", (), plan),), stages, self._settings, list_instances=True)
            masked = runner.mask(prepared, path)
        lines = []
        for region in masked.regions:
            quality = "" if region.expected_iou is None else f", quality {region.expected_iou:.2f}"
            share = f"{100 * float(region.hard.mean()):.1f} % of the photo{quality}" if region.found else "not found"
            lines.append(f"{region.target}: {share}{f' ({region.reason})' if region.reason else ''}")
        return "\n".join(lines), picture_bytes(overlay(masked.photo.rgb, masked.regions, long_px=_SHOWN_PX), "JPEG")

    def edit_photo(self, photo: str, words: str, out: str = "out", seed: int = 0) -> tuple[str, bytes]:
        """Makes edits and writes the result into `out`: a report, and photo and result side by side.

        A person's masks in `out` are used. Nothing that a person made is overwritten.
        """
        from dataclasses import replace

        path, folder, plan = self.inside(photo), self.inside(out), parse_plan(words)
        settings = replace(self._settings, seed=seed)
        with self._at_work:
            stages = self._stages(editors.named_editors(plan))
            refuse_files_elsewhere(plan, stages, self._is_inside)
            runner.check_plan(plan, stages)
            prepared = runner.PreparedRun((Variant("", (), plan),), stages, settings)
            (outcome,) = runner.run(prepared, path, destination=runner.Destination(folder))
            saved = outcome.save(folder)
        lines = [f"written: {saved.result.name if saved.result else ''} in {out}"]
        for step in outcome.steps:
            said = (
                f"{100 * step.area_px / outcome.image[..., 0].size:.1f} % of the photo" if step.area_px else "not done"
            )
            targets = ", ".join(step.targets)
            lines.append(f"{targets} -> {step.prompt}: {said}{f' ({step.reason})' if step.reason else ''}")
        lines += list(saved.recorded.get("notes", ()))
        pair = before_after(outcome.photo.rgb, outcome.image, long_px=_SHOWN_PX)
        return "\n".join(lines), picture_bytes(pair, "JPEG")

    def list_things(self) -> str:
        """The things that words may name; another segmenter may know any word."""
        with self._at_work:
            listed = getattr(self._stages().segmenter, "things", None)
        return "any words" if listed is None else ", ".join(listed())

    def list_materials(self) -> str:
        """The materials, and the colours by name; any colour may also be given as #rrggbb or RAL number."""
        paint: Any = config.load_editor("paint", palette=self._cfg["palette"])
        materials = ", ".join(row["name"] for row in paint.materials())
        return f"materials: {materials}\ncolours: {', '.join(one['name'] for one in paint.colours())}"

    def _is_inside(self, path: Path) -> bool:
        real = Path(os.path.realpath(path))
        return any(real.is_relative_to(folder) for folder in self.folders)

    def _stages(self, names: Sequence[str] = ()) -> Any:
        if self._loaded is None or not {*names} <= {*self._loaded[0]}:
            wanted = (*(self._loaded[0] if self._loaded else ()), *names)
            self._loaded = (wanted, runner.load_stages(self._cfg, wanted, self._settings, conf=self._conf))
        return self._loaded[1]


def make(tools: Tools) -> Any:
    """The server of the official SDK with these tools.

    Raises:
        ExtraMissing: The package is not installed, or is older than 2.
    """
    try:
        from mcp.server.mcpserver import Image, MCPServer
    except ImportError as error:
        raise ExtraMissing("the tools need the package mcp", hint="pip install 'automask[mcp]'") from error
    server = MCPServer("automask", instructions=_INSTRUCTIONS, version=__version__)

    def shown(answer: tuple[str, bytes]) -> list[Any]:
        return [answer[0], Image(data=answer[1], format="jpeg")]

    def find_masks(photo: str, words: str) -> list[Any]:
        """Finds things in a photo, such as 'island; cabinets except handles', and shows the masks. Paints nothing."""
        return _told(lambda: shown(tools.find_masks(photo, words)))

    def edit_photo(photo: str, words: str, out: str = "out", seed: int = 0) -> list[Any]:
        """Repaints things: 'island -> white marble; cabinets -> sage'. Writes into the folder `out`, and shows it."""
        return _told(lambda: shown(tools.edit_photo(photo, words, out, seed)))

    for tool in (tools.list_photos, find_masks, edit_photo, tools.list_things, tools.list_materials):
        server.add_tool(tool, structured_output=False)  # pictures have no form of their own in JSON
    return server


def _told(ask: Callable[[], list[Any]]) -> list[Any]:
    """The answer, or the sentence of an error without the folders of this machine."""
    from mcp.server.mcpserver.exceptions import ToolError

    from automask.results.files import without_folders

    try:
        return ask()
    except AutomaskError as error:
        raise ToolError(without_folders(str(error))) from None
