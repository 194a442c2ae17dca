# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""How good the labels of each class are, and which classes are mixed up."""

from numbers import Integral

import numpy as np
from scipy.sparse import csr_array, triu

from sklabelquality._confident_learning import (
    calibrated_joint,
    given_label,
    given_true_class,
    rows_of_entries,
)
from sklabelquality._input import check_samples
from sklabelquality._labels import as_label_array
from sklabelquality._sklearn import validate_options


@validate_options(n_jobs=[Integral, None])
def class_health(labels, pred_probs, *, classes=None, n_jobs=None):
    r"""Estimate how good the labels of each class are.

    Read more in the :ref:`User Guide <issues>`.

    Parameters
    ----------
    labels : array-like or dask array of shape (n_samples,)
        The given labels: integers 0 to n_classes - 1, or labels of any kind that
        `classes` lists, or strings that use each class at least once.

    pred_probs : array-like or dask array of shape (n_samples, n_classes)
        Out-of-sample predicted probabilities of each class; rows sum to 1.

    classes : array-like of shape (n_classes,), default=None
        The labels that the columns of `pred_probs` stand for, such as a fitted
        classifier's `classes_`.

    n_jobs : int, default=None
        Number of threads, at most one for each two million probabilities: fewer are
        not worth a thread. None means 1 unless in a :obj:`joblib.parallel_config`
        context, -1 means all processors. Results are equal up to rounding.

    Returns
    -------
    health : dict of ndarrays of shape (n_classes,)
        A table with a row for each class, in their order; ``pandas.DataFrame(health)``
        shows it. Its columns:

        - ``"class"``: the label;
        - ``"n_given"``: the number of samples with this label;
        - ``"label_noise"``: the estimated share of them that are of another class;
        - ``"inverse_label_noise"``: the estimated share of the true members of the
          class that are labelled otherwise;
        - ``"label_quality"``: 1 - `label_noise`, higher = better.

        All shares are in [0, 1]; those of a label that is not in use are 0 and its
        quality is 1.

    See Also
    --------
    overlapping_classes : The pairs of classes that are mixed up.
    noise_matrix : 1 minus its diagonal is the inverse label noise.

    Examples
    --------
    A quarter of the "cats" are dogs, so one dog in seven is missing among the "dogs":

    >>> import numpy as np
    >>> from sklabelquality import class_health
    >>> p_dog = np.array([0.1, 0.1, 0.1, 0.9, 0.9, 0.9, 0.9, 0.9, 0.6, 0.6])
    >>> labels = ["cat"] * 4 + ["dog"] * 6
    >>> health = class_health(labels, np.column_stack([1 - p_dog, p_dog]))
    >>> health["label_noise"]
    array([0.25, 0.  ])
    >>> health["inverse_label_noise"].round(3)
    array([0.   , 0.143])
    """
    samples = check_samples(labels, pred_probs, classes, n_jobs=n_jobs)
    joint = calibrated_joint(samples)
    return tabulate_class_health(joint, samples.label_counts, samples.classes)


@validate_options(n_jobs=[Integral, None])
def overlapping_classes(labels, pred_probs, *, classes=None, n_jobs=None):
    r"""Estimate which classes are mixed up by their labels.

    Read more in the :ref:`User Guide <issues>`.

    Parameters
    ----------
    labels : array-like or dask array of shape (n_samples,)
        The given labels: integers 0 to n_classes - 1, or labels of any kind that
        `classes` lists, or strings that use each class at least once.

    pred_probs : array-like or dask array of shape (n_samples, n_classes)
        Out-of-sample predicted probabilities of each class; rows sum to 1.

    classes : array-like of shape (n_classes,), default=None
        The labels that the columns of `pred_probs` stand for, such as a fitted
        classifier's `classes_`.

    n_jobs : int, default=None
        Number of threads, at most one for each two million probabilities: fewer are
        not worth a thread. None means 1 unless in a :obj:`joblib.parallel_config`
        context, -1 means all processors. Results are equal up to rounding.

    Returns
    -------
    overlaps : dict of ndarrays of shape (n_pairs,)
        A table with a row for each pair of classes of which any sample is estimated to
        bear the other's label, the most mixed up pair first, equal ones in the order
        of the classes; ``pandas.DataFrame(overlaps)`` shows it. Its columns:

        - ``"class_a"`` and ``"class_b"``: the two labels;
        - ``"joint_probability"``: the estimated share, in [0, 1], of all samples that
          are of one of the two classes and labelled as the other;
        - ``"n_a_labelled_b"`` and ``"n_b_labelled_a"``: the estimated numbers of
          samples of class a that are labelled b, and of class b that are labelled a.

    See Also
    --------
    class_health : The quality of the labels of each class.
    joint_distribution : The numbers behind the table.

    Examples
    --------
    A tenth of the samples are dogs that are labelled as cats:

    >>> import numpy as np
    >>> from sklabelquality import overlapping_classes
    >>> p_dog = np.array([0.1, 0.1, 0.1, 0.9, 0.9, 0.9, 0.9, 0.9, 0.6, 0.6])
    >>> labels = ["cat"] * 4 + ["dog"] * 6
    >>> overlaps = overlapping_classes(labels, np.column_stack([1 - p_dog, p_dog]))
    >>> for name, column in overlaps.items():
    ...     print(name, column)
    class_a ['cat']
    class_b ['dog']
    joint_probability [0.1]
    n_a_labelled_b [0.]
    n_b_labelled_a [1.]
    """
    samples = check_samples(labels, pred_probs, classes, n_jobs=n_jobs)
    return tabulate_overlapping_classes(calibrated_joint(samples), samples.classes)


# -- from a calibrated confident joint -------------------------------------------------


def tabulate_class_health(joint, n_given, classes):
    """Tabulate the health of each class."""
    quality = given_label(joint).diagonal()
    return {
        "class": as_label_array(classes),
        "n_given": n_given,
        "label_noise": 1 - quality,
        "inverse_label_noise": 1 - given_true_class(joint).diagonal(),
        "label_quality": quality.copy(),
    }


def tabulate_overlapping_classes(joint, classes):
    """Tabulate the pairs of classes that are mixed up."""
    joint = csr_array(joint)
    both_ways = triu(joint + joint.T, k=1, format="csr").tocoo()
    order = np.argsort(-both_ways.data, kind="stable")
    a, b = both_ways.row[order], both_ways.col[order]
    classes = as_label_array(classes)
    return {
        "class_a": classes[a],
        "class_b": classes[b],
        "joint_probability": both_ways.data[order] / joint.sum(),
        "n_a_labelled_b": _entries(joint, b, a),
        "n_b_labelled_a": _entries(joint, a, b),
    }


def _entries(matrix, rows, columns):
    """Return entries of a sparse matrix in row order, zero where none is stored."""
    stored = rows_of_entries(matrix) * matrix.shape[1] + matrix.indices
    wanted = rows.astype(np.intp) * matrix.shape[1] + columns
    positions = np.searchsorted(stored, wanted).clip(max=len(stored) - 1)
    return np.where(stored[positions] == wanted, matrix.data[positions], 0.0)
