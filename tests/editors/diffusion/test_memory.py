"""Memory: what is planned for a budget, and what is done when it runs out all the same."""

import numpy as np
import pytest

from automask.editors.diffusion.memory import is_out_of_memory, plan_memory

GB = 2**30
# Bytes in half precision, as the catalogue's downloads have them.
SD15 = {"unet": 1_719_000_000, "text_encoder": 246_000_000, "vae": 167_000_000, "safety_checker": 608_000_000}
SDXL = {"unet": 5_135_000_000, "text_encoder": 246_000_000, "text_encoder_2": 1_390_000_000, "vae": 167_000_000}
FLUX = {"transformer": 23_800_000_000, "text_encoder": 246_000_000, "text_encoder_2": 9_520_000_000, "vae": 168_000_000}
KLEIN = {"transformer": 7_750_000_000, "text_encoder": 8_040_000_000, "vae": 168_000_000}
ENGINES = {
    "Flux2KleinInpaintPipeline": (KLEIN, 1024),
    "StableDiffusionInpaintPipeline": (SD15, 512),
    "StableDiffusionXLInpaintPipeline": (SDXL, 1024),
    "FluxFillPipeline": (FLUX, 1024),
    "SomethingNewPipeline": (SDXL, 1024),
}


@pytest.mark.parametrize(
    ("engine", "budget_gb", "offload", "least"),
    [
        ("StableDiffusionInpaintPipeline", 4, "none", 2),
        ("StableDiffusionInpaintPipeline", 3, "model", 1),
        ("StableDiffusionInpaintPipeline", 1, "sequential", 1),
        ("StableDiffusionXLInpaintPipeline", 8, "model", 1),
        ("StableDiffusionXLInpaintPipeline", 24, "none", 8),
        ("FluxFillPipeline", 20, "sequential", 1),
        ("FluxFillPipeline", 25, "model", 1),
        ("FluxFillPipeline", 32, "words", 1),
        ("FluxFillPipeline", 48, "none", 8),
        ("Flux2KleinInpaintPipeline", 10, "model", 1),
        ("Flux2KleinInpaintPipeline", 12, "words", 1),
        ("Flux2KleinInpaintPipeline", 20, "none", 1),
    ],
)
def test_a_card_of_this_size_runs_it_so(engine, budget_gb, offload, least):
    weights, side = ENGINES[engine]
    plan = plan_memory(budget_gb * GB, weights, side * side, engine)
    assert plan.offload == offload
    assert plan.batch >= least
    assert not plan.tile_vae or offload == "sequential"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_smaller_budget_or_a_larger_crop_never_gives_a_larger_batch(engine):
    weights, side = ENGINES[engine]
    budgets = np.linspace(0, 80 * GB, 200).astype(int).tolist()
    crops = [side * side * times for times in (1, 2, 3, 8, 40)]
    batches = np.array([[plan_memory(b, weights, c, engine).batch for b in budgets] for c in crops])
    assert (np.diff(batches, axis=1) >= 0).all()
    assert (np.diff(batches, axis=0) <= 0).all()
    assert batches.min() == 1
    assert batches.max() > 1


def test_a_large_crop_is_tiled_before_parts_are_sent_away():
    small, large = (plan_memory(4 * GB, SD15, px, "StableDiffusionInpaintPipeline") for px in (512**2, 512 * 1536))
    assert (small.offload, small.tile_vae) == ("none", False)
    assert (large.offload, large.tile_vae) == ("none", True)


def test_the_vae_takes_a_batch_whole_where_there_is_room():
    assert not plan_memory(24 * GB, SD15, 512**2, "StableDiffusionInpaintPipeline").slice_vae
    assert plan_memory(4 * GB, SD15, 512**2, "StableDiffusionInpaintPipeline").slice_vae


@pytest.mark.parametrize(
    ("error", "is_one"),
    [
        (MemoryError(), True),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
            True,
        ),
        (RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_out_of_memory_errors_are_distinguished_from_others(error, is_one):
    assert is_out_of_memory(error) is is_one
