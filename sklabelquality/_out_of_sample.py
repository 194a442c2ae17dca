# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Out-of-sample predicted probabilities: every sample is predicted by models that did
not see it in training.

1. The splitter's splits are sorted into passes, each of which tests every sample once.
2. :func:`~sklearn.model_selection.cross_val_predict` gives one matrix per pass. It
   works on a facade of the classifier that shows it the labels as the user wrote them
   and always returns a column for each class, also where a training fold lacks one.
3. The passes are averaged.
"""

import warnings

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.model_selection import check_cv, cross_val_predict
from sklearn.utils import get_tags

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
    splits, has_small_class = _split(cv, X, codes)
    passes = _passes(splits, len(codes), cv)
    _warn_of_small_classes(splits, len(passes[0]), has_small_class, codes, classes)
    facade = _AllClassesClassifier(estimator, classes)
    total = 0
    for splits_of_pass in passes:
        total = total + cross_val_predict(
            facade,
            X,
            codes,
            cv=splits_of_pass,
            method="predict_proba",
            n_jobs=n_jobs,
            verbose=verbose,
            params=fit_params,
        )
    return total / len(passes) if len(passes) > 1 else total


def predict_all_classes(estimator, X, classes):
    """Predict probabilities with a column for each of the classes.

    A class that the fitted classifier does not know has probability 0.
    """
    pred_probs = np.asarray(estimator.predict_proba(X))
    column_of = {label: column for column, label in enumerate(classes.tolist())}
    columns = [column_of[label] for label in np.asarray(estimator.classes_).tolist()]
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


def _split(cv, X, codes):
    """List the splits, and tell whether a class has fewer samples than folds."""
    splitter = check_cv(cv, codes, classifier=True)
    has_small_class = False
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        splits = list(splitter.split(X, codes))
    for warning in caught:
        if str(warning.message).startswith("The least populated class"):
            has_small_class = True  # said better below, with the name of the class
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    return splits, has_small_class


def _passes(splits, n_samples, cv):
    """Sort splits into passes that each test every sample exactly once.

    A repeated splitter yields one pass after the other, so that a single open pass
    takes almost all splits; the search over open passes serves splits in any order.
    """
    complete, open_passes = [], []
    n_tests = np.zeros(n_samples, dtype=np.intp)
    for train, test in splits:
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
        place = next(
            (i for i, (tested, _) in enumerate(open_passes) if not tested[test].any()),
            len(open_passes),
        )
        if place == len(open_passes):
            open_passes.append((np.zeros(n_samples, dtype=bool), []))
        tested, members = open_passes[place]
        tested |= in_test
        members.append((train, test))
        if tested.all():
            complete.append(members)
            del open_passes[place]
    if open_passes or not complete:
        raise ValueError(
            "cv must test every sample once, or equally often in passes that each "
            f"test every sample once, but {brief(cv)} tests samples {n_tests.min()} to "
            f"{n_tests.max()} times; pass a splitter such as StratifiedKFold, "
            "StratifiedGroupKFold or RepeatedStratifiedKFold."
        )
    return complete


def _warn_of_small_classes(splits, n_folds, has_small_class, codes, classes):
    """Warn once of the classes that a model may not have seen in training."""
    n_classes = len(classes)
    counts = np.bincount(codes, minlength=n_classes)
    too_few = (counts < n_folds) & has_small_class
    for train, _ in splits:
        too_few |= np.bincount(codes[train], minlength=n_classes) == 0
    if not too_few.any():
        return
    names = ", ".join(
        f"{label!r} ({count} sample{'s' if count > 1 else ''})"
        for label, count in zip(classes[too_few].tolist(), counts[too_few], strict=True)
    )
    warnings.warn(
        f"Too few samples for the {n_folds} folds of cv in class {names}: a model that "
        "saw few or none of them in training gives the class little or no probability, "
        "so its labels get low scores even if they are right; use fewer folds, merge "
        "the class with another or drop its samples.",
        UserWarning,
        stacklevel=2,
    )
