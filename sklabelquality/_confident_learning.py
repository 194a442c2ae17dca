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
    codes, pred_probs, _ = check_labels_and_pred_probs(labels, pred_probs, classes)
    return mean_self_confidence(codes, pred_probs)


def confident_joint(labels, pred_probs, *, calibrate=False, classes=None):
    r"""Count the samples by given label and by the class that they look like for sure.

    Parameters
    ----------
    labels : array-like of shape (n_samples,)
        The given labels: integers 0 to n_classes - 1, or labels of any kind that
        `classes` lists, or strings that use each class at least once.

    pred_probs : array-like of shape (n_samples, n_classes)
        Out-of-sample predicted probabilities of each class; rows sum to 1.

    calibrate : bool, default=False
        Whether to scale the counts of each given label so that they add up to the
        number of samples with this label, as estimates for all samples.

    classes : array-like of shape (n_classes,), default=None
        The labels that the columns of `pred_probs` stand for, such as a fitted
        classifier's `classes_`.

    Returns
    -------
    confident_joint : ndarray of shape (n_classes, n_classes)
        Entry (k, j) is the number of samples with given label k (row) that are
        confident members of class j (column): integers, or float64 with
        `calibrate=True`. What is off the diagonal looks wrong.

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
    joint_distribution : The calibrated counts as shares of all samples.

    Notes
    -----
    A sample is a confident member of the most probable class among those whose
    probability reaches their confident threshold :math:`t_j` [1]_,

    .. math:: C_{kj} = \Big|\Big\{i : y_i = k,\;
        j = \operatorname{argmax}_{l : P_{il} \ge t_l} P_{il}\Big\}\Big|

    where no probability reaches its threshold, the sample is not counted. With
    :math:`n_k` labels k, the calibrated counts are
    :math:`n_k C_{kj} / \sum_l C_{kl}`, in which :math:`C_{kk}` is at least 1 for
    each label in use. A class whose labels have no probability at all, such as one
    with a single sample, has no confident members.

    References
    ----------
    .. [1] C. G. Northcutt, L. Jiang, I. L. Chuang, "Confident Learning: Estimating
       Uncertainty in Dataset Labels", Journal of Artificial Intelligence Research 70
       (2021), 1373-1411. :doi:`10.1613/jair.1.12125`

    Examples
    --------
    One cat looks like a dog, and two dogs are not sure enough to be counted:

    >>> from sklabelquality import confident_joint
    >>> import numpy as np
    >>> p_dog = np.array([0.1, 0.1, 0.1, 0.9, 0.9, 0.9, 0.9, 0.9, 0.6, 0.6])
    >>> labels = ["cat"] * 4 + ["dog"] * 6
    >>> pred_probs = np.column_stack([1 - p_dog, p_dog])
    >>> confident_joint(labels, pred_probs)
    array([[3, 1],
           [0, 4]])
    >>> confident_joint(labels, pred_probs, calibrate=True)
    array([[3., 1.],
           [0., 6.]])
    """
    codes, pred_probs, _ = check_labels_and_pred_probs(labels, pred_probs, classes)
    thresholds = mean_self_confidence(codes, pred_probs)
    counts = count_confident_joint(codes, pred_probs, thresholds)
    return calibrate_confident_joint(counts, codes) if calibrate else counts


