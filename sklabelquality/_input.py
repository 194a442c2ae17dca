# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""From what a user passed, NumPy or dask, to samples."""

import numpy as np

from sklabelquality._dask import DaskSamples, as_dask_codes, as_dask_matrix, is_dask
from sklabelquality._samples import Samples, most_probable_class
from sklabelquality._validation import (
    as_matrix,
    check_all_columns_named,
    check_classes,
    check_labels,
    check_same_length,
    check_same_order,
    classes_of_codes,
    column_names,
    encode_labels,
    factorize_labels,
    integers_as_codes,
    order_of_columns,
    warn_if_columns_look_permuted,
)


def check_samples(labels, pred_probs, classes=None, *, n_jobs=None):
    """Return labels and pred_probs as samples, and the classes.

    Parameters
    ----------
    labels : array-like of shape (n_samples,)
        Given labels of any kind that names a class.

    pred_probs : array-like of shape (n_samples, n_classes)
        Probabilities of each class. They are checked when they are first read.

    classes : array-like of shape (n_classes,), default=None
        The labels that the columns stand for.

    n_jobs : int, default=None
        The number of threads.

    Returns
    -------
    samples : Samples or DaskSamples
        The codes of the labels, with the probabilities in the order of the codes.

    classes : list of length n_classes
        The label that each code stands for.
    """
    if is_dask(labels) or is_dask(pred_probs):
        return _check_dask(labels, pred_probs, classes)
    check_same_order(labels, pred_probs)
    names_of_columns = column_names(pred_probs)
    pred_probs = as_matrix(pred_probs)
    labels = check_labels(labels)
    check_same_length(labels, pred_probs)
    n_classes = pred_probs.shape[1]

    # Of chance, what labels and most probable classes agree on at least.
    share = 0
    if classes is not None:
        share = 0.5  # they were named, so it takes more to doubt their order
        classes = check_classes(classes, n_classes)
        codes = encode_labels(labels, classes)
    elif labels.dtype.kind in "biuf":
        codes = integers_as_codes(labels, n_classes)
        classes = classes_of_codes(labels, n_classes)
    else:
        classes, codes = _name_columns(labels, n_classes)
        share = 1

    order = order_of_columns(names_of_columns, classes)
    is_by_position = order is None
    if not is_by_position and order == sorted(order):
        order = None
    samples = Samples(codes, pred_probs, order=order, n_jobs=n_jobs)
    if is_by_position and share:
        predicted = samples.map(most_probable_class, dtype=np.intp)
        warn_if_columns_look_permuted(codes, predicted, classes, share)
    return samples, classes


def _name_columns(labels, n_classes):
    """Return the labels in use, one for each column in sorted order, and the codes."""
    classes, codes = factorize_labels(labels)
    check_all_columns_named(classes, n_classes)
    return classes.tolist(), codes


def _check_dask(labels, pred_probs, classes):
    """Return labels and pred_probs, one of which is a dask array, and the classes."""
    labels = labels if is_dask(labels) else check_labels(labels)
    names_of_columns = None if is_dask(pred_probs) else column_names(pred_probs)
    pred_probs = as_dask_matrix(pred_probs, labels)
    n_classes = pred_probs.shape[1]
    if classes is not None:
        classes = check_classes(classes, n_classes)
        codes = as_dask_codes(labels, pred_probs, classes)
    elif is_dask(labels) or labels.dtype.kind in "biuf":
        codes = as_dask_codes(labels, pred_probs, None)
        classes = classes_of_codes(labels, n_classes)
    else:
        classes, codes = _name_columns(labels, n_classes)
        codes = as_dask_codes(codes, pred_probs, None)
    order = order_of_columns(names_of_columns, classes)
    if order is not None:
        pred_probs = pred_probs[:, order]
    return DaskSamples(codes, pred_probs), classes


def check_pred_probs(pred_probs, *, name="pred_probs"):
    """Return pred_probs as samples without labels, to be checked when first read."""
    if is_dask(pred_probs):
        return DaskSamples(None, as_dask_matrix(pred_probs), name=name)
    return Samples(None, as_matrix(pred_probs), name=name)
