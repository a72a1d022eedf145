"""What is behind a thing, as a segmenter names it."""

import time

import numpy as np
from drawing import disc, room

from automask.errors import SegmenterError, UnknownPhrase
from automask.masking.surroundings import SURFACES, surroundings
from automask.stages import NotLoaded

SIZE = (100, 160)
THING = disc(SIZE, (80, 50), 12)
LOW = np.mgrid[: SIZE[0], : SIZE[1]][0] >= 55


class Sees:
    """Floor below, wall above, and nothing else; it refuses words that it does not know."""

    known = ("wall", "floor", "window")

    def understand(self, targets):
        for target in targets:
            if target not in self.known:
                raise UnknownPhrase(f"no {target!r}", hint="none")
        return tuple(targets)

    def heats(self, photo, targets):
        seen = {"floor": LOW, "wall": ~LOW}
        return np.stack([seen.get(t, np.zeros(SIZE)) for t in self.understand(targets)]).astype(np.float32)


class Fails(Sees):
    def heats(self, photo, targets):
        raise SegmenterError("broken", hint="none")


def test_the_time_for_a_pixel_does_not_grow_with_the_photo_s_side():
    class Anything:
        def heats(self, photo, targets):
            return np.zeros((len(targets), *photo.shape[:2]), np.float32)

    def seconds(hw):
        thing = np.zeros(hw, np.bool_)
        thing[hw[0] // 4 : hw[0] // 2, hw[1] // 4 : hw[1] // 2] = True
        photo = np.zeros((*hw, 3), np.uint8)
        took = []
        for _ in range(2):
            started = time.process_time()
            surroundings(photo, thing, Anything())
            took.append(time.process_time() - started)
        return min(took)

    assert seconds((60, 3600)) < 4 * seconds((465, 465))


def test_the_surfaces_around_a_thing_are_named_the_largest_first():
    assert surroundings(room(*SIZE), THING, Sees()) == ("wall", "floor")
    assert surroundings(room(*SIZE), disc(SIZE, (80, 85), 8), Sees()) == ("floor",)


def test_a_segmenter_that_fails_or_is_not_loaded_names_nothing():
    assert surroundings(room(*SIZE), THING, Fails()) == ()
    assert surroundings(room(*SIZE), THING, NotLoaded()) == ()


def test_the_photo_that_is_shown_cannot_be_written_to():
    class Meddles(Sees):
        def heats(self, photo, targets):
            photo[0, 0] = 0
            return super().heats(photo, targets)

    assert surroundings(room(*SIZE), THING, Meddles()) == ()
    assert "wall" in SURFACES
