# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""
=======================================================
Audit the labels of a data frame, and fix what is wrong
=======================================================

A phone company has one row per customer: numbers, categories, missing values, and a
label for the plan that the customer is on. One label in five was entered wrong. The
audit uses the pipeline that would be trained anyway, and finds most of the wrong
labels. When only these are corrected, the model is better on customers whose plan is
known.

The data are simulated, so the true labels are known.
"""

# %%
# A mixed data frame with string labels and an index
# --------------------------------------------------

import numpy as np
import pandas as pd

rng = np.random.default_rng(0)
n_customers = 3000
plan = pd.Series(
    rng.choice(["basic", "family", "business"], size=n_customers, p=[0.5, 0.3, 0.2]),
    index=[f"C{number:05d}" for number in rng.permutation(n_customers)],
    name="plan",
)
codes = plan.map({"basic": 0, "family": 1, "business": 2}).to_numpy()
customers = pd.DataFrame(
    {
        "monthly_bill": np.exp(rng.normal([2.6, 3.4, 4.2], 0.35, (n_customers, 3)))[
            np.arange(n_customers), codes
        ],
        "lines": 1 + rng.poisson(np.array([0.2, 2.5, 4.0])[codes]),
        "age": rng.normal(np.array([38, 44, 41])[codes], 11).round(),
        "contact": np.select(
            [rng.random(n_customers) < 0.3, codes == 0, codes == 1],
            [rng.choice(["app", "shop", "phone"], size=n_customers), "app", "shop"],
            "phone",
        ),
    },
    index=plan.index,
)
customers.loc[rng.random(n_customers) < 0.1, "age"] = np.nan
customers.loc[rng.random(n_customers) < 0.1, "contact"] = None
print(customers.head())

# %%
# A third of the customers, whose plans are known, form the test set. For the rest, one
# label in five is wrong: the next entry of the form was chosen instead.

from sklearn.model_selection import train_test_split

from sklabelquality import inject_label_noise

X, X_test, truth, truth_test = train_test_split(
    customers, plan, test_size=1 / 3, random_state=0, stratify=plan
)
typed_in, is_error = inject_label_noise(
    truth, kind="asymmetric", rate=0.2, random_state=0
)
y = pd.Series(typed_in, index=truth.index, name="plan")
print(f"\n{is_error.sum()} of {len(y)} labels are wrong.")

# %%
# Audit with the pipeline that you would train anyway
# ---------------------------------------------------

from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from sklabelquality import LabelQualityScorer

model = make_pipeline(
    ColumnTransformer(
        [
            ("numbers", SimpleImputer(), make_column_selector(dtype_include="number")),
            ("words", OneHotEncoder(handle_unknown="ignore"), ["contact"]),
        ]
    ),
    RandomForestClassifier(100, random_state=0, n_jobs=2),
)
audit = LabelQualityScorer(model).fit(X, y).audit()
print(audit.summary())

# %%
# At the end of a notebook cell, ``audit`` is shown as a page, and
# ``audit.save_html("audit.html")`` writes it to a file. The table has one row per
# customer, indexed by the customer number:

frame = audit.to_frame(sort=True)
print(frame.head(10)[["given_label", "predicted_label", "label_quality"]])

# %%
# Fix the labels
# --------------
# A person looks at as many of the most suspicious labels as there are label issues, and
# corrects what is wrong: in a spreadsheet,
# ``review.to_frame(rows, X=X).to_excel("review.xlsx")``, or on the page of
# ``review.save_html("review.html", rows, X=X)``. Here the true labels replace the
# person.

review = audit.review(random_state=0)
rows = review.worst(audit.n_label_issues)
review.record(rows, None, truth.iloc[rows])
fixed = review.corrected_labels()
is_issue = audit.to_frame()["is_label_issue"]
n_found = int((y != fixed).sum())
print(
    f"\nLooking at {len(rows)} of {len(y)} customers corrects {n_found} of "
    f"{is_error.sum()} wrong labels."
)

# %%
# The second round leaves out what was verified.

second = LabelQualityScorer(model).fit(X, fixed).audit(verified=review)
print(f"{second.is_verified.sum()} labels verified, {second.n_label_issues} new issues")

# %%
# Refit, and compare on clean labels
# ----------------------------------
# The same pipeline, fitted on the given labels, without the label issues, with the
# corrected labels, and on the true labels.

from sklearn.base import clone

training_sets = {
    "as typed in": (X, y),
    "issues dropped": (X[~is_issue], y[~is_issue]),
    "issues corrected": (X, fixed),
    "truth": (X, truth),
}
accuracy = {
    name: clone(model).fit(*data).score(X_test, truth_test)
    for name, data in training_sets.items()
}
print("\naccuracy on customers whose plan is known")
for name, value in accuracy.items():
    print(f"{name:>18}: {value:.3f}")

# %%
# What the audit shows, and how much it helps.

import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
audit.plot_scores(ax=axes[0])
axes[0].set_title("label quality scores")
audit.plot_confusion(ax=axes[1])
axes[1].set_title("given and predicted plans")
bars = axes[2].barh(list(accuracy), list(accuracy.values()), color="#4477aa")
axes[2].bar_label(bars, fmt="%.3f", padding=3)
axes[2].set(title="accuracy on clean labels", xlim=(0, 1.2))
axes[2].invert_yaxis()
figure.savefig("audit_dataframe.png", dpi=120)
print("\nThe plots are in audit_dataframe.png.")
