"""Editors: a crop, its mask and a prompt to a repainted crop. Each file is one editor; Hydra names them."""
