"""Attacks on the studio. Each must fail, and must succeed with its defence off: else it proves nothing."""

import zlib

import pytest
from studios import client_of, ended, first, made, opened, say

from automask.images import open_photo
from automask.studio import app as app_module
from automask.studio import remote, security, work, workspace
from automask.studio.security import Guard, cookie_name, host_name

OURS = {"host": "127.0.0.1:8000"}
COOKIE = cookie_name(OURS["host"])


@pytest.fixture
def running(scene, tmp_path):
    one = made(scene, tmp_path / "out")
    yield one
    one.engine.close()


def browser(running, **headers):
    """A client with the cookie and none of our own manners."""
    client = client_of(running)
    del client.headers["authorization"]
    client.headers.update({"cookie": f"{COOKIE}={running.keys.token}", **headers})
    return client


# ------------------------------------------------------------------------------------------------- who may ask at all


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/v1/photos", "/page/studio.js", "/v1/jobs/x"])
def test_without_a_token_nothing_is_told(running, path, monkeypatch):
    stranger = client_of(running)
    del stranger.headers["authorization"]
    assert stranger.get(path).status_code == 401
    stranger.headers["authorization"] = "Bearer guess"
    assert stranger.get(path).status_code == 401
    stranger.headers["cookie"] = f"{COOKIE}=guess"
    assert stranger.get(path).status_code == 401
    monkeypatch.setattr(Guard, "_who", lambda *_: None)
    assert stranger.get(path).status_code in (200, 404)


def test_a_link_opens_the_page_once_and_gives_a_cookie_that_scripts_do_not_see(running):
    code = running.keys.new_code()
    person = client_of(running)
    del person.headers["authorization"]
    answer = person.get(f"/?code={code}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "HttpOnly; SameSite=Strict; Path=/" in answer.headers["set-cookie"]
    assert person.get("/").status_code == 200
    assert person.get("/v1/photos").status_code == 200
    thief = client_of(running)
    del thief.headers["authorization"]
    assert thief.get(f"/?code={code}").status_code == 401
    assert thief.get("/?code=").status_code == 401


def test_cookies_of_other_programs_at_this_address_shut_nobody_out(running):
    """Browsers send the cookies of all ports of a machine: another studio's, and some that no standard allows."""
    others = f'{{"a": 1}}=x y; {cookie_name("127.0.0.1:8001")}=another; =; {COOKIE}={running.keys.token}; "'
    assert browser(running, cookie=others).get("/v1/photos").status_code == 200
    elsewhere = f"{cookie_name('127.0.0.1:8001')}={running.keys.token}"
    assert browser(running, cookie=elsewhere).get("/v1/photos").status_code == 401
    assert cookie_name("[::1]") == cookie_name("studio.example")


def test_dns_rebinding_a_name_that_we_do_not_answer_to_is_refused(running):
    rebound = browser(running, host="evil.example:8000", origin="http://evil.example:8000")
    assert rebound.get("/v1/photos").status_code == 421
    assert rebound.post("/v1/words", json={"words": "a -> b"}).status_code == 421
    running.app.hosts |= {"evil.example"}  # the defence off: the request has the same origin
    assert rebound.get("/v1/photos").status_code == 200
    assert rebound.post("/v1/words", json={"words": "a -> b"}).status_code == 200


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("127.0.0.1:8000", "127.0.0.1"),
        ("LOCALHOST.", "localhost"),
        ("[::1]:80", "[::1]"),
        ("[::1]", "[::1]"),
        ("127.0.0.1:8000@evil.example", "127.0.0.1:8000@evil.example"),
        ("evil.example", "evil.example"),
        ("127.0.0.1.evil.example:1", "127.0.0.1.evil.example"),
        ("", ""),
    ],
)
def test_the_name_in_a_host_header_is_read_as_browsers_mean_it(host, name):
    assert host_name(host) == name


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "http://127.0.0.1:8000.evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {},  # a form of an old browser says neither
    ],
)
def test_another_page_changes_nothing_even_with_the_cookie(running, headers, monkeypatch):
    forged = browser(running, **headers)
    photo = first(client_of(running))
    state = {"words": "lamp -> gold", "decision": "rejected"}
    assert forged.put(photo, json=state).status_code == 403
    assert forged.post(f"{photo}/save").status_code == 403
    assert client_of(running).get(photo).json()["state"]["decision"] == "open"
    monkeypatch.setattr(security, "_is_foreign", lambda *_: False)
    monkeypatch.setattr(Guard, "_who", lambda *_: None)
    assert forged.put(photo, json=state).status_code == 200


