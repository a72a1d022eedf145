"""Builder: puts meshes, curves and lights into the scene, each with its class and instance."""

import contextlib
import math

import bpy
import numpy as np
from mathutils import Matrix, Vector

from render_rooms.classes import CID, CLASSES
from render_rooms.materials import forget

# What covers the floor, or hangs: one can stand before it.
NOT_STANDING = (
    "wall",
    "accent wall",
    "floor",
    "ceiling",
    "window",
    "door",
    "doorway",
    "rug",
    "baseboard",
    "beam",
    "pendant lamp",
    "picture",
    "curtain",
    "blinds",
    "backsplash",
    "toe kick",
    "decor",
    "outlet",
    "cushion",
    "handle",
    "radiator",
)
LAMPS = ("pendant lamp", "table lamp", "floor lamp", "ceiling light", "fan")


class Builder:
    """Puts meshes into the scene, in a current frame (place and turn) and a current item (class, instance)."""

    def __init__(self, rng):
        self.rng = rng
        self.frame_m = Matrix.Identity(4)
        self.cls, self.inst = "unlabelled", 0
        self.items = []
        self.count = 0
        # Blender's pass index ends at 32767: it numbers the pairs of (class id, instance id), 0 is unlabelled.
        self.codes = [(0, 0)]
        self.code_of = {(0, 0): 0}
        self.footprints = []
        data = bpy.data  # one call: removing them one by one takes half a second
        kinds = (data.objects, data.meshes, data.curves, data.lights, data.cameras, data.materials, data.worlds)
        data.batch_remove([x for kind in kinds for x in kind])
        forget()

    @contextlib.contextmanager
    def frame(self, x=0.0, y=0.0, z=0.0, turn=0.0, tilt=0.0):
        """Everything inside is placed and turned (degrees) relative to this."""
        old = self.frame_m
        self.frame_m = (
            old
            @ Matrix.Translation((x, y, z))
            @ Matrix.Rotation(math.radians(turn), 4, "Z")
            @ Matrix.Rotation(math.radians(tilt), 4, "X")
        )
        yield
        self.frame_m = old

    @contextlib.contextmanager
    def item(self, cls):
        """Everything inside is one instance of the class."""
        old = self.cls, self.inst
        self.cls, self.inst = cls, len(self.items) + 1
        self.items.append({"id": self.inst, "class": cls, "materials": {}})
        yield
        self.cls, self.inst = old

    def stands(self, x0, y0, x1, y1, height=0.9):
        """Notes that a rectangle of the current frame is taken: nothing else is put there."""
        corners = [self.frame_m @ Vector((x, y, 0)) for x in (x0, x1) for y in (y0, y1)]
        xs, ys = [c.x for c in corners], [c.y for c in corners]
        self.footprints.append((min(xs), min(ys), max(xs), max(ys), height))

    def note_furniture(self):
        """Notes the place of everything that stands on the floor or near it, as `stands` does for a rectangle."""
        bpy.context.view_layer.update()
        boxes = {}
        for ob in bpy.context.scene.objects:
            phrase, inst = (CLASSES[self.codes[ob.pass_index][0]][0], self.codes[ob.pass_index][1])
            if not ob.pass_index or phrase in NOT_STANDING:
                continue
            corners = np.array([ob.matrix_world @ Vector(c) for c in ob.bound_box])
            lo, hi = corners.min(0), corners.max(0)
            if inst in boxes:
                lo, hi = np.minimum(lo, boxes[inst][0]), np.maximum(hi, boxes[inst][1])
            boxes[inst] = lo, hi
        for lo, hi in boxes.values():
            if lo[2] < 1.0:
                self.footprints.append((*map(float, (lo[0], lo[1], hi[0], hi[1], hi[2])),))

    def is_free(self, x, y, margin=0.25):
        """Whether a point of the room is that far from everything that stands there."""
        return all(
            x < x0 - margin or x > x1 + margin or y < y0 - margin or y > y1 + margin
            for x0, y0, x1, y1, _ in self.footprints
        )

    def put(self, data, material, loc=(0, 0, 0), cls=None, bevel=0.0, seg=2):
        self.count += 1
        ob = bpy.data.objects.new(f"o{self.count:05d}", data)
        bpy.context.scene.collection.objects.link(ob)
        ob.matrix_world = self.frame_m @ Matrix.Translation(loc)
        if material is not None:
            data.materials.append(material)
            if self.items and self.inst:
                m = self.items[self.inst - 1]["materials"]
                m[material.get("spec", "?")] = m.get(material.get("spec", "?"), 0) + 1
        pair = CID[cls or self.cls], self.inst
        if pair not in self.code_of:
            self.code_of[pair] = len(self.codes)
            self.codes.append(pair)
        ob.pass_index = self.code_of[pair]
        if bevel > 0:
            b = ob.modifiers.new("bevel", "BEVEL")
            b.width, b.segments, b.limit_method, b.angle_limit = bevel, seg, "ANGLE", math.radians(40)
            b.harden_normals = True
        return ob

    def mesh(self, verts, faces, material, loc=(0, 0, 0), cls=None, bevel=0.0, smooth=None, seg=2):
        me = bpy.data.meshes.new("m")
        me.from_pydata([tuple(v) for v in verts], [], faces)
        me.validate()
        if smooth is not None or bevel > 0:
            me.shade_smooth()
            me.set_sharp_from_angle(angle=math.radians(smooth if smooth else 30))
        me.update()
        return self.put(me, material, loc, cls, bevel, seg)

    def box(self, material, x0, y0, z0, x1, y1, z1, bevel=0.0015, cls=None, seg=2):
        cx, cy, cz = (x0 + x1) / 2, (y0 + y1) / 2, (z0 + z1) / 2
        hx, hy, hz = abs(x1 - x0) / 2, abs(y1 - y0) / 2, abs(z1 - z0) / 2
        v = [(sx * hx, sy * hy, sz * hz) for sz in (-1, 1) for sy in (-1, 1) for sx in (-1, 1)]
        f = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
        return self.mesh(v, f, material, (cx, cy, cz), cls, min(bevel, 0.45 * min(hx, hy, hz) * 2), seg=seg)

    def slab(self, material, length, depth, thick, holes=(), cls=None, axis="z", bevel=0.0):
        """A plate with rectangular holes (u0, v0, u1, v1). axis z: in the xy plane, top at z=0; axis y: in xz,
        front at y=0, thickness to -y.
        """
        us = sorted({0.0, length, *[h[i] for h in holes for i in (0, 2)]})
        vs = sorted({0.0, depth, *[h[i] for h in holes for i in (1, 3)]})

        def solid(i, j):
            if not (0 <= i < len(us) - 1 and 0 <= j < len(vs) - 1):
                return False
            u, v = (us[i] + us[i + 1]) / 2, (vs[j] + vs[j + 1]) / 2
            return not any(h[0] < u < h[2] and h[1] < v < h[3] for h in holes)

        P = (lambda u, v, w: (u, v, -w)) if axis == "z" else (lambda u, v, w: (u, -w, v))
        verts, index, faces = [], {}, []

        def vid(*p):
            if p not in index:
                index[p] = len(verts)
                verts.append(P(*p))
            return index[p]

        for i in range(len(us) - 1):
            for j in range(len(vs) - 1):
                if not solid(i, j):
                    continue
                a, b, c, d = us[i], us[i + 1], vs[j], vs[j + 1]
                flip = axis != "z"
                quads = [
                    [(a, c, 0), (b, c, 0), (b, d, 0), (a, d, 0)],
                    [(a, d, thick), (b, d, thick), (b, c, thick), (a, c, thick)],
                ]
                if not solid(i - 1, j):
                    quads.append([(a, c, 0), (a, d, 0), (a, d, thick), (a, c, thick)])
                if not solid(i + 1, j):
                    quads.append([(b, d, 0), (b, c, 0), (b, c, thick), (b, d, thick)])
                if not solid(i, j - 1):
                    quads.append([(b, c, 0), (a, c, 0), (a, c, thick), (b, c, thick)])
                if not solid(i, j + 1):
                    quads.append([(a, d, 0), (b, d, 0), (b, d, thick), (a, d, thick)])
                for q in quads:
                    ids = [vid(*p) for p in q]
                    faces.append(ids if not flip else ids[::-1])
        return self.mesh(verts, faces, material, (0, 0, 0), cls, bevel)

    def panel(self, material, x0, z0, x1, z1, y, thick=0.02, rail=0.06, sink=0.009, cls=None, bevel=0.0014):
        """A shaker front: one mesh, a frame with a sunk field. Front at y + thick."""
        hx, hz = (x1 - x0) / 2, (z1 - z0) / 2
        r = min(rail, hx * 0.45, hz * 0.45)
        s = 0.004
        rings = [(hx, hz, 0), (hx, hz, thick), (hx - r, hz - r, thick), (hx - r - s, hz - r - s, thick - sink)]
        v = [(sx * a, yy, sz * b) for a, b, yy in rings for sx, sz in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
        f = [(0, 1, 2, 3)]
        for k in range(3):
            for i in range(4):
                a, b = 4 * k + i, 4 * k + (i + 1) % 4
                f.append((a, a + 4, b + 4, b))
        f.append((15, 14, 13, 12))
        return self.mesh(v, f, material, ((x0 + x1) / 2, y, (z0 + z1) / 2), cls, bevel)

    def field_panel(self, material, x0, z0, x1, z1, y, steps, arch=0.0, cls=None, bevel=0.0014):
        """A cabinet front of one mesh, its field sunk and raised in steps of (inset, height over y).

        With an arch, the field's upper edge drops by so much at its sides, as cathedral doors have it.
        """
        hx, hz, k = (x1 - x0) / 2, (z1 - z0) / 2, 8 if arch else 1
        v, f = [], []
        for inset, high in steps:
            w, h = hx - inset, hz - inset
            drop = arch if inset > 0.01 else 0.0
            loop = [(-w, -h), (w, -h)]
            loop += [(w - 2 * w * i / k, h - drop * (1 - 2 * i / k) ** 2) for i in range(k + 1)]
            v += [(px, high, pz) for px, pz in loop]
        m = k + 3
        f.append(tuple(range(m)))
        for s in range(len(steps) - 1):
            for i in range(m):
                a, c = s * m + i, s * m + (i + 1) % m
                f.append((a, a + m, c + m, c))
        f.append(tuple(range((len(steps) - 1) * m, len(steps) * m))[::-1])
        return self.mesh(v, f, material, ((x0 + x1) / 2, y, (z0 + z1) / 2), cls, bevel)

    def lathe(self, material, profile, loc=(0, 0, 0), n=40, cls=None, smooth=40, caps=True):
        v, f = [], []
        for r, z in profile:
            for i in range(n):
                a = 2 * math.pi * i / n
                v.append((r * math.cos(a), r * math.sin(a), z))
        for k in range(len(profile) - 1):
            for i in range(n):
                j = (i + 1) % n
                f.append((k * n + i, k * n + j, (k + 1) * n + j, (k + 1) * n + i))
        if caps and profile[0][0] > 1e-4:
            f.append(tuple(range(n))[::-1])
        if caps and profile[-1][0] > 1e-4:
            f.append(tuple(range((len(profile) - 1) * n, len(profile) * n)))
        return self.mesh(v, f, material, loc, cls, 0, smooth)

    def bowl(self, material, outer, thick, loc=(0, 0, 0), n=40, cls=None):
        """An open vessel: the outer profile from the bottom up, then the inside back down."""
        inner = [(max(r - thick, 0.0), z + (thick if i == 0 else 0)) for i, (r, z) in enumerate(outer)]
        return self.lathe(material, [(0.0, outer[0][1]), *outer, *inner[::-1], (0.0, inner[0][1])], loc, n, cls, 50)

    def tube(self, material, pts, r, cls=None, smooth=False, taper=None):
        cu = bpy.data.curves.new("c", "CURVE")
        cu.dimensions, cu.bevel_depth, cu.bevel_resolution, cu.resolution_u = "3D", r, 5, 10
        cu.use_fill_caps = True
        sp = cu.splines.new("NURBS" if smooth else "POLY")
        sp.points.add(len(pts) - 1)
        for i, p in enumerate(pts):
            sp.points[i].co = (*p, 1)
            if taper:
                sp.points[i].radius = taper[0] + (taper[1] - taper[0]) * i / (len(pts) - 1)
        if smooth:
            sp.use_endpoint_u, sp.order_u = True, 3
        return self.put(cu, material, (0, 0, 0), cls)

    def soft(self, material, x0, y0, z0, x1, y1, z1, r=0.05, puff=0.02, cls=None):
        """A cushion block: a box with round edges whose faces swell."""
        h = [abs(x1 - x0) / 2, abs(y1 - y0) / 2, abs(z1 - z0) / 2]
        r = min(r, *[a * 0.95 for a in h])
        axes = []
        for a in h:
            e = [a - r + r * math.tan(math.pi / 4 * k / 4) for k in range(5)]
            mid = [(a - r) * t for t in np.linspace(-1, 1, 9)[1:-1]]
            axes.append([-q for q in e[::-1]] + mid + e)
        verts, index, faces = [], {}, []
        rng = self.rng
        w = [rng.uniform(-0.25, 0.25) for _ in range(3)]

        def vid(p):
            k = tuple(round(c, 6) for c in p)
            if k not in index:
                inn = [max(-(a - r), min(a - r, c)) for a, c in zip(h, p, strict=False)]
                d = Vector([c - q for c, q in zip(p, inn, strict=False)])
                d = d.normalized() * r if d.length > 1e-9 else d
                q = Vector(inn) + d
                u = [c / a for c, a in zip(p, h, strict=False)]
                g = [(1 - min(1, abs(c)) ** 2.4) for c in u]
                sw = Vector((np.sign(p[0]) * g[1] * g[2], np.sign(p[1]) * g[0] * g[2], np.sign(p[2]) * g[0] * g[1]))
                on = Vector([1.0 if abs(abs(c) - a) < 1e-6 else 0.0 for c, a in zip(p, h, strict=False)])
                q += (
                    Vector([s * o for s, o in zip(sw, on, strict=False)])
                    * puff
                    * (1 + w[0] * u[0] + w[1] * u[1] + w[2] * u[2])
                )
                index[k] = len(verts)
                verts.append(q)
            return index[k]

        for ax in range(3):
            b, c = [(1, 2), (2, 0), (0, 1)][ax]
            for sgn in (-1, 1):
                for i in range(len(axes[b]) - 1):
                    for j in range(len(axes[c]) - 1):
                        quad = []
                        for di, dj in ((0, 0), (1, 0), (1, 1), (0, 1)):
                            p = [0.0] * 3
                            p[ax], p[b], p[c] = sgn * h[ax], axes[b][i + di], axes[c][j + dj]
                            quad.append(vid(p))
                        faces.append(quad if sgn > 0 else quad[::-1])
        return self.mesh(verts, faces, material, ((x0 + x1) / 2, (y0 + y1) / 2, (z0 + z1) / 2), cls, 0, 60)

    def pillow(self, material, loc, size=0.48, thick=0.09, turn=0.0, lean=-18.0, cls="cushion"):
        n, v, f = 18, [], []
        for side in (1, -1):
            for i in range(n + 1):
                for j in range(n + 1):
                    a, b = -1 + 2 * i / n, -1 + 2 * j / n
                    t = ((1 - abs(a) ** 2.6) * (1 - abs(b) ** 2.6)) ** 0.55
                    k = 1 - 0.07 * (1 - abs(a) ** 2) * abs(b) ** 2 - 0.07 * (1 - abs(b) ** 2) * abs(a) ** 2
                    v.append((a * k * size / 2, side * t * thick, b * k * size / 2 + size / 2))
            o = 0 if side == 1 else (n + 1) ** 2
            for i in range(n):
                for j in range(n):
                    q = (
                        o + i * (n + 1) + j,
                        o + i * (n + 1) + j + 1,
                        o + (i + 1) * (n + 1) + j + 1,
                        o + (i + 1) * (n + 1) + j,
                    )
                    f.append(q if side == 1 else q[::-1])
        with self.frame(*loc, turn=turn, tilt=lean), self.item(cls):
            self.mesh(v, f, material, cls=cls, smooth=80)

    def light(self, kind, loc, energy, color=(1, 1, 1), size=(1, 1), aim=None, **props):
        li = bpy.data.lights.new("l", kind)
        li.energy, li.color = energy, color
        if kind == "AREA":
            li.shape, li.size, li.size_y = "RECTANGLE", size[0], size[1]
        ob = bpy.data.objects.new("light", li)
        bpy.context.scene.collection.objects.link(ob)
        place = self.frame_m @ Matrix.Translation(loc)
        if aim is not None:
            d = (self.frame_m.to_3x3() @ Vector(aim)).normalized()
            place = Matrix.Translation(place.to_translation()) @ d.to_track_quat("-Z", "Y").to_matrix().to_4x4()
        ob.matrix_world = place
        for k, v in props.items():
            setattr(li, k, v)
        if self.items and self.items[-1]["class"] in LAMPS:
            ob["lamp"] = self.items[-1]["id"]  # goes out with the lamp that has just been built
        ob.visible_camera = False
        return ob
