"""Repainting by a diffusion model: Stable Diffusion inpainting and its XL sibling, FLUX Fill, Qwen-Image.

The checkpoint says which of them it is (`model_index.json`); the classes are those of diffusers, and without
`keep_latents` the result equals that of calling them directly.

    editor         the editor itself
    loading        from folders to a pipeline: checkpoint, scheduler, LoRA, ControlNet, IP-Adapter
    embeddings     from a prompt to embeddings, cached
    swatch         a picture in addition to the words
    structure      edges and depth for a ControlNet
    latents        what stays of the photo while a crop is denoised
    batch_runner   as many crops per call as memory holds
    memory         the plan for a GPU's memory: a pure function
"""

from automask.editors.diffusion.editor import Diffusion

__all__ = ["Diffusion"]
