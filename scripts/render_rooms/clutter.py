"""People's everyday mess: what stands on worktops, tables and floors, and what hangs on walls.

Everything on a worktop takes the place (x, y) of its middle and the height z of the top it stands on, in the frame of
a wall: its back is at smaller y.
"""

import math

import numpy as np

from render_rooms.appliances import shell_of
from render_rooms.decor import board, books, bottles, fruit_bowl, kettle, plant, plates, vase
from render_rooms.materials import mat

COLOURS = ["white", "cream", "red", "yellow", "skyblue", "sage", "charcoal", "orange", "teal", "pink", "royal", "lime"]


def toaster(b, x, y, z):
    """A toaster for two slices."""
    m = shell_of(b.rng.choice(["steel", "white", "black", "red", "almond", "mint"]))
    with b.item("small appliance"), b.frame(x, y, z, b.rng.uniform(-25, 25)):
        b.box(m, -0.14, -0.08, 0.01, 0.14, 0.08, 0.19, 0.03, seg=4)
        for s in (-0.03, 0.03):
            b.box(mat("metal:black"), -0.1, s - 0.012, 0.188, 0.1, s + 0.012, 0.1915, 0)
        b.box(mat("metal:black"), 0.14, -0.015, 0.11, 0.16, 0.015, 0.13, 0.003)


def coffee_maker(b, x, y, z):
    """A filter machine with its pot."""
    m = shell_of(b.rng.choice(["black", "steel", "white", "red", "slate"]))
    with b.item("small appliance"), b.frame(x, y, z, b.rng.uniform(-20, 20)):
        b.box(m, -0.1, -0.13, 0, 0.1, 0.12, 0.04, 0.008)
        b.box(m, -0.1, -0.13, 0.04, 0.1, -0.03, 0.26, 0.008)
        b.box(m, -0.1, -0.13, 0.26, 0.1, 0.11, 0.36, 0.015, seg=3)
        glass = [(0.055, 0.045), (0.072, 0.09), (0.07, 0.14), (0.05, 0.18), (0.05, 0.19), (0, 0.192)]
        b.lathe(mat("gloss:charcoal"), glass, (0, 0.045, 0), 28)
        b.tube(mat("metal:black"), [(0, 0.1, 0.17), (0, 0.15, 0.15), (0, 0.15, 0.09), (0, 0.11, 0.07)], 0.008)


def mixer(b, x, y, z):
    """A stand mixer."""
    m = shell_of(b.rng.choice(["red", "white", "black", "mint", "steel", "almond"]))
    with b.item("small appliance"), b.frame(x, y, z, b.rng.uniform(0, 360)):
        b.box(m, -0.1, -0.17, 0, 0.1, 0.15, 0.035, 0.02, seg=3)
        b.box(m, -0.05, -0.17, 0.035, 0.05, -0.07, 0.27, 0.02, seg=3)
        b.soft(m, -0.065, -0.18, 0.25, 0.065, 0.14, 0.37, 0.05, 0.01)
        b.bowl(mat("metal:chrome"), [(0.05, 0.036), (0.09, 0.07), (0.105, 0.17)], 0.004, (0, 0.05, 0))


def blender(b, x, y, z):
    """A jug blender."""
    with b.item("small appliance"), b.frame(x, y, z):
        b.lathe(
            shell_of(b.rng.choice(["black", "white", "steel", "red"])),
            [(0.08, 0), (0.08, 0.06), (0.055, 0.13), (0, 0.131)],
            n=28,
        )
        b.lathe(mat("gloss:lightgrey"), [(0.05, 0.13), (0.075, 0.32), (0, 0.321)], n=28)
        b.lathe(mat("metal:black"), [(0.076, 0.32), (0.07, 0.35), (0, 0.352)], n=28)


def knife_block(b, x, y, z):
    """Knives in a slanted block."""
    with b.item("decor"), b.frame(x, y, z, b.rng.uniform(-30, 30)):
        with b.frame(0, 0.02, 0.02, 0, 25):
            b.box(
                mat("wood:" + b.rng.choice(["oak", "walnut", "maple"]), grain="z"),
                -0.055,
                -0.07,
                0,
                0.055,
                0.05,
                0.2,
                0.004,
            )
            for i in range(5):
                for j in range(2):
                    b.box(
                        mat("metal:black"),
                        -0.045 + i * 0.02,
                        -0.05 + j * 0.05,
                        0.2,
                        -0.035 + i * 0.02,
                        -0.03 + j * 0.05,
                        0.26 + 0.02 * j,
                        0.003,
                    )
        b.box(mat("wood:walnut", grain="x"), -0.055, -0.09, 0, 0.055, 0.05, 0.015, 0.002)


