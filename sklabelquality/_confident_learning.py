# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""What the predicted probabilities say about a data set and its classes as a whole."""

from numbers import Integral

import numpy as np
from scipy.sparse import csr_array, diags_array, issparse

from sklabelquality._input import check_samples
from sklabelquality._samples import Block, slices
from sklabelquality._sklearn import validate_options

# A probability this far below its threshold still counts as confident.
CONFIDENCE_TOLERANCE = 1e-6
# Counts by pairs of more classes than this are kept in a sparse matrix.
MAX_DENSE_COUNTS = 2000
# A dense matrix of more classes than this, 800 MB, is refused.
MAX_DENSE_RESULT = 10_000


@validate_options(n_jobs=[Integral, None])
def confident_thresholds(labels, pred_probs, *, classes=None, n_jobs=None):
    r"""Mean self-confidence of each class: how sure the model usually is of it.

    A class whose labels get high probabilities has a high threshold, a class that the
    model is unsure of, or whose labels are often wrong, has a low one. The thresholds
    are what :func:`get_label_quality_scores` subtracts with `adjust_pred_probs=True`.

    Read more in the :ref:`User Guide <issues>`.

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

    n_jobs : int, default=None
        Number of threads, at most one for each two million probabilities: fewer are
        not worth a thread. None means 1 unless in a :obj:`joblib.parallel_config`
        context, -1 means all processors. Results are equal up to rounding.

    Returns
    -------
    thresholds : ndarray of shape (n_classes,)
        A number from 0 to 1 for each class that `labels` uses and infinity for each
        class that it does not use, since no probability is confident for those. The
        dtype is that of the scores: float32 if `pred_probs` is float32 or float16,
        else float64.

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
    return mean_self_confidence(
        check_samples(labels, pred_probs, classes, n_jobs=n_jobs)
    )


@validate_options(
    calibrate=["boolean"], sparse_output=["boolean"], n_jobs=[Integral, None]
)
def confident_joint(
    labels,
    pred_probs,
    *,
    calibrate=False,
    classes=None,
    sparse_output=False,
    n_jobs=None,
):
    r"""Count the samples by given label and by the class that they look like for sure.

    Read more in the :ref:`User Guide <issues>`.

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

    sparse_output : bool, default=False
        Whether to return a :class:`scipy.sparse.csr_array`, as is needed for more than
        10,000 classes.

    n_jobs : int, default=None
        Number of threads, at most one for each two million probabilities: fewer are
        not worth a thread. None means 1 unless in a :obj:`joblib.parallel_config`
        context, -1 means all processors. Results are equal up to rounding.

    Returns
    -------
    confident_joint : ndarray or csr_array of shape (n_classes, n_classes)
        Entry (k, j) is the number of samples with given label k (row) that are
        confident members of class j (column): integers, or float64 with
        `calibrate=True`. What is off the diagonal looks wrong.

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
    samples = check_samples(labels, pred_probs, classes, n_jobs=n_jobs)
    if calibrate:
        joint = calibrated_joint(samples)
    else:
        joint = count_confident_joint(samples, mean_self_confidence(samples))
    return as_kind(joint, sparse_output)


def as_kind(matrix, sparse_output):
    """Return a matrix as the kind that was asked for, if it is not too large."""
    if sparse_output:
        return csr_array(matrix)
    n_classes = matrix.shape[0]
    if n_classes > MAX_DENSE_RESULT:
        raise ValueError(
            f"sparse_output must be True for more than {MAX_DENSE_RESULT} classes, but "
            f"is False for {n_classes}, whose dense matrix takes "
            f"{8 * n_classes**2 / 1e9:.1f} GB; pass sparse_output=True."
        )
    return matrix.toarray() if issparse(matrix) else matrix


