"""Doors, drawers, handles and the bodies behind them."""

from render_rooms.materials import mat


def pull(b, style, metal, x, z, y, length, upright):
    """A handle on a front at depth y: bar, knob or edge pull."""
    if style == "none":
        return
    m = mat("metal:" + metal)
    with_cls = "handle"
    if style == "knob":
        with b.frame(x, y, z, 0, -90):
            b.lathe(m, [(.006, 0), (.006, .014), (.015, .018), (.016, .026), (.011, .031), (0, .032)], n=24, cls=with_cls)
        return
    h = length / 2
    if style == "edge":
        if upright:
            b.box(m, x - .002, y - .004, z - h, x + .012, y + .014, z + h, .001, with_cls)
        else:
            b.box(m, x - h, y - .004, z - .002, x + h, y + .016, z + .012, .001, with_cls)
        return
    r = .0055
    d = .034
    if upright:
        b.tube(m, [(x, y + d, z - h), (x, y + d, z + h)], r, with_cls)
        for s in (-1, 1):
            b.tube(m, [(x, y, z + s * h * .78), (x, y + d, z + s * h * .78)], r * .8, with_cls)
    else:
        b.tube(m, [(x - h, y + d, z), (x + h, y + d, z)], r, with_cls)
        for s in (-1, 1):
            b.tube(m, [(x + s * h * .78, y, z), (x + s * h * .78, y + d, z)], r * .8, with_cls)


def front(b, st, spec, x0, z0, x1, z1, y, grain="z"):
    g = .0016
    m = mat(spec, grain=grain)
    if st["door"] == "shaker":
        b.panel(m, x0 + g, z0 + g, x1 - g, z1 - g, y, .021, st["rail"])
    elif st["door"] == "groove" and grain == "z" and x1 - x0 > .2:
        n = max(3, round((x1 - x0) / .055))
        for i in range(n):
            a, c = x0 + g + (x1 - x0 - 2 * g) * i / n, x0 + g + (x1 - x0 - 2 * g) * (i + 1) / n
            b.box(m, a, y, z0 + g, c, y + .02, z1 - g, .004)
    else:
        b.box(m, x0 + g, y, z0 + g, x1 - g, y + .02, z1 - g, .0013)


def doors(b, st, spec, x0, x1, z0, z1, y, handle_at="top", single_side=1):
    """One or two doors filling a rectangle, with handles."""
    w = x1 - x0
    spans = [(x0, x1)] if w <= .62 else [(x0, (x0 + x1) / 2), ((x0 + x1) / 2, x1)]
    for i, (a, c) in enumerate(spans):
        front(b, st, spec, a, z0, c, z1, y)
        side = single_side if len(spans) == 1 else (1 if i == 0 else -1)
        hx = (c - .035) if side > 0 else (a + .035)
        ln = min(.2 if st["handle"] == "bar" else .12, (z1 - z0) * .5)
        if z1 - z0 > 1.3:
            ln, hz = (.45 if st["handle"] != "knob" else .12), min(z0 + (z1 - z0) * .5, 1.15)
        elif handle_at == "top":
            hz = z1 - .05 - ln / 2
        else:
            hz = z0 + .05 + ln / 2
        pull(b, st["handle"], st["metal"], hx, hz, y + .021, ln, True)


def drawers(b, st, spec, x0, x1, z0, z1, y, n=3):
    hs = [.3, .7] if n == 2 else ([.22, .39, .39] if n == 3 else [1 / n] * n)
    z = z1
    for h in hs:
        dz = h * (z1 - z0)
        front(b, st, spec, x0, z - dz, x1, z, y, "x")
        pull(b, st["handle"], st["metal"], (x0 + x1) / 2, z - min(.05, dz / 2) - .012, y + .021, min(.28, (x1 - x0) * .45), False)
        z -= dz


def carcass(b, spec, x0, x1, z0, z1, depth):
    b.box(mat(spec, grain="z"), x0 + .0005, 0.0, z0, x1 - .0005, depth, z1, .0008)


def split(a, b, target):
    n = max(1, round((b - a) / target))
    return [(a + (b - a) * i / n, a + (b - a) * (i + 1) / n) for i in range(n)]


def room_door(b, x, H, spec, metal):
    """A panelled door with its frame, on the wall of the current frame."""
    w, h = .86, 2.05
    with b.item("door"):
        m = mat(spec, grain="z")
        for q in ((x - w / 2 - .08, 0, x - w / 2, h + .08), (x + w / 2, 0, x + w / 2 + .08, h + .08), (x - w / 2, h, x + w / 2, h + .08)):
            b.box(m, q[0], 0, q[1], q[2], .03, q[3], .003)
        b.box(m, x - w / 2, 0, .004, x + w / 2, .008, h, .001)
        for z0, z1 in ((.0, .95), (.95, h - .004)):
            b.panel(m, x - w / 2 + .002, z0 + .004, x + w / 2 - .002, z1, .008, .012, .11, .007)
        hm = mat("metal:" + metal)
        b.tube(hm, [(x + w / 2 - .07, .02, 1.02), (x + w / 2 - .07, .07, 1.02), (x + w / 2 - .19, .075, 1.02)], .009, "handle")


def chest(b, cls, st, spec, x0, x1, z0, z1, depth, cols, rows, legs="metal:black"):
    """Night stand, dresser: a body on legs or a plinth, drawers, an overhanging top."""
    with b.item(cls):
        carcass(b, spec, x0, x1, z0, z1 - .022, depth - .021)
        with b.frame(0, -.021):
            for a, c in split(x0 + .004, x1 - .004, (x1 - x0) / cols):
                drawers(b, st, spec, a, c, z0 + .004, z1 - .026, depth, rows)
        b.box(mat(spec, grain="x"), x0 - .008, 0, z1 - .022, x1 + .008, depth + .012, z1, .003)
        if z0 > .09:
            for s in (x0 + .045, x1 - .045):
                for q in (.05, depth - .07):
                    b.lathe(mat(legs, grain="z"), [(.011, 0), (.018, z0)], (s, q, 0), 16)
        else:
            b.box(mat(spec, grain="x"), x0 + .01, 0, 0, x1 - .01, depth - .05, z0, 0)


def wardrobe(b, st, spec, x0, x1, h, depth, mirrored=()):
    n = max(2, min(4, round((x1 - x0) / .52)))
    w = (x1 - x0) / n
    with b.item("wardrobe"):
        b.box(mat(spec, grain="x"), x0 + .01, 0, 0, x1 - .01, depth - .05, .07, 0)
        carcass(b, spec, x0, x1, .07, h, depth - .001)
        for i in range(n):
            a = x0 + i * w
            front(b, st, spec, a, .075, a + w, h - .005, depth)
            side = 1 if i % 2 == 0 else -1                  # the doors open in pairs
            hx = a + w - .04 if side > 0 else a + .04
            pull(b, st["handle"] if st["handle"] != "none" else "edge", st["metal"], hx, 1.05, depth + .021, .3 if st["handle"] == "bar" else .14, True)
    for i in mirrored:
        if i < n:
            a = x0 + i * w
            with b.item("mirror"):
                b.box(mat("mirror:clear"), a + .075, depth + .012, .16, a + w - .075, depth + .024, h - .09, .001)
