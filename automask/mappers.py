"""The mappers under the names that configurations of 0.1 hold; they are in `automask.batches.mappers`."""

from automask.batches.mappers import LocalPool, RayActors

Serial = LocalPool
"""The name of `LocalPool` in 0.1: it starts a process for each core, so it was never serial."""

__all__ = ["LocalPool", "RayActors", "Serial"]
