"""The words of a prompt, read as the look of a surface."""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from automask.editors.paint.catalogue import MATERIALS, material_in_colour, stone_tiles
from automask.editors.paint.colours import NAMES, PAINTS, SHIFTS, colour_of, key_of, linear_token, resolve_notations
from automask.editors.paint.cuts import NO_CUT, split_cut, with_cut
from automask.editors.paint.finishes import FINISHES
from automask.editors.paint.look import Look, Triple
from automask.editors.paint.palettes import EMPTY, Palette, Swatch
from automask.editors.paint.swatch import swatch_look
from automask.editors.swatches import split_swatch
from automask.errors import EditorError, UnknownPrompt

SYNONYMS = {
    **dict.fromkeys(("marble", "calacatta", "carrara", "statuario", "arabescato", "calacatta gold"), "white marble"),
    **dict.fromkeys(("dark marble", "nero marquina", "marquina"), "black marble"),
    **dict.fromkeys(("crema marfil", "cream marble", "botticino"), "beige marble"),
    **dict.fromkeys(("verde guatemala", "verde alpi", "dark green marble"), "green marble"),
    **dict.fromkeys(("grey granite", "light granite"), "granite"),
    **dict.fromkeys(("dark granite", "absolute black", "nero assoluto"), "black granite"),
    **dict.fromkeys(("engineered stone", "composite stone", "white quartz", "corian"), "quartz"),
    **dict.fromkeys(("stone", "light stone"), "white stone"),
    **dict.fromkeys(("dark stone",), "black stone"),
    **dict.fromkeys(("cement", "poured concrete", "raw concrete"), "concrete"),
    **dict.fromkeys(("micro cement", "micro concrete", "tadelakt", "polished plaster"), "microcement"),
    **dict.fromkeys(("sheet vinyl", "lino", "linoleum"), "vinyl"),
    **dict.fromkeys(
        ("cut pile carpet", "plush carpet", "wool carpet", "fitted carpet", "wall to wall carpet"), "carpet"
    ),
    **dict.fromkeys(("loop pile carpet", "berber", "berber carpet", "sisal", "sisal carpet"), "loop carpet"),
    **dict.fromkeys(("trellis carpet", "geometric carpet"), "patterned carpet"),
    **dict.fromkeys(("tongue and groove", "matchboard", "wainscot", "wainscoting"), "beadboard"),
    **dict.fromkeys(("ship lap",), "shiplap"),
    **dict.fromkeys(("fluted", "fluted wall"), "fluted panel"),
    **dict.fromkeys(("slatted", "slatted wall", "fluted wood", "slatted wood"), "slatted oak"),
    **dict.fromkeys(("natural slate", "black slate"), "slate"),
    **dict.fromkeys(("metro tile", "brick tile"), "subway tile"),
    **dict.fromkeys(("tile", "ceramic tile", "white tile"), "square tile"),
    **dict.fromkeys(("hex tile", "hexagonal tile", "hexagon"), "hexagon tile"),
    **dict.fromkeys(("zellige tile", "zellij"), "zellige"),
    **dict.fromkeys(("porcelain tile", "limestone tile", "flagstone"), "stone tile"),
    **dict.fromkeys(("exposed brick", "red brick", "bare brick", "brick wall"), "brick"),
    **dict.fromkeys(("painted brick", "whitewashed brick"), "white brick"),
    **dict.fromkeys(("steel", "stainless steel", "stainless", "inox", "brushed metal", "metal"), "brushed steel"),
    **dict.fromkeys(("brushed brass", "brushed gold", "gold metal"), "brass"),
    **dict.fromkeys(("fabric", "cloth", "cotton", "canvas", "upholstery"), "linen"),
    **dict.fromkeys(("felt", "tweed", "boucle", "felted wool"), "wool"),
    **dict.fromkeys(("brown leather", "tan leather", "leatherette"), "leather"),
    **dict.fromkeys(("cane", "wicker", "cane webbing", "woven cane"), "rattan"),
}
"""Other names of the catalogue's materials."""
RELATIVES = {
    **dict.fromkeys(("soapstone", "basalt", "bluestone"), "slate"),
    **dict.fromkeys(("onyx", "quartzite"), "white marble"),
    **dict.fromkeys(("sandstone", "jerusalem stone"), "limestone"),
    **dict.fromkeys(("jute", "seagrass", "coir", "hemp", "abaca"), "loop carpet"),
    **dict.fromkeys(("hessian", "burlap", "muslin", "chintz"), "linen"),
    **dict.fromkeys(("silk", "corduroy", "chenille", "mohair", "damask", "brocade"), "velvet"),
    **dict.fromkeys(("cashmere", "fleece", "sheepskin"), "wool"),
    **dict.fromkeys(("suede", "nubuck", "vinyl leather"), "leather"),
    **dict.fromkeys(("raffia", "bamboo"), "rattan"),
    **dict.fromkeys(("spruce", "larch", "fir"), "pine"),
    **dict.fromkeys(("birch", "poplar", "sycamore"), "maple"),
    **dict.fromkeys(("elm", "chestnut wood", "hickory", "cedar"), "oak"),
    **dict.fromkeys(("iroko", "merbau"), "teak"),
    **dict.fromkeys(("rosewood", "sapele", "padauk", "redwood"), "mahogany"),
    **dict.fromkeys(("bronze", "copper"), "brass"),
    **dict.fromkeys(("chrome", "nickel", "zinc", "aluminium", "aluminum", "iron", "tin"), "brushed steel"),
    **dict.fromkeys(("mosaic", "encaustic tile", "quarry tile"), "square tile"),
    **dict.fromkeys(("penny tile",), "hexagon tile"),
    **dict.fromkeys(("stucco", "limewash", "venetian plaster"), "microcement"),
}
"""Materials that are asked for and not in the catalogue, each with the one that looks most like it: for a refusal."""
_SPECIES = {
    **dict.fromkeys(("", "wood", "natural oak", "light oak", "white oak", "european oak"), "oak"),
    **dict.fromkeys(("dark oak", "fumed oak", "brown oak", "smoked", "fumed"), "smoked oak"),
    **dict.fromkeys(("light wood", "pale wood", "whitewashed oak", "pale oak", "white ash", "light ash"), "ash"),
    **dict.fromkeys(("dark wood", "american walnut", "black walnut", "european walnut", "dark walnut"), "walnut"),
    **dict.fromkeys(("black wood", "wenge", "black oak", "ebonised oak"), "ebony"),
    **dict.fromkeys(("light pine", "knotty pine", "yellow pine", "pitch pine", "pinewood", "pine wood"), "pine"),
    **dict.fromkeys(("maple wood", "hard maple", "white maple", "light maple", "birch plywood"), "maple"),
    **dict.fromkeys(("beech wood", "beechwood", "light beech", "european beech"), "beech"),
    **dict.fromkeys(("cherry", "cherrywood", "american cherry", "wild cherry", "black cherry"), "cherry wood"),
    **dict.fromkeys(("teak wood", "teakwood"), "teak"),
    **dict.fromkeys(("mahogany wood", "red wood"), "mahogany"),
}
_FORMS = {
    **dict.fromkeys(("plank", "board", "floorboard", "parquet", "laminate"), "planks"),
    **dict.fromkeys(("herringbone", "chevron"), "herringbone"),
}
_SINGULAR = {
    **{f"{word}s": word for word in ("tile", "brick", "plank", "board", "floorboard", "slab", "stripe", "hexagon")},
    "tiled": "tile",
    "tiling": "tile",
    "brickwork": "brick",
    "striped": "stripe",
    "pinstripe": "stripe",
    "gray": "grey",
    **dict.fromkeys(("panels", "panelling", "paneling", "cladding"), "panel"),
    **dict.fromkeys(("reeded", "ribbed"), "fluted"),
    **dict.fromkeys(("slat", "slats"), "slatted"),
    "carpeting": "carpet",
}
_TIMBER = {"wood", "wooden", "veneer", "timber", "solid", "engineered", "hardwood", "vinyl", "lvt"}
_FLOOR = {"floor", "flooring"}
_PLACES = {*_FLOOR, "wall", "walls", "worktop", "countertop", "benchtop", "slab", "surface", "effect", "look", "panel"}
_JOINTS = {"in", "of", "with", "a", "an", "the"}
_PAINTED = {"paint", "painted", "emulsion", "colour", "color", "coloured", "colored", "finish"}
_AND = {"and", "&"}
_TWO_COLOURS = ("wallpaper", "patterned carpet")

