"""Materials that replace those that a room drew."""


def apply_override(palette, ov):
    groups = dict(cabinet=("cabinet", "upper", "tall"))
    for k, v in ov.items():
        for role in groups.get(k, (k,)):
            palette[role] = v


def parse_override(text):
    return dict(p.split("=", 1) for p in text.split(";") if p.strip()) if text else {}
