"""Two ways of attending to a cache: products and a softmax, or torch's fused kernel, give the same."""

import pytest
import torch

from prospect_agents.language import attention
from prospect_agents.language.attention import grouped_sdpa, stacked

BATCH, HEADS, KEY_HEADS, NEW, HELD, SIZE = 3, 6, 2, 5, 11, 8


@pytest.fixture
def plain_cpu(monkeypatch):
    monkeypatch.setattr(attention, "cpu_features", lambda: frozenset({"avx512_bf16"}))


def drawn():
    generator = torch.Generator().manual_seed(0)
    query = torch.randn(BATCH, HEADS, NEW, SIZE, generator=generator) * 3
    key, value = torch.randn(2, BATCH, KEY_HEADS, HELD, SIZE, generator=generator)
    hidden = torch.rand(BATCH, NEW, HELD, generator=generator) < 0.4
    hidden[..., 0] = False
    mask = torch.zeros(BATCH, NEW, HELD).masked_fill(hidden, torch.finfo(torch.bfloat16).min)
    return [each.bfloat16() for each in (query, key, value, stacked(mask, HEADS // KEY_HEADS))]


def by_hand(query, key, value, mask):
    """Every head alone, in double precision."""
    out = torch.empty(BATCH, NEW, HEADS, SIZE, dtype=torch.float64)
    for b in range(BATCH):
        for head in range(HEADS):
            of = head // (HEADS // KEY_HEADS)
            scores = query[b, head].double() @ key[b, of].double().T / SIZE**0.5 + mask[b, 0, :NEW].double()
            out[b, :, head] = scores.softmax(-1) @ value[b, of].double()
    return out


@pytest.mark.parametrize("most", [1 << 23, HEADS * NEW * HELD * 2, HEADS * NEW * HELD - 1])
def test_all_ways_attend_as_each_head_would_alone(plain_cpu, monkeypatch, most):
    """All at once, two matches at a time, and by the fused kernel where one match is too many scores."""
    monkeypatch.setattr(attention, "MOST_SCORES", most)
    explicit = []
    monkeypatch.setattr(
        attention, "_explicit", lambda *given, way=attention._explicit: explicit.append(len(given[0])) or way(*given)
    )
    drawing = drawn()
    found, _ = grouped_sdpa(torch.nn.Identity(), *drawing)
    assert explicit == {1 << 23: [3], HEADS * NEW * HELD * 2: [2, 1]}.get(most, [])
    assert (found.double() - by_hand(*drawing)).abs().max() < 0.05


@pytest.mark.parametrize(("features", "dtype"), [({"amx_bf16"}, torch.bfloat16), ({"avx512_bf16"}, torch.float32)])
def test_matrix_tiles_and_full_precision_are_left_to_the_fused_kernel(monkeypatch, features, dtype):
    monkeypatch.setattr(attention, "cpu_features", lambda: frozenset(features))
    monkeypatch.setattr(attention, "_explicit", None)
    drawing = [each.to(dtype) for each in drawn()]
    found, _ = grouped_sdpa(torch.nn.Identity(), *drawing)
    assert (found.double() - by_hand(*drawing)).abs().max() < 0.05
