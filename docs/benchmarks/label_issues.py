# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Which rule finds label issues best, and how good is the estimate of their number?

Labels of known data are made wrong in three ways and at four rates, and each rule of
`find_label_issues` is compared with the truth: precision, recall and F1 for "the label
is wrong". The peer, cleanlab, runs beside it on the same probabilities.

Run it by ``python docs/benchmarks/label_issues.py``; it takes three minutes on two
cores, and prints Markdown tables. With a folder as argument it reads the probabilities
and the truth from there instead: every file ``<name>.npz`` holds ``labels`` and
``is_error`` of shape (n,) and, for each model, ``pred_probs_<model>`` of shape (n, K).
"""

import argparse
import itertools
import platform
import warnings

import joblib
import numpy as np
import sklearn
from objective import CLASSIFIERS, DATA, KINDS
from problems import RULES, injected, read_folder
from sklearn.metrics import precision_recall_fscore_support

import sklabelquality
from sklabelquality import find_label_issues, num_label_issues

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import cleanlab
    from cleanlab.count import num_label_issues as num_label_issues_of_cleanlab
    from cleanlab.filter import find_label_issues as find_label_issues_of_cleanlab

RATES = [0.02, 0.05, 0.2, 0.4]


def compare_with_truth(mask, is_error):
    """Return precision, recall and F1 of a mask."""
    return precision_recall_fscore_support(
        is_error, mask, average="binary", zero_division=0
    )[:3]


def evaluate(labels, pred_probs, is_error):
    """Return what each rule finds, what cleanlab's finds, and the estimated numbers."""
    warnings.simplefilter("ignore")
    ours, theirs = [], []
    for rule in RULES:
        mask = find_label_issues(labels, pred_probs, filter_by=rule)
        ours.append(compare_with_truth(mask, is_error))
        mask = find_label_issues_of_cleanlab(
            labels, pred_probs, filter_by=rule, n_jobs=1
        )
        theirs.append(compare_with_truth(mask, is_error))
    numbers = [
        num_label_issues(labels, pred_probs),
        num_label_issues(labels, pred_probs, calibrate=True),
        num_label_issues_of_cleanlab(labels, pred_probs),
        num_label_issues_of_cleanlab(
            labels, pred_probs, estimation_method="off_diagonal_calibrated"
        ),
        np.sum(pred_probs.argmax(axis=1) != labels),
        is_error.sum(),
    ]
    return ours, theirs, numbers


def run(data, classifier, kind, rate, seed):
    """Evaluate one cell with injected noise."""
    problem = injected(*DATA[data](), classifier, kind, rate, seed)
    return evaluate(*problem)


def table_of_rules(title, results, groups):
    """Print mean precision, recall and F1 of each rule for each group of results."""
    distinct = list(dict.fromkeys(groups))
    print(f"\n| {title} | " + " | ".join(distinct) + " | **all** | cleanlab |")
    print("| --- |" + " --- |" * (len(distinct) + 2))
    ours = np.array([result[0] for result in results])
    theirs = np.array([result[1] for result in results])
    of_group = [np.array(groups) == group for group in distinct]
    of_group.append(np.ones(len(groups), dtype=bool))
    for position, rule in enumerate(RULES):
        means = [ours[rows, position].mean(axis=0) for rows in of_group]
        means.append(theirs[:, position].mean(axis=0))
        cells = [" / ".join(f"{value:.3f}" for value in mean) for mean in means]
        print(f"| {rule} | " + " | ".join(cells) + " |")


def table_of_numbers(title, results, groups):
    """Print the estimated number of issues over the true one for each group."""
    names = ["num_label_issues", "calibrated", "cleanlab", "cleanlab, calibrated"]
    names.append("predicted differs")
    print(f"\n| {title} | " + " | ".join(names) + " | true number |")
    print("| --- |" + " --- |" * (len(names) + 1))
    numbers = np.array([result[2] for result in results], dtype=float)
    for group in [*dict.fromkeys(groups), None]:
        own = numbers[[group in (None, other) for other in groups]]
        ratios = own[:, :-1] / own[:, -1:]
        cells = [
            f"{np.median(column):.2f} ({column.min():.2f} to {column.max():.2f})"
            for column in ratios.T
        ]
        name = "**all**" if group is None else group
        print(f"| {name} | " + " | ".join(cells) + f" | {np.median(own[:, -1]):.0f} |")


def run_folder(folder, n_jobs):
    """Evaluate all models of all files of a folder."""
    names, *problems = zip(*read_folder(folder), strict=True)
    problems = list(zip(*problems, strict=True))
    results = joblib.Parallel(n_jobs=n_jobs)(
        joblib.delayed(evaluate)(*problem) for problem in problems
    )
    print(f"Mean over {len(names)} models; {versions()}.")
    table_of_rules("precision / recall / F1", results, names)
    table_of_numbers("estimated / true", results, names)


def run_injected(n_seeds, n_jobs):
    """Evaluate all cells with injected noise."""
    settings = list(itertools.product(DATA, CLASSIFIERS, KINDS, RATES, range(n_seeds)))
    results = joblib.Parallel(n_jobs=n_jobs)(
        joblib.delayed(run)(*setting) for setting in settings
    )
    print(f"Mean over {len(settings)} cells; {versions()}.")
    kinds = [setting[2] for setting in settings]
    rates = [f"{setting[3]:.0%}" for setting in settings]
    table_of_rules("noise: precision / recall / F1", results, kinds)
    table_of_rules("rate: precision / recall / F1", results, rates)
    table_of_rules("classifier", results, [setting[1] for setting in settings])
    table_of_numbers("noise: estimated / true", results, kinds)
    table_of_numbers("rate: estimated / true", results, rates)


def versions():
    return (
        f"sklabelquality {sklabelquality.__version__}, "
        f"cleanlab {cleanlab.__version__}, scikit-learn {sklearn.__version__}, "
        f"NumPy {np.__version__}, Python {platform.python_version()}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--n-jobs", type=int, default=2)
    args = parser.parse_args()
    if args.folder is None:
        run_injected(args.seeds, args.n_jobs)
    else:
        run_folder(args.folder, args.n_jobs)


if __name__ == "__main__":
    main()
