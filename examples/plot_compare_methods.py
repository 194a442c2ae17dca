# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""
=======================================
Which scoring method finds wrong labels
=======================================

It depends on the kind of label noise, and on the classifier. Here three kinds of errors
are injected into the labels of the handwritten digits, a fifth of all labels each time,
and five classifiers predict probabilities. The number in a cell is the average
precision with which a score finds the wrong labels: 1 if they all come first.

- **symmetric**: all other digits are equally likely.
- **class-dependent**: a digit is always confused with the same other digit.
- **instance-dependent**: images that are hard to read are mislabelled more often, as
  the digit that they resemble.
"""

# %%
# One set of probabilities per kind of noise and classifier
# ---------------------------------------------------------
# All methods score the same out-of-sample probabilities.

import numpy as np
from sklearn.datasets import load_digits
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklabelquality import get_label_quality_scores, inject_label_noise

X, truth = load_digits(return_X_y=True)
classifiers = {
    "logistic": make_pipeline(StandardScaler(), LogisticRegression(C=0.01)),
    "discriminant": make_pipeline(
        StandardScaler(), LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.1)
    ),
    "naive Bayes": GaussianNB(var_smoothing=0.1),
    "10 neighbours": KNeighborsClassifier(10),
    "trees": ExtraTreesClassifier(100, random_state=0),
}
methods = {
    "self-confidence": {"method": "self_confidence"},
    "margin": {"method": "normalized_margin"},
    "entropy": {"method": "confidence_weighted_entropy"},
    "adjusted margin": {"method": "normalized_margin", "adjust_pred_probs": True},
    "noise-aware": {"method": "noise_aware"},
}
folds = StratifiedKFold(5, shuffle=True, random_state=0)


def predict(classifier, y):
    """Return out-of-sample probabilities."""
    return cross_val_predict(classifier, X, y, cv=folds, method="predict_proba")


difficulty = predict(classifiers["logistic"], truth)
precision = {}
for kind in ["symmetric", "asymmetric", "instance"]:
    y, is_error = inject_label_noise(
        truth,
        difficulty if kind == "instance" else None,
        kind=kind,
        rate=0.2,
        random_state=0,
    )
    precision[kind] = np.empty((len(classifiers), len(methods)))
    for row, classifier in enumerate(classifiers.values()):
        pred_probs = predict(classifier, y)
        for column, kwargs in enumerate(methods.values()):
            scores = get_label_quality_scores(y, pred_probs, **kwargs)
            precision[kind][row, column] = average_precision_score(is_error, -scores)

for kind, values in precision.items():
    print(f"\n{kind}: mean over the classifiers")
    for name, value in zip(methods, values.mean(axis=0), strict=True):
        print(f"  {name:16s} {value:.3f}")

# %%
# No method is best everywhere
# ----------------------------
# The best method of each row is framed. The noise-aware score learns which digits are
# confused with which, so it gains where there is something to learn.

import matplotlib.pyplot as plt

titles = ["symmetric", "class-dependent", "instance-dependent"]
figure, axes = plt.subplots(1, 3, figsize=(12, 4.8), sharey=True, layout="constrained")
for ax, title, values in zip(axes, titles, precision.values(), strict=True):
    ax.imshow(values, cmap="Blues", vmin=0.6, vmax=1.1)
    for row, column in np.ndindex(values.shape):
        is_best = column == values[row].argmax()
        ax.text(
            column,
            row,
            f"{values[row, column]:.2f}",
            ha="center",
            va="center",
            fontweight="bold" if is_best else "normal",
            color="white" if values[row, column] > 0.85 else "black",
        )
        if is_best:
            frame = plt.Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, lw=2)
            ax.add_patch(frame)
    ax.set_xticks(np.arange(len(methods)), list(methods), rotation=35, ha="right")
    ax.set_yticks(np.arange(len(classifiers)), list(classifiers))
    ax.set_title(f"{title} errors")
figure.suptitle(
    "Average precision for the wrong labels, best method of each row framed"
)
figure.savefig("compare_methods.png", dpi=120)
print("\nThe figure is in compare_methods.png.")
