"""Where the camera stands and which way it looks."""

import math
from collections import Counter
from dataclasses import asdict, dataclass, replace

import bpy
import numpy as np
from mathutils import Matrix, Vector
from mathutils.bvhtree import BVHTree

from render_rooms.chance import pick
from render_rooms.classes import CLASSES

SENSOR_MM = 36


@dataclass(frozen=True, slots=True)
class View:
    """A camera: place and eye height in metres, angles in degrees (yaw 0 looks to the back wall), focal length in mm.

    `shift` slides the picture by that share of its long side, as a shift lens does.
    """

    x: float
    y: float
    eye: float
    yaw: float
    lens: float
    pitch: float = 0.0
    roll: float = 0.0
    shift: float = -0.06

    @classmethod
    def towards(cls, cam, look, lens, eye, shift=-0.06):
        """A level camera at cam that looks to the point look of the floor plan."""
        yaw = math.degrees(math.atan2(look[1] - cam[1], look[0] - cam[0])) - 90
        return cls(cam[0], cam[1], eye, yaw, lens, shift=shift)

    def matrix(self):
        """The camera's place and turn in the world."""
        turn = Matrix.Rotation(math.radians(self.yaw), 4, "Z") @ Matrix.Rotation(math.radians(90 + self.pitch), 4, "X")
        turn = turn @ Matrix.Rotation(math.radians(self.roll), 4, "Z")
        return Matrix.Translation((self.x, self.y, self.eye)) @ turn

    def described(self, size):
        """What is recorded: also the focal length in px and the row of eye level in the picture's middle column."""
        focal = max(size) * self.lens / SENSOR_MM
        horizon = size[1] / 2 + max(size) * self.shift + focal * math.tan(math.radians(self.pitch))
        return dict(at=[self.x, self.y, self.eye], focal_px=focal, horizon_px=horizon, lens_mm=self.lens) | {
            k: v for k, v in asdict(self).items() if k in ("yaw", "pitch", "roll", "shift")
        }


def set_camera(view):
    """Makes the view that of the scene's camera."""
    data = bpy.data.cameras.new("cam")
    data.lens, data.sensor_width, data.clip_start, data.shift_y = view.lens, SENSOR_MM, 0.02, view.shift
    ob = bpy.data.objects.new("cam", data)
    bpy.context.scene.collection.objects.link(ob)
    ob.matrix_world = view.matrix()
    bpy.context.scene.camera = ob


class Sight:
    """What rays meet in a room. One tree of all its meshes, without their rounded edges: about 10 us a ray."""

    def __init__(self, b):
        points, polygons, self.phrase_of = [], [], []
        for ob in bpy.context.scene.objects:
            if ob.type != "MESH":
                continue
            mesh, start = ob.data, len(points)
            flat = np.empty(len(mesh.vertices) * 3, np.float32)
            mesh.vertices.foreach_get("co", flat)
            matrix = np.array(ob.matrix_world)
            points += (flat.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]).tolist()
            polygons += [[start + v for v in p.vertices] for p in mesh.polygons]
            self.phrase_of += [CLASSES[b.codes[ob.pass_index][0]][0]] * len(mesh.polygons)
        self.tree = BVHTree.FromPolygons(points, polygons)

    def through(self, view, size, columns=16, rows=12):
        """What a grid of the picture shows: a Counter of phrases, the shares of near hits and of inner sides.

        A near hit is closer than half a metre. The inner side of a closed thing is seen only from inside it.
        """
        matrix, long = view.matrix(), max(size)
        eye, turn = matrix.translation, matrix.to_3x3()
        phrases, near, inner, n = Counter(), 0, 0, columns * rows
        for i in range(columns):
            for j in range(rows):
                u = ((i + 0.5) / columns - 0.5) * size[0] / long
                v = (0.5 - (j + 0.5) / rows) * size[1] / long + view.shift
                ray = (turn @ Vector((u * SENSOR_MM, v * SENSOR_MM, -view.lens))).normalized()
                _, normal, index, far = self.tree.ray_cast(eye, ray)
                if index is None:
                    continue
                phrases[self.phrase_of[index]] += 1
                near += far < 0.5
                inner += normal.dot(ray) > 0 and far < 1.2
        return phrases, near / n, inner / n


