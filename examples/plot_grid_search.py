# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""
==========================================
Choose the scoring method by a grid search
==========================================

Which scoring method finds wrong labels best depends on the data and on the classifier.
Nobody knows the wrong labels, so how can one choose? `LabelQualityScorer.score` asks a
question that needs no truth: if a label of the test fold were replaced by another one,
would it score lower than the ones that are kept? `GridSearchCV` maximises the answer.

Here we know the truth, since we flip the labels ourselves, and see whether the method
that the search chooses is a good one.
"""

# %%
# Flip one label in ten
# ---------------------

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.metrics import average_precision_score
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB

from sklabelquality import LabelQualityScorer, inject_label_noise

X, y = load_digits(return_X_y=True)
y, is_error = inject_label_noise(y, rate=0.1, random_state=0)

# %%
# Search without the truth
# ------------------------
# The entropy cannot be adjusted, hence a list of two grids. The classifier's own
# parameter is searched along: with little smoothing, naive Bayes is far too sure.

smoothing = {"estimator__var_smoothing": [1e-9, 1e-3, 1e-1]}
grid = [
    {
        "method": ["self_confidence", "normalized_margin"],
        "adjust_pred_probs": [False, True],
        **smoothing,
    },
    {"method": ["confidence_weighted_entropy"], **smoothing},
]
search = GridSearchCV(LabelQualityScorer(GaussianNB()), grid, n_jobs=2).fit(X, y)
print("chosen:", search.best_params_)

# %%
# Compare with the truth
# ----------------------
# For every candidate: how good are its scores of all labels at finding the flipped
# ones? The search did not see these numbers.

candidates = search.cv_results_["params"]
truth = []
for params in candidates:
    scorer = clone(search.estimator).set_params(**params).fit(X, y)
    truth.append(average_precision_score(is_error, -scorer.label_quality_scores_))
truth = np.array(truth)
objective = search.cv_results_["mean_test_score"]
chosen = search.best_index_
print(
    f"average precision for the flipped labels: {truth[chosen]:.3f} for the chosen "
    f"candidate, {truth.min():.3f} to {truth.max():.3f} over all {len(truth)}."
)

figure, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
names = [
    params["method"] + (", adjusted" if params.get("adjust_pred_probs") else "")
    for params in candidates
]
for number, name in enumerate(dict.fromkeys(names)):
    own = np.array([other == name for other in names])
    ax.scatter(objective[own], truth[own], s=60, marker="os^vD"[number], label=name)
ax.scatter(
    objective[chosen],
    truth[chosen],
    s=300,
    facecolors="none",
    edgecolors="black",
    label="chosen by the search",
)
ax.set(
    xlabel="score in the grid search (no truth needed)",
    ylabel="average precision for flipped labels",
    title="The search finds a method that finds the errors",
)
ax.legend(fontsize=8)
figure.savefig("grid_search.png", dpi=120)
