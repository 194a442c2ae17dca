# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""How well label quality scores tell wrong labels from right ones."""

import numpy as np
from sklearn.metrics import roc_auc_score


def expected_auroc(codes, candidate_scores):
    """AUROC for finding replaced labels, if each label may be replaced by any other.

    Nothing is sampled: each of the n given labels is a case of "kept", each of the
    n (K - 1) labels that could stand in its place is a case of "replaced", and every
    pair of a kept and a replaced label counts, whatever the rate of replacement. Pairs
    of a label and its own replacement, a share of 1/n, count like the others.

    Parameters
    ----------
    codes : ndarray of shape (n_samples,)
        The given labels as columns of `candidate_scores`.

    candidate_scores : ndarray of shape (n_samples, n_classes)
        The score that each label would get.

    Returns
    -------
    auroc : float
        Probability that a kept label scores higher than a replaced one, ties counting
        one half: 0.5 for scores that say nothing, 1 for perfect ones.
    """
    kept = np.zeros(candidate_scores.shape, dtype=bool)
    kept[np.arange(len(codes)), codes] = True
    return float(roc_auc_score(kept.ravel(), candidate_scores.ravel()))
