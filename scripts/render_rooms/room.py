"""One room from its seed to its files."""

import random
import time
from dataclasses import dataclass, replace

import bpy
import cv2
import numpy as np

from render_rooms.arguments import ASPECTS, every
from render_rooms.bathroom import make_bathroom
from render_rooms.bedroom import make_bedroom
from render_rooms.builder import Builder
from render_rooms.camera import View, draw_more_views, draw_view, set_camera
from render_rooms.classes import CLASSES
from render_rooms.clutter import floor_mess
from render_rooms.dining import make_dining
from render_rooms.edits import SURFACES, draw_recolours, draw_removals
from render_rooms.folder import write_record
from render_rooms.hall import make_hall
from render_rooms.kitchen import make_kitchen
from render_rooms.living import make_living
from render_rooms.look import PLAIN, apply_look, draw_look
from render_rooms.materials import assets, instead
from render_rooms.passes import labels, meter, render, setup_cycles, write_surfaces
from render_rooms.showroom import make_showroom

VERSION = 2  # of the drawing: a seed gives the same room only within one version
MAKERS = dict(
    kitchen=make_kitchen,
    living=make_living,
    bedroom=make_bedroom,
    bathroom=make_bathroom,
    dining=make_dining,
    hall=make_hall,
    showroom=make_showroom,
    hero=make_showroom,
)
KITCHEN = {
    "base cabinet": 1.5,
    "wall cabinet": 1,
    "countertop": 1.5,
    "kitchen island": 1.6,
    "island countertop": 1.4,
    "fridge": 1.1,
    "oven": 1,
    "range cooktop": 0.7,
    "dishwasher": 1.5,
    "microwave": 0.7,
    "backsplash": 0.8,
    "tall cabinet": 0.8,
    "sink": 0.7,
    "cooktop": 0.7,
    "range hood": 0.5,
    "window": 0.3,
    "bar stool": 0.3,
    "chair": 0.4,
    "dining table": 0.4,
    "door": 0.3,
    "picture": 0.3,
}
WANTED = dict(
    kitchen=KITCHEN,
    showroom=KITCHEN,
    living={
        "sofa": 1.5,
        "armchair": 1,
        "coffee table": 1,
        "rug": 0.5,
        "tv": 0.7,
        "sideboard": 0.7,
        "fireplace": 1,
        "bookcase": 0.7,
        "window": 0.5,
        "curtain": 0.5,
        "floor lamp": 0.5,
        "plant": 0.3,
    },
    bedroom={
        "bed": 1.5,
        "headboard": 0.7,
        "night stand": 1,
        "dresser": 0.8,
        "wardrobe": 0.8,
        "window": 0.5,
        "curtain": 0.5,
        "mirror": 0.4,
        "table lamp": 0.4,
        "cushion": 0.4,
    },
    bathroom={
        "toilet": 1.2,
        "bathtub": 1,
        "base cabinet": 1,
        "sink": 1,
        "mirror": 0.7,
        "shower screen": 0.5,
        "countertop": 0.6,
        "towel": 0.4,
    },
    dining={
        "dining table": 1.5,
        "chair": 1.5,
        "sideboard": 0.8,
        "pendant lamp": 0.5,
        "window": 0.5,
        "rug": 0.4,
        "doorway": 0.3,
        "picture": 0.3,
    },
    hall={
        "door": 1,
        "doorway": 1,
        "bench": 1,
        "sideboard": 1,
        "mirror": 0.7,
        "clothes": 0.7,
        "rug": 0.5,
        "picture": 0.5,
    },
)


@dataclass
class Scene:
    """A room that has been built and whose camera and exposure are set."""

    b: Builder
    palette: dict
    view: View
    look: dict
    size: tuple[int, int]
    exposure: float = 0.0

    def meter(self, args, folder):
        """Sets the exposure: what the camera's meter finds, or the one that was asked for."""
        key, headroom = args.key * float(self.look["key"]), float(self.look.get("headroom", 2.0))
        self.exposure = meter(folder / "meter.exr", self.size, key, headroom)
        if args.exposure is not None:
            bpy.context.scene.view_settings.exposure = self.exposure = args.exposure

    def use(self):
        """Puts this scene's camera and exposure into Blender's scene."""
        set_camera(self.view)
        bpy.context.scene.view_settings.exposure = self.exposure

    def shot(self, path, samples):
        """The picture in its look, as a JPEG."""
        shot = path.with_suffix(".shot.bmp")
        render(shot, "BMP", self.size, 100, samples, True)
        rgb = cv2.imread(str(shot))[..., ::-1]
        cv2.imwrite(str(path), apply_look(rgb, self.look)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])
        shot.unlink()


