# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""
=============================================================
Scores as features, and why the given label's must not be one
=============================================================

As a step of a pipeline, `LabelQualityScorer` appends the scores of the labels that a
sample *could* have. They are cross-fitted in training, so that the next step is trained
on the same kind of scores as it gets for new samples. They help it like the predictions
in a stacked model.

The score of the *given* label is different: it is computed from the label, so a model
that gets it as a feature can recover the label.
"""

# %%
# Scores that help
# ----------------
# Is a digit odd? A linear model does not predict this well, nearest neighbours do.
# Their scores as additional features make up for most of the difference. One score per
# class says which label is likely; the score of the best label only says how clear the
# case is.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklabelquality import LabelQualityScorer

X, digit = load_digits(return_X_y=True)
is_odd = digit % 2
neighbours = KNeighborsClassifier(10)
linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
helped = {"features alone": linear}
for append in ("predicted", "classes"):
    scorer = LabelQualityScorer(neighbours, append=append)
    helped[f'append="{append}"'] = make_pipeline(scorer, linear)

print("Is a digit odd? Accuracy of a linear model")
helped = {
    name: cross_val_score(model, X, is_odd, n_jobs=2).mean()
    for name, model in helped.items()
}
for name, accuracy in helped.items():
    print(f"  {name:20} {accuracy:.3f}")

# %%
# A score that leaks
# ------------------
# These labels are coin flips: no model can predict more than half of them. A pipeline
# refuses `append="given"` as a step, since it has no `transform`. If you compute the
# column beforehand and cross-validate on it, you get a high accuracy that is
# meaningless: the label is in the features.

rng = np.random.default_rng(0)
X = rng.normal(size=(2000, 4))
coin = rng.integers(2, size=2000)
coin_model = LogisticRegression()
forest = RandomForestClassifier(50, min_samples_leaf=20, random_state=0)
leaked = {"features alone": (forest, X)}
for append in ("predicted", "classes"):
    scorer = LabelQualityScorer(coin_model, append=append)
    leaked[f'append="{append}"'] = (make_pipeline(scorer, forest), X)
given = LabelQualityScorer(coin_model, append="given").fit_transform(X, coin)
leaked["given label's score\n(do not do this)"] = (forest, given)

print("Coin flips: accuracy of a forest, 0.5 by chance")
leaked = {
    name: cross_val_score(model, data, coin, n_jobs=2).mean()
    for name, (model, data) in leaked.items()
}
for name, accuracy in leaked.items():
    print(f"  {name.partition(chr(10))[0]:20} {accuracy:.3f}")

try:
    make_pipeline(LabelQualityScorer(coin_model, append="given"), forest).fit(X, coin)
except TypeError as refused:
    print(f"A pipeline refuses it as a step: {str(refused)[:65]}...")

# %%

figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
for ax, accuracies, title in (
    (axes[0], helped, "Odd or even digit: scores help"),
    (axes[1], leaked, "Coin flips: the given label's score leaks"),
):
    colours = ["tab:red" if "not do" in name else "tab:blue" for name in accuracies]
    bars = ax.barh(list(accuracies), list(accuracies.values()), color=colours)
    ax.bar_label(bars, fmt="%.2f", padding=3)
    ax.axvline(0.5, color="black", linestyle="--")
    ax.invert_yaxis()
    ax.set(title=title, xlabel="accuracy (dashed: by chance)", xlim=(0, 1.15))
figure.savefig("pipeline.png", dpi=120)
