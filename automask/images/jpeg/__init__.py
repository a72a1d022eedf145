"""JPEG without its pixels: the quantised coefficients of a file, read and written again exactly."""
