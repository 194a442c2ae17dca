# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""
==================================
Find the wrong labels among digits
==================================

scikit-learn ships with 1,797 small images of handwritten digits. Here 3 % of their
labels are changed at random, so that it is known which labels are wrong. Are these the
ones that the audit finds?
"""

# %%
# Change some labels
# ------------------

from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier

from sklabelquality import LabelQualityScorer, inject_label_noise

digits = load_digits()
images = 16 - digits.images  # ink on paper
labels, is_changed = inject_label_noise(digits.target, rate=0.03, random_state=0)
print(f"{is_changed.sum()} of the labels of {len(labels):,} digits are changed.")

# %%
# Score every label
# -----------------
# `fit` does everything: forests, each trained on a part of the images, predict all the
# others, and every label is scored by the probability that they give it.

print("Training 19 forests, 18 of them on parts of the images ...", flush=True)
classifier = ExtraTreesClassifier(n_estimators=100, random_state=0)
scorer = LabelQualityScorer(classifier).fit(digits.data, labels)
audit = scorer.audit()

# %%
# The most suspicious labels
# --------------------------
# The captions of labels that were changed are red. Those of the others are black: they
# are as scikit-learn ships them, and belong to digits that are hard to read.

display = audit.plot_worst(images, n=60)
review = audit.review(random_state=0)
worst = review.worst(60)
for ax, row in zip(display.axes_.flat, worst, strict=True):
    ax.title.set_color("red" if is_changed[row] else "black")
display.figure_.savefig("audit_digits.png", dpi=120)
print(
    f"Among the 60 most suspicious labels are {is_changed[worst].sum()} of the "
    f"{is_changed.sum()} changed ones."
)

# %%
# The audit
# ---------
# A label issue is a label that is not the most probable class. No model can tell how
# many of the issues are wrong labels; here it is known.

n_others = (audit.is_label_issue & ~is_changed).sum()
print(
    f"{audit.n_label_issues} labels are not the most probable class. {n_others} of "
    "these were not changed: look at them, and decide."
)

# %%
# At the end of a notebook cell, ``audit`` is shown as a page. `save_html` writes it to
# a file, and for a review it writes a page to click through, without a server.

audit.save_html("audit_digits.html", X=images)
review.save_html("review_digits.html", worst, X=images, title="Digits")
print(
    "Look at audit_digits.png (the 60 images), audit_digits.html (the whole audit) "
    "and\nreview_digits.html (click through the 60 and say what is right)."
)
audit