KNOWN = (
    "it knows CSS colours, #hex, rgb(), lab(), oklch(), RAL numbers, paint words and what 'automask materials' lists, "
    "and your own colours with palette=mine.csv; "
    "anything else takes diffusion: preset=photo, or editor=auto with the extra 'models'"
)


_LONGEST = 200  # a color() notation with every digit takes 80; a finish, two colours and a material take 70


def look_for(prompt: str, palette: Palette = EMPTY) -> Look:
    """The look that words ask for.

    Args:
        prompt: A colour (see `colours.hex_of`); a material or another name of it; a cloth, tile or brick in a colour
            ("sage velvet"); `swatch:` and the path of a picture, relative to the working directory, letters' case and
            spaces kept. With each of them a word of `FINISHES` says how much it shines; "paint" says nothing.
        palette: The user's own colours: their names and codes go before all other words.

    Raises:
        UnknownPrompt: For words it does not know; names the nearest known one.
        EditorError: For a colour that is see-through, a RAL number that does not exist, a hue of NCS, two finishes at
            once, a swatch that cannot be read, and a name that means several colours of the palette.
    """
    swatch = split_swatch(prompt)
    _check_length(prompt if swatch is None else swatch[0])
    if swatch is not None:
        finish, rest = _finish(_words(swatch[0]), prompt)
        if rest:
            raise EditorError(
                f"{' '.join(rest)!r} before 'swatch:' is not a finish",
                hint="a picture brings its own colour: write swatch:picture.jpg, or matt swatch:picture.jpg",
            )
        return _with_finish(swatch_look(swatch[1]), finish)
    own = _own_colour(prompt, palette)
    if own is not None:
        return own
    typed = _words(prompt)
    cut, words = split_cut(typed)
    if cut != NO_CUT:
        look = _look_of(words, prompt)
        if look is not None:
            return with_cut(look, cut, prompt)
    look = _look_of(typed, prompt)
    if look is not None:
        return look
    finish, rest = _finish(typed, prompt)
    raise UnknownPrompt(f"paint does not know {prompt!r}", hint=_hint(typed, rest, palette.names) + KNOWN)


