# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""
====================================
How many labels are wrong, 70 or 700
====================================

A model can say which labels are suspicious, but not how many are wrong: for that, a
person has to look at some of them. A review chooses the labels to look at, more of them
among the suspicious ones, and turns the answers into an error rate with a confidence
interval.

Here 100 labels of the handwritten digits are flipped, so the true labels are known and
replace the person.
"""

# %%
# Wrong labels, and a model's estimate of their number
# ----------------------------------------------------

import numpy as np
from sklearn.datasets import load_digits
from sklearn.naive_bayes import GaussianNB

from sklabelquality import LabelQualityScorer, inject_label_noise

X, truth = load_digits(return_X_y=True)
y, is_wrong = inject_label_noise(truth, rate=100 / len(truth), random_state=0)
audit = LabelQualityScorer(GaussianNB(var_smoothing=0.1)).fit(X, y).audit()
print(f"{is_wrong.sum()} of {len(y)} labels are wrong: {is_wrong.mean():.1%}.")
print(f"The model disagrees with {audit.n_label_issues} labels.")

# %%
# A review
# --------
# `draw` returns the positions of the labels to look at; `to_frame` returns a sheet for
# the reviewer. Here it is filled in with the truth. One answer is "unsure": the
# interval covers both possibilities.

from sklabelquality import LabelReview

review = audit.review(random_state=0)
rows = review.draw(100)
sheet = review.to_frame()
print()
print(sheet[["given_label", "predicted_label", "is_wrong", "stratum"]].head())

sheet["is_wrong"] = np.where(is_wrong[rows], "yes", "no")
sheet.iloc[0, sheet.columns.get_loc("is_wrong")] = "unsure"
print(LabelReview.from_frame(sheet).error_rate())

# %%
# Three reviews of growing size
# -----------------------------
# Each is a separate review: the number of labels is fixed before anybody looks. It is
# compared with a simple random sample of the same size, with Wilson's interval.

from scipy.stats import binomtest

sizes = [50, 150, 450]
by_strata, at_random = [], []
rng = np.random.default_rng(0)
for n in sizes:
    review = audit.review(random_state=n)
    rows = review.draw(n)
    by_strata.append(review.record(rows, is_wrong[rows]).error_rate())
    sample = rng.choice(len(y), size=n, replace=False)
    test = binomtest(int(is_wrong[sample].sum()), n)
    interval = test.proportion_ci(method="wilson")
    at_random.append((test.statistic, interval.low, interval.high))

print("\nlabels  review                    simple random sample")
for n, ours, uniform in zip(sizes, by_strata, at_random, strict=True):
    print(
        f"{n:6d}  {ours.rate:.1%} ({ours.low:.1%} to {ours.high:.1%})    "
        f"\t{uniform[0]:.1%} ({uniform[1]:.1%} to {uniform[2]:.1%})"
    )

# %%
# The intervals and the true rate, and what the largest review found along the ranking.

import matplotlib.pyplot as plt

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
for offset, name, results in [
    (-0.1, "review", by_strata),
    (0.1, "simple random sample", at_random),
]:
    rate, low, high = np.array([result[:3] for result in results]).T
    left.errorbar(
        np.arange(len(sizes)) + offset,
        rate,
        [rate - low, high - rate],
        fmt="o",
        capsize=4,
        label=name,
    )
left.axhline(is_wrong.mean(), color="black", linestyle=":", label="truth")
left.set_xticks(np.arange(len(sizes)), [f"{n} labels" for n in sizes])
left.set(ylabel="share of wrong labels", ylim=(0, None))
left.legend()
review.plot(ax=right)
figure.savefig("label_review.png", dpi=120)
print("\nThe plots are in label_review.png.")