def build(args, room):
    """The scene of a room: everything drawn from its seed."""
    if args.assets:
        assets["folder"] = str(args.assets)
    rng = random.Random(room.seed)
    b = Builder(rng)
    own = random.Random(f"{room.seed} view")  # so that what is written changes nothing of the room
    fixed = room.plain or room.kind == "hero"
    look = dict(PLAIN) if fixed else draw_look(own)
    setup_cycles(args.threads, look)
    s = bpy.context.scene
    s.cycles.seed = room.seed & 0x7FFFFFFF
    size = room.size or args.size
    if args.aspects and not room.size:
        (w, h), _ = random.Random(f"{room.seed} size").choices(ASPECTS, [n for _, n in ASPECTS])[0]
        unit = (size[0] * size[1] / (w * h)) ** 0.5
        size = round(w * unit / 8) * 8, round(h * unit / 8) * 8
    args.override, args.plain = dict(room.override), room.plain
    extra = {"hero": room.seed % 1000 if room.kind == "hero" else None} if room.kind in ("hero", "showroom") else {}
    palette, *rest = MAKERS[room.kind](b, args, **extra)
    view = None
    if len(rest) > 2:  # a room that says where its camera stands
        cam, aim, lens, eye, *shift = rest
        light = {}
        if own.random() < (0.7 if room.kind == "showroom" else 0.4) or fixed:
            view = View.towards(cam, aim, lens, eye, *shift)
    else:
        light = rest[1]
    b.note_furniture()
    if room.kind in ("living", "bedroom") and not room.plain:
        sh = b.shell
        spots = [(rng.uniform(0.3, sh.W - 0.3), rng.uniform(0.3, sh.D - 0.5)) for _ in range(10)]
        floor_mess(b, spots, rng.choice([0, 0, 1, 2]))
    if view is None:
        view = draw_view(b, own, b.shell, size, WANTED[room.kind])
    set_camera(view)
    if light.get("flash"):
        b.light("POINT", (view.x, view.y, view.eye + 0.12), light["flash"], (1, 0.98, 0.94), shadow_soft_size=0.04)
    return Scene(b, palette, view, look, size)


def make(args, room, folder):
    """Writes the files of a room to a folder; returns the record that is also written as NAME.json."""
    t0 = time.time()
    scene = build(args, room)
    b, size, name = scene.b, scene.size, room.name
    record = dict(
        name=name,
        kind=room.kind,
        version=VERSION,
        seed=room.seed,
        size=list(size),
        override=dict(room.override),
        plain=room.plain,
        camera=scene.view.described(size),
    )
    t1 = time.time()
    if args.passes_only:
        classes = write_surfaces(b, folder, name, size)
        before = cv2.imread(str(args.again / f"{name}.png"), cv2.IMREAD_UNCHANGED) if args.again else None
        record["agree"] = None if before is None or before.shape != classes.shape else float((before == classes).mean())
        write_record(folder, name, record)
        return record
    scene.meter(args, folder)
    scene.shot(folder / f"{name}.jpg", args.samples)
    t2 = time.time()
    classes, instances = write_labels(b, folder, name, size)
    found = seen_instances(b, instances)
    if args.passes or every(room.seed, args.passes_every):
        write_surfaces(b, folder, name, size)
    t3 = time.time()
    own = random.Random(f"{room.seed} edits")
    twins = draw_removals(own, found, classes.size, args.twins) if every(room.seed, args.twins_every) else []
    for i, twin in enumerate(twins):
        write_twin(scene, args, folder, f"{name}_without{i}", twin)
    views = write_views(scene, args, folder, name, room.seed)
    recolours = []
    if every(room.seed, args.recolours_every):
        others = [about["instances"] for _, about in views]
        recolours = draw_recolours(own, found, classes.size, args.recolours, others=others)
    for i, edit in enumerate(recolours):
        write_recolour(scene, args, folder, f"{name}_edit{i}", edit, [view for view, _ in views])
    share = {
        CLASSES[int(k)][0]: round(float(n) / classes.size, 4)
        for k, n in zip(*np.unique(classes, return_counts=True), strict=True)
    }
    record |= dict(
        samples=args.samples,
        exposure=round(scene.exposure, 3),
        look=scene.look,
        materials={k: v for k, v in scene.palette.items() if isinstance(v, str)},
        share=share,
        instances=found,
        twins=twins,
        recolours=recolours,
        views=[about for _, about in views],
        objects=b.count,
        seconds=dict(
            build=round(t1 - t0, 1),
            picture=round(t2 - t1, 1),
            labels=round(t3 - t2, 1),
            edits=round(time.time() - t3, 1),
        ),
    )
    write_record(folder, name, record)
    return record


