# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""
========================================
Choose the scoring method by grid search
========================================

Which scoring method finds wrong labels best depends on the data and the classifier. The
wrong labels are unknown, so how can you choose? `LabelQualityScorer.score` needs no
true labels: if a label of the test fold were replaced by another one, would it score
lower than the ones that are kept? `GridSearchCV` maximises the probability of this.

Here we flip the labels ourselves, so we can check whether the search chooses a good
method.
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
# Search without true labels
# --------------------------
# The entropy score cannot be adjusted, hence a list of two grids. A parameter of the
# classifier is searched as well: with little smoothing, naive Bayes is overconfident.

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
# For every candidate: how well do its scores find the flipped labels? The search did
# not use these numbers.

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
    xlabel="score in the grid search (no true labels needed)",
    ylabel="average precision for flipped labels",
    title="The search finds a method that finds the errors",
)
ax.legend(fontsize=8)
figure.savefig("grid_search.png", dpi=120)
