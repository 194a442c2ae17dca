# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""
=============================
From flagged to fixed: images
=============================

A page shows one image after the other, with its given label; keys say what it is. Here
5 % of the labels of the handwritten digits are changed, and the true labels replace the
person who looks at 120 of them.
"""

# %%
# Flagged
# -------

from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

from sklabelquality import LabelQualityScorer, inject_label_noise

X, X_test, truth, truth_test = train_test_split(
    *load_digits(return_X_y=True), test_size=1 / 3, random_state=0
)
y, is_wrong = inject_label_noise(truth, rate=0.05, random_state=0)
scorer = LabelQualityScorer(RandomForestClassifier(50, random_state=0)).fit(X, y)
audit = scorer.audit()
print(f"{is_wrong.sum()} of {len(y)} labels are wrong; {audit.n_label_issues} issues")

# %%
# Looked at and decided
# ---------------------
# ``review.html`` needs no server: open it, press ``r``, ``w`` or the number of the
# digit, and save the answers as a file.

review = audit.review(random_state=0)
rows = review.worst(70)
review.save_html("review.html", rows, X=X, image_shape=(8, 8), title="Digits")
review.record(rows, None, truth[rows])

# %%
# 50 more, drawn at random, tell how many labels are wrong in total.

drawn = review.draw(50)
review.record(drawn, None, truth[drawn])
print(f"wrong labels: {review.error_rate()}; in truth {is_wrong.mean():.1%}")

# %%
# Corrected, and round again
# --------------------------

fixed = review.corrected_labels()
scores = [
    scorer.fit(X, labels).estimator_.score(X_test, truth_test)
    for labels in (y, fixed, truth)
]
print(f"wrong labels: {is_wrong.sum()} before, {(fixed != truth).sum()} after")
print("accuracy: {:.3f} before, {:.3f} after, {:.3f} with the truth".format(*scores))
second = scorer.fit(X, fixed).audit(verified=review)
print(f"{second.is_verified.sum()} verified, {second.n_label_issues} issues left")

# %%
# The worst labels of the first round, as the page of the audit shows them with
# ``audit.save_html("audit.html", X=X, image_shape=(8, 8))``:

display = audit.plot_worst(X, 12, image_shape=(8, 8), cmap="gray_r")
display.figure_.savefig("fix_images.png", dpi=120)
print("The figure is in fix_images.png.")
