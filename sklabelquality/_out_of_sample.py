# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Out-of-sample predicted probabilities: every sample is predicted by models that did
not see it in training.

There are three ways to get them.

- **Cross fitting** (:func:`cross_fit`). Each split of each share is a fit on its
  training part and a prediction of its test part; all of them run in one parallel call.
  The predictions of a share are averaged as they come, and shares are mixed by the
  weights under which the given labels are most likely (:func:`most_likely_weights`).
- **Out of bag** (:func:`fit_out_of_bag`). A bagged ensemble predicts each sample by
  those of its members that did not draw it: one fit is enough.
- **Already fitted.** A classifier that was fitted on other data just predicts.

A classifier without ``predict_proba`` answers with its ``decision_function``, which one
temperature, fitted out-of-sample, turns into probabilities (:func:`to_probabilities`).
"""

import warnings
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import NamedTuple

import joblib
import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.base import clone
from sklearn.utils.parallel import Parallel, delayed

from sklabelquality._classifier import (
    VALUE_OF_UNKNOWN,
    fit_classifier,
    last_step,
    predict_response,
)
from sklabelquality._errors import brief
from sklabelquality._input import check_pred_probs
from sklabelquality._samples import Samples
from sklabelquality._sklearn import _check_method_params, _safe_split
from sklabelquality._splits import count_votes

# What errors call the probabilities that the user did not pass.
PREDICTED = "The probabilities that estimator predicts"
# Lower probabilities of given labels count as this much in the weights of shares.
FLOOR = 1e-6
# Steps of expectation maximisation, which is concave here.
N_STEPS = 100


class OutOfSample(NamedTuple):
    """Out-of-sample probabilities and what goes with them.

    `std` is the standard deviation of the scores between models, None if each sample
    was predicted once; `temperature` is None for a classifier with `predict_proba`,
    and `share_weights` for a single share.
    """

    pred_probs: np.ndarray
    std: np.ndarray = None
    temperature: float = None
    share_weights: dict = None


def from_response(response, codes, response_method):
    """Turn the response of a classifier that was fitted on other data."""
    temperature = None
    if response_method == "decision_function":
        temperature = fit_temperature(codes, response)
    pred_probs = to_probabilities(response, temperature)
    pred_probs = check_pred_probs(pred_probs, name=PREDICTED).matrix()
    return OutOfSample(pred_probs, temperature=temperature)


# -- cross fitting ---------------------------------------------------------------------


def cross_fit(
    estimator,
    X,
    codes,
    classes,
    *,
    shares,
    response_method,
    score,
    fit_params,
    memory,
    n_jobs,
    verbose,
    progress,
):
    """Return a classifier fitted on all samples, and out-of-sample probabilities.

    Parameters
    ----------
    estimator : classifier
        Is cloned for each fit and not changed.

    X : array-like, sparse matrix or data frame of n_samples rows
        Whatever the classifier accepts, if its rows can be indexed.

    codes : ndarray of shape (n_samples,)
        The given labels as positions in `classes`.

    classes : ndarray of shape (n_classes,)
        The labels that the classifier is fitted on.

    shares : list of Share
        Each tests every sample equally often. Those but the first are left out if the
        classifier cannot be fitted on so few samples.

    response_method : {"predict_proba", "decision_function"}
        What to ask the classifier.

    score : callable
        Gets samples and returns their label quality scores.

    fit_params : dict
        Parameters of the classifier's `fit`; those with an entry per sample are sliced.

    memory : joblib.Memory
        Caches each fit.

    n_jobs, verbose : int or None
        As in :class:`joblib.Parallel`.

    progress : Progress
        Is told of each fit.

    Returns
    -------
    fitted : tuple
        The classifier and its codes, see :func:`fit_classifier`.

    out_of_sample : OutOfSample
        The probabilities.
    """
    n_fits = 1 + sum(len(share.splits) for share in shares)
    with progress.tasks("cross-fitting", n_fits, estimator) as progress_of_fits:
        args = estimator, X, codes, classes, fit_params, progress_of_fits
        # The samples are hashed once, not once for each fit.
        is_cached = getattr(memory, "location", memory) is not None
        key = joblib.hash((response_method, *args[:-1])) if is_cached else None
        cache = partial(memory.cache, ignore=["fit_args", "response_method"])
        ask = cache(_fit_and_predict)
        fits = chain(
            # The longest one first.
            [delayed(memory.cache(_fit_on_all, ignore=["fit_args"]))(key, args)],
            (
                delayed(_respond)(
                    share is not shares[0], ask, key, *split, args, response_method
                )
                for share in shares
                for split in share.splits
            ),
        )
        n_tests = sum(len(test) for share in shares for _, test in share.splits)
        if n_tests == len(codes):  # there is no spread
            score = None
        results = _run(fits, n_jobs, verbose)
        try:
            fitted = next(results)
            opinions = [
                _average(share, results, codes, len(classes), response_method, score)
                for share in shares
            ]
            next(results, None)  # so that joblib knows that no more is asked for
        except BaseException:
            # joblib warns of fits that are given up, or fails to report on them.
            with warnings.catch_warnings(action="ignore"), suppress(AttributeError):
                results.close()
            raise
    return fitted, _mix(shares, opinions, codes)


def _run(fits, n_jobs, verbose):
    """Yield the results of fits that run in parallel, in their order."""
    try:
        parallel = Parallel(n_jobs=n_jobs, verbose=verbose, return_as="generator")
    except ValueError:  # a backend that returns all results at once
        parallel = Parallel(n_jobs=n_jobs, verbose=verbose)
    yield from parallel(fits)


def _respond(is_optional, ask, *args):
    """Ask a model, or return None where that may fail on few samples."""
    if not is_optional:
        return ask(*args)
    try:
        response = ask(*args)
        if args[-1] == "predict_proba":
            check_pred_probs(response).matrix()
        elif np.isnan(response).any() or np.isposinf(response).any():
            return None
    except MemoryError:
        raise
    except Exception:
        return None
    return response


def _fit_and_predict(key, train, test, fit_args, response_method):
    estimator, X, codes, classes, fit_params, progress = fit_args
    X_train, codes_train = _safe_split(estimator, X, codes, train)
    X_test, _ = _safe_split(estimator, X, codes, test, train)
    if (codes_train == codes_train[0]).all():
        # Most classifiers refuse to learn a single class, and nothing is to be learned.
        certain = np.full((len(test), len(classes)), VALUE_OF_UNKNOWN[response_method])
        certain[:, codes_train[0]] = 1
        return certain
    fit_params = _check_method_params(X, fit_params, indices=train)
    fitted, used = fit_classifier(
        estimator, X_train, codes_train, classes, fit_params, progress, "fold"
    )
    return predict_response(fitted, X_test, classes, response_method, used)


def _fit_on_all(key, fit_args):
    return fit_classifier(*fit_args, "fit on all samples")


class _Opinions(NamedTuple):
    """What the models of a share say: mean of probabilities, and spread of scores."""

    mean: np.ndarray
    temperature: float
    spread: object


def _average(share, results, codes, n_classes, response_method, score):
    """Average the responses of a share as they come; None if one is missing."""
    total = temperature = None
    spread = RunningSpread(len(codes))
    is_complete = True
    for rows, response in _join(share.splits, results, len(codes)):
        is_complete = is_complete and response is not None
        if not is_complete:
            continue
        used = temperature
        if response_method == "decision_function":
            # A model of a single class is certain at any temperature.
            is_open = np.isfinite(response).sum(axis=1) > 1
            if temperature is None and is_open.any():
                temperature = fit_temperature(codes[rows[is_open]], response[is_open])
            used = temperature or 1.0
        pred_probs = to_probabilities(response, used)
        pred_probs = check_pred_probs(pred_probs, name=PREDICTED).matrix()
        if total is None:
            total = np.zeros((len(codes), n_classes), dtype=pred_probs.dtype)
        total[rows] += pred_probs
        if score is not None:
            spread.add(rows, score(Samples(codes[rows], pred_probs, is_checked=True)))
    if not is_complete:
        return None
    return _Opinions(_mean_of_votes(total, share, codes), temperature, spread)


def _join(splits, results, n_samples):
    """Yield rows and response of consecutive splits that test different samples."""
    members, is_tested = [], np.zeros(n_samples, dtype=bool)
    for _, test in splits:
        response = next(results)
        if is_tested[test].any():
            yield _stack(members)
            members, is_tested[:] = [], False
        members.append((test, response))
        is_tested[test] = True
    yield _stack(members)


def _stack(members):
    tests, responses = zip(*members, strict=True)
    if any(response is None for response in responses):
        return None, None
    rows = np.concatenate(tests)
    order = np.argsort(rows)
    return rows[order], np.concatenate(responses)[order]


def _mean_of_votes(total, share, codes):
    """Divide by the number of models; who has not seen a class has no vote on it."""
    n_tests = sum(len(test) for _, test in share.splits) // len(codes)
    if n_tests == 1:
        return total
    rare, votes = count_votes(share.splits, codes, total.shape[1])
    of_rare = np.divide(
        total[:, rare], votes, out=np.zeros_like(total[:, rare]), where=votes > 0
    )
    total /= n_tests
    if len(rare):
        total[:, rare] = of_rare
        total /= total.sum(axis=1, keepdims=True)
    return total


def _mix(shares, opinions, codes):
    """Mix the shares whose models could all be fitted."""
    sizes, opinions = zip(
        *[(s.size, o) for s, o in zip(shares, opinions, strict=True) if o is not None],
        strict=True,
    )
    rows = np.arange(len(codes))
    own = np.array([opinion.mean[rows, codes] for opinion in opinions])
    weights = most_likely_weights(own)
    mixed = opinions[0].mean
    if len(opinions) > 1:  # in place, and in the dtype of the classifier
        mixed *= float(weights[0])
        for weight, opinion in zip(weights[1:], opinions[1:], strict=True):
            opinion.mean[...] *= float(weight)
            mixed += opinion.mean
    spreads = [opinion.spread for opinion in opinions]
    is_single = len(opinions) == 1 and spreads[0].count.max() <= 1
    return OutOfSample(
        mixed,
        None if is_single else std_of_mixture(weights, spreads),
        opinions[0].temperature,
        None if sizes[0] is None else dict(zip(sizes, weights.tolist(), strict=True)),
    )


def most_likely_weights(own):
    """Return the weights of a mixture under which given labels are most likely.

    The steps of expectation maximisation stop when more of them gain next to nothing.

    Parameters
    ----------
    own : ndarray of shape (n_shares, n_samples)
        The probability of each given label by each share.

    Returns
    -------
    weights : ndarray of shape (n_shares,)
        Positive numbers that sum to one.
    """
    own = np.maximum(own, FLOOR, dtype=np.float64)
    weights = np.full(len(own), 1 / len(own))
    for _ in range(N_STEPS if len(own) > 1 else 0):
        weights = weights * (own / (weights @ own)).mean(axis=1)
    return weights / weights.sum()


def std_of_mixture(weights, spreads):
    """Return the standard deviation of what several groups say of each sample."""
    means = np.array([spread.mean for spread in spreads])
    variances = np.array([spread.squares / spread.count for spread in spreads])
    return np.sqrt(weights @ (variances + (means - weights @ means) ** 2))


class RunningSpread:
    """Mean and squared deviations of values that come for some rows at a time."""

    def __init__(self, n_rows):
        self.count = np.zeros(n_rows, dtype=np.intp)
        self.mean, self.squares = np.zeros(n_rows), np.zeros(n_rows)

    def add(self, rows, values):
        self.count[rows] += 1
        deviation = values - self.mean[rows]
        self.mean[rows] += deviation / self.count[rows]
        self.squares[rows] += deviation * (values - self.mean[rows])


# -- out of bag ------------------------------------------------------------------------


def fit_out_of_bag(estimator, X, codes, classes, *, fit_params, memory, progress):
    """Fit a bagged ensemble and return it with its out-of-bag probabilities.

    Parameters
    ----------
    estimator : classifier
        A forest, a bagging classifier, or a pipeline that ends in one; is cloned.

    X : array-like, sparse matrix or data frame of n_samples rows
        Whatever the classifier takes.

    codes : ndarray of shape (n_samples,)
        The given labels as positions in `classes`.

    classes : ndarray of shape (n_classes,)
        The labels that the classifier is fitted on.

    fit_params : dict
        Parameters of the classifier's `fit`.

    memory : joblib.Memory
        Caches the fit.

    progress : Progress
        Is told of the fit.

    Returns
    -------
    fitted : tuple
        The classifier, fitted on all samples, and its codes, see
        :func:`fit_classifier`.

    out_of_sample : OutOfSample
        For each sample, the prediction of the members that did not draw it.
    """
    with_oob = clone(estimator)
    prefix, ensemble = last_step(with_oob)
    params = ensemble.get_params(deep=False)
    if "oob_score" not in params:
        raise ValueError(
            "cv='oob' needs an estimator with out-of-bag probabilities, a forest or a "
            f"bagging classifier, but {brief(ensemble)} has none; pass such an "
            "estimator, or a cv for cross fitting, such as cv=5."
        )
    if not params.get("bootstrap", True):
        raise ValueError(
            "cv='oob' needs an estimator that draws its samples, but "
            f"{brief(ensemble)} has bootstrap=False; set bootstrap=True, or pass a cv "
            "for cross fitting, such as cv=5."
        )
    with_oob.set_params(**{f"{prefix}oob_score": True})
    fit = memory.cache(fit_classifier, ignore=["progress", "task"])
    fitted, used = fit(
        with_oob, X, codes, classes, fit_params, progress, "fit on all samples"
    )
    _, ensemble = last_step(fitted)
    pred_probs = np.asarray(ensemble.oob_decision_function_)
    if pred_probs.shape != (len(codes), len(classes)):
        raise ValueError(
            "cv='oob' needs a probability of each class for each sample, but "
            f"{brief(ensemble)} has out-of-bag probabilities of shape "
            f"{pred_probs.shape} for {len(codes)} samples and {len(classes)} classes; "
            "pass a cv for cross fitting, such as cv=5."
        )
    n_never = int((~(np.nan_to_num(pred_probs).sum(axis=1) > 0)).sum())
    if n_never:
        raise ValueError(
            "cv='oob' needs each sample to be left out by some member of the ensemble, "
            f"but {n_never} of {len(codes)} were drawn by all of them; raise "
            "n_estimators, or pass a cv for cross fitting, such as cv=5."
        )
    pred_probs = check_pred_probs(pred_probs, name=PREDICTED).matrix()
    return (fitted, used), OutOfSample(pred_probs)


# -- decision values ----------------------------------------------------------------


def fit_temperature(codes, decisions):
    """Return the temperature at which the softmax of decision values fits best.

    It minimises the log loss of the given labels, in the unit of the decision values.
    As in Platt's scaling, the n samples of a class count as n + 1 right and one wrong
    label, or else perfectly separated classes would drive all probabilities to 0 or 1.
    """
    n_samples, n_classes = decisions.shape
    n_own = np.bincount(codes, minlength=n_classes)[codes]
    targets = np.full(decisions.shape, (1 / (n_own + 2) / (n_classes - 1))[:, None])
    targets[np.arange(n_samples), codes] = (n_own + 1) / (n_own + 2)
    # A class that no model saw says nothing about the temperature.
    known = np.isfinite(decisions)
    targets[~known] = 0
    decisions = decisions - np.median(decisions[known])
    spread = np.abs(decisions[known])
    scale = np.median(spread) or spread.mean()
    if not scale > 0:
        return 1.0
    # An outlier is one sample, however far out it lies.
    decisions = np.where(known, decisions.clip(-100 * scale, 100 * scale), -np.inf)

    def log_loss(log_temperature):
        log_probs = log_softmax(decisions / np.exp(log_temperature), axis=1)
        return -(targets[known] * log_probs[known]).sum() / n_samples

    # From nearly certain to nearly uniform, in any unit.
    bounds = np.log(scale) + np.log([1e-6, 1e6])
    return float(np.exp(minimize_scalar(log_loss, bounds=bounds, method="bounded").x))


def to_probabilities(response, temperature=None):
    """Return probabilities as they are, and decision values by a tempered softmax."""
    return response if temperature is None else softmax(response / temperature, axis=1)
