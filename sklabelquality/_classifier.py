# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Any classifier on labels of any kind.

It is fitted on the labels as the user wrote them or, where it refuses them, on codes
0, 1, ... of those that it sees, and asked for a column for each of the classes.
"""

import numpy as np
from sklearn.base import clone

from sklabelquality._errors import brief
from sklabelquality._labels import as_list
from sklabelquality._sklearn import _num_samples

# What a class that a classifier does not know gets.
VALUE_OF_UNKNOWN = {"predict_proba": 0.0, "decision_function": -np.inf}


def fit_classifier(estimator, X, codes, classes, fit_params, progress, task):
    """Fit a clone of a classifier on labels or, where it refuses them, on codes.

    Parameters
    ----------
    estimator : classifier
        Is cloned and not changed.

    X : array-like, sparse matrix or data frame of n_samples rows
        Whatever the classifier accepts.

    codes : ndarray of shape (n_samples,)
        The labels as positions in `classes`.

    classes : ndarray of shape (n_classes,)
        The labels.

    fit_params : dict
        Parameters of the classifier's `fit`.

    progress : Progress
        Is told of the fit.

    task : str
        What the fit is called.

    Returns
    -------
    fitted : classifier
        The fitted clone.

    used : ndarray of shape (n_used,), or None
        The positions in `classes` that its codes stand for, None for labels.
    """
    used = np.unique(codes)
    labels = as_list(classes[used])
    is_coded = classes.dtype.kind in "iu" and labels == list(range(len(used)))
    fitted = clone(estimator)
    with progress.task(task, fitted):
        try:
            fitted.fit(X, classes[codes], **fit_params)
        except Exception:
            if is_coded or _names_labels(estimator, labels):
                raise
            # If the labels are not what is wrong, this raises what is.
            return _fit_on_codes(estimator, X, codes, used, fit_params), used
        known = _known(fitted)
        if is_coded or known <= set(labels):
            _check_knows_all(known, labels, fitted)
            return fitted, None
        # It has turned labels into something else, such as booleans into strings.
        return _fit_on_codes(estimator, X, codes, used, fit_params), used


def _fit_on_codes(estimator, X, codes, used, fit_params):
    return clone(estimator).fit(X, np.searchsorted(used, codes), **fit_params)


def _names_labels(estimator, labels):
    """Whether a parameter of an estimator names labels, or codes in their place."""
    names = {*labels, *range(len(labels))}
    return any(
        isinstance(value, dict)
        and (name.rpartition("__")[2] == "class_weight" or names & value.keys())
        for name, value in estimator.get_params(deep=True).items()
    )


def _known(fitted):
    return set(as_list(np.ravel(getattr(fitted, "classes_", []))))


def _check_knows_all(known, labels, fitted):
    """Raise if a classifier has dropped a label that it was fitted on."""
    dropped = [label for label in labels if label not in known]
    if dropped and known and known <= set(labels):
        raise ValueError(
            f"estimator must learn all labels of y, but {brief(fitted)} dropped "
            f"{brief(dropped)}, which may mean unlabelled to it; give these labels "
            "another name in y, or leave their samples out."
        )


def choose_response_method(estimator):
    """Return "predict_proba" or, without it, "decision_function".

    Some classifiers have the former only after fit.
    """
    if hasattr(estimator, "predict_proba") or not hasattr(
        estimator, "decision_function"
    ):
        return "predict_proba"
    return "decision_function"


def predict_response(estimator, X, classes, response_method, used=None):
    """Ask a fitted classifier, and return a column for each of the classes.

    A class that the classifier does not know has probability 0 and decision value
    minus infinity. A single decision value d of two classes becomes -d / 2 and d / 2,
    so that their softmax is the sigmoid of d. `used` is what :func:`fit_classifier`
    returned with the classifier.
    """
    if not hasattr(estimator, response_method):
        raise ValueError(
            "estimator must be a classifier with predict_proba or decision_function, "
            f"but {brief(estimator)} has neither; "
            + (
                "set voting='soft'."
                if getattr(estimator, "voting", None) == "hard"
                else "wrap it in a CalibratedClassifierCV."
            )
        )
    if (
        response_method == "decision_function"
        and getattr(last_step(estimator)[1], "decision_function_shape", "ovr") == "ovo"
        and len(classes) > 2
    ):
        raise ValueError(
            "estimator must have a decision value for each class, but "
            f"{brief(estimator)} has one for each pair of classes; set "
            "decision_function_shape='ovr'."
        )
    response = np.asarray(getattr(estimator, response_method)(X))
    if response.ndim == 1 and response_method == "decision_function":
        response = np.column_stack([-response / 2, response / 2])
    known = as_list(np.asarray(getattr(estimator, "classes_", [])))
    labels = as_list(classes) if used is None else range(len(used))
    column_of = {label: column for column, label in enumerate(labels)}
    columns = [column_of.get(label, -1) for label in known]
    if response.ndim != 2 or response.shape[1] != len(known) or -1 in columns:
        raise ValueError(
            "estimator must have classes_, the labels that it was fitted on, one for "
            f"each column of its {response_method}, but {brief(estimator)} has "
            f"{brief(known)} and returned shape {response.shape}; wrap it in a "
            "classifier that follows scikit-learn's conventions."
        )
    if len(response) != _num_samples(X):
        raise ValueError(
            f"estimator must predict each of the {_num_samples(X)} samples, but the "
            f"{response_method} of {brief(estimator)} returned {len(response)} rows; "
            "pass a classifier that drops no samples."
        )
    columns = np.asarray(columns) if used is None else used[columns]
    if np.array_equal(columns, np.arange(len(classes))):
        return response
    shape = len(response), len(classes)
    dtype = np.result_type(response, np.float32)
    all_classes = np.full(shape, VALUE_OF_UNKNOWN[response_method], dtype=dtype)
    all_classes[:, columns] = response
    return all_classes


def last_step(estimator, prefix=""):
    """Return the last step of nested pipelines and the prefix of its parameters."""
    if not hasattr(estimator, "steps"):
        return prefix, estimator
    name, last = estimator.steps[-1]
    return last_step(last, f"{prefix}{name}__")
