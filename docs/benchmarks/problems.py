# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""What is compared, labels with known errors and their probabilities, and measures."""

import time
import tracemalloc
from pathlib import Path

import numpy as np
from objective import CLASSIFIERS
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from sklabelquality import inject_label_noise

# The scores and rules that cleanlab has too.
SCORES = {
    "self-confidence": {"method": "self_confidence"},
    "margin": {"method": "normalized_margin"},
    "entropy": {"method": "confidence_weighted_entropy"},
    "self-conf. adj.": {"method": "self_confidence", "adjust_pred_probs": True},
    "margin adj.": {"method": "normalized_margin", "adjust_pred_probs": True},
}
RULES = [
    "predicted_neq_given",
    "prune_by_noise_rate",
    "prune_by_class",
    "both",
    "confident_learning",
    "low_self_confidence",
    "low_normalized_margin",
]


def injected(X, y, classifier, kind, rate, seed):
    """Return labels made wrong, a classifier's probabilities, and which are wrong."""
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    pred_probs = None
    if kind == "instance":
        truth = CLASSIFIERS["logistic"]
        pred_probs = cross_val_predict(truth, X, y, cv=folds, method="predict_proba")
    y, is_error = inject_label_noise(
        y, pred_probs, kind=kind, rate=rate, random_state=seed
    )
    pred_probs = cross_val_predict(
        CLASSIFIERS[classifier], X, y, cv=folds, method="predict_proba"
    )
    return y, pred_probs, is_error


def problem(n_samples, n_classes, dtype, seed=0):
    """Return labels, a tenth of them wrong, and probabilities of a fair classifier."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(n_classes, size=n_samples)
    pred_probs = rng.standard_exponential((n_samples, n_classes), dtype=np.float32)
    pred_probs[np.arange(n_samples), truth] += rng.exponential(2 * n_classes, n_samples)
    pred_probs = pred_probs.astype(dtype)
    pred_probs /= pred_probs.sum(axis=1, keepdims=True)
    is_wrong = rng.random(n_samples) < 0.1
    labels = np.where(is_wrong, rng.integers(n_classes, size=n_samples), truth)
    return labels, pred_probs


def read_folder(folder):
    """Yield name, labels, probabilities and errors of all models of all files."""
    for path in sorted(Path(folder).glob("*.npz")):
        with np.load(path) as file:
            if "labels" not in file.files:  # several data sets with features
                continue
            labels, is_error = file["labels"].astype(int), file["is_error"].astype(bool)
            for key in file.files:
                if key.startswith("pred_probs_"):
                    yield path.stem, labels, file[key].astype(float), is_error


def seconds(function, *args):
    """Return how long a call takes."""
    start = time.perf_counter()
    function(*args)
    return time.perf_counter() - start


def peak_mebibytes(function, *args):
    """Return what a call allocates at the most, as tracemalloc sees it."""
    tracemalloc.start()
    function(*args)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20