def draw_view(b, rng, room, size, wanted, tries=120):
    """A camera somewhere in a room that sees what is wanted, as people choose where to stand.

    Args:
        b: The Builder, after everything has been built.
        rng: Of this choice alone.
        room: The Shell of the room.
        size: Width and height of the picture.
        wanted: Phrases of the classes that the picture should show, with weights.
        tries: So many places are looked at; of the first few good ones the best is taken.
    """
    bpy.context.view_layer.update()
    sight = Sight(b)
    keep, best, fallback = rng.choice([1, 2, 3, 6, 12]), [], []
    for _ in range(tries):
        view = _candidate(b, rng, room)
        if view is None:
            continue
        phrases, near, inner = sight.through(view, size)
        n = max(1, sum(phrases.values()))
        score = sum(w * min(phrases[p] / n, 0.3) for p, w in wanted.items())
        score += 0.02 * len([p for p, k in phrases.items() if k > 1])
        bare = (phrases["wall"] + phrases["ceiling"] + phrases["floor"]) / n
        outside = n < 150  # rays that leave the room
        fallback.append((score - 3 * near - 3 * inner - outside, len(fallback), view))
        if near > 0.1 or inner > 0.04 or bare > 0.66 or outside or score < 0.25:
            continue
        best.append((score, len(best), view))
        if len(best) == keep:
            break
    return max(best or fallback)[2]


def draw_more_views(b, rng, room, size, first, classes, count, tries=240):
    """Further cameras in a room, as the same person takes another corner of it: as high, with what the first shows.

    Args:
        b, room, size: As in `draw_view`.
        rng: Of this choice alone.
        first: The first camera.
        classes: Phrases whose surfaces all pictures should show.
        count: How many.
        tries: So many places are looked at for each.

    Returns:
        [count] views; each is turned by 35 degrees or 1.2 m away from all others, where the room has such places.
    """
    sight, views = Sight(b), [first]
    known, _, _ = sight.through(first, size)
    for _ in range(count):
        best = []
        for number in range(tries):
            view = _candidate(b, rng, room)
            if view is None:
                continue
            view = replace(view, eye=first.eye + rng.uniform(-0.06, 0.06), pitch=0.0, roll=0.0, shift=-0.06)
            seen, near, inner = sight.through(view, size)
            n = max(1, sum(seen.values()))
            same = sum(min(known[c], seen[c], 0.2 * n) / n for c in classes)
            alike = not all(_is_elsewhere(view, other) for other in views)
            best.append((same - 3 * near - 3 * inner - alike - (n < 150), number, view))
        views.append(max(best)[2])
    return views[1:]


def _is_elsewhere(one, other):
    turned = abs((one.yaw - other.yaw + 180) % 360 - 180)
    return turned > 35 or math.hypot(one.x - other.x, one.y - other.y) > 1.2


def _candidate(b, rng, room):
    """Any place where nothing stands, and any sensible way to look from there; None where the place is taken."""
    W, D = room.W, room.D
    edge = rng.random() < 0.6  # people stand with their back to a wall or in a door
    x, y = rng.uniform(0.2, W - 0.2), rng.uniform(0.15, D - 0.3)
    if edge:
        side = rng.choice(["front", "front", "left", "right"])
        x = 0.22 if side == "left" else (W - 0.22 if side == "right" else x)
        y = rng.uniform(0.12, 0.35) if side == "front" else y
    if not b.is_free(x, y, 0.18):
        return None
    prints = [p for p in b.footprints if p[4] > 0.6] or [(W * 0.3, D * 0.6, W * 0.7, D, 1)]
    x0, y0, x1, y1, _ = rng.choice(prints)
    tx, ty = rng.uniform(x0, x1), rng.uniform(y0, y1)
    if math.hypot(tx - x, ty - y) < 0.9:
        return None
    yaw = math.degrees(math.atan2(ty - y, tx - x)) - 90 + rng.uniform(-8, 8)
    if rng.random() < 0.25:
        yaw = round(yaw / 90) * 90 + rng.uniform(-1, 1)
    lens = pick(rng, (rng.uniform(14, 20), 4), (rng.uniform(20, 26), 4), (rng.uniform(26, 36), 2.5))
    eye = pick(rng, (rng.uniform(1.3, 1.65), 8), (rng.uniform(1.0, 1.3), 1.5), (rng.uniform(1.65, 1.95), 1))
    level = rng.random() < 0.5
    pitch = 0.0 if level else -rng.uniform(2, 18) if rng.random() < 0.85 else rng.uniform(1, 5)
    roll = rng.uniform(-1.5, 1.5) if rng.random() < 0.25 else 0.0
    shift = rng.choice([0.0, -0.06, -0.1]) if level else 0.0
    return View(x, y, eye, yaw, lens, pitch, roll, shift)
