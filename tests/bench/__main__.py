"""`python -m tests.bench [part …]`: how fast the report is, as medians and as ratios within one run."""

import argparse
import os
import platform
import sys
from itertools import pairwise


def main() -> int:
    """Run the chosen parts and print their tables."""
    arguments = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    arguments.add_argument("parts", nargs="*", metavar="part", help=f"which parts ({', '.join(PARTS)}); all by default")
    chosen = arguments.parse_args().parts or list(PARTS)
    if unknown := set(chosen) - set(PARTS):
        arguments.error(f"no part is called {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}")
    for name in chosen:
        print(f"\n{name}", flush=True)
        PARTS[name]()
    return 0


def _pages() -> None:
    from tests.bench.server import pages

    rows, megabytes = pages()
    print(f"{'view':<24}{'first':>10}{'rerun, median of 15':>22}")
    for view, cold, warm in rows:
        print(f"{view:<24}{1e3 * cold:>7.0f} ms{1e3 * warm:>19.0f} ms")
    print(f"server with ten visitors: {megabytes:.0f} MiB")


def _store() -> None:
    from tests.bench.store import RUNS, builds

    print(f"{'runs':>6}{'rows':>12}{'whole build':>13}{'one more run':>14}{'a rerun looks':>15}{'all is looked at':>18}{'peak':>10}{'file':>9}")
    rows = []
    for row in builds():
        rows.append(row)
        times = f"{row['s']:>11.2f} s{row['more_s']:>12.2f} s{1e3 * row['rerun_s']:>12.3f} ms{1e3 * row['look_s']:>15.1f} ms"
        print(f"{row['runs']:>6.0f}{row['rows']:>12,.0f}{times}{row['mib']:>6.0f} MiB{row['mb']:>6.0f} MB", flush=True)
    for one, next_ in pairwise(rows[1:]):
        print(f"{next_['runs'] / one['runs']:.0f} times the runs cost {next_['s'] / one['s']:.1f} times the time")
    for row in rows:
        print(f"one more run in {row['runs']:,.0f} costs {row['more_s'] / row['s']:.0%} of a whole build")
    if len(rows) < 1 + len(RUNS):
        print(f"the machine is too busy for {RUNS[-1]:,} runs")


def _counters() -> None:
    from tests.bench.counters import counters

    row = counters()
    print(f"{row['models']} networks: ours {row['ours_s']:.1f} s, fvcore {row['fvcore_s']:.1f} s, ratio {row['ratio']:.1f}")
    print(f"largest difference of a total: {row['worst']} {row['difference']:+.1f} %")


def _training() -> None:
    from tests.bench.training import agreement, training

    print(f"{'network':<10}{'plain loop':>14}{'one process':>20}{'side by side':>20}   (batch 128, medians of 3)")
    for row in training():
        ratios = [f"{1e3 * row[name]:>9.0f} ms {row['plain_s'] / row[name]:>5.2f}×" for name in ("one_process_s", "side_by_side_s")]
        print(f"{row['model']:<10}{1e3 * row['plain_s']:>11.0f} ms   {'   '.join(ratios)}", flush=True)
    for name, losses in agreement().items():
        print(f"{name:<6}mean loss of the second epoch, a number for each seed: {', '.join(f'{loss:.3f}' for loss in losses)}")


def _transfer() -> None:
    from tests.bench.transfer import EPOCHS, RATES, transfer

    row = transfer()
    print(
        f"sweep of {len(RATES)} rates, {EPOCHS} epochs: features {row['features_s']:.1f} s + last layers {row['heads_s']:.1f} s = {row['sweep_s']:.1f} s"
    )
    print(
        f"through the frozen network in every epoch: {row['plain_sweep_s']:,.0f} s ({row['plain_epoch_s']:.2f} s an epoch), {row['plain_sweep_s'] / row['sweep_s']:.0f} times as long"
    )
    print(
        f"an epoch of fine-tuning: {row['finetune_epoch_s']:.2f} s, {row['finetune_epoch_s'] / row['head_epoch_s']:.0f} times an epoch of a rate of the sweep"
    )


def _selection() -> None:
    from tests.bench.selection import CLASSES, IMAGES, K, P, selection

    row = selection()
    print(f"{IMAGES:,} images x {CLASSES:,} classes, K = {K:,}, P = {P}: {row['select_s']:.1f} s, {row['images_per_s']:,.0f} images/s, peak {row['mib']:.0f} MiB")
    print(f"sorting every class whole: {row['plain_s']:.0f} s, {row['plain_s'] / row['select_s']:.1f} times as long, and 4 GB of scores in memory")


PARTS = {"pages": _pages, "store": _store, "counters": _counters, "training": _training, "transfer": _transfer, "selection": _selection}

if __name__ == "__main__":
    sys.exit(main())
