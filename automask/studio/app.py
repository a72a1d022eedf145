"""The HTTP API, version 1, and the page that uses nothing else."""

import asyncio
import base64
import functools
import json
import sys
import traceback
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal

from fastapi import FastAPI, File, Form, Header, Query, Request, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from automask._version import __version__
from automask.errors import AutomaskError, PlanError, UsageError
from automask.images import PHOTO_SUFFIXES, picture_bytes
from automask.plan import is_file_name, parse_variants
from automask.plan.removal import REMOVAL_WORDS, sets
from automask.results.files import without_folders
from automask.studio.engine import ENDED, Desk, Engine, Full, Job
from automask.studio.remote import edit_work, mask_work, openai_work
from automask.studio.work import MOST_LEVELS, TILE_PX, Studio, archive, command_line, digest_of, yaml_plan
from automask.studio.workspace import ChangedMeanwhile, Entry, State, Workspace, split_edits

PAGE = Path(__file__).parent / "page"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_TICK_S = 0.03
_IDLE_S = 15.0


class JobInfo(BaseModel):
    """How far a job is."""

    id: str
    kind: str
    state: str = Field(description="queued, running, done, failed or stopped")
    doing: str = ""
    done: int = 0
    total: int = 0
    result: dict[str, Any] = Field(default_factory=dict)
    error: dict[str, Any] | None = None
    files: list[str] = Field(default_factory=list, description="names below /v1/jobs/{id}/files/")


class WordsInfo(BaseModel):
    """Words that somebody typed."""

    words: str = Field(max_length=20_000)


class PhotoInfo(BaseModel):
    """One photo of the queue."""

    id: str
    name: str
    present: bool
    state: dict[str, Any]
    version: str = Field(description="of its state, for If-Match")
    has_result: bool
    is_current: bool


class Problem(Exception):
    """An answer with a status of its own."""

    def __init__(self, status: int, problem: str, hint: str = "") -> None:
        self.status, self.problem, self.hint = status, problem, hint
        super().__init__(problem)


def make_app(studio: Studio, engine: Engine) -> FastAPI:
    """The application: everything behind `security.Guard`."""
    app = FastAPI(
        title="automask",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        description="Change rooms in photographs from words alone: masks, edits, and the studio's queue.",
    )
    _add_errors(app)
    _add_page(app)
    _add_jobs(app, engine)
    _add_knowledge(app, studio, engine)
    _add_photos(app, studio, engine)
    _add_pictures(app, studio)
    _add_uploads(app, studio, engine)
    return app


# ------------------------------------------------------------------------------------------------------------- errors


def said(error: AutomaskError) -> dict[str, Any]:
    """An error for whoever asked: without the folders of this machine."""
    about: dict[str, Any] = {"kind": type(error).__name__, "problem": without_folders(error.problem)}
    about["hint"] = without_folders(error.hint)
    text = str(error)
    if isinstance(error, PlanError) and text.startswith("line ") and "\n" in text:
        head, *shown = text.split("\n")
        line, column = (int(word) for word in head.split(":")[0].replace("line ", "").split(", column "))
        about |= {"line": line, "column": column, "shown": "\n".join(shown)}
    return about


def _add_errors(app: FastAPI) -> None:
    def answer(status: int, about: Mapping[str, Any]) -> JSONResponse:
        return JSONResponse({"error": dict(about)}, status_code=status)

    @app.exception_handler(AutomaskError)
    async def _refused(_: Request, error: AutomaskError) -> JSONResponse:
        return answer(422 if error.exit_status == 2 else 400, said(error))

    @app.exception_handler(Problem)
    async def _problem(_: Request, error: Problem) -> JSONResponse:
        return answer(error.status, {"problem": error.problem, "hint": error.hint})

    @app.exception_handler(Full)
    async def _full(_: Request, __: Full) -> JSONResponse:
        response = answer(429, {"problem": "too many jobs are waiting", "hint": "try again in a moment"})
        response.headers["retry-after"] = "2"
        return response

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        return answer(422, {"problem": f"{where}: {error.errors()[0]['msg']}", "hint": "see /docs"})

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        return answer(error.status_code, {"problem": str(error.detail), "hint": ""})

    @app.exception_handler(Exception)
    async def _failed(_: Request, error: Exception) -> JSONResponse:
        traceback.print_exception(error, file=sys.stderr)
        return answer(500, {"problem": "the studio failed", "hint": "its own window says why"})


# --------------------------------------------------------------------------------------------------------------- page