def _look_of(words: Sequence[str], prompt: str) -> Look | None:
    """The look of words, a finish among them; None for unknown words."""
    # "brushed steel", "white stone" and the like first: their words may be finishes, too.
    look = _material(words) if not _PAINTED & {*words} or " ".join(words) in SYNONYMS else None
    if look is not None:
        return look
    finish, rest = _finish(words, prompt)
    look = _parse_look(rest) or _parse_look(words)
    if look is not None:
        # "eggshell" alone is a colour; next to one, a finish.
        return _with_finish(look, finish if _parse_look(rest) is not None else None)
    return None


def _own_colour(prompt: str, palette: Palette) -> Look | None:
    """The look of words that name a colour of the palette; None where they do not, or say something else too."""
    if not palette.by_key:
        return None
    raw, meant = palette.replace_names(_split(prompt.strip().lower()))
    if not meant:
        return None
    cut, words = split_cut(_words(" ".join(raw)))
    finish, rest = _finish(words, prompt)
    look = _parse_look(rest)
    if look is None:
        return None
    look = with_cut(look, cut, prompt)
    own: Swatch = meant[0]
    if look.texture is None and len(meant) == 1:
        # "dark Harbour Night" is no colour that was measured.
        is_all = own.colour is not None and linear_token(look.reflectance) == linear_token(own.colour)
        return replace(look, gloss=own.gloss if finish is None else finish, measured=own.measured and is_all)
    return _with_finish(look, finish)


