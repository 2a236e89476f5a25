"""What the written answers of Problem 2 quote of our own experiments; the papers' numbers are published facts."""

import pandas as pd

from store.reader import Reader
from store.supervision import experiments, selection


def values(reader: Reader) -> dict[str, object]:
    """What the written answers of Problem 2 quote, by placeholder; None where the store has nothing."""
    found = _pretraining_values(reader) | _student_values(reader) | _selection_values(reader)
    return {name: None if not isinstance(value, str) and pd.isna(value) else value for name, value in found.items()}


def _pretraining_values(reader: Reader) -> dict[str, object]:
    """Accuracies and losses by noise (`noise_linear_25`, `lost_linear_25`) and by sampling (`sampling_linear_tail_sqrt`)."""
    found: dict[str, object] = {}
    for row in experiments.noise(reader).itertuples():
        key = f"{row.stage}_{row.noise_percent:g}"
        found |= {f"noise_{key}": row.percent, f"lost_{key}": row.lost, f"noise_spread_{key}": row.spread, "noise_seeds": row.seeds}
    rows = experiments.resampling(reader)
    for row in rows.itertuples():
        found |= {f"sampling_{row.stage}_{row.part}_{row.sampling}": row.percent, f"tail_images_{row.part}": row.images, "sampling_seeds": row.seeds}
    for (stage, part), mine in rows.groupby(["stage", "part"]):
        percent = mine.set_index("sampling")["percent"]
        if "natural" in percent:
            found |= {f"resampled_{stage}_{part}_{sampling}": value - percent["natural"] for sampling, value in percent.items()}
    return found


def _student_values(reader: Reader) -> dict[str, object]:
    """Teachers, and students by kind; of the selected ones the best K and P, and the ends of its K."""
    found: dict[str, object] = {}
    for row in experiments.teachers(reader).itertuples():
        name = "teacher" if row.main else "own_teacher"
        found |= {f"{name}_percent": row.percent, f"{name}_unlabelled": row.unlabelled_percent, f"{name}_network": row.model, "unlabelled_images": row.unlabelled}
    rows = experiments.students(reader)
    for row in rows[rows["kind"].isin(["labelled", "self"]) & (rows["stage"] == "final")].itertuples():
        found |= {f"student_{row.kind}": row.percent, f"student_{row.kind}_gain": row.gain, f"student_{row.kind}_spread": row.spread}
    return found | _curve_values(rows) | _middle_values(rows)


def _curve_values(rows: pd.DataFrame) -> dict[str, object]:
    """The setting with the highest accuracy, the ends of its K, and whether the accuracy rises and falls by more than the seeds' spread."""
    final = rows[(rows["kind"] == "selected") & (rows["stage"] == "final")]
    if final.empty:
        return {}
    best = final.nlargest(1, "percent").iloc[0]
    same = final[final["p"] == best["p"]].sort_values("k")
    first, last = same.iloc[0], same.iloc[-1]
    spread = best["spread"] if pd.notna(best["spread"]) else 0.0
    rises, falls = best["percent"] - first["percent"] > spread, best["percent"] - last["percent"] > spread
    shape = {(True, True): "rises and then falls", (True, False): "rises and does not fall", (False, True): "only falls", (False, False): "hardly changes"}
    return {
        "student_seeds": int(best["seeds"]),
        "student_best": best["percent"],
        "student_best_spread": best["spread"],
        "student_best_gain": best["gain"],
        "student_best_k": int(best["k"]),
        "student_best_p": int(best["p"]),
        "student_least_k": int(first["k"]),
        "student_at_least_k": first["percent"],
        "student_most_k": int(last["k"]),
        "student_at_most_k": last["percent"],
        "student_shape": shape[bool(rises), bool(falls)],
    }


def _middle_values(rows: pd.DataFrame) -> dict[str, object]:
    """The setting at which every kind of student was trained."""
    final = rows[rows["stage"] == "final"].set_index("kind")
    if not {"self", "selected", "truth"} <= set(final.index):
        return {}
    k, p = final.loc[["self"]].iloc[0][["k", "p"]]
    same = final[(final["k"] == k) & (final["p"] == p)]
    if not {"selected", "truth"} <= set(same.index):
        return {}
    return {
        "middle_k": int(k),
        "middle_p": int(p),
        "student_middle": same.loc["selected", "percent"],
        "student_middle_gain": same.loc["selected", "gain"],
        "student_truth": same.loc["truth", "percent"],
    }


def _selection_values(reader: Reader) -> dict[str, object]:
    """The selected sets at the middle and the largest K for the least, the middle and the largest P (`least_most_k_least_p`), and correct labels at both ends of the ranking."""
    rows, found = selection.by_k(reader), {}
    if rows.empty:
        return found
    ks, ps = sorted(rows["k"].unique()), sorted(rows["p"].unique())
    places = {"k": {"middle": ks[len(ks) // 2], "most": ks[-1]}, "p": {"least": ps[0], "middle": ps[len(ps) // 2], "most": ps[-1]}}
    found = {f"{at}_{name}_selected": int(value) for name, each in places.items() for at, value in each.items()}
    by = rows.set_index(["k", "p"])
    for k_at, k in places["k"].items():
        for p_at, p in places["p"].items():
            if (k, p) in by.index:
                found |= {f"{name}_{k_at}_k_{p_at}_p": by.loc[(k, p), name] for name in by.columns}
    for p, mine in selection.precision_by_rank(reader).groupby("p"):
        if p == ps[0]:
            found |= {"precision_first": mine["precision_percent"].iloc[0], "precision_last": mine["precision_percent"].iloc[-1]}
    return found
