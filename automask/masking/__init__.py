"""From a plan to regions: every mask of a photo, made before anything is painted.

`find.py` runs segmenter and refiner over all phrases of a plan and returns one region for each edit; `boxes.py` turns
heat maps into boxes, `masks.py` refined masks into alpha. `given.py` reads regions from mask files instead, and
`cache.py` keeps what was found for the next run.
"""