def _check_length(text: str) -> None:
    """Raises for more letters than any look needs: the parser tries every place to split the words."""
    if len(text) > _LONGEST:
        raise UnknownPrompt(
            f"paint does not know {f'{text[:40]}...'!r}, which is {len(text)} letters long",
            hint=f"say it in {_LONGEST} letters or fewer; " + KNOWN,
        )


def _words(text: str) -> tuple[str, ...]:
    words = _split(resolve_notations(re.sub(r"\s+", " ", text.strip().lower())))
    return tuple(_SINGULAR.get(word, word) for word in words)


def _split(text: str) -> tuple[str, ...]:
    """The words of a text; figures of a notation stay in one piece."""
    parts = re.findall(r"[a-z][a-z0-9-]*\([^()]*\)|[^\s,]+", text)
    return tuple(word for part in parts for word in ([part] if "(" in part else part.split("-")) if word)


def _finish(words: Sequence[str], prompt: str) -> tuple[float | None, tuple[str, ...]]:
    """The gloss that the words ask for, or None, and the words without those that say so.

    Raises:
        EditorError: Two of them disagree.
    """
    rest: list[str] = []
    said: dict[str, float] = {}
    at = 0
    while at < len(words):
        for length in (2, 1):
            name = " ".join(words[at : at + length])
            if name in FINISHES:
                said[name] = FINISHES[name]
                at += length
                break
        else:
            rest.append(words[at])
            at += 1
    if len({*said.values()}) > 1:
        raise EditorError(f"{prompt!r} is {' and '.join(said)} at once", hint="say one finish")
    return next(iter(said.values()), None), tuple(rest)


def _with_finish(look: Look, gloss: float | None) -> Look:
    if gloss is None:
        return look
    return replace(look, gloss=gloss, floor=None if look.floor is None else replace(look.floor, gloss=gloss))


def _parse_look(words: Sequence[str]) -> Look | None:
    """The look of words without a finish; None for unknown words."""
    plain = _without(words, _PAINTED | _JOINTS)
    if not plain:
        return None
    if _PAINTED & {*words}:
        # "slate paint" is a colour, slate a stone.
        return _colour(plain) or _coloured_material(plain)
    return _material(plain) or _colour(plain) or _coloured_material(plain)


def _without(words: Iterable[str], these: Iterable[str]) -> tuple[str, ...]:
    return tuple(word for word in words if word not in {*these})


def _colour(words: Sequence[str]) -> Look | None:
    for kept in (words, _without(words, _PLACES)):
        colour = colour_of(" ".join(kept)) if kept else None
        if colour is not None:
            return Look(colour)
    return None


def _material(words: Sequence[str]) -> Look | None:
    name = _material_name(words)
    if name is not None:
        return MATERIALS[name]
    if words and words[-1] == "tile":
        stone = _material_name(words[:-1])
        return None if stone is None else stone_tiles(stone)
    return None


def _material_name(words: Sequence[str]) -> str | None:
    """The catalogue's name of a material that words name and nothing else."""
    for kept in (words, _without(words, _PLACES | _JOINTS)):
        name = " ".join(kept)
        name = SYNONYMS.get(name, name)
        if name in MATERIALS:
            return name
        if kept and kept[-1] == "marble" and SYNONYMS.get(" ".join(kept[:-1]), "").endswith("marble"):
            return SYNONYMS[" ".join(kept[:-1])]
    if {*words} <= {"stripe", "wallpaper", "vertical", *_PLACES, *_JOINTS} and {*words} & {"stripe", "wallpaper"}:
        return "wallpaper"
    return _wood_name(words)


