"""Repainting by a diffusion model: Stable Diffusion inpainting and its XL sibling, FLUX Fill, Qwen-Image.

The checkpoint says which of them it is (`model_index.json`); the classes are those of diffusers, and without
`keep_latents` the result equals a direct call of theirs. One file for each concern: `loading` (from a folder to a
pipeline), `words` (prompts to embeddings), `latents` (what stays of the photo), `editor`.
"""

from automask.editors.diffusion.editor import Diffusion

__all__ = ["Diffusion"]
