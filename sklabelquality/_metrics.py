# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""How well label quality scores find errors that are known, and errors to inject."""

from numbers import Integral, Real

import numpy as np
from scipy.sparse import issparse
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.utils import check_random_state

from sklabelquality._alignment import check_same_order
from sklabelquality._errors import brief
from sklabelquality._labels import as_list, check_labels, factorize_labels, read_labels
from sklabelquality._probabilities import (
    as_matrix,
    as_numbers,
    column_names,
    order_of_columns,
)
from sklabelquality._samples import Samples
from sklabelquality._sklearn import Interval, StrOptions, validate_options

# -- known errors ----------------------------------------------------------------------


@validate_options(k=[Interval(Integral, 1, None, closed="left"), None])
def label_error_report(is_error, scores, *, k=None):
    """Measure how well scores find labels that are known to be wrong.

    Read more in the :ref:`User Guide <choosing>`.

    Parameters
    ----------
    is_error : array-like of shape (n_samples,), dtype=bool
        True for each wrong label.

    scores : array-like of shape (n_samples,)
        Label quality scores of the same samples in the same order, higher = more likely
        correct.

    k : int, default=None
        Number of lowest scores that somebody looks at. None means the number of wrong
        labels.

    Returns
    -------
    report : dict
        With these floats, all of them better when higher:

        - `"average_precision"`: area under the precision-recall curve, in [0, 1]; the
          share of wrong labels for scores that say nothing;
        - `"roc_auc"`: area under the ROC curve, in [0, 1]; 0.5 for scores that say
          nothing;
        - `"precision_at_k"`: share of wrong labels among the k lowest scores; where
          equal scores are cut, in expectation over their order;
        - `"lift_at_k"`: that share over the one among all labels; 1 for scores that
          say nothing.

    Raises
    ------
    ValueError
        If lengths differ, if no or all labels are wrong, if scores are missing, if `k`
        is larger than the number of samples, or if both are pandas objects that name
        the same samples in different orders.
    TypeError
        If `is_error` is not boolean or `scores` are no numbers.

    Examples
    --------
    Two of four labels are wrong, with the lowest and the second highest score:

    >>> from sklabelquality import label_error_report
    >>> report = label_error_report([True, False, True, False], [0.1, 0.3, 0.5, 0.9])
    >>> for name, value in report.items():
    ...     print(f"{name}: {value:.3f}")
    average_precision: 0.833
    roc_auc: 0.750
    precision_at_k: 0.500
    lift_at_k: 1.000
    """
    check_same_order(scores=scores, is_error=is_error)
    is_error = check_labels(is_error, name="is_error")
    if is_error.dtype != bool:
        raise TypeError(
            f"is_error must be boolean, but has dtype {is_error.dtype}; pass "
            "given_labels != true_labels."
        )
    n_samples = len(is_error)
    scores = as_numbers(scores, "scores", "pass label quality scores")
    n_missing = np.sum(~np.isfinite(scores))
    if scores.shape != (n_samples,) or n_missing:
        raise ValueError(
            f"scores must be {n_samples} finite numbers, one for each entry of "
            f"is_error, but have shape {scores.shape} and {n_missing} missing or "
            "infinite entries; pass the label quality scores of these samples."
        )
    n_errors = int(is_error.sum())
    if not 0 < n_errors < n_samples:
        raise ValueError(
            f"is_error must have both wrong and right labels, but {n_errors} of "
            f"{n_samples} are wrong; there is nothing to tell apart."
        )
    k = n_errors if k is None else k
    if k > n_samples:
        raise ValueError(
            f"k must be at most the number of samples, {n_samples}, but is {k}; lower "
            "it or pass None."
        )
    precision = _precision_at_k(is_error, scores, k)
    return {
        "average_precision": float(average_precision_score(is_error, -scores)),
        "roc_auc": float(roc_auc_score(is_error, -scores)),
        "precision_at_k": precision,
        "lift_at_k": precision / (n_errors / n_samples),
    }


