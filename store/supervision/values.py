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
        found |= {f"noise_{key}": row.percent, f"lost_{key}": row.lost, f"lost_spread_{key}": row.lost_spread, "noise_seeds": row.seeds}
    for row in experiments.resampling(reader).itertuples():
        found |= {f"sampling_{row.stage}_{row.part}_{row.sampling}": row.percent, f"tail_images_{row.part}": row.images, "sampling_seeds": row.seeds}
        key = f"{row.stage}_{row.part}_{row.sampling}"
        found |= {f"resampled_{key}": row.change, f"resampled_spread_{key}": row.change_spread}
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
    return found | _curve_values(reader, rows) | _middle_values(rows)


def _curve_values(reader: Reader, rows: pd.DataFrame) -> dict[str, object]:
    """Accuracy against K with the P at which every K was tried: the K that is best on average and both ends, and by how much they are behind it, seed by seed.

    `student_shape` calls a rise or a fall only what the seeds' paired differences resolve (95 % interval
    without 0).
    """
    curve = experiments.steps_between_ks(reader).query("stage == 'final'")
    if curve.empty:
        return {}
    best, first, last = curve[curve["k"] == curve["best_k"]].iloc[0], curve.iloc[0], curve.iloc[-1]
    rises, falls = (bool(end["behind"] > end["half"]) for end in (first, last))
    shape = {
        (True, True): "rises and then falls",
        (True, False): "rises, and a fall is not resolved",
        (False, True): "falls, and a rise is not resolved",
        (False, False): "neither rises nor falls by more than the seeds leave open",
    }
    found = {
        "student_seeds": int(best["seeds"]),
        "student_best": best["percent"],
        "student_best_k": int(best["k"]),
        "student_p": int(best["p"]),
        "student_shape": shape[rises, falls],
    }
    for end, row in (("least", first), ("most", last)):
        found |= {f"student_{end}_k": int(row["k"]), f"student_at_{end}_k": row["percent"], f"behind_at_{end}_k": row["behind"], f"behind_half_{end}_k": row["half"]}
    truth = rows[(rows["kind"] == "truth") & (rows["stage"] == "final")].set_index("k")["percent"]
    for end, row in (("least", first), ("best", best), ("most", last)):
        found[f"truth_at_{end}_k"] = truth.get(row["k"])
        found[f"price_of_noise_at_{end}_k"] = truth.get(row["k"], float("nan")) - row["percent"]
    return found


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
    places = {"k": {"least": ks[0], "middle": ks[len(ks) // 2], "most": ks[-1]}, "p": {"least": ps[0], "middle": ps[len(ps) // 2], "most": ps[-1]}}
    found = {f"{at}_{name}_selected": int(value) for name, each in places.items() for at, value in each.items()}
    by = rows.set_index(["k", "p"])
    for k_at, k in places["k"].items():
        for p_at, p in places["p"].items():
            if (k, p) in by.index:
                found |= {f"{name}_{k_at}_k_{p_at}_p": by.loc[(k, p), name] for name in by.columns}
    for frame, names in ((selection.character(reader), ("hardness", "spread")), (selection.thinned(reader), ("rarest_labels", "rarest_correct", "rarest_images", "rarest_found_percent"))):
        by = frame.set_index(["k", "p"])
        for p_at, p in places["p"].items():
            for k_at, k in places["k"].items():
                if (k, p) in by.index:
                    found |= {f"{name}_{k_at}_k_{p_at}_p": by.loc[(k, p), name] for name in names}
    mine = selection.precision_by_rank(reader).query("p == @places['p']['middle']")
    return found | {"precision_first": mine["precision_percent"].iloc[0], "precision_last": mine["precision_percent"].iloc[-1]}