@validate_options(sparse_output=["boolean"], n_jobs=[Integral, None])
def joint_distribution(
    labels, pred_probs, *, classes=None, sparse_output=False, n_jobs=None
):
    r"""Estimate how often each given label and each true class occur together.

    Read more in the :ref:`User Guide <issues>`.

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

    sparse_output : bool, default=False
        Whether to return a :class:`scipy.sparse.csr_array`, as is needed for more than
        10,000 classes.

    n_jobs : int, default=None
        Number of threads, at most one for each two million probabilities: fewer are
        not worth a thread. None means 1 unless in a :obj:`joblib.parallel_config`
        context, -1 means all processors. Results are equal up to rounding.

    Returns
    -------
    joint : ndarray or csr_array of shape (n_classes, n_classes)
        Entry (k, j) is the estimated share of all samples that have the given label k
        (row) and the true class j (column). All entries sum to 1, rows to the shares
        of the given labels, columns to those of the true classes; what is off the
        diagonal is wrong.

    See Also
    --------
    confident_joint : The counts behind the shares.
    noise_matrix : Its columns, each divided by its sum.

    Notes
    -----
    It is the calibrated :func:`confident_joint` divided by the number of samples, as
    in [1]_, equation 3. Its rows, each divided by its sum, are the inverse noise
    matrix: the probability of each true class for a given label. Its column sums are
    the prior of the true classes.

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
    joint = calibrated_joint(check_samples(labels, pred_probs, classes, n_jobs=n_jobs))
    return as_kind(joint / joint.sum(), sparse_output)


@validate_options(sparse_output=["boolean"], n_jobs=[Integral, None])
def noise_matrix(labels, pred_probs, *, classes=None, sparse_output=False, n_jobs=None):
    r"""Estimate how often each true class is given each label.

    Read more in the :ref:`User Guide <issues>`.

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

    sparse_output : bool, default=False
        Whether to return a :class:`scipy.sparse.csr_array`, as is needed for more than
        10,000 classes.

    n_jobs : int, default=None
        Number of threads, at most one for each two million probabilities: fewer are
        not worth a thread. None means 1 unless in a :obj:`joblib.parallel_config`
        context, -1 means all processors. Results are equal up to rounding.

    Returns
    -------
    noise_matrix : ndarray or csr_array of shape (n_classes, n_classes)
        Entry (j, k) is the estimated probability that a sample of true class j (row)
        was given label k (column); rows sum to 1. The identity matrix means that no
        noise was found.

    See Also
    --------
    joint_distribution : Given labels and true classes together; its rows give the
        inverse noise matrix.

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
    joint = calibrated_joint(check_samples(labels, pred_probs, classes, n_jobs=n_jobs))
    return as_kind(given_true_class(joint), sparse_output)


# -- of checked samples ----------------------------------------------------------------


def mean_self_confidence(samples):
    """Compute the confident thresholds."""
    counts = samples.label_counts
    sums = samples.reduce(_sum_self_confidence)
    thresholds = np.full(len(counts), np.inf)
    np.divide(sums, counts, out=thresholds, where=counts > 0)
    return thresholds.astype(samples.dtype)


def _sum_self_confidence(samples):
    n_classes = samples.n_classes
    # In parts, since bincount makes a copy in double precision.
    return sum(
        np.bincount(samples.codes[rows], samples.own[rows], minlength=n_classes)
        for rows in slices(len(samples), at_least=n_classes)
    )


def confident_class(codes, block, thresholds):
    """Return the confident class of each sample, -1 where no class is confident."""
    # A class whose labels have no probability has no threshold that means anything:
    # all samples that are sure of nothing else would reach it.
    reached = np.where(
        thresholds > CONFIDENCE_TOLERANCE, thresholds - CONFIDENCE_TOLERANCE, np.inf
    )
    most_probable = block.most_probable
    is_reached = block.highest >= reached[most_probable]
    confident = np.where(is_reached, most_probable, -1)
    # Where the most probable class is below its threshold, another one may not be.
    rest = np.flatnonzero(confident < 0)
    P = block.part(rest).by_class
    reaching = Block((P * (reached[:, np.newaxis] <= P)).T)
    confident[rest] = np.where(reaching.highest > 0, reaching.most_probable, -1)
    return confident


def count_confident_joint(samples, thresholds):
    """Count the samples by given label (row) and confident class (column)."""
    return samples.reduce(_count_confident, thresholds)


def _count_confident(samples, thresholds):
    n_classes = samples.n_classes
    confident = samples.map(confident_class, thresholds, dtype=np.int32)
    if n_classes > MAX_DENSE_COUNTS:
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
    return calibrate_confident_joint(counts, samples.label_counts)


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
    return given_true_class(calibrate_confident_joint(counts, samples.label_counts))


def count_off_diagonal(joint):
    """Count what is off the diagonal, in whole numbers."""
    return round(float(joint.sum() - joint.diagonal().sum()))


def rows_of_entries(matrix):
    """Return the row of each stored entry of a sparse matrix."""
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
