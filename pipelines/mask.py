"""`automask mask` as a Hydra script, for sweeps and launchers.

python pipelines/mask.py photo=kitchen.jpg edits="'island; cabinets except handles'" [out=DIR]
python pipelines/mask.py -m photo=kitchen.jpg edits="'island'" boxes.threshold=0.2,0.3,0.4

The words want Hydra's own quotes inside the shell's.
"""

import sys

import hydra
from jobs import Job, run, start
from omegaconf import DictConfig


def mask(job: Job) -> int:
    """Finds what the words name and writes what `automask mask` writes."""
    from automask.config import build
    from automask.images import open_photo
    from automask.masking.find import find_regions
    from automask.results.outcome import save_masks
    from automask.stages import NotLoaded, models_of, versions

    photo, plan = job.photo, job.targets()
    stages = build(job.config, conf=job.conf, given={"editor": NotLoaded()})
    opened = open_photo(photo, max_megapixels=job.config["max_megapixels"])
    regions = find_regions(opened.rgb, plan, stages, on_missing=job.config["on_missing"])
    models = {stage: about for stage, about in models_of(stages).items() if stage != "editor"}
    saved = save_masks(opened, regions, job.out, preset=stages.preset, models=models, versions=versions())
    for region in regions:
        if region.reason:
            print(f"automask: {region.reason}", file=sys.stderr)
    print(saved.picture)
    return 0


@hydra.main(version_base="1.3", config_path="../conf", config_name="script")  # type: ignore[untyped-decorator]
def main(cfg: DictConfig) -> None:
    """Hydra's entry."""
    run(cfg, mask)


if __name__ == "__main__":
    start(main)
