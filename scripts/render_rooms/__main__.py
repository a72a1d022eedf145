"""Rooms with exact labels, rendered in Blender: one command, one seed, every mesh and every material made here.

    python scripts/render_rooms --out renders --count 1000 --seed 11 --size 512x384 --aspects --samples 16
    python scripts/render_rooms --out out --kind bedroom --count 36 --size 768x512 --samples 28
    python scripts/render_rooms --out out --kind hero --count 3 --size 1536x1024 --samples 160
    python scripts/render_rooms --out passes --passes-only --again renders

It runs in an environment of its own (`make render-env`): bpy 4.2.0 (Blender as a module, GPL-3.0) on Python 3.11, with
numpy and opencv-python-headless. Nothing that ships may import it. `make renders` renders in the background.

A run can be stopped at any moment: the same command goes on where it stopped, and a room that is finished (its
NAME.json is there) is passed over. A room is drawn from its seed alone, --seed times 100000 plus its number: the same
seed gives the same room and, up to the noise of the renderer, the same picture, as long as VERSION in room.py stays.

Seeds 1 to 899 are for training; 900 to 999 are kept for measuring, and nothing may learn from them. `make renders`
takes 11.

For each room NAME (classes.json has the names of the class ids):
NAME.jpg         the picture
NAME.png         class ids, uint8; every pixel is labelled
NAME_inst.png    instance ids, uint16
NAME.json        kind, seed, camera, look, exposure, share of each class, each instance's class, pixels and material

Every --twins-every rooms, left-out twins, listed under "twins" of NAME.json: what was removed ("remove": as a person
would ask for it), its class and instance ids, and two files:
NAME_withoutK.jpg  the same room, from the same place and at the same exposure, without those instances
NAME_withoutK.png  its class ids

Every --recolours-every rooms, the same room in other materials (with NAME.jpg they make a triple), listed under
"recolours": "edit" as a person would type it, and for each part its words, classes, material and, for a paint, hex:
NAME_editK.jpg   the room after that edit; its labels are those of NAME

With --views K, the same room in the same light from K - 1 more places, listed under "views" with camera, exposure and
instances; each picture at the exposure that its own meter finds, as a camera takes one photo after another:
NAME_viewK.jpg        the picture
NAME_viewK.png        its class ids
NAME_editI_viewK.jpg  the same after edit I; edits change surfaces that all views show

With --passes or --passes-every, all 16-bit:
NAME_albedo.png  linear sRGB reflectance * 65535: the diffuse colour; of metals the colour of the gloss; 0 where a pixel
                 shows neither (the view through a window, a lamp, clear glass)
NAME_normal.png  unit normals of the camera's frame, (x right, y down, z away from the camera) * 32767 + 32768
NAME_depth.png   distance along the optical axis in mm, 65535 for none
"camera" of NAME.json has focal_px and horizon_px: the row of eye level in the middle column; pixel rows run from 0 to
the height, so that the middle of the first is 0.5. With --passes-only just these and NAME.json, in a second or two;
"agree" is then the share of pixels whose class is that of the picture NAME.png of --again.
"""

import sys
import time
import traceback
from pathlib import Path

# Run as a folder, Python puts the folder itself on the path and not its parent.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from render_rooms.arguments import parser, rooms  # noqa: E402
from render_rooms.folder import is_done, opened, part, progress  # noqa: E402


def main() -> None:
    """Makes every room that is not there yet."""
    args = parser(__doc__).parse_args()
    wanted = list(rooms(args))
    with opened(args.out.resolve()) as out:
        todo = [room for room in wanted if not is_done(out, room.name)]
        print(f"{len(wanted) - len(todo)} of {len(wanted)} rooms are there already", flush=True)
        if not todo:
            return
        from render_rooms.room import make  # here, so that --help and a finished run need no Blender

        failed = []
        start = time.monotonic()
        for made, room in enumerate(todo, 1):
            try:
                with part(out, room.name) as folder:
                    record = make(args, room, folder)
            except Exception:  # one room in a thousand that cannot be built must not end a night's run
                failed.append(room.name)
                print(f"{room.name} failed:\n{traceback.format_exc()}", flush=True)
                continue
            told = progress(len(wanted) - len(todo) + made, len(wanted), made, time.monotonic() - start)
            print(f"{room.name} {record.get('seconds', {})} | {told}", flush=True)
        if failed:
            raise SystemExit(f"{len(failed)} rooms failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