def _precision_at_k(is_error, scores, k):
    last = np.partition(scores, k - 1)[k - 1]
    lower, equal = scores < last, scores == last
    share_of_equal = (k - lower.sum()) / equal.sum()
    return float((is_error[lower].sum() + share_of_equal * is_error[equal].sum()) / k)


# -- injected errors -------------------------------------------------------------------


@validate_options(
    kind=[StrOptions({"symmetric", "asymmetric", "instance"})],
    rate=[Interval(Real, 0, 1, closed="both")],
    noise_matrix=["array-like", "sparse matrix", None],
    random_state=["random_state"],
)
def inject_label_noise(
    y,
    pred_probs=None,
    *,
    kind="symmetric",
    rate=0.1,
    noise_matrix=None,
    random_state=None,
):
    """Replace a share of the labels by wrong ones, for experiments.

    Read more in the :ref:`User Guide <choosing>`.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        The true labels, of at least two classes.

    pred_probs : array-like of shape (n_samples, n_classes), default=None
        For `kind="instance"`: predicted probabilities of a model for the true labels,
        columns in the sorted order of the classes.

    kind : {"symmetric", "asymmetric", "instance"}, default="symmetric"
        What the noise depends on:

        - `"symmetric"`: nothing; all labels are equally likely to be replaced by any
          other class;
        - `"asymmetric"`: the true class; each one becomes the next in sorted
          order, or as `noise_matrix` says;
        - `"instance"`: the sample; it is replaced the more likely, the less probable
          its true class is in `pred_probs`, by classes that are probable there.

    rate : float, default=0.1
        Share of the labels to replace. The number of wrong labels is exactly
        `round(rate * n_samples)`.

    noise_matrix : array-like of shape (n_classes, n_classes), default=None
        For `kind="asymmetric"`: entry (j, k) says how often true class j (row) is given
        label k (column), in the sorted order of the classes. Only the proportions of
        the entries off the diagonal count, since `rate` fixes the number.

    random_state : int, RandomState instance or None, default=None
        What draws the samples and their wrong labels. Pass an int for reproducible
        noise.

    Returns
    -------
    y_noisy : ndarray of shape (n_samples,)
        The labels, some of them wrong, in an array.

    is_error : ndarray of shape (n_samples,), dtype=bool
        True where a label was replaced.

    Raises
    ------
    ValueError
        If `y` has missing values or one class only, if what `kind` needs is missing or
        does not fit, or if fewer labels than `rate` asks for can be replaced.

    See Also
    --------
    label_error_report : How well scores find the wrong labels.

    Examples
    --------
    >>> from sklabelquality import inject_label_noise
    >>> y = ["cat", "dog", "cat", "dog", "cat"]
    >>> y_noisy, is_error = inject_label_noise(y, rate=0.4, random_state=0)
    >>> y_noisy.tolist(), is_error.tolist()
    (['dog', 'dog', 'cat', 'dog', 'dog'], [True, False, False, False, True])
    """
    check_same_order(y=y, pred_probs=pred_probs)
    classes, codes = factorize_labels(read_labels(y, name="y"), name="y")
    n_samples, n_classes = len(codes), len(classes)
    if n_classes < 2:
        raise ValueError(
            "y must have at least two classes, but has one class only, "
            f"{as_list(classes)[0]!r}; there is no wrong label to give."
        )
    weights = _weights_of_wrong_labels(kind, codes, classes, pred_probs, noise_matrix)
    every_row = np.arange(n_samples)
    weights[every_row, codes] = 0
    totals = weights.sum(axis=1)
    n_errors = round(rate * n_samples)
    if n_errors > np.count_nonzero(totals):
        raise ValueError(
            f"rate must leave enough labels to replace, but {n_errors} of {n_samples} "
            f"labels are to be replaced and only {np.count_nonzero(totals)} can be "
            f"with kind={kind!r}; lower rate or allow for more noise."
        )
    rng = check_random_state(random_state)
    is_error = np.zeros(n_samples, dtype=bool)
    is_error[_draw_in_proportion(totals, n_errors, rng)] = True
    noisy = codes.copy()
    noisy[is_error] = draw_labels(weights[is_error].cumsum(axis=1), rng)
    return classes[noisy], is_error


