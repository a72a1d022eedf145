"""`automask mask` as a Hydra script, for sweeps and launchers.

python pipelines/mask.py photo=kitchen.jpg edits="'island; cabinets except handles'" [out=DIR]
python pipelines/mask.py -m photo=kitchen.jpg edits="'island'" boxes.threshold=0.2,0.3,0.4

The words need quotes of Hydra's own inside the shell's.
"""

import sys

import hydra
from jobs import Job, run, start
from omegaconf import DictConfig


def mask(job: Job) -> int:
    """Finds what the words name and writes what `automask mask` writes."""
    from automask import runner
    from automask.settings import RunSettings
    from automask.types import Variant

    photo, variants = job.photo, (Variant("", (), job.targets()),)
    prepared = runner.prepare(variants, RunSettings.from_config(job.config), job.config, conf=job.conf, paint=False)
    masked = runner.mask(prepared, photo)
    saved = masked.save(job.out, overwrite=job.config["overwrite"])
    for region in masked.regions:
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
