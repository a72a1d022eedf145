"""The command line, and which rooms it asks for. Nothing here needs Blender."""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

KINDS = ("mix", "kitchen", "showroom", "living", "bedroom", "bathroom", "dining", "hall", "hero")
# Six kitchens in ten; no two of the others in a row, so that a folder is a fair mix wherever its making stopped.
MIX = ("kitchen", "living", "kitchen", "bedroom", "kitchen", "showroom", "bathroom", "kitchen", "dining", "kitchen")
SECOND_MIX = ("kitchen", "bedroom", "kitchen", "living", "kitchen", "kitchen", "hall", "kitchen", "bathroom", "kitchen")
ASPECTS = (((4, 3), 5), ((3, 2), 4), ((3, 4), 2), ((2, 3), 1), ((16, 9), 1), ((1, 1), 1))


@dataclass(frozen=True, slots=True)
class Room:
    """One room to make: what it is called, its kind and the seed from which all of it is drawn."""

    name: str
    kind: str
    seed: int
    size: tuple[int, int] | None = None
    override: tuple[tuple[str, str], ...] = ()
    plain: bool = False


def parser(doc: str) -> argparse.ArgumentParser:
    """All options, with their defaults."""
    p = argparse.ArgumentParser(
        prog="python scripts/render_rooms", description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--out", type=Path, default=Path("out"), help="folder of the rooms; those already there are kept")
    p.add_argument("--count", type=int, default=12, help="how many rooms")
    p.add_argument("--start", type=int, default=0, help="number of the first")
    p.add_argument(
        "--seed", type=int, default=1, help="room i is drawn from seed * 100000 + i; 900 to 999 are for measuring only"
    )
    p.add_argument("--kind", default="mix", choices=KINDS)
    p.add_argument("--size", type=size, default=(768, 512), metavar="WxH", help="default 768x512")
    p.add_argument(
        "--aspects", action="store_true", help="portrait, square and wide pictures too, with as many pixels as --size"
    )
    p.add_argument("--samples", type=int, default=64)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--key", type=float, default=0.36, help="brightness that the exposure meter aims at")
    p.add_argument("--exposure", type=float, help="a fixed exposure in stops")
    p.add_argument(
        "--plain",
        action="store_true",
        help="clean looks, level cameras and designer finishes only, as rooms were before version 2",
    )
    p.add_argument("--assets", type=Path, help="folder with materials/ and hdris/ of photographed surfaces and skies")
    p.add_argument(
        "--override", type=override, default={}, help='replace materials, as "island=marble:white;cabinet=paint:white"'
    )
    p.add_argument("--dishwasher", action="store_true", help="a showroom's first unit is a dishwasher")
    p.add_argument("--suffix", default="", help="goes at the end of every name")
    p.add_argument(
        "--twins-every",
        type=int,
        default=4,
        metavar="N",
        help="every Nth room also without some of its things; 0: none",
    )
    p.add_argument("--twins", type=int, default=2, metavar="K", help="the number of twins of such a room")
    p.add_argument(
        "--recolours-every", type=int, default=8, metavar="N", help="every Nth room also with other materials; 0: none"
    )
    p.add_argument(
        "--recolours",
        type=int,
        default=2,
        metavar="K",
        help="the number of them for such a room: with it they are a triple",
    )
    p.add_argument(
        "--views",
        type=int,
        default=1,
        metavar="K",
        help="pictures of every room from this many places, each at the exposure that its own meter finds",
    )
    p.add_argument(
        "--passes-every", type=int, default=0, metavar="N", help="reflectance, normals and depth of every Nth room"
    )
    p.add_argument("--passes", action="store_true", help="the same as --passes-every 1")
    p.add_argument("--passes-only", action="store_true", help="no picture and no labels, just the passes")
    p.add_argument(
        "--again", type=Path, help="make the rooms that this folder's NAME.json files tell, not --count new ones"
    )
    return p


def size(text: str) -> tuple[int, int]:
    """Width and height from "512x384"."""
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit() and int(width) >= 16 and int(height) >= 16):
        raise argparse.ArgumentTypeError(f"'{text}' is no size: write it as 512x384")
    return int(width), int(height)


def override(text: str) -> dict[str, str]:
    """Materials by role from "island=marble:white;cabinet=paint:white"."""
    pairs = [part.split("=", 1) for part in text.split(";") if part.strip()]
    if any(len(pair) != 2 or ":" not in pair[1] for pair in pairs):
        raise argparse.ArgumentTypeError(f"'{text}' is no list of role=recipe:kind")
    return {role.strip(): spec.strip() for role, spec in pairs}


def kind_of(i: int, kind: str) -> str:
    """The kind of room number i: the one asked for, or that of the mix."""
    if kind != "mix":
        return kind
    return (MIX, SECOND_MIX)[i // 10 % 2][i % 10]


def rooms(args: argparse.Namespace) -> Iterator[Room]:
    """The rooms that the command line asks for, in their order."""
    if args.again:
        for path in sorted(args.again.glob("*.json")):
            told = json.loads(path.read_text(encoding="utf-8"))
            if "seed" in told:
                replaced = tuple(sorted(told.get("override", {}).items()))
                # Records without a version are of the first: all plain, and a kitchen was what is a showroom now.
                plain = told.get("plain", "version" not in told)
                kind = "showroom" if "version" not in told and told["kind"] == "kitchen" else told["kind"]
                yield Room(told["name"], kind, told["seed"], tuple(told["size"]), replaced, plain)
        return
    for i in range(args.start, args.start + args.count):
        kind = kind_of(i, args.kind)
        seed = args.seed * 100000 + (i % 1000 if kind == "hero" else i)
        replaced = tuple(sorted(args.override.items()))
        yield Room(f"{kind}_{i:05d}{args.suffix}", kind, seed, None, replaced, args.plain)


def every(number: int, nth: int) -> bool:
    """Whether a room with this seed is one of every Nth. 0 means none."""
    return nth > 0 and number % nth == 0
