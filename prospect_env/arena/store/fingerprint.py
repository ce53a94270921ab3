"""The output fingerprint of a run: a hash of what was recorded, and of nothing else.

It does not depend on latencies, on compression, on how episodes were cut into shards or on which were played side by
side, so that equal fingerprints mean equal results. Language-model calls are not hashed themselves: what they answered
is in the forecasts and choices, and how often a model was really asked depends on what was remembered. A model's
scores do depend a little on its batch, so its fingerprint holds for one size of shards and blocks, resumed or not.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prospect_env.core.episodes import Episodes, columns


def digests(episodes: Episodes) -> list[str]:
    """One digest an episode (32 hex digits), of all its fields up to its last step."""
    hashers = [blake2b(digest_size=16) for _ in range(len(episodes))]
    lengths = np.asarray(episodes.length).tolist()
    for column in columns():
        array = getattr(episodes, column.name)
        if array is None:
            continue
        once = column.metadata["axes"] == "E"
        plain = _canonical(array[:, None] if once else array)
        head = f"{column.name}{plain.shape[2:]}".encode()
        for hasher, rows, length in zip(hashers, plain, lengths, strict=True):
            hasher.update(head)
            hasher.update((rows if once else rows[:length]).tobytes())
    return [hasher.hexdigest() for hasher in hashers]


def fingerprint(pairings: Iterable[Iterable[str]]) -> str:
    """The fingerprint of a run (64 hex digits) from the digests of its episodes, by pairing, in order."""
    whole = blake2b(digest_size=32)
    for pairing in pairings:
        whole.update(b"pairing")
        for digest in pairing:
            whole.update(bytes.fromhex(digest))
    return whole.hexdigest()


def _canonical(array: NDArray[Any]) -> NDArray[Any]:
    """Equal values as equal bytes, whatever the machine and the width they were kept in."""
    kind = array.dtype.kind
    if kind == "b":
        return array.astype(np.uint8)
    if kind in "iu":
        return array.astype("<i8")
    if kind == "O":
        texts, which = np.unique(array.astype(str), return_inverse=True)
        hashes = [int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little") for text in texts]
        return np.array(hashes, dtype="<u8")[which.reshape(array.shape)]
    plain = array.astype("<f4") + np.float32(0.0)  # -0 becomes 0
    return np.asarray(np.where(np.isnan(plain), np.float32(np.nan), plain), dtype="<f4")
