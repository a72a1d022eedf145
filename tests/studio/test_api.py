"""The HTTP API: what the command line would write, jobs, words, and the queue."""

import base64
import io
import json
import shutil
import threading
import time
import zipfile

import cv2
import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from studios import client_of, ended, first, made, opened, say

from automask.cli.entry import main
from automask.studio import app, workspace
from automask.studio.engine import Job
from automask.studio.work import MADE_BY

WORDS = "island -> #ff0000; lamp -> gold"


@pytest.fixture
def client(scene, tmp_path):
    with opened(scene, tmp_path / "studio", words=WORDS) as one:
        yield one


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def timeless(files):
    """The files, with records without what may differ from run to run."""
    return {
        name: {**json.loads(data), "timing": 0, "source": 0} if name.endswith(".json") else data
        for name, data in files.items()
        if not name.startswith(".")
    }


def changed(picture, photo):
    return (cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR) != cv2.imread(str(photo))).any(axis=-1)


@pytest.mark.parametrize(("path", "command"), [("/v1/edits", "edit"), ("/v1/masks", "mask")])
def test_a_request_writes_the_same_bytes_as_the_command_line(client, scene, tmp_path, path, command):
    files = {"photo": ("kitchen.png", scene.photo.read_bytes())}
    job = ended(client, client.post(path, files=files, data={"words": WORDS, "settings": '{"seed": 3}'}))
    assert job["state"] == "done", job
    got = {name: client.get(f"/v1/jobs/{job['id']}/files/{name}").content for name in job["files"]}
    assert main([command, str(scene.photo), WORDS, "-o", str(tmp_path / "o"), "seed=3", *scene.overrides]) == 0
    assert timeless(got) == timeless(tree(tmp_path / "o"))
    assert [one["found"] for one in job["result"]["found"]] == [True, True]


def test_a_plan_may_be_yaml_and_not_both(client, scene):
    files = {"photo": ("kitchen.png", scene.photo.read_bytes())}
    plan = "- target: lamp\n  prompt: gold\n"
    job = ended(client, client.post("/v1/edits", files=files, data={"plan": plan}))
    assert job["result"]["found"][0]["target"] == ["lamp"]
    assert client.post("/v1/edits", files=files, data={"plan": plan, "words": WORDS}).status_code == 422
    assert client.post("/v1/edits", files=files).status_code == 422


def test_an_address_that_there_is_not_is_answered_in_the_same_form(client):
    assert client.get("/v1/nothing").json() == {"error": {"problem": "Not Found", "hint": ""}}
    assert client.post("/v1/things").status_code == 405
    assert "error" in client.post("/v1/things").json()


def test_words_that_go_wrong_are_shown_where(client):
    answer = client.post("/v1/words", json={"words": "island -> red;\nlamp"}).json()
    assert (answer["error"]["line"], answer["error"]["column"]) == (2, 5)
    assert answer["parts"] == ["island -> red", "lamp"]
    fine = client.post("/v1/words", json={"words": 'island except "a; b" -> {red, blue}; keep lamp'}).json()
    assert (fine["error"], fine["variants"], fine["keep"]) == (None, 2, ["lamp"])
    assert fine["parts"] == ['island except "a; b" -> {red, blue}', "keep lamp"]


def test_unknown_words_fail_the_job_with_the_commands_message(client):
    photo = first(client)
    say(client, photo, words="lamb -> red")
    job = ended(client, client.post(f"{photo}/masks"))
    assert job["state"] == "failed"
    assert "lamb" in job["error"]["problem"]