def _add_page(app: FastAPI) -> None:
    @app.get("/", include_in_schema=False)
    async def page() -> HTMLResponse:
        return HTMLResponse((PAGE / "studio.html").read_text("utf-8"))

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse((PAGE / "docs.html").read_text("utf-8"))

    @app.get("/page/{name}", include_in_schema=False)
    async def part(name: str) -> Response:
        known = {path.name: path for path in PAGE.iterdir() if path.suffix in _TYPES}
        if name not in known:
            raise Problem(404, "there is no such file")
        return Response(known[name].read_bytes(), media_type=_TYPES[known[name].suffix])

    @app.get("/healthz", summary="Whether the server answers")
    async def health() -> dict[str, str]:
        return {"status": "ok"}


# --------------------------------------------------------------------------------------------------------------- jobs


def info_of(job: Job) -> JobInfo:
    """A job for whoever waits for it. Its state is read once, before the rest: the engine's thread writes it last."""
    state = job.state
    result = dict(job.result) if state == "done" else {}
    error = said(job.error) if job.error is not None else None
    return JobInfo(
        id=job.id,
        kind=job.kind,
        state=state,
        doing=job.doing,
        done=job.done,
        total=job.total,
        result=result,
        error=error,
        files=sorted(job.files) if state == "done" else [],
    )


def _add_jobs(app: FastAPI, engine: Engine) -> None:
    def known(job_id: str) -> Job:
        job = engine.job(job_id)
        if job is None:
            raise Problem(404, "there is no such job, or its results are no longer kept")
        return job

    @app.get("/v1/jobs/{job_id}", summary="How far a job is")
    async def job(job_id: str) -> JobInfo:
        return info_of(known(job_id))

    @app.get("/v1/jobs/{job_id}/events", summary="The same as server-sent events, until the job ends")
    async def events(job_id: str) -> StreamingResponse:
        one = known(job_id)

        async def stream() -> AsyncIterator[str]:
            version, quiet_s = -1, 0.0
            while True:
                if one.version != version:
                    version, quiet_s = one.version, 0.0
                    info = info_of(one)
                    yield f"data: {info.model_dump_json()}\n\n"
                    if info.state in ENDED:  # what was told, not what is by now: the end itself must be told too
                        return
                elif quiet_s > _IDLE_S:
                    quiet_s = 0.0
                    yield ": waiting\n\n"
                await asyncio.sleep(_TICK_S)
                quiet_s += _TICK_S

        return StreamingResponse(stream(), media_type="text/event-stream")

    @app.delete("/v1/jobs/{job_id}", status_code=202, summary="Stop a job, before it begins or at its next crop")
    async def stop(job_id: str) -> JobInfo:
        one = known(job_id)
        engine.stop(one)
        return info_of(one)

    @app.get("/v1/jobs/{job_id}/files/{name:path}", summary="One file of a result")
    async def file(job_id: str, name: str) -> Response:
        content = known(job_id).files.get(name)
        if content is None:
            raise Problem(404, "there is no such file in this result")
        if isinstance(content, bytes):
            kind = "image/png" if name.endswith(".png") else "image/jpeg" if name.endswith(".jpg") else None
            return Response(content, media_type=kind or "application/octet-stream")
        return FileResponse(content, filename=Path(name).name)


# ---------------------------------------------------------------------------------------------------------- knowledge


