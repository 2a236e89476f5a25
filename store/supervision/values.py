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
        found |= {f"resampled_{stage}_{part}_{sampling}": percent[sampling] - percent["natural"] for sampling in ("sqrt", "uniform")}
    return found


def _student_values(reader: Reader) -> dict[str, object]:
    """Teachers, and students by kind; of the selected ones the best K and P, and the ends of its K."""
    found: dict[str, object] = {}
    for row in experiments.teachers(reader).itertuples():
        name = "teacher" if row.main else "own_teacher"
        found |= {f"{name}_percent": row.percent, f"{name}_unlabelled": row.unlabelled_percent, f"{name}_network": row.model, "unlabelled_images": row.unlabelled}
    rows = experiments.students(reader)
    if rows.empty:
        return found
    final = rows[rows["stage"] == "final"]
    for kind in ("labelled", "self"):
        for row in final[final["kind"] == kind].itertuples():
            found |= {f"student_{kind}": row.percent, f"student_{kind}_gain": row.gain, f"student_{kind}_spread": row.spread}
    for row in rows[rows["kind"].isin(["selected", "truth"])].itertuples():
        found |= {f"student_{row.kind}_{row.stage}_k{row.k:.0f}_p{row.p:.0f}": row.percent}
    best = final[final["kind"] == "selected"].nlargest(1, "percent").iloc[0]
    same = final[(final["kind"] == "selected") & (final["p"] == best["p"])].sort_values("k")
    before = rows[(rows["stage"] == "pretrained") & (rows["kind"] == "selected") & (rows["k"] == best["k"]) & (rows["p"] == best["p"])]
    middle = final[final["kind"] == "self"].iloc[0]
    like_self = final[(final["kind"] == "selected") & (final["k"] == middle["k"]) & (final["p"] == middle["p"])].iloc[0]
    truth = final[(final["kind"] == "truth") & (final["k"] == middle["k"])].iloc[0]
    return found | {
        "student_seeds": int(best["seeds"]),
        "student_best": best["percent"],
        "student_best_spread": best["spread"],
        "student_best_gain": best["gain"],
        "student_best_k": int(best["k"]),
        "student_best_p": int(best["p"]),
        "student_best_before": before["percent"].iloc[0],
        "student_least_k": int(same["k"].iloc[0]),
        "student_at_least_k": same["percent"].iloc[0],
        "student_most_k": int(same["k"].iloc[-1]),
        "student_at_most_k": same["percent"].iloc[-1],
        "middle_k": int(middle["k"]),
        "middle_p": int(middle["p"]),
        "student_middle": like_self["percent"],
        "student_middle_gain": like_self["gain"],
        "student_truth": truth["percent"],
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
            found |= {f"{name}_{k_at}_k_{p_at}_p": by.loc[(k, p), name] for name in by.columns}
    for p, mine in selection.precision_by_rank(reader).groupby("p"):
        if p == ps[0]:
            found |= {"precision_first": mine["precision_percent"].iloc[0], "precision_last": mine["precision_percent"].iloc[-1]}
    return found
