# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""From scores to decisions: which labels are wrong, how many, and in which classes.

A rule decides for all samples at once: it maps checked samples to a mask that is **True
for a label issue**. It is one function, registered under its own name.
"""

from numbers import Integral

import numpy as np
from scipy.sparse import csr_array, diags_array, issparse, triu
from sklearn.utils._param_validation import StrOptions, validate_params

from sklabelquality._confident_learning import (
    calibrated_joint,
    confident_class,
    given_label,
    given_true_class,
    mean_self_confidence,
)
from sklabelquality._input import check_samples
from sklabelquality._samples import FEW_CLASSES, most_probable_class, nonzero
from sklabelquality._scores import METHODS
from sklabelquality._shortlist import (
    N_RANGES_OF_PASS,
    Shortlist,
    bars_of_counts,
    count_in_ranges,
    merge_shortlists,
)
from sklabelquality._validation import as_label_array

# A given label this close to the most probable class counts as the most probable.
TIE_TOLERANCE = 1e-6

RULES = {}


def _rule(function):
    """Register a rule under its name, without the underscore."""
    RULES[function.__name__.removeprefix("_")] = function
    return function


# -- the rules -------------------------------------------------------------------------


@_rule
def _prune_by_noise_rate(samples):
    """Take as many from label k to class j as the confident joint says, by margin."""
    return _mask_by_noise_rate(samples, _n_moved(samples))


@_rule
def _prune_by_class(samples):
    """Take as many from label k as the confident joint says, by self-confidence."""
    return _mask_by_class(samples, _n_moved(samples))


@_rule
def _both(samples):
    """Take what the two rules above agree on."""
    counts = _n_moved(samples)
    return _mask_by_noise_rate(samples, counts) & _mask_by_class(samples, counts)


@_rule
def _confident_learning(samples):
    """Take the confident members of another class than the given one."""
    return samples.map(_is_confident_issue, mean_self_confidence(samples), dtype=bool)


@_rule
def _predicted_neq_given(samples):
    """Take the labels that are not the most probable class."""
    return samples.map(_is_not_most_probable, dtype=bool)


@_rule
def _low_self_confidence(samples):
    """Take the lowest scores, as many as the rule `confident_learning` finds."""
    return _mask_of_lowest(samples, "self_confidence")


@_rule
def _low_normalized_margin(samples):
    """Take the lowest scores, as many as the rule `confident_learning` finds."""
    return _mask_of_lowest(samples, "normalized_margin")


# -- the steps of the rules ------------------------------------------------------------


def is_most_probable(codes, block):
    """Whether no class is more probable than the given label."""
    return block.of(codes) + TIE_TOLERANCE >= block.highest()


def _is_not_most_probable(codes, block):
    return ~is_most_probable(codes, block)


def predicted_class(codes, block):
    """Return the given label where it is the most probable class, else this class."""
    return np.where(
        is_most_probable(codes, block), codes, most_probable_class(codes, block)
    )


def predicted_probability(codes, block):
    """Return the probability of the predicted class."""
    return block.of(predicted_class(codes, block))


def _is_confident_issue(codes, block, thresholds):
    confident = confident_class(codes, block, thresholds)
    is_issue = (confident >= 0) & (confident != codes)
    return is_issue & ~is_most_probable(codes, block)


def count_confident_issues(samples):
    """Count the issues by the rule `confident_learning`."""
    return samples.reduce(_count_confident_issues, mean_self_confidence(samples))


def _count_confident_issues(samples, thresholds):
    is_issue = samples.map(_is_confident_issue, thresholds, dtype=bool)
    return int(np.count_nonzero(is_issue))


def _mask_by_noise_rate(samples, n_moved):
    return _mask(samples, _is_listed_issue, _leads, n_moved[0])


def _mask_by_class(samples, n_moved):
    return _mask(
        samples, _is_listed_issue, _scores_below_zero, n_moved[1], "self_confidence"
    )


def _mask_of_lowest(samples, method):
    n_wanted = samples.call(np.atleast_1d, count_confident_issues(samples))
    return _mask(samples, _is_listed, _scores_below_zero, n_wanted, method)


def _mask(samples, is_listed, offers, *args):
    """Take the samples with the highest of the offered values in each cell."""
    bars = None
    if samples.is_in_parts:
        # So that the lists of the parts are not much longer together than one list.
        counts = samples.reduce(_count_offers, offers, *args)
        bars = samples.call(_bars_of_counts, counts, args[0])
    shortlist = samples.reduce(
        _list_highest, bars, offers, *args, merge=merge_shortlists
    )
    positions = samples.call(Shortlist.positions, shortlist)
    return samples.map(is_listed, positions, dtype=bool)


def _list_highest(samples, bars, offers, wanted, *args):
    shortlist = Shortlist(_n_wanted(wanted), bars)
    for offer in offers(samples, shortlist.bars, wanted, *args):
        shortlist.offer(*offer)
    return shortlist


def _count_offers(samples, offers, wanted, *args):
    n_wanted, counts = _n_wanted(wanted), 0
    no_bars = Shortlist(n_wanted).bars
    for cells, values, _ in offers(samples, no_bars, wanted, *args):
        counts += count_in_ranges(cells, values, len(n_wanted), N_RANGES_OF_PASS)
    return counts


def _bars_of_counts(counts, wanted):
    return bars_of_counts(counts, _n_wanted(wanted))


def _n_wanted(wanted):
    return wanted.data if issparse(wanted) else wanted


def _leads(samples, bars, moved):
    """Offer the leads over the given label for each label and other class."""
    list_leads = _all_leads if moved.shape[0] <= FEW_CLASSES else _leads_of_listed_pairs
    for codes, block in samples.blocks():
        rows, cells, leads = list_leads(codes, block, moved, bars)
        yield cells, leads, block.first_row + rows


def _scores_below_zero(samples, bars, n_wanted, method):
    """Offer the scores of each label, or of all, the lowest one as the highest."""
    for codes, block in samples.blocks():
        cells = codes if len(n_wanted) > 1 else np.zeros_like(codes)
        scores = METHODS[method].apply(codes, block, None)
        yield cells, -scores, block.first_row + np.arange(len(codes))


def _all_leads(codes, block, moved, bars):
    """Return rows, cells and leads that are high enough, of few classes."""
    bar_of_pair = np.full(moved.shape, np.inf)
    cell_of_pair = np.zeros(moved.shape, dtype=np.intp)
    given = _rows_of_entries(moved)
    bar_of_pair[moved.indices, given] = bars
    cell_of_pair[moved.indices, given] = np.arange(len(bars))
    leads = block.by_class - block.of(codes)
    classes, rows = nonzero(leads >= bar_of_pair.take(codes, axis=1))
    return rows, cell_of_pair[classes, codes[rows]], leads[classes, rows]


def _leads_of_listed_pairs(codes, block, moved, bars):
    """Return rows, cells and leads of the pairs from which labels are moved."""
    starts, n_entries = moved.indptr[codes], np.diff(moved.indptr)[codes]
    rows = np.repeat(np.arange(len(codes)), n_entries)
    skipped = starts - np.cumsum(n_entries) + n_entries
    cells = np.arange(len(rows)) + skipped[rows]
    leads = block.by_class[moved.indices[cells], rows] - block.of(codes)[rows]
    return rows, cells, leads


def _is_listed(codes, block, positions):
    first_row = block.first_row
    first, stop = np.searchsorted(positions, [first_row, first_row + len(block)])
    is_listed = np.zeros(len(block), dtype=bool)
    is_listed[positions[first:stop] - first_row] = True
    return is_listed


def _is_listed_issue(codes, block, positions):
    return _is_listed(codes, block, positions) & ~is_most_probable(codes, block)


def _n_moved(samples):
    """Return how many labels are moved, by label and class, and by label alone."""
    return samples.call(_round_joint, calibrated_joint(samples), samples.count_labels())


def _round_joint(joint, n_labels):
    """Round the calibrated confident joint; some samples of each label stay.

    Where all would be moved, one sample less is moved to each class.
    """
    counts = _round_rows(csr_array(joint))
    n_staying = counts.diagonal()
    moved = (counts - diags_array(n_staying, dtype=np.intp)).tocsr()
    moved.data -= (n_staying == 0)[_rows_of_entries(moved)] & (moved.data > 0)
    moved.eliminate_zeros()
    return moved, np.maximum(n_labels - np.maximum(n_staying, 1), 0)


def _round_rows(matrix):
    """Round to whole numbers by the largest remainder, so that row sums are kept."""
    rounded = np.rint(matrix.data)
    remainder = matrix.data - rounded
    missing = np.rint(matrix.sum(axis=1))
    missing -= np.bincount(_rows_of_entries(matrix), rounded, minlength=len(missing))
    for row in np.flatnonzero(missing):
        entries = slice(*matrix.indptr[row : row + 2])
        order = np.argsort(remainder[entries], kind="stable")
        n_changes = int(missing[row])
        changed = order[-n_changes:] if n_changes > 0 else order[:-n_changes]
        rounded[entries][changed] += np.sign(n_changes)
    counts = rounded.astype(np.intp), matrix.indices, matrix.indptr
    return csr_array(counts, matrix.shape)


# -- what users call -------------------------------------------------------------------


@validate_params(
    {
        "labels": "no_validation",
        "pred_probs": "no_validation",
        "filter_by": [StrOptions(set(RULES))],
        "classes": "no_validation",
        "n_jobs": [Integral, None],
    },
    prefer_skip_nested_validation=True,
)
def find_label_issues(
    labels,
    pred_probs,
    *,
    filter_by="predicted_neq_given",
    classes=None,
    n_jobs=None,
):
    """Decide which labels are wrong.

    Parameters
    ----------
    labels : array-like or dask array of shape (n_samples,)
        The given labels: integers 0 to n_classes - 1, or labels of any kind that
        `classes` lists, or strings that use each class at least once.

    pred_probs : array-like or dask array of shape (n_samples, n_classes)
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

    n_jobs : int, default=None
        Number of threads that compute. None means 1 unless in a
        :obj:`joblib.parallel_backend` context, -1 means all processors. It changes
        nothing but the time.

    Returns
    -------
    mask : ndarray of shape (n_samples,), dtype=bool
        True for each label issue, a label that is judged to be wrong. For dask arrays
        it is a dask array that is computed when it is asked for.

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
    samples, _ = check_samples(labels, pred_probs, classes, n_jobs=n_jobs)
    return RULES[filter_by](samples)


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
    labels : array-like or dask array of shape (n_samples,)
        The given labels: integers 0 to n_classes - 1, or labels of any kind that
        `classes` lists, or strings that use each class at least once.

    pred_probs : array-like or dask array of shape (n_samples, n_classes)
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
    samples, _ = check_samples(labels, pred_probs, classes)
    if calibrate:
        n_issues = samples.call(count_off_diagonal, calibrated_joint(samples))
    else:
        n_issues = count_confident_issues(samples)
    return samples.output(n_issues, (), np.intp)


