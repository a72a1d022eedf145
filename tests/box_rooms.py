"""A box room whose normals, distances and lines are known exactly."""

import math

import cv2
import numpy as np

from automask.geometry.perspective import camera_of
from automask.geometry.surfaces import SurfacePrediction

SIZE = (256, 384)
FLOOR = 0  # in `BoxRoom.which`; 1 is the ceiling, 2 to 5 are walls, from 10 on the faces of the island


class BoxRoom:
    """A box room with an island, as a level camera sees it: exact normals, distances and a picture of its lines."""

    def __init__(self, *, yaw=20.0, focal=250.0, horizon=112.0, eye=1.5, island=True, size=SIZE):
        self.yaw, self.focal, self.horizon, self.eye = math.radians(yaw), focal, horizon, eye
        h, w = size
        x = (np.arange(w) + 0.5 - w / 2) / focal
        y = (np.arange(h) + 0.5 - horizon) / focal
        self.ray = np.stack([*np.meshgrid(x, y), np.ones(size)], -1)
        # The room's frame: u along axis 0, v along axis 1, both level; y down.
        turn = np.array([[math.sin(self.yaw), 0, math.cos(self.yaw)], [math.cos(self.yaw), 0, -math.sin(self.yaw)]])
        self.turn = np.stack([turn[0], -turn[1], [0, 1, 0]])
        rays = self.ray @ self.turn.T
        self.depth = np.full(size, np.inf)
        self.normal = np.zeros((*size, 3))
        self.which = np.full(size, -1)
        self.metre = np.zeros((*size, 2))
        walls = [(2, eye, 0), (2, eye - 2.6, 1), (0, 5.2, 2), (1, -1.9, 3), (1, 2.1, 4), (0, -1.0, 5)]
        for axis, at, name in walls:
            self._hit(rays, axis, at, name, None)
        if island:  # 1.1 m long, 0.9 m wide and high
            low, high = np.array([2.2, 0.4, eye - 0.9]), np.array([3.1, 1.5, eye])
            for axis, at, name in ((2, low[2], 10), (0, low[0], 11), (1, low[1], 12), (1, high[1], 13)):
                self._hit(rays, axis, at, name, (low, high))

    def _hit(self, rays, axis, at, name, within):
        with np.errstate(divide="ignore", invalid="ignore"):
            t = at / rays[..., axis]
            point = rays * t[..., None]
        ok = (t > 0) & (t < self.depth)
        others = [k for k in range(3) if k != axis]
        if within is not None:
            for k in others:
                ok &= (point[..., k] >= within[0][k]) & (point[..., k] <= within[1][k])
        self.depth[ok], self.which[ok] = t[ok], name
        self.normal[ok] = -math.copysign(1, at) * self.turn[axis] if within is None else 0
        if within is not None:
            towards = -np.sign((rays[..., axis])[ok])
            self.normal[ok] = towards[:, None] * self.turn[axis]
        self.metre[ok] = point[ok][:, others]

    def picture(self):
        """Tiles on every surface, in greys: lines along the room's axes."""
        cell = np.floor(self.metre / 0.5).astype(int)
        grey = 120 + 15 * (self.which % 7) + 22 * (cell.sum(-1) % 2)
        return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, -1)

    def surfaces(self, noise=0.0):
        """What a perfect net would predict, at a quarter of the size; with `noise`, a worse one."""
        wh = (self.which.shape[1] // 4, self.which.shape[0] // 4)
        rng = np.random.default_rng(0)
        normal = cv2.resize(self.normal.astype(np.float32), wh, interpolation=cv2.INTER_AREA)
        rough = cv2.GaussianBlur(rng.normal(0, 1, normal.shape).astype(np.float32), (0, 0), 2) * 4
        normal = normal + noise * rough
        normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-6)
        density = cv2.resize(np.log(self.focal / self.depth).astype(np.float32), wh, interpolation=cv2.INTER_AREA)
        return SurfacePrediction(normal.astype(np.float32), density, np.zeros((*density.shape, 3), np.float32))

    def room(self, noise=0.0):
        return camera_of(self.picture(), 1.0, self.surfaces(noise))
