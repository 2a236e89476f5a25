"""Speed models fitted to measurements: those made here, and those that Optimus' first author published."""

import pandas as pd

from store.reader import Reader


def measured_run(reader: Reader) -> str | None:
    """The newest measurement of parameter-server training at the largest scale; None without any."""
    row = reader.one(
        """
        SELECT run_id FROM runs WHERE problem = 'optimus' AND job = 'speed' ORDER BY scale DESC, started_at DESC LIMIT 1
        """
    )
    return row[0] if row else None


def coefficients(reader: Reader) -> pd.DataFrame:
    """One row for each speed model with its coefficients in seconds, M, the points and its error on them in percent.

    `measured` says that it was fitted to measurements made here, else to published ones; for those
    measured here `interval0` to `interval4` say the 95 % intervals.
    """
    rows = reader.df(
        """
        SELECT name, mode, theta0, theta1, theta2, theta3, theta4, m_batch, source, e.points,
               e.median_percent AS error_percent, TRUE AS measured
        FROM speed_models AS m LEFT JOIN (
            SELECT run_id, name, max(points) AS points, arg_max(median_percent, points) AS median_percent
            FROM speed_errors GROUP BY ALL
        ) AS e USING (run_id, name)
        WHERE run_id = ?
        UNION ALL
        SELECT 'published, ' || network, 'synchronous', theta0, theta1, theta2, theta3, theta4, m_batch, source, points,
               error_percent, FALSE
        FROM speed_fits
        """,
        [measured_run(reader)],
    )
    found = reader.df("SELECT name, theta, low, high FROM speed_intervals WHERE run_id = ?", [measured_run(reader)])
    said = {(row.name, row.theta): f"{row.low:.3g} to {row.high:.3g}" for row in found.itertuples(index=False)}
    return rows.assign(**{f"interval{i}": [said.get((name, i), "") for name in rows["name"]] for i in range(5)})


def errors(reader: Reader) -> pd.DataFrame:
    """Error on the points that were not used, by the number of points that were: name, points, quartiles in percent.

    `origin` is measured, published (networks of the first author's measurements) or paper (Fig. 8).
    """
    return reader.df(
        r"""
        SELECT name, points, median_percent, low_percent, high_percent, 'measured' AS origin
        FROM speed_errors WHERE run_id = $run AND points < (
            SELECT max(points) FROM speed_errors AS every WHERE every.run_id = $run AND every.name = speed_errors.name
        )
        UNION ALL
        SELECT network, points, median_percent, low_percent, high_percent, 'published' FROM speed_fit_errors
        UNION ALL
        SELECT CASE WHEN key LIKE '%\_async\_%' ESCAPE '\' THEN 'Fig. 8, asynchronous' ELSE 'Fig. 8, synchronous' END,
               regexp_extract(key, 'error_(\d+)_percent', 1)::INTEGER, value::DOUBLE, NULL, NULL, 'paper'
        FROM published WHERE regexp_matches(key, '^optimus_fig8_(a?)sync_error_\d+_percent$')
        ORDER BY origin, name, points
        """,
        {"run": measured_run(reader)},
    )


def samples(reader: Reader) -> pd.DataFrame:
    """Measured steps/s of all workers together: mode, servers, workers, steps_per_s."""
    return reader.df(
        "SELECT mode, servers, workers, steps_per_s FROM speed_samples WHERE run_id = ? ORDER BY ALL",
        [measured_run(reader)],
    )


def about(reader: Reader) -> pd.DataFrame:
    """One row, or none: cores, the network's parameters, images of a step, workers replaced, load average before."""
    return reader.df(
        """
        SELECT run_id, (config->>'cores')::INTEGER AS cores, (config->>'parameters')::INTEGER AS parameters,
               (config->>'batch')::INTEGER AS batch, (config->>'replaced')::INTEGER AS replaced,
               (config->>'load')::DOUBLE AS load
        FROM runs WHERE run_id = ?
        """,
        [measured_run(reader)],
    )
