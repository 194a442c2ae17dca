# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""
==================================
From flagged to fixed: short texts
==================================

An audit flags labels; a person decides. Their answers become corrected labels, the next
round leaves out what was decided, and the model gets better. Here the texts are made
up, so the true labels are known and replace the person.
"""

# %%
# 900 sentences about three topics, every sixth with a wrong label
# ----------------------------------------------------------------
# The labels are names in a series, as they would come from a file.

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklabelquality import LabelQualityScorer, inject_label_noise

WORDS = {
    "weather": "rain storm cloud sunny cold wind forecast snow degrees humid",
    "kitchen": "oven salt flour onion boil recipe butter knife taste spoon",
    "garden": "seed soil bloom prune water leaf rose weed compost shade",
}
SHARED = "today again still morning much little never while almost since we they it"


def sentences(n, rng):
    """Return sentences of common words and of some of a topic, or of another one."""
    topics = rng.choice(list(WORDS), size=n)
    texts = []
    for topic in topics:
        own = rng.choice(WORDS[topic].split(), size=rng.integers(1, 4))
        other = rng.choice(WORDS[rng.choice(list(WORDS))].split(), size=1)
        words = [*own, *other, *rng.choice(SHARED.split(), size=5)]
        texts.append(" ".join(rng.permutation(words)))
    return np.array(texts, dtype=object), topics


rng = np.random.default_rng(0)
texts, truth = sentences(900, rng)
test_texts, test_truth = sentences(3000, rng)
names = [f"text {number:03d}" for number in range(900)]
labels, is_wrong = inject_label_noise(truth, rate=1 / 6, random_state=0)
labels = pd.Series(labels, index=names)
texts, truth = pd.Series(texts, index=names), pd.Series(truth, index=names)
model = make_pipeline(TfidfVectorizer(), LogisticRegression())


def accuracy(y):
    return model.fit(texts, y).score(test_texts, test_truth)


print(f"{is_wrong.sum()} of 900 labels are wrong; accuracy {accuracy(labels):.3f}")

# %%
# Three rounds: look at the worst 60 labels, correct, fit again
# -------------------------------------------------------------
# In a real project `review.save_html("review.html", rows, X=texts)` writes a page to
# click through, and `audit.review(frame=...)` reads the sheet that it saves.

scorer = LabelQualityScorer(model, passthrough=False)
review, history = None, [(0, accuracy(labels), is_wrong.sum())]
for _ in range(3):
    audit = scorer.fit(texts, labels).audit(verified=review)
    known = audit.is_verified.sum()
    review = audit.review(random_state=0)
    rows = review.worst(60)
    review.record(rows, None, truth.iloc[rows])
    labels = review.corrected_labels()
    n_wrong = int((labels != truth).sum())
    history.append((known + 60, accuracy(labels), n_wrong))
    print(f"looked at {history[-1][0]}: {n_wrong} wrong, accuracy {history[-1][1]:.3f}")
best = accuracy(truth)
print(f"with the true labels: accuracy {best:.3f}")

# %%
# The first labels that were looked at, and what became of them.

print(review.to_frame(rows[:5], X=texts)[["text", "given_label", "correct_label"]])

# %%
# Looking at a fifth of the labels finds most of the wrong ones
# -------------------------------------------------------------

import matplotlib.pyplot as plt

looked_at, accuracies, n_wrong = zip(*history, strict=True)
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
left.plot(looked_at, n_wrong, "o-")
left.set(ylabel="wrong labels that are left", ylim=(0, None))
right.plot(looked_at, accuracies, "o-", label="corrected labels")
right.axhline(best, linestyle="--", color="tab:gray", label="true labels")
right.set(ylabel="accuracy on clean test labels")
right.legend(loc="lower right")
for ax in (left, right):
    ax.set(xlabel="labels that a person looked at")
    ax.grid(alpha=0.3)
figure.savefig("fix_texts.png", dpi=120)
print("The figure is in fix_texts.png.")