def _wood_name(words: Sequence[str]) -> str | None:
    forms = {_FORMS[word] for word in words if word in _FORMS}
    left = _without(words, {*_FORMS, *_PLACES, *_JOINTS})
    if not left and not forms:
        return None  # "floor" alone names no wood
    whole = " ".join("wood" if word in _TIMBER else word for word in left)
    bare = " ".join(_without(left, _TIMBER))
    species = _SPECIES.get(whole) or _SPECIES.get(bare, bare)
    if f"{species} planks" not in MATERIALS:
        return None
    if "herringbone" in forms:
        return f"{species} herringbone"
    return f"{species} planks" if forms or {*words} & _FLOOR else species


def _coloured_material(words: Sequence[str]) -> Look | None:
    """A material in a colour, whichever comes first: "sage velvet", "velvet sage", "navy and white stripes"."""
    if "stripe" in words:
        colours = _colours(_without(words, {"stripe", "wallpaper", "vertical", *_PLACES}))
        return None if colours is None else material_in_colour("wallpaper", *colours)
    for cut in range(1, len(words)):
        for material, colour in ((words[cut:], words[:cut]), (words[:cut], words[cut:])):
            name, colours = _material_name(material), _colours(colour)
            if (
                name is not None
                and colours is not None
                and (len(colours) == 1 or name in ("wallpaper", "patterned carpet"))
            ):
                look = material_in_colour(name, *colours)
                if look is not None:
                    return look
    return None


def _colours(words: Sequence[str]) -> tuple[Triple, ...] | None:
    """One colour, or two with "and" between; None for anything else."""
    whole = colour_of(" ".join(words)) if words else None
    if whole is not None:
        return (whole,)
    for at, word in enumerate(words):
        if word in _AND:
            first, second = colour_of(" ".join(words[:at])), colour_of(" ".join(words[at + 1 :]))
            return None if first is None or second is None else (first, second)
    return None


def _hint(words: Sequence[str], rest: Sequence[str], own: Sequence[str] = ()) -> str:
    """The start of the hint: that this is a finish, that a material takes no colour, or the nearest words."""
    if words and not rest:
        return f"{' '.join(words)!r} is a finish: say of what, as in '{words[0]} white'; "
    for cut in range(1, len(rest)):
        name = _material_name(rest[cut:])
        if name is not None and _colours(rest[:cut]) is not None:
            return f"{name!r} takes no colour; " if material_in_colour(name, (0.5, 0.5, 0.5)) is None else ""
    near = _nearest_own(" ".join(rest), own)
    relative = None if near is not None else _relative(rest)
    if relative is not None:
        return f"{relative} comes nearest; "
    near = near or _nearest(" ".join(rest), [*MATERIALS, *SYNONYMS, *PAINTS, *NAMES])
    if near is None and len(rest) > 1:
        vocabulary = {word for name in (*MATERIALS, *SYNONYMS, *PAINTS, *FINISHES, *SHIFTS) for word in name.split()}
        vocabulary |= {*NAMES, *_FORMS}
        corrected = [word if word in vocabulary else _nearest(word, sorted(vocabulary)) or word for word in rest]
        near = " ".join(corrected) if corrected != list(rest) and _parse_look(corrected) is not None else None
    return "" if near is None else f"did you mean {near!r}? "


def _relative(words: Sequence[str]) -> str | None:
    """The quoted name of the material that looks most like one that words name and the catalogue lacks."""
    for length in (2, 1):
        for at in range(len(words) - length + 1):
            name = RELATIVES.get(" ".join(words[at : at + length]))
            if name is not None:
                return repr(name)
    return None


def _nearest_own(text: str, own: Sequence[str]) -> str | None:
    """The name or code of the palette that is nearest, as its file spells it."""
    spelled = {name.lower(): name for name in own}
    near = _nearest(text, [*spelled])
    return None if near is None else spelled[near]


def _nearest(text: str, known: Sequence[str]) -> str | None:
    for near in difflib.get_close_matches(text, known, n=1, cutoff=0.75):
        return near
    keys = {key_of(name): name for name in known}
    return next((keys[key] for key in difflib.get_close_matches(key_of(text), keys, n=1, cutoff=0.75)), None)
