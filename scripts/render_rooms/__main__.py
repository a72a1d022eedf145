"""Needs bpy 4.2.0 (GPL-3.0) in an environment of its own; nothing that ships may import this file.

Procedural interiors (kitchens, living rooms, bedrooms, bathrooms) with exact per-pixel masks.

One command, one seed, no downloaded asset: every mesh and every material is made here.

    python scripts/render_rooms --out out --count 12 --size 768x512 --samples 64
    python scripts/render_rooms --out out --kind bedroom --count 36 --seed 6001 --size 512x384 --samples 14 --threads 1
    python scripts/render_rooms --out out --kind hero --count 3 --size 1536x1024 --samples 160
    python scripts/render_rooms --out out --kind hero --count 1 --override "island=marble:white;accent=marble:white;cabinet=paint:white" --suffix _edit

    python scripts/render_rooms --out passes --passes-only --again out

For each room NAME it writes NAME.jpg (picture), NAME.png (uint8 class ids),
NAME_inst.png (uint16 instance ids) and NAME.json (instances, materials, camera, seconds),
and one classes.json.  Needs: bpy (Blender as a module), numpy, opencv-python-headless.

With --passes also, all 16-bit:
NAME_albedo.png  linear sRGB reflectance * 65535: the diffuse colour; of metals the colour of the gloss; 0 where a pixel
                 shows neither (the view through a window, a lamp, clear glass)
NAME_normal.png  unit normals of the camera's frame, (x right, y down, z away from the camera) * 32767 + 32768
NAME_depth.png   distance along the optical axis in mm, 65535 for none
and "camera" of NAME.json has focal_px and horizon_px (row of eye level; pixel rows run from 0 to the height, so that the
middle of the first is 0.5).  With --passes-only just these and NAME.json, in a second or two.  --again FOLDER makes the
rooms of a folder's NAME.json files anew: same kind, seed, size and overrides, hence the same rooms; "agree" in the new
NAME.json is the share of pixels whose class is that of the folder's NAME.png.
"""

import argparse
import glob
import json
import os
import sys
from pathlib import Path

# Run as a folder, Python puts the folder itself on the path and not the one that it stands in.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from render_rooms.classes import CLASSES
from render_rooms.overrides import parse_override
from render_rooms.room import make


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--out", default="out")
    p.add_argument("--count", type=int, default=12, help="how many rooms")
    p.add_argument("--start", type=int, default=0, help="first number, so that a run can be continued")
    p.add_argument(
        "--seed",
        type=int,
        default=1,
        help="room i is drawn from seed * 100000 + i; a hero also takes design i modulo 3",
    )
    p.add_argument("--kind", default="mix", choices=["mix", "kitchen", "living", "hero", "bedroom", "bathroom"])
    p.add_argument("--size", default="768x512")
    p.add_argument("--samples", type=int, default=64)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--key", type=float, default=0.36, help="brightness the exposure meter aims at")
    p.add_argument("--exposure", type=float, default=None, help="a fixed exposure (for before/after pairs)")
    p.add_argument("--override", default="", help='replace materials, e.g. "island=marble:white;cabinet=paint:white"')
    p.add_argument("--dishwasher", action="store_true", help="the first unit of the kitchen's back run is a dishwasher")
    p.add_argument("--suffix", default="")
    p.add_argument("--passes", action="store_true", help="also reflectance, normals and depth, exact")
    p.add_argument("--passes-only", action="store_true", help="no picture and no masks, just the passes")
    p.add_argument(
        "--again", default="", help="a folder of rooms by this script: make these rooms instead of --count new ones"
    )
    a = p.parse_args()
    a.out = os.path.abspath(a.out)
    a.override = parse_override(a.override)
    os.makedirs(a.out, exist_ok=True)
    with open(os.path.join(a.out, "classes.json"), "w") as f:
        json.dump({str(i): dict(phrase=c, synonyms=s, parent=q) for i, (c, s, q) in enumerate(CLASSES)}, f, indent=1)
    if a.again:
        for path in sorted(glob.glob(os.path.join(a.again, "*.json"))):
            with open(path) as f:
                told = json.load(f)
            if "seed" in told and not os.path.exists(os.path.join(a.out, told["name"] + ".json")):
                a.size, a.override = "%dx%d" % tuple(told["size"]), told["override"]
                make(a, told["kind"], told["seed"], told["name"])
        return
    for i in range(a.start, a.start + a.count):
        kind = a.kind if a.kind != "mix" else ("living" if i % 5 in (2, 4) else "kitchen")
        seed = a.seed * 100000 + (i if kind != "hero" else i % 1000)
        make(a, kind, seed, "%s_%04d%s" % (kind, i, a.suffix))


if __name__ == "__main__":
    main()
