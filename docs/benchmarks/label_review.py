# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Does the interval of a label review hold, and is it narrower than a uniform one's?

Reviews of labels whose errors are known are simulated, thousands for each cell of
ranking, error rate, number of labels and number of reviews, and the share of intervals
that contain the true error rate is counted, and their width measured. Beside them run,
on the same labels, a simple random sample with Wilson's interval, and active inference:
labels drawn in proportion to the model's uncertainty, with an inverse probability
weighted estimate, augmented by the model's probabilities, and a normal interval.

Run it by ``python docs/benchmarks/label_review.py``; it takes five minutes on two
cores, and prints Markdown tables. With a folder as argument it takes rankings and
errors from there instead: every file ``<name>.npz`` holds ``labels`` and ``is_error``
of shape (n,) and, for each model, ``pred_probs_<model>`` of shape (n, K).
"""

import argparse
import itertools
import platform

import joblib
import numpy as np
import scipy
from problems import read_folder
from scipy.stats import norm

import sklabelquality
from sklabelquality import LabelReview, self_confidence
from sklabelquality._strata import allocate, plan_strata, stratified_interval

Z = norm.isf(0.025)
N_REVIEWED = [50, 100, 300]
N_SAMPLES = [400, 5_000, 50_000]
RATES = [0.003, 0.01, 0.03, 0.1, 0.4]
SCHEMES = [
    "uniform, Wilson",
    "stratified, mid-P",
    "stratified, exact",
    "active inference",
]


# -- labels with known errors ----------------------------------------------------------
# Each ranking gives is_wrong, the most suspicious label first, and what the model says
# is the probability of an error.


def _decay(rng, n_samples, rate, length):
    """Put errors at low ranks, as often as a model of this quality would."""
    ranks = np.arange(n_samples) / n_samples
    weights = np.exp(-ranks / length) + 0.002
    is_wrong = np.zeros(n_samples, dtype=bool)
    n_wrong = max(1, round(rate * n_samples))
    positions = rng.choice(n_samples, n_wrong, replace=False, p=weights / weights.sum())
    is_wrong[positions] = True
    believed = np.clip(weights / weights.mean() * rate, 1e-4, 0.99)
    return is_wrong, believed


def useful(rng, n_samples, rate):
    return _decay(rng, n_samples, rate, length=rate)


def useless(rng, n_samples, rate):
    is_wrong, believed = _decay(rng, n_samples, rate, length=rate)
    return rng.permutation(is_wrong), believed


def overconfident(rng, n_samples, rate):
    """Half of the errors come first; the model is sure of all others, and wrong."""
    is_wrong, _ = _decay(rng, n_samples, rate, length=rate / 4)
    hidden = np.flatnonzero(is_wrong)
    hidden = hidden[rng.random(len(hidden)) < 0.5]
    is_wrong[hidden] = False
    right = np.flatnonzero(~is_wrong)
    is_wrong[rng.choice(right, len(hidden), replace=False)] = True
    believed = np.where(np.arange(n_samples) < rate * n_samples / 2, 0.999, 1e-4)
    return is_wrong, believed


def reversed_ranking(rng, n_samples, rate):
    is_wrong, believed = _decay(rng, n_samples, rate, length=rate)
    return is_wrong[::-1], believed


def hidden_in_the_safest_tenth(rng, n_samples, rate):
    is_wrong = np.zeros(n_samples, dtype=bool)
    n_wrong = max(1, round(rate * n_samples))
    tenth = max(n_samples // 10, n_wrong)
    is_wrong[n_samples - 1 - rng.choice(tenth, n_wrong, replace=False)] = True
    _, believed = _decay(rng, n_samples, rate, length=rate)
    return is_wrong, believed


RANKINGS = {
    "useful": useful,
    "useless": useless,
    "overconfident": overconfident,
    "reversed": reversed_ranking,
    "hidden in the safest tenth": hidden_in_the_safest_tenth,
}


# -- one review after the other --------------------------------------------------------


def review_uniformly(rng, is_wrong, n, n_rounds):
    n_wrong = is_wrong.sum()
    x = rng.hypergeometric(n_wrong, len(is_wrong) - n_wrong, n, size=n_rounds)
    p = x / n
    center = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * np.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    return center - half, center + half


def review_by_strata(rng, is_wrong, n, n_rounds, correction):
    sizes = plan_strata(len(is_wrong), n)
    ends = np.cumsum(sizes)
    n_wrong = np.diff(np.cumsum(is_wrong)[ends - 1], prepend=0)
    orders = [rng.permutation(len(sizes)) for _ in range(n_rounds)]
    m = np.array([allocate(n, sizes, order) for order in orders])
    x = rng.hypergeometric(n_wrong, sizes - n_wrong, m)
    _, low, high = stratified_interval(x, m, sizes, Z, correction)
    return low, high


def review_actively(rng, is_wrong, believed, n, n_rounds):
    q = np.sqrt(believed * (1 - believed))
    q = 0.9 * q / q.sum() + 0.1 / len(q)
    rows = rng.choice(len(q), size=(n_rounds, n), p=q)
    terms = (is_wrong[rows] - believed[rows]) / (len(q) * q[rows])
    estimate = believed.mean() + terms.mean(axis=1)
    half = Z * terms.std(axis=1, ddof=1) / np.sqrt(n)
    return np.maximum(estimate - half, 0), np.minimum(estimate + half, 1)


def run(is_wrong, believed, n, seed, n_rounds):
    """Return coverage and mean width of each scheme."""
    rng = np.random.default_rng(seed)
    truth = is_wrong.mean()
    intervals = [
        review_uniformly(rng, is_wrong, n, n_rounds),
        review_by_strata(rng, is_wrong, n, n_rounds, 0.0),
        review_by_strata(rng, is_wrong, n, n_rounds, 0.5),
        review_actively(rng, is_wrong, believed, n, n_rounds),
    ]
    return [
        (np.mean((low <= truth + 1e-12) & (truth - 1e-12 <= high)), np.mean(high - low))
        for low, high in intervals
    ]


def run_until_narrow(ranking, rate, correction, width, seed, n_rounds):
    """Return the coverage if the review stops when the interval is narrow enough.

    50 labels are reviewed, then 25 more at a time, up to 300.
    """
    rng = np.random.default_rng(seed)
    is_wrong, _ = RANKINGS[ranking](rng, 5_000, rate)
    truth = is_wrong.mean()
    sizes = plan_strata(len(is_wrong), 50)
    n_wrong = np.diff(np.cumsum(is_wrong)[np.cumsum(sizes) - 1], prepend=0)
    orders = [rng.permutation(len(sizes)) for _ in range(n_rounds)]
    m = np.zeros((n_rounds, len(sizes)), dtype=int)
    x = np.zeros_like(m)
    covers = np.zeros(n_rounds, dtype=bool)
    goes_on = np.ones(n_rounds, dtype=bool)
    for n in range(50, 301, 25):
        more = np.array([allocate(n, sizes, order) for order in orders]) - m
        x += rng.hypergeometric(n_wrong - x, sizes - n_wrong - (m - x), more)
        m += more
        _, low, high = stratified_interval(x, m, sizes, Z, correction)
        covers = np.where(goes_on, (low <= truth) & (truth <= high), covers)
        goes_on &= high - low > width
    return covers.mean()


def run_simulated(ranking, rate, n_samples, n, seed, n_rounds):
    rng = np.random.default_rng(seed)
    is_wrong, believed = RANKINGS[ranking](rng, n_samples, rate)
    return run(is_wrong, believed, n, seed + 1, n_rounds)


# -- tables ----------------------------------------------------------------------------


def table(results, n_reviewed):
    """Print worst and mean coverage and the widths relative to the uniform review."""
    results, n_reviewed = np.array(results), np.array(n_reviewed)
    columns = " | ".join(f"n = {n}" for n in N_REVIEWED)
    for title, summary in [
        ("coverage of 95 %, worst cell", lambda cells, i: cells[:, i, 0].min()),
        ("coverage of 95 %, mean", lambda cells, i: cells[:, i, 0].mean()),
        ("width / uniform, mean", lambda cells, i: _widths(cells, i).mean()),
        ("width / uniform, narrowest cell", lambda cells, i: _widths(cells, i).min()),
        ("width / uniform, widest cell", lambda cells, i: _widths(cells, i).max()),
    ]:
        print(f"\n| {title} | {columns} |\n| --- |" + " --- |" * len(N_REVIEWED))
        for position, scheme in enumerate(SCHEMES):
            cells = [results[n_reviewed == n] for n in N_REVIEWED]
            values = [f"{summary(cell, position):.3f}" for cell in cells]
            print(f"| {scheme} | " + " | ".join(values) + " |")


def table_of_rankings(results, rankings, n_reviewed):
    """Print the widths for each ranking, and the worst coverage."""
    results, n_reviewed = np.array(results), np.array(n_reviewed)
    columns = " | ".join(f"n = {n}" for n in N_REVIEWED)
    print(f"\n| stratified, mid-P: width / uniform, worst coverage | {columns} |")
    print("| --- |" + " --- |" * len(N_REVIEWED))
    for ranking in dict.fromkeys(rankings):
        values = []
        for n in N_REVIEWED:
            cells = results[(n_reviewed == n) & (np.array(rankings) == ranking)]
            values.append(f"{_widths(cells, 1).mean():.2f}, {cells[:, 1, 0].min():.3f}")
        print(f"| {ranking} | " + " | ".join(values) + " |")


def table_of_stopping(parallel, n_rounds):
    """Print the worst coverage of reviews that stop when the interval is narrow."""
    print("\n| until narrow enough: worst coverage | width 0.1 | width 0.05 |")
    print("| --- | --- | --- |")
    cells = list(itertools.product(RANKINGS, RATES))
    for name, correction in [("mid-P", 0.0), ("exact", 0.5)]:
        worst = [
            min(
                parallel(
                    joblib.delayed(run_until_narrow)(
                        *cell, correction, width, seed, n_rounds
                    )
                    for seed, cell in enumerate(cells)
                )
            )
            for width in (0.1, 0.05)
        ]
        print(f"| stratified, {name} | " + " | ".join(f"{w:.3f}" for w in worst) + " |")


def run_mixed(ranking, rate, n_samples, seed, n_rounds, n=100, n_worst=20):
    """Return coverage and width of reviews in which the worst labels are answered, too.

    Before, between and after two halves of what is drawn, `n_worst` labels each.
    """
    rng = np.random.default_rng(seed)
    n_covered, widths = 0, []
    for _ in range(n_rounds):
        is_wrong, _ = ranking(rng, n_samples, rate)
        review = LabelReview(
            np.arange(n_samples), random_state=int(rng.integers(2**31))
        )
        for _ in range(2):
            for rows in (review.worst(n_worst), review.draw(n // 2)):
                review.record(rows, is_wrong[rows])
        rows = review.worst(n_worst)
        result = review.record(rows, is_wrong[rows]).error_rate()
        n_covered += result.low <= is_wrong.mean() <= result.high
        widths.append(result.high - result.low)
    return n_covered / n_rounds, np.mean(widths)


def table_of_mixed(parallel, n_rounds):
    """Print the coverage where worst-first answers are mixed with drawn ones."""
    print(
        "\nReviews of 100 labels with 60 of the most suspicious ones among the answers"
    )
    print("\n| ranking | labels | error rate | coverage | width |")
    print("| --- | --- | --- | --- | --- |")
    settings = list(itertools.product([useful, useless], [400, 5_000], [0.01, 0.1]))
    results = parallel(
        joblib.delayed(run_mixed)(ranking, rate, n_samples, seed, n_rounds)
        for seed, (ranking, n_samples, rate) in enumerate(settings)
    )
    for (ranking, n_samples, rate), (coverage, width) in zip(
        settings, results, strict=True
    ):
        print(
            f"| {ranking.__name__} | {n_samples:,} | {rate:.0%} | {coverage:.3f} "
            f"| {width:.3f} |"
        )


def _widths(cells, position):
    return cells[:, position, 1] / cells[:, 0, 1]


def read_rankings(folder):
    """Yield name, is_wrong in the order of suspicion, and the believed errors."""
    for name, labels, pred_probs, is_error in read_folder(folder):
        scores = self_confidence(labels, pred_probs)
        order = np.argsort(scores, kind="stable")
        yield name, is_error[order], np.clip(1 - scores[order], 1e-4, 0.9999)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--n-jobs", type=int, default=2)
    args = parser.parse_args()
    parallel = joblib.Parallel(n_jobs=args.n_jobs)
    if args.folder is None:
        settings = list(itertools.product(RANKINGS, RATES, N_SAMPLES, N_REVIEWED))
        rankings = [setting[0] for setting in settings]
        n_reviewed = [setting[-1] for setting in settings]
        results = parallel(
            joblib.delayed(run_simulated)(*setting, 2 * cell, args.rounds)
            for cell, setting in enumerate(settings)
        )
    else:
        problems = list(itertools.product(read_rankings(args.folder), N_REVIEWED))
        rankings = [name for (name, _, _), _ in problems]
        n_reviewed = [n for _, n in problems]
        results = parallel(
            joblib.delayed(run)(is_wrong, believed, n, cell, args.rounds)
            for cell, ((_, is_wrong, believed), n) in enumerate(problems)
        )
    print(
        f"{len(results)} cells of {args.rounds:,} reviews; sklabelquality "
        f"{sklabelquality.__version__}, SciPy {scipy.__version__}, NumPy "
        f"{np.__version__}, Python {platform.python_version()}."
    )
    table(results, n_reviewed)
    table_of_rankings(results, rankings, n_reviewed)
    if args.folder is None:
        table_of_stopping(parallel, args.rounds)
        table_of_mixed(parallel, args.rounds)


if __name__ == "__main__":
    main()
