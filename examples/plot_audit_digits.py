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

from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier

from sklabelquality import LabelQualityScorer

digits = load_digits()
classifier = ExtraTreesClassifier(n_estimators=500, random_state=0)
scorer = LabelQualityScorer(classifier, n_jobs=2).fit(digits.data, digits.target)

# %%
# The audit
# ---------
# A label issue is a label that is not the most probable one.

audit = scorer.audit()
print(audit.summary())

# %%
# As the last line of a notebook cell, ``audit`` shows a page with all of it, and
# `save_html` writes the page to a file.

audit.save_html("audit_digits.html")
audit

# %%
# The twelve most suspicious labels
# ---------------------------------
# Some of them are hard to read, some could be either of two digits, and one or two are
# fine but written in an unusual way. A low score says where to look, not what is true.

display = audit.plot_worst(digits.images, n=12, cmap="gray_r")
display.figure_.savefig("audit_digits.png", dpi=120)
print("\nThe whole audit is in audit_digits.html, the images are in audit_digits.png.")