def _add_knowledge(app: FastAPI, studio: Studio, engine: Engine) -> None:
    kept: dict[str, Any] = {}

    async def once(name: str, ask: Callable[[], Any]) -> Any:
        if name not in kept:
            kept[name] = await run_in_threadpool(ask)
        return kept[name]

    @app.get("/v1/things", summary="The things that the words may name; empty where any are understood")
    async def things() -> dict[str, Any]:
        if "things" not in kept:
            job = await _ended(engine.submit("things", _things_work))
            kept["things"] = list(job.result.get("things", ()))
        return {"things": kept["things"], "which": list(_WHICH), "sets": list(sets()), "removal": list(REMOVAL_WORDS)}

    @app.get("/v1/materials", summary="The materials and colours that paint knows")
    async def materials() -> dict[str, Any]:
        paint = await once("paint", studio.load_paint)
        return {"materials": list(paint.materials()), "colours": list(paint.colours())}

    @app.get("/v1/materials/{name}/sample.jpg", summary="A picture of a material")
    async def sample(name: str) -> Response:
        paint = await once("paint", studio.load_paint)
        if name not in {row["name"] for row in paint.materials()}:
            raise Problem(404, "there is no such material")
        drawn = await once(
            f"sample {name}", lambda: picture_bytes(paint.sample(name, size_hw=(80, 120), px_per_m=100), "JPEG")
        )
        return Response(drawn, media_type="image/jpeg", headers={"cache-control": "private, max-age=86400"})

    @app.get("/v1/presets", summary="The preset that is loaded, and what a run may set")
    async def presets() -> dict[str, Any]:
        about = {"preset": studio.preset, "loaded": engine.is_loaded, "waiting": engine.queued}
        return {**about, "settings": ["seed", "candidates", "on_missing", "on_doubt", "doubt_below", "disclose"]}

    @app.post("/v1/words", summary="What words mean: their edits, or where they go wrong")
    async def words(typed: WordsInfo) -> dict[str, Any]:
        parts = split_edits(typed.words)
        try:
            variants = parse_variants(typed.words)
        except AutomaskError as error:
            return {"parts": parts, "edits": [], "variants": 0, "error": said(error)}
        edits = [
            {"targets": list(edit.targets), "prompt": edit.prompt, "excepts": list(edit.excepts)}
            for edit in variants[0].plan
        ]
        keep = list(variants[0].plan[0].keep)
        return {"parts": parts, "edits": edits, "keep": keep, "variants": len(variants), "error": None}


def _things_work(desk: Desk) -> Mapping[str, Any]:
    """What the segmenter says that it knows, without a search for it."""
    listed = getattr(desk.stages().segmenter, "things", None)
    return {"things": [] if listed is None else list(listed())}


async def _ended(job: Job) -> Job:
    """The job when it has ended.

    Raises:
        AutomaskError: It failed.
        Problem: Somebody stopped it.
    """
    while job.state not in ENDED:
        await asyncio.sleep(_TICK_S)
    if job.error is not None:
        raise job.error
    if job.state == "stopped":
        raise Problem(409, "the job was stopped")
    return job


_WHICH = ("left", "right", "largest", "smallest", "first", "last", "upper", "lower", "second from the left", "all but")


# ------------------------------------------------------------------------------------------------------------- photos


def _add_photos(app: FastAPI, studio: Studio, engine: Engine) -> None:
    workspace = studio.workspace

    def known(photo_id: str, *, to_paint: bool = False) -> Entry:
        return _known(workspace, photo_id, to_paint=to_paint)

    def info(entry: Entry) -> PhotoInfo:
        state = workspace.state(entry)
        return PhotoInfo(
            id=entry.id,
            name=entry.photo.name,
            present=entry.present,
            state=state.as_json(),
            version=state.version,
            has_result=entry.files.result.is_file(),
            is_current=bool(state.saved) and state.saved == digest_of(state),
        )

    @app.get("/v1/photos", summary="The queue: the least sure first, what is decided last")
    async def photos() -> dict[str, Any]:
        listed = await run_in_threadpool(lambda: [info(entry) for entry in workspace.entries()])
        return {"photos": listed, "review": workspace.is_review, "out": workspace.out.name, "preset": studio.preset}

    @app.post("/v1/photos", status_code=201, summary="Open another photo")
    async def drop(photo: Annotated[UploadFile, File()]) -> PhotoInfo:
        data = await photo.read()
        entry = await run_in_threadpool(workspace.drop, photo.filename or "", data)
        return info(entry)

    @app.get("/v1/photos/{photo_id}", summary="A photo with what was said and drawn")
    async def photo(photo_id: str) -> PhotoInfo:
        return info(known(photo_id))

    @app.put("/v1/photos/{photo_id}", summary="Keep what was said and drawn")
    async def put(
        photo_id: str,
        state: dict[str, Any],
        if_match: Annotated[str | None, Header(description="the version that this is a change of; else 412")] = None,
    ) -> PhotoInfo:
        entry = known(photo_id)
        try:
            await run_in_threadpool(functools.partial(workspace.keep, entry, State.parse(state), version=if_match))
        except ChangedMeanwhile:
            raise Problem(412, "the photo was changed in another window", "get it again, and change that") from None
        return info(entry)

    @app.get("/v1/photos/{photo_id}/command", summary="The command line and the YAML plan of what is on the screen")
    async def command(photo_id: str) -> dict[str, str]:
        entry = known(photo_id)
        state = workspace.state(entry)
        return {"command": command_line(entry, state, preset=studio.preset), "plan": yaml_plan(state)}

    @app.post("/v1/photos/{photo_id}/masks", status_code=202, summary="Find its masks, and apply what was drawn")
    async def masks(photo_id: str) -> JobInfo:
        entry = known(photo_id, to_paint=True)
        return info_of(engine.submit("masks", studio.masks(entry, workspace.state(entry))))

    @app.post("/v1/photos/{photo_id}/preview", status_code=202, summary="Paint it at the size of a screen")
    async def preview(photo_id: str) -> JobInfo:
        entry = known(photo_id, to_paint=True)
        return info_of(engine.submit("preview", studio.preview(entry, workspace.state(entry))))

    @app.post("/v1/photos/{photo_id}/save", status_code=202, summary="Paint it at full size, and write it")
    async def save(photo_id: str) -> JobInfo:
        entry = known(photo_id, to_paint=True)
        return info_of(engine.submit("save", studio.save(entry, workspace.state(entry))))

    @app.post("/v1/photos/{photo_id}/rest", summary="Give the photos that are not decided yet the same words")
    async def rest(photo_id: str) -> dict[str, int]:
        return {"changed": await run_in_threadpool(workspace.say_of_the_rest, known(photo_id))}

    @app.get("/v1/export", summary="The accepted results, as a zip file")
    async def export() -> Response:
        file = await run_in_threadpool(lambda: archive(workspace.accepted()))
        headers = {"content-disposition": 'attachment; filename="automask.zip"'}
        return StreamingResponse(_blocks_of(file), media_type="application/zip", headers=headers)


