# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""What the predicted probabilities say about a data set and its classes as a whole."""

import numpy as np
from scipy.sparse import csr_array, diags_array, issparse

from sklabelquality._input import check_samples
from sklabelquality._samples import nonzero, slices

# A probability this far below its threshold still counts as confident.
CONFIDENCE_TOLERANCE = 1e-6
# Probabilities are summed as whole numbers of these units, and what is left as whole
# numbers of their squares, so that sums do not depend on the order of the samples.
UNIT = 2.0**-26
# Counts by pairs of more classes than this are kept as a sparse matrix.
MOST_DENSE_CLASSES = 2000


def confident_thresholds(labels, pred_probs, *, classes=None):
    r"""Mean self-confidence of each class: how sure the model usually is of it.

    A class whose labels get high probabilities has a high threshold, a class that the
    model is unsure of, or whose labels are often wrong, has a low one. The thresholds
    are what :func:`get_label_quality_scores` subtracts with `adjust_pred_probs=True`.

    Parameters
    ----------
    labels : array-like or dask array of shape (n_samples,)
        The given labels: integers 0 to n_classes - 1, or labels of any kind that
        `classes` lists, or strings that use each class at least once.

    pred_probs : array-like or dask array of shape (n_samples, n_classes)
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
    samples, _ = check_samples(labels, pred_probs, classes)
    thresholds = mean_self_confidence(samples)
    return samples.output(thresholds, (samples.n_classes,), samples.dtype)


def confident_joint(labels, pred_probs, *, calibrate=False, classes=None):
    r"""Count the samples by given label and by the class that they look like for sure.

    Parameters
    ----------
    labels : array-like or dask array of shape (n_samples,)
        The given labels: integers 0 to n_classes - 1, or labels of any kind that
        `classes` lists, or strings that use each class at least once.

    pred_probs : array-like or dask array of shape (n_samples, n_classes)
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
        `calibrate=True`. What is off the diagonal looks wrong. Of more than 2,000
        classes, a :class:`scipy.sparse.csr_array`.

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
    samples, _ = check_samples(labels, pred_probs, classes)
    if calibrate:
        return _output_joint(samples, calibrated_joint(samples))
    counts = count_confident_joint(samples, mean_self_confidence(samples))
    return _output_joint(samples, counts, np.intp)


def _output_joint(samples, joint, dtype=np.float64):
    return samples.output(joint, (samples.n_classes, samples.n_classes), dtype)


def joint_distribution(labels, pred_probs, *, classes=None):
    r"""Estimate how often each given label and each true class occur together.

    Parameters
    ----------
    labels : array-like or dask array of shape (n_samples,)
        The given labels: integers 0 to n_classes - 1, or labels of any kind that
        `classes` lists, or strings that use each class at least once.

    pred_probs : array-like or dask array of shape (n_samples, n_classes)
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
        diagonal is wrong. Of more than 2,000 classes, a
        :class:`scipy.sparse.csr_array`.

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
    samples, _ = check_samples(labels, pred_probs, classes)
    joint = calibrated_joint(samples)
    return _output_joint(samples, samples.call(_shares, joint))


def _shares(joint):
    return joint / joint.sum()


def noise_matrix(labels, pred_probs, *, classes=None):
    r"""Estimate how often each true class is given each label.

    Parameters
    ----------
    labels : array-like or dask array of shape (n_samples,)
        The given labels: integers 0 to n_classes - 1, or labels of any kind that
        `classes` lists, or strings that use each class at least once.

    pred_probs : array-like or dask array of shape (n_samples, n_classes)
        Out-of-sample predicted probabilities of each class; rows sum to 1.

    classes : array-like of shape (n_classes,), default=None
        The labels that the columns of `pred_probs` stand for, such as a fitted
        classifier's `classes_`.

    Returns
    -------
    noise_matrix : ndarray of shape (n_classes, n_classes)
        Entry (j, k) is the estimated probability that a sample of true class j (row)
        was given label k (column); rows sum to 1. The identity matrix means that no
        noise was found. Of more than 2,000 classes, a
        :class:`scipy.sparse.csr_array`.

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
    samples, _ = check_samples(labels, pred_probs, classes)
    return _output_joint(
        samples, samples.call(given_true_class, calibrated_joint(samples))
    )


def inverse_noise_matrix(labels, pred_probs, *, classes=None):
    r"""Estimate how often each given label stands for each true class.

    Parameters
    ----------
    labels : array-like or dask array of shape (n_samples,)
        The given labels: integers 0 to n_classes - 1, or labels of any kind that
        `classes` lists, or strings that use each class at least once.

    pred_probs : array-like or dask array of shape (n_samples, n_classes)
        Out-of-sample predicted probabilities of each class; rows sum to 1.

    classes : array-like of shape (n_classes,), default=None
        The labels that the columns of `pred_probs` stand for, such as a fitted
        classifier's `classes_`.

    Returns
    -------
    inverse_noise_matrix : ndarray of shape (n_classes, n_classes)
        Entry (k, j) is the estimated probability that a sample with given label k
        (row) is of true class j (column); rows sum to 1. The diagonal is the share of
        right labels for each label. Of more than 2,000 classes, a
        :class:`scipy.sparse.csr_array`.

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
    samples, _ = check_samples(labels, pred_probs, classes)
    return _output_joint(samples, samples.call(given_label, calibrated_joint(samples)))


def true_class_prior(labels, pred_probs, *, classes=None):
    r"""Estimate the share of each class among all samples if all labels were right.

    Parameters
    ----------
    labels : array-like or dask array of shape (n_samples,)
        The given labels: integers 0 to n_classes - 1, or labels of any kind that
        `classes` lists, or strings that use each class at least once.

    pred_probs : array-like or dask array of shape (n_samples, n_classes)
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
    samples, _ = check_samples(labels, pred_probs, classes)
    prior = samples.call(_shares_of_true_classes, calibrated_joint(samples))
    return samples.output(prior, (samples.n_classes,), np.float64)


