"""Repainting by a diffusion model: Stable Diffusion inpainting and its XL sibling, FLUX Fill, Qwen-Image.

The checkpoint says which of them it is (`model_index.json`); the classes are those of diffusers, and without
`keep_latents` the result equals a direct call of theirs.

    loading      from folders to a pipeline: checkpoint, scheduler, LoRA, ControlNet, IP-Adapter
    words        from a prompt to embeddings, each made once
    swatch       a picture beside the words
    structure    edges and depth for a ControlNet
    latents      what stays of the photo while a crop is denoised
    memory       what fits into a GPU: a pure function
    fitting      as many crops at a time as fit
    editor       the editor itself
"""

from automask.editors.diffusion.editor import Diffusion

__all__ = ["Diffusion"]
