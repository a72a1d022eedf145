"""`automask edit` as a Hydra script, for sweeps and launchers.

python pipelines/edit.py photo=kitchen.jpg edits="'island -> marble'" preset=photo seed=3 [out=DIR]
python pipelines/edit.py -m photo=kitchen.jpg edits="'island -> marble','island -> oak'" seed=1,2

The words want Hydra's own quotes inside the shell's.
"""

import sys

import hydra
from jobs import Job, run, start
from omegaconf import DictConfig


def edit(job: Job) -> int:
    """Makes the edits in one photo and writes what `automask edit` writes."""
    import automask
    from automask.config import build
    from automask.painting.editors import named_editors
    from automask.results.outcome import save_variants

    photo, variants = job.photo, job.variants()
    stages = build(job.config, editors=named_editors(variants[0].plan), conf=job.conf)
    outcomes = automask.variants(
        photo,
        variants,
        stages=stages,
        seed=job.config["seed"],
        on_missing=job.config["on_missing"],
        max_megapixels=job.config["max_megapixels"],
        candidates=job.config["candidates"],
        mask_cache_mb=job.config["mask_cache_mb"],
    )
    made = ((variant, outcome) for variant, (_, outcome) in zip(variants, outcomes, strict=True))
    saved, sheet = save_variants(made, job.out, disclose=job.config["disclose"], c2pa=job.config["c2pa"])
    for reason in dict.fromkeys(step["reason"] for one in saved for step in one.recorded["steps"] if step["reason"]):
        print(f"automask: {reason}", file=sys.stderr)
    for path in (*(one.result for one in saved), *([sheet] if sheet else [])):
        print(path)
    return 0


@hydra.main(version_base="1.3", config_path="../conf", config_name="script")  # type: ignore[untyped-decorator]
def main(cfg: DictConfig) -> None:
    """Hydra's entry."""
    run(cfg, edit)


if __name__ == "__main__":
    start(main)
