"""A network in every form that a user may give it in, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

from prospect_env.core.errors import BadParameter
from prospect_env.games.network import adjacency, edges_of, graph

PATH = ((0, 1), (1, 2))
RING = ((0, 1), (0, 3), (1, 2), (2, 3))


@pytest.mark.parametrize(
    ("network", "seats", "edges"),
    [
        (None, 5, None),
        (PATH, 3, PATH),
        ([[2, 1], [1, 0], [0, 1]], 3, PATH),
        (np.array([[1, 0], [2, 1]]), 3, PATH),
        (nx.path_graph(3), 3, PATH),
        (nx.MultiGraph([(0, 1), (1, 2), (2, 1)]), 3, PATH),
        ("path_graph(3)", 3, PATH),
        (" cycle_graph(n=4) ", 4, RING),
        # A grid's nodes are named (row, column); in order, they are the seats 0 to 3.
        ("grid_2d_graph(2, 2)", 4, ((0, 1), (0, 2), (1, 3), (2, 3))),
        ("complete_multipartite_graph(1, 2)", 3, ((0, 1), (0, 2))),
    ],
)
def test_forms(network: Any, seats: int, edges: Any) -> None:
    found = edges_of(network, seats)
    assert found == edges
    assert edges_of(found, seats) == edges, "what is normalised stays as it is"
    hash(found)
    assert found is None or all(type(seat) is int for edge in found for seat in edge)


def test_an_edge_list_file(tmp_path: Path) -> None:
    file = tmp_path / "ring (4).edges"
    file.write_text("# who meets whom\n1 0 {'weight': 3}\n1 2\n2 3\n3 0\n", encoding="utf-8")
    assert edges_of(file, 4) == edges_of(str(file), 4) == RING


def test_a_generator_that_draws_is_drawn_by_its_seed() -> None:
    text = "watts_strogatz_graph(8, 4, 0.5, seed=3)"
    expected = tuple(sorted(tuple(sorted(edge)) for edge in nx.watts_strogatz_graph(8, 4, 0.5, seed=3).edges))
    assert edges_of(text, 8) == edges_of("watts_strogatz_graph(8, 4, 0.5, 3)", 8) == expected
    assert edges_of("watts_strogatz_graph(8, 4, 0.5, seed=4)", 8) != expected


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ("cycle_graph(4)", "node 3; nodes are seats, 0 to 2"),
        ("cycle_graph(2)", r"seats \[2\] of 3"),
        ([(0, 1)], r"seats \[2\] of 3"),
        ([], r"seats \[0, 1, 2\] of 3"),
        (nx.empty_graph(3), r"nodes \[0, 1, 2\] without an edge"),
        (nx.Graph([("a", "b")]), "node 'a'"),
        (nx.DiGraph([(0, 1), (1, 2)]), "directed"),
        ("gn_graph(3, seed=1)", "directed"),
        ([(0, 1), (1, 2), (2, 2)], "seat 2 to itself"),
        ([(0, 1), (1, 2), (2, -1)], "node -1"),
        ([(0, 1), (1, 2.0)], "node 2.0"),
        ([(0, True), (1, 2)], "node True"),
        ([(0, 1, 2)], r"\(0, 1, 2\); edges are pairs"),
        ([0, 1, 2], r"\(0,\); edges are pairs"),
        (3, "network is 3; it may be"),
        ("no_such_file.edges", "no such edge list"),
        ("ring_graph(3)", "unknown networkx generator 'ring_graph'"),
        ("read_edgelist('x')", "unknown networkx generator"),
        ("gnp_random_graph(3, 0.9)", "give it a seed"),
        ("cycle_graph()", "cannot be built"),
        ("cycle_graph(3, sides=3)", "cannot be built"),
        ("is_valid_joint_degree({})", "gives a bool, not a graph"),
        ("cycle_graph(n)", "cannot be read"),
        ("cycle_graph(])", "cannot be read"),
        ("x" * 5000, "no such edge list"),
        ("nx.cycle_graph(3)", "cannot be read"),
        ("__import__('os').system('true')", "cannot be read"),
        ("cycle_graph(__import__('os').getpid())", "cannot be read"),
        ("(3)", "cannot be read"),
    ],
)
def test_refused(network: Any, message: str) -> None:
    with pytest.raises(BadParameter, match=message):
        edges_of(network, 3)


def test_a_file_that_is_no_edge_list(tmp_path: Path) -> None:
    file = tmp_path / "names.edges"
    file.write_text("ann bob\n", encoding="utf-8")
    with pytest.raises(BadParameter, match="no edge list"):
        edges_of(file, 2)


def test_adjacency() -> None:
    assert adjacency(PATH, 3).tolist() == [[False, True, False], [True, False, True], [False, True, False]]
    assert adjacency(None, 3).tolist() == [[False, True, True], [True, False, True], [True, True, False]]
    with pytest.raises(ValueError, match="read-only"):
        adjacency(PATH, 3)[0, 2] = True


def test_graph() -> None:
    assert nx.is_isomorphic(graph(PATH, 3), nx.path_graph(3))
    assert sorted(graph(None, 4)) == [0, 1, 2, 3]
    assert graph(None, 4).number_of_edges() == 6


def test_networkx_is_not_imported_before_it_is_needed() -> None:
    code = "import sys, prospect_env.games.network as n; n.edges_of([(0, 1)], 2); sys.exit('networkx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
