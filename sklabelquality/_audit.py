# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""LabelAudit: the labels of one data set as tables, as a page and as plots."""

import warnings
from numbers import Integral

import numpy as np

from sklabelquality._alignment import (
    check_same_names,
    check_same_order,
    index_of,
)
from sklabelquality._answers import is_same, is_written_like, plain_name
from sklabelquality._class_health import (
    tabulate_class_health,
    tabulate_overlapping_classes,
)
from sklabelquality._confident_learning import calibrated_joint, count_off_diagonal
from sklabelquality._content import show
from sklabelquality._copies import find_copies
from sklabelquality._errors import brief, check_count
from sklabelquality._frames import (
    as_frame,
    as_index,
    classes_like_labels,
    labels_to_keep,
    take,
)
from sklabelquality._input import check_samples
from sklabelquality._issues import RULES, count_confident_issues, predicted_class
from sklabelquality._labels import (
    as_label_array,
    as_list,
    is_missing_value,
    warn_of_lookalikes,
)
from sklabelquality._plots import (
    AuditDisplay,
    draw_confusion,
    draw_samples,
    draw_scores,
)
from sklabelquality._report import (
    distinct_names,
    full_page,
    one_line,
    page_fragment,
    text_lines,
    write_text,
)
from sklabelquality._review import LabelReview
from sklabelquality._review_sheet import cells_of
from sklabelquality._scores import METHODS, check_adjustable, learn, score_labels
from sklabelquality._sklearn import (
    StrOptions,
    _num_samples,
    _safe_indexing,
    validate_options,
)
from sklabelquality._sources import tabulate_sources

# The bins of the score histograms.
SCORE_EDGES = np.linspace(0, 1, 41)

# Rows of the tables of classes and of pairs in a report.
MOST_ROWS = 20


