# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""From scores to decisions: which labels are wrong, and how many.

A rule decides for all samples at once: it maps checked samples to a mask that is **True
for a label issue**. It is one function, registered under its own name.
"""

from numbers import Integral

import numpy as np
from scipy.sparse import csr_array, diags_array, issparse

from sklabelquality._alignment import check_same_order
from sklabelquality._confident_learning import (
    calibrated_joint,
    confident_class,
    count_off_diagonal,
    mean_self_confidence,
    rows_of_entries,
)
from sklabelquality._errors import brief
from sklabelquality._input import check_samples
from sklabelquality._labels import check_labels
from sklabelquality._samples import most_probable_class, nonzero
from sklabelquality._scores import METHODS, check_adjustable, learn, score_labels
from sklabelquality._shortlist import (
    Shortlist,
    cutoffs_of_sample,
    merge_shortlists,
)
from sklabelquality._sklearn import StrOptions, validate_options

# A given label this close to the most probable class counts as the most probable.
TIE_TOLERANCE = 1e-6
# Number of probabilities that are sampled to guess which ones are high enough.
SAMPLE_SIZE = 2**18

RULES = {}


def _rule(function):
    """Register a rule under its name, without the underscore."""
    RULES[function.__name__.removeprefix("_")] = function
    return function


# -- the rules -------------------------------------------------------------------------


@_rule
def _prune_by_noise_rate(samples):
    """Flag the confident joint's number of labels k that are class j, by margin."""
    return _mask_by_noise_rate(samples, _n_moved(samples))


@_rule
def _prune_by_class(samples):
    """Flag the confident joint's number of labels k, by self-confidence."""
    return _mask_by_class(samples, _n_moved(samples))


@_rule
def _both(samples):
    """Flag what the two rules above agree on."""
    counts = _n_moved(samples)
    return _mask_by_noise_rate(samples, counts) & _mask_by_class(samples, counts)


@_rule
def _confident_learning(samples):
    """Flag the confident members of another class than the given one."""
    return samples.map(_is_confident_issue, mean_self_confidence(samples), dtype=bool)


@_rule
def _predicted_neq_given(samples):
    """Flag the labels that are not the most probable class."""
    return samples.map(_is_not_most_probable, dtype=bool)


@_rule
def _low_self_confidence(samples):
    """Flag the lowest scores, the number that `confident_learning` finds."""
    return _mask_of_lowest(samples, "self_confidence")


@_rule
def _low_normalized_margin(samples):
    """Flag the lowest scores, the number that `confident_learning` finds."""
    return _mask_of_lowest(samples, "normalized_margin")


# -- the steps of the rules ------------------------------------------------------------


def is_most_probable(codes, block):
    """Whether no class is more probable than the given label."""
    return block.of_given(codes) + TIE_TOLERANCE >= block.highest


def _is_not_most_probable(codes, block):
    return ~is_most_probable(codes, block)


def predicted_class(codes, block):
    """Return the given label where it is the most probable class, else this class."""
    return np.where(
        is_most_probable(codes, block), codes, most_probable_class(codes, block)
    )


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
    return _choose_highest(samples, _leads, n_moved[0])


def _mask_by_class(samples, n_moved):
    return _choose_highest(samples, _negative_scores, n_moved[1], "self_confidence")


def _mask_of_lowest(samples, method):
    n_wanted = np.atleast_1d(count_confident_issues(samples))
    return _choose_highest(samples, _negative_scores, n_wanted, method)


def _choose_highest(samples, offers, wanted, *args):
    """Mark the samples with the highest of the offered values in each cell."""
    n_wanted = wanted.data if issparse(wanted) else wanted
    cutoffs = _guess_cutoffs(samples, offers, wanted, n_wanted, *args)
    for tried in (cutoffs, None):
        shortlist = samples.reduce(
            _list_highest,
            n_wanted,
            tried,
            offers,
            wanted,
            *args,
            merge=merge_shortlists,
        )
        _, _, positions = shortlist.shorten()
        if not shortlist.is_short:
            break
    is_chosen = np.zeros(len(samples), dtype=bool)
    is_chosen[positions[positions >= 0]] = True
    return samples.like_mapped(is_chosen)


