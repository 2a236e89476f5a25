"""What the written answers of Problem 1 quote, of the report's own target data set and image size."""

import math

import pandas as pd

from store.reader import Reader
from store.transfer import dataset, results

TARGET, PX = "flowers102", 64
PARAMETERS = 25_557_032 - 2048 * 1000 - 1000  # of torchvision's ResNet-50 without its last layer


def values(reader: Reader) -> dict[str, object]:
    """What the written answers of Problem 1 quote, by placeholder; None where the store has nothing."""
    found = _dataset_values(reader) | {"target_px": PX} | _rate_values(reader, TARGET, PX) | _cost_values(reader, TARGET, PX)
    found |= _class_values(reader, TARGET, PX)
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
        "base_parameters_m": PARAMETERS / 1e6,
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
            said = {"test": row.test_percent, "val": row.val_percent, "low": row.low, "high": row.high, "spread": row.spread}
            found |= {f"{key}_{what}": value for what, value in said.items()}
            found |= {f"{key}_lr": row.lr, f"{key}_seeds": row.seeds, f"{key}_epochs": row.epochs, f"{key}_precision": row.precision}
    for job in ("finetune", "extract", "scratch"):
        for rate, rows in results.curves(reader, name, px, job).groupby("lr"):
            key = f"{job}_{f'{rate:g}'.replace('.', '')}"
            if rate == found.get(f"{job}_best_lr"):
                found[f"{job}_best_last_loss"] = rows["train_loss"].iloc[-1]
            falls = rows[rows["lr_now"] < rows["lr_now"].shift()]
            found[f"{key}_drop_loss"] = rows["train_loss"].shift()[falls.index[0]] if len(falls) else None
            found[f"{key}_drop_epoch"] = rows["epoch"][falls.index[0]] - 1 if len(falls) else None
            found |= {f"{key}_first_loss": rows["train_loss"].iloc[0], f"{key}_last_loss": rows["train_loss"].iloc[-1], f"{key}_train": rows["train_percent"].iloc[-1]}
    if {"finetune_01_test", "finetune_001_test"} <= set(found):
        found["finetune_gap"] = found["finetune_01_test"] - found["finetune_001_test"]
    if {"finetune_best_test", "extract_best_test"} <= set(found):
        found["gain_points"] = found["finetune_best_test"] - found["extract_best_test"]
    judged = results.judged(reader, name, px)
    if len(judged):
        steps, before = judged.loc[judged["job"] == "finetune", "epoch_steps"].max(), found.get("finetune_0001_drop_epoch")
        found |= {"extract_views": judged["views"].max(), "finetune_epoch_steps": steps, "first_drop_steps": steps * before if before else None}
        found["base_weights"] = "; ".join(sorted(judged["weights"].dropna().unique())) or None
        found["transfer_device"] = " and ".join(sorted(judged["device"].dropna().unique()))
    return found


def _cost_values(reader: Reader, name: str, px: int) -> dict[str, object]:
    """Seconds of an epoch and of a whole training, and FLOPs, of fine-tuning against a last layer."""
    epochs = results.epoch_seconds(reader, name, px).set_index("job")["epoch_s"]
    judged = results.judged(reader, name, px).groupby("job")[["seconds", "flops"]].median()
    found: dict[str, object] = {f"{job}_epoch_s": value for job, value in epochs.items()}
    found |= {f"{job}_{what}": judged.loc[job, what] for job in judged.index for what in judged}
    if {"finetune", "extract"} <= set(judged.index):
        found["epoch_ratio"] = epochs["finetune"] / epochs["extract"]
        found |= {f"{what}_ratio": judged.loc["finetune", what] / judged.loc["extract", what] for what in judged}
    return found


def _class_values(reader: Reader, name: str, px: int) -> dict[str, object]:
    """Class by class, fine-tuning against the last layer."""
    rows = results.by_class(reader, name, px)
    if rows.empty or rows["gain"].isna().all():
        return {}
    shared, others = rows[rows["in_imagenet"]], rows[~rows["in_imagenet"]]
    return {
        "classes_better": int((rows["gain"] > 0).sum()),
        "classes_worse": int((rows["gain"] < 0).sum()),
        "gain_mean": rows["gain"].mean(),
        "shared_finetune": shared["finetune_percent"].mean(),
        "shared_extract": shared["extract_percent"].mean(),
        "others_finetune": others["finetune_percent"].mean(),
        "others_extract": others["extract_percent"].mean(),
        # Spearman's, by Pearson's of the ranks: pandas' own would import scipy
        "size_correlation": rows["finetune_percent"].rank().corr(rows["images"].rank()),
    }
