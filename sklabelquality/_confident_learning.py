# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""What the predicted probabilities say about a data set and its classes as a whole."""

import numpy as np

from sklabelquality._validation import check_labels_and_pred_probs, row_blocks

# A probability this far below its threshold still counts as confident.
CONFIDENCE_TOLERANCE = 1e-6


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


def noise_matrix(labels, pred_probs, *, classes=None):
    r"""Estimate how often each true class is given each label.

    Parameters
    ----------
    labels : array-like of shape (n_samples,)
        The given labels: integers 0 to n_classes - 1, or labels of any kind that
        `classes` lists, or strings that use each class at least once.

    pred_probs : array-like of shape (n_samples, n_classes)
        Out-of-sample predicted probabilities of each class; rows sum to 1.

    classes : array-like of shape (n_classes,), default=None
        The labels that the columns of `pred_probs` stand for.

    Returns
    -------
    noise_matrix : ndarray of shape (n_classes, n_classes)
        Entry (j, k) is the estimated probability that a sample of true class j (row)
        was given label k (column); rows sum to 1. The identity matrix means that no
        noise was found.

    Raises
    ------
    ValueError
        If `labels`, `pred_probs` and `classes` do not fit together, or contain
        missing values, or if `pred_probs` are no probabilities.
    TypeError
        If `labels` or `pred_probs` is no dense array-like.

    See Also
    --------
    confident_thresholds : When a probability is confident.

    Notes
    -----
    A sample is counted as a confident member of the most probable class among those
    whose probability reaches their threshold [1]_. The counts of given label k and
    confident class j are scaled so that they add up to the count of label k, then
    divided by their sum over the labels k. It is a model's opinion: a class that the
    model never predicts looks like noise.

    References
    ----------
    .. [1] C. G. Northcutt, L. Jiang, I. L. Chuang, "Confident Learning: Estimating
       Uncertainty in Dataset Labels", Journal of Artificial Intelligence Research 70
       (2021), 1373-1411. :doi:`10.1613/jair.1.12125`

    Examples
    --------
    One of five dogs was called a cat:

    >>> import numpy as np
    >>> from sklabelquality import noise_matrix
    >>> p_dog = np.array([0.1, 0.1, 0.1, 0.9, 0.9, 0.9, 0.9, 0.9])
    >>> noise_matrix(
    ...     ["cat"] * 4 + ["dog"] * 4, np.column_stack([1 - p_dog, p_dog])
    ... )
    array([[1. , 0. ],
           [0.2, 0.8]])
    """
    codes, pred_probs = check_labels_and_pred_probs(labels, pred_probs, classes)
    thresholds = mean_self_confidence(codes, pred_probs)
    return estimate_noise_matrix(codes, pred_probs, thresholds)


def estimate_noise_matrix(codes, pred_probs, thresholds):
    """Compute the noise matrix of checked codes and probabilities."""
    n_classes = pred_probs.shape[1]
    joint = count_confident_joint(codes, pred_probs, thresholds).astype(np.float64)
    n_labels = np.bincount(codes, minlength=n_classes)
    # Without a confident member, a class is taken at its word.
    used = np.flatnonzero(n_labels)
    joint[used, used] = np.maximum(joint[used, used], 1)
    joint[used] *= (n_labels[used] / joint[used].sum(axis=1))[:, np.newaxis]
    unused = np.flatnonzero(n_labels == 0)
    joint[unused, unused] = 1
    return (joint / joint.sum(axis=0)).T


def count_confident_joint(codes, pred_probs, thresholds):
    """Count the samples by given label (row) and confident class (column).

    Samples without a class whose probability reaches its threshold are not counted.
    """
    n_classes = pred_probs.shape[1]
    joint = np.zeros(n_classes**2, dtype=np.intp)
    for rows in row_blocks(pred_probs):
        block = pred_probs[rows]
        confident = np.where(block >= thresholds - CONFIDENCE_TOLERANCE, block, -1)
        best = confident.argmax(axis=1)
        is_counted = confident[np.arange(len(block)), best] >= 0
        cells = codes[rows][is_counted] * n_classes + best[is_counted]
        joint += np.bincount(cells, minlength=n_classes**2)
    return joint.reshape(n_classes, n_classes)


def mean_self_confidence(codes, pred_probs):
    """Compute the confident thresholds of checked codes and probabilities."""
    n_classes = pred_probs.shape[1]
    self_confidence = pred_probs[np.arange(len(codes)), codes]
    totals = np.bincount(codes, weights=self_confidence, minlength=n_classes)
    counts = np.bincount(codes, minlength=n_classes)
    thresholds = np.full(n_classes, np.inf)
    np.divide(totals, counts, out=thresholds, where=counts > 0)
    return thresholds.astype(pred_probs.dtype)
