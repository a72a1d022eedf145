"""The nets in the package, in ONNX form, run by OpenCV on the CPU.

OpenCV is here anyway, opens a net in a fraction of the time that a runtime of its own takes to import, and writes and
sends nothing.
"""

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import PurePath
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from automask.errors import ConfigError
from automask.weights.device import return_freed_memory

LEAST_SIDE_PX = 64
"""Smallest side of a picture for a net of stride 32: OpenCV 5.0 filters a single row of features with memory that it
never wrote, and every run of it then differs."""

# OpenCV's number of threads is that of the whole process, and a net holds the state of its run.
_ONE_AT_A_TIME = threading.Lock()
_METADATA, _KEY, _VALUE = 14, 1, 2  # fields of ONNX's ModelProto and of its entries
_VARINT, _LONG, _BYTES, _SHORT = 0, 1, 2, 5  # wire types of protocol buffers


class Net:
    """A net, opened once and run by one thread at a time. The same input gives the same bytes on any number of threads.

    Args:
        model: The content of an `.onnx` file.
        name: What an error calls it.
        threads: Processor threads at most; never more than OpenCV has in this process, which batches set to each
            worker's share of the cores.
    """

    def __init__(self, model: bytes, *, name: str | PurePath, threads: int) -> None:
        self.name = PurePath(name).name
        self.threads = threads
        self._model = model

    def run(self, **inputs: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], ...]:
        """All outputs, in the file's order, as float32 of the shapes that the net gives.

        Raises:
            ConfigError: The file is no net that OpenCV can open.
        """
        net, outputs = self._opened
        with _ONE_AT_A_TIME, _at_most(self.threads):
            for name, value in inputs.items():
                net.setInput(value, name)
            # OpenCV may give what the next run writes to.
            return tuple(np.array(output, np.float32) for output in net.forward(outputs))

    def close(self) -> None:
        """Gives the memory of its features back; the next run opens it again, in 0.1 processor seconds."""
        self.__dict__.pop("_opened", None)
        return_freed_memory()

    @cached_property
    def metadata(self) -> Mapping[str, str]:
        """What is noted in the file, by key."""
        entries = [dict(_fields(entry)) for number, entry in _fields(self._model) if number == _METADATA]
        return {entry.get(_KEY, b"").decode(): entry.get(_VALUE, b"").decode() for entry in entries}

    @cached_property
    def _opened(self) -> tuple[Any, Sequence[str]]:
        try:
            # OpenCV's older engine, which it would otherwise try too, crashes on nets like these.
            net = cv2.dnn.readNetFromONNX(np.frombuffer(self._model, np.uint8), engine=cv2.dnn.ENGINE_NEW)
            return net, net.getUnconnectedOutLayersNames()
        except cv2.error as error:
            raise ConfigError(f"{self.name} is no net that OpenCV can open", hint="install automask again") from error


@contextlib.contextmanager
def _at_most(threads: int) -> Iterator[None]:
    before = cv2.getNumThreads()
    if before <= threads:
        yield
        return
    cv2.setNumThreads(threads)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The fields of a protocol buffers message: numbers, and the content of those that have a length.

    Source: the encoding of Protocol Buffers; a full parser would be a package more for three numbers.
    """
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            _, at = _varint(message, at)
        elif wire == _BYTES:
            length, at = _varint(message, at)
            yield number, message[at : at + length]
            at += length
        else:
            at += {_LONG: 8, _SHORT: 4}[wire]


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """The number that starts at a byte, and where it ends."""
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
