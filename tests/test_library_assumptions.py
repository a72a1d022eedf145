"""What the adapters rely on in transformers and diffusers: each test names the assumption that an upgrade broke.

The adapters' own tests compare results; these say why, where a result differs after an upgrade.
"""

import inspect

import numpy as np
import pytest
from PIL import Image

from automask.testing import (
    tiny_clipseg_folder,
    tiny_diffusion_folder,
    tiny_grounding_dino_folder,
    tiny_owlv2_folder,
    tiny_rooms_folder,
    tiny_sam2_folder,
    tiny_sam3_folder,
    tiny_sam_hq_folder,
)

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("one_thread")]


def defaults_of(function):
    return {name: p.default for name, p in inspect.signature(function).parameters.items()}


# ------------------------------------------------------------------------------------------------------- transformers

PROCESSORS = {
    "CLIPSegProcessor": tiny_clipseg_folder,
    "GroundingDinoProcessor": tiny_grounding_dino_folder,
    "Owlv2Processor": tiny_owlv2_folder,
    "Sam3Processor": tiny_sam3_folder,
    "Sam2Processor": tiny_sam2_folder,
    "SamHQProcessor": tiny_sam_hq_folder,
}


@pytest.mark.parametrize("name", PROCESSORS)
def test_pictures_are_rgb_with_red_first(name):
    import transformers

    processor = getattr(transformers, name).from_pretrained(PROCESSORS[name]()).image_processor
    red = Image.new("RGB", (64, 64), (255, 0, 0))
    pixels = processor(images=red, return_tensors="pt")["pixel_values"][0]
    middle = pixels[:, pixels.shape[1] // 4, pixels.shape[2] // 4]
    assert middle[0] > middle[1], f"{name} no longer takes a Pillow picture as red, green, blue"
    assert middle[0] > middle[2], f"{name} no longer takes a Pillow picture as red, green, blue"


STRETCHED = {"CLIPSegProcessor": 64, "Sam3Processor": 112, "Sam2Processor": 128}


@pytest.mark.parametrize("name", STRETCHED)
def test_these_stretch_the_photo_to_a_square(name):
    import transformers

    processor = getattr(transformers, name).from_pretrained(PROCESSORS[name]()).image_processor
    side = STRETCHED[name]
    pixels = processor(images=Image.new("RGB", (90, 40)), return_tensors="pt")["pixel_values"]
    assert tuple(pixels.shape[-2:]) == (side, side), f"{name} no longer stretches: heat and boxes would be displaced"
    assert pixels.std(dim=(-1, -2)).max() < 1e-5, f"{name} pads now: heat and boxes would be displaced"


def test_owlv2_pads_at_the_right_and_the_bottom():
    import transformers

    processor = transformers.Owlv2Processor.from_pretrained(tiny_owlv2_folder()).image_processor
    white = processor(images=Image.new("RGB", (64, 32), (255, 255, 255)), return_tensors="pt")["pixel_values"][0, 0]
    said = "OWLv2's photo is no longer at the top left of its square: boxes would be displaced"
    assert white[:24].min() > white[40:].max(), said


def test_sam_hq_says_how_much_of_its_square_is_the_photo():
    import transformers

    processor = transformers.SamHQProcessor.from_pretrained(tiny_sam_hq_folder()).image_processor
    given = processor(images=Image.new("RGB", (90, 45), (255, 255, 255)), return_tensors="pt")
    said = "SAM-HQ's processor no longer gives (height, width) of the photo in its padded square"
    assert given["reshaped_input_sizes"][0].tolist() == [64, 128], said
    assert tuple(given["pixel_values"].shape[-2:]) == (128, 128), said


def test_the_thresholds_of_the_library_s_own_post_processing_are_those_that_we_quote():
    import transformers

    sam3 = defaults_of(transformers.Sam3Processor.post_process_instance_segmentation)
    said = "SAM 3's own threshold changed: `_SURE` in segmenters/sam3.py is to follow"
    assert (sam3["threshold"], sam3["mask_threshold"]) == (0.3, 0.5), said
    dino = defaults_of(transformers.GroundingDinoProcessor.post_process_grounded_object_detection)
    assert dino["threshold"] == 0.25, "Grounding DINO's own threshold changed: conf/boxes/detections.yaml is to follow"
    owl = defaults_of(transformers.Owlv2Processor.post_process_grounded_object_detection)
    assert owl["threshold"] == 0.1, "OWLv2's own threshold changed: conf/segmenter/owlv2.yaml is to follow"


def test_sam3_takes_a_photo_that_was_looked_at_before():
    import transformers

    takes = inspect.signature(transformers.Sam3Model.forward).parameters
    assert {"vision_embeds", "input_ids", "attention_mask"} <= {*takes}, "SAM 3 no longer takes its own features again"
    net = transformers.Sam3Model.from_pretrained(tiny_sam3_folder())
    assert net.config.text_config.max_position_embeddings == 32, "SAM 3 reads another number of tokens"


def test_low_masks_of_sam_are_a_quarter_of_the_encoder_s_square():
    import transformers

    sam2 = transformers.Sam2Model.from_pretrained(tiny_sam2_folder())
    assert tuple(sam2.prompt_encoder.mask_input_size) == (32, 32), "SAM 2's low masks are no quarter of its square"
    hq = transformers.SamHQModel.from_pretrained(tiny_sam_hq_folder())
    assert tuple(hq.prompt_encoder.image_embedding_size) == (8, 8), "SAM-HQ's features are no sixteenth of its square"


def test_the_last_label_of_a_mask_is_nothing():
    import torch
    import transformers

    net = transformers.EomtForUniversalSegmentation.from_pretrained(tiny_rooms_folder("eomt")).eval()
    with torch.no_grad():
        made = net(pixel_values=torch.zeros(1, 3, 64, 64))
    said = "the classes of a mask are no longer the labels and, last, nothing"
    assert made.class_queries_logits.shape[-1] == net.config.num_labels + 1, said


def test_oneformer_without_a_class_list_fetches_nothing():
    import transformers

    images = transformers.OneFormerImageProcessor.from_pretrained(tiny_rooms_folder("oneformer"), class_info_file=None)
    assert not images.class_info_file, "OneFormer's processor needs its class list, which it fetches from the hub"


# ---------------------------------------------------------------------------------------------------------- diffusers


def klein():
    import diffusers

    return diffusers.Flux2KleinInpaintPipeline.from_pretrained(tiny_diffusion_folder("klein"))


def test_klein_s_latents_are_two_by_two_as_channels_and_normalised_by_its_statistics():
    import torch

    pipe = klein()
    pixels = torch.rand(1, 3, 32, 48, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        given = pipe._encode_vae_image(pixels, None)
        plain = pipe.vae.encode(pixels).latent_dist.mode()
    patched = plain.reshape(1, 4, 2, 2, 3, 2).permute(0, 1, 3, 5, 2, 4).reshape(1, 16, 2, 3)
    mean, deviation = pipe.vae.bn.running_mean, (pipe.vae.bn.running_var + pipe.vae.config.batch_norm_eps).sqrt()
    own = (patched - mean.view(1, -1, 1, 1)) / deviation.view(1, -1, 1, 1)
    assert torch.allclose(given, own, atol=1e-5), "klein's latents are in another space: kept_latents would not fit it"


def test_klein_skips_whole_steps_only():
    pipe = klein()
    pipe.scheduler.set_timesteps(4, mu=1.0)
    counts = [pipe.get_timesteps(4, strength, "cpu")[1] for strength in (1.0, 0.8, 0.75, 0.5)]
    assert counts == [4, 4, 3, 2], "klein rounds the steps that strength skips another way: docs/guide/diffusion.md"


def test_klein_shrinks_crops_above_a_megapixel_which_ours_never_are():
    source = inspect.getsource(type(klein()).__call__)
    assert "1024 * 1024" in source, "klein's largest area changed: `max_area_px` of the editor is to follow"


def test_kontext_can_be_kept_from_choosing_a_size_of_its_own():
    import diffusers

    takes = defaults_of(diffusers.FluxKontextInpaintPipeline.__call__)
    assert takes["_auto_resize"] is True, "Kontext's `_auto_resize` is gone: its crops may come back at another size"


@pytest.mark.parametrize("kind", ["sd15", "sdxl", "flux", "qwen", "klein", "kontext"])
def test_a_mask_is_white_where_it_is_repainted_and_cut_at_a_half(kind):
    import diffusers

    from automask.editors.diffusion.loading import _INPAINTS, index_of

    name = index_of(tiny_diffusion_folder(kind))["_class_name"]
    pipe = getattr(diffusers, _INPAINTS.get(name, name)).from_pretrained(tiny_diffusion_folder(kind))
    grey = Image.fromarray(np.array([[0, 120], [135, 255]], np.uint8).repeat(32, 0).repeat(32, 1))
    mask = pipe.mask_processor.preprocess(grey, height=64, width=64)[0, 0]
    levels = [float(mask[row, column]) for row in (16, 48) for column in (16, 48)]
    assert levels == [0, 0, 1, 1], f"{type(pipe).__name__} reads masks another way: 0 is kept, from a half on repainted"


@pytest.mark.parametrize("kind", ["flux", "qwen", "klein", "kontext"])
def test_flow_matching_can_put_noise_of_any_step_back(kind):
    import diffusers

    scheduler = diffusers.FlowMatchEulerDiscreteScheduler.from_pretrained(
        tiny_diffusion_folder(kind), subfolder="scheduler"
    )
    assert hasattr(scheduler, "scale_noise"), "flow matching has no scale_noise: kept latents would get no noise"
