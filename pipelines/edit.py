"""`automask edit` as a Hydra script, for sweeps and launchers.

python pipelines/edit.py photo=kitchen.jpg edits="'island -> marble'" preset=photo seed=3 [out=DIR]
python pipelines/edit.py -m photo=kitchen.jpg edits="'island -> marble','island -> oak'" seed=1,2

The words need quotes of Hydra's own inside the shell's.
"""

import sys
from dataclasses import replace

import hydra
from jobs import Job, run, start
from omegaconf import DictConfig


def edit(job: Job) -> int:
    """Makes the edits in one photo and writes what `automask edit` writes."""
    from automask import runner
    from automask.results.outcome import save_variants
    from automask.settings import RunSettings

    photo, variants = job.photo, job.variants()
    settings, masks = RunSettings.from_config(job.config), job.config["masks"]
    prepared = runner.prepare(variants, settings, job.config, conf=job.conf, masks=masks)
    destination = replace(runner.destination_of(job.config), out=job.out)
    made = zip(variants, runner.run(prepared, photo, destination=destination), strict=True)
    saved, sheet = save_variants(made, job.out, overwrite=job.config["overwrite"])
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
