# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""A model of the label noise: what each true class looks like, and how it is labelled.

It is learned from the labels and the predicted probabilities of a whole data set. It
then says for any sample, from its predicted probabilities alone, how likely each label
would be right:

1. Start with the noise matrix of the confident joint and with the probabilities as the
   model gave them: how likely is each class to be the true one of each sample?
2. Describe the true classes by the means of their log probabilities and one common
   covariance: linear discriminant analysis with classes that are not certain.
3. Count how often each true class, by this description, is given each label.
4. Repeat 2 and 3 once.
"""

import warnings
from numbers import Integral

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array, issparse

from sklabelquality._confident_learning import calibrated_joint
from sklabelquality._input import check_pred_probs, check_samples
from sklabelquality._samples import EVERY_CLASS, Block, product
from sklabelquality._sklearn import validate_options

# Lower probabilities are raised to this before their logarithms are computed.
LOWEST_PROBABILITY = 1e-3
# Pseudo-count of each class and label; the right label of each class gets this much
# more for every class.
PSEUDO_COUNT = 0.5
# Share by which the covariance off the diagonal is shrunk.
SHRINKAGE = 0.1
# What is added to the diagonal: relative to its mean, and at least.
RIDGE, LEAST_RIDGE = 1e-6, 1e-9
# With more classes than this the covariance is taken to be diagonal.
MAX_CLASSES_FOR_COVARIANCE = 1000
# With more classes than this a warning tells how large the noise matrix is.
MAX_CLASSES_WITHOUT_WARNING = 5000
# One round is a little better for symmetric noise and worse for class-dependent noise.
N_ROUNDS = 2


class NoiseModel:
    """How often each true class is given each label, and what it looks like.

    :func:`learn_noise_model` makes it.

    Parameters
    ----------
    used : ndarray of shape (n_used,)
        The positions of the classes that labels use; the others take no part.

    noise_matrix : ndarray of shape (n_classes, n_classes)
        The learned noise matrix.

    coef : ndarray of shape (n_used, n_used)
        The coefficients of the log probabilities relative to the uniform distribution
        (row) for each class (column).

    intercept : ndarray of shape (n_used,)
        The intercept of each class.

    Attributes
    ----------
    noise_matrix : ndarray of shape (n_classes, n_classes)
        Entry (j, k) is the probability that a sample of true class j (row) is given
        label k (column); rows sum to 1. A class that no label uses is labelled as
        itself.

    See Also
    --------
    noise_matrix : An estimate by counting confident samples.
    """

    def __init__(self, used, noise_matrix, coef, intercept):
        self.used = used
        self.noise_matrix = noise_matrix
        self.coef = coef
        self.intercept = intercept
        uses_all = len(used) == len(noise_matrix)
        self._used_matrix = noise_matrix if uses_all else noise_matrix[used][:, used]

    def __repr__(self):
        n_classes, n_used = len(self.noise_matrix), len(self.used)
        return f"{type(self).__name__}(n_classes={n_classes}, n_used={n_used})"

    def posteriors(self, pred_probs):
        """Say how likely each label would be right if a sample was given it.

        Parameters
        ----------
        pred_probs : array-like or dask array of shape (n_samples, n_classes)
            Out-of-sample predicted probabilities of each class; rows sum to 1. Columns
            are used by position, in the order that the model was learned from.

        Returns
        -------
        posteriors : ndarray of shape (n_samples, n_classes)
            Probabilities in [0, 1]; 0 for classes that no label uses. Rows do not sum
            to 1, since each entry supposes another label. It is this model's opinion.

        Raises
        ------
        ValueError
            If `pred_probs` has another number of classes.
        """
        samples = check_pred_probs(pred_probs)
        if samples.n_classes != len(self.noise_matrix):
            raise ValueError(
                "pred_probs must have a column for each class, but has "
                f"{samples.n_classes} columns for a noise model of "
                f"{len(self.noise_matrix)} classes; pass probabilities of the same "
                "classes in the same order."
            )
        return samples.map(posterior_of, self, dtype=np.float64, every_class=True)


@validate_options(n_jobs=[Integral, None])
def learn_noise_model(labels, pred_probs, *, classes=None, n_jobs=None):
    r"""Learn how the true classes of a data set are labelled.

    Read more in the :ref:`User Guide <scores>`.

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
    noise_model : NoiseModel
        The learned noise matrix, and the posteriors of any label of any sample.

    See Also
    --------
    noise_aware : The score that uses it.
    label_posterior : The posteriors of the given labels.

    Notes
    -----
    With the predicted probabilities :math:`P` and the labels :math:`y`, let
    :math:`x_i` be the logarithms of :math:`\max(P_{ik}, 10^{-3})`, divided by their
    sum. The noise matrix :math:`T_{jk}`, probability of label k for true class j,
    starts from the calibrated :func:`confident_joint`, and the responsibilities from
    :math:`R_{ij} \propto P_{ij}^2\, T_{j y_i}`. Then twice:

    1. The classes get means :math:`\mu_j`, shares :math:`\pi_j` and one within-class
       covariance :math:`S` of the :math:`x_i`, weighted by :math:`R`. A tenth of what
       is off the diagonal of :math:`S` is dropped. This gives :math:`Q_{ij} \propto
       \exp(x_i^\top S^{-1} \mu_j - \mu_j^\top S^{-1} \mu_j / 2 + \ln \pi_j)`.
    2. :math:`R_{ij} \propto Q_{ij} T_{j y_i}`, and :math:`T_{jk} \propto
       A_{jk} + \sum_{i : y_i = k} R_{ij}`, where :math:`A` holds pseudo-counts: 1/2,
       and half the number of classes more on the diagonal.

    The time is of the order :math:`n K^2 + K^3` for :math:`n` samples of :math:`K`
    classes, and no second matrix of the size of `pred_probs` is made. With more than
    1,000 classes :math:`S` is taken to be diagonal; with more than 5,000 a warning
    tells how large :math:`T` is. Classes that no label uses take no part.

    The pseudo-counts have the weight of one sample of each class for every class, half
    of them wrong. Where classes are smaller than that, the noise matrix
    is pulled towards them. Of classes that tie for the most probable one the first
    counts, as in :func:`confident_joint`.

    The description of true classes by a mixture that is fitted to noisy labels goes
    back to [1]_; the log probabilities of a classifier are what is described here.

    References
    ----------
    .. [1] N. D. Lawrence, B. Schölkopf, "Estimating a Kernel Fisher Discriminant in the
       Presence of Label Noise", ICML (2001), 306-313.

    Examples
    --------
    A fifth of the dogs were called cats:

    >>> import numpy as np
    >>> from sklabelquality import learn_noise_model
    >>> rng = np.random.default_rng(0)
    >>> is_dog = np.arange(1000) % 2 == 1
    >>> p_dog = np.where(is_dog, 0.8, 0.2) + rng.uniform(-0.1, 0.1, size=1000)
    >>> labels = np.where(is_dog & (rng.random(1000) < 0.8), "dog", "cat")
    >>> model = learn_noise_model(labels, np.column_stack([1 - p_dog, p_dog]))
    >>> model.noise_matrix.round(2)
    array([[1.  , 0.  ],
           [0.21, 0.79]])
    """
    return fit_noise_model(check_samples(labels, pred_probs, classes, n_jobs=n_jobs))


@validate_options(n_jobs=[Integral, None])
def label_posterior(labels, pred_probs, *, classes=None, n_jobs=None):
    """Say how likely each given label is to be right, by a model of the label noise.

    It is a probability, unlike the label quality scores, but the opinion of a model
    that learned from the same labels; neither it nor its sum says for sure how many
    labels are wrong. A :class:`LabelReview` does.

    Read more in the :ref:`User Guide <scores>`.

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
    posterior : ndarray of shape (n_samples,)
        Probabilities in [0, 1].

    See Also
    --------
    learn_noise_model : The model behind it, also for new samples.
    noise_aware : A score that ranks better on average.

    Notes
    -----
    With :math:`Q` and :math:`T` of :func:`learn_noise_model`, it is
    :math:`Q_{i y_i} T_{y_i y_i} / \\sum_j Q_{ij} T_{j y_i}`.

    Examples
    --------
    A fifth of the dogs were called cats, so an undecided "cat" is more likely wrong
    than an undecided "dog":

    >>> import numpy as np
    >>> from sklabelquality import label_posterior
    >>> rng = np.random.default_rng(0)
    >>> is_dog = np.arange(1000) % 2 == 1
    >>> p_dog = np.where(is_dog, 0.8, 0.2) + rng.uniform(-0.1, 0.1, size=1000)
    >>> labels = np.where(is_dog & (rng.random(1000) < 0.8), "dog", "cat")
    >>> labels[:2], p_dog[:2] = ["cat", "dog"], 0.5
    >>> label_posterior(labels, np.column_stack([1 - p_dog, p_dog]))[:2].round(2)
    array([0.9, 1. ])
    """
    samples = check_samples(labels, pred_probs, classes, n_jobs=n_jobs)
    return samples.map(posterior_of, fit_noise_model(samples), dtype=np.float64)


# -- of checked samples ----------------------------------------------------------------


def posterior_of(codes, block, noise_model):
    """Say how likely one label, or every label, would be right for each sample."""
    used, T = noise_model.used, noise_model._used_matrix
    X = _log(
        block.by_class if len(used) == len(block.by_class) else block.by_class[used]
    )
    true_class = _softmax(X, noise_model.coef, noise_model.intercept)
    if codes is EVERY_CLASS:
        posteriors = np.zeros(block.by_class.shape)
        own = true_class * np.diagonal(T)[:, np.newaxis]
        posteriors[used] = own / product(T.T, true_class)
        return posteriors
    position = np.searchsorted(used, codes)
    R = true_class * T.take(position, axis=1)
    return Block(R.T).of(position) / R.sum(axis=0)


def fit_noise_model(samples):
    """Learn the noise model."""
    n_labels = samples.label_counts
    if samples.n_classes > MAX_CLASSES_WITHOUT_WARNING:
        gigabytes = 8 * samples.n_classes**2 / 1e9
        warnings.warn(
            f"The noise matrix of {samples.n_classes} classes takes {gigabytes:.1f} GB,"
            " and several such matrices and a time of the order of the number of "
            "samples times its size are needed to learn it; any method but noise_aware "
            "is linear in the number of classes.",
            stacklevel=2,
        )
    used = np.flatnonzero(n_labels)
    joint = calibrated_joint(samples)[used][:, used]
    T = _with_pseudo_counts((joint.toarray() if issparse(joint) else joint).T)
    classifier = products = None
    for _ in range(N_ROUNDS):
        sums = samples.reduce(
            _sum_by_true_class, n_labels, T, classifier, products is None, merge=_add
        )
        products = sums[1] if products is None else products
        classifier = _describe_classes(sums[0], products)
        counts = samples.reduce(_count_by_true_class, n_labels, T, classifier)
        T = _with_pseudo_counts(counts)
    noise_matrix = np.eye(len(n_labels))
    noise_matrix[np.ix_(used, used)] = T
    return NoiseModel(used, noise_matrix, *classifier)


def _with_pseudo_counts(counts):
    """Return the noise matrix of some counts and of the samples made up."""
    counts = counts + PSEUDO_COUNT * (1 + len(counts) * np.eye(len(counts)))
    return counts / counts.sum(axis=1, keepdims=True)


def _log(P):
    """Return log probabilities, floored, relative to the uniform distribution."""
    floored = np.maximum(P, LOWEST_PROBABILITY, dtype=np.float64)
    log_totals = np.log(floored.sum(axis=0) / len(P))
    np.log(floored, out=floored)
    floored -= log_totals
    return floored


def _softmax(X, coef, intercept):
    """Return the probability of each class (row) by linear discriminant analysis."""
    scores = product(coef.T, X)
    scores += intercept[:, np.newaxis]
    scores -= scores.max(axis=0)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=0)
    return scores


def _blocks_in_use(samples, n_labels):
    """Yield codes and probabilities of the classes that labels use."""
    used = np.flatnonzero(n_labels)
    for codes, block in samples.blocks():
        if len(used) == samples.n_classes:
            yield codes, block.by_class
        else:
            yield np.searchsorted(used, codes), block.by_class[used]


def _responsibilities(samples, n_labels, T, classifier):
    """Yield codes, log probabilities and responsibilities of true classes in blocks."""
    for codes, P in _blocks_in_use(samples, n_labels):
        X = _log(P)
        if classifier is None:
            R = P.astype(np.float64) ** 2
        else:
            R = _softmax(X, *classifier)
        R *= T.take(codes, axis=1)
        totals = R.sum(axis=0)
        if totals.min() == 0:  # all the probability is on classes that no label uses
            R[:, totals == 0], totals[totals == 0] = 1, len(R)
        R /= totals
        yield codes, X, R


def _sum_by_true_class(samples, n_labels, T, classifier, with_products):
    """Return the size of each true class with sums of its log probabilities (row).

    With them goes, if it is asked for, the sum of the products of log probabilities; of
    many classes it is that of their squares alone.
    """
    n_used = np.count_nonzero(n_labels)
    sizes, sums, products = np.zeros(n_used), np.zeros((n_used, n_used)), 0
    has_many = n_used > MAX_CLASSES_FOR_COVARIANCE
    for _, X, R in _responsibilities(samples, n_labels, T, classifier):
        sizes += R.sum(axis=1)
        sums += R @ X.T
        if with_products:
            products = products + ((X**2).sum(axis=1) if has_many else X @ X.T)
    return np.column_stack([sizes, sums]), products


def _add(parts):
    return tuple(map(sum, zip(*parts, strict=True)))


def _count_by_true_class(samples, n_labels, T, classifier):
    """Count each label (column) of each true class (row)."""
    counts = np.zeros((np.count_nonzero(n_labels),) * 2)
    for codes, _, R in _responsibilities(samples, n_labels, T, classifier):
        ends = np.arange(len(codes) + 1)  # of rows with one entry each
        is_label = np.ones(len(codes)), codes, ends
        counts += R @ csr_array(is_label, shape=(len(codes), len(R)))
    return counts


def _describe_classes(sums, products):
    """Return the coefficients and the intercepts of the discriminant analysis."""
    sizes, sums = sums[:, 0], sums[:, 1:]
    n_samples = sizes.sum()
    smallest = np.finfo(np.float64).tiny
    means = sums / np.maximum(sizes, smallest)[:, np.newaxis]
    if products.ndim == 1:
        variances = (products - sizes @ means**2) / n_samples
        coef = means.T / _with_ridge(variances)[:, np.newaxis]
    else:
        covariance = (products - means.T @ (sizes[:, np.newaxis] * means)) / n_samples
        variances = np.diagonal(covariance).copy()
        covariance *= 1 - SHRINKAGE
        np.fill_diagonal(covariance, _with_ridge(variances))
        coef = cho_solve(cho_factor(covariance), means.T)
    log_shares = np.log(np.maximum(sizes, smallest) / n_samples)
    return coef, log_shares - (means.T * coef).sum(axis=0) / 2


def _with_ridge(variances):
    variances = np.maximum(variances, 0)
    return variances + max(RIDGE * variances.mean(), LEAST_RIDGE)