def _blocks_of(file: BinaryIO) -> Iterator[bytes]:
    """The bytes of a file, which is closed after them."""
    with file:
        while block := file.read(1 << 20):
            yield block


def _known(workspace: Workspace, photo_id: str, *, to_paint: bool = False) -> Entry:
    """The photo of this id.

    Raises:
        Problem: There is none, or, where it is to be painted, only its result.
    """
    entry = workspace.entry(photo_id)
    if entry is None:
        raise Problem(404, "there is no such photo here")
    if to_paint and not entry.present:
        raise Problem(409, "the photo of this result was not found", "open it again with --photos FOLDER")
    return entry


# ----------------------------------------------------------------------------------------------------------- pictures


def _add_pictures(app: FastAPI, studio: Studio) -> None:
    known = functools.partial(_known, studio.workspace)

    @app.get("/v1/photos/{photo_id}/image", summary="The photo at the size of a screen")
    async def image(photo_id: str, size: int = 1600) -> Response:
        entry = known(photo_id)
        data = await run_in_threadpool(_shown, entry.photo, min(max(size, 64), 2400))
        return Response(data, media_type="image/jpeg", headers={"cache-control": "private, max-age=3600"})

    @app.get("/v1/photos/{photo_id}/size", summary="Its width and height, and how its tiles are cut")
    async def size(photo_id: str) -> dict[str, Any]:
        entry = known(photo_id, to_paint=True)
        opened = await run_in_threadpool(studio.photos.open, entry.photo)
        return {"size_wh": list(opened.photo.size_wh), "tile_px": TILE_PX, "levels": MOST_LEVELS}

    @app.get("/v1/photos/{photo_id}/tile", summary="A square of the photo's own pixels, or of the saved result's")
    async def tile(
        photo_id: str,
        column: Annotated[int, Query(ge=0, le=10_000)],
        row: Annotated[int, Query(ge=0, le=10_000)],
        level: Annotated[int, Query(ge=0, lt=MOST_LEVELS, description="how often the sides are halved")] = 0,
        of: Literal["photo", "result"] = "photo",
    ) -> Response:
        entry = known(photo_id)
        path = entry.photo if of == "photo" else entry.files.result
        if not path.is_file():
            raise Problem(404, "nothing is saved for this photo yet")
        data = await run_in_threadpool(studio.photos.tile, path, column, row, level)
        if data is None:
            raise Problem(404, "the photo is smaller than that")
        kept = "private, max-age=3600" if of == "photo" else "no-store"
        return Response(data, media_type="image/jpeg", headers={"cache-control": kept})

    @app.get("/v1/photos/{photo_id}/result", summary="The saved result at the size of a screen")
    async def result(photo_id: str, size: int = 1600) -> Response:
        entry = known(photo_id)
        if not entry.files.result.is_file():
            raise Problem(404, "nothing is saved for this photo yet")
        return Response(
            await run_in_threadpool(_shown, entry.files.result, min(max(size, 64), 2400)), media_type="image/jpeg"
        )

    @app.get("/v1/photos/{photo_id}/download", summary="The saved result, as it was written")
    async def download(photo_id: str) -> FileResponse:
        entry = known(photo_id)
        if not entry.files.result.is_file():
            raise Problem(404, "nothing is saved for this photo yet")
        return FileResponse(entry.files.result, filename=entry.files.result.name)


