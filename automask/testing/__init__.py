"""For tests: tiny models, painted heat, and editors that break every promise.

Made for the tests of automask and of anything that plugs into it. Nothing here is for real photos: the tiny models
have random weights, so what they find and paint is chance.

The tiny models are the classes of the real ones (`CLIPSegForImageSegmentation`, `segment_anything.modeling.Sam`, the
inpainting pipelines of diffusers) at a few thousand parameters. They are written to the cache folder once, in the real
layout, and loaded by path through the real adapters: `preset=tiny` runs the code of `preset=photo`.
"""

from automask.testing.clipseg import tiny_clipseg, tiny_clipseg_folder
from automask.testing.conditioning import (
    tiny_controlnet_folder,
    tiny_depth_folder,
    tiny_ip_adapter_folder,
    tiny_lora_file,
)
from automask.testing.detectors import (
    TinyDinoKind,
    tiny_grounding_dino,
    tiny_grounding_dino_folder,
    tiny_owlv2,
    tiny_owlv2_folder,
    tiny_sam3,
    tiny_sam3_folder,
)
from automask.testing.diffusion import TinyKind, tiny_diffusion, tiny_diffusion_folder
from automask.testing.editors import AddEight, Blurs, Fill, Identity, NaN, Raises, ShiftByOne, Tints, WrongSize
from automask.testing.heat import PaintedHeat
from automask.testing.rooms import TinyRoomsKind, tiny_rooms, tiny_rooms_folder
from automask.testing.sam import (
    tiny_sam,
    tiny_sam2,
    tiny_sam2_folder,
    tiny_sam_file,
    tiny_sam_hq,
    tiny_sam_hq_folder,
)

__all__ = [
    "AddEight",
    "Blurs",
    "Fill",
    "Identity",
    "NaN",
    "PaintedHeat",
    "Raises",
    "ShiftByOne",
    "Tints",
    "TinyDinoKind",
    "TinyKind",
    "TinyRoomsKind",
    "WrongSize",
    "tiny_clipseg",
    "tiny_clipseg_folder",
    "tiny_controlnet_folder",
    "tiny_depth_folder",
    "tiny_diffusion",
    "tiny_diffusion_folder",
    "tiny_grounding_dino",
    "tiny_grounding_dino_folder",
    "tiny_ip_adapter_folder",
    "tiny_lora_file",
    "tiny_owlv2",
    "tiny_owlv2_folder",
    "tiny_rooms",
    "tiny_rooms_folder",
    "tiny_sam",
    "tiny_sam2",
    "tiny_sam2_folder",
    "tiny_sam3",
    "tiny_sam3_folder",
    "tiny_sam_file",
    "tiny_sam_hq",
    "tiny_sam_hq_folder",
]
