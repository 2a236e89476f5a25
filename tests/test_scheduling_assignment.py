"""PAA and MXNet's default rule against the paper's Table 3, on ResNet-50's blocks."""

import numpy as np
import pytest

from compute.scheduling.assignment import BIG, balance, by_key, expected, paa, resnet50_blocks

BLOCKS = resnet50_blocks()
SERVERS = 10


def test_the_blocks_are_those_of_table_3():
    assert len(BLOCKS) == 157
    assert sum(BLOCKS) == pytest.approx(25e6, rel=0.03)
    assert sum(block > BIG for block in BLOCKS) == 10


def test_table_3s_row_of_paa():
    found = balance(*paa(BLOCKS, SERVERS))
    assert (round(found.size_difference / 1e6, 1), found.request_difference, found.requests) == (0.1, 1, 157)


def test_table_3s_row_of_mxnet_needs_that_blocks_of_a_size_share_a_key():
    """As the authors' script takes a block's place for that of the first of its size."""
    found = balance(*by_key(BLOCKS, [9973 * BLOCKS.index(block) for block in BLOCKS], SERVERS))
    assert (round(found.size_difference / 1e6, 1), found.request_difference, found.requests) == (3.6, 43, 247)


def test_mxnets_rule_with_keys_of_their_own():
    found = balance(*by_key(BLOCKS, [9973 * key for key in range(len(BLOCKS))], SERVERS))
    assert (round(found.size_difference / 1e6, 2), found.request_difference, found.requests) == (1.14, 2, 247)
    assert expected("default", BLOCKS, SERVERS).requests == 247


@pytest.mark.parametrize("servers", [1, 2, 3, 7, 16, 50, 200])
@pytest.mark.parametrize("seed", range(3))
def test_every_parameter_is_somewhere(servers, seed):
    blocks = np.random.default_rng(seed).integers(1, 3_000_000, size=40).tolist()
    for sizes, requests in (paa(blocks, servers), by_key(blocks, list(range(40)), servers)):
        assert sizes.sum() == pytest.approx(sum(blocks)) and len(sizes) == servers
        assert requests.sum() >= len(blocks)


def test_a_block_above_the_average_is_cut():
    sizes, requests = paa([100, 10, 10], 4)
    assert sizes.tolist() == [30, 30, 30, 30]
    assert sorted(requests.tolist()) == [1, 1, 1, 3]


def test_small_blocks_balance_requests():
    sizes, requests = paa([1000] * 2 + [1] * 4, 2)
    assert sizes.tolist() == [1002, 1002] and requests.tolist() == [3, 3]


def test_paa_is_evener_at_any_number_of_servers():
    for servers in (2, 5, 10, 20, 40):
        mine, theirs = expected("paa", BLOCKS, servers), expected("default", BLOCKS, servers)
        assert mine.largest < theirs.largest and mine.requests < theirs.requests and mine.request_difference <= 1
