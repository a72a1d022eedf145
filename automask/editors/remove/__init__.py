"""The remove editor: takes things away and continues what is behind them, with nothing to download.

    hole, photo --> plane --> lines --> levels --> patches --> light --> picture

`editor.py` reads the prompt and knows what is too large; `plane.py` lays a floor or a wall that is seen at an angle out
flat, and back; `lines.py` continues lines that enter the hole and leave it; `fill.py` fills a hole from the coarsest
level to the finest; `patches.py` finds for each patch of the hole the most similar one of the surroundings, and
composes the hole from them under the light that is there.

The method and its figures: docs/research/removal.md.
"""

from automask.editors.remove.editor import Remove

__all__ = ["Remove"]
