# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""
===========================
New labels, month by month
===========================

A model is in use, and every month brings new samples with labels. The classifier that
was fitted on checked data audits each batch as it arrives: which labels to look at, how
many are wrong, and whose they are. Here one of four annotators begins to confuse 3 and
8 in the fourth month.
"""

# %%
# Checked data, and six batches
# -----------------------------

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier

from sklabelquality import LabelQualityScorer

X, truth = load_digits(return_X_y=True)
rng = np.random.default_rng(0)
order = rng.permutation(len(truth))
checked, *batches = np.split(order, [597, 797, 997, 1197, 1397, 1597])
scorer = LabelQualityScorer(ExtraTreesClassifier(100, random_state=0))
scorer.fit(X[checked], truth[checked])

# %%
# Audit each batch
# ----------------
# A person looks at 40 labels of each batch, drawn at random within strata of their
# scores. Here the truth answers.

swapped = {3: 8, 8: 3}
table = []
for month, rows in enumerate(batches, start=1):
    given = truth[rows].copy()
    annotators = rng.choice(["Ann", "Ben", "Eve", "Joe"], size=len(rows))
    confused = (annotators == "Eve") & np.isin(given, [3, 8]) & (month >= 4)
    given[confused] = [swapped[label] for label in given[confused]]

    audit = scorer.audit(X[rows], given)
    review = audit.review(random_state=month)
    drawn = review.draw(40)
    review.record(drawn, given[drawn] != truth[rows][drawn])
    rate = review.error_rate()
    table.append([month, confused.mean(), rate.rate, rate.low, rate.high])
    print(f"month {month}: {audit.n_label_issues} label issues, wrong labels: {rate}")

# %%
# Whose labels are they?
# ----------------------
# :meth:`~sklabelquality.LabelAudit.by` compares each annotator with the others. A small
# p-value says that more or fewer of these labels are issues than by chance.

print(audit.by(annotators).to_string(float_format="%.3f"))

# %%
# Error rates over time
# ---------------------

import matplotlib.pyplot as plt

rates = pd.DataFrame(table, columns=["month", "true", "rate", "low", "high"])
errors = [rates["rate"] - rates["low"], rates["high"] - rates["rate"]]
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.errorbar(rates["month"], rates["rate"], errors, fmt="o", capsize=4, label="review")
ax.plot(rates["month"], rates["true"], "k_", markersize=20, label="truth")
ax.set_xlabel("Month")
ax.set_ylabel("Share of wrong labels")
ax.legend()
fig.savefig("new_data.png", dpi=120)
print("The figure is in new_data.png.")
