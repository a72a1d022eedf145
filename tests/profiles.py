"""Colour profiles for tests, written tag by tag."""

import struct

import numpy as np


def icc_profile(space: bytes, tags: dict[bytes, bytes], pcs: bytes = b"XYZ ", kind: bytes = b"mntr") -> bytes:
    """An ICC version 2 profile of these tags."""
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(78),
        b"cprt": b"text" + bytes(4) + b"none\0",
    } | tags
    table, body = b"", b""
    at = 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        data = value + bytes(-len(value) % 4)
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data
    header = struct.pack(">I", at + len(body)) + bytes(4) + b"\x02\x40\0\0" + kind + space + pcs + bytes(12) + b"acsp"
    header += bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def xyz(x: float, y: float, z: float) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(v * 65536) for v in (x, y, z)))


def gamma(value: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(value * 256))


def matrix_profile(red: tuple[float, ...], green: tuple[float, ...], blue: tuple[float, ...], power: float) -> bytes:
    curves = dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), gamma(power))
    return icc_profile(
        b"RGB ",
        {b"wtpt": xyz(0.9642, 1, 0.8249), b"rXYZ": xyz(*red), b"gXYZ": xyz(*green), b"bXYZ": xyz(*blue), **curves},
    )


DISPLAY_P3 = matrix_profile((0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407), 2.2)

ADOBE_RGB = matrix_profile(
    (0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457), 2.19922
)

GREY_18 = icc_profile(b"GRAY", {b"wtpt": xyz(0.9642, 1, 0.8249), b"kTRC": gamma(1.8)})


def lab_of(rgb: np.ndarray) -> np.ndarray:
    """CIE Lab (D50 taken as D65: a toy press) of linear-light 0..1 RGB."""
    matrix = np.array([[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]])
    t = (rgb @ matrix.T) / [0.9642, 1, 0.8249]
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


def rgb_of(lab: np.ndarray) -> np.ndarray:
    fy = (lab[..., 0] + 16) / 116
    f = np.stack([fy + lab[..., 1] / 500, fy, fy - lab[..., 2] / 200], axis=-1)
    t = np.where(f > 6 / 29, f**3, (f - 16 / 116) / 7.787) * [0.9642, 1, 0.8249]
    matrix = np.array([[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]])
    return np.clip(t @ np.linalg.inv(matrix).T, 0, 1)


def table(inputs: int, outputs: int, grid: int, values: np.ndarray) -> bytes:
    """An lut8Type (ICC.1:2001, 6.5.7) with straight curves."""
    straight = bytes(range(256))
    head = (
        b"mft1"
        + bytes(4)
        + bytes([inputs, outputs, grid, 0])
        + struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    )
    return head + straight * inputs + np.rint(np.clip(values, 0, 255)).astype(np.uint8).tobytes() + straight * outputs


def press_profile() -> bytes:
    """A toy CMYK press: inks multiply the light of paper."""
    steps = np.linspace(0, 1, 9)
    inks = np.stack(np.meshgrid(steps, steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 4)
    light = ((1 - inks[:, :3]) * (1 - inks[:, 3:])) ** 2.2
    lab = lab_of(light)
    to_lab = table(4, 3, 9, np.stack([lab[:, 0] * 2.55, lab[:, 1] + 128, lab[:, 2] + 128], axis=1))
    axis = np.linspace(0, 255, 33)
    cube = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    rgb = rgb_of(np.stack([cube[:, 0] / 2.55, cube[:, 1] - 128, cube[:, 2] - 128], axis=1)) ** (1 / 2.2)
    top = np.maximum(rgb.max(axis=1, keepdims=True), 1e-6)
    from_lab = table(3, 4, 33, 255 * np.concatenate([1 - rgb / top, 1 - top], axis=1))
    return icc_profile(b"CMYK", {b"wtpt": xyz(0.9642, 1, 0.8249), b"A2B0": to_lab, b"B2A0": from_lab}, b"Lab ", b"prtr")
