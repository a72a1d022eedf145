"""Weighted choices."""


def pick(rng, *pairs):
    """One of the values of pairs (value, weight)."""
    return rng.choices([p for p, _ in pairs], [w for _, w in pairs])[0]
