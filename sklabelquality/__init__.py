# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Find wrong labels in a data set with any scikit-learn classifier.

A *label quality score* says how likely the given label of a sample is to be right: a
number in [0, 1], **higher = more likely correct**, computed from the label and from the
probabilities that a classifier predicts for a sample that it has not seen in training.
"""

from sklabelquality._audit import LabelAudit
from sklabelquality._class_health import class_health, overlapping_classes
from sklabelquality._confident_learning import (
    confident_joint,
    confident_thresholds,
    joint_distribution,
    noise_matrix,
)
from sklabelquality._copies import find_copies
from sklabelquality._issues import (
    find_label_issues,
    num_label_issues,
    order_label_issues,
)
from sklabelquality._metrics import inject_label_noise, label_error_report
from sklabelquality._noise_model import (
    NoiseModel,
    label_posterior,
    learn_noise_model,
)
from sklabelquality._objective import make_label_noise_scorer
from sklabelquality._plots import AuditDisplay
from sklabelquality._review import ErrorRate, LabelReview
from sklabelquality._scorer import LabelQualityScorer
from sklabelquality._scores import (
    candidate_label_scores,
    confidence_weighted_entropy,
    get_label_quality_scores,
    noise_aware,
    normalized_margin,
    self_confidence,
)
from sklabelquality._splits import InverseKFold

__version__ = "0.1.0"

__all__ = [
    "AuditDisplay",
    "ErrorRate",
    "InverseKFold",
    "LabelAudit",
    "LabelQualityScorer",
    "LabelReview",
    "NoiseModel",
    "candidate_label_scores",
    "class_health",
    "confidence_weighted_entropy",
    "confident_joint",
    "confident_thresholds",
    "find_copies",
    "find_label_issues",
    "get_label_quality_scores",
    "inject_label_noise",
    "joint_distribution",
    "label_error_report",
    "label_posterior",
    "learn_noise_model",
    "make_label_noise_scorer",
    "noise_aware",
    "noise_matrix",
    "normalized_margin",
    "num_label_issues",
    "order_label_issues",
    "overlapping_classes",
    "self_confidence",
]