def canisters(b, x, y, z):
    """A row of jars in falling sizes."""
    rng = b.rng
    spec = rng.choice(
        ["gloss:white", "gloss:cream", "metal:steel", "gloss:red", "gloss:black", "gloss:sage", "paint:terracotta"]
    )
    with b.item("decor"):
        for k in range(rng.randint(2, 4)):
            s = 1.15 - 0.16 * k
            b.lathe(
                mat(spec),
                [(0.06 * s, 0), (0.062 * s, 0.01), (0.062 * s, 0.16 * s), (0.058 * s, 0.165 * s), (0, 0.166 * s)],
                (x + k * 0.135, y, z),
                28,
            )
            b.lathe(
                mat("wood:oak"),
                [(0.06 * s, 0.166 * s), (0.06 * s, 0.18 * s), (0.015, 0.184 * s), (0.012, 0.2 * s), (0, 0.201 * s)],
                (x + k * 0.135, y, z),
                24,
            )


def paper_towels(b, x, y, z):
    """A roll of kitchen paper, upright."""
    with b.item("decor"):
        b.lathe(mat("wood:oak"), [(0.08, 0), (0.08, 0.012), (0, 0.013)], (x, y, z), 28)
        b.lathe(mat("fabric:white"), [(0.06, 0.013), (0.061, 0.26), (0.02, 0.261), (0.02, 0.25)], (x, y, z), 32)
        b.tube(mat("metal:steel"), [(x, y, z + 0.01), (x, y, z + 0.31)], 0.007)


def crock(b, x, y, z):
    """Spoons and spatulas in a pot."""
    rng = b.rng
    with b.item("decor"):
        b.bowl(
            mat("gloss:" + rng.choice(["white", "cream", "navy", "charcoal", "terracotta"])),
            [(0.055, 0), (0.06, 0.02), (0.06, 0.15), (0.063, 0.16)],
            0.006,
            (x, y, z),
        )
        for _ in range(rng.randint(4, 7)):
            a, t = rng.uniform(0, 6.28), rng.uniform(0.02, 0.07)
            p, q = (
                (x + 0.02 * math.cos(a), y + 0.02 * math.sin(a), z + 0.1),
                (x + t * math.cos(a) * 1.6, y + t * math.sin(a) * 1.6, z + rng.uniform(0.27, 0.34)),
            )
            spec = mat(rng.choice(["wood:oak", "wood:walnut", "metal:steel", "metal:black"]))
            b.tube(spec, [p, q], 0.005)
            with b.frame(*q, rng.uniform(0, 360)):
                b.box(spec, -0.025, -0.004, -0.02, 0.025, 0.004, 0.055, 0.003)


def dish_rack(b, x, y, z):
    """Plates that dry in a rack."""
    rng = b.rng
    with b.item("decor"), b.frame(x, y, z):
        m = mat("metal:" + rng.choice(["chrome", "black"]))
        for zz, s in ((0.02, 1.0), (0.1, 1.05)):
            w, d = 0.21 * s, 0.15 * s
            b.tube(m, [(-w, -d, zz), (w, -d, zz), (w, d, zz), (-w, d, zz), (-w, -d, zz)], 0.004)
        for sx in (-0.21, 0.21):
            for sy in (-0.15, 0.15):
                b.tube(m, [(sx, sy, 0), (sx * 1.05, sy * 1.05, 0.1)], 0.004)
        for i in range(rng.randint(3, 8)):
            with b.frame(-0.15 + i * 0.035, 0, 0.13, 90, 80):
                r = rng.choice([0.1, 0.12, 0.085])
                b.lathe(
                    mat("gloss:" + rng.choice(["white", "white", "cream", "skyblue"])),
                    [(0.04, 0), (r, 0.012), (r + 0.004, 0.018), (r - 0.01, 0.012), (0, 0.006)],
                    n=28,
                )
        with b.frame(0.14, 0, 0.02):
            b.lathe(mat("gloss:" + rng.choice(COLOURS)), [(0.038, 0), (0.042, 0.09), (0, 0.0901)], n=24)


