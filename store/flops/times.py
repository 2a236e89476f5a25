"""Measured times: Lu et al.'s tables and our own timings."""

import pandas as pd

from store.reader import Reader


def lu_gap(reader: Reader) -> pd.DataFrame:
    """Lu et al.'s sum of layer times against the whole forward pass: ratio, overhead in ms, overall and per layer."""
    return reader.df("""
        SELECT t.place, model, network_name(model) AS network, platform,
               CASE WHEN platform LIKE '%GPU' THEN 'GPU' ELSE 'CPU' END AS processor,
               f.layers, t.ms AS sum_ms, w.ms AS forward_ms, t.ms - w.ms AS overhead_ms, t.ms / w.ms AS ratio,
               (t.ms - w.ms) / f.layers AS overhead_per_layer_ms
        FROM lu_times AS t
        JOIN lu_times AS w USING (model, platform)
        JOIN lu_flops AS f USING (model)
        WHERE t.kind = 'Total' AND w.kind = 'Forward' AND f.kind = 'Total'
        ORDER BY t.place, platform
    """)


def lu_times(reader: Reader) -> pd.DataFrame:
    """Tables 2, 3, 5 and 6 of Lu et al. as printed: ms and standard deviation by layer type and platform."""
    return reader.df(
        "SELECT place, model, platform, kind, ms, sd_ms, share_percent FROM lu_times ORDER BY place, platform, rowid"
    )


def own_gap(reader: Reader) -> pd.DataFrame:
    """Our own measurement: whole pass, sum of synchronised layers and sum of amortised layers, in ms for a batch.

    One row for each network, device, thread count and batch, at its largest scale; only runs that hold
    all three. `device_kind` is cpu or cuda, `ratio` and `amortised_ratio` are sums over the whole pass.
    """
    return reader.df("""
        WITH modes AS (
            SELECT run_id, t.model, t.device, batch, r.config->>'device_kind' AS device_kind,
                   (r.config->>'threads')::INTEGER AS threads, r.scale,
                   max(repeats) AS repeats, count(*) FILTER (mode = 'layerwise') AS layers,
                   sum(ms) FILTER (mode = 'full') AS forward_ms, sum(ms) FILTER (mode = 'layerwise') AS sum_ms,
                   sum(ms) FILTER (mode = 'amortised') AS amortised_ms
            FROM timings AS t JOIN runs AS r USING (run_id) GROUP BY ALL
        )
        SELECT run_id, model, network_name(model) AS network, device, device_kind, threads, batch, repeats, layers,
               forward_ms, sum_ms, amortised_ms,
               sum_ms / forward_ms AS ratio, amortised_ms / forward_ms AS amortised_ratio,
                   (sum_ms - forward_ms) / layers AS overhead_per_layer_ms
        FROM modes WHERE forward_ms > 0 AND sum_ms > 0 AND amortised_ms > 0
        QUALIFY scale = max(scale) OVER (PARTITION BY model, device, threads, batch)
        ORDER BY device_kind, device, model, batch
    """)


def own_rates(reader: Reader) -> pd.DataFrame:
    """What each kind of layer reaches in our own timings: its share of the layers' time and its rate in GFLOP/s.

    Amortised times of kinds that do operations at all, two a multiply-accumulate and one of everything else, of one run
    for each network, device and batch: the largest scale's with most threads. `of_best_percent` is the rate against the
    best kind of the same run.
    """
    return reader.df("""
        WITH every AS (
            SELECT run_id, t.model, t.device, r.config->>'device_kind' AS device_kind,
                   (r.config->>'threads')::INTEGER AS threads, r.scale, batch, kind, sum(ms) AS ms
            FROM timings AS t JOIN runs AS r USING (run_id) WHERE mode = 'amortised' GROUP BY ALL
        ), spent AS (
            SELECT * FROM every QUALIFY run_id = first_value(run_id) OVER (PARTITION BY model, device, batch
            ORDER BY scale DESC, threads DESC, run_id)
        ), work AS (
            SELECT model, CASE kind WHEN 'scale' THEN 'norm' ELSE kind END AS kind,
                   sum(flops + other_ops) / 1e9 AS giga_ops FROM layers GROUP BY ALL
        )
        SELECT run_id, s.model, network_name(s.model) AS network, device, device_kind, batch, s.kind, ms,
               giga_ops * batch AS giga_ops,
               1e3 * giga_ops * batch / ms AS giga_ops_per_s,
                   100 * ms / sum(ms) OVER (PARTITION BY run_id) AS time_percent,
               100 * giga_ops_per_s / max(1e3 * giga_ops * batch / ms) OVER (PARTITION BY run_id) AS of_best_percent
        FROM spent AS s JOIN work AS w ON s.model = w.model AND s.kind = w.kind
        WHERE ms > 0 AND giga_ops > 0 ORDER BY device, s.model, ms DESC
    """)
