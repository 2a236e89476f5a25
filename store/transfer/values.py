"""What the written answers of Problem 1 quote, of the report's own target data set and image size."""

import math

import pandas as pd

from store.reader import Reader
from store.transfer import dataset, results

TARGET, PX = "flowers102", 64
# what is said of a rate, and the column of `rates` that holds it
RATE_COLUMNS = {
    "test": "test_percent",
    "val": "val_percent",
    "low": "low",
    "high": "high",
    "spread": "spread",
    "class_mean": "class_percent",
    "test_loss": "test_loss",
    "seconds": "seconds",
    "flops": "flops",
}


def values(reader: Reader) -> dict[str, object]:
    """What the written answers of Problem 1 quote, by placeholder; None where the store has nothing."""
    found = _dataset_values(reader) | {"target_px": PX} | _rate_values(reader, TARGET, PX) | _cost_values(reader, TARGET, PX)
    found |= _class_values(reader, TARGET, PX) | _size_values(reader, TARGET, PX)
    return {name: None if not isinstance(value, str | list) and pd.isna(value) else value for name, value in found.items()}


def _dataset_values(reader: Reader) -> dict[str, object]:
    known = dataset.datasets(reader).query("dataset == @TARGET")
    if known.empty:
        return {}
    row, found = known.iloc[0], {}
    found |= {"target_name": row["dataset"], "target_images": row["images"], "target_classes": row["classes"], "described_px": row["px"]}
    for split in dataset.balance(reader, row["dataset"]).itertuples():
        found |= {f"target_{split.split}_{name}": getattr(split, name) for name in ("images", "least", "median", "most", "imbalance")}
    classes = dataset.classes(reader, row["dataset"]).drop_duplicates("class_id")
    shared = classes[classes["base_class"].notna()]["class_name"]
    found |= {"target_shared": len(shared), "target_shared_names": ", ".join(shared)}
    found |= {
        "target_largest": classes.loc[classes["total"].idxmax(), "class_name"],
        "target_smallest": classes.loc[classes["total"].idxmin(), "class_name"],
        "base_parameters_m": (results.base_parameters(reader) or float("nan")) / 1e6,
        "guess_loss": math.log(row["classes"]),
        "head_parameters_m": (2048 + 1) * row["classes"] / 1e6,
    }
    return found


def _rate_values(reader: Reader, name: str, px: int) -> dict[str, object]:
    """Accuracies by approach and rate (0.001 is written 0001), and of the rate that each approach chose."""
    found: dict[str, object] = {}
    for row in results.rates(reader, name, px).itertuples():
        keys = [row.job if pd.isna(row.lr) else f"{row.job}_{f'{row.lr:g}'.replace('.', '')}"]
        keys += [f"{row.job}_best"] if row.chosen else []
        for key in keys:
            found |= {f"{key}_{what}": getattr(row, column) for what, column in RATE_COLUMNS.items()}
            found |= {f"{key}_lr": row.lr, f"{key}_seeds": row.seeds, f"{key}_epochs": row.epochs, f"{key}_precision": row.precision}
    early = results.curves(reader, name, px, "finetune").dropna(subset=["val_percent"])["epoch"].min()
    found["early_epoch"] = early
    for job in ("finetune", "extract", "scratch"):
        for rate, rows in results.curves(reader, name, px, job).groupby("lr"):
            key = f"{job}_{f'{rate:g}'.replace('.', '')}"
            if rate == found.get(f"{job}_best_lr"):
                found[f"{job}_best_last_loss"] = rows["train_loss"].iloc[-1]
            falls = rows[rows["lr_now"] < rows["lr_now"].shift()]
            found[f"{key}_drop_loss"] = rows["train_loss"].shift()[falls.index[0]] if len(falls) else None
            found[f"{key}_early_val"] = rows.loc[rows["epoch"] == early, "val_percent"].mean()
            found[f"{key}_largest_loss"] = rows["train_loss"].max()
            found[f"{key}_drop_epoch"] = rows["epoch"][falls.index[0]] - 1 if len(falls) else None
            found |= {f"{key}_first_loss": rows["train_loss"].iloc[0], f"{key}_last_loss": rows["train_loss"].iloc[-1], f"{key}_train": rows["train_percent"].iloc[-1]}
    if {"finetune_01_test", "finetune_001_test"} <= set(found):
        found["finetune_gap"] = found["finetune_01_test"] - found["finetune_001_test"]
    if {"finetune_best_test", "extract_best_test"} <= set(found):
        found["gain_points"] = found["finetune_best_test"] - found["extract_best_test"]
    if {"adabn_best_test", "extract_best_test"} <= set(found):
        found["adabn_loss"] = found["extract_best_test"] - found["adabn_best_test"]
    evaluated = results.evaluated(reader, name, px)
    if len(evaluated):
        steps, before = evaluated.loc[evaluated["job"] == "finetune", "epoch_steps"].max(), found.get("finetune_0001_drop_epoch")
        found |= {"extract_views": evaluated["views"].max(), "finetune_epoch_steps": steps, "first_drop_steps": steps * before if before else None}
        found["base_weights"] = "; ".join(sorted(evaluated["weights"].dropna().unique())) or None
        found["transfer_device"] = " and ".join(sorted(evaluated["device"].dropna().unique()))
    return found