def test_our_own_page_and_programs_may_write(running):
    photo = first(client_of(running))
    page = browser(running, origin="http://127.0.0.1:8000", **{"sec-fetch-site": "same-origin"})
    assert page.put(photo, json={"words": "lamp -> gold"}).status_code == 200
    assert client_of(running).put(photo, json={"words": "lamp -> gold"}).status_code == 200


def test_every_answer_carries_the_policy_and_none_opens_another_origin(running):
    client = client_of(running)
    for path in ("/", "/docs", "/v1/photos", "/v1/nothing", "/healthz", "/page/studio.js"):
        headers = client.get(path, headers={"origin": "http://evil.example"}).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'self'; img-src 'self' blob: data:;")
        assert "unsafe" not in policy
        assert (headers["x-content-type-options"], headers["x-frame-options"]) == ("nosniff", "DENY")
        assert not [name for name in headers if name.startswith("access-control")]


# ------------------------------------------------------------------------------------------------- what may come in


def upload(client, data, name="k.png", words="lamp -> gold", **more):
    return client.post("/v1/edits", files={"photo": (name, data)}, data={"words": words, **more})


def test_a_body_is_counted_while_it_comes_in(scene, running, monkeypatch):
    running.app.max_bytes = 100_000
    client = client_of(running)

    def endless():
        for _ in range(40):
            yield b"x" * 10_000

    kind = {"content-type": "multipart/form-data; boundary=x"}
    assert client.post("/v1/edits", content=endless(), headers=kind).status_code == 413
    assert client.post("/v1/edits", content=b"x", headers={**kind, "content-length": "999999999"}).status_code == 413
    assert upload(client, bytes(200_000)).status_code == 413
    running.app.max_bytes = 10**9  # the defence off: it is read to its end
    assert client.post("/v1/edits", content=endless(), headers=kind).status_code in (400, 422)


def png_that_says(width, height):
    def chunk(kind, data):
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(10))) + chunk(b"IEND", b"")


def test_pixels_are_counted_before_anything_is_decoded(running, scene):
    client = client_of(running)
    job = ended(client, upload(client, png_that_says(60_000, 60_000)))
    assert job["state"] == "failed"
    assert "3600.0 megapixels" in job["error"]["problem"]
    mask = client.post(
        "/v1/images/edits",
        files={"image": ("k.png", scene.photo.read_bytes()), "mask": ("m.png", png_that_says(60_000, 60_000))},
        data={"prompt": "gold"},
    )
    assert mask.status_code == 400
    assert "60000 x 60000 px" in mask.json()["error"]["problem"]


@pytest.mark.parametrize(
    "name", ["../k.png", "/etc/k.png", "..\\..\\k.png\0", ".k.png", "k.sh", "", "a/b.png", "k.png/", "con\0.png"]
)
def test_a_photos_name_leads_nowhere(running, scene, name, tmp_path):
    client = client_of(running)
    data = scene.photo.read_bytes()
    dropped = client.post("/v1/photos", files={"photo": (name, data)})
    posted = client.post("/v1/edits", files={"photo": (name, data)}, data={"words": "lamp -> gold"})
    # Python's own multipart reader cuts folders off a name, so some of these arrive as `k.png`.
    kept = tmp_path / "out" / workspace.KEPT / "photos"
    for path in kept.rglob("*") if kept.exists() else ():
        assert path.resolve().is_relative_to(kept.resolve())
    assert dropped.status_code in (201, 422)
    assert posted.status_code in (202, 422)
    assert not (tmp_path / "k.png").exists()


@pytest.mark.parametrize("name", ["..%2f..%2fetc%2fpasswd", "../../etc/passwd", "%2e%2e/studio.py", "app.py"])
def test_no_path_leads_out_of_the_page_or_a_result(running, scene, name):
    client = client_of(running)
    assert client.get(f"/page/{name}").status_code == 404
    job = ended(client, upload(client, scene.photo.read_bytes()))
    assert job["state"] == "done", job
    assert client.get(f"/v1/jobs/{job['id']}/files/{name}").status_code == 404


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("tile?column=-1&row=0", 422),
        ("tile?column=0&row=1e9", 422),
        ("tile?column=0&row=10000", 404),
        ("tile?column=0&row=0&level=64", 422),
        ("tile?column=0&row=0&of=../../etc/passwd", 422),
        ("tile?column=0&row=0&of=result", 404),
        ("image?size=99999999999999999999", 200),
        ("image?size=nan", 422),
    ],
)
def test_a_picture_is_cut_only_inside_the_photo_and_never_larger_than_a_screen(running, asked, status):
    client = client_of(running)
    answer = client.get(f"{first(client)}/{asked}")
    assert answer.status_code == status
    assert len(answer.content) < 1_000_000


