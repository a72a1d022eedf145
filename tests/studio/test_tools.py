"""The MCP tools: as an assistant calls them, and closed to everything outside the folders."""

import asyncio
import base64
import json
import re
import subprocess
import sys
import threading
import time

import cv2
import numpy as np
import pytest

from automask import config
from automask.errors import PlanError, UsageError
from automask.studio import tools

pytest.importorskip("mcp.server.mcpserver", reason="needs the 'mcp' extra")


@pytest.fixture
def kit(scene):
    return tools.Tools([scene.folder], config.compose("starter", scene.overrides))


def call(kit, name, **arguments):
    return asyncio.run(tools.make(kit).call_tool(name, arguments))


def text_of(answer):
    return " ".join(one.text for one in answer.content if one.type == "text")


def test_an_assistant_finds_the_tools_and_what_they_take(kit):
    listed = asyncio.run(tools.make(kit).list_tools())
    assert {one.name for one in listed} == {"list_photos", "find_masks", "edit_photo", "list_things", "list_materials"}
    assert all(one.description for one in listed)


def test_masks_are_found_and_shown(kit):
    answer = call(kit, "find_masks", photo="kitchen.png", words="island; yacht")
    assert "island: " in text_of(answer)
    assert "yacht: not found" in text_of(answer)
    (picture,) = [one for one in answer.content if one.type == "image"]
    shown = cv2.imdecode(np.frombuffer(base64.b64decode(picture.data), np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape == (96, 128, 3)


def test_an_edit_is_written_into_the_folder_and_shown(kit, scene):
    answer = call(kit, "edit_photo", photo="kitchen.png", words="lamp -> gold", out="done")
    assert text_of(answer).startswith("written: kitchen.png in done\nlamp -> gold: ")
    assert (scene.folder / "done" / "kitchen.png").is_file()
    assert any(one.type == "image" for one in answer.content)


def test_a_mistake_is_told_in_the_commands_sentence_and_without_folders(kit, scene):
    from mcp.server.mcpserver.exceptions import ToolError

    with pytest.raises(ToolError, match="no arrow"):
        call(kit, "edit_photo", photo="kitchen.png", words="lamp")
    with pytest.raises(ToolError) as told:
        call(kit, "find_masks", photo="nothing.png", words="lamp")
    assert str(scene.folder) not in str(told.value)


def test_tools_that_are_called_at_once_work_one_after_another(kit, monkeypatch):
    """The SDK calls each in a thread of its own, and nets are no two threads' at once."""
    at_work, seen, mask = threading.Lock(), [], tools.runner.mask

    def alone(*arguments, **named):
        seen.append(at_work.acquire(blocking=False))
        time.sleep(0.02)
        at_work.release()
        return mask(*arguments, **named)

    monkeypatch.setattr(tools.runner, "mask", alone)
    server = tools.make(kit)

    async def together():
        asked = {"photo": "kitchen.png", "words": "lamp"}
        await asyncio.gather(*(server.call_tool("find_masks", asked) for _ in range(3)))

    asyncio.run(together())
    assert seen == [True] * 3


def test_a_long_list_says_that_it_is_not_all(kit, monkeypatch):
    monkeypatch.setattr(tools, "_MOST_LISTED", 1)
    assert re.fullmatch(r"\S+\nand \d+ more", kit.list_photos())


def test_knowledge(kit):
    assert "kitchen.png" in kit.list_photos()
    assert kit.list_things() == "any words"
    assert "sage" in kit.list_materials()


@pytest.mark.parametrize("name", ["../elsewhere.png", "/etc/passwd", "link.png", "heat/../../elsewhere.png"])
def test_nothing_outside_the_folders_is_read_or_written(kit, scene, name, monkeypatch):
    outside = scene.folder.parent / "elsewhere.png"
    outside.write_bytes(scene.photo.read_bytes())
    (scene.folder / "link.png").symlink_to(outside)
    with pytest.raises(UsageError, match="is outside the folders"):
        kit.find_masks(name, "lamp")
    with pytest.raises(UsageError, match="is outside the folders"):
        kit.edit_photo("kitchen.png", "lamp -> gold", out=name)
    with pytest.raises(PlanError, match="outside the opened folder"):
        kit.edit_photo("kitchen.png", f"lamp -> swatch:{outside}")
    if name != "/etc/passwd":
        monkeypatch.setattr(tools.Tools, "inside", lambda self, text: self.folders[0] / text)
        assert kit.find_masks(name, "lamp")[0].startswith("lamp: ")


def test_the_command_speaks_the_protocol_on_standard_streams(scene):
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}
    command = [sys.executable, "-m", "automask", "mcp", str(scene.folder), *scene.overrides]
    said = json.dumps(message) + "\n"
    done = subprocess.run(command, input=said, capture_output=True, text=True, timeout=120, check=True)
    assert json.loads(done.stdout.splitlines()[0])["result"]["serverInfo"]["name"] == "automask"
