"""The losses: what each label may be, the overlap of each thing with what is found of it, and what is there at all."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from train_starter.labels import IGNORED
from train_starter.pictures import Data

HARD_SHARE = 0.3  # of a picture's pixels: those with the highest loss, which count again


def set_loss(logits: Tensor, label: Tensor, data: Data) -> Tensor:
    """-log of the summed probability of the leaves that a label may be, over labelled pixels; hard ones count twice.

    What is mistaken for its neighbour (a dishwasher for a cabinet, a worktop for the floor) is a small share of the
    pixels and would be outweighed by walls that are long learnt.
    """
    known = label != IGNORED
    members = data.sets[label.masked_fill(~known, 0)].permute(0, 3, 1, 2)  # [B, widest, h, w]
    inside = logits.gather(1, members.clamp(min=0)).masked_fill(members < 0, -1e9).logsumexp(1)
    weight = known.float() * data.weight[label.masked_fill(~known, 0)]
    loss = (logits.logsumexp(1) - inside) * weight
    usual = loss.sum() / weight.sum().clamp(min=1.0)
    hardest = loss.flatten(1).topk(max(1, int(HARD_SHARE * label[0].numel())), 1).values
    return (usual + hardest.mean()) / 2


PRESENCE = 0.05  # weight of the presence loss, which is a sum over all leaves
LEAST = 0.004  # share of a crop from which on a label counts as being in it


def present_rows(label: Tensor, rows: int) -> tuple[Tensor, Tensor]:
    """[B, rows] bool: labels that cover a good part of each crop; labels that are in it at all."""
    flat = label.flatten(1)
    count = torch.zeros(len(label), 256, dtype=torch.long).scatter_add(1, flat, torch.ones_like(flat))[:, :rows]
    return count >= LEAST * label[0].numel(), count > 0


def overlap_loss(logits: Tensor, label: Tensor, data: Data) -> Tensor:
    """1 - the soft intersection over union of every label in a crop, averaged over labels: what is measured later.

    Source: Rahman and Wang, "Optimizing intersection-over-union in deep neural networks" (ISVC 2016).
    """
    there, _ = present_rows(label, len(data.sets))
    probability = torch.softmax(logits, 1).flatten(2)
    losses = []
    for crop, (p, y) in enumerate(zip(probability, label.flatten(1), strict=True)):
        rows = torch.nonzero(there[crop] & data.things).flatten()
        if not len(rows):
            continue
        known = y != IGNORED
        members = data.sets[rows]
        belongs = torch.zeros(len(rows), p.shape[0]).scatter_add(1, members.clamp(min=0), (members >= 0).float())
        heat = (belongs @ p)[:, known]
        truth = data.shares[rows][:, y[known]].float()
        both = (heat * truth).sum(1)
        losses.append(1 - both / (heat.sum(1) + truth.sum(1) - both))
    return torch.cat(losses).mean() if losses else logits.sum() * 0


def presence_loss(presence: Tensor, label: Tensor, data: Data) -> Tensor:
    """-log of the probability that a crop shows a leaf of each label in it, and no leaf that none of them may be."""
    there, any_pixel = present_rows(label, len(data.sets))
    valid = data.sets >= 0
    members = data.sets.clamp(min=0)
    possible = torch.zeros(len(label), presence.shape[1])
    for crop in range(len(label)):
        possible[crop, data.sets[any_pixel[crop]][valid[any_pixel[crop]]]] = 1.0
    absent = (functional.softplus(presence) * (1 - possible)).sum()
    none = (functional.softplus(presence)[:, members] * valid).sum(2)  # [B, rows]: -log that no leaf of a row is there
    found = -torch.log(-torch.expm1(-none.clamp(min=1e-12)))
    return (absent + (found * there).sum()) / len(label)
