"""Data-parallel exchange: hand-computed times."""

import pytest

from compute.core.data_parallel import EXCHANGES, exchange_ms, link_of_ring_gbps

MB = 1e6  # 100 MB at 10 GB/s are 10 ms


@pytest.mark.parametrize(
    ("how", "devices", "ms"),
    [
        ("ring all-reduce", 1, 0.0),
        ("ring all-reduce", 2, 10.0),
        ("ring all-reduce", 4, 15.0),
        ("tree all-reduce", 1, 0.0),
        ("tree all-reduce", 4, 40.0),
        ("tree all-reduce", 5, 60.0),
        ("parameter servers", 1, 0.0),
        ("parameter servers", 4, 80.0),
    ],
)
def test_time_of_an_exchange(how, devices, ms):
    assert exchange_ms(how, 100 * MB, devices=devices, link_gbps=10) == pytest.approx(ms)


def test_more_servers_share_the_traffic():
    assert exchange_ms("parameter servers", 100 * MB, devices=4, link_gbps=10, servers=4) == pytest.approx(20.0)


def test_latency_counts_for_every_message():
    assert exchange_ms("ring all-reduce", 0, devices=4, link_gbps=10, latency_us=5) == pytest.approx(6 * 0.005)


def test_the_link_is_recovered_from_the_time():
    ms = exchange_ms("ring all-reduce", 100 * MB, devices=8, link_gbps=12)
    assert link_of_ring_gbps(ms, 100 * MB, 8) == pytest.approx(12)


@pytest.mark.parametrize("bad", [{"devices": 0}, {"link_gbps": 0.0}, {"servers": 0}])
def test_impossible_clusters_are_refused(bad):
    with pytest.raises(ValueError, match="must be"):
        exchange_ms(next(iter(EXCHANGES)), MB, **{"devices": 2, "link_gbps": 1.0, **bad})