def write_labels(b, folder, name, size):
    """NAME.png and NAME_inst.png; returns both arrays."""
    classes, instances = labels(b, folder / "index.exr", size)
    cv2.imwrite(str(folder / f"{name}.png"), classes)
    cv2.imwrite(str(folder / f"{name}_inst.png"), instances)
    return classes, instances


def seen_instances(b, instances):
    """The instances that the picture shows: id, class, pixels, and the material that most of its parts are of."""
    seen = {int(k): int(n) for k, n in zip(*np.unique(instances, return_counts=True), strict=True)}
    return [
        {
            "id": i["id"],
            "class": i["class"],
            "pixels": seen[i["id"]],
            "material": max(i["materials"], key=i["materials"].get) if i["materials"] else None,
        }
        for i in b.items
        if i["id"] in seen
    ]


def write_twin(scene, args, folder, name, twin):
    """The room without some instances, with its class ids, at the same exposure: NAME.jpg and NAME.png."""
    gone = set(twin["instances"])
    hidden = [
        o
        for o in bpy.context.scene.objects
        if (o.get("lamp") if o.type == "LIGHT" else scene.b.codes[o.pass_index][1]) in gone
    ]
    for o in hidden:
        o.hide_render = True
    scene.shot(folder / f"{name}.jpg", args.samples)
    classes, _ = labels(scene.b, folder / "index.exr", scene.size)
    cv2.imwrite(str(folder / f"{name}.png"), classes)
    for o in hidden:
        o.hide_render = False
    twin["picture"], twin["labels"] = f"{name}.jpg", f"{name}.png"


def write_views(scene, args, folder, name, seed):
    """The room from other places, in the same light: NAME_viewK.jpg and its class ids NAME_viewK.png.

    Returns:
        For each the scene with its camera and exposure, and what is recorded of it.
    """
    classes = sorted({c for names, _ in SURFACES.values() for c in names})
    own, b = random.Random(f"{seed} views"), scene.b
    more = draw_more_views(b, own, b.shell, scene.size, scene.view, classes, args.views - 1) if args.views > 1 else []
    written = []
    for number, view in enumerate(more, 1):
        other = replace(scene, view=view)
        other.use()
        other.meter(args, folder)
        other.shot(folder / f"{name}_view{number}.jpg", args.samples)
        shown, instances = labels(b, folder / "index.exr", scene.size)
        cv2.imwrite(str(folder / f"{name}_view{number}.png"), shown)
        about = dict(
            picture=f"{name}_view{number}.jpg",
            labels=f"{name}_view{number}.png",
            camera=view.described(scene.size),
            exposure=round(other.exposure, 3),
            instances=seen_instances(b, instances),
        )
        written.append((other, about))
    scene.use()
    return written


def write_recolour(scene, args, folder, name, edit, views=()):
    """The room with other materials on some surfaces, at the same exposure: NAME.jpg. The labels stay the room's.

    Likewise NAME_viewK.jpg for each of the other views.
    """
    changed = []
    for p in edit["parts"]:
        wanted = set(p["classes"])
        spec = p["material"]
        if wanted & {"wall", "accent wall", "ceiling"} and spec.startswith("paint:"):
            spec = spec.replace("paint:", "plaster:")
        objects = [
            o
            for o in bpy.context.scene.objects
            if o.pass_index and CLASSES[scene.b.codes[o.pass_index][0]][0] in wanted and o.data.materials
        ]
        counts = {}
        for o in objects:
            counts.setdefault(CLASSES[scene.b.codes[o.pass_index][0]][0], {}).setdefault(
                o.data.materials[0].get("spec", ""), []
            ).append(o)
        for by_spec in counts.values():
            main = max(by_spec, key=lambda k: len(by_spec[k]) * (not k.startswith(("metal", "glass", "glow"))))
            for o in by_spec[main]:
                changed.append((o, o.data.materials[0]))
                o.data.materials[0] = instead(o.data.materials[0], spec)
        p["material"] = spec
    for number, view in enumerate((scene, *views)):
        view.use()
        view.shot(folder / f"{name}{f'_view{number}' if number else ''}.jpg", args.samples)
    scene.use()
    for o, material in changed:
        o.data.materials[0] = material
    edit["picture"] = f"{name}.jpg"
