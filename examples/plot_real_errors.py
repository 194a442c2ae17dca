# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""
===================================
Errors that a person made, in texts
===================================

For the sentiment lexicon VADER, ten people rated how positive or negative 7,500 words
are [1]_. The package ``vaderSentiment`` ships all ratings. Here the labels are those of
the first person alone. A label is taken to be wrong if the other nine disagree on
average: these are errors that a person really made, by a slip or for want of knowing a
word.

.. [1] C. J. Hutto, E. Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment
   Analysis of Social Media Text", ICWSM (2014).
"""

# %%
# Words and ratings
# -----------------

import ast
from importlib.resources import files

import numpy as np
import pandas as pd

lexicon = files("vaderSentiment") / "vader_lexicon.txt"
with lexicon.open(encoding="utf-8") as file:
    rows = [line.rstrip("\n").split("\t") for line in file]
ratings = pd.DataFrame(
    [ast.literal_eval(row[3]) for row in rows], index=[row[0] for row in rows]
)
ratings = ratings[ratings.index.str.isalpha() & (ratings[0] != 0)]
labels = pd.Series(np.where(ratings[0] > 0, "positive", "negative"), ratings.index)
others = ratings.drop(columns=0).mean(axis=1)
is_wrong = (np.sign(others) != np.sign(ratings[0])).to_numpy()
print(f"{is_wrong.sum()} of {len(labels):,} labels are wrong ({is_wrong.mean():.1%})")

# %%
# Which labels are suspicious?
# ----------------------------
# Related words have parts in common, such as "happy" and "happiest". So the features
# are the TF-IDF values of sequences of letters.

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklabelquality import LabelQualityScorer

words = labels.index.to_series()
classifier = make_pipeline(
    TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 6), sublinear_tf=True),
    LogisticRegression(C=30, max_iter=1000),
)
scorer = LabelQualityScorer(classifier, passthrough=False).fit(words, labels)
audit = scorer.audit()
worst = audit.worst(15)[["given_label", "predicted_label", "label_quality"]]
print(worst.assign(others=others[worst.index]).to_string(float_format="%.2f"))

# %%
# Some of these labels are right: to the model "charmless" looks like "charming". The
# person who looks at the list decides.

n = 100
found = is_wrong[np.argsort(audit.label_quality_scores, kind="stable")]
print(f"{found[:n].sum()} of the {n} most suspicious labels are wrong")
print(f"{n * is_wrong.mean():.0f} of {n} words drawn at random would be")

# %%
# How much there is to look at
# ----------------------------

import matplotlib.pyplot as plt

looked_at = np.arange(len(found)) + 1
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(looked_at, found.cumsum() / found.sum(), label="the most suspicious first")
ax.plot(looked_at, looked_at / len(found), "--", color="gray", label="at random")
ax.axvline(audit.n_label_issues, color="tab:orange", label="label issues")
ax.set_xlim(0, 2500)
ax.set_xlabel("Words looked at")
ax.set_ylabel("Share of the wrong labels found")
ax.legend()
fig.savefig("real_errors.png", dpi=120)
print("The figure is in real_errors.png.")