def packets(b, x, y, z):
    """Cereals, tins and cartons."""
    rng = b.rng
    with b.item("decor"):
        for k in range(rng.randint(1, 4)):
            spec, px, py = (
                mat("paint:" + rng.choice(COLOURS)),
                x + k * 0.13 + rng.uniform(-0.02, 0.02),
                y + rng.uniform(-0.05, 0.05),
            )
            with b.frame(px, py, z, rng.uniform(-25, 25)):
                if rng.random() < 0.6:
                    h = rng.uniform(0.12, 0.3)
                    b.box(spec, -0.07, -0.03, 0, 0.07, 0.03, h, 0.002)
                    b.box(mat("paint:" + rng.choice(COLOURS)), -0.055, 0.029, h * 0.3, 0.055, 0.0306, h * 0.7, 0)
                else:
                    b.lathe(spec, [(0.037, 0), (0.038, 0.005), (0.038, 0.105), (0, 0.106)], n=24)


def dishes_about(b, x, y, z):
    """Cups, bowls and a pan that nobody has put away."""
    rng = b.rng
    for _ in range(rng.randint(1, 4)):
        px, py = x + rng.uniform(-0.18, 0.18), y + rng.uniform(-0.1, 0.1)
        with b.item("decor"), b.frame(px, py, z, rng.uniform(0, 360)):
            m = mat("gloss:" + rng.choice(COLOURS))
            kind = rng.random()
            if kind < 0.45:
                b.bowl(m, [(0.03, 0), (0.04, 0.01), (0.042, 0.09)], 0.004)
                b.tube(m, [(0.04, 0, 0.07), (0.07, 0, 0.06), (0.065, 0, 0.03), (0.04, 0, 0.025)], 0.005)
            elif kind < 0.75:
                b.bowl(m, [(0.04, 0), (0.08, 0.03), (0.1, 0.07)], 0.005)
            else:
                dark = mat("metal:" + rng.choice(["black", "steel"]))
                b.bowl(dark, [(0.1, 0), (0.115, 0.02), (0.12, 0.06)], 0.004)
                b.tube(mat("metal:black"), [(0.118, 0, 0.05), (0.3, 0, 0.075)], 0.011)


def soap(b, x, y, z):
    """Washing-up liquid, a sponge, a brush beside a sink."""
    rng = b.rng
    with b.item("decor"):
        b.lathe(
            mat("gloss:" + rng.choice(["lime", "skyblue", "orange", "white", "teal", "yellow"])),
            [(0.03, 0), (0.034, 0.02), (0.03, 0.13), (0.012, 0.16), (0.012, 0.19), (0, 0.191)],
            (x, y, z),
            24,
        )
        if rng.random() < 0.6:
            b.box(
                mat("fabric:" + rng.choice(["yellow", "sage", "blue"])),
                x + 0.06,
                y - 0.03,
                z,
                x + 0.15,
                y + 0.03,
                z + 0.035,
                0.006,
            )


def laid_towel(b, x, y, z):
    """A kitchen towel left on the worktop's edge or flat on it."""
    spec = "fabric:" + b.rng.choice(["white", "red", "skyblue", "sage", "cream", "charcoal", "yellow"])
    with b.item("towel"), b.frame(x, y, z, b.rng.uniform(-40, 40)):
        b.soft(mat(spec), -0.16, -0.1, 0, 0.16, 0.1, 0.03, 0.014, 0.012)


def paper_pile(b, x, y, z):
    """Letters and a newspaper."""
    rng = b.rng
    with b.item("decor"):
        for k in range(rng.randint(2, 5)):
            with b.frame(
                x + rng.uniform(-0.04, 0.04), y + rng.uniform(-0.03, 0.03), z + k * 0.0035, rng.uniform(0, 360)
            ):
                b.box(
                    mat("paint:" + rng.choice(["white", "white", "cream", "lightgrey", "skyblue"])),
                    -0.105,
                    -0.15,
                    0,
                    0.105,
                    0.15,
                    0.003,
                    0,
                )


