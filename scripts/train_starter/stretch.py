"""The loop that both trainings share: steps until the minutes are spent, in stretches that go on from a checkpoint."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

Batch = TypeVar("Batch")
SAVE_EVERY, PRINT_EVERY = 250, 50  # steps
WARM_UP = 200  # steps until the highest rate
LONGEST_STEP_S = 10.0  # what counts of a step: a machine that was paused has not trained
MEAN_KEEPS = 0.998  # of the running mean of the weights, a step: what is exported


@dataclass(frozen=True, slots=True, eq=False)
class Learning:
    """What differs between trainings.

    Args:
        net: What learns; frozen parts ask for no gradient.
        groups: Parameters, each with its highest rate.
        weight_decay: Of all of them.
        batches: The batches from a step on.
        learn: The loss of a batch, and figures for the report.
        report: A line from the means of the figures of late.
        look: Called after each step with its number and the running mean of the weights, and at the end once more,
            with True.
    """

    net: nn.Module
    groups: Sequence[tuple[Sequence[nn.Parameter], float]]
    weight_decay: float
    batches: Callable[[int], Iterator[Any]]
    learn: Callable[[Any], tuple[Tensor, Sequence[float]]]
    report: Callable[[Sequence[float]], str]
    look: Callable[[int, Mapping[str, Tensor], bool], None]


def made_ahead(make: Callable[[int], Batch], start: int) -> Iterator[Batch]:
    """What `make` makes of `start` and each number after it, the next ones by a thread while one is learnt."""
    with ThreadPoolExecutor(1) as pool:
        coming = [pool.submit(make, start + i) for i in range(3)]
        step = start + 3
        while True:
            yield coming.pop(0).result()
            coming.append(pool.submit(make, step))
            step += 1


def train_until(learning: Learning, work: Path, minutes: float) -> None:
    """Train until the minutes are spent, all stretches together; the rate falls to 0 along a cosine until then.

    The checkpoint `last.pt` under `work` is what is left. Stopped at any moment, the same call goes on from it, at most
    `SAVE_EVERY` steps back.
    """
    net, rates = learning.net, [rate for _, rate in learning.groups]
    optimiser = torch.optim.AdamW(
        [{"params": part, "lr": rate} for part, rate in learning.groups], weight_decay=learning.weight_decay
    )
    mean = {name: value.clone() for name, value in net.state_dict().items()}
    step, spent_s = 0, 0.0
    if (work / "last.pt").exists():
        saved = torch.load(work / "last.pt", weights_only=True)
        net.load_state_dict(saved["net"])
        optimiser.load_state_dict(saved["optimiser"])
        mean, step, spent_s = saved["mean"], saved["step"], saved["spent_s"]
        print(f"goes on at step {step}, after {spent_s / 60:.0f} minutes", flush=True)

    def save() -> None:
        state = {"net": net.state_dict(), "optimiser": optimiser.state_dict(), "mean": mean}
        torch.save({**state, "step": step, "spent_s": spent_s}, work / "new.pt")
        (work / "new.pt").replace(work / "last.pt")

    figures: list[Sequence[float]] = []
    clock = time.monotonic()
    for batch in learning.batches(step):
        now = time.monotonic()
        spent_s, clock = spent_s + min(now - clock, LONGEST_STEP_S), now
        done = spent_s / (60 * minutes)
        if done >= 1:
            break
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * min(1.0, (step + 1) / WARM_UP) * (0.5 + 0.5 * math.cos(math.pi * done) + 0.005)
        torch.manual_seed(step)  # what is left to chance in a step is the same in a run that was stopped before it
        loss, measured = learning.learn(batch)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_([parameter for part, _ in learning.groups for parameter in part], 5.0)
        optimiser.step()
        step += 1
        keep = min(MEAN_KEEPS, (step + 1) / (step + 10))
        with torch.no_grad():
            for name, value in net.state_dict().items():
                if value.dtype.is_floating_point:
                    mean[name].lerp_(value, 1 - keep)
        figures.append(measured)
        if step % PRINT_EVERY == 0:
            recent = learning.report(np.mean(figures[-PRINT_EVERY:], 0).tolist())
            left_min = minutes - spent_s / 60
            print(f"step {step} {recent} {spent_s / step:.2f} s/step, {left_min:.0f} min left", flush=True)
        if step % SAVE_EVERY == 0:
            save()
        learning.look(step, mean, False)
    save()
    learning.look(step, mean, True)
