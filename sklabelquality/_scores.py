# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""How likely each given label is to be right.

A scoring method is one formula, registered under its own name: it maps label codes and
a block of probabilities to scores in [0, 1], and **higher means more likely correct**.
All else follows from it: the scores of the given labels
(:func:`get_label_quality_scores`), of every label that a sample could have
(:func:`candidate_label_scores`), and of the best of them. The function that users call
by the name of the method is documented below the formulas.
"""

from numbers import Integral
from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit
from sklearn.exceptions import NotFittedError

from sklabelquality._confident_learning import mean_self_confidence
from sklabelquality._errors import brief
from sklabelquality._input import check_pred_probs, check_samples
from sklabelquality._noise_model import NoiseModel, fit_noise_model, posterior_of
from sklabelquality._probabilities import as_numbers
from sklabelquality._samples import EVERY_CLASS, ShiftedBlock
from sklabelquality._sklearn import StrOptions, validate_options


class _Method(NamedTuple):
    """What a method learns from a data set as a whole, and how it scores with it.

    `learn` gets samples and whether to adjust their probabilities. `apply` gets the
    codes of the labels to score, or `EVERY_CLASS`, a block of probabilities, and what
    was learned from these or other samples; it returns a score for each sample, or for
    each class (row) and sample.
    """

    learn: callable
    apply: callable
    adjustable: bool


METHODS = {}


def _method(*, adjustable=False, learn=None):
    """Register a formula under its name, without the underscore.

    A formula without a `learn` of its own learns the thresholds, where its
    probabilities are to be adjusted.
    """

    def register(formula):
        if learn is None:
            steps = _learn_thresholds, _adjust_first(formula)
        else:
            steps = learn, formula
        METHODS[formula.__name__.removeprefix("_")] = _Method(*steps, adjustable)
        return formula

    return register


def _learn_thresholds(samples, adjust):
    return mean_self_confidence(samples) if adjust else None


def _adjust_first(formula):
    def apply(codes, block, thresholds):
        if thresholds is not None:
            block = _adjusted(block, thresholds)
        return formula(codes, block)

    return apply


def _learn_noise(samples, adjust):
    return fit_noise_model(samples)


# -- the formulas ----------------------------------------------------------------------


@_method(adjustable=True)
def _self_confidence(codes, block):
    return block.of_given(codes)


@_method(adjustable=True)
def _normalized_margin(codes, block):
    return (block.of_given(codes) - block.highest_besides(codes) + 1) / 2


@_method()
def _confidence_weighted_entropy(codes, block):
    # A few numbers per score: float64 costs little and keeps float32 within [0, 1].
    s = block.of_given(codes).astype(np.float64)
    entropy = np.maximum(block.entropy(), 0, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        q = entropy / np.log(block.n_classes) / s
        # Published values use the plain logarithm; log1p keeps the limit for small q.
        scores = np.where(q < 1e-6, np.log1p(q), np.log(1 + q)) / q
    scores[q == 0] = 1
    scores[(s == 0) | np.isinf(q)] = 0
    return scores


@_method(learn=_learn_noise)
def _noise_aware(codes, block, noise_model):
    posterior = posterior_of(codes, block, noise_model).clip(1e-12, 1 - 1e-12)
    own, other = (
        np.log(np.maximum(p, 1e-6, dtype=np.float64))
        for p in (block.of_given(codes), block.highest_besides(codes))
    )
    return expit((logit(posterior) + 4 * (own - other)) / 5)


# -- what users call -------------------------------------------------------------------


def self_confidence(labels, pred_probs):
    r"""Score each label by the probability that the model gives it.

    The simplest score and the one to start with. It depends on the probability of the
    given label alone, not on how the rest is spread over the other classes.

    Read more in the :ref:`User Guide <scores>`.

    Parameters
    ----------
    labels : array-like or dask array of shape (n_samples,)
        The given labels: integers 0 to n_classes - 1, or strings that use each class
        at least once, in which case the columns are in sorted order. For
        anything else use :func:`get_label_quality_scores` with `classes`.

    pred_probs : array-like or dask array of shape (n_samples, n_classes)
        Out-of-sample predicted probabilities of each class; rows sum to 1.

    Returns
    -------
    scores : ndarray of shape (n_samples,)
        Label quality scores in [0, 1], higher = more likely correct.

    See Also
    --------
    normalized_margin : Compares with the most probable other class.
    confidence_weighted_entropy : Weighs by how undecided the model is.

    Notes
    -----
    With :math:`P` the predicted probabilities and :math:`y_i` the label of sample
    :math:`i`, the score is :math:`s_i = P_{i y_i}`, see [1]_ and [2]_.

    References
    ----------
    .. [1] C. G. Northcutt, L. Jiang, I. L. Chuang, "Confident Learning: Estimating
       Uncertainty in Dataset Labels", Journal of Artificial Intelligence Research 70
       (2021), 1373-1411. :doi:`10.1613/jair.1.12125`
    .. [2] J. Kuan, J. Mueller, "Model-agnostic label quality scoring to detect
       real-world label errors", ICML DataPerf Workshop (2022).

    Examples
    --------
    Both samples look like class 0, but the second is labelled 1:

    >>> from sklabelquality import self_confidence
    >>> self_confidence([0, 1], [[0.9, 0.1], [0.8, 0.2]])
    array([0.9, 0.2])
    """
    return get_label_quality_scores(labels, pred_probs, method="self_confidence")


def normalized_margin(labels, pred_probs):
    r"""Score each label by its lead over the most probable other class.

    A label that the model finds as likely as the best other one has score 0.5. In
    comparison with :func:`self_confidence`, a low probability counts less where it is
    spread over many other classes and more where one other class is clearly better.

    Read more in the :ref:`User Guide <scores>`.

    Parameters
    ----------
    labels : array-like or dask array of shape (n_samples,)
        The given labels: integers 0 to n_classes - 1, or strings that use each class
        at least once, in which case the columns are in sorted order. For
        anything else use :func:`get_label_quality_scores` with `classes`.

    pred_probs : array-like or dask array of shape (n_samples, n_classes)
        Out-of-sample predicted probabilities of each class; rows sum to 1.

    Returns
    -------
    scores : ndarray of shape (n_samples,)
        Label quality scores in [0, 1], higher = more likely correct.

    See Also
    --------
    self_confidence : Looks at the probability of the given label alone.
    confidence_weighted_entropy : Weighs by how undecided the model is.

    Notes
    -----
    With :math:`P` the predicted probabilities and :math:`y_i` the label of sample
    :math:`i`, the score is

    .. math:: \frac{1}{2} \Big(P_{i y_i} - \max_{k \neq y_i} P_{ik} + 1\Big)

    see [1]_. With two classes it equals the self-confidence.

    References
    ----------
    .. [1] J. Kuan, J. Mueller, "Model-agnostic label quality scoring to detect
       real-world label errors", ICML DataPerf Workshop (2022).

    Examples
    --------
    Both labels have probability 0.4, but only the second sample has a better one:

    >>> from sklabelquality import normalized_margin
    >>> normalized_margin([0, 0], [[0.4, 0.3, 0.3], [0.4, 0.6, 0.0]])
    array([0.55, 0.4 ])
    """
    return get_label_quality_scores(labels, pred_probs, method="normalized_margin")


def confidence_weighted_entropy(labels, pred_probs):
    r"""Score each label by the entropy of the prediction over its self-confidence.

    A low probability of the given label counts more where the model is undecided than
    where it is sure of something else.

    Read more in the :ref:`User Guide <scores>`.

    Parameters
    ----------
    labels : array-like or dask array of shape (n_samples,)
        The given labels: integers 0 to n_classes - 1, or strings that use each class
        at least once, in which case the columns are in sorted order. For
        anything else use :func:`get_label_quality_scores` with `classes`.

    pred_probs : array-like or dask array of shape (n_samples, n_classes)
        Out-of-sample predicted probabilities of each class; rows sum to 1.

    Returns
    -------
    scores : ndarray of shape (n_samples,)
        Label quality scores in [0, 1], higher = more likely correct.

    See Also
    --------
    self_confidence : Looks at the probability of the given label alone.
    normalized_margin : Compares with the most probable other class.

    Notes
    -----
    With :math:`P` the predicted probabilities of :math:`K` classes, :math:`y_i` the
    label of sample :math:`i` and :math:`s_i = P_{i y_i}`, the entropy in units of its
    maximum is :math:`H_i = -\sum_k P_{ik} \ln P_{ik} / \ln K`. The score is

    .. math:: \frac{\ln(1 + q_i)}{q_i}, \quad q_i = \frac{H_i}{s_i}

    see [1]_. Its limits are exact: 1 for a label that has all the probability
    (:math:`q_i = 0`), and 0 for one that has none (:math:`s_i = 0`), for any entropy.

    References
    ----------
    .. [1] J. Kuan, J. Mueller, "Model-agnostic label quality scoring to detect
       real-world label errors", ICML DataPerf Workshop (2022).

    Examples
    --------
    A certain and right label, two doubtful ones, and one that is certainly wrong:

    >>> from sklabelquality import confidence_weighted_entropy
    >>> confidence_weighted_entropy(
    ...     [0, 0, 0, 0], [[1.0, 0.0], [0.5, 0.5], [0.1, 0.9], [0.0, 1.0]]
    ... ).round(3)
    array([1.   , 0.549, 0.371, 0.   ])
    """
    return get_label_quality_scores(
        labels, pred_probs, method="confidence_weighted_entropy"
    )


def noise_aware(labels, pred_probs):
    r"""Score each label by what the whole data set says about how labels go wrong.

    The other scores look at one row of probabilities. This one learns from all labels
    which classes are confused for which, and where the model is wrong itself: a label
    that is often given to samples of another class scores lower than one that is not,
    at the same probabilities.

    Read more in the :ref:`User Guide <scores>`.

    Parameters
    ----------
    labels : array-like or dask array of shape (n_samples,)
        The given labels: integers 0 to n_classes - 1, or strings that use each class
        at least once, in which case the columns are in sorted order. For
        anything else use :func:`get_label_quality_scores` with `classes`.

    pred_probs : array-like or dask array of shape (n_samples, n_classes)
        Out-of-sample predicted probabilities of each class; rows sum to 1.

    Returns
    -------
    scores : ndarray of shape (n_samples,)
        Label quality scores in [0, 1], higher = more likely correct.

    See Also
    --------
    learn_noise_model : What is learned, and how.
    label_posterior : The probability :math:`p_i` of the notes.
    normalized_margin : The lead over the most probable other class alone.

    Notes
    -----
    With :math:`p_i` the :func:`label_posterior` of the given label :math:`y_i`, clipped
    to :math:`10^{-12}` and :math:`1 - 10^{-12}`, and :math:`P` the predicted
    probabilities, at least :math:`10^{-6}`, the score is

    .. math:: \operatorname{expit}\Big(\frac{1}{5} \operatorname{logit} p_i
        + \frac{4}{5} \Big(\ln P_{i y_i} - \ln \max_{k \neq y_i} P_{ik}\Big)\Big)

    It finds more than the other scores where annotators confuse particular classes,
    above all where a fifth of the labels or more are wrong, and less where errors are
    few or fall on difficult samples, with naive Bayes, and for many small classes, see
    :func:`learn_noise_model`. The figures are in ``docs/benchmarks/finding.md``.

    References
    ----------
    .. [1] N. D. Lawrence, B. Schölkopf, "Estimating a Kernel Fisher Discriminant in the
       Presence of Label Noise", ICML (2001), 306-313.

    Examples
    --------
    A fifth of the dogs were called cats, and no cat a dog. The model is as unsure of
    two labels, but the "cat" is the more suspicious one:

    >>> import numpy as np
    >>> from sklabelquality import noise_aware
    >>> rng = np.random.default_rng(0)
    >>> is_dog = np.arange(1000) % 2 == 1
    >>> p_dog = np.where(is_dog, 0.8, 0.2) + rng.uniform(-0.1, 0.1, size=1000)
    >>> labels = np.where(is_dog & (rng.random(1000) < 0.8), "dog", "cat")
    >>> labels[:2], p_dog[:2] = ["cat", "dog"], [0.6, 0.4]
    >>> noise_aware(labels, np.column_stack([1 - p_dog, p_dog]))[:2].round(2)
    array([0.18, 0.29])
    """
    return get_label_quality_scores(labels, pred_probs, method="noise_aware")


@validate_options(
    method=[StrOptions(set(METHODS))],
    adjust_pred_probs=["boolean"],
    n_jobs=[Integral, None],
)
def get_label_quality_scores(
    labels,
    pred_probs,
    *,
    method="self_confidence",
    adjust_pred_probs=False,
    classes=None,
    n_jobs=None,
):
    """Score how likely each given label is to be right.

    The probabilities must be *out-of-sample*: predicted by models that did not see the
    sample in training, as :func:`~sklearn.model_selection.cross_val_predict` gives
    them. :class:`LabelQualityScorer` does both steps.

    Read more in the :ref:`User Guide <scores>`.

    Parameters
    ----------
    labels : array-like or dask array of shape (n_samples,)
        The given labels: integers 0 to n_classes - 1, or labels of any kind that
        `classes` lists, or strings that use each class at least once, in which case
        the columns are in sorted order.

    pred_probs : array-like or dask array of shape (n_samples, n_classes)
        Out-of-sample predicted probabilities of each class. Rows must sum to 1 within
        0.001 and values lie in [0, 1] within 1e-6. Columns of a data frame are used by
        position, or by name where the names are exactly the classes.

    method : {"self_confidence", "normalized_margin", \
            "confidence_weighted_entropy", "noise_aware"}, default="self_confidence"
        The scoring method, see :func:`self_confidence`, :func:`normalized_margin`,
        :func:`confidence_weighted_entropy` and :func:`noise_aware`.

    adjust_pred_probs : bool, default=False
        Whether to make up for classes that the model is less sure of, such as rare
        ones: each class's confident threshold is subtracted from its probabilities
        before they are scored. Defined for the first two methods alone.

    classes : array-like of shape (n_classes,), default=None
        The labels that the columns of `pred_probs` stand for, such as a fitted
        classifier's `classes_`.

    n_jobs : int, default=None
        Number of threads, at most one for each two million probabilities: fewer are
        not worth a thread. None means 1 unless in a :obj:`joblib.parallel_config`
        context, -1 means all processors. Results are equal up to rounding.

    Returns
    -------
    scores : ndarray of shape (n_samples,)
        Label quality scores in [0, 1], **higher = more likely correct**. float32 if
        `pred_probs` is float32 or float16, else float64. For dask arrays it is a dask
        array that is computed when it is asked for.

    Raises
    ------
    ValueError
        If `method` cannot be adjusted.

    See Also
    --------
    LabelQualityScorer : Gets the probabilities from any classifier and scores them.
    candidate_label_scores : Score every label that a sample could have.
    order_label_issues : Positions of the worst labels first.
    confident_thresholds : The numbers behind `adjust_pred_probs`.

    Notes
    -----
    With :math:`t_k` the confident threshold of class :math:`k` (the mean of
    :math:`P_{ik}` over the samples labelled :math:`k`) and :math:`m = \\max_k t_k`, the
    adjusted probabilities are

    .. math:: P'_{ik} = \\frac{P_{ik} - t_k + m}{\\sum_j (P_{ij} - t_j + m)}

    A class that no label uses takes no part: it is left out of :math:`m` and of the
    sum, and has :math:`P'_{ik} = 0`. A class whose labels all have probability 0, such
    as one with a single sample, which no model that did not see this sample can know,
    has no threshold to subtract and counts as if :math:`t_k = m`; its labels score
    like others that have no probability, not like average ones.

    References
    ----------
    .. [1] J. Kuan, J. Mueller, "Model-agnostic label quality scoring to detect
       real-world label errors", ICML DataPerf Workshop (2022).
    .. [2] C. G. Northcutt, L. Jiang, I. L. Chuang, "Confident Learning: Estimating
       Uncertainty in Dataset Labels", Journal of Artificial Intelligence Research 70
       (2021), 1373-1411. :doi:`10.1613/jair.1.12125`

    Examples
    --------
    The second and fourth label look wrong:

    >>> from sklabelquality import get_label_quality_scores
    >>> labels = [0, 0, 1, 1, 2, 2]
    >>> pred_probs = [
    ...     [0.90, 0.05, 0.05],
    ...     [0.20, 0.70, 0.10],
    ...     [0.10, 0.80, 0.10],
    ...     [0.05, 0.10, 0.85],
    ...     [0.10, 0.10, 0.80],
    ...     [0.05, 0.05, 0.90],
    ... ]
    >>> get_label_quality_scores(labels, pred_probs)
    array([0.9, 0.2, 0.8, 0.1, 0.8, 0.9])
    >>> get_label_quality_scores(labels, pred_probs, method="normalized_margin")
    array([0.925, 0.25 , 0.85 , 0.125, 0.85 , 0.925])
    """
    check_adjustable(method, adjust_pred_probs, "adjust_pred_probs=False")
    samples = check_samples(labels, pred_probs, classes, n_jobs=n_jobs)
    return score_labels(samples, method, learn(samples, method, adjust_pred_probs))


@validate_options(
    method=[StrOptions(set(METHODS))],
    noise_model=[NoiseModel, None],
    n_jobs=[Integral, None],
)
def candidate_label_scores(
    pred_probs,
    *,
    method="self_confidence",
    thresholds=None,
    noise_model=None,
    n_jobs=None,
):
    """Score every label that a sample could have, not only the given one.

    The score in row i, column k is what :func:`get_label_quality_scores` would give
    sample i if its label were class k and nothing else changed.

    Read more in the :ref:`User Guide <scores>`.

    Parameters
    ----------
    pred_probs : array-like or dask array of shape (n_samples, n_classes)
        Out-of-sample predicted probabilities of each class; rows sum to 1. Columns are
        used by position.

    method : {"self_confidence", "normalized_margin", \
            "confidence_weighted_entropy", "noise_aware"}, default="self_confidence"
        The scoring method, see :func:`self_confidence`, :func:`normalized_margin`,
        :func:`confidence_weighted_entropy` and :func:`noise_aware`.

    thresholds : array-like of shape (n_classes,), default=None
        The :func:`confident_thresholds` to adjust the probabilities by; infinity for a
        class that no label uses. None scores the probabilities as they are. Defined for
        the first two methods alone.

    noise_model : NoiseModel, default=None
        What :func:`learn_noise_model` returns, for `"noise_aware"`.

    n_jobs : int, default=None
        Number of threads, at most one for each two million probabilities: fewer are
        not worth a thread. None means 1 unless in a :obj:`joblib.parallel_config`
        context, -1 means all processors. Results are equal up to rounding.

    Returns
    -------
    scores : ndarray of shape (n_samples, n_classes)
        Label quality scores in [0, 1], higher = more likely correct. float32 if
        `pred_probs` is float32 or float16, else float64.

    Raises
    ------
    ValueError
        If `thresholds` or `noise_model` does not fit `pred_probs` or `method`.

    See Also
    --------
    get_label_quality_scores : Score the given labels.

    Examples
    --------
    For the second sample no label is convincing:

    >>> from sklabelquality import candidate_label_scores
    >>> candidate_label_scores(
    ...     [[0.9, 0.1, 0.0], [0.4, 0.3, 0.3]], method="normalized_margin"
    ... )
    array([[0.9 , 0.1 , 0.05],
           [0.55, 0.45, 0.45]])
    """
    check_adjustable(method, thresholds is not None, "thresholds=None")
    if (method == "noise_aware") != (noise_model is not None):
        raise ValueError(
            "noise_model must be given for the method 'noise_aware' and for no other, "
            f"but method is {method!r} and noise_model is {brief(noise_model)}; pass "
            "what learn_noise_model returns with method='noise_aware'."
        )
    samples = check_pred_probs(pred_probs, n_jobs=n_jobs)
    learned = noise_model
    if thresholds is not None:
        learned = _check_thresholds(thresholds, samples)
    if noise_model is not None and len(noise_model.noise_matrix) != samples.n_classes:
        raise ValueError(
            "noise_model must be of the classes of pred_probs, but has "
            f"{len(noise_model.noise_matrix)} classes for {samples.n_classes} "
            "columns; learn it from probabilities of the same classes."
        )
    return score_candidates(samples, method, learned)


# -- from one method to all scores -----------------------------------------------------


def learn(samples, method, adjust_pred_probs):
    """Learn what a method needs to know of the data set as a whole.

    Returns thresholds, a noise model, or None if there is nothing to learn.
    """
    return METHODS[method].learn(samples, adjust_pred_probs)


def learned_by(scorer):
    """Return what a fitted scorer learned for its method, which may have been set."""
    if scorer.method not in METHODS:
        raise ValueError(
            f"method must be one of {sorted(METHODS)}, but is {brief(scorer.method)}; "
            "set one of them."
        )
    check_adjustable(scorer.method, scorer.adjust_pred_probs, "adjust_pred_probs=False")
    if scorer.method == "noise_aware":
        if not hasattr(scorer, "noise_model_"):
            raise NotFittedError(
                f"This {type(scorer).__name__} was fitted with another method than "
                "'noise_aware', which learns in fit; call fit again."
            )
        return scorer.noise_model_
    return scorer.confident_thresholds_ if scorer.adjust_pred_probs else None


def score_labels(samples, method, learned=None):
    """Score the label of each sample."""
    return samples.map(METHODS[method].apply, learned)


def score_candidates(samples, method, learned=None):
    """Score every class for each sample."""
    return samples.map(_score_every_class, method, learned, every_class=True)


def score_best_candidates(samples, method, learned=None):
    """Score the best class for each sample."""
    return samples.map(_score_best_class, method, learned)


def _score_every_class(codes, block, method, learned):
    return METHODS[method].apply(EVERY_CLASS, block, learned)


def _score_best_class(codes, block, method, learned):
    return _score_every_class(codes, block, method, learned).max(axis=0)


def _adjusted(block, thresholds):
    """Subtract each class's threshold and renormalise, see the notes of the scores."""
    is_used = np.isfinite(thresholds)
    highest = thresholds[is_used].max(initial=0)
    shift = np.where(is_used & (thresholds > 0), highest - thresholds, 0)
    return ShiftedBlock(block, shift.astype(block.rows.dtype), is_used)


def check_adjustable(method, adjust, remedy):
    if adjust and not METHODS[method].adjustable:
        adjustable = [name for name, entry in METHODS.items() if entry.adjustable]
        raise ValueError(
            f"Adjusted probabilities are defined for the methods {adjustable}, but "
            f"method is {method!r}; choose one of them or pass {remedy}."
        )


def _check_thresholds(thresholds, samples):
    """Return thresholds as an array with a number or infinity for each class."""
    n_classes = samples.n_classes
    remedy = "pass what confident_thresholds returns"
    thresholds = as_numbers(thresholds, "thresholds", remedy)
    if thresholds.shape != (n_classes,):
        raise ValueError(
            f"thresholds must have shape ({n_classes},), one for each column of "
            f"pred_probs, but has shape {thresholds.shape}; pass what "
            "confident_thresholds returns."
        )
    wrong = ~(thresholds >= 0) | ((thresholds > 1) & np.isfinite(thresholds))
    if wrong.any():
        first = int(wrong.argmax())
        raise ValueError(
            "thresholds must be from 0 to 1, or infinity for a class that no label "
            f"uses, but that of class {first} is {thresholds[first]}; pass what "
            "confident_thresholds returns."
        )
    return thresholds.astype(samples.dtype)
