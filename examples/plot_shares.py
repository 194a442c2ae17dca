# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""
===================================
Train on little, ask about the rest
===================================

A model that trains on four fifths of the labels learns some of their errors, too. One
that trains on a tenth learns fewer, and there are nine such models to ask about each
sample. But a classifier that learns slowly knows little after a tenth.

By default, :class:`~sklabelquality.LabelQualityScorer` mixes three shares of the
samples. The weights are those under which the given labels are most likely: no true
label is needed.
"""

# %%
# A tenth of the labels of handwritten digits are replaced by others. Gaussian naive
# Bayes learns all that it can from a few samples. A logistic regression with a strong
# penalty needs many.

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklabelquality import (
    InverseKFold,
    LabelQualityScorer,
    inject_label_noise,
    label_error_report,
)

X, truth = load_digits(return_X_y=True)
y, is_error = inject_label_noise(truth, rate=0.1, random_state=0)
classifiers = {
    "naive Bayes learns fast": GaussianNB(var_smoothing=0.1),
    "a strong penalty learns slowly": make_pipeline(
        StandardScaler(), LogisticRegression(C=0.01)
    ),
}
splitters = {
    0.9: StratifiedKFold(10, shuffle=True, random_state=0),
    0.8: StratifiedKFold(5, shuffle=True, random_state=0),
    **{1 / n: InverseKFold(n, random_state=0) for n in (2, 3, 5, 10, 20, 40)},
}


def average_precision(scorer):
    report = label_error_report(is_error, scorer.label_quality_scores_)
    return report["average_precision"]


# %%
# Each share on its own, and the mixture. The log loss is that of the *given* labels;
# the weights of the mixture are chosen by it, and the average precision is what counts.

fig, axes = plt.subplots(2, 2, figsize=(9, 6), sharex=True, layout="constrained")
for (name, classifier), (above, below) in zip(classifiers.items(), axes.T, strict=True):
    scorers = [
        LabelQualityScorer(classifier, cv=cv).fit(X, y) for cv in splitters.values()
    ]
    mixture = LabelQualityScorer(classifier).fit(X, y)
    rows = [
        (above, average_precision, "average precision for wrong labels"),
        (below, lambda s: log_loss(y, s.oof_pred_probs_), "log loss of given labels"),
    ]
    for ax, measure, label in rows:
        ax.plot(list(splitters), [measure(s) for s in scorers], "o-", label="one share")
        ax.axhline(
            measure(mixture), color="tab:orange", linestyle="--", label="mixture"
        )
        ax.set(ylabel=label, xscale="log")
        ax.grid(alpha=0.3)
    above.set_title(name)
    below.set_xlabel("share of the samples that a model trains on")
    below.set_xticks([0.025, 0.1, 1 / 3, 0.8], ["1/40", "1/10", "1/3", "4/5"])
    below.minorticks_off()
    weights = {f"{k:g}": round(w, 2) for k, w in mixture.share_weights_.items()}
    print(f"{name}: weights {weights}, {average_precision(mixture):.3f}")
axes[0, 0].legend()
fig.savefig("shares.png", dpi=120)
print("The figure is in shares.png.")
