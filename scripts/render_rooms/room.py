"""One room from its seed to its files."""

import json
import os
import random
import tempfile
import time

import bpy
import cv2
import numpy as np
from render_rooms.bathroom import make_bathroom
from render_rooms.bedroom import make_bedroom
from render_rooms.builder import Builder
from render_rooms.camera import setup_camera
from render_rooms.classes import CLASSES, NCLS
from render_rooms.kitchen import make_kitchen
from render_rooms.living import make_living
from render_rooms.passes import masks, meter, render, setup_cycles, write_passes


def make(a, kind, seed, name):
    t0 = time.time()
    rng = random.Random(seed)
    b = Builder(rng)
    s = bpy.context.scene
    setup_cycles(a.threads)
    s.cycles.seed = seed & 0x7FFFFFFF
    hero = seed % 1000 if kind == "hero" else None
    if kind in ("kitchen", "hero"):
        palette, cam, look, lens, eye, *shift = make_kitchen(b, a, hero)
    else:
        palette, cam, look, lens, eye, *shift = dict(living=make_living, bedroom=make_bedroom, bathroom=make_bathroom)[
            kind
        ](b, a)
    size = tuple(int(v) for v in a.size.split("x"))
    setup_camera(cam, look, lens, eye, size, *(shift or [-0.06]))
    cd = s.camera.data
    camera = dict(
        at=[*cam, eye],
        look=look,
        lens_mm=lens,
        focal_px=max(size) * cd.lens / cd.sensor_width,
        horizon_px=size[1] / 2 + max(size) * cd.shift_y,
    )
    t1 = time.time()
    if a.passes_only:
        with tempfile.TemporaryDirectory() as td:
            agree = write_passes(a, name, td, size)
        with open(os.path.join(a.out, name + ".json"), "w") as f:
            json.dump(
                dict(name=name, kind=kind, seed=seed, size=size, override=a.override, camera=camera, agree=agree),
                f,
                indent=1,
            )
        print(
            name,
            kind,
            "seconds build {:.1f} passes {:.1f}".format(t1 - t0, time.time() - t1),
            "agree",
            agree,
            flush=True,
        )
        return
    with tempfile.TemporaryDirectory() as td:
        ex = meter(os.path.join(td, "m.exr"), size, a.key)
        if a.exposure is not None:
            s.view_settings.exposure = ex = a.exposure
        t2 = time.time()
        render(os.path.join(a.out, name + ".jpg"), "JPEG", size, 100, a.samples, True)
        t3 = time.time()
        idx = masks(os.path.join(td, "i.exr"), size)
        t4 = time.time()
        if a.passes:
            write_passes(a, name, td, size)
    t5 = time.time()
    cls, inst = (idx % NCLS).astype(np.uint8), (idx // NCLS).astype(np.uint16)
    cv2.imwrite(os.path.join(a.out, name + ".png"), cls)
    cv2.imwrite(os.path.join(a.out, name + "_inst.png"), inst)
    seen = {int(k): int(n) for k, n in zip(*np.unique(inst, return_counts=True), strict=False)}
    items = [
        {
            "id": i["id"],
            "class": i["class"],
            "pixels": seen[i["id"]],
            "material": max(i["materials"], key=i["materials"].get) if i["materials"] else None,
        }
        for i in b.items
        if i["id"] in seen
    ]
    share = {
        CLASSES[int(k)][0]: round(float(n) / cls.size, 4)
        for k, n in zip(*np.unique(cls, return_counts=True), strict=False)
    }
    meta = dict(
        name=name,
        kind=kind,
        seed=seed,
        size=size,
        samples=a.samples,
        exposure=round(ex, 3),
        materials={k: v for k, v in palette.items() if isinstance(v, str)},
        override=a.override,
        camera=camera,
        share=share,
        instances=items,
        objects=b.count,
        seconds=dict(
            build=round(t1 - t0, 1),
            meter=round(t2 - t1, 1),
            render=round(t3 - t2, 1),
            masks=round(t4 - t3, 1),
            passes=round(t5 - t4, 1),
        ),
    )
    with open(os.path.join(a.out, name + ".json"), "w") as f:
        json.dump(meta, f, indent=1)
    print(name, kind, "objects", b.count, "seconds", meta["seconds"], "exposure {:.2f}".format(ex), flush=True)
