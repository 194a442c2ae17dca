# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""
===========================
A table, audited by XGBoost
===========================

Any classifier with scikit-learn's interface will do, also one that wants its classes
numbered and takes missing values. The table describes tumours; a tenth of its entries
is removed, and 6 % of its labels are changed.
"""

# %%
# A table with gaps and with errors
# ---------------------------------

import numpy as np
from sklearn.datasets import load_breast_cancer

from sklabelquality import inject_label_noise

X, codes = load_breast_cancer(return_X_y=True, as_frame=True)
X = X.mask(np.random.default_rng(0).random(X.shape) < 0.1)
truth = codes.map({0: "malignant", 1: "benign"})
y, is_wrong = inject_label_noise(truth, rate=0.06, random_state=0)
print(f"{is_wrong.sum()} of {len(y)} labels are wrong")

# %%
# XGBoost beside scikit-learn
# ---------------------------
# XGBoost refuses labels such as "benign"; the scorer encodes them for it, and says so.

from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

from sklabelquality import LabelQualityScorer

classifiers = {
    "XGBoost": XGBClassifier(n_estimators=100, learning_rate=0.1, n_jobs=1),
    "logistic regression": make_pipeline(
        SimpleImputer(), StandardScaler(), LogisticRegression()
    ),
}
audits = {}
for name, classifier in classifiers.items():
    scorer = LabelQualityScorer(classifier, passthrough=False).fit(X, y)
    audits[name] = audit = scorer.audit()
    found = average_precision_score(is_wrong, -audit.label_quality_scores)
    print(f"{name}: average precision {found:.2f}, encoded: {scorer.encodes_labels_}")

# %%
# Which of them ranks better depends on the data. What matters is that the wrong labels
# come first.

import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for name, audit in audits.items():
    order = np.argsort(audit.label_quality_scores, kind="stable")
    ax.plot(np.arange(len(y)) + 1, is_wrong[order].cumsum(), label=name)
ax.set_xlim(0, 150)
ax.set_xlabel("Labels looked at, the most suspicious first")
ax.set_ylabel("Wrong labels among them")
ax.legend()
fig.savefig("boosting.png", dpi=120)
print("The figure is in boosting.png.")
