"""What follows from the speeds that Optimus' first author published: θ by network, and errors by number of points.

    python -m compute.optimus.published_speeds FILE

FILE has the columns model, mode, batch, servers, workers and images_per_s (of all workers together); it
is made from `config_speed.txt` of the DL2 scheduler's code. Writes `speed_fits.csv` and
`speed_fit_errors.csv` in store/published.
"""

import csv
import sys
from pathlib import Path

import numpy as np

from compute.core.speed import MODES
from compute.optimus.speed_fit import error_percent, fit, held_out_errors
from compute.optimus.speeds import FACTS

ORIGIN = {"source": "DL2 code", "place": "config_speed.txt, fitted", "confidence": "derived"}


def derive(file: Path) -> tuple[list[dict], list[dict]]:
    """Rows of `speed_fits` and of `speed_fit_errors` for every network of the file."""
    with open(file, encoding="utf-8", newline="") as handle:
        # a speed of 0 stands for a measurement that failed
        rows = [row for row in csv.DictReader(handle) if float(row["images_per_s"]) > 0]
    fits, errors = [], []
    for network in dict.fromkeys(row["model"] for row in rows):
        mine = [row for row in rows if row["model"] == network]
        batch = float(mine[0]["batch"])
        servers, workers, images = (np.array([float(row[name]) for row in mine]) for name in _COLUMNS)
        points = (MODES[0], servers, workers, images / batch, batch)
        model = fit(*points)
        fits.append(
            {
                "network": network,
                "points": len(mine),
                **{f"theta{i}": f"{theta:.6g}" for i, theta in enumerate(model.theta)},
                "m_batch": f"{batch:g}",
                "error_percent": f"{error_percent(model, servers, workers, images / batch):.2f}",
                **ORIGIN,
            }
        )
        errors += [
            {"network": network, **{k: v if k == "points" else f"{v:.2f}" for k, v in row.items()}, **ORIGIN}
            for row in held_out_errors(*points)
        ]
    return fits, errors


_COLUMNS = ("servers", "workers", "images_per_s")

if __name__ == "__main__":
    for table, found in zip(("speed_fits", "speed_fit_errors"), derive(Path(sys.argv[1])), strict=True):
        with open(FACTS / f"{table}.csv", "w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, found[0].keys(), lineterminator="\n")
            writer.writeheader()
            writer.writerows(found)