def _cost_values(reader: Reader, name: str, px: int) -> dict[str, object]:
    """Seconds and FLOPs of the runs that each approach chose, and seconds of an epoch with as many threads as the last layers had."""
    chosen = results.rates(reader, name, px).query("chosen").set_index("job")
    found: dict[str, object] = {f"{job}_{what}": chosen.loc[job, what] for job in chosen.index for what in ("seconds", "flops", "threads")}
    epochs = results.comparable(results.epoch_seconds(reader, name, px))
    found |= {f"{what}_epoch_s": value for what, value in epochs.items()}
    if {"finetune", "extract"} <= set(chosen.index):
        found |= {f"{what}_ratio": chosen.loc["finetune", what] / chosen.loc["extract", what] for what in ("seconds", "flops")}
    if "finetune" in epochs:
        found |= {f"{what}_epoch_ratio": epochs["finetune"] / epochs[what] for what in ("extract", "forward", "whole") if what in epochs}
    together = results.evaluated(reader, name, px)["heads_together"].max()
    return found | {"heads_together": together}


def _size_values(reader: Reader, name: str, px: int) -> dict[str, object]:
    """The same images enlarged: what each approach that was tried at the largest size gets there (`large_extract_test`), and gains by it."""
    rows = results.by_size(reader, name)
    rows = rows[rows["px"] == rows["px"].max()] if len(rows) else rows
    if rows.empty or rows["px"].iloc[0] == px:
        return {}
    found: dict[str, object] = {"large_px": rows["px"].iloc[0]}
    for row in rows.itertuples():
        found |= {f"large_{row.job}_{what}": getattr(row, column) for what, column in RATE_COLUMNS.items()}
        found[f"large_{row.job}_lr"] = row.lr
    before = results.rates(reader, name, px).query("chosen").set_index("job")
    if {"extract", "finetune"} <= set(before.index) and "large_extract_test" in found:
        found["large_gain"] = found["large_extract_test"] - before.loc["extract", "test_percent"]
        if "large_finetune_test" in found:
            found["large_points"] = found["large_finetune_test"] - found["large_extract_test"]
            found["large_finetune_gain"] = found["large_finetune_test"] - before.loc["finetune", "test_percent"]
        found["large_flops_share"] = 100 * found["large_extract_flops"] / before.loc["finetune", "flops"]
    return found


def _class_values(reader: Reader, name: str, px: int) -> dict[str, object]:
    """Class by class, fine-tuning against the last layer."""
    rows = results.by_class(reader, name, px)
    if rows.empty or rows["gain"].isna().all():
        return {}
    shared, most = rows[rows["in_imagenet"]], rows.loc[rows["gain"].idxmax()]
    return {
        "classes_better": int((rows["gain"] > 0).sum()),
        "classes_worse": int((rows["gain"] < 0).sum()),
        "gain_mean": rows["gain"].mean(),
        "shared_each": ", ".join(f"{r.class_name} {r.extract_percent:.0f} and {r.finetune_percent:.0f} %" for r in shared.itertuples()),
        "gain_most_class": most["class_name"],
        "gain_most_extract": most["extract_percent"],
        "gain_most_finetune": most["finetune_percent"],
        # Spearman's, by Pearson's of the ranks: pandas' own would import scipy
        "size_correlation": rows["finetune_percent"].rank().corr(rows["images"].rank()),
    }

QUOTABLE: dict = {}
