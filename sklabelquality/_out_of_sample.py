# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Out-of-sample predicted probabilities: every sample is predicted by models that did
not see it in training.

1. The splitter's splits are cut into passes, each of which tests every sample once.
2. :func:`~sklearn.model_selection.cross_val_predict` gives one matrix per pass. It
   works on a facade of the classifier that shows it the labels as the user wrote them
   and always returns a column for each class, also where a training fold lacks one.
3. The passes are averaged.
"""

import threading
import warnings
from functools import partial
from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.model_selection import (
    RepeatedStratifiedKFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    check_cv,
    cross_val_predict,
)
from sklearn.utils import _safe_indexing, get_tags
from sklearn.utils.validation import _check_method_params

from sklabelquality._validation import brief


def cross_fit(estimator, X, codes, classes, *, cv, n_jobs, verbose, fit_params):
    """Predict every sample by clones of a classifier that did not see it.

    Parameters
    ----------
    estimator : classifier
        Is cloned for each split and not changed.

    X : array-like, sparse matrix or data frame of n_samples rows
        Whatever the classifier takes and can be indexed by rows.

    codes : ndarray of shape (n_samples,)
        The given labels as positions in `classes`.

    classes : ndarray of shape (n_classes,)
        The labels that the classifier is fitted on.

    cv : int, cross-validation splitter, iterable or None
        As in cross_val_predict, and repeats of it.

    n_jobs, verbose : int or None
        As in cross_val_predict.

    fit_params : dict
        Parameters of the classifier's `fit`; those with an entry per sample are sliced.

    Returns
    -------
    pred_probs : ndarray of shape (n_samples, n_classes)
        Probabilities, averaged over the repeats.
    """
    splits = _split(cv, X, codes)
    passes = _consecutive_passes(splits, len(codes))
    # Stratification fails for classes with fewer samples than folds.
    n_folds = len(passes[0]) if passes and _is_stratified(cv) else 0
    _warn_of_small_classes(splits, n_folds, codes, classes)
    predict = partial(
        cross_val_predict,
        _AllClassesClassifier(estimator, classes),
        method="predict_proba",
        n_jobs=n_jobs,
        verbose=verbose,
    )
    if passes is None:
        return _predict_repeated_samples(predict, X, codes, splits, fit_params)
    total = 0
    for splits_of_pass in passes:
        total = total + predict(X, codes, cv=splits_of_pass, params=fit_params)
    return total / len(passes) if len(passes) > 1 else total


def predict_all_classes(estimator, X, classes):
    """Predict probabilities with a column for each of the classes.

    A class that the fitted classifier does not know has probability 0.
    """
    pred_probs = np.asarray(estimator.predict_proba(X))
    known = np.asarray(getattr(estimator, "classes_", [])).tolist()
    column_of = {label: column for column, label in enumerate(classes.tolist())}
    columns = [column_of.get(label, -1) for label in known]
    if pred_probs.ndim != 2 or pred_probs.shape[1] != len(known) or -1 in columns:
        raise ValueError(
            "estimator must have classes_, the labels that it was fitted on, one for "
            f"each column of its predict_proba, but {brief(estimator)} has "
            f"{brief(known)} and returned shape {pred_probs.shape}; wrap it in a "
            "classifier that follows scikit-learn's conventions."
        )
    if columns == list(range(len(classes))):
        return pred_probs
    all_classes = np.zeros((len(pred_probs), len(classes)), dtype=pred_probs.dtype)
    all_classes[:, columns] = pred_probs
    return all_classes


class _AllClassesClassifier(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """A classifier of codes that fits the wrapped one on labels, see the module."""

    def __init__(self, estimator, classes):
        self.estimator = estimator
        self.classes = classes

    def fit(self, X, y, **fit_params):
        # All codes, so that cross_val_predict finds every column in every fold.
        self.classes_ = np.arange(len(self.classes))
        self.only_code_ = y[0] if (y == y[0]).all() else None
        if self.only_code_ is None:
            self.estimator_ = clone(self.estimator)
            self.estimator_.fit(X, self.classes[y], **fit_params)
        return self

    def predict(self, X):
        return self.predict_proba(X).argmax(axis=1)

    def predict_proba(self, X):
        if self.only_code_ is None:
            return predict_all_classes(self.estimator_, X, self.classes)
        # Most classifiers refuse to learn a single class, and nothing is to be learned.
        n_samples = X.shape[0] if hasattr(X, "shape") else len(X)
        certain = np.zeros((n_samples, len(self.classes)))
        certain[:, self.only_code_] = 1
        return certain

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.estimator).input_tags
        return tags


# Warning filters belong to the whole process, so that threads must take turns.
_WARNING_FILTERS = threading.Lock()


def _split(cv, X, codes):
    """List the splits, and check that they test every sample equally often."""
    splitter = check_cv(cv, codes, classifier=True)
    with _WARNING_FILTERS, warnings.catch_warnings():
        # Said by _warn_of_small_classes with the names of the classes.
        warnings.filterwarnings("ignore", message="The least populated class in y")
        splits = list(splitter.split(X, codes))
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
            "StratifiedKFold or RepeatedStratifiedKFold."
        )
    return splits


def _check_split(split, n_samples, cv):
    """Return the positions of a split, or say what is wrong with them."""
    train, test = map(np.asarray, split)
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


def _predict_repeated_samples(predict, X, codes, splits, fit_params):
    """Average the predictions of splits that cannot be cut into passes.

    cross_val_predict wants every sample to be tested once. It gets a copy of a sample
    for each of its tests, and trains on the first of the copies.
    """
    rows = np.concatenate([test for _, test in splits])
    _, first_copy = np.unique(rows, return_index=True)
    ends = np.cumsum([len(test) for _, test in splits])
    splits_of_copies = [
        (first_copy[train], np.arange(end - len(test), end))
        for (train, test), end in zip(splits, ends, strict=True)
    ]
    pred_probs = predict(
        _safe_indexing(X, rows),
        codes[rows],
        cv=splits_of_copies,
        params=_check_method_params(X, fit_params, indices=rows),
    )
    n_tests = len(rows) // len(codes)
    by_sample = np.argsort(rows, kind="stable")
    return pred_probs[by_sample].reshape(len(codes), n_tests, -1).mean(axis=1)


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
            classes[is_small].tolist(), counts[is_small], strict=True
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
