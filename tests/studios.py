"""A studio for tests: the scene's painted masks, a client that knows the token, and jobs that are waited for."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the 'studio' extra")
pytest.importorskip("python_multipart", reason="needs the 'studio' extra")
pytest.importorskip("httpx", reason="needs httpx")

from starlette.testclient import TestClient

from automask import config
from automask.studio import server

PATIENCE_S = 60


def made(scene: Any, out: Path, source: Path | None = None, **more: Any) -> server.Running:
    overrides = [*scene.overrides, *more.pop("overrides", ())]
    cfg = {**config.compose("starter", overrides), "out": str(out)}
    made_of = {name: more.pop(name) for name in ("capacity", "on_failure") if name in more}
    return server.make(server.Options(source or scene.photo, **more), cfg, **made_of)


def client_of(running: server.Running, **more: Any) -> TestClient:
    """A client with the token, as a program has it."""
    client = TestClient(running.app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False, **more)
    client.headers["authorization"] = f"Bearer {running.keys.token}"
    return client


@contextlib.contextmanager
def opened(scene: Any, out: Path, source: Path | None = None, **more: Any) -> Iterator[TestClient]:
    running = made(scene, out, source, **more)
    try:
        client = client_of(running)
        client.running = running
        yield client
    finally:
        running.engine.close()


def ended(client: TestClient, response: Any) -> dict[str, Any]:
    """The job that a response began, when it has ended."""
    assert response.status_code == 202, response.text
    until = time.monotonic() + PATIENCE_S
    job = response.json()
    while job["state"] not in ("done", "failed", "stopped"):
        assert time.monotonic() < until, job
        time.sleep(0.01)
        job = client.get(f"/v1/jobs/{job['id']}").json()
    return job


def first(client: TestClient) -> str:
    """The way to the first photo of the queue."""
    return f"/v1/photos/{client.get('/v1/photos').json()['photos'][0]['id']}"


def say(client: TestClient, photo: str, **state: Any) -> None:
    """Keeps a state of a photo."""
    kept = client.get(photo).json()["state"]
    response = client.put(photo, json={**kept, **state})
    assert response.status_code == 200, response.text
