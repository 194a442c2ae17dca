# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""
========================================
Why in-sample probabilities find nothing
========================================

A model that has seen a label in training tends to repeat it, right or wrong. Its
probabilities for its own training data then say that all labels are right.
Probabilities from models that did not see the sample, as in `LabelQualityScorer`, do
not.

How much this matters depends on the model. Trees grown until their leaves are pure, as
here, or nearest neighbours that include the sample itself, memorise every label; a
model with few parameters memorises little. With out-of-sample probabilities it does not
matter.
"""

# %%
# One label in ten is wrong
# -------------------------

from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import average_precision_score

from sklabelquality import LabelQualityScorer, inject_label_noise, self_confidence

X, truth = load_digits(return_X_y=True)
y, is_error = inject_label_noise(truth, rate=0.1, random_state=0)

# %%
# The same forest, the same score, twice
# --------------------------------------
# Once on the data that it was trained on, once out-of-sample.

forest = ExtraTreesClassifier(200, random_state=0)
in_sample = self_confidence(y, clone(forest).fit(X, y).predict_proba(X))
out_of_sample = LabelQualityScorer(forest).fit(X, y).label_quality_scores_

scores = {"in-sample": in_sample, "out-of-sample": out_of_sample}
precision = {
    name: average_precision_score(is_error, -values) for name, values in scores.items()
}
for name, value in precision.items():
    print(f"{name}: average precision {value:.3f} for the wrong labels")

# %%
# One cluster of scores, or two separate ones
# -------------------------------------------

import matplotlib.pyplot as plt
import numpy as np

figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
bins = np.linspace(0, 1, 26)
for ax, (name, values) in zip(axes, scores.items(), strict=True):
    ax.hist(values[~is_error], bins, alpha=0.7, label="label is right")
    ax.hist(values[is_error], bins, alpha=0.7, label="label is wrong")
    ax.set(
        title=f"{name}: average precision {precision[name]:.2f}",
        xlabel="label quality score (self-confidence)",
    )
axes[0].set_ylabel("number of labels")
axes[0].legend()
figure.suptitle("A model believes the labels that it was trained on")
figure.savefig("in_sample.png", dpi=120)
print("The figure is in in_sample.png.")