def test_events_tell_how_far_a_job_is_until_it_ends(client):
    job = client.post(f"{first(client)}/masks").json()
    with client.stream("GET", f"/v1/jobs/{job['id']}/events") as answer:
        said = [json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: ")]
    assert said[-1]["state"] == "done"
    assert [one["id"] for one in said] == [job["id"]] * len(said)


def test_a_job_that_ends_while_it_is_told_of_is_told_of_once_more(scene, tmp_path, monkeypatch):
    real, go = app.info_of, threading.Event()

    def slowly(job):
        info = real(job)
        go.set()
        while job.state not in app.ENDED:
            time.sleep(0.01)
        return info

    running = made(scene, tmp_path / "o", words=WORDS)
    try:
        client = client_of(running)
        job = running.engine.submit("slow", lambda _: {"went": go.wait(20)})
        monkeypatch.setattr(app, "info_of", slowly)
        with client.stream("GET", f"/v1/jobs/{job.id}/events") as answer:
            said = [json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: ")]
    finally:
        running.engine.close()
    assert [one["state"] for one in said][1:] == ["done"]


def test_a_job_is_told_of_in_one_state():
    class Ending(Job):
        @property
        def state(self):
            return next(states)

        @state.setter
        def state(self, _):
            pass

    states = iter(["running", "done", "done", "done"])
    told = app.info_of(Ending("1", "masks", work=dict, result={"found": 1}))
    assert (told.state, told.result) == ("running", {})


def test_a_full_queue_is_429_and_a_job_can_be_stopped(scene, tmp_path):
    running = made(scene, tmp_path / "o", capacity=1, words=WORDS)
    try:
        client = client_of(running)
        photo, go = first(client), threading.Event()
        running.engine.submit("slow", lambda _: {"went": go.wait(20)})
        while running.engine.queued:
            time.sleep(0.01)
        waiting = client.post(f"{photo}/masks").json()
        full = client.post(f"{photo}/masks")
        assert (full.status_code, full.headers["retry-after"]) == (429, "2")
        assert client.delete(f"/v1/jobs/{waiting['id']}").json()["state"] == "stopped"
        go.set()
    finally:
        running.engine.close()


def test_knowledge_for_completion(client):
    listed = client.get("/v1/materials").json()
    assert {"sage", "white"} <= {one["name"] for one in listed["colours"]}
    assert all(one["hex"].startswith("#") for one in listed["colours"])
    name = listed["materials"][0]["name"]
    assert client.get(f"/v1/materials/{name}/sample.jpg").content[:2] == b"\xff\xd8"
    assert client.get("/v1/materials/nothing/sample.jpg").status_code == 404
    listed = client.get("/v1/things").json()
    assert listed["things"] == []  # masks that were painted know no words
    assert listed["sets"] == ["declutter"]
    assert "remove" in listed["removal"]
    assert client.get("/v1/presets").json()["preset"] == "starter"
    assert "/v1/edits" in client.get("/openapi.json").json()["paths"]


def test_colours_of_ones_own_are_among_those_that_the_page_offers(scene, tmp_path):
    (tmp_path / "mine.csv").write_text("name,code,hex\nHarbour Night,QX 7006,#1c2a3f\n")
    with opened(scene, tmp_path / "out", overrides=[f"palette={tmp_path / 'mine.csv'}"]) as client:
        offered = {one["name"].casefold(): one["hex"] for one in client.get("/v1/materials").json()["colours"]}
    assert offered["harbour night"].casefold() == "#1c2a3f"


# ------------------------------------------------------------------------------------------------------ OpenAI's form


def openai(client, scene, prompt, mask=None, **data):
    files = {"image": ("kitchen.png", scene.photo.read_bytes())}
    if mask is not None:
        files["mask"] = ("mask.png", mask)
    return client.post("/v1/images/edits", files=files, data={"prompt": prompt, **data})


def mask_of(alpha):
    return cv2.imencode(".png", np.dstack([np.zeros((*alpha.shape, 3), np.uint8), alpha]))[1].tobytes()


def test_openais_form_edits_what_is_transparent_and_nothing_else(client, scene):
    alpha = np.full((96, 128), 255, np.uint8)
    alpha[60:80, 90:110] = 0
    answer = openai(client, scene, "#ff0000", mask_of(alpha), model="automask", n="1")
    where = changed(base64.b64decode(answer.json()["data"][0]["b64_json"]), scene.photo)
    assert where[60:80, 90:110].mean() > 0.9
    assert not where[alpha == 255].any()


def test_openais_form_without_a_mask_lets_the_words_decide(client, scene):
    answer = openai(client, scene, "lamp -> #ff0000")
    where = changed(base64.b64decode(answer.json()["data"][0]["b64_json"]), scene.photo)
    assert where[scene.masks["lamp"]].mean() > 0.9


@pytest.mark.parametrize(
    ("prompt", "alpha", "more"),
    [
        ("yacht -> gold", None, {}),  # not there: nothing would be changed
        ("gold", None, {}),  # neither a mask nor an arrow
        ("lamp -> gold", np.zeros((96, 128), np.uint8), {}),  # a mask and an arrow
        ("gold", np.full((96, 128), 255, np.uint8), {}),  # nothing is transparent
        ("gold", np.zeros((9, 9), np.uint8), {}),  # another size
        ("gold", b"GIF89a", {}),
        ("gold", np.zeros((96, 128), np.uint8), {"n": "2"}),
        ("gold", np.zeros((96, 128), np.uint8), {"size": "1024x1024"}),
        ("gold", np.zeros((96, 128), np.uint8), {"response_format": "url"}),
        ("gold", np.zeros((96, 128), np.uint8), {"model": "gpt-image-1"}),
        ("no such colour at all", np.zeros((96, 128), np.uint8), {}),
    ],
)
def test_what_cannot_be_honoured_is_a_4xx_and_never_something_else(client, scene, prompt, alpha, more):
    mask = alpha if alpha is None or isinstance(alpha, bytes) else mask_of(alpha)
    answer = openai(client, scene, prompt, mask, **more)
    assert 400 <= answer.status_code < 500
    assert answer.json()["error"]["problem"]


# --------------------------------------------------------------------------------------------------------- the queue


def brush(*points, radius_px=6):
    return {"kind": "brush", "points": [list(point) for point in points], "radius_px": radius_px, "snap": False}


def test_masks_are_found_corrected_painted_and_saved(client, scene, tmp_path):
    photo = first(client)
    job = ended(client, client.post(f"{photo}/masks"))
    island, lamp = job["result"]["regions"]
    assert (island["target"], island["found"], island["yours"]) == ("island", True, False)
    overlay = client.get(f"/v1/jobs/{job['id']}/files/{lamp['overlay']}").content
    shown = cv2.imdecode(np.frombuffer(overlay, np.uint8), cv2.IMREAD_UNCHANGED)
    assert (shown[..., 3][scene.masks["lamp"]] > 40).mean() > 0.9
    say(client, photo, strokes={"lamp": [brush((100, 70), (110, 70))]})
    job = ended(client, client.post(f"{photo}/masks"))
    assert [one["yours"] for one in job["result"]["regions"]] == [False, True]
    job = ended(client, client.post(f"{photo}/preview"))
    after = client.get(f"/v1/jobs/{job['id']}/files/after-0.jpg").content
    assert (
        np.abs(
            cv2.imdecode(np.frombuffer(after, np.uint8), 1)[70, 105].astype(int) - cv2.imread(str(scene.photo))[70, 105]
        ).sum()
        > 20
    )
    job = ended(client, client.post(f"{photo}/save"))
    assert job["result"]["saved"]["yours"] == ["02-lamp.png"]
    out = tmp_path / "studio"
    assert changed((out / "kitchen.png").read_bytes(), scene.photo)[68:72, 100:110].all()
    assert client.get(photo).json()["is_current"]
    assert client.get(f"{photo}/download").content == (out / "kitchen.png").read_bytes()


def test_what_is_saved_is_what_the_command_line_makes_of_the_same_folder(client, scene, tmp_path, capsys):
    photo = first(client)
    say(client, photo, strokes={"lamp": [brush((100, 70), (110, 70))], "island": [brush((40, 50), radius_px=3)]})
    ended(client, client.post(f"{photo}/save"))
    out = tmp_path / "studio"
    before = timeless(tree(out))
    assert MADE_BY.encode() in (out / "kitchen.masks" / "02-lamp.png").read_bytes()
    assert main(["edit", str(scene.photo), WORDS, "-o", str(out), *scene.overrides]) == 0
    assert "masks: yours for island (01-island.png), lamp (02-lamp.png)" in capsys.readouterr().err
    after = timeless(tree(out))
    for record in (before, after):
        record["kitchen.run.json"] = {**record["kitchen.run.json"], "models": 0, "versions": 0}
    assert after == before


def test_strokes_that_are_undone_leave_no_mask_behind(client, scene, tmp_path):
    photo, out = first(client), tmp_path / "studio"
    ended(client, client.post(f"{photo}/save"))
    plain = timeless(tree(out))
    say(client, photo, strokes={"lamp": [brush((100, 70))]})
    ended(client, client.post(f"{photo}/save"))
    assert timeless(tree(out)) != plain
    say(client, photo, strokes={})
    ended(client, client.post(f"{photo}/save"))
    assert timeless(tree(out)) == plain


def test_a_mask_from_a_paint_program_is_the_ground_for_strokes_and_kept_aside(client, scene, tmp_path):
    photo, masks = first(client), tmp_path / "studio" / "kitchen.masks"
    masks.mkdir(parents=True)
    drawn = np.zeros((96, 128), np.uint8)
    drawn[80:90, 10:30] = 255
    cv2.imwrite(str(masks / "02-lamp.png"), drawn)
    mine = (masks / "02-lamp.png").read_bytes()
    job = ended(client, client.post(f"{photo}/masks"))
    assert job["result"]["regions"][1]["yours"]
    say(client, photo, strokes={"lamp": [brush((100, 70))]})
    ended(client, client.post(f"{photo}/save"))
    where = changed((tmp_path / "studio" / "kitchen.png").read_bytes(), scene.photo)
    assert where[80:90, 10:30].mean() > 0.9
    assert where[70, 100]
    assert not where[scene.masks["lamp"]].any()
    assert (masks / "aside" / "02-lamp.png").read_bytes() == mine
    before = (masks / "02-lamp.png").read_bytes()
    ended(client, client.post(f"{photo}/save"))
    assert (masks / "02-lamp.png").read_bytes() == before


def test_a_mask_of_strokes_that_was_retouched_in_a_paint_program_is_a_persons(client, tmp_path):
    photo, mask = first(client), tmp_path / "studio" / "kitchen.masks" / "02-lamp.png"
    say(client, photo, strokes={"lamp": [brush((100, 70))]})
    ended(client, client.post(f"{photo}/save"))
    with Image.open(mask) as image:  # such programs keep the comment
        retouched, comment = np.array(image), PngInfo()
        comment.add_text("Comment", image.info["Comment"])
    retouched[80:90, 10:30] = 255
    Image.fromarray(retouched).save(mask, pnginfo=comment)
    mine = mask.read_bytes()
    say(client, photo, strokes={"lamp": [brush((100, 70), (110, 70))]})
    ended(client, client.post(f"{photo}/save"))
    assert (mask.parent / "aside" / "02-lamp.png").read_bytes() == mine
    say(client, photo, strokes={})
    ended(client, client.post(f"{photo}/save"))
    assert (mask.parent / "aside" / "02-lamp.png").read_bytes() == mine


def test_masks_of_another_photo_that_took_the_names_meanwhile_are_kept(client, scene, tmp_path):
    photo, out = first(client), tmp_path / "studio"
    other = tmp_path / "other" / "kitchen.png"
    other.parent.mkdir()
    cv2.imwrite(str(other), cv2.imread(str(scene.photo)) // 2)
    assert main(["edit", str(other), WORDS, "-o", str(out), *scene.overrides]) == 0
    before = tree(out)
    say(client, photo, strokes={"lamp": [brush((100, 70))]})
    job = ended(client, client.post(f"{photo}/save"))
    assert "is of another photo of the same name" in job["error"]["problem"]
    assert {name: data for name, data in tree(out).items() if not name.startswith(".automask")} == {
        name: data for name, data in before.items() if not name.startswith(".automask")
    }


def test_edits_can_be_switched_off_and_variants_are_painted_side_by_side(client, scene):
    photo = first(client)
    say(client, photo, words="island -> {#ff0000, #00ff00}; lamp -> gold", off=[1])
    job = ended(client, client.post(f"{photo}/preview"))
    assert [one["words"] for one in job["result"]["variants"]] == [["#ff0000"], ["#00ff00"]]
    assert ended(client, client.post(f"{photo}/save"))["error"]["hint"] == "pick one of the variants first"
    say(client, photo, off=[0, 1])
    assert "every edit is switched off" in ended(client, client.post(f"{photo}/masks"))["error"]["problem"]


@pytest.mark.parametrize(
    "state",
    [
        {"decision": "perhaps"},
        {"strokes": {"lamp": [{"kind": "brush", "points": [[1, "x"]]}]}},
        {"strokes": {"lamp": [brush((1, 1))] * 2001}},
        {"words": "x" * 20_001},
        {"settings": {"out": 1}},
        {"off": "all"},
        {"strokes": [1]},
    ],
)
def test_a_state_that_is_none_is_refused_and_the_old_one_kept(client, state):
    photo = first(client)
    before = client.get(photo).json()["state"]
    assert 400 <= client.put(photo, json=state).status_code < 500
    assert client.get(photo).json()["state"] == before


def test_a_state_that_could_not_be_read_again_is_refused_and_the_old_one_kept(client, monkeypatch):
    photo = first(client)
    say(client, photo, strokes={"lamp": [brush((100, 70))]})
    monkeypatch.setattr(workspace, "_MOST_STATE_BYTES", 2000)
    many = {"lamp": [brush((100, 70), (101, 71))] * 100}
    answer = client.put(photo, json={**client.get(photo).json()["state"], "strokes": many})
    assert (answer.status_code, answer.json()["error"]["problem"]) == (422, "too much was drawn on one photo")
    assert len(client.get(photo).json()["state"]["strokes"]["lamp"]) == 1


def test_the_command_line_and_the_plan_of_the_screen(client):
    photo = first(client)
    say(client, photo, off=[0], settings={"seed": 3})
    said = client.get(f"{photo}/command").json()
    assert said["command"] == "automask edit kitchen.png 'lamp -> gold' -o studio seed=3"
    assert "- target:\n  - lamp\n  prompt: gold" in said["plan"]


def test_a_folder_is_a_queue_and_the_accepted_ones_are_exported(scene, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, name in enumerate(("10.png", "2.png", "3.png")):
        cv2.imwrite(str(folder / name), cv2.imread(str(scene.photo)) // (number + 1))
    with opened(scene, tmp_path / "out", folder) as client:
        listed = client.get("/v1/photos").json()["photos"]
        assert [one["name"] for one in listed] == ["2.png", "3.png", "10.png"]
        photo = f"/v1/photos/{listed[0]['id']}"
        say(client, photo, words="lamp -> gold", settings={"seed": 4})
        assert client.post(f"{photo}/rest").json() == {"changed": 2}
        assert {one["state"]["words"] for one in client.get("/v1/photos").json()["photos"]} == {"lamp -> gold"}
        assert client.get("/v1/export").status_code == 422
        say(client, photo, decision="accepted")
        ended(client, client.post(f"{photo}/save"))
        archive = zipfile.ZipFile(io.BytesIO(client.get("/v1/export").content))
        assert archive.namelist() == ["2.png"]
        assert archive.read("2.png") == (tmp_path / "out" / "2.png").read_bytes()
        assert [one["name"] for one in client.get("/v1/photos").json()["photos"]] == ["3.png", "10.png", "2.png"]
        dropped = client.post("/v1/photos", files={"photo": ("new.png", scene.photo.read_bytes())}).json()
    with opened(scene, tmp_path / "out", folder) as client:  # killed and started again
        photos = {one["name"]: one for one in client.get("/v1/photos").json()["photos"]}
        assert photos["2.png"]["state"]["decision"] == "accepted"
        assert photos["new.png"]["id"] == dropped["id"]
    assert {path.name for path in folder.iterdir()} == {"10.png", "2.png", "3.png"}


@pytest.mark.parametrize("version", ["0.2", "0.1"])
def test_a_finished_batch_is_reviewed_and_what_is_corrected_is_made_again(scene, tmp_path, capsys, version):
    folder, out = tmp_path / "photos", tmp_path / "done"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(folder / name), cv2.imread(str(scene.photo)) // (1 + (name == "b.png")))
    batch = ["batch", str(folder), "lamp -> gold", "-o", str(out), *scene.overrides]
    assert main(batch) == 0
    if version == "0.1":
        for path in out.glob("*.run.json"):
            record = json.loads(path.read_text())
            kept = {
                key: value for key, value in record.items() if key not in ("files", "photo_sha256", "kept", "yours")
            }
            path.write_text(json.dumps({**kept, "timing": {}}))
    with opened(scene, tmp_path / "elsewhere", out) as client:
        answer = client.get("/v1/photos").json()
        assert (answer["review"], [one["present"] for one in answer["photos"]]) == (True, [True, True])
        photo = f"/v1/photos/{answer['photos'][0]['id']}"
        assert client.get(photo).json()["state"]["words"] == "lamp -> gold"
        say(client, photo, strokes={"lamp": [brush((100, 70))]})
        assert ended(client, client.post(f"{photo}/save"))["state"] == "done"
    assert not (tmp_path / "elsewhere").exists()
    assert changed((out / "a.png").read_bytes(), folder / "a.png")[70, 100]
    capsys.readouterr()
    if version == "0.2":
        assert main(batch) == 0
        assert "0 done, 2 done before" in capsys.readouterr().out


@pytest.mark.parametrize("words", ["lamp -> gold", "lamp -> {gold, navy}"])
def test_photos_are_photos_though_results_of_one_are_in_a_folder_beside_them(scene, tmp_path, words):
    folder = tmp_path / "photos"
    folder.mkdir()
    shutil.copy(scene.photo, folder / "a.png")
    out = folder / "out"
    assert main(["edit", str(folder / "a.png"), words, "-o", str(out), *scene.overrides]) == 0
    with opened(scene, out, folder) as client:
        answer = client.get("/v1/photos").json()
        assert (answer["review"], [one["name"] for one in answer["photos"]]) == (False, ["a.png"])
    with opened(scene, tmp_path / "elsewhere", out) as client:
        assert client.get("/v1/photos").json()["review"]


def test_photos_of_one_name_that_are_dropped_are_saved_beside_each_other(scene, tmp_path):
    with opened(scene, tmp_path / "o", words="lamp -> gold") as client:
        darker = cv2.imencode(".png", cv2.imread(str(scene.photo)) // 2)[1].tobytes()
        names = ["kitchen.png", "Kitchen.PNG", "kitchen.jpg"]
        dropped = [client.post("/v1/photos", files={"photo": (name, darker)}).json() for name in names]
        assert [one["name"] for one in dropped] == ["kitchen-2.png", "Kitchen-3.PNG", "kitchen-4.jpg"]
        by_name = {one["name"]: one["id"] for one in client.get("/v1/photos").json()["photos"]}
        for name in ("kitchen.png", "kitchen-2.png"):
            assert ended(client, client.post(f"/v1/photos/{by_name[name]}/save"))["state"] == "done"
        assert (tmp_path / "o" / "kitchen.png").is_file()
        assert (tmp_path / "o" / "kitchen-2.png").is_file()


def test_what_a_job_saved_meanwhile_stays_saved_when_the_page_keeps_an_older_state(scene, tmp_path):
    with opened(scene, tmp_path / "o", words="lamp -> gold") as client:
        photo = first(client)
        older = client.get(photo).json()["state"]
        ended(client, client.post(f"{photo}/save"))
        assert client.put(photo, json=older).json()["is_current"]


def test_what_was_accepted_when_the_studio_ended_is_saved_when_it_begins_again(scene, tmp_path):
    with opened(scene, tmp_path / "o", words="lamp -> gold") as client:
        say(client, first(client), decision="accepted", strokes={"lamp": [brush((100, 70))]})
    assert not (tmp_path / "o" / "kitchen.png").exists()
    with opened(scene, tmp_path / "o") as client:
        until = time.monotonic() + 60
        while not client.get(first(client)).json()["is_current"]:
            assert time.monotonic() < until
            time.sleep(0.05)
    assert changed((tmp_path / "o" / "kitchen.png").read_bytes(), scene.photo)[70, 100]


def test_what_cannot_be_saved_is_not_accepted(scene, tmp_path):
    with opened(scene, tmp_path / "o", words="lamb -> gold") as client:
        photo = first(client)
        say(client, photo, decision="accepted")
        assert ended(client, client.post(f"{photo}/save"))["state"] == "failed"
        assert client.get(photo).json()["state"]["decision"] == "open"


def test_a_result_without_its_photo_is_looked_at_and_not_painted(scene, tmp_path):
    out = tmp_path / "done"
    main(["edit", str(scene.photo), "lamp -> gold", "-o", str(out), *scene.overrides])
    scene.photo.unlink()
    with opened(scene, tmp_path / "o", out) as client:
        photo = first(client)
        assert not client.get(photo).json()["present"]
        assert client.get(f"{photo}/result").content[:2] == b"\xff\xd8"
        assert client.post(f"{photo}/masks").status_code == 409


def test_clients_together_get_no_5xx_and_lose_nothing(scene, tmp_path):
    running = made(scene, tmp_path / "o", capacity=4, words=WORDS)
    try:
        photo = first(client_of(running))
        statuses, lost = [], []

        def clicks(seed):
            client, rng = client_of(running), np.random.default_rng(seed)
            for number in range(15):
                path = ["masks", "preview", "command", "words"][rng.integers(4)]
                if path in ("masks", "preview"):
                    answer = client.post(f"{photo}/{path}")
                    if answer.status_code == 202 and rng.random() < 0.5:
                        statuses.append(client.delete(f"/v1/jobs/{answer.json()['id']}").status_code)
                elif path == "command":
                    answer = client.get(f"{photo}/command")
                else:
                    answer = client.post("/v1/words", json={"words": f"lamp -> {'{' * int(rng.integers(3))}"})
                statuses.append(answer.status_code)
                kept = client.put(f"/v1/photos/{photo.split('/')[-1]}", json={"words": f"lamp -> gold{seed}{number}"})
                statuses.append(kept.status_code)
            lost.extend([] if client.get(photo).json()["state"]["words"].startswith("lamp -> gold") else [seed])

        threads = [threading.Thread(target=clicks, args=(seed,)) for seed in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {status for status in statuses if status >= 400} <= {429}
        assert lost == []
        assert running.engine.loads <= 1
    finally:
        running.engine.close()


def test_tiles_laid_together_are_the_photo(scene, tmp_path):
    photo = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 255, (600, 700, 3), np.uint8), (0, 0), 4)
    cv2.imwrite(str(tmp_path / "photo.png"), photo)
    with opened(scene, tmp_path / "o", tmp_path / "photo.png") as client:
        at = first(client)
        assert client.get(f"{at}/size").json()["size_wh"] == [700, 600]

        def tile(column, row, level):
            answer = client.get(f"{at}/tile", params={"column": column, "row": row, "level": level})
            return answer.status_code, cv2.imdecode(np.frombuffer(answer.content, np.uint8), 1)

        rows = [np.hstack([tile(column, row, 0)[1] for column in (0, 1)]) for row in (0, 1)]
        assert np.abs(np.vstack(rows).astype(int) - photo).max() < 16
        assert tile(0, 0, 1)[1].shape == (300, 350, 3)
        assert [tile(2, 0, 0)[0], tile(0, 0, 9)[0], tile(-1, 0, 0)[0]] == [404, 422, 422]
        assert client.get(f"{at}/tile", params={"column": 0, "row": 0, "of": "result"}).status_code == 404


def test_a_change_of_what_is_no_longer_kept_is_refused_and_changes_nothing(client):
    at = first(client)
    photo = client.get(at).json()
    mine, theirs = ({**photo["state"], "words": f"lamp -> {colour}"} for colour in ("red", "gold"))
    version = {"if-match": photo["version"]}
    assert client.put(at, json=theirs, headers=version).status_code == 200
    refused = client.put(at, json=mine, headers=version)
    assert refused.status_code == 412
    assert refused.json()["error"]["problem"] == "the photo was changed in another window"
    assert client.get(at).json()["state"]["words"] == "lamp -> gold"
    assert client.put(at, json=mine).status_code == 200  # programs that have no version


def test_each_try_has_a_seed_of_its_own_and_too_many_are_refused(client):
    at = first(client)
    say(client, at, words="lamp -> {oak, walnut}", settings={"seed": 5, "candidates": 2})
    job = ended(client, client.post(f"{at}/preview"))
    assert [one["seed"] for one in job["result"]["variants"]] == [5, 6, 5, 6]
    pictures = {client.get(f"/v1/jobs/{job['id']}/files/{name}").content for name in job["files"]}
    assert len(pictures) == 4
    say(client, at, settings={"candidates": 8})
    assert ended(client, client.post(f"{at}/preview"))["error"]["problem"] == "2 variants with 8 candidates"
