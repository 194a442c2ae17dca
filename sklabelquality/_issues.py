# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""From scores to decisions: which labels are wrong, how many, and in which classes.

A rule decides for all samples at once: it maps label codes and predicted probabilities
to a mask that is **True for a label issue**. It is one function, registered under its
own name.
"""

import numpy as np
from sklearn.utils._param_validation import StrOptions, validate_params

from sklabelquality._confident_learning import (
    calibrate_confident_joint,
    confident_classes,
    count_confident_joint,
    given_label,
    given_true_class,
    mean_self_confidence,
)
from sklabelquality._scores import score_labels
from sklabelquality._validation import (
    as_label_array,
    check_labels_and_pred_probs,
    row_blocks,
)

# A given label this close to the most probable class counts as the most probable.
TIE_TOLERANCE = 1e-6

RULES = {}


def _rule(function):
    """Register a rule under its name, without the underscore."""
    RULES[function.__name__.removeprefix("_")] = function
    return function


# -- the rules -------------------------------------------------------------------------


@_rule
def _prune_by_noise_rate(codes, pred_probs):
    """Take as many from label k to class j as the confident joint says, by margin."""
    counts = _whole_counts(codes, pred_probs)
    is_issue = np.zeros(len(codes), dtype=bool)
    for given in np.unique(codes):
        positions = np.flatnonzero(codes == given)
        own = pred_probs[positions]
        for other in np.flatnonzero(counts[given]):
            if other == given:
                continue
            lead = own[:, other] - own[:, given]
            order = np.argsort(-lead, kind="stable")
            is_issue[positions[order[: counts[given, other]]]] = True
    return is_issue & ~is_most_probable(codes, pred_probs)


@_rule
def _prune_by_class(codes, pred_probs):
    """Take as many from label k as the confident joint says, by self-confidence."""
    counts = _whole_counts(codes, pred_probs)
    n_issues = np.bincount(codes, minlength=len(counts)) - np.diagonal(counts)
    is_issue = np.zeros(len(codes), dtype=bool)
    for given in np.flatnonzero(n_issues > 0):
        positions = np.flatnonzero(codes == given)
        order = np.argsort(pred_probs[positions, given], kind="stable")
        is_issue[positions[order[: n_issues[given]]]] = True
    return is_issue & ~is_most_probable(codes, pred_probs)


@_rule
def _both(codes, pred_probs):
    """Take what the two rules above agree on."""
    return _prune_by_noise_rate(codes, pred_probs) & _prune_by_class(codes, pred_probs)


@_rule
def _confident_learning(codes, pred_probs):
    """Take the confident members of another class than the given one."""
    confident = confident_classes(pred_probs, mean_self_confidence(codes, pred_probs))
    is_issue = (confident >= 0) & (confident != codes)
    return is_issue & ~is_most_probable(codes, pred_probs)


@_rule
def _predicted_neq_given(codes, pred_probs):
    """Take the labels that are not the most probable class."""
    return ~is_most_probable(codes, pred_probs)


@_rule
def _low_self_confidence(codes, pred_probs):
    """Take the lowest scores, as many as the rule `confident_learning` finds."""
    return _lowest(codes, pred_probs, "self_confidence")


@_rule
def _low_normalized_margin(codes, pred_probs):
    """Take the lowest scores, as many as the rule `confident_learning` finds."""
    return _lowest(codes, pred_probs, "normalized_margin")


def _lowest(codes, pred_probs, method):
    n_issues = np.count_nonzero(_confident_learning(codes, pred_probs))
    scores = score_labels(codes, pred_probs, method)
    is_issue = np.zeros(len(codes), dtype=bool)
    is_issue[np.argsort(scores, kind="stable")[:n_issues]] = True
    return is_issue


def is_most_probable(codes, pred_probs):
    """Whether no class is more probable than the given label."""
    most_probable = np.empty(len(codes), dtype=bool)
    for rows in row_blocks(pred_probs):
        block = pred_probs[rows]
        given = block[np.arange(len(block)), codes[rows]]
        most_probable[rows] = given + TIE_TOLERANCE >= block.max(axis=1)
    return most_probable


def _whole_counts(codes, pred_probs):
    """Return the calibrated confident joint in whole numbers.

    At least one sample of each label stays what it is: where all would be moved, one
    sample less is moved to each class.
    """
    counts = _round_rows(calibrated_joint(codes, pred_probs))
    empty = np.flatnonzero(np.diagonal(counts) == 0)
    counts[empty] -= counts[empty] > 0
    counts[empty, empty] = 1
    return counts


def _round_rows(matrix):
    """Round to whole numbers by the largest remainder, so that row sums are kept."""
    rounded = np.rint(matrix)
    missing = np.rint(matrix.sum(axis=1)) - rounded.sum(axis=1)
    for row in np.flatnonzero(missing):
        order = np.argsort(matrix[row] - rounded[row], kind="stable")
        n_changes = int(missing[row])
        changed = order[-n_changes:] if n_changes > 0 else order[:-n_changes]
        rounded[row, changed] += np.sign(n_changes)
    return rounded.astype(np.intp)


# -- what users call -------------------------------------------------------------------


@validate_params(
    {
        "labels": "no_validation",
        "pred_probs": "no_validation",
        "filter_by": [StrOptions(set(RULES))],
        "classes": "no_validation",
    },
    prefer_skip_nested_validation=True,
)
def find_label_issues(
    labels, pred_probs, *, filter_by="predicted_neq_given", classes=None
):
    """Decide which labels are wrong.

    Parameters
    ----------
    labels : array-like of shape (n_samples,)
        The given labels: integers 0 to n_classes - 1, or labels of any kind that
        `classes` lists, or strings that use each class at least once.

    pred_probs : array-like of shape (n_samples, n_classes)
        Out-of-sample predicted probabilities of each class; rows sum to 1. Columns of
        a data frame are taken by name where the names are exactly the classes, else by
        position.

    filter_by : {"prune_by_noise_rate", "prune_by_class", "both", \
            "confident_learning", "predicted_neq_given", "low_self_confidence", \
            "low_normalized_margin"}, default="predicted_neq_given"
        The rule, see Notes for what each does and for which to take when.

    classes : array-like of shape (n_classes,), default=None
        The labels that the columns of `pred_probs` stand for, such as a fitted
        classifier's `classes_`.

    Returns
    -------
    mask : ndarray of shape (n_samples,), dtype=bool
        True for each label issue, a label that is judged to be wrong.

    Raises
    ------
    ValueError
        If `labels`, `pred_probs` and `classes` do not fit together, or contain
        missing values, or if `pred_probs` are no probabilities, or if
        `filter_by` is unknown.
    TypeError
        If `labels` or `pred_probs` is no dense array-like.

    See Also
    --------
    order_label_issues : Positions of the issues, the worst label first.
    num_label_issues : How many there are.
    get_label_quality_scores : How likely each label is to be right, without a decision.

    Notes
    -----
    With :math:`P` the predicted probabilities, :math:`y_i` the label of sample
    :math:`i`, and the :func:`confident_joint` :math:`C` calibrated and rounded to whole
    numbers by the largest remainder, the rules of [1]_ are:

    - ``"predicted_neq_given"``: another class is more probable than the label.
    - ``"confident_learning"``: the sample is a confident member of another class, that
      is, counted off the diagonal of the raw confident joint.
    - ``"prune_by_class"``: of the samples labelled :math:`k`, the
      :math:`n_k - C_{kk}` with the lowest :math:`P_{ik}`.
    - ``"prune_by_noise_rate"``: of the samples labelled :math:`k`, for each other class
      :math:`j` the :math:`C_{kj}` with the highest :math:`P_{ij} - P_{ik}`.
    - ``"both"``: what the last two agree on.
    - ``"low_self_confidence"`` and ``"low_normalized_margin"``: the lowest scores of
      all, as many as ``"confident_learning"`` finds.

    The rules but the last two never take a label that is the most probable class,
    within 1e-6. The pruning rules leave at least one sample of each label. Ties are
    broken by position.

    **Which rule to take.**

    - A person looks at each issue: ``"predicted_neq_given"``, the default. It finds
      most of the errors, and flags more right labels than the others do, above all if
      the model is weak: about as many as the model is wrong.
    - Issues are dropped unseen, or less than about 3 % of the labels are wrong:
      ``"low_self_confidence"``, the most precise. It takes as many as
      ``"confident_learning"`` finds, which may be none for a model that is never sure,
      such as a forest; then take the lowest scores that you have time to look at.
    - Annotators confuse particular classes: ``"prune_by_noise_rate"``, the default of
      cleanlab, or ``"both"``.

    The default has the best mean F1 on errors that people made (one data set, the
    images of Roman numerals of [2]_, with five models: .470; the others .200 to .431)
    and over 384 cells of injected noise (.602; the others .571 to .594). Its lead comes
    from errors that are more likely for difficult samples, as those of people are
    (.590; the others .431 to .480). Its recall is .842 (the others .635 to .715), its
    precision .529 (.618 to .658). ``"low_self_confidence"`` has the highest precision
    on both sets of real images (.677 and .975) and at 2 % of errors the highest F1
    (.453; the default .398). On CIFAR-10 with class-dependent errors
    ``"prune_by_noise_rate"`` and ``"both"`` have F1 .960 and .961, the default .908.
    These figures come from ``docs/benchmarks/label_issues.py``.

    Rule by rule the masks are those of cleanlab 2.9.0, except where a sample with
    several classes above their threshold has its most probable class below: its
    confident class is the most probable one among those above, as in [1]_. A class
    whose labels have no probability at all has no confident members either.

    References
    ----------
    .. [1] C. G. Northcutt, L. Jiang, I. L. Chuang, "Confident Learning: Estimating
       Uncertainty in Dataset Labels", Journal of Artificial Intelligence Research 70
       (2021), 1373-1411. :doi:`10.1613/jair.1.12125`
    .. [2] J. Kuan, J. Mueller, "Model-agnostic label quality scoring to detect
       real-world label errors", ICML DataPerf Workshop (2022).

    Examples
    --------
    The second and fourth label look wrong:

    >>> from sklabelquality import find_label_issues, order_label_issues
    >>> labels = ["ant", "ant", "bee", "bee", "cow", "cow"]
    >>> pred_probs = [
    ...     [0.90, 0.05, 0.05],
    ...     [0.20, 0.70, 0.10],
    ...     [0.10, 0.80, 0.10],
    ...     [0.05, 0.10, 0.85],
    ...     [0.10, 0.10, 0.80],
    ...     [0.05, 0.05, 0.90],
    ... ]
    >>> mask = find_label_issues(labels, pred_probs)
    >>> mask
    array([False,  True, False,  True, False, False])
    >>> order_label_issues(mask, labels, pred_probs)
    array([3, 1])
    """
    codes, pred_probs, _ = check_labels_and_pred_probs(labels, pred_probs, classes)
    return RULES[filter_by](codes, pred_probs)


@validate_params(
    {
        "labels": "no_validation",
        "pred_probs": "no_validation",
        "calibrate": ["boolean"],
        "classes": "no_validation",
    },
    prefer_skip_nested_validation=True,
)
def num_label_issues(labels, pred_probs, *, calibrate=False, classes=None):
    r"""Estimate how many labels are wrong.

    It is what the model believes. On real label errors such estimates can be off by a
    factor of three and more, either way.

    Parameters
    ----------
    labels : array-like of shape (n_samples,)
        The given labels: integers 0 to n_classes - 1, or labels of any kind that
        `classes` lists, or strings that use each class at least once.

    pred_probs : array-like of shape (n_samples, n_classes)
        Out-of-sample predicted probabilities of each class; rows sum to 1.

    calibrate : bool, default=False
        Whether to count on behalf of all samples instead of the confident ones alone:
        the estimate is higher as a rule.

    classes : array-like of shape (n_classes,), default=None
        The labels that the columns of `pred_probs` stand for, such as a fitted
        classifier's `classes_`.

    Returns
    -------
    n_issues : int
        The estimated number of wrong labels.

    Raises
    ------
    ValueError
        If `labels`, `pred_probs` and `classes` do not fit together, or contain
        missing values, or if `pred_probs` are no probabilities.
    TypeError
        If `labels` or `pred_probs` is no dense array-like.

    See Also
    --------
    find_label_issues : Which labels they are.
    class_health : The estimated share for each class.

    Notes
    -----
    It is the number of issues by the rule ``"confident_learning"`` of
    :func:`find_label_issues`, or with `calibrate=True` what is off the diagonal of the
    calibrated :func:`confident_joint` [1]_.

    References
    ----------
    .. [1] C. G. Northcutt, L. Jiang, I. L. Chuang, "Confident Learning: Estimating
       Uncertainty in Dataset Labels", Journal of Artificial Intelligence Research 70
       (2021), 1373-1411. :doi:`10.1613/jair.1.12125`

    Examples
    --------
    Three of four "cats" are surely cats, four of six "dogs" are surely dogs:

    >>> import numpy as np
    >>> from sklabelquality import num_label_issues
    >>> p_dog = np.array([0.1, 0.1, 0.1, 0.9, 0.9, 0.9, 0.9, 0.9, 0.6, 0.6])
    >>> labels = ["cat"] * 4 + ["dog"] * 6
    >>> num_label_issues(labels, np.column_stack([1 - p_dog, p_dog]))
    1
    """
    codes, pred_probs, _ = check_labels_and_pred_probs(labels, pred_probs, classes)
    if calibrate:
        return count_off_diagonal(calibrated_joint(codes, pred_probs))
    return int(np.count_nonzero(RULES["confident_learning"](codes, pred_probs)))


def class_health(labels, pred_probs, *, classes=None):
    r"""Estimate how good the labels of each class are.

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
    health : dict of ndarrays of shape (n_classes,)
        A table with a row for each class, in their order; ``pandas.DataFrame(health)``
        shows it. Its columns:

        - ``"class"``: the label;
        - ``"n_given"``: the number of samples with this label;
        - ``"label_noise"``: the estimated share of them that are of another class;
        - ``"inverse_label_noise"``: the estimated share of the true members of the
          class that are labelled otherwise;
        - ``"label_quality"``: 1 - `label_noise`, higher = better.

        All shares are in [0, 1]; those of a label that is not in use are 0 and its
        quality is 1.

    Raises
    ------
    ValueError
        If `labels`, `pred_probs` and `classes` do not fit together, or contain
        missing values, or if `pred_probs` are no probabilities.
    TypeError
        If `labels` or `pred_probs` is no dense array-like.

    See Also
    --------
    overlapping_classes : The pairs of classes that are mixed up.
    inverse_noise_matrix : Its diagonal is the label quality.
    noise_matrix : 1 minus its diagonal is the inverse label noise.

    Examples
    --------
    A quarter of the "cats" are dogs, so one dog in seven is missing among the "dogs":

    >>> import numpy as np
    >>> from sklabelquality import class_health
    >>> p_dog = np.array([0.1, 0.1, 0.1, 0.9, 0.9, 0.9, 0.9, 0.9, 0.6, 0.6])
    >>> labels = ["cat"] * 4 + ["dog"] * 6
    >>> health = class_health(labels, np.column_stack([1 - p_dog, p_dog]))
    >>> health["label_noise"]
    array([0.25, 0.  ])
    >>> health["inverse_label_noise"].round(3)
    array([0.   , 0.143])
    """
    codes, pred_probs, classes = check_labels_and_pred_probs(
        labels, pred_probs, classes
    )
    joint = calibrated_joint(codes, pred_probs)
    n_given = np.bincount(codes, minlength=len(joint))
    return tabulate_class_health(joint, n_given, classes)


def overlapping_classes(labels, pred_probs, *, classes=None):
    r"""Estimate which classes are mixed up by their labels.

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
    overlaps : dict of ndarrays of shape (n_pairs,)
        A table with a row for each pair of classes of which any sample is estimated to
        bear the other's label, the most mixed up pair first, equal ones in the order
        of the classes; ``pandas.DataFrame(overlaps)`` shows it. Its columns:

        - ``"class_a"`` and ``"class_b"``: the two labels;
        - ``"joint_probability"``: the estimated share, in [0, 1], of all samples that
          are of one of the two classes and labelled as the other;
        - ``"n_a_labelled_b"`` and ``"n_b_labelled_a"``: the estimated numbers of
          samples of class a that are labelled b, and of class b that are labelled a.

    Raises
    ------
    ValueError
        If `labels`, `pred_probs` and `classes` do not fit together, or contain
        missing values, or if `pred_probs` are no probabilities.
    TypeError
        If `labels` or `pred_probs` is no dense array-like.

    See Also
    --------
    class_health : The quality of the labels of each class.
    joint_distribution : The numbers behind the table.

    Examples
    --------
    A tenth of the samples are dogs that are labelled as cats:

    >>> import numpy as np
    >>> from sklabelquality import overlapping_classes
    >>> p_dog = np.array([0.1, 0.1, 0.1, 0.9, 0.9, 0.9, 0.9, 0.9, 0.6, 0.6])
    >>> labels = ["cat"] * 4 + ["dog"] * 6
    >>> overlaps = overlapping_classes(labels, np.column_stack([1 - p_dog, p_dog]))
    >>> for name, column in overlaps.items():
    ...     print(name, column)
    class_a ['cat']
    class_b ['dog']
    joint_probability [0.1]
    n_a_labelled_b [0.]
    n_b_labelled_a [1.]
    """
    codes, pred_probs, classes = check_labels_and_pred_probs(
        labels, pred_probs, classes
    )
    joint = calibrated_joint(codes, pred_probs)
    return tabulate_overlapping_classes(joint, classes)


# -- from a calibrated confident joint -------------------------------------------------


def calibrated_joint(codes, pred_probs):
    """Compute the calibrated confident joint of checked input."""
    thresholds = mean_self_confidence(codes, pred_probs)
    counts = count_confident_joint(codes, pred_probs, thresholds)
    return calibrate_confident_joint(counts, codes)


def count_off_diagonal(joint):
    """Count what is off the diagonal, in whole numbers."""
    return round(float(joint.sum() - np.trace(joint)))


def tabulate_class_health(joint, n_given, classes):
    """Tabulate the health of each class."""
    quality = np.diagonal(given_label(joint))
    return {
        "class": as_label_array(classes),
        "n_given": n_given,
        "label_noise": 1 - quality,
        "inverse_label_noise": 1 - np.diagonal(given_true_class(joint)),
        "label_quality": quality.copy(),
    }


def tabulate_overlapping_classes(joint, classes):
    """Tabulate the pairs of classes that are mixed up."""
    both_ways = joint + joint.T
    a, b = np.nonzero(np.triu(both_ways, k=1))
    order = np.argsort(-both_ways[a, b], kind="stable")
    a, b = a[order], b[order]
    classes = as_label_array(classes)
    return {
        "class_a": classes[a],
        "class_b": classes[b],
        "joint_probability": both_ways[a, b] / joint.sum(),
        "n_a_labelled_b": joint[b, a],
        "n_b_labelled_a": joint[a, b],
    }
