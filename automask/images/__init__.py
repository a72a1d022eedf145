"""Photos, masks and pictures, in and out.

`photo.py` opens and writes them, and is the one module here that knows PIL; `wrapping.py` carries what stands around
the samples in a file, as bytes; `xmp.py` reads and changes the XMP packet in it. Everything that the rest of automask
needs is named here.
"""

from automask.images.photo import (
    PHOTO_SUFFIXES,
    Photo,
    Written,
    atomic_path,
    open_photo,
    quantise_alpha,
    read_mask,
    see_through,
    to_uint8,
    to_unit,
    write_mask,
    write_photo,
    write_picture,
)
from automask.images.wrapping import Samples, Wrapping
from automask.images.xmp import properties_of, with_properties, with_xmp, xmp_of

__all__ = [
    "PHOTO_SUFFIXES",
    "Photo",
    "Samples",
    "Wrapping",
    "Written",
    "atomic_path",
    "open_photo",
    "properties_of",
    "quantise_alpha",
    "read_mask",
    "see_through",
    "to_uint8",
    "to_unit",
    "with_properties",
    "with_xmp",
    "write_mask",
    "write_photo",
    "write_picture",
    "xmp_of",
]
