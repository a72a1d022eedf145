"""Refiners: heat maps and boxes to hard masks. Each file is one refiner; Hydra names them, nothing imports them."""