def _draw_in_proportion(weights, n_draws, rng):
    """Draw distinct positions, each with a probability in proportion to its weight.

    Systematic sampling: every n_draws-th part of the total weight, in random order,
    holds one draw. What would be drawn more than once is drawn for certain.
    """
    order = rng.permutation(len(weights))
    expected = np.zeros(len(weights))
    certain = np.zeros(len(weights), dtype=bool)
    while n_draws:
        left = n_draws - certain.sum()
        rest = np.where(certain, 0, weights)
        expected = rest * left / rest.sum() if left else np.zeros(len(weights))
        if not (expected > 1).any():
            break
        certain |= expected > 1
    cumulative = np.cumsum(np.where(certain, 1, expected)[order])
    ticks = np.arange(n_draws) + rng.uniform()
    # Rounding must not lose the last draw.
    return order[np.searchsorted(cumulative, np.minimum(ticks, cumulative[-1]))]


def draw_labels(cumulative_weights, rng):
    """Draw a column for each row, in proportion to its weights."""
    draws = rng.uniform(size=(len(cumulative_weights), 1)) * cumulative_weights[:, -1:]
    return (cumulative_weights <= draws).sum(axis=1)


def _weights_of_wrong_labels(kind, codes, classes, pred_probs, noise_matrix):
    """Return how likely each sample is to be given each label, up to a factor."""
    n_classes = len(classes)
    if noise_matrix is not None and kind != "asymmetric":
        raise ValueError(
            f"noise_matrix must come with kind='asymmetric', but kind is {kind!r}; "
            "choose one of the two."
        )
    if (pred_probs is not None) != (kind == "instance"):
        raise ValueError(
            "pred_probs must come with kind='instance' and only with it, but kind is "
            f"{kind!r}; pass the probabilities of a model for the true labels to draw "
            "errors that depend on the sample."
        )
    if kind == "instance":
        if np.shape(pred_probs) != (len(codes), n_classes):
            raise ValueError(
                "pred_probs must have a row for each of the "
                f"{len(codes)} labels and a column for each of the {n_classes} "
                f"classes, but has shape {np.shape(pred_probs)}; pass those for y."
            )
        order = order_of_columns(column_names(pred_probs), as_list(classes))
        samples = Samples(None, as_matrix(pred_probs), order=order)
        return samples.matrix().astype(np.float64)
    if kind == "symmetric":
        return np.ones((len(codes), n_classes))
    if noise_matrix is None:
        return np.roll(np.eye(n_classes), 1, axis=1)[codes]
    names = column_names(noise_matrix)
    if order_of_columns(names, as_list(classes)) not in (None, [*range(n_classes)]):
        raise ValueError(
            "noise_matrix must have its rows and columns in the sorted order of the "
            f"classes, but its columns are {brief(names)}; pass noise_matrix.loc["
            "classes, classes], with the sorted classes."
        )
    return check_noise_matrix(noise_matrix, n_classes)[codes]


def check_noise_matrix(noise_matrix, n_classes, *, sums_to_one=False):
    """Return a noise matrix as an array of floats."""
    shown = brief(noise_matrix)
    if issparse(noise_matrix):
        noise_matrix = noise_matrix.toarray()
    noise_matrix = as_numbers(
        noise_matrix, "The noise matrix", "pass a matrix of probabilities"
    ).astype(np.float64)
    is_valid = noise_matrix.shape == (n_classes, n_classes)
    is_valid = is_valid and np.isfinite(noise_matrix).all() and noise_matrix.min() >= 0
    if is_valid and sums_to_one:
        is_valid = np.allclose(noise_matrix.sum(axis=1), 1)
        is_valid = is_valid and np.diag(noise_matrix).min() < 1
    if not is_valid:
        rows = " with rows that sum to 1 and some noise" if sums_to_one else ""
        raise ValueError(
            f"The noise matrix must have shape ({n_classes}, {n_classes}) and entries "
            f"of at least 0{rows}, but is {shown}; entry (j, k) is the probability "
            "that true class j is given label k."
        )
    return noise_matrix
