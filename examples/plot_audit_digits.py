# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""
=============================================
Which handwritten digits have doubtful labels
=============================================

scikit-learn comes with 1,797 small images of handwritten digits and the digit that each
is meant to be. Nobody has put errors into these labels for this example: the question
is whether there are doubtful ones as they are.

Every image is classified by a forest that did not see it in training, and its label is
scored by the probability that this forest gives it.
"""

# %%
# Score every label
# -----------------
# `fit` does it all: five forests, each trained on four fifths of the images, predict
# the remaining fifth.

import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier

from sklabelquality import LabelQualityScorer

digits = load_digits()
classifier = ExtraTreesClassifier(n_estimators=500, random_state=0)
scorer = LabelQualityScorer(classifier, n_jobs=2).fit(digits.data, digits.target)

predicted = scorer.classes_[scorer.oof_pred_probs_.argmax(axis=1)]
scores = scorer.label_quality_scores_
print(
    f"{len(scores):,} labels: the forests agree with "
    f"{np.mean(predicted == digits.target):.1%} of them, and give "
    f"{np.sum(scores < 0.25)} of them a probability below 0.25."
)

# %%
# The twelve most suspicious labels
# ---------------------------------

worst = np.argsort(scores, kind="stable")[:12]
print("\nposition  given  predicted  label quality score")
for i in worst:
    print(f"{i:8d}  {digits.target[i]:5d}  {predicted[i]:9d}  {scores[i]:19.3f}")

# %%
# Some of them are hard to read, some could be either of two digits, and one or two are
# fine but written in an unusual way. A low score says where to look, not what is true.

import matplotlib.pyplot as plt

figure, axes = plt.subplots(2, 6, figsize=(10, 4.4), layout="constrained")
for ax, i in zip(axes.flat, worst, strict=True):
    ax.imshow(digits.images[i], cmap="gray_r", interpolation="nearest")
    ax.set_title(
        f"given {digits.target[i]}, predicted {predicted[i]}\nscore {scores[i]:.2f}",
        fontsize=10,
    )
    ax.set_xticks([])
    ax.set_yticks([])
figure.suptitle("The twelve most suspicious labels of 1,797 handwritten digits")
figure.savefig("audit_digits.png", dpi=120)
print("\nTheir images are in audit_digits.png.")
