"""Vectorised text columns for the sample data: Arrow strings out of numpy codes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def ids(prefix: str, numbers: IntArray, width: int = 8) -> pa.StringArray:
    """Return `prefix` + zero-padded number for each of n non-negative `numbers`.

    Raises ValueError where a number does not fit into `width` digits.
    """
    count = len(numbers)
    if count and (int(numbers.max()) >= 10**width or int(numbers.min()) < 0):
        raise ValueError(f"{prefix} identifiers need numbers of at most {width} digits")
    size = len(prefix) + width
    text = np.empty((count, size), dtype=np.uint8)
    text[:, : len(prefix)] = np.frombuffer(prefix.encode(), dtype=np.uint8)
    rest = numbers.astype(np.int64)
    for place in range(size - 1, len(prefix) - 1, -1):
        rest, digit = np.divmod(rest, 10)
        text[:, place] = digit + ord("0")
    offsets = np.arange(count + 1, dtype=np.int32) * np.int32(size)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(text))


def pick(pool: Sequence[str | None] | pa.Array, codes: IntArray) -> pa.Array:
    """Return `pool[codes]` as strings; a negative code is null."""
    values = pool if isinstance(pool, pa.Array) else pa.array(pool, pa.string())
    return values.take(pa.array(codes, pa.int64(), mask=codes < 0))


def coded(pool: Sequence[str | None] | pa.Array, codes: IntArray) -> pa.DictionaryArray:
    """Return the same as `pick` as a dictionary column, which Parquet writes without decoding."""
    values = pool if isinstance(pool, pa.Array) else pa.array(pool, pa.string())
    indices = pa.array(codes, pa.int32(), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, values)


def join(*parts: pa.Array | str) -> pa.Array:
    """Concatenate columns and constants row by row; null where a part is null."""
    return pc.binary_join_element_wise(*parts, "")


def choose(mask: BoolArray, yes: pa.Array | str, no: pa.Array | str | None) -> pa.Array:
    """Return `yes` where `mask` holds, else `no`."""
    return pc.if_else(pa.array(mask), yes, pa.scalar(no, pa.string()) if no is None else no)


def blank(values: pa.Array, mask: BoolArray) -> pa.Array:
    """Return `values` with null where `mask` holds."""
    return pc.if_else(pa.array(mask), pa.scalar(None, values.type), values)


def seconds(values: IntArray, mask: BoolArray | None = None) -> pa.Array:
    """Return epoch seconds as timestamps without zone (UTC); null where `mask` holds."""
    return pa.array(values.astype("datetime64[s]"), pa.timestamp("s"), mask=mask)


def dates(days: IntArray) -> pa.Array:
    """Return epoch days as dates."""
    return pa.array(days.astype("datetime64[D]"), pa.date32())
