"""Plans for tests: strategies that draw every plan that can be made."""

import unicodedata

from hypothesis import strategies as st

from automask.plan import MASK_LENGTHS
from automask.types import Edit


def fold(word):
    """The test's own version of "case and runs of spaces do not matter"."""
    word = unicodedata.normalize("NFC", word)
    return unicodedata.normalize("NFC", " ".join(word.casefold().split()))


NICE = st.sampled_from(
    ["island", "black wall", "Oak", "keep", "except", "#fff", "a, b", "x -> y", '24"', "c:\\d", " e "]
)

LITERAL = st.text(
    st.one_of(
        st.sampled_from(list('aB ,;"\\#->=→{}“；\t\u00a0ΣİKß')),
        st.characters(exclude_categories=["Cc", "Cs", "Cf", "Zl", "Zp"]),
    ),
    min_size=1,
    max_size=12,
).filter(str.strip)

LITERALS = st.one_of(NICE, LITERAL)
NUMBERS = st.one_of(st.integers(-(2**63) + 1, 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False))
SHARES = st.one_of(st.sampled_from([0, 1]), st.floats(0, 1))
LENGTHS = {name: SHARES if name.endswith("_frac") else st.floats(0, 1e6) for name in MASK_LENGTHS}
OPTION_NAMES = st.sampled_from(["strength", "negative", "guidance", "width", "y", "no", "größe", "prompt_2", "_"])
OPTIONS = st.dictionaries(OPTION_NAMES, st.one_of(st.booleans(), NUMBERS, LITERAL, st.just("")), max_size=3)


def in_order(pairs):
    return tuple(sorted(pairs.items()))


SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "editor": st.sampled_from(["paint", "diffusion-xl", "no", "7"]),
        "seed": st.integers(0, 2**32 - 1),
        "mask": st.fixed_dictionaries({}, optional=LENGTHS).map(in_order),
        "options": OPTIONS.map(in_order),
    },
)

NO_SETTINGS = st.just({})


@st.composite
def plans(draw, prompts=LITERALS, settings=NO_SETTINGS, same_keep=True):
    """Plans that can be made: no word twice, so that no two of its parts contradict each other."""
    pool = draw(st.lists(LITERALS, min_size=3, max_size=12, unique_by=fold))
    keep = tuple(pool.pop() for _ in range(draw(st.integers(0, 2)) if len(pool) > 1 else 0) if len(pool) > 1)
    edits = []
    while pool:
        targets = tuple(pool.pop() for _ in range(draw(st.integers(1, 3))) if pool)
        excepts = tuple(pool.pop() for _ in range(draw(st.integers(0, 2))) if pool)
        kept = keep if same_keep or draw(st.booleans()) else ()
        edits.append(Edit(targets, draw(prompts), excepts, kept, **draw(settings)))
    return tuple(edits)
