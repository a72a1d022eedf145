"""How a material is cut and laid, in words: sizes, joints, bond and direction.

60x60 tiles with dark grout; 10 x 30 cm metro tiles, stacked; herringbone 10 cm; boards towards the window
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from automask.editors.paint import panels, tiles, wood
from automask.editors.paint.colours import colour_of, linear
from automask.editors.paint.look import Direction, Look, Triple
from automask.errors import EditorError

LIGHT_GROUT, DARK_GROUT = linear("#cfccc5"), linear("#55534f")
_SIZES_M = (0.005, 3.0)
_JOINTS_M = (0.0, 0.03)
_UNITS = {"mm": 0.001, "cm": 0.01, "m": 1.0, "in": 0.0254, "inch": 0.0254, "inches": 0.0254, '"': 0.0254}
_JOINT_WORDS = {"grout", "grouting", "joint", "joints", "mortar"}
_BONDS = {
    **dict.fromkeys((("stacked",), ("stack", "bond"), ("stack", "bonded"), ("in", "a", "grid")), 0.0),
    **dict.fromkeys((("running", "bond"), ("brick", "bond"), ("half", "bond"), ("staggered",)), 0.5),
    **dict.fromkeys((("third", "bond"), ("one", "third", "bond")), 1 / 3),
}
_DIRECTIONS: Mapping[tuple[str, ...], Direction] = {
    **dict.fromkeys((("lengthwise",), ("lengthways",), ("along", "the", "room"), ("along",)), "lengthwise"),
    **dict.fromkeys((("crosswise",), ("crossways",), ("across", "the", "room")), "crosswise"),
    **dict.fromkeys(
        tuple((way, *the, "window") for way in ("towards", "toward", "to") for the in (("the",), ())), "window"
    ),
    **dict.fromkeys(
        (
            ("away", "from", "the", "camera"),
            ("towards", "the", "camera"),
            ("front", "to", "back"),
            ("into", "the", "room"),
        ),
        "away",
    ),
    **dict.fromkeys(
        (("left", "to", "right"), ("side", "to", "side"), ("across", "the", "photo"), ("across",)), "across"
    ),
    **dict.fromkeys((("horizontal",), ("horizontally",), ("level",)), "level"),
    **dict.fromkeys((("vertical",), ("vertically",), ("upright",)), "upright"),
    **dict.fromkeys((("diagonal",), ("diagonally",)), "diagonal"),
}
_LONGEST = max(map(len, (*_BONDS, *_DIRECTIONS)))
_FILL = {"with", "and", "in", "of", "by", "wide", "large", "laid", "running"}


@dataclass(frozen=True, slots=True)
class Cut:
    """What words say of the pieces of a material; None where they do not.

    Args:
        size_wh: Of a tile, the longer side level, in metres, joint included.
        width_m: Of a board, a block, a square tile or a rib.
        joint_m: Of a joint.
        grout: What is in it.
        offset: How far every other course is moved, in pieces.
        direction: Which way they run.
    """

    size_wh: tuple[float, float] | None = None
    width_m: float | None = None
    joint_m: float | None = None
    grout: Triple | None = None
    offset: float | None = None
    direction: Direction | None = None


NO_CUT = Cut()


def split_cut(words: Sequence[str]) -> tuple[Cut, tuple[str, ...]]:
    """What the words say of size, joints, bond and direction, and the words without it.

    Raises:
        EditorError: A size or a joint that no material has.
    """
    if not any(word in _JOINT_WORDS or word in _STARTS or word[:1].isdigit() for word in words):
        return NO_CUT, tuple(words)
    cut, left = _take_joint(NO_CUT, tuple(words))
    cut, left = _take_size(cut, left)
    rest: list[str] = []
    at = 0
    while at < len(left):
        for length in range(min(_LONGEST, len(left) - at), 0, -1):
            said = left[at : at + length]
            if said in _BONDS:
                cut = replace(cut, offset=_BONDS[said])
            elif said in _DIRECTIONS:
                cut = replace(cut, direction=_DIRECTIONS[said])
            else:
                continue
            at += length
            break
        else:
            rest.append(left[at])
            at += 1
    if cut == NO_CUT:
        return NO_CUT, tuple(words)
    while rest and rest[-1] in _FILL:
        rest.pop()
    return cut, tuple(rest)


_STARTS = {said[0] for said in (*_BONDS, *_DIRECTIONS)}


def _metres(number: str, unit: str, within: tuple[float, float], what: str) -> float:
    metres = float(number) * _UNITS[unit]
    if not within[0] <= metres <= within[1]:
        raise EditorError(f"{what} of {number} {unit}", hint=f"give {within[0] * 1000:g} mm to {within[1] * 1000:g} mm")
    return metres


_NUMBER = r"(\d{1,4}(?:\.\d{1,3})?)"
_UNIT = r"(mm|cm|m|inches|inch|in|\")"
_TWO = re.compile(rf"\b{_NUMBER}\s?{_UNIT}?\s?[x\u00d7]\s?{_NUMBER}\s?{_UNIT}?(?=\s|$)")
_ONE = re.compile(rf"\b{_NUMBER}\s?{_UNIT}(?=\s|$)")


def _take_size(cut: Cut, words: tuple[str, ...]) -> tuple[Cut, tuple[str, ...]]:
    text = " ".join(words)
    two = _TWO.search(text)
    if two is not None:
        first, unit, second, last = two.groups()
        # Without a unit they are centimetres, as tiles are sold; three figures are millimetres.
        unit = last or unit or ("mm" if max(float(first), float(second)) > 200 else "cm")
        sides = sorted(_metres(number, unit, _SIZES_M, "a size") for number in (first, second))
        return replace(cut, size_wh=(sides[1], sides[0])), _cut_out(text, two)
    one = _ONE.search(text)
    if one is None:
        return cut, words
    return replace(cut, width_m=_metres(one[1], one[2], _SIZES_M, "a width")), _cut_out(text, one)


def _cut_out(text: str, found: re.Match[str]) -> tuple[str, ...]:
    before, after = text[: found.start()].split(" "), text[found.end() :].split(" ")
    return tuple(word for word in (*before, *after) if word)


def _take_joint(cut: Cut, words: tuple[str, ...]) -> tuple[Cut, tuple[str, ...]]:
    """The joint that is said before its word: "with 5 mm dark grey grout"."""
    at = next((index for index, word in enumerate(words) if word in _JOINT_WORDS), None)
    if at is None:
        return cut, words
    for start in range(max(0, at - 6), at):
        said = [word for word in words[start:at] if word not in ("with", "and", "the")]
        width = _ONE.match(" ".join(said))
        colour = " ".join(said)[width.end() :].strip() if width else " ".join(said)
        grout = _GROUTS.get(colour) or (colour_of(colour) if colour else None)
        if (colour and grout is None) or not (colour or width):
            continue
        joint = _metres(width[1], width[2], _JOINTS_M, "a joint") if width else cut.joint_m
        before = words[:start]
        while before and before[-1] in ("with", "and"):
            before = before[:-1]
        return replace(cut, grout=grout, joint_m=joint), before + words[at + 1 :]
    raise EditorError(
        f"{' '.join(words[max(0, at - 3) : at + 1])!r} is no joint", hint="say dark grout, white grout or 5 mm joints"
    )


_GROUTS: Mapping[str, Triple] = {"dark": DARK_GROUT, "light": LIGHT_GROUT, "pale": LIGHT_GROUT}


def with_cut(look: Look, cut: Cut, words: str) -> Look:
    """A look cut and laid as words say.

    Args:
        look: A material.
        cut: What they say.
        words: All of them, for the message.

    Raises:
        EditorError: The material has no pieces, or none of that kind.
    """
    if cut == NO_CUT:
        return look
    if cut.direction is not None:
        if look.texture is None or look.layout == "cloth":
            raise EditorError(f"{words!r}: a direction", hint="say it of boards, wood, tiles or panels")
        look = replace(look, direction=cut.direction)
        cut = replace(cut, direction=None)
    if cut == NO_CUT:
        return look
    if look.floor is not None and cut.width_m is not None:
        look = look.floor
    texture = look.texture
    recut = _RECUT.get(texture.func) if isinstance(texture, partial) else None
    if recut is None or not isinstance(texture, partial):
        raise EditorError(f"{words!r}: a size or joints", hint="say it of tiles, brick, boards, herringbone or panels")
    return recut(look, texture, cut, words)


def _recut_tiles(look: Look, texture: Any, cut: Cut, words: str) -> Look:
    had = texture.keywords
    grout: Triple = cut.grout or had["grout"]
    size: tuple[float, float] = cut.size_wh or ((cut.width_m, cut.width_m) if cut.width_m else had["size_wh"])
    old_joint = had.get("joint_m", 0.002)
    # A joint whose colour is said is meant to be seen: 3 mm, as it is laid, is the least.
    joint = (max(old_joint, 0.003) if cut.grout else old_joint) if cut.joint_m is None else cut.joint_m
    if joint > 0.3 * min(size):
        raise EditorError(f"{words!r}: joints of {joint * 1000:g} mm", hint="say narrower joints, or larger tiles")
    offset = had.get("offset", 0.0) if cut.offset is None else cut.offset
    # The mean of the pieces alone, which for a stone is known from the mean of all only.
    share = tiles.joint_share(had["size_wh"], old_joint)
    piece = tuple(
        (whole - share * old) / (1 - share) for whole, old in zip(look.reflectance, had["grout"], strict=True)
    )
    mean = tiles.tiles_mean((piece[0], piece[1], piece[2]), grout, size, joint)
    cut_texture = partial(texture.func, **{**had, "grout": grout, "size_wh": size, "joint_m": joint, "offset": offset})
    return replace(look, reflectance=mean, texture=cut_texture)


def _recut_bricks(look: Look, texture: Any, cut: Cut, words: str) -> Look:
    if cut.grout is None or cut.size_wh or cut.width_m or cut.joint_m is not None or cut.offset is not None:
        raise EditorError(f"{words!r}: bricks have one size and bond", hint="say the colour of their joints only")
    fired = texture.keywords["fired"]
    mean = tiles.bricks_mean(fired, cut.grout)
    return replace(look, reflectance=mean, texture=partial(texture.func, **{**texture.keywords, "mortar": cut.grout}))


def _recut_width(name: str, least_m: float) -> Callable[[Look, Any, Cut, str], Look]:
    def recut(look: Look, texture: Any, cut: Cut, words: str) -> Look:
        width = cut.width_m or (cut.size_wh[1] if cut.size_wh else None)
        if width is None or cut.grout or cut.joint_m is not None or cut.offset is not None:
            raise EditorError(f"{words!r}: joints or a bond of boards", hint="say their width only, as in 20 cm")
        if not least_m <= width <= 0.6:
            raise EditorError(f"{words!r}: {width * 100:g} cm", hint=f"give {least_m * 100:g} cm to 60 cm")
        return replace(look, texture=partial(texture.func, **{**texture.keywords, name: width}))

    return recut


_RECUT: Mapping[Any, Callable[[Look, Any, Cut, str], Look]] = {
    tiles.tiles: _recut_tiles,
    tiles.slabs: _recut_tiles,
    tiles.bricks: _recut_bricks,
    wood.planks: _recut_width("board_m", 0.03),
    wood.herringbone: _recut_width("block_m", 0.03),
    panels.ribs: _recut_width("pitch_m", 0.008),
    panels.slats: _recut_width("pitch_m", 0.008),
    panels.boards: _recut_width("board_m", 0.03),
}
"""How each texture with pieces takes another cut."""
