"""What tokens spell, and which of them a schema allows next."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("outlines_core")
tokenizers = pytest.importorskip("tokenizers")
transformers = pytest.importorskip("transformers")

from prospect_agents.language.grammar import Grammar  # noqa: E402
from prospect_agents.language.spelling import spellings  # noqa: E402


def test_steered_home_by_hand() -> None:
    """A list of digits such as [1,2]: one more element takes two tokens (comma and digit), the end one."""
    spelt = {0: b"[", 1: b"]", 2: b",", 3: b"7", 4: b"", 5: b"77", 6: b"]]"}
    grammar = Grammar('{"type": "array", "items": {"type": "integer"}}', spelt)
    assert grammar.shortest() == 2
    assert grammar.allowed(grammar.start, 9).tolist() == [0]
    assert grammar.allowed(grammar.start, 1).tolist() == []
    opened = grammar.after(grammar.start, 0)
    assert grammar.allowed(opened, 9).tolist() == [1, 3, 5]
    assert grammar.allowed(opened, 1).tolist() == [1]
    digit = grammar.after(opened, 3)
    assert grammar.allowed(digit, 3).tolist() == [1, 2, 3, 5]
    assert grammar.allowed(digit, 2).tolist() == [1, 3, 5]  # a comma, a digit and the end are three
    closed = grammar.after(digit, 1)
    assert grammar.complete(closed)
    assert not grammar.complete(digit)
    assert grammar.allowed(closed, 9).tolist() == []


def byte_level() -> object:
    alphabet = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: i for i, letter in enumerate(alphabet)}
    vocabulary["\u0120\u00c3"] = 256  # a blank and the first byte of an accented letter, in one token
    made = tokenizers.Tokenizer(tokenizers.models.BPE(vocabulary, [("\u0120", "\u00c3")]))
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    made.decoder = tokenizers.decoders.ByteLevel()
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<end>")  # noqa: S106 - not a password
    fast.add_tokens(["added words"])
    return fast


def test_byte_level_tokens_spell_bytes() -> None:
    tokenizer = byte_level()
    spelt = spellings(tokenizer)
    text = "na\u00efve \u00e9t\u00e9 \u2192 \u65e5\n\tadded words"
    ids = tokenizer(text, add_special_tokens=False).input_ids  # type: ignore[operator]
    assert 256 in ids
    assert b"".join(spelt[token] for token in ids) == text.encode()
    assert spelt[tokenizer.eos_token_id] == b""  # type: ignore[attr-defined]


def test_sentence_pieces_spell_blanks_and_bytes() -> None:
    vocabulary = {"<unk>": 0, "\u2581hello": 1, "<0xC3>": 2, "<0xA9>": 3}
    made = tokenizers.Tokenizer(tokenizers.models.BPE(vocabulary, [], unk_token="<unk>", byte_fallback=True))  # noqa: S106
    made.decoder = tokenizers.decoders.Sequence(
        [tokenizers.decoders.Replace("\u2581", " "), tokenizers.decoders.ByteFallback(), tokenizers.decoders.Fuse()]
    )
    spelt = spellings(transformers.PreTrainedTokenizerFast(tokenizer_object=made, unk_token="<unk>"))  # noqa: S106
    assert spelt[1] + spelt[2] + spelt[3] == " hello\u00e9".encode()
    assert spelt[0] == b""


def test_characters_spread_over_tokens_fit_a_schema() -> None:
    spelt = spellings(byte_level())
    grammar = Grammar(json.dumps({"const": "\u65e5"}, ensure_ascii=False), spelt)
    state, said = grammar.start, b""
    while not grammar.complete(state):
        [token] = grammar.allowed(state, 99).tolist()
        said, state = said + spelt[token], grammar.after(state, token)
    assert json.loads(said) == "\u65e5"
    assert grammar.shortest() == 5
