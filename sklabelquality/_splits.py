# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Which samples a model trains on, and which it is asked about.

A *share* is a list of splits whose models all train on about the same part of the
samples. By default there are three: four fifths of the samples (five folds), one third
and one tenth of them (:class:`InverseKFold`). A `cv` of the user is a single share.
Each share tests every sample equally often.
"""

import warnings
from numbers import Integral
from typing import NamedTuple

import numpy as np
from sklearn import get_config
from sklearn.model_selection import (
    BaseCrossValidator,
    RepeatedStratifiedKFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    check_cv,
)
from sklearn.utils import check_random_state
from sklearn.utils.metadata_routing import get_routing_for_object

from sklabelquality._errors import brief, check_count
from sklabelquality._labels import as_list

# The default: folds, and into how many parts the samples are cut, one to train on.
N_FOLDS = 5
N_PARTS = (3, 10)
# A part with fewer samples is not worth training on.
MIN_PART = 20


class InverseKFold(BaseCrossValidator):
    """Train on one fold and test all others: k-fold cross-validation inverted.

    Each model learns from a small part of the labels, too few to learn the errors among
    them, and every sample gets the opinions of ``n_splits - 1`` models that had no part
    in it. The folds are shuffled and stratified; where `groups` are passed, each group
    stays within one fold.

    Read more in the :ref:`User Guide <shares>`.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 2. Each split trains on one fold.

    n_repeats : int, default=1
        Number of times that the samples are shuffled and cut into folds anew.

    random_state : int, RandomState instance or None, default=None
        Controls how the samples are shuffled. Pass an int for the same splits in each
        call.

    See Also
    --------
    sklearn.model_selection.RepeatedStratifiedKFold : Trains on all folds but one.
    LabelQualityScorer : Mixes several shares by default.

    Notes
    -----
    A model trains on ``1 / n_splits`` of the samples, so scores by
    :func:`~sklearn.model_selection.cross_val_score` are those of models that know
    little. Every sample is tested ``n_splits - 1`` times in each repeat, which
    :func:`~sklearn.model_selection.cross_val_predict` refuses.

    The idea to judge labels by models that trained on other parts of the data is that
    of the partitioning filter [1]_.

    References
    ----------
    .. [1] X. Zhu, X. Wu, Q. Chen, "Eliminating Class Noise in Large Datasets", ICML
       (2003), 920-927.

    Examples
    --------
    >>> import numpy as np
    >>> from sklabelquality import InverseKFold
    >>> y = np.array([0, 0, 0, 1, 1, 1])
    >>> cv = InverseKFold(n_splits=3, random_state=0)
    >>> for train, test in cv.split(np.zeros((6, 1)), y):
    ...     print(train, test)
    [2 4] [0 1 3 5]
    [1 5] [0 2 3 4]
    [0 3] [1 2 4 5]
    """

    # Groups are kept together where they are passed.
    __metadata_request__split = {"groups": True}  # noqa: RUF012

    def __init__(self, n_splits=5, *, n_repeats=1, random_state=None):
        self.n_splits = check_count(
            n_splits, 2, np.inf, "n_splits", "the number of folds"
        )
        self.n_repeats = check_count(
            n_repeats, 1, np.inf, "n_repeats", "the number of repeats"
        )
        self.random_state = random_state

    def split(self, X, y=None, groups=None):
        """Generate indices to split data into training and test set.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples, of which only the number counts.

        y : array-like of shape (n_samples,)
            The labels, to stratify by. They are needed.

        groups : array-like of shape (n_samples,), default=None
            The group of each sample.

        Yields
        ------
        train : ndarray
            The training set indices for that split, one fold.

        test : ndarray
            The testing set indices for that split, all other folds.

        Raises
        ------
        ValueError
            If there is no `y`, or fewer groups, or fewer samples of every class, than
            folds.
        """
        if y is None:
            raise ValueError(
                "InverseKFold needs the labels to stratify by, but y is None; pass "
                "split(X, y)."
            )
        n_groups = self.n_splits if groups is None else len(np.unique(groups))
        if n_groups < self.n_splits:
            raise ValueError(
                f"n_splits must be at most the number of groups, {n_groups}, but is "
                f"{self.n_splits}; choose fewer folds."
            )
        random_state = check_random_state(self.random_state)
        kfold = StratifiedKFold if groups is None else StratifiedGroupKFold
        for _ in range(self.n_repeats):
            folds = kfold(self.n_splits, shuffle=True, random_state=random_state)
            for test, train in folds.split(X, y, groups):
                yield train, test

    def get_n_splits(self, X=None, y=None, groups=None):
        """Return the number of splits.

        Parameters
        ----------
        X : object, default=None
            Always ignored, exists for API compatibility.

        y : object, default=None
            Always ignored, exists for API compatibility.

        groups : object, default=None
            Always ignored, exists for API compatibility.

        Returns
        -------
        n_splits : int
            The number of splits, ``n_splits * n_repeats``.
        """
        return self.n_splits * self.n_repeats


class Share(NamedTuple):
    """Splits of which each trains on about this share of the samples.

    `size` is None for a `cv` of the user. Splits that test different samples stand
    beside each other, pass after pass.
    """

    size: float
    splits: list


def _default_shares(X, codes, split_params):
    """List the shares of the default, the folds first, as many as the samples allow."""
    kfold = StratifiedGroupKFold if split_params else StratifiedKFold
    folds = kfold(N_FOLDS, shuffle=True, random_state=0)
    what, n = (
        ("groups", len(np.unique(split_params["groups"])))
        if split_params
        else (
            "samples of a class",
            np.bincount(codes).max(),
        )
    )
    if n < N_FOLDS:
        raise ValueError(
            f"cv=None needs at least {N_FOLDS} {what}, but there are {n}; pass a cv "
            f"with fewer folds, such as cv={max(n, 2)}."
        )
    splits = _list_splits(folds, X, codes, split_params)
    _check_splits(splits, len(codes), folds)
    shares = [Share(1 - 1 / N_FOLDS, splits)]
    for n_parts in N_PARTS:
        cv = InverseKFold(n_parts, random_state=0)
        try:
            splits = _list_splits(cv, X, codes, split_params)
        except ValueError:  # fewer groups, or fewer samples of each class, than parts
            continue
        if min(len(train) for train, _ in splits) >= MIN_PART:
            shares.append(Share(round(1 / n_parts, 2), splits))
    return shares


def shares_of(cv, X, codes, split_params):
    """List the shares that train and test as a user wants.

    Parameters
    ----------
    cv : int, cross-validation splitter, iterable of splits or None
        As :class:`LabelQualityScorer` takes it.

    X : array-like of n_samples rows
        The samples.

    codes : ndarray of shape (n_samples,)
        Their labels.

    split_params : dict
        What the splitter's `split` gets, such as groups.

    Returns
    -------
    shares : list of Share
        Each tests every sample equally often, by models that did not see it.
    """
    routing_on = get_config()["enable_metadata_routing"]
    if cv is None:
        return _default_shares(X, codes, split_params)
    splitter = check_cv(cv, codes, classifier=True)
    if isinstance(cv, Integral) and split_params:
        splitter = StratifiedGroupKFold(cv)
    takes_groups = get_routing_for_object(splitter).consumes("split", ["groups"])
    if takes_groups and not split_params and not isinstance(cv, InverseKFold):
        raise ValueError(
            f"cv must get the groups that it keeps together, but {brief(cv)} got "
            "none; pass groups= to fit, in a pipeline as labelqualityscorer__groups= "
            "or, with metadata routing on, as groups=."
        )
    is_splitter = hasattr(cv, "get_metadata_routing")
    # With metadata routing on, groups come only to who requests them.
    if is_splitter and not takes_groups and "groups" in split_params and not routing_on:
        raise ValueError(
            f"groups must be kept together, but {brief(cv)} tears them apart; pass "
            "cv=None, an int, or a splitter such as StratifiedGroupKFold or "
            "InverseKFold."
        )
    try:
        splits = _list_splits(splitter, X, codes, split_params)
    except TypeError:
        if hasattr(cv, "split") or not np.iterable(cv):
            raise
        splits = list(cv)  # which are no pairs, as the check will say
    _check_splits(splits, len(codes), cv)
    return [Share(None, _in_passes(splits, len(codes)))]


def _in_passes(splits, n_samples):
    """Put splits into passes that test each sample once at most, in their order."""
    passes = []
    for train, test in splits:
        train, test = np.asarray(train), np.asarray(test)
        fitting = (one for one in passes if not one[1][test].any())
        members, is_tested = next(fitting, ([], np.zeros(n_samples, dtype=bool)))
        if not members:
            passes.append((members, is_tested))
        members.append((train, test))
        is_tested[test] = True
    return [split for members, _ in passes for split in members]


def consumer_of_split_params(cv):
    """Return the object that says which parameters of `fit` a `cv` can make use of."""
    return StratifiedGroupKFold() if cv is None or isinstance(cv, Integral) else cv


def _list_splits(splitter, X, codes, split_params):
    with warnings.catch_warnings():
        # Said by warn_of_small_classes with the names of the classes.
        warnings.filterwarnings("ignore", message="The least populated class in y")
        return list(splitter.split(X, codes, **split_params))


def _check_splits(splits, n_samples, cv):
    """Raise unless the splits test every sample equally often, out-of-sample."""
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


def count_votes(splits, codes, n_classes):
    """Count the models that can say something about a class that some have not seen.

    Parameters
    ----------
    splits : list of pairs of ndarrays
        Positions to train on and to test, every sample equally often.

    codes : ndarray of shape (n_samples,)
        The labels.

    n_classes : int
        The number of classes.

    Returns
    -------
    rare : ndarray of shape (n_rare,)
        The classes that some model has not seen.

    votes : ndarray of shape (n_samples, n_rare)
        How many of the models that test a sample saw the class.
    """
    is_rare = np.zeros(n_classes, dtype=bool)
    for train, _ in splits:
        is_rare |= np.bincount(codes[train], minlength=n_classes) == 0
    rare = np.flatnonzero(is_rare)
    votes = np.zeros((len(codes), len(rare)), dtype=np.int32)
    for train, test in splits if len(rare) else []:
        seen = np.bincount(codes[train], minlength=n_classes)[rare] > 0
        votes[np.ix_(test, seen)] += 1
    return rare, votes


def warn_of_small_classes(splits, cv, codes, classes):
    """Warn once of the classes that no model, or hardly one, can judge."""
    counts = np.bincount(codes, minlength=len(classes))
    n_tests = sum(len(test) for _, test in splits) // len(codes)
    stratified = StratifiedKFold, RepeatedStratifiedKFold, StratifiedGroupKFold
    is_stratified = cv is None or isinstance(cv, (Integral, *stratified))
    # Stratification fails for classes with fewer samples than folds.
    is_small = counts < (len(splits) // n_tests if is_stratified else 0)
    rare, votes = count_votes(splits, codes, len(classes))
    for column, code in enumerate(rare):
        is_small[code] |= (votes[codes == code, column] == 0).any()
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
        "its labels get low scores even if they are right; "
        + ("" if is_stratified else "use a stratified or shuffled cv, ")
        + "look at all of their labels, or merge or drop classes that are that rare.",
        UserWarning,
        stacklevel=2,
    )