def flowers(b, x, y, z):
    """A bunch of flowers in a vase."""
    rng = b.rng
    colour = rng.choice(["yellow", "red", "pink", "white", "orange", "lilac"])
    with b.item("plant"):
        for _ in range(rng.randint(6, 12)):
            a, r, h = rng.uniform(0, 6.28), rng.uniform(0.01, 0.12), rng.uniform(0.27, 0.42)
            p = (x + r * math.cos(a), y + r * math.sin(a), z + h)
            b.tube(mat("leaf:olive"), [(x, y, z + 0.12), p], 0.003)
            b.lathe(
                mat("paint:" + colour),
                [(0.006, -0.012), (0.028, 0.0), (0.034, 0.014), (0.014, 0.022), (0, 0.02)],
                p,
                14,
            )
    vase(
        b,
        x,
        y,
        z,
        rng.uniform(0.7, 0.9),
        "gloss:" + rng.choice(["white", "skyblue", "cream", "charcoal"]),
        branches=False,
    )


SMALL = [
    (toaster, 3),
    (coffee_maker, 3),
    (mixer, 1.5),
    (blender, 1),
    (knife_block, 2),
    (canisters, 2.5),
    (paper_towels, 2),
    (crock, 2.5),
    (dish_rack, 1.5),
    (packets, 2),
    (dishes_about, 2.5),
    (laid_towel, 1),
    (paper_pile, 1.2),
    (flowers, 1),
]


def something(b, x, y, z):
    """Any one thing that may stand on a worktop."""
    rng = b.rng
    kind = rng.random()
    if kind < 0.1:
        bottles(b, x - 0.1, y, z)
    elif kind < 0.16:
        plates(b, x, y, z)
    elif kind < 0.24:
        fruit_bowl(b, x, y + 0.05, z, rng.choice(["wood:walnut", "gloss:white", "paint:charcoal", "wood:oak"]))
    elif kind < 0.29:
        kettle(b, x, y, z, rng.choice(["steel", "black", "copper"]))
    elif kind < 0.34:
        books(b, x, y, z, rng.randint(2, 5), False)
    elif kind < 0.39:
        plant(
            b,
            x,
            y,
            z,
            rng.uniform(0.25, 0.45),
            rng.choice(["fan", "broad", "olive"]),
            rng.choice(["gloss:white", "paint:terracotta", "paint:charcoal"]),
        )
    elif kind < 0.44:
        vase(
            b,
            x,
            y,
            z,
            rng.uniform(0.6, 1.0),
            rng.choice(["gloss:white", "paint:charcoal", "paint:terracotta", "gloss:royal"]),
            rng.random() < 0.5,
        )
    else:
        rng.choices([f for f, _ in SMALL], [w for _, w in SMALL])[0](b, x, y, z)


def scatter(b, x0, x1, z, amount, depth=0.5):
    """Things along a worktop from x0 to x1; amount: about how many a metre."""
    rng = b.rng
    x = x0 + rng.uniform(0.1, 0.4)
    while x < x1 - 0.2:
        if rng.random() < amount * 0.45:
            if rng.random() < 0.08:
                with b.frame(0, 0.012):
                    board(b, x, 0.0, z, rng.choice(["wood:oak", "wood:walnut", "wood:maple"]))
            else:
                something(b, x, rng.uniform(0.14, max(0.15, depth - 0.26)), z)
        x += rng.uniform(0.33, 0.55)


# ---------------------------------------------------------------- on walls


def outlet(b, x, z):
    """A socket or a switch on the wall of the current frame."""
    spec = b.rng.choice(["gloss:white", "gloss:white", "gloss:almond", "metal:steel"])
    with b.item("outlet"):
        w = 0.035 if b.rng.random() < 0.7 else 0.058
        b.box(mat(spec), x - w, 0.0, z - 0.058, x + w, 0.0065, z + 0.058, 0.002)
        for s in (-0.02, 0.02):
            b.box(mat("gloss:lightgrey"), x - 0.014, 0.006, z + s - 0.012, x + 0.014, 0.0075, z + s + 0.012, 0.001)


