"""Photos, masks and pictures, in and out.

`photo.py` opens photos; `decode.py` and `encode.py` read and write their files; `colour.py` converts between a photo's
own samples and sRGB. `containers.py` keeps everything else in a file, as bytes, but for what `attachments.py` leaves
out; `xmp_packet.py` reads and changes an XMP packet, and `xmp.py` knows where each format keeps it; `metadata.py`
leaves places out, or everything. `jpeg/` writes a JPEG without touching the blocks that hold nothing new, and
`borders.py` finds bars and frames. `mask_files.py` reads and writes masks, and `files.py` writes files whole or not at
all. Other rooms import from here, except the image filters of `filters.py`.
"""

from automask.images.colour import quantise_alpha, to_uint8, to_unit
from automask.images.containers import ContainerData, Samples, upright_xmp
from automask.images.decode import grey_levels, is_damaged, most_bytes, photo_size, small_picture
from automask.images.encode import photo_bytes, pillow_photo, transparent_mask, write_photo
from automask.images.files import (
    LONGEST_NAME,
    atomic_path,
    picture_bytes,
    read_regular,
    same_letters,
    write_picture,
)
from automask.images.mask_files import mask_maker, read_mask, write_mask
from automask.images.metadata import without_metadata
from automask.images.photo import PHOTO_SUFFIXES, Photo, PhotoSource, Written, open_photo
from automask.images.xmp import with_xmp, xmp_of
from automask.images.xmp_packet import properties_of, with_properties

__all__ = [
    "LONGEST_NAME",
    "PHOTO_SUFFIXES",
    "ContainerData",
    "Photo",
    "PhotoSource",
    "Samples",
    "Written",
    "atomic_path",
    "grey_levels",
    "is_damaged",
    "mask_maker",
    "most_bytes",
    "open_photo",
    "photo_bytes",
    "photo_size",
    "picture_bytes",
    "pillow_photo",
    "properties_of",
    "quantise_alpha",
    "read_mask",
    "read_regular",
    "same_letters",
    "small_picture",
    "to_uint8",
    "to_unit",
    "transparent_mask",
    "upright_xmp",
    "with_properties",
    "with_xmp",
    "without_metadata",
    "write_mask",
    "write_photo",
    "write_picture",
    "xmp_of",
]
