# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""
==============================================
Repeated cross-validation, or out-of-bag trees
==============================================

With five folds, each sample is predicted by one model. If the model is unstable, the
result is largely random: a tree predicts 0 or 1. Repeated cross-validation averages the
predictions of several models. A forest already has many: with `cv="oob"`, each sample
is predicted by the trees that did not see it, at the cost of one fit.
"""

# %%
# A tree with one to ten repeats
# ------------------------------
# All figures are means over three draws of wrong labels, 15 % each time.

import time

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import average_precision_score
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.tree import DecisionTreeClassifier

from sklabelquality import LabelQualityScorer, inject_label_noise

X, truth = load_breast_cancer(return_X_y=True)


def evaluate(classifier, cv):
    """Return the average precision for wrong labels, and the fit time in seconds."""
    results = []
    for seed in range(3):
        y, is_error = inject_label_noise(truth, rate=0.15, random_state=seed)
        start = time.perf_counter()
        scorer = LabelQualityScorer(classifier, cv=cv).fit(X, y)
        seconds = time.perf_counter() - start
        scores = scorer.label_quality_scores_
        results.append((average_precision_score(is_error, -scores), seconds))
    return np.mean(results, axis=0)


n_passes = [1, 2, 5, 10]
tree = DecisionTreeClassifier(min_samples_leaf=3, random_state=0)
of_tree = [
    evaluate(tree, RepeatedStratifiedKFold(n_splits=5, n_repeats=n, random_state=0))
    for n in n_passes
]
for n, (precision, seconds) in zip(n_passes, of_tree, strict=True):
    print(f"tree, {n:2d} repeats: average precision {precision:.3f} in {seconds:.2f} s")

# %%
# A forest in five folds and out of bag
# -------------------------------------
# About a third of the trees have not seen a given sample. So a forest with three times
# as many trees, still fitted once, averages as many predictions per sample as one that
# is fitted in five folds and then refitted.

sizes = [30, 100, 200]
by_folds, by_bags = (
    [
        evaluate(RandomForestClassifier(n, min_samples_leaf=3, random_state=0), cv)
        for n in sizes
    ]
    for cv in (RepeatedStratifiedKFold(n_splits=5, n_repeats=1, random_state=0), "oob")
)
for name, results in [("five folds", by_folds), ("out of bag", by_bags)]:
    for n, (precision, seconds) in zip(sizes, results, strict=True):
        print(
            f"forest of {n:3d}, {name}: average precision {precision:.3f} in "
            f"{seconds:.2f} s"
        )

# %%
# Averaging helps unstable models, and out-of-bag probabilities are cheap
# -----------------------------------------------------------------------

import matplotlib.pyplot as plt

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
left.plot(n_passes, [precision for precision, _ in of_tree], "o-")
left.set_xscale("log")
left.set_xticks(n_passes, n_passes, minor=False)
left.set_xticks([], minor=True)
left.set(
    title="A tree: more repeats find more",
    xlabel="repeats of 5-fold cross-validation",
    ylabel="average precision for wrong labels",
)
for name, marker, results in [("5 folds", "s", by_folds), ("out of bag", "o", by_bags)]:
    precision, seconds = np.array(results).T
    right.plot(seconds, precision, f"{marker}-", label=name)
    for n, x, value in zip(sizes, seconds, precision, strict=True):
        right.annotate(
            f"{n} trees", (x, value), xytext=(6, -12), textcoords="offset points"
        )
right.set_xscale("log")
right.margins(x=0.25, y=0.15)
right.set(title="A forest: out of bag costs less", xlabel="fit time in seconds")
right.legend(loc="lower right")
figure.savefig("repeats_and_bags.png", dpi=120)
print("The figure is in repeats_and_bags.png.")