def clock(b, x, z):
    """A round clock."""
    rng = b.rng
    r = rng.uniform(0.12, 0.2)
    with b.item("clock"), b.frame(x, 0.0, z, 0, -90):
        b.lathe(
            mat(rng.choice(["metal:black", "wood:oak", "gloss:white", "gloss:red", "metal:brass"])),
            [(r, 0), (r, 0.03), (r - 0.02, 0.034), (r - 0.022, 0.02), (0, 0.02)],
            n=40,
        )
        b.lathe(mat("gloss:white"), [(r - 0.021, 0.0205), (0, 0.0206)], n=40)
        for a, ln, w in ((rng.uniform(0, 6.28), 0.5, 0.006), (rng.uniform(0, 6.28), 0.75, 0.004)):
            b.tube(mat("metal:black"), [(0, 0, 0.024), (r * ln * math.cos(a), r * ln * math.sin(a), 0.024)], w)


def hooks(b, x, z):
    """Coats and bags on a rail."""
    rng = b.rng
    with b.item("shelf"):
        b.box(
            mat("wood:" + rng.choice(["oak", "walnut", "pine"]), grain="x"),
            x - 0.5,
            0,
            z - 0.05,
            x + 0.5,
            0.022,
            z + 0.05,
            0.004,
        )
        for i in range(5):
            b.tube(
                mat("metal:black"),
                [
                    (x - 0.4 + i * 0.2, 0.02, z),
                    (x - 0.4 + i * 0.2, 0.07, z - 0.01),
                    (x - 0.4 + i * 0.2, 0.08, z + 0.02),
                ],
                0.006,
            )
    for i in range(5):
        if rng.random() < 0.65:
            px = x - 0.4 + i * 0.2
            if rng.random() < 0.75:
                with b.item("clothes"):
                    ln = rng.uniform(0.6, 0.95)
                    b.soft(
                        mat("fabric:" + rng.choice(["charcoal", "navy", "olive", "red", "sand", "brown", "black"])),
                        px - 0.14,
                        0.05,
                        z - ln,
                        px + 0.14,
                        0.2,
                        z + 0.01,
                        0.06,
                        0.03,
                    )
            else:
                with b.item("bag"):
                    b.soft(
                        mat("leather:" + rng.choice(["brown", "black", "red", "sand"])),
                        px - 0.15,
                        0.06,
                        z - 0.5,
                        px + 0.15,
                        0.17,
                        z - 0.22,
                        0.04,
                        0.02,
                    )
                    b.tube(
                        mat("leather:brown"),
                        [
                            (px - 0.1, 0.11, z - 0.24),
                            (px - 0.02, 0.08, z),
                            (px + 0.02, 0.08, z),
                            (px + 0.1, 0.11, z - 0.24),
                        ],
                        0.007,
                    )


# ---------------------------------------------------------------- on floors


def trash_can(b, x, y):
    """A bin: round, square or with a pedal."""
    rng = b.rng
    m = mat(rng.choice(["metal:steel", "gloss:white", "gloss:black", "gloss:almond", "gloss:red"]))
    h = rng.uniform(0.4, 0.65)
    with b.item("trash can"), b.frame(x, y, 0, rng.uniform(0, 360)):
        if rng.random() < 0.55:
            b.lathe(m, [(0.13, 0), (0.15, h * 0.9), (0.152, h * 0.91), (0.15, h * 0.96), (0.08, h), (0, h)], n=36)
            b.lathe(mat("metal:black"), [(0.152, h * 0.9), (0.156, h * 0.905), (0.152, h * 0.915)], n=36, caps=False)
        else:
            b.box(m, -0.16, -0.12, 0.01, 0.16, 0.12, h * 0.88, 0.02, seg=3)
            b.box(mat("metal:black"), -0.165, -0.125, h * 0.88, 0.165, 0.125, h * 0.96, 0.015, seg=3)


def carton(b, x, y):
    """A cardboard box or a plastic crate, open or closed."""
    rng = b.rng
    w, d, h = rng.uniform(0.15, 0.3), rng.uniform(0.12, 0.22), rng.uniform(0.2, 0.4)
    with b.item("box"), b.frame(x, y, 0, rng.uniform(0, 360)):
        m = mat("paint:" + rng.choice(["sand", "sand", "#b38a5e", "#a87f55", "skyblue", "white"]))
        b.box(m, -w, -d, 0, w, d, h, 0.002)
        b.box(mat("paint:#caa06e"), -0.03, -d - 0.001, 0.02, 0.03, d + 0.001, h + 0.001, 0)


