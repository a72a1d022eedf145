"""Segmenters: words to heat maps. Each file is one segmenter; Hydra names them, nothing imports them."""
