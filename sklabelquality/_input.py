# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""From what a user passed, NumPy or dask, to samples."""

import numpy as np

from sklabelquality._alignment import check_same_length, check_same_order
from sklabelquality._dask import (
    DaskSamples,
    check_dask_array,
    encode_chunks,
    is_dask,
)
from sklabelquality._labels import (
    check_classes,
    encode_columns,
    read_labels,
    unnamed_classes,
)
from sklabelquality._probabilities import (
    as_matrix,
    column_names,
    order_of_columns,
    warn_if_columns_look_permuted,
)
from sklabelquality._samples import Samples, most_probable_class

# Number of samples that tell whether the columns are in another order.
MAX_SAMPLE = 2**16


def check_samples(labels, pred_probs, classes=None, *, n_jobs=None):
    """Return labels and pred_probs as samples.

    Parameters
    ----------
    labels : array-like or dask array of shape (n_samples,)
        Given labels of any kind that names a class.

    pred_probs : array-like or dask array of shape (n_samples, n_classes)
        Probabilities of each class. They are checked when they are first read.

    classes : array-like of shape (n_classes,), default=None
        The labels that the columns stand for.

    n_jobs : int, default=None
        The number of threads, of samples in memory.

    Returns
    -------
    samples : Samples or DaskSamples
        The codes of the labels, with the probabilities in the order of the codes, and
        the labels that the codes stand for.
    """
    read, matrix = _read_labels(labels), _check_matrix(pred_probs)
    check_same_length(read, matrix)
    check_same_order(labels=labels, pred_probs=pred_probs)
    n_classes = matrix.shape[1]
    is_guess = classes is None
    if classes is not None:
        classes = check_classes(classes, n_classes)
    if is_dask(labels):
        if classes is None:
            classes = unnamed_classes(labels.dtype, n_classes)
        codes = encode_chunks(labels, matrix, classes)
    else:
        codes, classes = encode_columns(read, n_classes, classes)
        is_guess = is_guess and read.values.dtype.kind not in "biuf"
    order = order_of_columns(column_names(pred_probs), classes)
    is_guess = is_guess and order is None
    if order == list(range(n_classes)):
        order = None
    if is_dask(codes) or is_dask(matrix):
        return DaskSamples(codes, matrix, classes=classes, order=order)
    samples = Samples(codes, matrix, classes=classes, order=order, n_jobs=n_jobs)
    if is_guess:
        sample = samples.every(-(-len(codes) // MAX_SAMPLE))
        predicted = sample.map(most_probable_class, dtype=np.intp)
        warn_if_columns_look_permuted(sample.codes, predicted, classes)
    return samples


def check_pred_probs(pred_probs, *, n_jobs=None, name="pred_probs"):
    """Return pred_probs as samples without labels, to be checked when first read."""
    pred_probs = _check_matrix(pred_probs)
    if is_dask(pred_probs):
        return DaskSamples(None, pred_probs, name=name)
    return Samples(None, pred_probs, n_jobs=n_jobs, name=name)


def _read_labels(labels):
    if is_dask(labels):
        return check_dask_array(labels, "labels")
    return read_labels(labels)


def _check_matrix(pred_probs):
    if is_dask(pred_probs):
        return check_dask_array(pred_probs, "pred_probs")
    return as_matrix(pred_probs)
