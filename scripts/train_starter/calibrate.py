"""What makes the net's heat a probability: a temperature, and three weights for whether a phrase is there at all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from train_starter.labels import IGNORED
from train_starter.net import Starter
from train_starter.pictures import Data
from train_starter.training import seen as seen_by_net


@dataclass(frozen=True, slots=True)
class Calibration:
    """What makes heat a probability.

    Args:
        temperature: By which the leaves' logits are divided; it goes into the exported net.
        presence: Weights of the logits of a phrase's presence and of its strength, and a constant: their logistic
            function is the probability that the phrase is in the photo. It travels with the weights, as metadata.
    """

    temperature: float
    presence: tuple[float, float, float]


def calibrate(net: Starter, data: Data) -> Calibration:
    """The calibration that fits the development photos best, each asked for the labels that it has.

    The training losses reward overlap, so that the net is surer of its pixels than it may be. Heat is made as
    `automask.segmenters.starter` makes it: the probability of a pixel given that the phrase is in the photo.

    Source: Guo et al., "On calibration of modern neural networks" (ICML 2017) for the temperature; Platt,
        "Probabilistic outputs for support vector machines" (1999) for the presence.
    """
    photos = [*data.groups["kitchens"], *data.development]
    count = Counter(row for p in photos for row in np.unique(p.label).tolist())
    usual = sorted((r for r in range(len(data.sets)) if data.things[r] and count[r]), key=lambda r: -count[r])[:40]
    members = [[leaf for leaf in row if leaf >= 0] for row in data.sets.tolist()]
    rng = np.random.default_rng(0)
    seen = []
    for p in data.development:
        photo, coarse = seen_by_net(p)
        label = coarse.ravel()
        with torch.no_grad():
            leaves, presence = net(photo)
        there = torch.sigmoid(presence)[0].numpy()
        here = [row for row in usual if (label == row).mean() >= 0.006]
        any_kin = {
            row for r in np.unique(p.label) if r != IGNORED for row in torch.nonzero(data.shares[r]).flatten().tolist()
        }
        asked_for = [row for row in usual if row in here or row not in any_kin]
        seen.append((leaves[0].flatten(1).numpy(), there, label, here, asked_for))
    draws = [rng.permutation(np.flatnonzero(label != IGNORED))[:1500] for _, _, label, _, _ in seen]

    def cost(temperature: float) -> float:
        """Mean -log of the probability that heat gives to what is true, over pixels and phrases."""
        total = []
        for (logits, there, label, here, _), drawn in zip(seen, draws, strict=True):
            p = np.exp((logits[:, drawn] - logits[:, drawn].max(0)) / temperature)
            gain = np.ones(len(p))
            for row in here:
                mine = max(1 - np.prod(1 - there[members[row]]), 1e-3)
                gain[members[row]] = np.maximum(gain[members[row]], 1 / mine)
            p *= gain[:, None] / (p * gain[:, None]).sum(0)
            for row in here:
                heat = np.clip(p[members[row]].sum(0), 1e-5, 1 - 1e-5)
                total.append(-np.log(np.where(data.shares[row].numpy()[label[drawn]], heat, 1 - heat)).mean())
        return float(np.mean(total))

    temperature = min(np.linspace(0.6, 2.0, 29).tolist(), key=cost)
    rooms = []  # after the temperature: strength is taken from what ships
    for logits, there, _, here, asked_for in seen:
        p = np.exp((logits - logits.max(0)) / temperature)
        p /= p.sum(0)
        for row in asked_for:
            strength = float(np.sqrt(np.square(p[members[row]].sum(0)).mean()))
            rooms.append([logit(1 - np.prod(1 - there[members[row]])), logit(strength), row in here])
    calibration = Calibration(temperature, logistic(np.array(rooms, np.float64)))
    print(f"{calibration}; -log p {cost(1.0):.4f} -> {cost(temperature):.4f}", flush=True)
    return calibration


def logit(share: Any) -> Any:
    """The log of the odds, of shares from 0 to 1."""
    share = np.clip(share, 1e-6, 1 - 1e-6)
    return np.log(share / (1 - share))


def logistic(rows: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    """The weights of the first two columns, and the constant, that tell best which rows are true (the last column)."""
    x, y = np.stack([rows[:, 0], rows[:, 1], np.ones(len(rows))], 1), rows[:, 2]
    w = np.zeros(3)
    for _ in range(30):  # Newton's steps; the penalty keeps them finite
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        w += np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + 1e-3 * np.eye(3), x.T @ (y - p) - 1e-3 * w)
    return float(w[0]), float(w[1]), float(w[2])
