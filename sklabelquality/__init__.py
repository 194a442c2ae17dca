# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Find wrong labels in a data set with any scikit-learn classifier.

A *label quality score* says how likely the given label of a sample is to be right: a
number in [0, 1], **higher = more likely correct**, computed from the label and from the
probabilities that a classifier predicts for a sample that it has not seen in training.
"""

from sklabelquality._confident_learning import confident_thresholds, noise_matrix
from sklabelquality._metrics import (
    inject_label_noise,
    label_error_report,
    make_label_noise_scorer,
)
from sklabelquality._scorer import LabelQualityScorer
from sklabelquality._scores import (
    candidate_label_scores,
    confidence_weighted_entropy,
    get_label_quality_scores,
    normalized_margin,
    order_label_issues,
    self_confidence,
)

__version__ = "0.1.0.dev0"

__all__ = [
    "LabelQualityScorer",
    "candidate_label_scores",
    "confidence_weighted_entropy",
    "confident_thresholds",
    "get_label_quality_scores",
    "inject_label_noise",
    "label_error_report",
    "make_label_noise_scorer",
    "noise_matrix",
    "normalized_margin",
    "order_label_issues",
    "self_confidence",
]
