"""Change rooms in photographs from words alone."""
