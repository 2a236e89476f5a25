"""The simulations of section 6 of the Optimus paper: DRF and Tetris relative to Optimus, ours beside the paper's."""

import pandas as pd

from store.interval import half_width
from store.optimus.trainings import latest
from store.reader import Reader

# each seed's ratio of a scheduler to Optimus in the same setting
RATIOS = """
    SELECT r.experiment, r.setting, r.value, r.scheduler, r.seed, r.jct_s / o.jct_s AS jct,
           r.makespan_s / o.makespan_s AS makespan
    FROM schedule_results AS r JOIN schedule_results AS o USING (run_id, experiment, setting, seed)
    WHERE r.run_id = $run AND o.scheduler = 'optimus' AND r.scheduler <> 'optimus'
"""
SCHEDULER = "CASE scheduler WHEN 'drf' THEN 'DRF' ELSE 'Tetris' END"


def ratios(reader: Reader) -> pd.DataFrame:
    """DRF and Tetris relative to Optimus by experiment and setting, means over the seeds with 95 % intervals.

    `paper_jct` and `paper_makespan` are NULL where the paper prints no ratio. In the experiments
    `allocation` and `placement` it is Optimus with their part relative to Optimus with its own.
    """
    return reader.df(
        f"""
        SELECT experiment, setting, {SCHEDULER} AS scheduler, count(*) AS seeds,
               avg(jct) AS jct, avg(jct) - {half_width("jct")} AS jct_low, avg(jct) + {half_width("jct")} AS jct_high,
               avg(makespan) AS makespan, avg(makespan) - {half_width("makespan")} AS makespan_low,
               avg(makespan) + {half_width("makespan")} AS makespan_high,
               any_value(p.jct_ratio) AS paper_jct, any_value(p.makespan_ratio) AS paper_makespan
        FROM ({RATIOS}) AS r LEFT JOIN optimus_results AS p USING (experiment, setting, scheduler)
        GROUP BY experiment, setting, scheduler
        ORDER BY list_position(['testbed', 'mode', 'arrivals', 'allocation', 'placement', 'assumption'], experiment),
                 setting, scheduler
        """,
        {"run": latest(reader, "schedule")},
    )


def assumptions(reader: Reader) -> pd.DataFrame:
    """What is assumed where the paper says nothing, what instead, and the ratios of completion time that come of it."""
    rows = reader.df(
        "SELECT setting, assumed, instead FROM schedule_assumptions WHERE run_id = ? ORDER BY instead IS NULL, setting",
        [latest(reader, "schedule")],
    )
    found = ratios(reader).query("experiment == 'assumption'").pivot(index="setting", columns="scheduler", values="jct")
    return rows.merge(found.reindex(columns=["DRF", "Tetris"]), how="left", left_on="setting", right_index=True)


def error_sensitivity(reader: Reader) -> pd.DataFrame:
    """Change of Optimus' mean completion time by wrong estimates of `of` (epochs or speed), percent, with intervals."""
    change = "100 * (r.jct_s / o.jct_s - 1)"
    return reader.df(
        f"""
        SELECT split_part(setting, ' ', 1) AS of, value AS error_percent, avg(change) AS change_percent,
               avg(change) - {half_width("change")} AS low, avg(change) + {half_width("change")} AS high
        FROM (
            SELECT r.setting, r.value, {change} AS change
            FROM schedule_results AS r JOIN schedule_results AS o USING (run_id, experiment, scheduler, seed)
            WHERE r.run_id = ? AND r.experiment = 'error' AND o.setting = 'none' AND r.value IS NOT NULL
        )
        GROUP BY ALL ORDER BY of, error_percent
        """,
        [latest(reader, "schedule")],
    )


def summary(reader: Reader) -> pd.DataFrame:
    """One row, or none: the run, its seeds and jobs, and how many of the paper's comparisons have the same order here.

    A comparison is a ratio of completion time or makespan; the order is the same where both are above 1.
    """
    run, rows = latest(reader, "schedule"), ratios(reader).dropna(subset=["paper_jct"])
    if rows.empty:
        return rows
    values = pd.concat([rows["jct"], rows["makespan"]])
    jobs = reader.one("SELECT max(jobs) FROM schedule_results WHERE run_id = ? AND experiment = 'testbed'", [run])
    return pd.DataFrame(
        {
            "run_id": [run],
            "seeds": rows["seeds"].max(),
            "jobs": jobs[0],
            "comparisons": len(values),
            "same_order": int((values > 1).sum()),
        }
    )