@pytest.mark.parametrize("photo", ["..%2f..%2fetc%2fpasswd", "0", "%00", "a" * 5000])
@pytest.mark.parametrize("below", ["size", "tile?column=0&row=0", "image", "result", "download"])
def test_pictures_are_told_of_photos_that_are_open_alone(running, photo, below):
    assert client_of(running).get(f"/v1/photos/{photo}/{below}").status_code == 404


def test_words_name_no_file_of_this_machine(running, scene, tmp_path, monkeypatch):
    secret = tmp_path / "secret.png"
    secret.write_bytes(scene.photo.read_bytes())
    words = f"lamp -> swatch:{secret}"
    client = client_of(running)
    for there in (words, "lamp -> swatch:/nowhere/at/all.png"):
        job = ended(client, upload(client, scene.photo.read_bytes(), words=there))
        assert job["error"]["problem"] == "a prompt names a file outside the opened folder"
        photo = first(client)
        say(client, photo, words=there)
        for what in ("preview", "save"):
            job = ended(client, client.post(f"{photo}/{what}"))
            assert job["error"]["problem"] == "a prompt names a file outside the opened folder"
    monkeypatch.setattr(remote, "refuse_files_elsewhere", lambda *_: None)
    assert ended(client, upload(client, scene.photo.read_bytes(), words=words))["state"] == "done"


def test_a_swatch_in_the_opened_folder_is_used_and_a_link_out_of_it_is_not(scene, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for path in (folder / "a.png", folder / "oak.png", tmp_path / "elsewhere.png"):
        path.write_bytes(scene.photo.read_bytes())
    (folder / "link.png").symlink_to(tmp_path / "elsewhere.png")
    with opened(scene, tmp_path / "out", folder) as client:
        photo = first(client)
        say(client, photo, words=f"lamp -> swatch:{folder / 'oak.png'}")
        assert ended(client, client.post(f"{photo}/preview"))["state"] == "done"
        say(client, photo, words=f"lamp -> swatch:{folder / 'link.png'}")
        assert ended(client, client.post(f"{photo}/preview"))["state"] == "failed"


@pytest.mark.parametrize("settings", ['{"out": "/tmp"}', '{"c2pa": "/etc/key.pem"}', "[1]", "{", '{"seed": -1}'])
def test_no_setting_reaches_what_a_request_may_not_set(running, scene, settings):
    assert upload(client_of(running), scene.photo.read_bytes(), settings=settings).status_code == 422


def test_an_address_is_no_photo(running):
    client = client_of(running)
    answer = client.post("/v1/edits", data={"words": "lamp -> gold", "photo": "http://169.254.169.254/latest"})
    assert answer.status_code == 422


# -------------------------------------------------------------------------------------------------- what may go out


def test_errors_tell_no_path_and_no_trace(running, scene, tmp_path, monkeypatch, capsys):
    client = client_of(running)
    broken = ended(client, upload(client, b"no picture"))
    assert broken["state"] == "failed"
    assert str(tmp_path) not in str(broken)
    monkeypatch.setattr(app_module, "parse_variants", lambda _: 1 / 0)
    answer = client.post("/v1/words", json={"words": "a -> b"})
    assert (answer.status_code, answer.json()["error"]["problem"]) == (500, "the studio failed")
    assert "ZeroDivisionError" in capsys.readouterr().err

    def breaks(*_):
        raise RuntimeError(f"in {tmp_path}/secret")

    monkeypatch.setattr(work.Photos, "open", breaks)
    job = ended(client, client.post(f"{first(client)}/masks"))
    assert job["error"]["problem"] == "the job failed"
    assert "secret" not in str(job)


def test_a_job_is_seen_only_by_whoever_knows_its_id(running, scene):
    client = client_of(running)
    job = ended(client, upload(client, scene.photo.read_bytes()))
    assert len(job["id"]) >= 16
    assert client.get("/v1/jobs/1").status_code == 404


def test_the_photo_of_a_request_is_open_nowhere_afterwards(running, scene, tmp_path):
    client = client_of(running)
    job = ended(client, upload(client, scene.photo.read_bytes()))
    folder = running.engine._folder
    assert (folder / job["id"]).is_dir()
    running.engine.close()
    assert not folder.exists()
    assert open_photo(scene.photo).size_wh == (128, 96)
