# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""
================================
Near-duplicates and other groups
================================

Often several samples belong together: photographs of one object, visits of one patient,
near-copies of one file. If such an object is mislabelled, so are all of its samples. If
some of them are trained on, the classifier has seen the wrong label of the others, and
tends to confirm it: the audit misses many or most of them.

Passed as `groups` to `fit`, they are kept together.
"""

# %%
# 400 digits, each five times
# ---------------------------
# Each copy has a little noise. 60 of the 400 digits, with all of their copies, get a
# wrong label.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from sklabelquality import LabelQualityScorer, inject_label_noise

X, y = load_digits(return_X_y=True)
X, y = X[:400], y[:400]
y, is_error = inject_label_noise(y, rate=0.15, random_state=0)

groups = np.repeat(np.arange(400), 5)
rng = np.random.default_rng(0)
X = X[groups] + rng.normal(scale=0.1, size=(2000, 64))
y, is_error = y[groups], is_error[groups]

# %%
# Audit with the copies torn apart, and kept together
# ---------------------------------------------------
# A wrong label counts as found if the classifier predicts another one.

classifiers = {
    "random forest": RandomForestClassifier(50, random_state=0),
    "neighbours": KNeighborsClassifier(5),
    "logistic regression": make_pipeline(
        MinMaxScaler(), LogisticRegression(C=10, max_iter=1000)
    ),
}
found = {"torn apart": [], "kept together": []}
for classifier in classifiers.values():
    torn = LabelQualityScorer(classifier, n_jobs=2).fit(X, y)
    kept = LabelQualityScorer(classifier, n_jobs=2).fit(X, y, groups=groups)
    for name, scorer in (("torn apart", torn), ("kept together", kept)):
        predicted = scorer.classes_[scorer.oof_pred_probs_.argmax(axis=1)]
        found[name].append(np.mean(predicted[is_error] != y[is_error]))

print("share of wrong labels found, copies torn apart and kept together")
for name, torn, kept in zip(classifiers, *found.values(), strict=True):
    print(f"  {name:20} {torn:4.0%} {kept:5.0%}")

# %%

figure, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
positions = np.arange(len(classifiers))
for offset, (name, shares) in zip((-0.2, 0.2), found.items(), strict=True):
    bars = ax.bar(positions + offset, shares, width=0.38, label=f"copies {name}")
    ax.bar_label(bars, fmt="{:.0%}")
ax.set_xticks(positions, classifiers)
ax.set(
    ylabel="wrong labels found",
    ylim=(0, 1.3),
    title="With near-duplicates torn apart, fewer wrong labels are found",
)
ax.legend(ncols=2, loc="upper center")
figure.savefig("groups.png", dpi=120)
