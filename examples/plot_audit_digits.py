# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""
=============================================
Which handwritten digits have doubtful labels
=============================================

scikit-learn ships with 1,797 small images of handwritten digits and their labels. No
errors were added to the labels for this example: the question is whether any of the
original ones are doubtful.

Every image is classified by a forest that did not see it in training, and its label is
scored by the probability that this forest gives it.
"""

# %%
# Score every label
# -----------------
# `fit` does everything: forests, each trained on a part of the images, predict all the
# others.

from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier

from sklabelquality import LabelQualityScorer

digits = load_digits()
classifier = ExtraTreesClassifier(n_estimators=100, random_state=0)
scorer = LabelQualityScorer(classifier, n_jobs=2).fit(digits.data, digits.target)

# %%
# The audit
# ---------
# A label issue is a label that is not the most probable class.

audit = scorer.audit()
print(audit.summary())

# %%
# At the end of a notebook cell, ``audit`` is shown as a page with all results, and
# `save_html` writes the page to a file.

audit.save_html("audit_digits.html")
audit

# %%
# The twelve most suspicious labels
# ---------------------------------
# Some of them are hard to read, some could be either of two digits, and one or two are
# right but written in an unusual way. A low score says where to look, not what is true.

display = audit.plot_worst(digits.images, n=12, cmap="gray_r")
display.figure_.savefig("audit_digits.png", dpi=120)
print("\nThe full audit is in audit_digits.html, the images are in audit_digits.png.")