def class_health(labels, pred_probs, *, classes=None):
    r"""Estimate how good the labels of each class are.

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
    samples, classes = check_samples(labels, pred_probs, classes)
    numbers = calibrated_joint(samples), samples.count_labels()
    return tabulate_class_health(*samples.compute(numbers), classes)


def overlapping_classes(labels, pred_probs, *, classes=None):
    r"""Estimate which classes are mixed up by their labels.

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
    samples, classes = check_samples(labels, pred_probs, classes)
    joint = samples.compute(calibrated_joint(samples))
    return tabulate_overlapping_classes(joint, classes)


# -- from a calibrated confident joint -------------------------------------------------


def count_off_diagonal(joint):
    """Count what is off the diagonal, in whole numbers."""
    return round(float(joint.sum() - joint.diagonal().sum()))


def tabulate_class_health(joint, n_given, classes):
    """Tabulate the health of each class."""
    quality = given_label(joint).diagonal()
    return {
        "class": as_label_array(classes),
        "n_given": n_given,
        "label_noise": 1 - quality,
        "inverse_label_noise": 1 - given_true_class(joint).diagonal(),
        "label_quality": quality.copy(),
    }


def tabulate_overlapping_classes(joint, classes):
    """Tabulate the pairs of classes that are mixed up."""
    joint = csr_array(joint)
    both_ways = triu(joint + joint.T, k=1, format="csr").tocoo()
    order = np.argsort(-both_ways.data, kind="stable")
    a, b = both_ways.row[order], both_ways.col[order]
    classes = as_label_array(classes)
    return {
        "class_a": classes[a],
        "class_b": classes[b],
        "joint_probability": both_ways.data[order] / joint.sum(),
        "n_a_labelled_b": _entries(joint, b, a),
        "n_b_labelled_a": _entries(joint, a, b),
    }


def _entries(matrix, rows, columns):
    """Return entries of a sparse matrix in row order, zero where none is stored."""
    stored = _rows_of_entries(matrix) * matrix.shape[1] + matrix.indices
    wanted = rows.astype(np.intp) * matrix.shape[1] + columns
    positions = np.searchsorted(stored, wanted).clip(max=len(stored) - 1)
    return np.where(stored[positions] == wanted, matrix.data[positions], 0.0)


def _rows_of_entries(matrix):
    """Return the row of each stored entry of a sparse matrix."""
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