def basket(b, x, y, z=0.0, size=1.0):
    """A woven basket, at times with cloth in it."""
    rng = b.rng
    with b.item("basket"), b.frame(x, y, z):
        m = mat("wood:" + rng.choice(["pine", "oak", "bamboo", "walnut"]), grain="x")
        r, h = 0.19 * size, 0.26 * size
        prof = []
        for k in range(9):
            t = k / 8
            prof += [(r * (0.85 + 0.15 * t), h * t), (r * (0.85 + 0.15 * t) + 0.008 * size, h * (t + 0.05))]
        b.bowl(m, prof, 0.01 * size)
        if rng.random() < 0.6:
            b.soft(
                mat("fabric:" + rng.choice(["cream", "white", "sage", "charcoal"])),
                -r * 0.7,
                -r * 0.7,
                h * 0.5,
                r * 0.7,
                r * 0.7,
                h * 1.1,
                0.06,
                0.02,
            )


def bag(b, x, y):
    """A shopping bag or a rucksack on the floor."""
    rng = b.rng
    with b.item("bag"), b.frame(x, y, 0, rng.uniform(0, 360)):
        spec = mat(
            rng.choice(
                ["paint:#b08c5c", "fabric:navy", "fabric:charcoal", "fabric:red", "leather:brown", "paint:white"]
            )
        )
        b.soft(spec, -0.17, -0.09, 0, 0.17, 0.09, rng.uniform(0.3, 0.42), 0.04, 0.02)
        b.tube(spec, [(-0.08, 0, 0.36), (-0.05, 0, 0.47), (0.05, 0, 0.47), (0.08, 0, 0.36)], 0.007)


def shoes(b, x, y):
    """A pair of shoes."""
    rng = b.rng
    m = mat("leather:" + rng.choice(["black", "brown", "white", "navy", "red"]))
    with b.item("clothes"), b.frame(x, y, 0, rng.uniform(0, 360)):
        for s in (-0.06, 0.06):
            b.soft(m, s - 0.045, -0.14, 0, s + 0.045, 0.14, 0.06, 0.03, 0.004)
            b.soft(m, s - 0.04, -0.14, 0.04, s + 0.04, 0.0, 0.12, 0.03, 0.004)


def radiator(b, x0, x1, z0=0.12, z1=0.7):
    """A panel radiator on the wall of the current frame."""
    with b.item("radiator"):
        m = mat("gloss:white")
        b.box(m, x0, 0.03, z0, x1, 0.1, z1, 0.006)
        n = round((x1 - x0) / 0.045)
        for i in range(n):
            x = x0 + (x1 - x0) * (i + 0.5) / n
            b.box(m, x - 0.014, 0.098, z0 + 0.03, x + 0.014, 0.106, z1 - 0.03, 0.004)
        b.tube(mat("metal:chrome"), [(x1 + 0.03, 0.06, 0), (x1 + 0.03, 0.06, z0 + 0.05), (x1, 0.06, z0 + 0.05)], 0.01)


def ceiling_fan(b, x, y, top, power):
    """A fan with four or five blades and a lamp."""
    rng = b.rng
    m = mat("metal:" + rng.choice(["brass", "bronze", "steel", "black"]))
    blade = mat(rng.choice(["wood:oak", "wood:walnut", "gloss:white", "wood:espresso"]), grain="x")
    z = top - rng.uniform(0.28, 0.4)
    with b.item("fan"), b.frame(x, y, 0, rng.uniform(0, 90)):
        b.tube(m, [(0, 0, top), (0, 0, z)], 0.016)
        b.lathe(m, [(0, z - 0.06), (0.09, z - 0.05), (0.11, z), (0.09, z + 0.04), (0, z + 0.045)], n=32)
        n = rng.choice([4, 5])
        for k in range(n):
            with b.frame(0, 0, z - 0.01, 360 * k / n, 0):
                with b.frame(0, 0, 0, 0, 10):
                    b.box(blade, 0.16, -0.065, -0.004, 0.62, 0.065, 0.004, 0.003)
                b.box(m, 0.08, -0.02, -0.004, 0.2, 0.02, 0.004, 0.001)
        b.lathe(mat("glow:shade"), [(0, z - 0.15), (0.07, z - 0.13), (0.1, z - 0.06)], n=32, smooth=80)
    b.light("POINT", (x, y, z - 0.2), power, (1, 0.82, 0.62), shadow_soft_size=0.08)


