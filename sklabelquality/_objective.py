# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""The objective of a grid search: how well the scores would find wrong labels.

No truth is needed: the given labels count as right, and are replaced in expectation.
The objective reads public attributes of a fitted scorer.
"""

import warnings
from numbers import Integral, Real

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.utils.validation import check_consistent_length

from sklabelquality._alignment import check_same_order
from sklabelquality._errors import brief
from sklabelquality._input import check_pred_probs
from sklabelquality._labels import as_list, encode_labels, find_labels, read_labels
from sklabelquality._metrics import check_noise_matrix, draw_labels
from sklabelquality._out_of_sample import PREDICTED
from sklabelquality._scores import learned_by, score_candidates
from sklabelquality._sklearn import Interval, StrOptions, validate_options


@validate_options(
    noise=[StrOptions({"estimated", "uniform"}), "array-like", "sparse matrix"],
    metric=[StrOptions({"roc_auc", "average_precision"})],
    rate=[Interval(Real, 0, 1, closed="neither"), None],
    n_draws=[Interval(Integral, 1, None, closed="left"), None],
    random_state=[Interval(Integral, 0, None, closed="left"), None],
)
def make_label_noise_scorer(
    *, noise="estimated", metric="roc_auc", rate=None, n_draws=None, random_state=None
):
    """Make a scorer for `scoring=` that asks how well wrong labels would be found.

    The default is what :meth:`LabelQualityScorer.score` returns; the variants are for
    those who know more about the noise, or care about the top of the list.

    Read more in the :ref:`User Guide <choosing>`.

    Parameters
    ----------
    noise : {"estimated", "uniform"} or array-like of shape (n_classes, n_classes), \
            default="estimated"
        How labels are replaced: by the scorer's `noise_matrix_`, by all other classes
        alike, or by a matrix whose entry (j, k) is the probability that true class j is
        given label k, in the order of `classes_`.

    metric : {"roc_auc", "average_precision"}, default="roc_auc"
        What to measure. The average precision depends on the share of replaced labels.

    rate : float, default=None
        Share of the labels that are replaced. None leaves it to `noise`, and means 0.1
        for uniform noise.

    n_draws : int, default=None
        None weighs every label that could replace a given one by its probability,
        without drawing. An int replaces labels at random this number of times and
        averages, which is noisier, and gives a higher average precision for few
        samples.

    random_state : int or None, default=None
        Seed of the draws. Only used with `n_draws`.

    Returns
    -------
    scorer : callable
        With the signature `scorer(estimator, X, y)`, where estimator is a fitted
        :class:`LabelQualityScorer` or a pipeline that ends in one. Returns a float,
        higher = better.

    Raises
    ------
    ValueError
        If a parameter is not one of those above.

    See Also
    --------
    LabelQualityScorer.score : The default, as a method.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklabelquality import LabelQualityScorer, make_label_noise_scorer
    >>> X, y = load_iris(return_X_y=True)
    >>> search = GridSearchCV(
    ...     LabelQualityScorer(GaussianNB()),
    ...     {"method": ["self_confidence", "normalized_margin"]},
    ...     scoring=make_label_noise_scorer(metric="average_precision", rate=0.05),
    ... )
    >>> bool(search.fit(X, y).best_score_ > 0.8)
    True
    """
    return _LabelNoiseScorer(noise, metric, rate, n_draws, random_state)


class _LabelNoiseScorer:
    """What make_label_noise_scorer returns; a class, so that it can be pickled."""

    def __init__(self, noise, metric, rate, n_draws, random_state):
        self.noise = noise
        self.metric = metric
        self.rate = rate
        self.n_draws = n_draws
        self.random_state = random_state

    def __repr__(self):
        return (
            f"make_label_noise_scorer(noise={brief(self.noise)}, "
            f"metric={self.metric!r}, rate={self.rate}, n_draws={self.n_draws}, "
            f"random_state={self.random_state})"
        )

    def __call__(self, estimator, X, y):
        scorer = estimator
        while hasattr(scorer, "steps"):
            X = scorer[:-1].transform(X) if len(scorer.steps) > 1 else X
            scorer = scorer.steps[-1][1]
        if not hasattr(scorer, "label_quality_scores_"):
            raise TypeError(
                "This scoring needs a fitted LabelQualityScorer or a pipeline that "
                f"ends in one, but got {brief(scorer)}; wrap the classifier in a "
                "LabelQualityScorer."
            )
        codes, candidates = known_candidates(scorer, X, y)
        kept, replaced = replacement_weights(
            codes, candidates.shape[1], self._matrix(scorer), self.rate
        )
        if self.n_draws is None:
            return self._expect(codes, candidates, kept, replaced)
        return self._draw(codes, candidates, kept, replaced)

    def _matrix(self, scorer):
        if isinstance(self.noise, str):
            return estimated_noise(scorer) if self.noise == "estimated" else None
        return check_noise_matrix(self.noise, len(scorer.classes_), sums_to_one=True)

    def _expect(self, codes, candidates, kept, replaced):
        if self.metric == "roc_auc":
            return weighted_auroc(codes, candidates, kept, replaced)
        possible = replaced > 0
        scores = np.concatenate(
            [candidates[np.arange(len(codes)), codes], candidates[possible]]
        )
        is_replaced = np.arange(len(scores)) >= len(codes)
        weights = np.concatenate([kept, replaced[possible]])
        return float(
            average_precision_score(is_replaced, -scores, sample_weight=weights)
        )

    def _draw(self, codes, candidates, kept, replaced):
        rng = np.random.RandomState(self.random_state)
        metric = roc_auc_score
        if self.metric == "average_precision":
            metric = average_precision_score
        every_row = np.arange(len(codes))
        weights = replaced.copy()
        weights[every_row, codes] = kept
        cumulative = weights.cumsum(axis=1)
        results = []
        for _ in range(self.n_draws):
            labels = draw_labels(cumulative, rng)
            is_replaced = labels != codes
            if 0 < is_replaced.sum() < len(codes):
                results.append(metric(is_replaced, -candidates[every_row, labels]))
        if not results:
            raise ValueError(
                f"No draw of {self.n_draws} replaced some and kept some of "
                f"{len(codes)} labels; raise rate or n_draws, or pass n_draws=None."
            )
        return float(np.mean(results))


def expected_score(scorer, X, y):
    """Return the default objective of a fitted scorer for new samples."""
    return expected_auroc(*known_candidates(scorer, X, y), estimated_noise(scorer))


def estimated_noise(scorer):
    """Return the noise matrix of a fitted scorer; it has none of very many classes."""
    return getattr(scorer, "noise_matrix_", None)


def known_candidates(scorer, X, y):
    """Return the codes and all candidate scores of samples with a known label.

    A rare class may be missing from the training part of a search.
    """
    check_same_order(X=X, y=y)
    labels = read_labels(y, name="y")
    check_consistent_length(X, y)
    pred_probs = scorer.predict_proba(X)
    classes = as_list(scorer.classes_)
    codes = find_labels(labels, classes)
    is_known = codes >= 0
    if not is_known.any():
        encode_labels(labels, classes, name="y")  # says so
    if not is_known.all():
        unknown = sorted(set(as_list(labels.to_array()[~is_known])), key=str)
        warnings.warn(
            f"y has {np.sum(~is_known)} of {len(y)} labels of classes that fit did not "
            f"see, {brief(unknown)}: their samples are left out of the score.",
            UserWarning,
            stacklevel=3,
        )
        codes, pred_probs = codes[is_known], pred_probs[is_known]
    samples = check_pred_probs(pred_probs, n_jobs=scorer.n_jobs, name=PREDICTED)
    return codes, score_candidates(samples, scorer.method, learned_by(scorer))


def expected_auroc(codes, candidate_scores, noise_matrix=None):
    r"""AUROC for finding replaced labels, in expectation over their replacement.

    The given labels count as right. Let label :math:`y_i` be replaced by class
    :math:`k` with probability :math:`T_{y_i k}`. Nothing is sampled: a pair of a kept
    label of sample i and a replaced one of sample j counts with weight
    :math:`T_{y_i y_i} T_{y_j k}`, whether i and j differ or not (the latter are a share
    of 1/n).

    Parameters
    ----------
    codes : ndarray of shape (n_samples,)
        The given labels as columns of `candidate_scores`.

    candidate_scores : ndarray of shape (n_samples, n_classes)
        The score that each label would get.

    noise_matrix : ndarray of shape (n_classes, n_classes), default=None
        T, rows are true classes. None, or a matrix without noise for these labels,
        makes all wrong labels equally likely.

    Returns
    -------
    auroc : float
        Probability that a kept label scores higher than a replaced one, ties counting
        one half: 0.5 for scores that say nothing, 1 for perfect ones.
    """
    kept, replaced = replacement_weights(codes, candidate_scores.shape[1], noise_matrix)
    return weighted_auroc(codes, candidate_scores, kept, replaced)


def replacement_weights(codes, n_classes, noise_matrix=None, rate=None):
    """Return how likely each label is kept (n,) and replaced by each class (n, K).

    Without noise in the matrix, all wrong labels are equally likely.
    """
    n_samples = len(codes)
    every_row = np.arange(n_samples)
    replaced = np.zeros((n_samples, n_classes))
    if noise_matrix is not None:
        replaced = noise_matrix[codes]
        replaced[every_row, codes] = 0
    if not replaced.any():
        rate = 0.1 if rate is None else rate
        replaced = np.ones((n_samples, n_classes))
        replaced[every_row, codes] = 0
    if rate is not None:
        replaced *= rate * n_samples / replaced.sum()
    highest = replaced.sum(axis=1).max()
    if highest > 1 + 1e-9:
        raise ValueError(
            "rate must leave every class some right labels, but is "
            f"{rate}, at which the noisiest class would have {highest:.0%} wrong ones; "
            f"choose at most {rate / highest:.3g}."
        )
    kept = np.maximum(1 - replaced.sum(axis=1), 0)
    return (kept if kept.any() else np.ones(n_samples)), replaced


def weighted_auroc(codes, candidate_scores, kept_weights, replaced_weights):
    """Compare every kept with every replaced label, in O(n K log n)."""
    kept = candidate_scores[np.arange(len(codes)), codes]
    order = np.argsort(kept)
    kept = kept[order]
    cumulative = np.concatenate([[0.0], np.cumsum(kept_weights[order])])
    possible = replaced_weights > 0
    replaced, weights = candidate_scores[possible], replaced_weights[possible]
    lower = cumulative[np.searchsorted(kept, replaced, side="left")]
    not_higher = cumulative[np.searchsorted(kept, replaced, side="right")]
    wins = cumulative[-1] - (lower + not_higher) / 2
    auroc = np.average(wins, weights=weights) / cumulative[-1]
    return float(min(auroc, 1.0))  # sums round