class LabelAudit:
    """What out-of-sample probabilities say about the labels of one data set.

    Which labels are suspicious, how many are likely to be wrong, and in which classes:
    as tables (:meth:`to_frame`, :meth:`worst`, :meth:`class_health`,
    :meth:`overlapping_classes`), as text (:meth:`summary`), as plots and, at the end of
    a notebook cell, as a page that :meth:`save_html` writes to a file.

    :meth:`from_estimator` and :meth:`LabelQualityScorer.audit` make one from any
    classifier, :meth:`from_pred_probs` from probabilities that you have.

    Read more in the :ref:`User Guide <audit>`.

    Parameters
    ----------
    labels : ndarray or pandas.Series of shape (n_samples,)
        The given labels, in their own dtype.

    classes : ndarray of shape (n_classes,)
        The labels that the codes stand for.

    index : array-like of shape (n_samples,)
        What the user calls the samples.

    filter_by : str
        The rule that found the label issues, see :func:`find_label_issues`.

    label_quality_scores : ndarray of shape (n_samples,)
        Label quality scores in [0, 1], higher = more likely correct.

    is_label_issue : ndarray of shape (n_samples,), dtype=bool
        True for each label issue.

    codes, predicted_codes : ndarray of shape (n_samples,)
        The positions in `classes` of the given and of the predicted labels.

    given_probability, predicted_probability : ndarray of shape (n_samples,)
        The probabilities of these two labels.

    joint : ndarray or sparse array of shape (n_classes, n_classes)
        The calibrated :func:`confident_joint`.

    n_confident_issues : int
        The number of issues by the rule "confident_learning".

    is_verified : ndarray of shape (n_samples,), dtype=bool, default=None
        True for each label that a person confirmed or corrected. It is no issue.

    Attributes
    ----------
    n_label_issues : int
        Number of label issues.

    accuracy : float
        Share of the samples whose given label is the predicted one, out-of-sample.

    See Also
    --------
    LabelQualityScorer : Gets the probabilities from any classifier.
    find_label_issues : The rules that say what a label issue is.

    Notes
    -----
    The predicted label is the given one where no class is more probable, within 1e-6,
    else the most probable class. An audit keeps a few numbers for each sample, not the
    probabilities of all classes.

    The scores put the labels in order; they are not probabilities of being right, and
    scores by different methods cannot be compared. Which labels are issues depends on
    `filter_by` alone, not on `method` and `adjust_pred_probs`.

    Examples
    --------
    >>> from sklabelquality import LabelAudit
    >>> audit = LabelAudit.from_pred_probs(
    ...     ["cat", "cat", "dog", "dog"],
    ...     [[0.9, 0.1], [0.2, 0.8], [0.1, 0.9], [0.3, 0.7]],
    ... )
    >>> audit
    LabelAudit(n_samples=4, n_classes=2, n_label_issues=1)
    >>> audit.worst(2)[["given_label", "predicted_label", "label_quality"]]
      given_label predicted_label  label_quality
    1         cat             dog            0.2
    3         dog             dog            0.7
    """

    def __init__(
        self,
        *,
        labels,
        classes,
        index,
        filter_by,
        label_quality_scores,
        is_label_issue,
        codes,
        predicted_codes,
        given_probability,
        predicted_probability,
        joint,
        n_confident_issues,
        is_verified=None,
    ):
        self.is_verified = np.zeros(len(codes), dtype=bool)
        if is_verified is not None:
            self.is_verified = is_verified
            is_label_issue = is_label_issue & ~is_verified
        self.labels = labels
        self.classes = classes
        self.index = index
        self.filter_by = filter_by
        self.label_quality_scores = label_quality_scores
        self.is_label_issue = is_label_issue
        self.n_label_issues = int(np.count_nonzero(is_label_issue))
        self.accuracy = float(np.mean(predicted_codes == codes))
        self._given = codes
        self._predicted = predicted_codes
        self._given_probability = given_probability
        self._predicted_probability = predicted_probability
        self._joint = joint
        self._n_confident_issues = n_confident_issues
        self._review = None

    @classmethod
    @validate_options(
        method=[StrOptions(set(METHODS))],
        adjust_pred_probs=["boolean"],
        filter_by=[StrOptions(set(RULES))],
        n_jobs=[Integral, None],
    )
    def from_pred_probs(
        cls,
        labels,
        pred_probs,
        *,
        classes=None,
        method="self_confidence",
        adjust_pred_probs=False,
        filter_by="predicted_neq_given",
        index=None,
        verified=None,
        n_jobs=None,
    ):
        """Audit labels by probabilities that you have.

        Parameters
        ----------
        labels : array-like of shape (n_samples,)
            The given labels: integers 0 to n_classes - 1, or labels of any kind that
            `classes` lists, or strings that use each class at least once.

        pred_probs : array-like or dask array of shape (n_samples, n_classes)
            Out-of-sample predicted probabilities of each class; rows sum to 1. Columns
            of a data frame are used by name where the names are exactly the classes,
            else by position.

        classes : array-like of shape (n_classes,), default=None
            The labels that the columns of `pred_probs` stand for, such as a fitted
            classifier's `classes_`.

        method : {"self_confidence", "normalized_margin", \
                "confidence_weighted_entropy", "noise_aware"}, default="self_confidence"
            The scoring method, see :func:`get_label_quality_scores`.

        adjust_pred_probs : bool, default=False
            Whether to make up for classes that the model is less sure of.

        filter_by : {"prune_by_noise_rate", "prune_by_class", "both", \
                "confident_learning", "predicted_neq_given", "low_self_confidence", \
                "low_normalized_margin"}, default="predicted_neq_given"
            The rule that finds the label issues, see :func:`find_label_issues`.

        index : array-like of shape (n_samples,), default=None
            What you call the samples, such as file names. None means the index of
            `labels` or `pred_probs` if one of them is a pandas object, else the
            positions.

        verified : LabelReview, default=None
            A review of these labels before they were corrected. What a person confirmed
            or corrected is no longer an issue, nor among the worst labels.
            Samples are matched by the index, so that some may be gone, new or in
            another order.

        n_jobs : int, default=None
            Number of threads, at most one for each two million probabilities: fewer
            are not worth a thread. None means 1 unless in a
            :obj:`joblib.parallel_config` context, -1 means all processors. Results are
            equal up to rounding.

        Returns
        -------
        audit : LabelAudit
            The audit.
        """
        check_adjustable(method, adjust_pred_probs, "adjust_pred_probs=False")
        check_same_order(labels=labels, pred_probs=pred_probs, index=index)
        if index is None:
            index = index_of(labels, pred_probs)
        samples = check_samples(labels, pred_probs, classes, n_jobs=n_jobs)
        warn_of_lookalikes(samples.classes)
        learned = learn(samples, method, adjust_pred_probs)
        classes = as_label_array(samples.classes)
        return cls._of_samples(
            samples,
            labels=labels_to_keep(labels, classes, np.asarray(samples.codes)),
            index=as_index(index, len(samples)),
            label_quality_scores=np.asarray(score_labels(samples, method, learned)),
            filter_by=filter_by,
            verified=verified,
        )

    @classmethod
    def _of_samples(cls, samples, *, labels, index, filter_by, verified, **scores):
        """Return the audit of samples that were read before.

        Parameters
        ----------
        samples : Samples or DaskSamples
            Codes and probabilities.

        labels, index, filter_by, verified : object
            See :class:`LabelAudit` and :meth:`from_pred_probs`.

        **scores : dict
            The `label_quality_scores`.

        Returns
        -------
        audit : LabelAudit
            The audit.
        """
        return cls(
            labels=labels,
            index=index,
            is_verified=_verified(verified, labels, index),
            filter_by=filter_by,
            **scores,
            **_numbers_of(samples, filter_by),
        )

    @classmethod
    def from_estimator(
        cls, scorer, X=None, y=None, *, filter_by="predicted_neq_given", verified=None
    ):
        """Audit the labels that a scorer was fitted on, or new ones.

        Parameters
        ----------
        scorer : LabelQualityScorer
            A fitted scorer. The audit uses its out-of-sample probabilities and label
            quality scores, or for new samples those of the fitted classifier.

        X, y : array-like of n_samples rows, default=None
            New samples, which the classifier has not seen, and their given labels. None
            audits the training samples.

        filter_by : {"prune_by_noise_rate", "prune_by_class", "both", \
                "confident_learning", "predicted_neq_given", "low_self_confidence", \
                "low_normalized_margin"}, default="predicted_neq_given"
            The rule that finds the label issues, see :func:`find_label_issues`.

        verified : LabelReview, default=None
            A review of an earlier round, see :meth:`from_pred_probs`.

        Returns
        -------
        audit : LabelAudit
            What :meth:`LabelQualityScorer.audit` returns.

        Raises
        ------
        TypeError
            If `scorer` is no `LabelQualityScorer`.
        NotFittedError
            If `scorer` is not fitted.
        """
        if isinstance(scorer, type) or not hasattr(scorer, "audit"):
            raise TypeError(
                f"scorer must be a fitted LabelQualityScorer, but is {brief(scorer)}; "
                "get it out of its pipeline or search, or pass probabilities to "
                "LabelAudit.from_pred_probs."
            )
        return scorer.audit(X, y, filter_by=filter_by, verified=verified)

    # -- tables ------------------------------------------------------------------------

    @validate_options(sort=["boolean"])
    def to_frame(self, *, sort=False):
        """Return a table with a row for each sample.

        Parameters
        ----------
        sort : bool, default=False
            Whether to put the most suspicious label first instead of keeping the order
            of the samples.

        Returns
        -------
        frame : pandas.DataFrame or dict of ndarrays
            With pandas a data frame with the user's index, without it a dict with the
            same columns and, before them, ``"index"``. The columns:

            - ``"given_label"`` and ``"predicted_label"``, the most probable class, in
              the dtype of the given labels where that can hold all classes;
            - ``"label_quality"``: the label quality score in [0, 1], higher = more
              likely correct;
            - ``"is_label_issue"``: whether the label is judged to be wrong;
            - ``"rank"``: 1 for the lowest score, n_samples for the highest, equal ones
              in the order of the samples;
            - ``"given_probability"`` and ``"predicted_probability"``: the probabilities
              of the two labels.
        """
        ranks = self._ranks()
        positions = np.argsort(ranks) if sort else np.arange(len(ranks))
        return self._frame_of(positions, ranks[positions])

    def worst(self, n=10):
        """Return the samples with the lowest label quality scores.

        Parameters
        ----------
        n : int, default=10
            How many to return, or all if there are fewer.

        Returns
        -------
        frame : pandas.DataFrame or dict of ndarrays
            The first `n` rows of ``to_frame(sort=True)``, without those that a person
            has verified.
        """
        n = check_count(n, 0, np.inf, "n", "the number of samples to return")
        return self._frame_of(*self._worst(n))

    def class_health(self):
        """Return how good the labels of each class are, the worst class first.

        Returns
        -------
        frame : pandas.DataFrame or dict of ndarrays
            The table of :func:`class_health`, by ascending `label_quality` instead of
            in the order of the classes.
        """
        return as_frame(self._worst_classes())

    def overlapping_classes(self):
        """Return which classes are mixed up by their labels, the worst pair first.

        Returns
        -------
        frame : pandas.DataFrame or dict of ndarrays
            The table of :func:`overlapping_classes`.
        """
        return as_frame(tabulate_overlapping_classes(self._joint, self.classes))

    def confusion_matrix(self):
        """Count the samples by given label (row) and predicted label (column).

        Returns
        -------
        matrix : ndarray of shape (n_classes, n_classes)
            The counts, in the order of `classes`.
        """
        return self._confusion_of(np.arange(len(self.classes)))

    def _confusion_of(self, shown):
        """Count the samples of some classes by given and predicted label."""
        place = np.full(len(self.classes), -1)
        place[shown] = np.arange(len(shown))
        given, predicted = place[self._given], place[self._predicted]
        is_shown = (given >= 0) & (predicted >= 0)
        cells = given[is_shown] * len(shown) + predicted[is_shown]
        counts = np.bincount(cells, minlength=len(shown) ** 2)
        return counts.reshape(len(shown), len(shown))

    def _ranks(self):
        """Return the rank of each sample, 1 for the lowest score."""
        order = _lowest_first(self.label_quality_scores)
        ranks = np.empty(len(order), dtype=np.intp)
        ranks[order] = np.arange(1, len(order) + 1)
        return ranks

    def _worst(self, n):
        """Return the positions of the n lowest scores, and their ranks from 1."""
        scores = self.label_quality_scores
        if not self.is_verified.any():
            positions = _lowest_first(scores, n)
            return positions, np.arange(1, len(positions) + 1)
        left = np.flatnonzero(~self.is_verified)
        positions = left[_lowest_first(scores[left], n)]
        return positions, self._ranks()[positions]

    def _worst_classes(self, n=None):
        n_given = np.bincount(self._given, minlength=len(self.classes))
        table = tabulate_class_health(self._joint, n_given, self.classes)
        order = np.argsort(table["label_quality"], kind="stable")[:n]
        return {name: column[order] for name, column in table.items()}

    def _columns_of(self, positions, ranks):
        """Return the columns of the table of some samples."""
        return {
            "given_label": take(self.labels, positions),
            "predicted_label": self._predicted_labels(positions),
            "label_quality": self.label_quality_scores[positions],
            "is_label_issue": self.is_label_issue[positions],
            "rank": ranks,
            "given_probability": self._given_probability[positions],
            "predicted_probability": self._predicted_probability[positions],
        }

    def _predicted_labels(self, positions):
        classes = classes_like_labels(self.classes, self.labels)
        predicted = take(classes, self._predicted[positions])
        if hasattr(predicted, "iloc"):
            return predicted.set_axis(self.labels.index[positions])
        return predicted

    def _frame_of(self, positions, ranks):
        return as_frame(self._columns_of(positions, ranks), self.index[positions])

    # -- review ------------------------------------------------------------------------

    def review(self, *, frame=None, top_k=None, random_state=None) -> LabelReview:
        """Find out how many labels are really wrong by looking at a few of them.

        Parameters
        ----------
        frame : pandas.DataFrame or dict of array-like, default=None
            The sheet of an earlier review of these labels, to go on with it, see
            :meth:`LabelReview.from_frame`. None begins a new one.

        top_k : int, default=None
            The number of most suspicious labels for which
            :meth:`LabelReview.precision_at` is to be precise.

        random_state : int, RandomState instance or None, default=None
            Which labels are drawn. Pass an int to come back to the same review later.
            An audit with verified labels draws other ones than the audit before it.

        Returns
        -------
        review : LabelReview
            A review of these labels, by these scores.
        """
        known = {
            "labels": self.labels,
            "predicted_labels": self._predicted_labels(slice(None)),
            "index": self.index,
            "top_k": top_k,
            "random_state": random_state,
        }
        n_verified = np.count_nonzero(self.is_verified)
        if n_verified and frame is not None:
            known["random_state"] = None  # that of the sheet
        elif n_verified and isinstance(random_state, Integral):
            # The labels that the same seed drew before need not be looked at again.
            check_count(random_state, 0, 2**32 - 1, "random_state", "a seed")
            seeds = np.random.RandomState([random_state, n_verified])
            known["random_state"] = int(seeds.randint(2**31 - 1))
        if frame is None:
            self._review = LabelReview(self.label_quality_scores, **known)
        else:
            self._review = LabelReview.from_frame(
                frame, self.label_quality_scores, **known
            )
        self._review._take_verified(self.is_verified)
        return self._review

    def by(self, source):
        """Break the audit down by where the labels come from.

        Parameters
        ----------
        source : array-like of shape (n_samples,)
            What to break it down by: annotator, batch, date, site. Missing values are a
            source of their own.

        Returns
        -------
        frame : pandas.DataFrame or dict of ndarrays
            A row for each source, first those with more or fewer issues than chance
            explains: ``"n_samples"``, ``"n_label_issues"``, ``"issue_rate"`` with the
            ends ``"low"`` and ``"high"`` of its 95 % Wilson interval,
            ``"label_quality"``, the mean score, and ``"p_value"``: how often chance
            alone would give a share at least as far from that of all others, by
            Fisher's exact test, times the number of sources.

        Raises
        ------
        ValueError
            If `source` has another length than the labels, or names the samples in
            another order.
        """
        if hasattr(source, "iloc") and hasattr(self.index, "isin"):
            check_same_names("audit", self.index, "source", source.index)
        if isinstance(source, str) or getattr(source, "ndim", 1) != 1:
            raise ValueError(
                "source must be one column with an entry for each sample, but is "
                f"{brief(source)}; pass the column itself, not its name."
            )
        values = cells_of(source)
        if len(values) != len(self._given):
            raise ValueError(
                f"source must have an entry for each of the {len(self._given)} "
                f"samples, but has {len(values)}; pass a column of the same table."
            )
        values = [None if is_missing_value(value) else value for value in values]
        names = list(dict.fromkeys(values))
        code_of = {name: code for code, name in enumerate(names)}
        codes = np.array([code_of[value] for value in values], dtype=np.intp)
        return tabulate_sources(
            names, codes, self.is_label_issue, self.label_quality_scores
        )

    def conflicting_copies(self, X):
        """Find exact copies of a sample that have different labels.

        They cannot all be right, whatever a model says.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of n_samples rows
            The samples: rows, texts or images.

        Returns
        -------
        frame : pandas.DataFrame or dict of ndarrays
            The rows of :meth:`to_frame` of these samples, copies beside each other, and
            ``"copy_of"``, the name of the first of them.

        Raises
        ------
        ValueError
            If `X` does not have a row for each sample.
        """
        self._check_samples(X)
        positions, first = self._conflicts(X)
        columns = {"copy_of": as_label_array(as_list(self.index[first]))}
        columns |= self._columns_of(positions, self._ranks()[positions])
        return as_frame(columns, self.index[positions])

    def _conflicts(self, X):
        """Return copies with different labels, and the first copy of each."""
        first = find_copies(X)
        is_other = self._given != self._given[first]
        in_conflict = np.isin(first, first[is_other])
        positions = np.flatnonzero(in_conflict)
        positions = positions[np.argsort(first[positions], kind="stable")]
        return positions, first[positions]

    def _check_samples(self, X):
        if hasattr(X, "iloc") and hasattr(self.index, "isin"):
            check_same_names("audit", self.index, "X", X.index)
        if _num_samples(X) != len(self._given):
            raise ValueError(
                f"X must have a row for each of the {len(self._given)} samples of the "
                f"audit, but has {_num_samples(X)}; pass the samples that the labels "
                "belong to."
            )

    # -- text and page -----------------------------------------------------------------

    def __repr__(self):
        return (
            f"{type(self).__name__}(n_samples={len(self._given)}, "
            f"n_classes={len(self.classes)}, n_label_issues={self.n_label_issues})"
        )

    def summary(self):
        """Return the most important numbers and tables as text for a terminal.

        Returns
        -------
        text : str
            The number and share of the label issues, the accuracy, and the five most
            suspicious labels, worst classes and most mixed up pairs of classes.

        Examples
        --------
        >>> from sklabelquality import LabelAudit
        >>> audit = LabelAudit.from_pred_probs(
        ...     ["cat", "cat", "dog", "dog"],
        ...     [[0.9, 0.1], [0.2, 0.8], [0.1, 0.9], [0.3, 0.7]],
        ... )
        >>> print(audit.summary())
            1 label issue to look at (25.0%)
              of 4 samples in 2 classes, by the rule predicted_neq_given
            1 wrong label, by a rough estimate
              a model's guess, often several times off; only a review can tell
        75.0% out-of-sample accuracy
              on the given labels, right or wrong
        <BLANKLINE>
        Most suspicious labels
          sample  given  predicted  issue  p(given)  p(pred.)
               1  cat    dog        yes       0.200     0.800
               3  dog    dog        no        0.700     0.700
               0  cat    cat        no        0.900     0.900
               2  dog    dog        no        0.900     0.900
        <BLANKLINE>
        Class health, estimated: share of the labels of a class that are wrong,
        and of its members that are missing, labelled as something else
          class  labels  wrong  missing
          cat         2  50.0%     0.0%
          dog         2   0.0%    33.3%
        <BLANKLINE>
        Most confused classes, estimated numbers
          a    b    a labelled b  b labelled a
          cat  dog           0.0           1.0
        """
        return "\n".join(text_lines(self._content(n_rows=5)))

    def _repr_html_(self):
        return self.to_html()

    def to_html(self, *, X=None, image_shape=None, n=20, pair=None):
        """Return the page of the audit as a part of a page, as a notebook shows it.

        Parameters
        ----------
        X : array-like of n_samples rows, default=None
            What the labels belong to, to be shown beside the worst ones: texts, a
            table, or images of shape (n_samples, height, width) or (n_samples, height,
            width, 3). Exact copies with different labels are pointed out.

        image_shape : tuple of int, default=None
            The shape of an image, where `X` has a row of numbers for each.

        n : int, default=20
            How many of the worst labels to show.

        pair : tuple of two labels, default=None
            Show only labels that are given as the first and predicted as the second.

        Returns
        -------
        html : str
            A fragment of HTML with its own style, without a script.

        Raises
        ------
        ValueError
            If `X` does not have a row for each sample, or `pair` is not two classes.
        ImportError
            If `X` holds images and Pillow is not installed.
        """
        return page_fragment(self._content(n, X=X, image_shape=image_shape, pair=pair))

    def save_html(self, path, *, X=None, image_shape=None, n=20, pair=None):
        """Write the page that a notebook shows to a file of its own.

        It is one file that needs no network and no script: below 200 kB, and what is
        shown of `X`.

        Parameters
        ----------
        path : str, path-like or file object
            Where to write the page, as UTF-8; a file that is there is replaced.

        X : array-like of n_samples rows, default=None
            What the labels belong to, see :meth:`to_html`.

        image_shape : tuple of int, default=None
            The shape of an image, where `X` has a row of numbers for each.

        n : int, default=20
            How many of the worst labels to show.

        pair : tuple of two labels, default=None
            Show only labels that are given as the first and predicted as the second.

        Raises
        ------
        ValueError
            If `X` does not have a row for each sample, or `pair` is not two classes.
        ImportError
            If `X` holds images and Pillow is not installed.
        """
        content = self._content(n, X=X, image_shape=image_shape, pair=pair)
        write_text(path, full_page(content))

    def _worst_of_pair(self, n, pair):
        """Return the worst labels that are given as one class, predicted as another."""
        code_of = {label: code for code, label in enumerate(as_list(self.classes))}
        try:
            given, predicted = (code_of[label] for label in pair)
        except (KeyError, TypeError, ValueError):
            raise ValueError(
                f"pair must be a given and a predicted label, two of the classes "
                f"{brief(as_list(self.classes))}, but is {brief(pair)}; pass both."
            ) from None
        positions, ranks = self._worst(len(self._given))
        of_pair = self._given[positions] == given
        of_pair &= self._predicted[positions] == predicted
        return positions[of_pair][:n], ranks[of_pair][:n]

    def _content(self, n_rows=20, n_classes=12, X=None, image_shape=None, pair=None):
        """Return all that a report shows, which is small for data of any size."""
        n_rows = check_count(n_rows, 0, np.inf, "n", "the number of labels to show")
        scores = self.label_quality_scores
        worst, ranks = (
            self._worst(n_rows) if pair is None else self._worst_of_pair(n_rows, pair)
        )
        beside, n_conflicts = [], 0
        if X is not None:
            self._check_samples(X)
            beside = show(X, worst, image_shape)
            n_conflicts = len(self._conflicts(X)[0])
        error_rate = None
        if self._review is not None and self._review._n_drawn_answers:
            with warnings.catch_warnings(action="ignore"):  # of few answers
                error_rate = self._review.error_rate()
        rows = {"index": self.index[worst], **self._columns_of(worst, ranks)}
        overlaps = tabulate_overlapping_classes(self._joint, self.classes)
        shown = self._most_mixed_up(n_classes)
        names = distinct_names(self.classes)
        name_of = dict(zip(as_list(self.classes), names, strict=True))
        rows["given_label"] = [names[code] for code in self._given[worst]]
        rows["predicted_label"] = [names[code] for code in self._predicted[worst]]
        health = self._worst_classes(MOST_ROWS)
        pairs = {name: column[:MOST_ROWS] for name, column in overlaps.items()}
        for table, name in [(health, "class"), (pairs, "class_a"), (pairs, "class_b")]:
            table[name] = [name_of[label] for label in as_list(table[name])]
        bins = {"bins": len(SCORE_EDGES) - 1, "range": (0, 1)}
        return {
            "n_samples": len(self._given),
            "n_classes": len(self.classes),
            "n_label_issues": self.n_label_issues,
            "n_estimated": [self._n_confident_issues, count_off_diagonal(self._joint)],
            "beside": beside,
            "n_conflicts": n_conflicts,
            "n_verified": int(np.count_nonzero(self.is_verified)),
            "error_rate": error_rate,
            "filter_by": self.filter_by,
            "accuracy": self.accuracy,
            "worst": {name: list(column) for name, column in rows.items()},
            "class_health": health,
            "overlapping_classes": {name: list(col) for name, col in pairs.items()},
            "matrix_classes": [names[code] for code in shown],
            "matrix": self._confusion_of(shown).tolist(),
            "histogram": {
                "edges": SCORE_EDGES,
                "all_counts": np.histogram(scores, **bins)[0],
                "issue_counts": np.histogram(scores[self.is_label_issue], **bins)[0],
            },
        }

    def _most_mixed_up(self, n):
        """Return up to n classes with the most wrong predictions, in their order."""
        is_wrong = self._given != self._predicted
        n_wrong = sum(
            np.bincount(codes[is_wrong], minlength=len(self.classes))
            for codes in (self._given, self._predicted)
        )
        return np.sort(np.argsort(-n_wrong, kind="stable")[:n])

    # -- plots -------------------------------------------------------------------------

    def plot_scores(self, *, ax=None) -> AuditDisplay:
        """Plot the distribution of the label quality scores.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to plot; None makes a new figure.

        Returns
        -------
        display : AuditDisplay
            What was drawn: `ax_` and `figure_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        return draw_scores(
            self.label_quality_scores, self.is_label_issue, SCORE_EDGES, ax
        )

    def plot_confusion(self, *, max_classes=20, ax=None) -> AuditDisplay:
        """Plot how many samples of each given label are predicted as each class.

        Parameters
        ----------
        max_classes : int, default=20
            With more classes, those with the most disagreements are shown.

        ax : matplotlib Axes, default=None
            Where to plot; None makes a new figure.

        Returns
        -------
        display : AuditDisplay
            What was drawn: `ax_` and `figure_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        max_classes = check_count(
            max_classes, 1, np.inf, "max_classes", "the number of classes to show"
        )
        shown = self._most_mixed_up(max_classes)
        names = [distinct_names(self.classes, 28)[code] for code in shown]
        return draw_confusion(self._confusion_of(shown), names, ax)

    def plot_worst(
        self, X, n=12, *, image_shape=None, cmap="gray", figure=None
    ) -> AuditDisplay:
        """Show the samples with the lowest label quality scores.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n_samples, ...)
            The samples: images of shape (n_samples, height, width) or (n_samples,
            height, width, n_channels) become thumbnails; rows of features or texts are
            written out.

        n : int, default=12
            How many to show, or all if there are fewer.

        image_shape : tuple of int, default=None
            The shape of an image if each row of `X` is a flat one, such as (8, 8).

        cmap : str or matplotlib Colormap, default="gray"
            The colours of images without channels; "gray_r" is for ink on paper.

        figure : matplotlib Figure or SubFigure, default=None
            Where to plot; None makes a new figure.

        Returns
        -------
        display : AuditDisplay
            What was drawn: `axes_`, an array of axes, and `figure_`.

        Raises
        ------
        ValueError
            If `X` does not have a row for each sample, or its images have another
            shape.
        ImportError
            If matplotlib is not installed.
        """
        self._check_samples(X)
        n = check_count(n, 1, np.inf, "n", "the number of samples to show")
        worst, _ = self._worst(n)
        samples = _safe_indexing(X, worst)
        return draw_samples(samples, self._captions(worst), image_shape, cmap, figure)

    def _captions(self, positions):
        """Return what to write above each sample."""
        names = distinct_names(self.classes, 24)
        return [
            f"{one_line(name, 20)}, score {score:.2f}\n"
            f"given {names[given]}\n"
            f"predicted {names[predicted]}"
            for name, given, predicted, score in zip(
                self.index[positions],
                self._given[positions],
                self._predicted[positions],
                self.label_quality_scores[positions],
                strict=True,
            )
        ]


def _verified(review, labels, index):
    """Return which labels are what a person confirmed, or corrected them to."""
    if review is None:
        return None
    if not isinstance(review, LabelReview):
        raise TypeError(
            f"verified must be a LabelReview, but is {brief(review)}; read a sheet by "
            "audit.review(frame=...) of the audit that it is from."
        )
    known = review._verified_labels()
    names, labels = as_list(index), as_list(labels)
    if known and not set(known) & set(names):
        # A file may have turned "007" into a number.
        known = {plain_name(name): label for name, label in known.items()}
        names = list(map(plain_name, names))
    is_counted = names == list(range(len(names)))
    if known and is_counted and len(names) != review.n_samples:
        raise ValueError(
            f"verified must know the samples by name, but it has {review.n_samples} "
            f"without names, and there are {len(names)} labels now; give labels an "
            "index that stays with the samples."
        )
    is_verified = np.zeros(len(names), dtype=bool)
    classes, seen = set(labels), set()
    for position, (name, label) in enumerate(zip(names, labels, strict=True)):
        if name in known:
            if name in seen:
                raise ValueError(
                    "verified must name each sample once, but "
                    f"{brief(name)} is there more than once; make the index unique."
                )
            seen.add(name)
            is_verified[position] = is_same(known[name], label) or (
                # A file may have changed it, if it is no class.
                known[name] not in classes and is_written_like(known[name], label)
            )
    n_found, n_matched = len(seen), np.count_nonzero(is_verified)
    if known and 2 * n_matched <= n_found:
        warnings.warn(
            f"Of the {len(known)} labels that verified knows, {n_found} names are here "
            f"and {n_matched} labels are the same: the names are {brief(list(known))}, "
            f"here {brief(names)}; pass the corrected labels, with an index, and read "
            "a sheet by the review method of the audit that drew it.",
            UserWarning,
            stacklevel=5,
        )
    return is_verified


def _lowest_first(scores, n=None):
    """Return the positions of the n lowest scores, or of all, equal ones in order."""
    positions = np.arange(len(scores))
    if n is not None and n < len(scores):
        highest = np.partition(scores, n)[n]
        lower = np.flatnonzero(scores < highest)
        equal = np.flatnonzero(scores == highest)
        positions = np.sort(np.concatenate([lower, equal[: n - len(lower)]]))
    return positions[np.argsort(scores[positions], kind="stable")]


def _numbers_of(samples, filter_by):
    """Return what an audit keeps of samples, as arguments of LabelAudit."""
    probability = samples.dtype
    columns = [
        ("predicted_codes", np.intp),
        ("given_probability", probability),
        ("predicted_probability", probability),
    ]
    of_samples = np.asarray(samples.map(_columns_of_block, columns, dtype=columns))
    return {
        "classes": as_label_array(samples.classes).copy(),
        "codes": np.array(samples.codes, dtype=np.intp),  # may be the user's labels
        "is_label_issue": np.asarray(RULES[filter_by](samples)),
        "joint": calibrated_joint(samples),
        "n_confident_issues": count_confident_issues(samples),
        **{name: of_samples[name].copy() for name, _ in columns},
    }


def _columns_of_block(codes, block, columns):
    values = np.empty(len(block), dtype=columns)
    values["predicted_codes"] = predicted_class(codes, block)
    values["given_probability"] = block.of_given(codes)
    values["predicted_probability"] = block.of(values["predicted_codes"])
    return values