def _list_highest(samples, n_wanted, cutoffs, offers, *args):
    shortlist = Shortlist(n_wanted, cutoffs)
    for cells, values, positions, is_exempt in offers(
        samples, shortlist.cutoffs, *args
    ):
        # Exempt samples compete with the others, but are not marked.
        shortlist.offer(cells, values, np.where(is_exempt, -1 - positions, positions))
    return shortlist


def _guess_cutoffs(samples, offers, wanted, n_wanted, *args):
    """Return cutoffs from a sample, so that few values are worth an offer."""
    step = len(samples) * samples.n_classes // SAMPLE_SIZE
    if step < 2:
        return None
    no_cutoffs = np.full(len(n_wanted), -np.inf)
    cells, values = samples.reduce(
        _sample_offers, step, offers, no_cutoffs, wanted, *args, merge=_concatenate
    )
    return cutoffs_of_sample(cells, values, n_wanted, 1 / step)


def _sample_offers(samples, step, offers, *args):
    offered = [offer[:2] for offer in offers(samples.every(step), *args)]
    return _concatenate(offered) if offered else (np.empty(0, dtype=int), np.empty(0))


def _concatenate(offers):
    return tuple(map(np.concatenate, zip(*offers, strict=True)))


def _leads(samples, cutoffs, moved):
    """Offer the leads over the given label for each label and other class."""
    is_dense = 4 * moved.nnz > moved.shape[0] ** 2
    list_leads = _all_leads if is_dense else _leads_of_listed_pairs
    for codes, block in samples.blocks():
        rows, cells, leads = list_leads(codes, block, moved, cutoffs)
        is_exempt = is_most_probable(codes, block)[rows]
        yield cells, leads, block.first_row + rows, is_exempt


def _negative_scores(samples, cutoffs, n_wanted, method):
    """Offer the scores of each label, or of all, the lowest one as the highest."""
    for codes, block in samples.blocks():
        scores = -METHODS[method].apply(codes, block, None)
        positions = block.first_row + np.arange(len(codes))
        if len(n_wanted) > 1:
            yield codes, scores, positions, is_most_probable(codes, block)
        else:
            yield np.zeros_like(codes), scores, positions, False


def _all_leads(codes, block, moved, cutoffs):
    """Return rows, cells and leads that are high enough, of most pairs."""
    cutoff_of_pair = np.full(moved.shape, np.inf)
    cell_of_pair = np.zeros(moved.shape, dtype=np.intp)
    given = rows_of_entries(moved)
    cutoff_of_pair[moved.indices, given] = cutoffs
    cell_of_pair[moved.indices, given] = np.arange(len(cutoffs))
    leads = block.by_class - block.of_given(codes)
    classes, rows = nonzero(leads > cutoff_of_pair.take(codes, axis=1))
    return rows, cell_of_pair[classes, codes[rows]], leads[classes, rows]


def _leads_of_listed_pairs(codes, block, moved, cutoffs):
    """Return rows, cells and leads of the pairs from which labels are moved."""
    starts, n_entries = moved.indptr[codes], np.diff(moved.indptr)[codes]
    rows = np.repeat(np.arange(len(codes)), n_entries)
    skipped = starts - np.cumsum(n_entries) + n_entries
    cells = np.arange(len(rows)) + skipped[rows]
    own = block.of_given(codes)
    leads = block.by_class[moved.indices[cells], rows] - own[rows]
    return rows, cells, leads


def _n_moved(samples):
    """Return how many labels are moved, by label and class, and by label alone."""
    return _round_joint(calibrated_joint(samples), samples.label_counts)


def _round_joint(joint, n_labels):
    """Round the calibrated confident joint; some samples of each label stay.

    Where all would be moved, one sample less is moved to each class.
    """
    counts = _round_rows(csr_array(joint))
    n_staying = counts.diagonal()
    moved = (counts - diags_array(n_staying, dtype=np.intp)).tocsr()
    moved.data -= (n_staying == 0)[rows_of_entries(moved)] & (moved.data > 0)
    moved.eliminate_zeros()
    return moved, np.maximum(n_labels - np.maximum(n_staying, 1), 0)


