"""The control image of a crop for a ControlNet: its edges, or its depth."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeAlias

import cv2
import numpy as np

from automask.editors.diffusion.loading import load_part
from automask.images import to_uint8
from automask.types import Rgb
from automask.weights import locate

Control = Literal["none", "canny", "depth"]
Finder: TypeAlias = Callable[[Rgb], Rgb]

_CANNY_THRESHOLDS = (100, 200)
"""Source: the examples of lllyasviel/ControlNet, gradio_canny2image.py."""


def edges_of(crop: Rgb) -> Rgb:
    """[h, w, 3] uint8: the crop's edges, white on black.

    Args:
        crop: [h, w, 3] uint8.
    """
    edges = cv2.Canny(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), *_CANNY_THRESHOLDS)
    return np.repeat(edges[..., None], 3, axis=2)


def structure_finder(control: Control, depth_model: str | None, *, device: Any, dtype: Any) -> Finder | None:
    """A function from a crop to its control image; None without a ControlNet.

    Args:
        control: See `Diffusion`.
        depth_model: See `Diffusion`.
        device: A torch.device.
        dtype: A torch.dtype.

    Raises:
        WeightsMissing: The depth model is missing or incomplete.
    """
    if depth_model is not None:
        return depth_finder(locate(depth_model), device=device, dtype=dtype)
    return edges_of if control == "canny" else None


def depth_finder(folder: Path, *, device: Any, dtype: Any) -> Finder:
    """A function from a crop to its depth as [h, w, 3] uint8, near white and far black.

    Args:
        folder: A depth model in transformers' layout whose output grows with nearness, as Depth Anything's does.
        device: A torch.device.
        dtype: A torch.dtype.

    Raises:
        WeightsMissing: It is missing or incomplete.
    """
    import torch
    from transformers import AutoImageProcessor, AutoModelForDepthEstimation

    net = load_part(AutoModelForDepthEstimation, folder, dtype=dtype).to(device).eval()
    processor = AutoImageProcessor.from_pretrained(folder, local_files_only=True)

    def depth_of(crop: Rgb) -> Rgb:
        given = processor(images=crop, return_tensors="pt").to(device, dtype)
        with torch.no_grad():
            depth = net(**given).predicted_depth[:, None].float()
            depth = torch.nn.functional.interpolate(depth, size=crop.shape[:2], mode="bicubic", align_corners=False)
        far, near = depth.min(), depth.max()
        share = ((depth - far) / (near - far).clamp(min=1e-6))[0, 0].cpu().numpy()
        return to_uint8(np.repeat(share[..., None], 3, axis=2))

    return depth_of