def light_box(b, x, y, top, power, turn=0.0):
    """A fluorescent box on the ceiling."""
    with b.item("ceiling light"), b.frame(x, y, 0, turn):
        b.box(
            mat("wood:oak" if b.rng.random() < 0.3 else "paint:white", grain="x"),
            -0.64,
            -0.2,
            top - 0.05,
            0.64,
            0.2,
            top,
            0.004,
        )
        b.box(
            mat("glow:neutral" if power > 0 else "gloss:white"),
            -0.6,
            -0.17,
            top - 0.075,
            0.6,
            0.17,
            top - 0.045,
            0.02,
            seg=3,
        )
    b.light(
        "AREA", (x, y, top - 0.09), power * 2.5, (1, 0.95, 0.86), (1.2, 0.36), aim=(0, 0, -1)
    ).visible_glossy = False


def track_light(b, x, y, top, power, turn=0.0):
    """Three spots on a rail."""
    with b.item("ceiling light"), b.frame(x, y, 0, turn):
        m = mat("metal:" + b.rng.choice(["black", "steel"]))
        b.box(m, -0.6, -0.018, top - 0.025, 0.6, 0.018, top, 0.002)
        for k in range(3):
            px = -0.45 + 0.45 * k
            b.tube(m, [(px, 0, top - 0.02), (px, 0, top - 0.1)], 0.008)
            with b.frame(px, 0, top - 0.12, b.rng.uniform(0, 360), 35):
                b.lathe(m, [(0.03, 0.06), (0.034, 0.05), (0.04, -0.06)], n=20, caps=False)
                b.lathe(mat("glow:warm"), [(0.036, -0.05), (0, -0.05)], n=20)
    for k in range(3):
        b.light(
            "SPOT",
            (x, y, top - 0.2),
            power * 0.8,
            (1, 0.84, 0.64),
            aim=(k - 1, (-1) ** k * 0.8, -1.2),
            spot_size=math.radians(80),
            spot_blend=0.7,
            shadow_soft_size=0.05,
        )


def floor_mess(b, spots, count):
    """At most `count` things of everyday life at free spots of the floor."""
    rng = b.rng
    for x, y in rng.sample(spots, min(count, len(spots))):
        if b.is_free(x, y, 0.28):
            kind = rng.choice([trash_can, carton, basket, bag, shoes, trash_can])
            kind(b, x, y)
            b.stands(x - 0.2, y - 0.2, x + 0.2, y + 0.2, 0.5)


def rug(b, x, y, w, d, turn=0.0, palette=None):
    """A rug: plain, striped, with diamonds or faded, in one or two colours."""
    rng = b.rng
    palette = palette or [
        "cream",
        "terracotta",
        "blue",
        "greige",
        "red",
        "navy",
        "sage",
        "charcoal",
        "burgundy",
        "white",
        "mustard",
        "teal",
    ]
    style = rng.choices(["plain", "stripe", "diamond", "faded"], [2, 2, 2, 3])[0]
    with b.item("rug"), b.frame(x, y, 0.009, turn):
        b.box(
            mat(
                "rug:" + rng.choice(palette),
                other=rng.choice(["charcoal", "brown", "navy", "cream", "burgundy", "sand"]),
                style=style,
            ),
            -w / 2,
            -d / 2,
            -0.008,
            w / 2,
            d / 2,
            0.003,
            0.003,
        )
        if rng.random() < 0.35:  # a border
            m = mat("rug:" + rng.choice(palette))
            t = min(w, d) * 0.1
            for q in (
                (-w / 2, -d / 2, w / 2, -d / 2 + t),
                (-w / 2, d / 2 - t, w / 2, d / 2),
                (-w / 2, -d / 2 + t, -w / 2 + t, d / 2 - t),
                (w / 2 - t, -d / 2 + t, w / 2, d / 2 - t),
            ):
                b.box(m, q[0], q[1], -0.006, q[2], q[3], 0.004, 0)


def circle(n=33):
    """The angles of a closed circle."""
    return np.linspace(0, 2 * math.pi, n)
