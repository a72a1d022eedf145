"""The diffusion editor of each file in conf/editor, at tiny size, and jobs for it."""

import numpy as np

from automask import config
from automask.editors.diffusion import Diffusion
from automask.testing import (
    tiny_controlnet_folder,
    tiny_depth_folder,
    tiny_diffusion_folder,
    tiny_ip_adapter_folder,
    tiny_lora_file,
)

STAND_INS = {
    "sd15-inpaint": lambda: tiny_diffusion_folder("sd15"),
    "sdxl-inpaint": lambda: tiny_diffusion_folder("sdxl"),
    "flux-fill": lambda: tiny_diffusion_folder("flux"),
    "qwen-image": lambda: tiny_diffusion_folder("qwen"),
    "klein-4b": lambda: tiny_diffusion_folder("klein"),
    "kontext-dev": lambda: tiny_diffusion_folder("kontext"),
    "lcm-lora-sd15": lambda: tiny_lora_file("sd15"),
    "sdxl-lightning-lora": lambda: tiny_lora_file("sdxl"),
    "controlnet-canny-sd15": tiny_controlnet_folder,
    "controlnet-depth-sd15": tiny_controlnet_folder,
    "depth-anything-v2-small": tiny_depth_folder,
    "ip-adapter-sd15": tiny_ip_adapter_folder,
}
"""Tiny weights for each name of the catalogue that a configuration of this editor asks for."""


def composed(name):
    """The settings of a file in conf/editor, with those of the file that it inherits from."""
    return config.compose(None, [f"editor={name}"])["editor"]


FILES = sorted(
    file
    for file in (config.conf_dir() / "editor").glob("*.yaml")
    if composed(file.stem)["_target_"] == "automask.editors.diffusion.Diffusion"
)


def editor_of(name="diffusion", **changes):
    """The editor of a file in conf/editor, at tiny size."""
    content = {key: value for key, value in composed(name).items() if key != "_target_"}
    for key in ("model", "lora", "control_model", "depth_model", "ip_adapter"):
        if content[key] is not None:
            content[key] = str(STAND_INS[content[key]]())
    return Diffusion(**{**content, "device": "cpu", "ideal_px": 64, "multiple_px": 16, **changes})


def job(seed=1, prompt="oak", size=(32, 48), **options):
    rng = np.random.default_rng(seed)
    hard = np.zeros(size, np.bool_)
    hard[8:20, 10:30] = True
    crop = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    return {"crop": crop, "hard": hard, "prompt": prompt, "seed": seed, **options}


def levels_apart(one, other):
    return int(np.abs(one.astype(int) - other).max())
