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
    from automask.chain import named_editors
    from automask.config import build

    photo, plan = job.photo, job.plan()
    stages = build(job.config, editors=named_editors(plan), conf=job.conf)
    outcome = automask.edit(
        photo,
        plan,
        stages=stages,
        seed=job.config["seed"],
        on_missing=job.config["on_missing"],
        max_megapixels=job.config["max_megapixels"],
        candidates=job.config["candidates"],
    )
    saved = outcome.save(job.out)
    for step in outcome.steps:
        if step.reason:
            print(f"automask: {step.reason}", file=sys.stderr)
    print(saved.result)
    return 0


@hydra.main(version_base="1.3", config_path="../conf", config_name="config")  # type: ignore[untyped-decorator]
def main(cfg: DictConfig) -> None:
    """Hydra's entry."""
    run(cfg, edit)


if __name__ == "__main__":
    start(main)
