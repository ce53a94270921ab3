"""What each token of a tokenizer spells, in bytes: a character may be spread over several tokens."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

_BYTE = re.compile(r"<0x([0-9A-F]{2})>")


def spellings(tokenizer: Any) -> dict[int, bytes]:
    """Bytes by token id; control tokens spell nothing."""
    decoder = json.dumps(json.loads(tokenizer.backend_tokenizer.to_str())["decoder"], ensure_ascii=False)
    if '"ByteLevel"' in decoder:
        spell = _byte_level
    elif "\u2581" in decoder:
        spell = _sentence_piece
    else:
        spell = _plain
    found = {token: spell(text) for text, token in tokenizer.get_vocab().items()}
    # Added tokens are written as they are; the special ones control, and say nothing.
    found |= {token: str(added).encode() for token, added in tokenizer.added_tokens_decoder.items()}
    special = {token for token, added in tokenizer.added_tokens_decoder.items() if added.special}
    return found | dict.fromkeys(special | set(tokenizer.all_special_ids), b"")


@cache
def _byte_of() -> dict[str, int]:
    """The characters that byte-level tokenizers write bytes as: printable ones themselves, others from U+0100 on."""
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(others)}


def _plain(text: str) -> bytes:
    return text.encode()


def _byte_level(text: str) -> bytes:
    table = _byte_of()
    return bytes(table[character] for character in text) if set(text) <= table.keys() else text.encode()


def _sentence_piece(text: str) -> bytes:
    byte = _BYTE.fullmatch(text)
    return bytes([int(byte[1], 16)]) if byte else text.replace("\u2581", " ").encode()