def _shown(path: Path, long_px: int) -> bytes:
    from automask.results.scaling import thumbnail

    return picture_bytes(thumbnail(path, long_px), "JPEG")


# ------------------------------------------------------------------------------------------------------------ uploads


def _add_uploads(app: FastAPI, studio: Studio, engine: Engine) -> None:
    async def received(photo: UploadFile) -> tuple[str, bytes]:
        name = photo.filename or ""
        if not is_file_name(name) or name.startswith(".") or Path(name).suffix.lower() not in PHOTO_SUFFIXES:
            raise Problem(422, "the photo has no photo's name", f"names end in {', '.join(sorted(PHOTO_SUFFIXES))}")
        return name, await photo.read()

    @app.post("/v1/masks", status_code=202, summary="Find masks in a photo; its files are those of 'automask mask'")
    async def masks(
        photo: Annotated[UploadFile, File(description="the photo")],
        words: Annotated[str, Form(max_length=20_000, description="what to find, as on the command line")],
        settings: Annotated[str, Form(description="a JSON object: seed, on_missing, on_doubt, doubt_below")] = "{}",
    ) -> JobInfo:
        name, data = await received(photo)
        return info_of(engine.submit("masks", mask_work(studio, name, data, words, _settings(settings))))

    @app.post("/v1/edits", status_code=202, summary="Edit a photo; its files are those of 'automask edit'")
    async def edits(
        photo: Annotated[UploadFile, File(description="the photo")],
        words: Annotated[str, Form(max_length=20_000, description="the edits, as on the command line")] = "",
        plan: Annotated[str, Form(max_length=200_000, description="a YAML plan in place of the words")] = "",
        settings: Annotated[str, Form(description="a JSON object, see /v1/presets")] = "{}",
    ) -> JobInfo:
        if bool(words.strip()) == bool(plan.strip()):
            raise UsageError("words and a plan" if words.strip() else "neither words nor a plan", hint="give one")
        name, data = await received(photo)
        return info_of(engine.submit("edit", edit_work(studio, name, data, words, plan, _settings(settings))))

    @app.post("/v1/images/edits", summary="One picture, edited at once; the form is OpenAI's")
    async def openai(
        request: Request,
        image: Annotated[UploadFile, File(description="the photo")],
        prompt: Annotated[str, Form(max_length=20_000, description="edits in words; with a mask, what it becomes")],
        mask: Annotated[UploadFile | None, File(description="a PNG of its size: transparent is edited")] = None,
    ) -> dict[str, Any]:
        # What would be ignored is refused: an answer is what was asked for, or a 4xx.
        only = {"n": {"1"}, "response_format": {"b64_json"}, "model": {"automask", studio.preset}}
        for key, value in (await request.form()).multi_items():
            if key not in ("image", "prompt", "mask") and value not in only.get(key, ()):
                raise Problem(422, f"{key}: this is not done here", "leave it out")
        name, data = await received(image)
        drawn = None if mask is None else await mask.read()
        job = engine.submit("edit", openai_work(studio, name, data, prompt, drawn))
        while job.state not in ENDED:
            if await request.is_disconnected():
                engine.stop(job)
            await asyncio.sleep(_TICK_S)
        await _ended(job)
        picture = job.files["picture"]
        assert isinstance(picture, bytes)  # noqa: S101 - for the type checker
        return {"created": job.result["created"], "data": [{"b64_json": base64.b64encode(picture).decode()}]}


_SETTINGS = {"seed", "candidates", "on_missing", "on_doubt", "doubt_below", "disclose"}


def _settings(text: str) -> dict[str, Any]:
    """The settings of a request.

    Raises:
        UsageError: They are no JSON object, or one that may not be set from outside.
    """
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise UsageError("settings are no JSON object", hint='give for example {"seed": 3}')
    unknown = values.keys() - _SETTINGS
    if unknown:
        raise UsageError(f"settings name {', '.join(sorted(unknown))}", hint=f"give {', '.join(sorted(_SETTINGS))}")
    return values


__all__ = ["Desk", "JobInfo", "make_app"]
