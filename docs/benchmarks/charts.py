# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Draws the main tables of these pages; the documentation does so when it is built.

``python docs/benchmarks/charts.py FOLDER`` writes finding.svg, speed.svg, growth.svg.
"""

import re
import sys
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt

HERE = Path(__file__).parent
UNITS = {"ms": 1e-3, "s": 1, "MiB": 1}
OURS, THEIRS = "tab:blue", "tab:gray"


def read_table(page, header):
    """Return the rows of the first table whose header begins with some cells."""
    text = (HERE / page).read_text(encoding="utf-8")
    table = text[text.index(f"| {header} |") :].partition("\n\n")[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in table.splitlines()[2:]
    ]


def draw_finding(path):
    """Draw the average precision of cleanlab's scores, five folds and the default."""
    shown = ("5 folds", "default", "default, noise_aware")
    precisions = {
        row[0]: float(row[1])
        for row in read_table("finding.md", "probabilities | AP")
        if row[0] in shown or row[0].startswith("cleanlab")
    }
    names = sorted(precisions, key=precisions.get)
    fig, ax = plt.subplots(figsize=(8, 3.2), layout="constrained")
    colours = [THEIRS if name.startswith("cleanlab") else OURS for name in names]
    bars = ax.barh(names, [precisions[name] for name in names], color=colours)
    ax.bar_label(bars, fmt="%.2f", padding=3)
    ax.set_xlim(0, 0.8)
    ax.set_xlabel("Average precision for the wrong labels, mean of 180 cells")
    fig.savefig(path)


def draw_speed(path):
    """Draw how many times faster than cleanlab each task is."""
    rows = [
        row
        for row in read_table("speed.md", "n x K | task | time")
        if row[0] == "1,000,000 x 10" and row[4] and "classes" not in row[1]
    ]
    rows.sort(key=lambda row: float(row[4]))
    fig, ax = plt.subplots(figsize=(8, 3.6), layout="constrained")
    bars = ax.barh([row[1] for row in rows], [float(row[4]) for row in rows])
    labels = [f"{row[4]} ({row[2]}, {row[5]} for {row[6]})" for row in rows]
    ax.bar_label(bars, labels, padding=3, fontsize="small")
    ax.axvline(1, color="black", linewidth=1)
    ax.set_xlim(0, 1.5 * float(rows[-1][4]))
    ax.set_xlabel("Times faster than cleanlab (our time, our memory for cleanlab's)")
    fig.savefig(path)


def draw_growth(path):
    """Draw time (above) and memory (below) against samples (left) and classes."""
    tasks = re.search(
        r"^\| n x K \| (self-confidence \| entropy .*) \|$",
        (HERE / "speed.md").read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )[1]
    rows = {}
    for shape, *cells in read_table("speed.md", f"n x K | {tasks}"):
        n, k = (int(number.replace(",", "")) for number in shape.split(" x "))
        for task, cell in zip(tasks.split(" | "), cells, strict=True):
            if cell:
                rows[task, n, k] = [
                    float(number) * UNITS[unit]
                    for number, unit in map(str.split, cell.split(", "))
                ]
    fig, axes = plt.subplots(
        2, 2, figsize=(9, 6.5), sharex="col", sharey="row", layout="constrained"
    )
    for task in tasks.split(" | "):
        by_samples = {n: v for (t, n, k), v in rows.items() if t == task and k == 10}
        by_classes = {
            k: v for (t, n, k), v in rows.items() if t == task and n == 10_000
        }
        for column, points in zip(axes.T, (by_samples, by_classes), strict=True):
            for position, ax in enumerate(column):
                sizes = sorted(points)
                values = [max(points[size][position], 1e-4) for size in sizes]
                ax.loglog(sizes, values, marker="o", markersize=4, label=task)
    for ax, (label, n_others) in zip(
        axes[1],
        [("samples, of 10 classes", 10), ("classes, of 10,000 samples", 10_000)],
        strict=True,
    ):
        x = sorted({size for line in ax.lines for size in line.get_xdata()})
        sizes = [size * n_others * 4 / 2**20 for size in x]
        (line,) = ax.plot(x, sizes, "k--")
        ax.set_xlabel(f"Number of {label}")
    axes[0, 0].set_ylabel("Time (s)")
    axes[1, 0].set_ylabel("Extra memory (MiB)")
    axes[0, 0].legend(fontsize="small")
    axes[1, 1].legend([line], ["the probabilities"], fontsize="small")
    axes[1, 0].set_ylim(bottom=0.05)  # less is not told by the table
    for ax in axes.flat:
        ax.grid(alpha=0.3)
    fig.savefig(path)


def draw_all(folder):
    """Draw all charts into a folder."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with plt.rc_context({"svg.fonttype": "none"}):
        draw_finding(folder / "finding.svg")
        draw_speed(folder / "speed.svg")
        draw_growth(folder / "growth.svg")
    plt.close("all")


if __name__ == "__main__":
    draw_all(sys.argv[1])
