"""`automask batch` as a Hydra script, for sweeps and launchers.

python pipelines/batch.py photo=listing edits="'cabinets -> white'" out=done mapper.workers=2
python pipelines/batch.py photo=listing.csv out=done mapper=ray

The words need quotes of Hydra's own inside the shell's.
"""

import sys

import hydra
from jobs import Job, run, start
from omegaconf import DictConfig


def batch(job: Job) -> int:
    """Makes the edits in a folder, a glob or a CSV and writes what `automask batch` writes."""
    from automask.batches.run import open_batch, run_jobs
    from automask.batches.stores import is_url

    source, config = job.photo, job.config
    in_csv = source.lower().endswith(".csv") and config["edits"] is None and config["plan"] is None
    variants = None if in_csv else job.variants()
    # Under multirun each job has a folder of its own.
    found = open_batch(source, variants, config if is_url(config["out"]) else {**config, "out": str(job.out)})
    reports = run_jobs(
        found.jobs, config, out=found.out, refused=found.refused_rows, sheets=found.sheets, conf=job.conf
    )
    failed = [(done.job.shown, done.reason) for done in reports if done.status == "failed"]
    for name, reason in (*failed, *found.refused):
        print(f"automask: {name}: {reason}", file=sys.stderr)
    print(f"{len(reports) - len(failed)} done, {len(failed)} failed, in {found.out_url or found.out}")
    return 4 if failed or found.refused else 0


@hydra.main(version_base="1.3", config_path="../conf", config_name="script")  # type: ignore[untyped-decorator]
def main(cfg: DictConfig) -> None:
    """Hydra's entry."""
    run(cfg, batch)


if __name__ == "__main__":
    start(main)
