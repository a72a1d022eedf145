"""Weighted choices."""


def pick(rng, *pairs):
    return rng.choices([p for p, _ in pairs], [w for _, w in pairs])[0]
