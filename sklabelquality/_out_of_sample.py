# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Out-of-sample predicted probabilities: every sample is predicted by models that did
not see it in training.

There are three ways to get them.

- **Cross fitting** (:func:`cross_fit`). The splits of the cross-validation are cut into
  passes, each of which tests every sample once, and
  :func:`~sklearn.model_selection.cross_val_predict` gives one matrix per pass. It works
  on a facade of the classifier that shows it the labels as the user wrote them and
  always returns a column for each class, also where a training fold lacks one.
- **Out of bag** (:func:`fit_out_of_bag`). A bagged ensemble predicts each sample by
  those of its members that did not draw it: one fit is enough.
- **Already fitted.** A classifier that was fitted on other data just predicts.

A classifier without ``predict_proba`` answers with its ``decision_function``, which one
temperature, fitted out-of-sample, turns into probabilities (:func:`to_probabilities`).
"""

import warnings
from functools import partial
from numbers import Integral
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn import get_config
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.model_selection import (
    RepeatedStratifiedKFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    check_cv,
    cross_val_predict,
)
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    get_routing_for_object,
    process_routing,
)

from sklabelquality._classifier import (
    VALUE_OF_UNKNOWN,
    fit_classifier,
    last_step,
    predict_response,
)
from sklabelquality._errors import brief
from sklabelquality._input import check_pred_probs
from sklabelquality._labels import as_list
from sklabelquality._sklearn import _check_method_params, _safe_indexing

# What errors call the probabilities that the user did not pass.
PREDICTED = "The probabilities that estimator predicts"

# -- cross fitting ---------------------------------------------------------------------


def cross_fit(
    estimator,
    X,
    codes,
    classes,
    *,
    cv,
    response_method,
    split_params,
    fit_params,
    memory,
    n_jobs,
    verbose,
    progress,
):
    """Yield a matrix of out-of-sample responses for each pass over the samples.

    Parameters
    ----------
    estimator : classifier
        Is cloned for each split and not changed.

    X : array-like, sparse matrix or data frame of n_samples rows
        Whatever the classifier accepts, if its rows can be indexed.

    codes : ndarray of shape (n_samples,)
        The given labels as positions in `classes`.

    classes : ndarray of shape (n_classes,)
        The labels that the classifier is fitted on.

    cv : int, cross-validation splitter, iterable or None
        As in cross_val_predict, and repeats of it.

    response_method : {"predict_proba", "decision_function"}
        What to ask the classifier.

    split_params, fit_params : dict
        Parameters of the splitter's `split` and of the classifier's `fit`, the latter
        under the names that the user gave them; those with an entry per sample are
        sliced.

    memory : joblib.Memory
        Caches each pass.

    n_jobs, verbose : int or None
        As in cross_val_predict.

    progress : Progress
        Is told of each fold.

    Yields
    ------
    response : ndarray of shape (n_samples, n_classes)
        One for each time that every sample is tested.
    """
    splits = _split(cv, X, codes, split_params)
    passes = _consecutive_passes(splits, len(codes))
    # Stratification fails for classes with fewer samples than folds.
    n_folds = len(passes[0]) if passes and _is_stratified(cv) else 0
    _warn_of_small_classes(splits, n_folds, codes, classes)
    n_fits = len(splits)
    with progress.tasks("cross-fitting", n_fits, estimator) as progress_of_folds:
        predict = partial(
            memory.cache(_cross_val_predict, ignore=["n_jobs", "verbose", "progress"]),
            estimator,
            classes,
            response_method=response_method,
            n_jobs=n_jobs,
            verbose=verbose,
            progress=progress_of_folds,
        )
        if passes is None:
            yield from _predict_copies(predict, X, codes, splits, fit_params)
        else:
            for members in passes:
                yield predict(X, codes, splits=members, fit_params=fit_params)


def _cross_val_predict(
    estimator,
    classes,
    X,
    codes,
    *,
    splits,
    fit_params,
    response_method,
    n_jobs,
    verbose,
    progress,
):
    return cross_val_predict(
        _AllClassesClassifier(estimator, classes, progress),
        X,
        codes,
        cv=splits,
        method=response_method,
        params=fit_params,
        n_jobs=n_jobs,
        verbose=verbose,
    )


class _AllClassesClassifier(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """A classifier of codes that fits the wrapped one on labels, see the module."""

    def __init__(self, estimator, classes, progress):
        self.estimator = estimator
        self.classes = classes
        self.progress = progress

    def fit(self, X, y, **fit_params):
        # All codes, so that cross_val_predict finds every column in every fold.
        self.classes_ = np.arange(len(self.classes))
        self.only_code_ = y[0] if (y == y[0]).all() else None
        if self.only_code_ is None:
            if get_config()["enable_metadata_routing"]:
                fit_params = process_routing(self, "fit", **fit_params).estimator.fit
            self.estimator_, self.used_ = fit_classifier(
                self.estimator, X, y, self.classes, fit_params, self.progress, "fold"
            )
        return self

    def predict(self, X):
        return self.predict_proba(X).argmax(axis=1)

    def predict_proba(self, X):
        return self._respond(X, "predict_proba")

    def decision_function(self, X):
        return self._respond(X, "decision_function")

    def _respond(self, X, response_method):
        if self.only_code_ is None:
            return predict_response(
                self.estimator_, X, self.classes, response_method, self.used_
            )
        # Most classifiers refuse to learn a single class, and nothing is to be learned.
        n_samples = X.shape[0] if hasattr(X, "shape") else len(X)
        certain = np.full(
            (n_samples, len(self.classes)), VALUE_OF_UNKNOWN[response_method]
        )
        certain[:, self.only_code_] = 1
        return certain

    def get_metadata_routing(self):
        return MetadataRouter(owner=self).add(
            estimator=self.estimator,
            method_mapping=MethodMapping().add(caller="fit", callee="fit"),
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.estimator).input_tags
        return tags


def _split(cv, X, codes, split_params):
    """List the splits, and check that they test every sample equally often."""
    splitter = check_cv(cv, codes, classifier=True)
    takes_groups = get_routing_for_object(splitter).consumes("split", ["groups"])
    if takes_groups and not split_params:
        raise ValueError(
            f"cv must get the groups that it keeps together, but {brief(cv)} got "
            "none; pass groups= to fit, in a pipeline as labelqualityscorer__groups= "
            "or, with metadata routing on, as groups=."
        )
    with warnings.catch_warnings():
        # Said by _warn_of_small_classes with the names of the classes.
        warnings.filterwarnings("ignore", message="The least populated class in y")
        try:
            splits = list(splitter.split(X, codes, **split_params))
        except TypeError:
            if hasattr(cv, "split") or not np.iterable(cv):
                raise
            splits = list(cv)  # which are no pairs, as the check will say
    n_samples = len(codes)
    n_tests = np.zeros(n_samples, dtype=np.intp)
    for split in splits:
        train, test = _check_split(split, n_samples, cv)
        in_test = np.zeros(n_samples, dtype=bool)
        in_test[test] = True
        n_tests += in_test
        n_leaked = in_test[train].sum()
        if n_leaked:
            raise ValueError(
                "cv must not train on the samples that it tests, but a split of "
                f"{brief(cv)} does for {n_leaked} samples, which would not be "
                "out-of-sample; pass a splitter such as StratifiedKFold."
            )
    if n_tests.min() == 0 or n_tests.min() < n_tests.max():
        raise ValueError(
            f"cv must test every sample equally often, but {brief(cv)} tests samples "
            f"{n_tests.min()} to {n_tests.max()} times; pass a splitter such as "
            "StratifiedKFold, StratifiedGroupKFold or RepeatedStratifiedKFold."
        )
    return splits


def _check_split(split, n_samples, cv):
    """Return the positions of a split, or say what is wrong with them."""
    try:
        train, test = map(np.asarray, split)
    except (TypeError, ValueError):
        raise ValueError(
            "cv must yield pairs of training and test positions, but "
            f"{brief(cv)} yields {brief(split)}; pass a splitter such as "
            "StratifiedKFold."
        ) from None
    for positions in (train, test):
        if (
            positions.ndim != 1
            or positions.dtype.kind not in "iu"
            or len(positions) == 0
            or positions.min() < 0
            or positions.max() >= n_samples
        ):
            raise ValueError(
                "cv must yield pairs of training and test positions, one-dimensional "
                f"integers from 0 to {n_samples - 1}, but {brief(cv)} yields "
                f"{brief(positions)}; pass a splitter such as StratifiedKFold."
            )
    if len(np.unique(test)) < len(test):
        raise ValueError(
            "cv must test a sample once in a split, but a split of "
            f"{brief(cv)} tests some twice; pass a splitter such as StratifiedKFold."
        )
    return train, test


def _consecutive_passes(splits, n_samples):
    """Cut the splits into passes that each test every sample exactly once.

    Repeated splitters yield one pass after the other. Returns None if they do not.
    """
    passes, members, n_tested = [], [], 0
    for train, test in splits:
        members.append((train, test))
        n_tested += len(test)
        if n_tested >= n_samples:
            tests = np.concatenate([test for _, test in members])
            if n_tested > n_samples or len(np.unique(tests)) < n_samples:
                return None
            passes.append(members)
            members, n_tested = [], 0
    return passes


def _predict_copies(predict, X, codes, splits, fit_params):
    """Yield the responses of splits that cannot be cut into passes.

    cross_val_predict wants every sample to be tested once. It gets a copy of a sample
    for each of its tests, and trains on the first of the copies.
    """
    if get_tags(predict.args[0]).input_tags.pairwise:
        raise ValueError(
            "cv must test all samples before it tests any again where X holds "
            "distances or kernels between them; pass a splitter such as "
            "RepeatedStratifiedKFold."
        )
    rows = np.concatenate([test for _, test in splits])
    _, first_copy = np.unique(rows, return_index=True)
    ends = np.cumsum([len(test) for _, test in splits])
    splits_of_copies = [
        (first_copy[train], np.arange(end - len(test), end))
        for (train, test), end in zip(splits, ends, strict=True)
    ]
    response = predict(
        _safe_indexing(X, rows),
        codes[rows],
        splits=splits_of_copies,
        fit_params=_check_method_params(X, fit_params, indices=rows),
    )
    n_tests = len(rows) // len(codes)
    by_sample = np.argsort(rows, kind="stable").reshape(len(codes), n_tests)
    for copies in by_sample.T:
        yield response[copies]


def _is_stratified(cv):
    stratified = StratifiedKFold, RepeatedStratifiedKFold, StratifiedGroupKFold
    return cv is None or isinstance(cv, (Integral, *stratified))


def _warn_of_small_classes(splits, n_folds, codes, classes):
    """Warn once of the classes that a model has not, or hardly, seen in training."""
    n_classes = len(classes)
    counts = np.bincount(codes, minlength=n_classes)
    is_small = counts < n_folds
    for train, _ in splits:
        is_small |= np.bincount(codes[train], minlength=n_classes) == 0
    if not is_small.any():
        return
    names = ", ".join(
        f"{label!r} ({count} sample{'s' if count > 1 else ''})"
        for label, count in zip(
            as_list(classes[is_small]), counts[is_small], strict=True
        )
    )
    warnings.warn(
        f"The folds of cv leave too few samples for training in class {names}: a model "
        "that saw few or none of them gives the class little or no probability, so "
        "its labels get low scores even if they are right; use a stratified or "
        "shuffled cv, fewer folds, or merge or drop classes that are that rare.",
        UserWarning,
        stacklevel=2,
    )


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
    fitted : classifier
        The classifier, fitted on all samples.

    used : ndarray or None
        What its codes stand for, see :func:`fit_classifier`.

    pred_probs : ndarray of shape (n_samples, n_classes)
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
    fitted, used = fit_on_all(
        with_oob,
        X,
        codes,
        classes,
        fit_params=fit_params,
        memory=memory,
        progress=progress,
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
    return fitted, used, pred_probs


def fit_on_all(estimator, X, codes, classes, *, fit_params, memory, progress):
    """Return a classifier fitted on all samples, and its codes, see fit_classifier."""
    fit = memory.cache(fit_classifier, ignore=["progress", "task"])
    return fit(estimator, X, codes, classes, fit_params, progress, "fit on all samples")


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


# -- all passes together ---------------------------------------------------------------


class OutOfSample(NamedTuple):
    """Out-of-sample probabilities, averaged over the passes, and their scores.

    `learned` and `scores` are the result of `score` for the mean. `std` is the standard
    deviation of the scores between passes, None for a single one, and `temperature` is
    None for a classifier with `predict_proba`.
    """

    pred_probs: np.ndarray
    learned: object
    scores: np.ndarray
    std: np.ndarray
    temperature: float


def average_passes(responses, codes, response_method, score):
    """Average the responses of all passes as probabilities, and score them.

    Parameters
    ----------
    responses : iterable of ndarrays of shape (n_samples, n_classes)
        The responses of each pass. They are not kept.

    codes : ndarray of shape (n_samples,)
        The given labels, to fit the temperature to.

    response_method : {"predict_proba", "decision_function"}
        What the responses are.

    score : callable
        Gets a matrix of probabilities and returns what is learned from them, and the
        label quality scores.

    Returns
    -------
    out_of_sample : OutOfSample
        The mean of the probabilities and its scores.
    """
    mean = temperature = std = None
    scores_of_passes = RunningSpread()
    for response in responses:
        if temperature is None and response_method == "decision_function":
            temperature = fit_temperature(codes, response)
        pred_probs = to_probabilities(response, temperature)
        pred_probs = check_pred_probs(pred_probs, name=PREDICTED).matrix()
        learned, scores = score(pred_probs)
        scores_of_passes.add(scores)
        n_passes = scores_of_passes.count
        mean = pred_probs if n_passes == 1 else mean + (pred_probs - mean) / n_passes
    if n_passes > 1:
        learned, scores = score(mean)
        std = scores_of_passes.std()
    return OutOfSample(mean, learned, scores, std, temperature)


class RunningSpread:
    """Standard deviation of arrays that come one at a time and are not kept."""

    def __init__(self):
        self.count = self._mean = self._squares = 0

    def add(self, values):
        self.count += 1
        deviation = values - self._mean
        self._mean = self._mean + deviation / self.count
        self._squares = self._squares + deviation * (values - self._mean)

    def std(self):
        return np.sqrt(self._squares / (self.count - 1))