def _shares_of_true_classes(joint):
    return _shares(joint).sum(axis=0)


# -- of checked samples ----------------------------------------------------------------


def mean_self_confidence(samples):
    """Compute the confident thresholds."""
    sums = samples.reduce(_sum_self_confidence)
    return samples.call(_divide_sums, sums, samples.dtype)


def _sum_self_confidence(samples):
    """Return count, sum in units, and the rest in units of units, by label."""
    own = samples.map(self_confidence_of)
    sums = np.zeros((3, samples.n_classes))
    for rows in slices(len(samples)):
        units = own[rows] / np.float64(UNIT)
        whole = np.floor(units)
        rest = np.rint((units - whole) / UNIT)
        for total, weights in zip(sums, (None, whole, rest), strict=True):
            total += np.bincount(samples.codes[rows], weights, samples.n_classes)
    return sums


def self_confidence_of(codes, block):
    """Return the probability of each given label."""
    return block.of(codes)


def _divide_sums(sums, dtype):
    counts, whole, rest = sums
    thresholds = np.full(len(counts), np.inf)
    np.divide((whole + rest * UNIT) * UNIT, counts, out=thresholds, where=counts > 0)
    return thresholds.astype(dtype)


def confident_class(codes, block, thresholds):
    """Return the confident class of each sample, -1 where no class is confident."""
    # A class whose labels have no probability has no threshold that means anything:
    # all samples that are sure of nothing else would reach it.
    reached = np.where(
        thresholds > CONFIDENCE_TOLERANCE, thresholds - CONFIDENCE_TOLERANCE, np.inf
    )
    # Few entries are confident, so that a list of them is short.
    classes, samples = nonzero(reached[:, np.newaxis] <= block.by_class)
    is_alone = np.bincount(samples, minlength=len(block)) == 1
    confident = np.full(len(block), -1)
    confident[samples] = classes
    has_rival = ~is_alone[samples]
    if has_rival.any():
        samples, classes = samples[has_rival], classes[has_rival]
        # Written last is the most probable class, of several the first.
        order = np.lexsort((-classes, block.by_class[classes, samples]))
        confident[samples[order]] = classes[order]
    return confident


def count_confident_joint(samples, thresholds):
    """Count the samples by given label (row) and confident class (column)."""
    return samples.reduce(_count_confident, thresholds)


def _count_confident(samples, thresholds):
    n_classes = samples.n_classes
    confident = samples.map(confident_class, thresholds, dtype=np.int32)
    if n_classes > MOST_DENSE_CLASSES:
        is_counted = confident >= 0
        cells = samples.codes[is_counted], confident[is_counted]
        ones = np.ones(len(cells[0]), dtype=np.intp)
        return csr_array((ones, cells), shape=(n_classes, n_classes))
    # By columns first, for sums that round as in cleanlab.
    counts = np.zeros(n_classes**2, dtype=np.intp)
    for rows in slices(len(samples), at_least=n_classes**2):
        cells = confident[rows] * n_classes + samples.codes[rows]
        counts += np.bincount(cells[confident[rows] >= 0], minlength=n_classes**2)
    return counts.reshape(n_classes, n_classes).T


def calibrated_joint(samples):
    """Compute the calibrated confident joint."""
    counts = count_confident_joint(samples, mean_self_confidence(samples))
    return samples.call(calibrate_confident_joint, counts, samples.count_labels())


def calibrate_confident_joint(counts, n_labels):
    """Scale the rows of a confident joint to the number of samples with each label.

    The last step changes rounding errors alone: with it, and with the order in which
    counts by columns are summed, halves round as they do in cleanlab.
    """
    joint = counts.astype(np.float64)
    diagonal = np.maximum(joint.diagonal(), 1)
    if issparse(joint):
        joint = joint + diags_array(diagonal - joint.diagonal())
        joint = diags_array(n_labels / joint.sum(axis=1)) @ joint
        joint.eliminate_zeros()
        joint.sort_indices()  # a product need not have them in order
    else:
        np.fill_diagonal(joint, diagonal)
        joint = joint / joint.sum(axis=1, keepdims=True) * n_labels[:, np.newaxis]
    return joint / joint.sum() * n_labels.sum()


def given_label(joint):
    """Divide each row of a joint by its sum; an unused label means itself."""
    totals = joint.sum(axis=1)
    if issparse(joint):
        shares = diags_array(1 / np.where(totals > 0, totals, 1)) @ joint
        return (shares + diags_array((totals == 0).astype(float))).tocsr()
    totals = totals[:, np.newaxis]
    return np.divide(joint, totals, out=np.eye(len(joint)), where=totals > 0)


def given_true_class(joint):
    """Divide each column of a joint by its sum, and make it a row."""
    return given_label(joint.T)


def estimate_noise_matrix(samples, thresholds):
    """Compute the noise matrix."""
    counts = count_confident_joint(samples, thresholds)
    joint = samples.call(calibrate_confident_joint, counts, samples.count_labels())
    return samples.call(given_true_class, joint)
