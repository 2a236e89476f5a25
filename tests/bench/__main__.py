"""`python -m tests.bench [part …]`: how fast the report is, as medians and as ratios within one run."""

import argparse
import os
import platform
import signal
import sys
from itertools import pairwise


def main() -> int:
    """Run the chosen parts and print their tables."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers that were started are ended
    arguments = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    arguments.add_argument("parts", nargs="*", metavar="part", help=f"which parts ({', '.join(PARTS)}); all by default")
    arguments.add_argument("--visitors", type=int, default=50, help="of the part load (50)")
    arguments.add_argument("--seconds", type=float, default=60.0, help="of each phase of the part load (60)")
    arguments.add_argument("--seed", type=int, default=0, help="by which the visitors of the part load choose (0)")
    asked = arguments.parse_args()
    chosen = asked.parts or list(PARTS)
    if unknown := set(chosen) - set(PARTS):
        arguments.error(f"no part is called {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    print(
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load"
        f" {os.getloadavg()[0]:.1f}"
    )
    for name in chosen:
        print(f"\n{name}", flush=True)
        PARTS[name](asked) if name == "load" else PARTS[name]()
    return 0


def _pages() -> None:
    from tests.bench.server import pages

    rows, megabytes = pages()
    print(f"{'view':<24}{'first':>10}{'rerun, median of 15':>22}")
    for view, cold, warm in rows:
        print(f"{view:<24}{1e3 * cold:>7.0f} ms{1e3 * warm:>19.0f} ms")
    print(f"server with ten visitors: {megabytes:.0f} MiB")


def _reruns() -> None:
    from statistics import mean

    from tests.bench.server import reruns
    from tests.bench.store import RUNS

    print(
        f"{'view, warm rerun':<24}{'empty app':>12}{'committed':>12}{'ratio':>8}{f'{RUNS[0]:,} runs':>13}{'ratio':>8}"
    )
    rows = []
    for view, empty, here, more in reruns(RUNS[0]):
        rows.append((empty, here, more))
        _print_rerun(view, empty, here, more)
    _print_rerun("mean of all views", *map(mean, zip(*rows, strict=True)))


def _print_rerun(view: str, empty: float, here: float, more: float) -> None:
    print(
        f"{view:<24}{1e3 * empty:>9.0f} ms{1e3 * here:>9.0f} ms{here / empty:>8.2f}{1e3 * more:>10.0f} ms"
        f"{more / empty:>8.2f}",
        flush=True,
    )


def _load(asked: argparse.Namespace) -> None:
    from tests.bench.load import load, verdicts

    print(f"{asked.visitors} visitors, {asked.seconds:.0f} s each, seed {asked.seed}")
    heads = (("views", 7), ("a second", 10), ("p50", 9), ("p95", 9), ("longest", 9), ("errors", 8), ("processor", 16))
    print(f"{'':<33}{''.join(head.rjust(width) for head, width in heads)}{'peak':>10}")
    rows = []
    for row in load(asked.visitors, asked.seconds, asked.seed):
        rows.append(row)
        longest = max(row.views, default=float("nan"))
        print(
            f"{row.name:<33}{len(row.views):>7}{row.views_per_s:>10.1f}{row.p50_s:>7.2f} s{row.p95_s:>7.2f} s"
            f"{longest:>7.2f} s{row.errors.total():>8}{1e3 * row.processor_s / max(len(row.views), 1):>7.0f} ms a view"
            f"{row.mib:>6.0f} MiB",
            flush=True,
        )
        for said, times in row.errors.most_common(3):
            print(f"  {times} × {said}", flush=True)
    for line in verdicts(rows):
        print(line)


def _store() -> None:
    from tests.bench.store import RUNS, builds

    print(
        f"{'runs':>6}{'rows':>12}{'whole build':>13}{'one more run':>14}"
        f"{'a rerun looks':>15}{'all is looked at':>18}{'peak':>10}{'file':>9}"
    )
    rows = []
    for row in builds():
        rows.append(row)
        times = (
            f"{row['s']:>11.2f} s{row['more_s']:>12.2f} s{1e3 * row['rerun_s']:>12.3f}"
            f" ms{1e3 * row['look_s']:>15.1f} ms"
        )
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
    print(
        f"{row['models']} networks: ours {row['ours_s']:.1f} s, fvcore {row['fvcore_s']:.1f} s, ratio"
        f" {row['ratio']:.1f}"
    )
    print(f"largest difference of a total: {row['worst']} {row['difference']:+.1f} %")


def _training() -> None:
    from statistics import mean, stdev

    from tests.bench.training import losses, training

    print(f"{'network':<10}{'loop':<36}{'a step':>10}{'plain loop':>14}{'ratio':>9}   (batch 128)")
    for row in training():
        result = row["error"] or f"{1e3 * row['ours_s']:>7.0f} ms{1e3 * row['plain_s']:>11.0f} ms"
        ratio = f"{row['plain_s'] / row['ours_s']:>8.2f}×" if row["ours_s"] else ""
        print(f"{row['model']:<10}{row['variant']:<36}{result}{ratio}", flush=True)
    found = {}
    print("mean loss of the second epoch of ResNet-8, by seed")
    for name, values in losses():
        found[name] = values
        spread = f"mean {mean(values):.3f}, standard deviation {stdev(values):.3f}"
        print(f"{name:<12}{', '.join(f'{value:.3f}' for value in values)}: {spread}", flush=True)
    differences = [bf16 - fp32 for bf16, fp32 in zip(found["bf16"], found["fp32"], strict=True)]
    print(f"bf16 less fp32, by seed: {', '.join(f'{value:+.3f}' for value in differences)}")


def _transfer() -> None:
    from tests.bench.transfer import EPOCHS, RATES, transfer

    row = transfer()
    print(
        f"sweep of {len(RATES)} rates, {EPOCHS} epochs: features {row['features_s']:.1f} s + last layers"
        f" {row['heads_s']:.1f} s = {row['sweep_s']:.1f} s"
    )
    print(
        f"through the frozen network in every epoch: {row['plain_sweep_s']:,.0f} s ({row['plain_epoch_s']:.2f} s an"
        f" epoch), {row['plain_sweep_s'] / row['sweep_s']:.0f} times as long"
    )
    print(
        f"an epoch of fine-tuning: {row['finetune_epoch_s']:.2f} s, {row['finetune_epoch_s'] / row['head_epoch_s']:.0f}"
        " times an epoch of a rate of the sweep"
    )


def _selection() -> None:
    from tests.bench.selection import CLASSES, IMAGES, K, P, selection

    row = selection()
    print(
        f"{IMAGES:,} images x {CLASSES:,} classes, K = {K:,}, P = {P}: {row['select_s']:.1f} s,"
        f" {row['images_per_s']:,.0f} images/s, peak {row['mib']:.0f} MiB"
    )
    print(
        f"sorting every class whole: {row['plain_s']:.0f} s, {row['plain_s'] / row['select_s']:.1f} times as long, and"
        " 4 GB of scores in memory"
    )


def _scheduling() -> None:
    from tests.bench.scheduling import DECIDED, decision, simulations

    for jobs, machines, seconds in simulations():
        print(f"{jobs:,} jobs on {machines:,} machines, simulated to the end: {seconds:.1f} s", flush=True)
    seconds, tasks = decision()
    print(f"one decision for {DECIDED[0]:,} jobs on {DECIDED[1]:,} machines: {seconds:.1f} s, {tasks:,} tasks")


def _cluster() -> None:
    from tests.bench.cluster import plain, scaling

    runs, alone = plain()
    print(f"{runs} smoke trainings in one process, without Ray: {alone:.1f} s")
    for workers, seconds in scaling():
        more = f", {(seconds - alone) / runs:+.2f} s a run" if workers == 1 else ""
        print(f"on Ray with {workers} worker processes: {seconds:.1f} s, {alone / seconds:.2f} times as fast{more}")


PARTS = {
    "pages": _pages,
    "reruns": _reruns,
    "load": _load,
    "store": _store,
    "counters": _counters,
    "training": _training,
    "transfer": _transfer,
    "selection": _selection,
    "scheduling": _scheduling,
    "cluster": _cluster,
}

if __name__ == "__main__":
    sys.exit(main())
