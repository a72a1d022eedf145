"""What goes through a diffusion editor's parts, for the tests of its latents."""

import pytest

from automask.editors.diffusion.latents import latent_freedom


class Watched:
    """What goes through an editor's parts during a block: how often, and the decoder's last input."""

    def __init__(self, editor):
        self.pipe = editor.pipe
        self.encodes = self.decodes = 0
        self.decoded = None

    def __enter__(self):
        def encoded(*_):
            self.encodes += 1

        def decoding(_, inputs):
            self.decodes += 1
            self.decoded = inputs[0].clone()

        vae = self.pipe.vae
        self.hooks = [vae.encoder.register_forward_hook(encoded), vae.decoder.register_forward_pre_hook(decoding)]
        return self

    def __exit__(self, *_):
        for hook in self.hooks:
            hook.remove()


def own_latents(editor, crop):
    """The mean of a crop's latents, as the VAE gives them, and as its decoder is given them."""
    import torch

    vae = editor.pipe.vae
    with torch.no_grad():
        pixels = torch.from_numpy(crop).permute(2, 0, 1)[None].float() / 127.5 - 1
        if "temperal_downsample" in vae.config:  # Qwen-Image's takes frames
            pixels = pixels[:, :, None]
        latents = vae.encode(pixels).latent_dist.mode()
        return latents, vae.post_quant_conv(latents) if vae.post_quant_conv is not None else latents


def assert_noise_falls(editor, crop, hard, given):
    """Every input outside the mask mixes the photo's latents and one noise, of unit power, ever less of it."""
    import torch

    scheduler, vae = editor.pipe.scheduler, editor.pipe.vae
    stays = torch.from_numpy(latent_freedom(hard, grow_px=8, cell_px=8) == 0)
    clean = (own_latents(editor, crop)[0][0] * vae.config.scaling_factor)[:, stays]
    noise = torch.randn((1, 4, 6, 10), generator=torch.Generator().manual_seed(3))[0][:, stays]
    shares = []
    for one in given:
        parts = torch.stack([clean.flatten(), noise.flatten()], dim=1)
        seen = one[:4][:, stays].flatten()
        share = torch.linalg.lstsq(parts, seen[:, None]).solution
        assert (parts @ share - seen[:, None]).abs().max() < 2e-3
        shares.append(share[:, 0].tolist())
    sizes = [a * a + b * b for a, b in shares]
    assert sizes == pytest.approx([1.0] * len(given), abs=2e-3), type(scheduler).__name__
    levels = [b for _, b in shares]
    assert levels == sorted(levels, reverse=True)
    assert levels[-1] < 0.5 * levels[0]
