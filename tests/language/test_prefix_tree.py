"""What is kept of cached tokens, and what is let go."""

from prospect_agents.language.prefix_tree import ROOT, PrefixTree


def grown(*keys: int) -> tuple[PrefixTree, list[int]]:
    """A tree of one text, and its slots."""
    tree, slots = PrefixTree(), []
    for key, new in zip(keys, tree.take(len(keys)), strict=True):
        slots.append(tree.add(slots[-1] if slots else ROOT, key, new))
    tree.tick()
    return tree, slots


def test_what_is_followed_stays_for_the_call_and_no_longer() -> None:
    tree, slots = grown(1, 2, 3)
    assert tree.find([1]) == slots[:1]
    assert tree.follow(slots[0], 2) == slots[1]
    assert tree.follow(slots[0], 3) is None
    tree.trim(0)
    assert tree.find([1, 2, 3]) == slots[:2]
    tree.tick()
    tree.trim(0)
    assert tree.find([1]) == []


def test_adding_what_is_there_gives_the_slot_back() -> None:
    tree, slots = grown(1, 2)
    [new] = tree.take(1)
    free = len(tree._free)
    assert tree.add(slots[0], 2, new) == slots[1]
    assert len(tree) == 2
    assert len(tree._free) == free + 1


def test_a_token_that_is_pinned_stays_where_another_goes() -> None:
    tree, slots = grown(1)
    pinned, other = tree.take(2)
    tree.add(slots[0], 2, pinned, pin=True)
    tree.add(slots[0], 3, other)
    tree.trim(0)
    assert tree.follow(slots[0], 2) == pinned
    assert tree.follow(slots[0], 3) is None
