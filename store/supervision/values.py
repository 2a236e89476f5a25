"""What the written answers of Problem 2 quote of our own experiments; the papers' numbers are published facts."""

import pandas as pd

from store.reader import Reader
from store.supervision import experiments, selection


def values(reader: Reader) -> dict[str, object]:
    """What the written answers of Problem 2 quote, by placeholder; None where the store has nothing."""
    found = _pretraining_values(reader) | _student_values(reader) | _selection_values(reader)
    return {name: None if not isinstance(value, str) and pd.isna(value) else value for name, value in found.items()}


def _pretraining_values(reader: Reader) -> dict[str, object]:
    """Accuracies and losses by noise (`noise_linear_25`, `lost_linear_25`), accuracies and changes by sampling (`sampling_linear_tail_natural`, `resampled_linear_tail_sqrt`)."""
    found: dict[str, object] = {}
    noise, sampling = experiments.noise(reader), experiments.resampling(reader)
    if len(noise):
        found |= {"noise_seeds": noise["seeds"].min(), "noise_images": experiments.source_images(reader)}
    for row in noise.itertuples():
        key = f"{row.stage}_{row.noise_percent:g}"
        found |= {f"noise_{key}": row.percent, f"lost_{key}": row.lost, f"lost_spread_{key}": row.lost_spread}
    if len(sampling):
        found["sampling_seeds"] = sampling["seeds"].min()
    for row in sampling.itertuples():
        key = f"{row.stage}_{row.part}_{row.sampling}"
        found |= {f"sampling_{key}": row.percent, f"sampling_images_{row.part}": row.images, f"resampled_{key}": row.change, f"resampled_spread_{key}": row.change_spread}
    return found


def _student_values(reader: Reader) -> dict[str, object]:
    """The teacher, and students by kind: the one on labelled data alone, and at the K and P at which every kind was trained."""
    found: dict[str, object] = {}
    for row in experiments.teachers(reader).query("main").itertuples():
        found |= {"teacher_percent": row.percent, "teacher_spread": row.spread, "unlabelled_images": row.unlabelled}
    return found | _kind_values(experiments.students(reader), *experiments.steps(reader)) | _curve_values(reader) | _repair_values(reader)


def _kind_values(rows: pd.DataFrame, steps: int | None, before: int | None) -> dict[str, object]:
    """Accuracy, gain over labelled data alone, and its spread, of each kind of student (`student_self`, `student_self_gain`, `student_self_gain_spread`)."""
    own = rows[rows["kind"] == "self"]
    if own.empty:
        return {}
    k, p = int(own["k"].iloc[0]), int(own["p"].iloc[0])
    same = rows[(rows["kind"] == "labelled") | ((rows["k"] == k) & (rows["p"] == p))]
    found: dict[str, object] = {"compared_k": k, "compared_p": p, "student_seeds": same["seeds"].min(), "student_steps": steps, "pretraining_steps": before}
    for row in same.itertuples():
        key = f"student_{row.kind}" + ("" if row.stage == "final" else f"_{row.stage}")
        found |= {key: row.percent, f"{key}_spread": row.spread, f"{key}_gain": row.gain, f"{key}_gain_spread": row.gain_spread}
    return found


def _curve_values(reader: Reader) -> dict[str, object]:
    """Accuracy of the fine-tuned student against K, the first K being 1 (`curve_percent_1`), and what the seeds' paired differences resolve of its shape."""
    curve = experiments.by_k(reader).query("stage == 'final'").reset_index(drop=True)
    if curve.empty:
        return {}
    best = curve[curve["k"] == curve["best_k"]].iloc[0]
    found: dict[str, object] = {"curve_seeds": curve["seeds"].min(), "curve_p": int(best["p"]), "curve_best_k": int(best["k"])}
    if curve["behind_half"].notna().all():
        found["curve_shape"] = experiments.shape(curve)
    for row in curve.itertuples():
        names = ("k", "percent", "behind", "behind_half", "truth", "truth_behind", "truth_behind_half", "price", "price_half")
        found |= {f"curve_{name}_{row.Index + 1}": getattr(row, name) for name in names}
    return found


def _repair_values(reader: Reader) -> dict[str, object]:
    """What the final fine-tuning adds, the first K being 1 (`repair_tuned_1`)."""
    rows = experiments.repair(reader)
    names = ("tuned", "truth_tuned", "repaired", "repaired_half")
    return {f"repair_{name}_{row.Index + 1}": getattr(row, name) for row in rows.itertuples() for name in names}


def _selection_values(reader: Reader) -> dict[str, object]:
    """The selected sets by K and P, both counted from the least as 1 (`set_least_5_1`: K is the fifth, P the first), and correct labels at both ends of the ranking."""
    rows = selection.by_k(reader)
    if rows.empty:
        return {}
    ks, ps = sorted(rows["k"].unique()), sorted(rows["p"].unique())
    found: dict[str, object] = {"selection_seeds": rows["seeds"].min(), "class_images": selection.images_of_a_class(reader)}
    found |= {f"set_k_{n}": int(k) for n, k in enumerate(ks, start=1)} | {f"set_p_{n}": int(p) for n, p in enumerate(ps, start=1)}
    for frame, name in ((rows, "set"), (selection.character(reader), "images"), (selection.thinned(reader), "thinned")):
        for row in frame.to_dict("records"):
            place = f"{ks.index(row.pop('k')) + 1}_{ps.index(row.pop('p')) + 1}"
            found |= {f"{name}_{column}_{place}": value for column, value in row.items()}
    ends = selection.ends_of_ranking(reader)
    if len(ends):
        found |= {"precision_first": ends["precision_percent"].iloc[0], "precision_last": ends["precision_percent"].iloc[-1]}
    return found

QUOTABLE: dict = {}
