"""The mappers under the name that configurations of 0.1 hold; they are in `automask.batches.mappers`."""

from automask.batches.mappers import RayActors, Serial

__all__ = ["RayActors", "Serial"]
