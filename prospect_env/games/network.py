"""Who meets whom: a user's `network` parameter as undirected edges between seats.

Games that are played on a graph have a field `network`, which `edges_of` normalises in `__post_init__`, and a property
`edges` that returns it. A network is one of

* None: everybody meets everybody;
* pairs of seats: `[(0, 1), (1, 2)]`;
* a networkx graph whose nodes are the seats 0 to N-1;
* the path of an edge list, one pair of seats a line, as `networkx.read_edgelist` reads it;
* a networkx generator with its arguments, as text: `"cycle_graph(6)"`, `"watts_strogatz_graph(8, 4, 0.1, seed=3)"`.

A generator that draws needs its `seed`: a game is the same game wherever it is built.
"""

from __future__ import annotations

import ast
import inspect
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool

from prospect_env.core.errors import BadParameter, UnknownName

if TYPE_CHECKING:
    import networkx as nx

Edges = tuple[tuple[int, int], ...]

_FORMS = "None, pairs of seats, a networkx graph, the path of an edge list or a networkx generator as text"


def edges_of(network: Any, seats: int) -> Edges | None:
    """`network` as sorted pairs of seats, each pair sorted; None where everybody meets everybody.

    Raises `BadParameter` where it cannot be read, is directed, joins a seat to itself or to what is no seat, or leaves
    a seat without anybody to meet.
    """
    if network is None:
        return None
    pairs = _pairs(network)
    for pair in pairs:
        _check_pair(pair, seats)
    edges = tuple(sorted({(int(min(pair)), int(max(pair))) for pair in pairs}))
    alone = sorted(set(range(seats)) - {seat for edge in edges for seat in edge})
    if alone:
        raise BadParameter(f"network leaves seats {alone} of {seats} without an edge; each needs somebody to meet")
    return edges


def adjacency(edges: Edges | None, seats: int) -> Bool[np.ndarray, "N N"]:
    """Whether two seats meet, Bool `[N, N]`, read-only; nobody meets oneself."""
    meets = ~np.eye(seats, dtype=bool)
    if edges is not None:
        one, other = np.array(edges, dtype=np.intp).reshape(-1, 2).T
        meets = np.zeros((seats, seats), dtype=bool)
        meets[one, other] = meets[other, one] = True
    meets.setflags(write=False)
    return meets


def graph(edges: Edges | None, seats: int) -> nx.Graph:
    """The network as a networkx graph whose nodes are the seats 0 to N-1."""
    import networkx as nx

    if edges is None:
        return nx.complete_graph(seats)
    built = nx.empty_graph(seats)
    built.add_edges_from(edges)
    return built


def _pairs(network: Any) -> list[tuple[Any, Any]]:
    """The pairs of nodes of a network in any of its forms."""
    if isinstance(network, str) and network.strip().endswith(")"):
        network = _generated(network)
    elif isinstance(network, str | os.PathLike):
        network = _read(Path(network))
    if hasattr(network, "is_directed"):
        return _of_graph(network)
    if not isinstance(network, Iterable):
        raise BadParameter(f"network is {network!r}; it may be {_FORMS}")
    pairs = [tuple(pair) if isinstance(pair, Iterable) else (pair,) for pair in network]
    for pair in pairs:
        if len(pair) != 2:
            raise BadParameter(f"network holds {pair!r}; edges are pairs of seats")
    return [(one, other) for one, other in pairs]


def _of_graph(built: nx.Graph) -> list[tuple[Any, Any]]:
    if built.is_directed():
        raise BadParameter(f"network is a directed graph ({built}); edges must have no direction: give to_undirected()")
    pairs = [(one, other) for one, other in built.edges()]
    met = {node for pair in pairs for node in pair}
    alone = [node for node in built.nodes if node not in met]
    if alone:
        raise BadParameter(f"network has the nodes {alone} without an edge; every node is a seat that meets somebody")
    return pairs


def _check_pair(pair: tuple[Any, Any], seats: int) -> None:
    for seat in pair:
        whole = isinstance(seat, int | np.integer) and not isinstance(seat, bool)
        if not whole or not 0 <= seat < seats:
            raise BadParameter(f"network has the node {seat!r}; nodes are seats, 0 to {seats - 1}")
    if pair[0] == pair[1]:
        raise BadParameter(f"network joins seat {pair[0]} to itself; an edge joins two seats")


def _read(path: Path) -> nx.Graph:
    import networkx as nx

    try:
        # Weights and whatever else stands behind the two seats of a line is left unread.
        return nx.read_edgelist(path, nodetype=int, data=False)
    except OSError as error:
        raise BadParameter(f"network is {str(path)!r}; there is no such edge list, and it may be {_FORMS}") from error
    except (TypeError, ValueError) as error:
        raise BadParameter(f"{path} is no edge list, one pair of seats a line ({error})") from error


def _generated(text: str) -> nx.Graph:
    """The graph of a text such as `cycle_graph(6)`: one call of a networkx generator with literal arguments."""
    name, positional, named = _parsed(text)
    build = _generator(name)
    parameters = inspect.signature(build).parameters
    seed = named.get("seed", dict(zip(parameters, positional, strict=False)).get("seed"))
    if "seed" in parameters and seed is None:
        raise BadParameter(f"network {text!r} would be drawn anew each time; give it a seed, as in seed=1")
    try:
        built = build(*positional, **named)
    except Exception as error:
        # networkx and its generators raise all kinds of things at bad arguments.
        raise BadParameter(f"network {text!r} cannot be built: {error}") from error
    if not hasattr(built, "is_directed"):
        raise BadParameter(f"network {text!r} gives a {type(built).__name__}, not a graph")
    return _numbered(built)


def _numbered(built: nx.Graph) -> nx.Graph:
    """A generated graph whose nodes have names (the crossings of a grid, say) with numbers in their place, in order."""
    import networkx as nx

    return built if all(isinstance(node, int) for node in built) else nx.convert_node_labels_to_integers(built)


def _parsed(text: str) -> tuple[str, list[Any], dict[str, Any]]:
    """The name and the arguments of a call; nothing of the text is run."""
    try:
        call: Any = ast.parse(text.strip(), mode="eval").body
        name = str(call.func.id)
        positional = [ast.literal_eval(argument) for argument in call.args]
        named = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}
    except (AttributeError, SyntaxError, TypeError, ValueError) as error:
        raise BadParameter(
            f"network {text!r} cannot be read; write a networkx generator and its numbers, as in cycle_graph(6)"
        ) from error
    return name, positional, named


def _generator(name: str) -> Callable[..., Any]:
    """The function of this name in networkx's generators."""
    import networkx as nx

    found = {
        key: value
        for key, value in vars(nx).items()
        if callable(value) and getattr(value, "__module__", "").startswith("networkx.generators")
    }
    if name not in found:
        raise BadParameter("network: " + str(UnknownName("networkx generator", name, found)))
    return found[name]
