# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Score, judge and order the labels of more probabilities than fit into memory.

Probabilities (float32) and labels are written to Zarr arrays in a folder, if they are
not there yet, and read by dask: with threads, and by the two worker processes of a
``LocalCluster``. Each case runs in a process of its own, which reports seconds and the
peak resident memory, of the workers as well. `read` sums the probabilities and nothing
else.

Run it by ``python docs/benchmarks/large.py FOLDER``; it writes 4 GB to FOLDER and takes
about ten minutes on two cores. It needs zarr besides ``sklabelquality[dask]`` and
distributed.
"""

import argparse
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from problems import problem

N_CLASSES = 50
ROWS_OF_CHUNK = 100_000
CASES = {
    "read": "sum of all probabilities",
    "score": "self-confidence scores",
    "adjusted": "adjusted margin scores",
    "order": "scores, and issues by prune_by_noise_rate in order",
    "noise_aware": "noise-aware scores",
}


def write(folder, n_samples):
    """Write labels, a tenth of them wrong, and probabilities of a fair classifier."""
    import zarr

    settings = {"compressors": None, "overwrite": True}
    pred_probs = zarr.create_array(
        folder / "pred_probs.zarr",
        shape=(n_samples, N_CLASSES),
        chunks=(ROWS_OF_CHUNK, N_CLASSES),
        dtype=np.float32,
        **settings,
    )
    labels = zarr.create_array(
        folder / "labels.zarr",
        shape=(n_samples,),
        chunks=(ROWS_OF_CHUNK,),
        dtype=np.int16,
        **settings,
    )
    rng = np.random.default_rng(0)
    for start in range(0, n_samples, ROWS_OF_CHUNK):
        n_rows = min(ROWS_OF_CHUNK, n_samples - start)
        rows = slice(start, start + n_rows)
        labels[rows], pred_probs[rows] = problem(n_rows, N_CLASSES, np.float32, rng)


def compute(case, labels, pred_probs):
    """Compute a case, and return how many numbers came out."""
    import dask

    from sklabelquality import (
        find_label_issues,
        get_label_quality_scores,
        order_label_issues,
    )

    if case == "read":
        results = [pred_probs.sum()]
    elif case == "score":
        results = [get_label_quality_scores(labels, pred_probs)]
    elif case == "adjusted":
        margin = {"method": "normalized_margin", "adjust_pred_probs": True}
        results = [get_label_quality_scores(labels, pred_probs, **margin)]
    elif case == "noise_aware":
        results = [get_label_quality_scores(labels, pred_probs, method="noise_aware")]
    else:
        rule = "prune_by_noise_rate"
        mask = find_label_issues(labels, pred_probs, filter_by=rule)
        order = order_label_issues(mask, labels, pred_probs)
        results = [get_label_quality_scores(labels, pred_probs), order]
    return [np.size(result) for result in dask.compute(*results)]


def peak_mebibytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def run(case, scheduler, folder):
    """Print sizes of the results, seconds, and the peak memory of each process."""
    import dask.array as da

    labels = da.from_zarr(str(folder / "labels.zarr"))
    pred_probs = da.from_zarr(str(folder / "pred_probs.zarr"))
    peaks = []
    if scheduler == "threads":
        start = time.perf_counter()
        sizes = compute(case, labels, pred_probs)
        stop = time.perf_counter()
    else:
        from distributed import Client, LocalCluster

        with (
            LocalCluster(2, threads_per_worker=1, dashboard_address=":0") as cluster,
            Client(cluster) as client,
        ):
            start = time.perf_counter()
            sizes = compute(case, labels, pred_probs)
            stop = time.perf_counter()
            peaks = list(client.run(peak_mebibytes).values())
    peaks = [peak_mebibytes(), *peaks]
    sizes = ", ".join(f"{size:,}" for size in sizes)
    memory = " + ".join(f"{peak:.0f}" for peak in peaks)
    print(
        f"| {CASES[case]} | {scheduler} | {sizes} | {stop - start:.0f} s "
        f"| {memory} MiB | {pred_probs.nbytes / 2**20:.0f} MiB |"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--samples", type=int, default=20_000_000)
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--schedulers", default="threads,two processes")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        run(*args.child, args.folder)
        return
    is_written = args.folder / f"written-{args.samples}"
    if not is_written.exists():
        write(args.folder, args.samples)
        is_written.touch()
    import dask

    import sklabelquality

    print(
        f"sklabelquality {sklabelquality.__version__}, dask {dask.__version__}, NumPy "
        f"{np.__version__}, Python {platform.python_version()}.\n\n"
        "| what | scheduler | results | time | peak memory | probabilities |\n"
        "| --- | --- | --- | --- | --- | --- |",
        flush=True,
    )
    # Chunks run in parallel, and each product of matrices on one thread.
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    for scheduler in args.schedulers.split(","):
        for case in args.cases.split(","):
            command = [sys.executable, __file__, str(args.folder)]
            subprocess.run([*command, "--child", case, scheduler], check=True, env=env)


if __name__ == "__main__":
    main()
