"""Training of the net of surfaces; `__main__` has the command."""