def joint_distribution(labels, pred_probs, *, classes=None):
    r"""Estimate how often each given label and each true class occur together.

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
    joint : ndarray of shape (n_classes, n_classes)
        Entry (k, j) is the estimated share of all samples that have the given label k
        (row) and the true class j (column). All entries sum to 1, rows to the shares
        of the given labels, columns to :func:`true_class_prior`; what is off the
        diagonal is wrong.

    Raises
    ------
    ValueError
        If `labels`, `pred_probs` and `classes` do not fit together, or contain
        missing values, or if `pred_probs` are no probabilities.
    TypeError
        If `labels` or `pred_probs` is no dense array-like.

    See Also
    --------
    confident_joint : The counts behind the shares.
    noise_matrix : Its columns, each divided by its sum.
    inverse_noise_matrix : Its rows, each divided by its sum.

    Notes
    -----
    It is the calibrated :func:`confident_joint` divided by the number of samples, as
    in [1]_, equation 3.

    References
    ----------
    .. [1] C. G. Northcutt, L. Jiang, I. L. Chuang, "Confident Learning: Estimating
       Uncertainty in Dataset Labels", Journal of Artificial Intelligence Research 70
       (2021), 1373-1411. :doi:`10.1613/jair.1.12125`

    Examples
    --------
    A tenth of all samples are dogs that were called cats:

    >>> from sklabelquality import joint_distribution
    >>> import numpy as np
    >>> p_dog = np.array([0.1, 0.1, 0.1, 0.9, 0.9, 0.9, 0.9, 0.9, 0.6, 0.6])
    >>> labels = ["cat"] * 4 + ["dog"] * 6
    >>> pred_probs = np.column_stack([1 - p_dog, p_dog])
    >>> joint_distribution(labels, pred_probs)
    array([[0.3, 0.1],
           [0. , 0.6]])
    """
    counts = confident_joint(labels, pred_probs, calibrate=True, classes=classes)
    return counts / counts.sum()


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
        The labels that the columns of `pred_probs` stand for, such as a fitted
        classifier's `classes_`.

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
    inverse_noise_matrix : The other way round: the true class for each given label.
    joint_distribution : Given labels and true classes together.

    Notes
    -----
    With the :func:`joint_distribution` :math:`Q` [1]_,

    .. math:: T_{jk} = Q_{kj} \Big/ \sum_l Q_{lj}

    A class that no label uses is taken to be labelled as itself. The estimate is a
    model's opinion: a class that the model never predicts looks like noise.

    References
    ----------
    .. [1] C. G. Northcutt, L. Jiang, I. L. Chuang, "Confident Learning: Estimating
       Uncertainty in Dataset Labels", Journal of Artificial Intelligence Research 70
       (2021), 1373-1411. :doi:`10.1613/jair.1.12125`

    Examples
    --------
    One of seven dogs was called a cat:

    >>> from sklabelquality import noise_matrix
    >>> import numpy as np
    >>> p_dog = np.array([0.1, 0.1, 0.1, 0.9, 0.9, 0.9, 0.9, 0.9, 0.6, 0.6])
    >>> labels = ["cat"] * 4 + ["dog"] * 6
    >>> pred_probs = np.column_stack([1 - p_dog, p_dog])
    >>> noise_matrix(labels, pred_probs).round(3)
    array([[1.   , 0.   ],
           [0.143, 0.857]])
    """
    counts = confident_joint(labels, pred_probs, calibrate=True, classes=classes)
    return given_true_class(counts)


def inverse_noise_matrix(labels, pred_probs, *, classes=None):
    r"""Estimate how often each given label stands for each true class.

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
    inverse_noise_matrix : ndarray of shape (n_classes, n_classes)
        Entry (k, j) is the estimated probability that a sample with given label k
        (row) is of true class j (column); rows sum to 1. The diagonal is the share of
        right labels for each label.

    Raises
    ------
    ValueError
        If `labels`, `pred_probs` and `classes` do not fit together, or contain
        missing values, or if `pred_probs` are no probabilities.
    TypeError
        If `labels` or `pred_probs` is no dense array-like.

    See Also
    --------
    noise_matrix : The other way round: the given label for each true class.
    class_health : Both as a table.

    Notes
    -----
    With the :func:`joint_distribution` :math:`Q` [1]_, it is
    :math:`Q_{kj} / \sum_l Q_{kl}`. A label that is not in use is taken at its word.
    It is no inverse of :func:`noise_matrix` in the sense of linear algebra; the two
    are related by Bayes' rule.

    References
    ----------
    .. [1] C. G. Northcutt, L. Jiang, I. L. Chuang, "Confident Learning: Estimating
       Uncertainty in Dataset Labels", Journal of Artificial Intelligence Research 70
       (2021), 1373-1411. :doi:`10.1613/jair.1.12125`

    Examples
    --------
    One of four "cats" is a dog:

    >>> from sklabelquality import inverse_noise_matrix
    >>> import numpy as np
    >>> p_dog = np.array([0.1, 0.1, 0.1, 0.9, 0.9, 0.9, 0.9, 0.9, 0.6, 0.6])
    >>> labels = ["cat"] * 4 + ["dog"] * 6
    >>> pred_probs = np.column_stack([1 - p_dog, p_dog])
    >>> inverse_noise_matrix(labels, pred_probs)
    array([[0.75, 0.25],
           [0.  , 1.  ]])
    """
    counts = confident_joint(labels, pred_probs, calibrate=True, classes=classes)
    return given_label(counts)


def true_class_prior(labels, pred_probs, *, classes=None):
    r"""Estimate the share of each class among all samples if all labels were right.

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
    prior : ndarray of shape (n_classes,)
        The estimated shares of the true classes; they sum to 1.

    Raises
    ------
    ValueError
        If `labels`, `pred_probs` and `classes` do not fit together, or contain
        missing values, or if `pred_probs` are no probabilities.
    TypeError
        If `labels` or `pred_probs` is no dense array-like.

    See Also
    --------
    joint_distribution : Its column sums are the prior.

    Notes
    -----
    With the shares :math:`s` of the given labels and the :func:`noise_matrix`
    :math:`T`, the prior :math:`p` solves :math:`p^\top T = s^\top` [1]_.

    References
    ----------
    .. [1] C. G. Northcutt, L. Jiang, I. L. Chuang, "Confident Learning: Estimating
       Uncertainty in Dataset Labels", Journal of Artificial Intelligence Research 70
       (2021), 1373-1411. :doi:`10.1613/jair.1.12125`

    Examples
    --------
    Four of ten labels say "cat", but three cats there are:

    >>> from sklabelquality import true_class_prior
    >>> import numpy as np
    >>> p_dog = np.array([0.1, 0.1, 0.1, 0.9, 0.9, 0.9, 0.9, 0.9, 0.6, 0.6])
    >>> labels = ["cat"] * 4 + ["dog"] * 6
    >>> pred_probs = np.column_stack([1 - p_dog, p_dog])
    >>> true_class_prior(labels, pred_probs)
    array([0.3, 0.7])
    """
    joint = joint_distribution(labels, pred_probs, classes=classes)
    return joint.sum(axis=0)


# -- of checked codes and probabilities ------------------------------------------------


def mean_self_confidence(codes, pred_probs):
    """Compute the confident thresholds of checked codes and probabilities."""
    n_classes = pred_probs.shape[1]
    self_confidence = pred_probs[np.arange(len(codes)), codes]
    totals = np.bincount(codes, weights=self_confidence, minlength=n_classes)
    counts = np.bincount(codes, minlength=n_classes)
    thresholds = np.full(n_classes, np.inf)
    np.divide(totals, counts, out=thresholds, where=counts > 0)
    return thresholds.astype(pred_probs.dtype)


def confident_classes(pred_probs, thresholds):
    """Return the confident class of each sample, -1 where no class is confident."""
    # A class whose labels have no probability has no threshold that means anything:
    # all samples that are sure of nothing else would reach it.
    reached = np.where(
        thresholds > CONFIDENCE_TOLERANCE, thresholds - CONFIDENCE_TOLERANCE, np.inf
    )
    classes = np.empty(len(pred_probs), dtype=np.intp)
    for rows in row_blocks(pred_probs):
        block = pred_probs[rows]
        confident = np.where(block >= reached, block, -1)
        best = confident.argmax(axis=1)
        is_confident = confident[np.arange(len(block)), best] >= 0
        classes[rows] = np.where(is_confident, best, -1)
    return classes


def count_confident_joint(codes, pred_probs, thresholds):
    """Count the samples by given label (row) and confident class (column)."""
    n_classes = pred_probs.shape[1]
    confident = confident_classes(pred_probs, thresholds)
    is_counted = confident >= 0
    cells = confident[is_counted] * n_classes + codes[is_counted]
    counts = np.bincount(cells, minlength=n_classes**2)
    return counts.reshape(n_classes, n_classes).T


def calibrate_confident_joint(counts, codes):
    """Scale the rows of a confident joint to the number of samples with each label.

    The last step changes rounding errors alone: with it, and with the order in which
    counts by columns are summed, halves round as they do in cleanlab.
    """
    n_labels = np.bincount(codes, minlength=len(counts))
    joint = counts.astype(np.float64)
    np.fill_diagonal(joint, np.maximum(np.diagonal(joint), 1))
    joint = joint / joint.sum(axis=1, keepdims=True) * n_labels[:, np.newaxis]
    return joint / joint.sum() * len(codes)


def given_label(joint):
    """Divide each row of a joint by its sum; an unused label means itself."""
    totals = joint.sum(axis=1, keepdims=True)
    return np.divide(joint, totals, out=np.eye(len(joint)), where=totals > 0)


def given_true_class(joint):
    """Divide each column of a joint by its sum, and make it a row."""
    return given_label(joint.T)


def estimate_noise_matrix(codes, pred_probs, thresholds):
    """Compute the noise matrix of checked codes and probabilities."""
    counts = count_confident_joint(codes, pred_probs, thresholds)
    return given_true_class(calibrate_confident_joint(counts, codes))