def _round_rows(matrix):
    """Round to whole numbers by the largest remainder, so that row sums are kept."""
    rounded = np.rint(matrix.data)
    remainder = matrix.data - rounded
    missing = np.rint(matrix.sum(axis=1))
    missing -= np.bincount(rows_of_entries(matrix), rounded, minlength=len(missing))
    for row in np.flatnonzero(missing):
        entries = slice(*matrix.indptr[row : row + 2])
        order = np.argsort(remainder[entries], kind="stable")
        n_changes = int(missing[row])
        changed = order[-n_changes:] if n_changes > 0 else order[:-n_changes]
        rounded[entries][changed] += np.sign(n_changes)
    counts = rounded.astype(np.intp), matrix.indices, matrix.indptr
    return csr_array(counts, matrix.shape)


# -- what users call -------------------------------------------------------------------


@validate_options(filter_by=[StrOptions(set(RULES))], n_jobs=[Integral, None])
def find_label_issues(
    labels,
    pred_probs,
    *,
    filter_by="predicted_neq_given",
    classes=None,
    n_jobs=None,
):
    """Decide which labels are wrong.

    Read more in the :ref:`User Guide <issues>`.

    Parameters
    ----------
    labels : array-like or dask array of shape (n_samples,)
        The given labels: integers 0 to n_classes - 1, or labels of any kind that
        `classes` lists, or strings that use each class at least once.

    pred_probs : array-like or dask array of shape (n_samples, n_classes)
        Out-of-sample predicted probabilities of each class; rows sum to 1. Columns of
        a data frame are used by name where the names are exactly the classes, else by
        position.

    filter_by : {"prune_by_noise_rate", "prune_by_class", "both", \
            "confident_learning", "predicted_neq_given", "low_self_confidence", \
            "low_normalized_margin"}, default="predicted_neq_given"
        The rule; the notes say what each of them does, and when to use it.

    classes : array-like of shape (n_classes,), default=None
        The labels that the columns of `pred_probs` stand for, such as a fitted
        classifier's `classes_`.

    n_jobs : int, default=None
        Number of threads, at most one for each two million probabilities: fewer are
        not worth a thread. None means 1 unless in a :obj:`joblib.parallel_config`
        context, -1 means all processors. Results are equal up to rounding.

    Returns
    -------
    mask : ndarray of shape (n_samples,), dtype=bool
        True for each label issue, a label that is judged to be wrong. For dask arrays
        it is a dask array that is computed when it is asked for.

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
      all, the number that ``"confident_learning"`` finds.

    All rules but the last two never flag a label that is the most probable class,
    within 1e-6. The pruning rules leave at least one sample of each label. Ties are
    broken by position.

    **Which rule to use.**

    - A person looks at each issue: ``"predicted_neq_given"``, the default. It finds
      most of the errors, and flags more right labels than the others do: about as many
      as the model is wrong. It has the best mean F1 on errors that people made and on
      injected noise.
    - Issues are dropped unseen, or less than about 3 % of the labels are wrong:
      ``"low_self_confidence"``, the most precise. It finds as many as
      ``"confident_learning"`` does, which may be none for a model that is never sure,
      such as a forest; then look at as many of the lowest scores as you have time for.
    - Annotators confuse particular classes: ``"prune_by_noise_rate"``, the default of
      cleanlab, or ``"both"``.

    The figures are in ``docs/benchmarks/deciding.md``.

    Rule by rule the masks are those of cleanlab 2.9.0, but for ties, equal remainders,
    and two defects in its count of confident classes. Where the most probable class of
    a sample is below its threshold, ours is the most probable one among those above,
    as in [1]_, and a class whose labels have no probability at all has no confident
    members.

    References
    ----------
    .. [1] C. G. Northcutt, L. Jiang, I. L. Chuang, "Confident Learning: Estimating
       Uncertainty in Dataset Labels", Journal of Artificial Intelligence Research 70
       (2021), 1373-1411. :doi:`10.1613/jair.1.12125`

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
    return RULES[filter_by](check_samples(labels, pred_probs, classes, n_jobs=n_jobs))


@validate_options(
    rank_by=[StrOptions(set(METHODS))],
    rank_by_kwargs=[dict, None],
    n_jobs=[Integral, None],
)
def order_label_issues(
    mask,
    labels,
    pred_probs,
    *,
    rank_by="self_confidence",
    rank_by_kwargs=None,
    classes=None,
    n_jobs=None,
):
    """Positions of the label issues, the worst label first.

    Read more in the :ref:`User Guide <issues>`.

    Parameters
    ----------
    mask : array-like of shape (n_samples,), dtype=bool
        True for each label issue, a sample that is judged to be mislabelled.

    labels : array-like or dask array of shape (n_samples,)
        The given labels: integers 0 to n_classes - 1, or labels of any kind that
        `classes` lists, or strings that use each class at least once.

    pred_probs : array-like or dask array of shape (n_samples, n_classes)
        Out-of-sample predicted probabilities of each class; rows sum to 1.

    rank_by : {"self_confidence", "normalized_margin", \
            "confidence_weighted_entropy", "noise_aware"}, default="self_confidence"
        The scoring method to order by.

    rank_by_kwargs : dict, default=None
        `{"adjust_pred_probs": True}` to order by adjusted scores. Their thresholds are
        those of all samples, not of the issues.

    classes : array-like of shape (n_classes,), default=None
        The labels that the columns of `pred_probs` stand for.

    n_jobs : int, default=None
        Number of threads, at most one for each two million probabilities: fewer are
        not worth a thread. None means 1 unless in a :obj:`joblib.parallel_config`
        context, -1 means all processors. Results are equal up to rounding.

    Returns
    -------
    positions : ndarray of shape (n_issues,), dtype=intp
        Positions of the issues by ascending label quality score. Issues with equal
        scores keep their order.

    Raises
    ------
    TypeError
        If `mask` is not boolean, or `rank_by_kwargs` holds anything else.

    See Also
    --------
    get_label_quality_scores : The scores that are ordered.

    Examples
    --------
    Take the labels that are not the most probable class for issues:

    >>> import numpy as np
    >>> from sklabelquality import order_label_issues
    >>> labels = np.array([0, 0, 1])
    >>> pred_probs = np.array([[0.3, 0.7], [0.8, 0.2], [0.9, 0.1]])
    >>> order_label_issues(pred_probs.argmax(axis=1) != labels, labels, pred_probs)
    array([2, 0])
    """
    rank_by_kwargs = rank_by_kwargs or {}
    if rank_by_kwargs.keys() - {"adjust_pred_probs"}:
        raise TypeError(
            "rank_by_kwargs may hold 'adjust_pred_probs' alone, but has "
            f"{brief(list(rank_by_kwargs))}; pass the method as rank_by and the "
            "classes as classes."
        )
    adjust = rank_by_kwargs.get("adjust_pred_probs", False)
    if not isinstance(adjust, bool | np.bool_):
        raise TypeError(
            "rank_by_kwargs must hold True or False as 'adjust_pred_probs', but holds "
            f"{brief(adjust)}; pass one of them."
        )
    check_adjustable(rank_by, adjust, "adjust_pred_probs=False")
    check_same_order(labels=labels, pred_probs=pred_probs, mask=mask)
    samples = check_samples(labels, pred_probs, classes, n_jobs=n_jobs)
    mask = check_labels(mask, name="mask")
    if mask.dtype != bool:
        raise TypeError(
            f"mask must be boolean, but has dtype {mask.dtype}; turn positions into a "
            "mask by numpy.isin(numpy.arange(n_samples), positions)."
        )
    if len(mask) != len(samples):
        raise ValueError(
            f"mask must have one entry per sample, but has length {len(mask)} for "
            f"{len(samples)} labels; pass False for the labels that are no issues."
        )
    scores = score_labels(samples, rank_by, learn(samples, rank_by, adjust))
    positions = np.flatnonzero(mask)
    return positions[np.argsort(np.asarray(scores)[positions], kind="stable")]


@validate_options(calibrate=["boolean"], n_jobs=[Integral, None])
def num_label_issues(labels, pred_probs, *, calibrate=False, classes=None, n_jobs=None):
    r"""Estimate how many labels are wrong.

    It is what the model believes. On real label errors such estimates can be off by a
    factor of three and more, either way.

    Read more in the :ref:`User Guide <issues>`.

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

    n_jobs : int, default=None
        Number of threads, at most one for each two million probabilities: fewer are
        not worth a thread. None means 1 unless in a :obj:`joblib.parallel_config`
        context, -1 means all processors. Results are equal up to rounding.

    Returns
    -------
    n_issues : int
        The estimated number of wrong labels.

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
    samples = check_samples(labels, pred_probs, classes, n_jobs=n_jobs)
    if calibrate:
        return count_off_diagonal(calibrated_joint(samples))
    return count_confident_issues(samples)
