# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""
=======================================
A vote of classifiers judges the labels
=======================================

Nobody knows beforehand which classifier finds the wrong labels best. The mean of what
several different ones predict, a soft vote, often finds more than each of them.
"""

# %%
# Four classifiers and their vote
# -------------------------------
# 15 % of the labels of each of three data sets are made wrong. The vote of four
# classifiers is a classifier like any other, and is asked out-of-sample as each is.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer, load_wine, make_classification
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklabelquality import (
    LabelQualityScorer,
    inject_label_noise,
    label_error_report,
)

single = {
    "logistic regression": make_pipeline(StandardScaler(), LogisticRegression()),
    "nearest neighbours": make_pipeline(StandardScaler(), KNeighborsClassifier(10)),
    "random forest": RandomForestClassifier(50, random_state=0),
    "boosting": HistGradientBoostingClassifier(max_iter=20, random_state=0),
}
useless = DummyClassifier(strategy="stratified", random_state=0)
classifiers = {
    **single,
    "vote of these four": VotingClassifier(list(single.items()), voting="soft"),
    "vote, with a useless fifth": VotingClassifier(
        [*single.items(), ("useless", useless)], voting="soft"
    ),
}
data = {
    "breast cancer": load_breast_cancer(return_X_y=True),
    "wine": load_wine(return_X_y=True),
    "synthetic": make_classification(
        500, 20, n_informative=10, n_classes=3, random_state=0
    ),
}


def average_precision(classifier, X, truth):
    y, is_error = inject_label_noise(truth, rate=0.15, random_state=0)
    scorer = LabelQualityScorer(classifier, n_jobs=2).fit(X, y)
    report = label_error_report(is_error, scorer.label_quality_scores_)
    return report["average_precision"]


found = {
    name: [average_precision(classifier, X, y) for X, y in data.values()]
    for name, classifier in classifiers.items()
}
for name, values in found.items():
    print(f"{name:27}" + "".join(f"{value:7.3f}" for value in values))

# %%
# The vote has the highest mean. A useless member costs all that was gained: in a plain
# mean each counts as much as the others. Leave out a classifier whose log loss of the
# given labels is much higher than that of the others.

figure, ax = plt.subplots(figsize=(8, 3.6), layout="constrained")
means = [np.mean(values) for values in found.values()]
colors = ["tab:blue"] * len(single) + ["tab:orange", "tab:gray"]
ax.barh(list(found), means, color=colors, height=0.6)
for marker, values in zip("o^s", np.transpose(list(found.values())), strict=True):
    ax.plot(values, range(len(found)), marker, color="black", markersize=4)
ax.legend(ax.lines, data, loc="center left", bbox_to_anchor=(1, 0.5))
ax.invert_yaxis()
ax.set(xlabel="average precision for wrong labels (bars: mean)", xlim=(0.5, 1.01))
figure.savefig("vote.png", dpi=120)
print("The figure is in vote.png.")
