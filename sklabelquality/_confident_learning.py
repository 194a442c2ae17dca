# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""What the predicted probabilities say about a data set and its classes as a whole."""

import numpy as np

from sklabelquality._validation import check_labels_and_pred_probs


def confident_thresholds(labels, pred_probs, *, classes=None):
    r"""Mean self-confidence of each class: how sure the model usually is of it.

    A class whose labels get high probabilities has a high threshold, a class that the
    model is unsure of, or whose labels are often wrong, has a low one. The thresholds
    are what :func:`get_label_quality_scores` subtracts with `adjust_pred_probs=True`.

    Parameters
    ----------
    labels : array-like of shape (n_samples,)
        The given labels: integers 0 to n_classes - 1, or labels of any kind that
        `classes` lists, or strings that use each class at least once.

    pred_probs : array-like of shape (n_samples, n_classes)
        Out-of-sample predicted probabilities of each class; rows sum to 1.

    classes : array-like of shape (n_classes,), default=None
        The labels that the columns of `pred_probs` stand for, such as a fitted
        classifier's `classes_`.

    Returns
    -------
    thresholds : ndarray of shape (n_classes,)
        A number from 0 to 1 for each class that `labels` uses and infinity for each
        class that it does not use, since no probability is confident for those. The
        dtype is that of the scores: float32 if `pred_probs` is float32 or float16,
        else float64.

    Raises
    ------
    ValueError
        If `labels`, `pred_probs` and `classes` do not fit together, or contain
        missing values, or if `pred_probs` are no probabilities.
    TypeError
        If `labels` or `pred_probs` is no dense array-like.

    See Also
    --------
    get_label_quality_scores : Score each label, with or without these thresholds.
    candidate_label_scores : Score every label that a sample could have.

    Notes
    -----
    With :math:`P` the predicted probabilities and :math:`y` the labels,

    .. math:: t_k = \frac{1}{|\{i : y_i = k\}|} \sum_{i : y_i = k} P_{ik}

    as in [1]_, equation 2.

    References
    ----------
    .. [1] C. G. Northcutt, L. Jiang, I. L. Chuang, "Confident Learning: Estimating
       Uncertainty in Dataset Labels", Journal of Artificial Intelligence Research 70
       (2021), 1373-1411. :doi:`10.1613/jair.1.12125`

    Examples
    --------
    The model is surer of cats than of dogs, and no label says "fox":

    >>> from sklabelquality import confident_thresholds
    >>> confident_thresholds(
    ...     ["cat", "cat", "dog", "dog"],
    ...     [[0.9, 0.1, 0.0], [0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.4, 0.4, 0.2]],
    ...     classes=["cat", "dog", "fox"],
    ... )
    array([0.85, 0.5 ,  inf])
    """
    codes, pred_probs = check_labels_and_pred_probs(labels, pred_probs, classes)
    return mean_self_confidence(codes, pred_probs)


def mean_self_confidence(codes, pred_probs):
    """Compute the confident thresholds of checked codes and probabilities."""
    n_classes = pred_probs.shape[1]
    self_confidence = pred_probs[np.arange(len(codes)), codes]
    totals = np.bincount(codes, weights=self_confidence, minlength=n_classes)
    counts = np.bincount(codes, minlength=n_classes)
    thresholds = np.full(n_classes, np.inf)
    np.divide(totals, counts, out=thresholds, where=counts > 0)
    return thresholds.astype(pred_probs.dtype)
