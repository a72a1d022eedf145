"""Materials that replace those that a room drew."""


def apply_override(palette: dict, override: dict[str, str]) -> None:
    """Puts the specs of an override into a palette; "cabinet" means all cabinets."""
    for role, spec in override.items():
        for key in ("cabinet", "upper", "tall") if role == "cabinet" else (role,):
            palette[key] = spec
