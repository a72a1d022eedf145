"""Starts the studio: the workspace, the engine and the server, closed to everybody but whoever has the link."""

import contextlib
import functools
import ipaddress
import socket
import threading
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automask import config, runner, weights
from automask.errors import ExtraMissing, OutputError, UsageError
from automask.masking.cache import DEFAULT_MB, MaskCache
from automask.protocols import Stages
from automask.results.claims import sweep_stages
from automask.results.files import check_writable
from automask.settings import RunSettings
from automask.studio.engine import Engine
from automask.studio.security import LOCAL_HOSTS, Guard, Keys
from automask.studio.work import Photos, Studio
from automask.studio.workspace import Workspace, check_out_of

MOST_BYTES = 200_000_000
"""Of a request: a photo of 100 megapixels as PNG takes about as much."""


@dataclass(frozen=True, slots=True)
class Options:
    """What `automask studio` was asked for.

    Args:
        source: A photo, a folder, a finished batch; None for the photo in the package.
        words: What the photos begin with.
        photos: Where the photos of a finished batch are.
        host, port: Where it listens; port 0 takes a free one.
        allow_hosts: Further names in addresses that it answers to.
        unload_after_s: How long models stay loaded that nobody uses.
    """

    source: Path | None
    words: str = ""
    photos: Path | None = None
    host: str = "127.0.0.1"
    port: int = 0
    allow_hosts: tuple[str, ...] = ()
    unload_after_s: float = 900.0


@dataclass(frozen=True, slots=True, eq=False)
class Running:
    """A studio that is ready to be served.

    Args:
        app: The application behind its guard.
        engine: Its engine.
        studio: What its jobs share.
        keys: Its token and links.
    """

    app: Guard
    engine: Engine
    studio: Studio
    keys: Keys


def require_extra() -> None:
    """Raises where the packages of the extra are missing.

    Raises:
        ExtraMissing: They are.
    """
    try:
        import fastapi  # noqa: F401
        import python_multipart  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise ExtraMissing(
            f"the studio needs the package {error.name}", hint="pip install 'automask[studio]'"
        ) from error


def make(
    options: Options,
    cfg: config.Config,
    *,
    conf: Path | None = None,
    capacity: int = 16,
    on_failure: Callable[[BaseException], None] = lambda _: None,
) -> Running:
    """A studio with everything but the server.

    Raises:
        ExtraMissing: As `require_extra`.
        PhotoError, UsageError, OutputError: As `Workspace`; OUT is the folder of the photos, or cannot be written to.
    """
    require_extra()
    from automask.studio.app import make_app

    settings = RunSettings.from_config(cfg)
    out = Path(cfg["out"])
    check_out_of(options.source, out)
    workspace = Workspace(options.source, out, words=options.words, photos=options.photos)
    check_writable(workspace.out)
    for folder in {workspace.out, *(entry.out for entry in workspace.entries())}:
        sweep_stages(folder)  # of a studio that was killed

    def load(names: tuple[str, ...]) -> Stages:
        return runner.load_stages(cfg, names, settings, conf=conf)

    engine = Engine(load, capacity=capacity, unload_after_s=options.unload_after_s, on_failure=on_failure)
    size_mb = cfg["mask_cache_mb"] or DEFAULT_MB
    cache = MaskCache(weights.cache_dir() / "masks", size_mb)
    load_paint = functools.partial(config.load_editor, "paint", conf=conf, palette=cfg["palette"])
    studio = Studio(workspace, Photos(settings.max_megapixels), settings, cache, load_paint, str(cfg["preset"]))
    for entry, state in studio.unfinished()[:capacity]:
        engine.submit("save", studio.save(entry, state))
    keys = Keys()
    hosts = LOCAL_HOSTS | {name.casefold() for name in options.allow_hosts}
    if not _is_any(options.host):
        hosts |= {f"[{options.host}]" if ":" in options.host else options.host.casefold()}
    app: Any = make_app(studio, engine)
    return Running(Guard(app, keys, hosts=frozenset(hosts), max_bytes=MOST_BYTES), engine, studio, keys)


def is_public(host: str) -> bool:
    """Whether an address can be reached from other machines."""
    with contextlib.suppress(ValueError):
        return not ipaddress.ip_address(host).is_loopback
    return host != "localhost"


def _is_any(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_unspecified
    return False


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens there.

    Raises:
        OutputError: The port is taken, or the address is none of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as bound:
        # On Windows "reuse" would let another program listen at the same port, and be asked in our place.
        exclusive = getattr(socket, "SO_EXCLUSIVEADDRUSE", None)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR if exclusive is None else exclusive, 1)
        try:
            bound.bind((host, port))
        except OSError as error:
            raise OutputError(
                f"cannot listen at {host}:{port}: {error.strerror}", hint="say --port 0 for a free one"
            ) from error
        bound.listen(64)
        yield bound


def serve(running: Running, options: Options, say: Callable[[str], None], *, browse: bool) -> None:
    """Serves until it is interrupted, and says where; a link that was used is followed by the next one.

    Raises:
        OutputError: As `listening`.
        UsageError: An address that other machines reach, without a name that is answered to.
    """
    import uvicorn

    if _is_any(options.host) and not options.allow_hosts:
        raise UsageError(
            f"--host {options.host} without --allow-host", hint="say the name or address that others will use"
        )
    with listening(options.host, options.port) as bound:
        port = bound.getsockname()[1]
        name = options.allow_hosts[0] if _is_any(options.host) else options.host
        shown = f"[{name}]" if ":" in name else name

        def link() -> str:
            return f"http://{shown}:{port}/?code={running.keys.new_code()}"

        def again() -> None:
            say(f"for another browser: {link()}")

        running.keys.on_used = again
        if is_public(options.host):
            say(f"WARNING: {options.host} can be reached from other machines, and nothing is encrypted.")
            say("Whoever has the link or the token sees these photos and changes what is in OUT.")
        say(f"token for programs: {running.keys.token}")
        first = link()
        say(f"the studio is at {first}")
        say("Ctrl-C ends it; nothing is lost, and it goes on where it was.")
        if browse:
            threading.Thread(target=webbrowser.open, args=(first,), daemon=True).start()
        server = uvicorn.Server(_settings_of(uvicorn, running.app))
        try:
            server.run(sockets=[bound])
        finally:
            running.engine.close()


def _settings_of(uvicorn: Any, app: Any) -> Any:
    return uvicorn.Config(
        app,
        log_level="warning",
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=2,
        limit_concurrency=64,
        h11_max_incomplete_event_size=32_768,
    )


__all__: Sequence[str] = ["MOST_BYTES", "Options", "Running", "is_public", "make", "require_extra", "serve"]
