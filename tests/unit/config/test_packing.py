import itertools

import pytest

from config.packing import Demand, misfits


def _demands(*gpus: int) -> list[Demand]:
    return [Demand(f"m{index}", count) for index, count in enumerate(gpus)]


@pytest.mark.parametrize(
    ("gpus", "nodes", "per_node"),
    [
        ((), 0, 8),
        ((4, 1, 1), 1, 8),
        ((1,) * 8, 1, 8),
        ((1, 4, 2, 1), 1, 8),
        ((1, 8, 4, 2, 1), 2, 8),
        ((4, 4, 4, 4), 2, 8),
        ((1,), 1, 1),
    ],
)
def test_what_fills_the_nodes_fits(gpus: tuple[int, ...], nodes: int, per_node: int):
    assert misfits(_demands(*gpus), nodes, per_node) == []


def test_the_smallest_is_left_out_and_the_rest_is_told():
    assert misfits(_demands(1, 8, 4, 4), 2, 8) == [(Demand("m0", 1), (0, 0))]


def test_a_demand_above_a_node_is_left_out_and_the_others_are_placed():
    assert misfits(_demands(8, 1), 2, 4) == [(Demand("m0", 8), (4, 4))]


def test_without_nodes_everything_is_left_out():
    assert misfits(_demands(1), 0, 8) == [(Demand("m0", 1), ())]


def test_it_is_exact_for_powers_of_two():
    # With such sizes everything fits exactly when the sum does: check against that for every small case.
    for count in range(1, 7):
        for gpus in itertools.combinations_with_replacement((1, 2, 4, 8), count):
            for nodes in (1, 2, 3):
                assert (misfits(_demands(*gpus), nodes, 8) == []) == (sum(gpus) <= 8 * nodes), (gpus, nodes)
