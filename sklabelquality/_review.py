# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""LabelReview: how many labels are really wrong, from a few that a person looked at.

1. The labels are ranked by their label quality scores and cut into strata, thin ones
   among the most suspicious labels and thick ones among the others.
2. The same number of labels is drawn at random from each stratum, and a person says
   which of them are wrong.
3. The shares of wrong labels in the strata, weighted by the sizes of the strata, give
   the error rate; an interval for a weighted sum of binomial shares goes with it.

The scores only say where to look more closely: the interval holds for good and bad
scores alike, and it is narrow for good ones.
"""

import hashlib
import warnings
from functools import cached_property
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
from scipy.stats import norm
from sklearn.utils import check_random_state

from sklabelquality._alignment import (
    check_same_names,
    check_same_order,
    index_of,
)
from sklabelquality._answers import NAMES as ANSWER_NAMES
from sklabelquality._answers import (
    NOT_KNOWN,
    RIGHT,
    TO_DO,
    UNANSWERED,
    UNSURE,
    WRONG,
    Answers,
    LabelReader,
    as_answers,
    as_cells,
    as_text,
    contradictions,
    is_empty,
    is_same,
    is_written_like,
    translated,
)
from sklabelquality._content import content_columns, kind_of, show
from sklabelquality._errors import brief, check_count
from sklabelquality._frames import as_frame, as_index, take, with_values
from sklabelquality._labels import as_list, check_labels
from sklabelquality._plots import AuditDisplay, draw_review
from sklabelquality._probabilities import as_numbers
from sklabelquality._report import write_text
from sklabelquality._review_page import KEPT_COLUMNS, review_page
from sklabelquality._review_sheet import cells_of, read_sheet
from sklabelquality._sklearn import Interval, StrOptions, validate_options
from sklabelquality._strata import (
    MOST_STRATA,
    allocate,
    plan_strata,
    stratified_interval,
)

# An interval from fewer reviews is a guess.
FEWEST_REVIEWS = 20
# The continuity correction of each interval, in units of one review.
INTERVALS = {"mid-p": 0.0, "exact": 0.5}
INTERVAL_PARAMETERS = {
    "confidence_level": [Interval(Real, 0, 1, closed="neither")],
    "interval": [StrOptions(set(INTERVALS))],
}


class ErrorRate(NamedTuple):  # numpydoc ignore=PR02
    """An estimated share of wrong labels with its confidence interval.

    Parameters
    ----------
    rate : float
        The estimated share, in [0, 1].

    low : float
        The low end of the interval, in [0, 1].

    high : float
        The high end of the interval, in [0, 1].

    n_reviewed : int
        The number of answers that it rests on.
    """

    rate: float
    low: float
    high: float
    n_reviewed: int

    def __str__(self):
        return (
            f"{self.rate:.1%} ({self.low:.1%} to {self.high:.1%}), from "
            f"{self.n_reviewed} answers"
        )


class LabelReview:
    r"""Find out how many labels are really wrong by looking at a few of them.

    No model can say how many labels are wrong: their estimates are off by a factor of
    three and more, either way. A person who looks at 100 well-chosen samples can. This
    class chooses the samples and turns the answers into an error rate with a confidence
    interval, which holds for good and bad scores alike; better scores make it narrower.

    Read more in the :ref:`User Guide <review>`.

    Parameters
    ----------
    scores : array-like of shape (n_samples,)
        Label quality scores, or other numbers that are lower for more suspicious
        labels. Only their order is used.

    labels : array-like of shape (n_samples,), default=None
        The given labels, to be shown to the person who looks.

    predicted_labels : array-like of shape (n_samples,), default=None
        What the labels are likely to be instead, to be shown to the person who looks.

    index : array-like of shape (n_samples,), default=None
        What you call the samples. None means the index of `scores` or `labels` if one
        of them is a pandas object, else the positions.

    top_k : int, default=None
        The number of most suspicious labels for which :meth:`precision_at` is to be
        precise: at least a fifth of the review goes to them.

    random_state : int, RandomState instance or None, default=None
        Which labels are drawn, and which of equal scores come first. Pass an int to
        come back to the same review later.

    Attributes
    ----------
    n_samples : int
        The number of labels.

    n_reviewed : int
        The number of labels with an answer, be it "unsure".

    stratum_sizes : ndarray of shape (n_strata,) or None
        The number of labels in each stratum, from the most suspicious to the least;
        None before the first :meth:`draw`.

    n_drawn : int
        The number of labels that were drawn.

    random_state : int
        The seed that decides which labels are drawn; the sheet holds it.

    See Also
    --------
    LabelAudit.review : A review of the labels of an audit.
    num_label_issues : What the model believes.

    Notes
    -----
    **Sampling.** With the rank :math:`r \in (0, 1]`, 0 for the most suspicious label,
    the share :math:`A(r) = (2 r + \sqrt{r}) / 3` of the review is drawn from ranks up
    to :math:`r`. The first :meth:`draw` of :math:`n` labels fixes
    :math:`H = \min(\max(\lfloor n / 7 \rfloor, 1), 20)` strata with edges
    :math:`A(r_h) = h / H`. The same number of labels is drawn from each, at random and
    without replacement; what a small stratum cannot give, the others do.

    **Estimate.** With :math:`x_h` of :math:`m_h` reviewed labels wrong in stratum
    :math:`h` of :math:`N_h`, and :math:`W_h = N_h / N`, the error rate is
    :math:`\hat\theta = \sum_h W_h x_h / m_h`.

    **Interval.** A score interval of Wilson's kind [1]_ for strata, as in [2]_, with a
    correction for skewness. With :math:`f_h = m_h / N_h`, let :math:`p_h(\lambda)` be
    the most likely shares, each counted as of :math:`m_h / (1 - f_h)` reviews, under a
    constraint on :math:`\theta(\lambda) = \sum_h W_h p_h(\lambda)`. The low end is
    where

    .. math:: \hat\theta - \theta(\lambda)
        = z \sqrt{V} + c\, U + \frac{z^2 - 1}{6} S

    with :math:`v_h = W_h^2 p_h (1 - p_h) (1 - f_h) / (m_h - 1)`,
    :math:`V = \sum_h v_h`, :math:`u_h = W_h / m_h`,
    :math:`U = \sum_h v_h u_h / V` and
    :math:`S = \sum_h v_h u_h (1 - 2 f_h)(1 - 2 p_h) / V`; the high end is its mirror
    image. ``"mid-p"`` has :math:`c = 0`, ``"exact"`` :math:`c = 1/2`. With one stratum
    they come close to the mid-P and to the Clopper-Pearson interval.

    **Limits.**

    - A stratum without an answer may have any share of wrong labels, which makes the
      interval of a small subset wide.
    - Where few strata play a part, as for a small `k` or subset, or where most of the
      labels are reviewed, the ``"mid-p"`` interval can fall to a coverage of about 0.9
      for single truths; ``"exact"`` does not.
    - Fix the number of labels before you look. To go on until the interval is narrow
      enough costs coverage, unless it is the ``"exact"`` one.
    - Where 1 % of the labels are wrong and at most 100 are reviewed, the interval is
      hardly narrower than that of a simple random sample.
    - The `k` of :meth:`precision_at` and a subset have to be chosen before the answers
      are known.
    - The reviewer's answers count as right.
    - Answers should not be left out because they are hard: say "unsure", and the
      interval covers both readings.

    References
    ----------
    .. [1] E. B. Wilson, "Probable inference, the law of succession, and statistical
       inference", Journal of the American Statistical Association 22 (1927), 209-212.
       :doi:`10.1080/01621459.1927.10502953`
    .. [2] X. Yan, X. G. Su, "Stratified Wilson and Newcombe confidence intervals for
       multiple binomial proportions", Statistics in Biopharmaceutical Research 2
       (2010), 329-335. :doi:`10.1198/sbr.2009.0049`

    Examples
    --------
    A thousand labels, 80 of which are wrong, most of them with low scores:

    >>> import numpy as np
    >>> from sklabelquality import LabelReview
    >>> rng = np.random.default_rng(0)
    >>> is_wrong = rng.permutation(1000) < 80
    >>> scores = np.where(is_wrong, 0.4, 0.6) * rng.random(1000)
    >>> review = LabelReview(scores, random_state=3)
    >>> rows = review.draw(100)
    >>> review.record(rows, is_wrong[rows])  # here a person would look
    LabelReview(n_samples=1000, n_drawn=100, n_reviewed=100)
    >>> print(review.error_rate())
    7.1% (3.3% to 13.1%), from 100 answers
    """

    def __init__(
        self,
        scores,
        *,
        labels=None,
        predicted_labels=None,
        index=None,
        top_k=None,
        random_state=None,
    ):
        check_same_order(
            scores=scores,
            labels=labels,
            predicted_labels=predicted_labels,
            index=index,
        )
        if index is None:
            index = index_of(scores, labels, predicted_labels)
        scores = _check_scores(scores)
        self.n_samples = len(scores)
        self.top_k = top_k
        if top_k is not None:
            self.top_k = self._check_count(top_k, "top_k")
        self.labels = _check_column(labels, "labels", self.n_samples)
        self.predicted_labels = _check_column(
            predicted_labels, "predicted_labels", self.n_samples
        )
        self.index = as_index(index, self.n_samples)
        self.stratum_sizes = None
        self._rows = np.empty(0, dtype=np.intp)  # positions, in the order of drawing
        self._rows_ranks = np.empty(0, dtype=np.intp)
        self._answers = Answers()
        # What a person verified in an earlier round: known, and no part of the sample.
        self._is_known = np.zeros(self.n_samples, dtype=bool)
        # Permutations for the order of equal scores, for what is drawn, and for the
        # strata that get one label more than others; a seed for the order in which the
        # labels are shown.
        if isinstance(random_state, Integral):
            check_count(random_state, 0, 2**32 - 1, "random_state", "a seed")
        else:
            random_state = check_random_state(random_state).randint(2**31 - 1)
        self.random_state = int(random_state)
        rng = np.random.RandomState(self.random_state)
        shuffled, self._draw_order = (rng.permutation(self.n_samples) for _ in range(2))
        self._order_of_strata = rng.permutation(MOST_STRATA)
        self._show_seed = rng.randint(2**31 - 1)
        self._ranks = np.empty(self.n_samples, dtype=np.intp)
        order = shuffled[np.argsort(scores[shuffled], kind="stable")]
        self._ranks[order] = np.arange(1, self.n_samples + 1)

    def __repr__(self):
        return (
            f"{type(self).__name__}(n_samples={self.n_samples}, "
            f"n_drawn={self.n_drawn}, n_reviewed={self.n_reviewed})"
        )

    # -- draw and record ---------------------------------------------------------------

    def draw(self, n):
        """Draw labels to look at.

        The first draw fixes the strata, by its size: make it as large as the review is
        planned to be. A later one draws more labels from the same strata, as if all had
        been drawn at once.

        Parameters
        ----------
        n : int
            How many labels to draw.

        Returns
        -------
        rows : ndarray of shape (n,), dtype=intp
            Positions of labels that were not drawn before, in random order, but with
            one of each stratum before the next one of any: whoever stops early has
            made a smaller review.

        Raises
        ------
        ValueError
            If `n` is less than 1 or more than are left, or if the review was read from
            a sheet without scores.
        TypeError
            If `n` is no whole number.
        """
        self._check_scores_known("draw")
        n_left = self.n_samples - len(self._rows)
        if n_left == 0:
            raise ValueError(
                f"draw needs labels that are left, but all {self.n_samples} are drawn; "
                "record what you found."
            )
        n = check_count(n, 1, n_left, "n", "the labels that are left to draw")
        if self.stratum_sizes is None:
            self.stratum_sizes = plan_strata(self.n_samples, n, self.top_k)
        n_drawn = self._count_by_stratum(self._rows_ranks)
        n_wanted = allocate(
            self.n_drawn + n, self.stratum_sizes, self._strata_in_order()
        )
        rows, rounds = self._rows_of_strata(n_drawn, n_wanted)
        # One label of each stratum, then another of each: the first ones are a review.
        rng = np.random.RandomState([self._show_seed, self.n_drawn])
        rows = rows[np.lexsort((rng.permutation(len(rows)), rounds))]
        self._add_rows(rows, self._ranks[rows])
        return rows

    def _count_by_stratum(self, ranks):
        return np.bincount(self._stratum_of(ranks), minlength=len(self.stratum_sizes))

    def _rows_of_strata(self, starts, stops):
        """Return the labels between two places in the drawing order of each stratum.

        With them goes how far each one is from the start.
        """
        n_tried = 0
        counts = np.zeros_like(stops)
        while (counts < stops).any():
            n_tried = max(2 * n_tried, 4 * int(np.sum(stops)))
            in_order = self._draw_order[:n_tried]
            strata = self._stratum_of(self._ranks[in_order])
            counts = np.bincount(strata, minlength=len(stops))
        rows, rounds = [], []
        for stratum, (start, stop) in enumerate(zip(starts, stops, strict=True)):
            rows.append(in_order[strata == stratum][start:stop])
            rounds.append(np.arange(stop - start))
        return np.concatenate(rows), np.concatenate(rounds)

    def _strata_in_order(self):
        """Return the strata at random, but those of the top_k first."""
        order = self._order_of_strata
        order = order[order < len(self.stratum_sizes)]
        if self.top_k is None:
            return order
        is_below = np.cumsum(self.stratum_sizes)[order] > self.top_k
        return order[np.argsort(is_below, kind="stable")]

    def _add_rows(self, rows, ranks):
        self._rows = np.concatenate([self._rows, rows])
        self._rows_ranks = np.concatenate([self._rows_ranks, ranks])

    def worst(self, n=10):
        """Return the most suspicious labels that nobody has looked at.

        They are a list to work through, not a sample: their answers correct labels, but
        do not count for the error rate, unless :meth:`draw` returned them too.

        Parameters
        ----------
        n : int, default=10
            How many to return, or all that are left if there are fewer.

        Returns
        -------
        rows : ndarray of shape (n,), dtype=intp
            Positions of labels without an answer, the lowest score first.

        Raises
        ------
        ValueError
            If the review was read from a sheet without scores.
        """
        self._check_scores_known("worst")
        n = check_count(n, 0, np.inf, "n", "the number of labels to return")
        answered = self._answers.positions()
        order = np.empty(self.n_samples, dtype=np.intp)
        order[self._ranks - 1] = np.arange(self.n_samples)
        first = order[: n + len(answered)]
        return first[~np.isin(first, answered)][:n]

    def record(self, rows, is_wrong, correct_labels=None):
        """Record what a person found.

        Parameters
        ----------
        rows : array-like of shape (n_rows,)
            Positions of the labels, in any order: those that :meth:`draw` or
            :meth:`worst` returned, or others. Only those that were drawn count for the
            error rate. An earlier answer is replaced.

        is_wrong : array-like of shape (n_rows,)
            One answer per row, in the order of `rows`: True or "wrong" where the label
            is wrong, False or "right" where it is right, and None, NaN or "unsure"
            where the person looked and cannot tell. For a sheet, in which an empty cell
            means that nobody has looked, use :meth:`from_frame`.

        correct_labels : array-like of shape (n_rows,), default=None
            What the labels should be, None where that is not known or the label is
            right. A correct label alone says whether the given one is wrong: `is_wrong`
            may then be None. Where the case does not matter, "A" is read as "a".

        Returns
        -------
        self : LabelReview
            The review.

        Raises
        ------
        ValueError
            If a row is no position, an answer is something else, or an answer and a
            correct label contradict each other.
        """
        given_rows = rows
        rows = np.atleast_1d(as_numbers(rows, "rows", "pass positions of labels"))
        rows = rows.astype(np.intp) if rows.size == 0 else rows
        if rows.ndim != 1 or rows.dtype.kind not in "iu":
            raise TypeError(
                f"rows must be positions of labels, but has dtype {rows.dtype} and "
                f"shape {rows.shape}; pass whole numbers, such as draw returned."
            )
        for name, column in (
            ("is_wrong", is_wrong),
            ("correct_labels", correct_labels),
        ):
            self._check_order_of_answers(given_rows, rows, name, column)
        is_wrong = [None] * len(rows) if is_wrong is None else cells_of(is_wrong)
        if correct_labels is None:
            correct_labels = [None] * len(rows)
        correct_labels = cells_of(correct_labels)
        if not len(rows) == len(is_wrong) == len(correct_labels):
            raise ValueError(
                "rows, is_wrong and correct_labels must have the same length, but have "
                f"{len(rows)}, {len(is_wrong)} and {len(correct_labels)}; pass one "
                "answer per row."
            )
        distinct, n_times = np.unique(rows, return_counts=True)
        if len(distinct) < len(rows):
            raise ValueError(
                f"rows must be distinct, but {distinct[n_times.argmax()]} is there "
                "more than once; pass one answer per label."
            )
        self._record(rows, is_wrong, correct_labels, UNSURE)
        return self

    def _check_order_of_answers(self, given_rows, rows, name, answers):
        """Raise if answers are in another order than the rows that they belong to."""
        if not hasattr(answers, "iloc"):
            return
        check_same_order(**{"rows": given_rows, name: answers})
        if hasattr(self.index, "isin"):
            places = self._places_of(rows)
            if (places >= 0).all():
                wanted = "review.index[rows]"
                names = self.index[places]
                check_same_names("rows", names, name, answers.index, wanted)
        # Its names may be positions too.
        names = type(answers)(rows, index=rows).index
        check_same_names("rows", names, name, answers.index, "rows", may_differ=True)

    def _record(self, rows, is_wrong, correct_labels, missing):
        """Record answers of a person, or the cells of a sheet.

        `missing` is the code of an empty answer: in a sheet nobody has looked there.
        """
        places = self._places_of(rows)
        if (places < 0).any():
            row = rows[places < 0][0]
            what = f"from 0 to {self.n_samples - 1}"
            if self._ranks is None:
                what = "of labels in the sheet"
            raise ValueError(
                f"rows must be positions {what}, but {row} is not; pass positions, "
                "such as draw and worst return, not names."
            )
        names = as_list(self.index[places])
        given, corrects = None, correct_labels
        if self.labels is not None:
            given = as_list(take(self.labels, places))
        if any(correct is not None for correct in corrects):
            is_sheet = missing == UNANSWERED
            read = self._reader.read_cell if is_sheet else self._reader.read
            corrects = list(map(read, corrects, names))
            self._warn_of_new_classes(corrects)
        answers, corrects = as_answers(names, is_wrong, given, corrects, missing)
        self._answers.record(rows.tolist(), answers, corrects)

    def _warn_of_new_classes(self, corrects):
        new = set(corrects) - {None, *self._reader.classes}
        if new and self._reader.classes and self._ranks is not None:
            warnings.warn(
                f"{len(new)} of the correct labels are no classes yet: "
                f"{brief(sorted(new, key=str))}; record these answers again if they "
                "are typing errors.",
                UserWarning,
                stacklevel=4,
            )

    @cached_property
    def _reader(self):
        """Reads labels from what a sheet or a person made of them."""
        columns = [c for c in (self.labels, self.predicted_labels) if c is not None]
        classes = list(dict.fromkeys(label for c in columns for label in as_list(c)))
        return LabelReader(classes, has_all=self._ranks is not None)

    def _places_of(self, rows):
        """Return where labels are in what this review knows, -1 if they are not."""
        rows = np.asarray(rows)
        if self._ranks is not None:
            return np.where((rows >= 0) & (rows < self.n_samples), rows, -1)
        order = np.argsort(self._sheet_rows)
        places = np.searchsorted(self._sheet_rows, rows, sorter=order)
        places = order[np.minimum(places, len(order) - 1)]
        return np.where(self._sheet_rows[places] == rows, places, -1)

    @property
    def n_drawn(self):  # numpydoc ignore=RT01
        """Number of labels that were drawn."""
        return len(self._rows)

    @property
    def n_reviewed(self):  # numpydoc ignore=RT01
        """Number of labels with an answer, be it "unsure"."""
        return len(self._answers)

    # -- what follows ------------------------------------------------------------------

    @validate_options(missing=[StrOptions({"raise", "drop", "keep", "mark", "other"})])
    def corrected_labels(self, *, missing="raise", marker=None):
        """Return the labels with all corrections.

        Parameters
        ----------
        missing : {"raise", "drop", "keep", "mark", "other"}, default="raise"
            What to do where a label is wrong and no correct one is known: raise an
            error, leave the samples out, keep the wrong labels, put `marker` in their
            place or, where there are two classes, the other one.

        marker : object, default=None
            The label that marks them, of the kind of the labels.

        Returns
        -------
        labels : ndarray or pandas.Series of shape (n_samples,)
            The labels in their own kind, dtype and index; those of a polars series
            are an array. With ``missing="drop"`` it is shorter: its index, or
            ``review.is_unresolved``, tells which ones are left out.

        Raises
        ------
        ValueError
            If the review has no labels, if with ``missing="raise"`` a wrong label has
            no correct one, or if `missing` and `marker` do not fit the labels.
        """
        self._check_scores_known("corrected_labels")
        if self.labels is None:
            raise ValueError(
                "corrected_labels needs the labels, but this review was made without; "
                "pass labels= to LabelReview, or begin it by LabelAudit.review."
            )
        rows, values = [], []
        for position, answer, correct in self._answers.items():
            if answer == WRONG and correct is not None:
                rows.append(position)
                values.append(correct)
        unresolved = np.flatnonzero(self.is_unresolved)
        if len(unresolved) and missing == "raise":
            raise ValueError(
                "corrected_labels needs a correct label for each wrong one, but "
                f"{len(unresolved)} have none, the first at position {unresolved[0]}; "
                "record correct_labels, or choose missing='drop', 'keep', 'mark' or, "
                "for two classes, 'other'."
            )
        if (missing == "mark") != (marker is not None):
            raise ValueError(
                "marker must be a label where missing='mark', and None elsewhere, but "
                f"is {brief(marker)} with missing={missing!r}; change one of them."
            )
        if missing == "other":
            rows += unresolved.tolist()
            values += self._other_classes(as_list(take(self.labels, unresolved)))
        labels = with_values(self.labels, rows, values, "correct_labels")
        if missing == "mark":
            marks = [marker] * len(unresolved)
            labels = with_values(labels, unresolved.tolist(), marks, "marker")
        if missing == "drop" and len(unresolved):
            labels = take(labels, np.flatnonzero(~self.is_unresolved))
        return labels

    def _other_classes(self, given):
        """Return the other one of two classes for each given label."""
        classes = self._reader.classes
        if len(classes) != 2:
            raise ValueError(
                f"missing='other' needs two classes, but there are {len(classes)}; "
                "record correct_labels."
            )
        return [classes[int(classes[0] == label)] for label in given]

    @property
    def is_unresolved(self):  # numpydoc ignore=RT01
        """Mask of the labels that are wrong, with no correct one known."""
        return self._mask_of(
            lambda answer, correct: answer == WRONG and correct is None
        )

    @property
    def is_verified(self):  # numpydoc ignore=RT01
        """Mask of the labels that were confirmed, or corrected, by a person."""
        return self._mask_of(
            lambda answer, correct: answer == RIGHT or correct is not None
        )

    def _take_verified(self, is_verified):
        """Take labels for right that a person verified in an earlier round.

        Parameters
        ----------
        is_verified : ndarray of shape (n_samples,), dtype=bool
            The labels. Those that have another answer keep it.
        """
        rows = np.flatnonzero(is_verified)
        codes = self._answers.codes_of(rows)
        self._is_known[rows[(codes == UNANSWERED) | (codes == RIGHT)]] = True
        rows = rows[codes == UNANSWERED]
        n = len(rows)
        self._answers.record(rows.tolist(), [RIGHT] * n, [None] * n)

    @property
    def _n_drawn_answers(self):  # numpydoc ignore=RT01
        """Number of answers that the error rate rests on."""
        answers = self._drawn_answers()[~np.isin(self._rows, self._known_rows())]
        return int(np.count_nonzero(answers != UNANSWERED))

    def _mask_of(self, condition):
        self._check_scores_known("a mask of the labels")
        mask = np.zeros(self.n_samples, dtype=bool)
        for position, answer, correct in self._answers.items():
            mask[position] = condition(answer, correct)
        return mask

    def _verified_labels(self):
        """Return what a person confirmed or corrected, and what it is called.

        Returns
        -------
        labels : dict
            The verified label of each name in the index.
        """
        labels = {}
        places = self._places_of(self._answers.positions())
        names, given = as_list(self.index[places]), [None] * len(places)
        if self.labels is not None:
            given = as_list(take(self.labels, places))
        for name, label, (_, answer, correct) in zip(
            names, given, self._answers.items(), strict=True
        ):
            if correct is not None:
                labels[name] = correct
            elif answer == RIGHT and label is not None:
                labels[name] = label
        return labels

    def disagreements(self, other):
        """Compare the answers of two people, or of two rounds.

        Parameters
        ----------
        other : LabelReview
            A review of the same labels.

        Returns
        -------
        frame : pandas.DataFrame or dict of ndarrays
            A row for each label that one calls right and the other wrong, or for which
            they name different correct labels: ``"position"``, ``"answer"``,
            ``"correct_label"``, ``"other_answer"`` and ``"other_correct_label"``.

        Raises
        ------
        ValueError
            If the reviews are of different labels.
        """
        columns = contradictions(self._answers, self._answers_of(other))
        return as_frame(columns, self.index[self._places_of(columns["position"])])

    @validate_options(conflicts=[StrOptions({"raise", "unsure"})])
    def merge(self, other, *, conflicts="raise"):
        """Take over the answers of another review of these labels.

        Parameters
        ----------
        other : LabelReview
            A review of the same samples: by another person, or of an earlier round, in
            which labels may have been others. Its answers count for the error rate
            where this review drew the label.

        conflicts : {"raise", "unsure"}, default="raise"
            What to do with :meth:`disagreements`: raise an error, or call them unsure.

        Returns
        -------
        self : LabelReview
            The review, with the answers of both. A definite answer comes before
            "unsure", and one with a correct label before one without.

        Raises
        ------
        ValueError
            If the reviews are of different labels, or contradict each other.
        """
        theirs = self._answers_of(other)
        conflicting = contradictions(self._answers, theirs)["position"]
        if len(conflicting) and conflicts == "raise":
            names = as_list(self.index[self._places_of(conflicting[:5])])
            raise ValueError(
                "other must not contradict this review, but does for "
                f"{len(conflicting)} labels, such as {brief(names)}; look at "
                "disagreements(other), or pass conflicts='unsure'."
            )
        self._answers.merge(theirs, conflicting)
        return self

    def _answers_of(self, other):
        """Return the answers of another review by the positions of this one."""
        if not isinstance(other, LabelReview):
            raise TypeError(
                f"other must be a LabelReview, but is {brief(other)}; read a sheet by "
                "LabelReview.from_frame."
            )
        if other.n_samples != self.n_samples:
            raise ValueError(
                f"other must be a review of the same {self.n_samples} labels, but is "
                f"one of {other.n_samples}; for labels that changed between rounds, "
                "pass verified=other to the audit."
            )
        positions = other._answers.positions()
        ours, theirs = (r._places_of(positions) for r in (self, other))
        is_ours = ours >= 0
        own_names = as_list(self.index[ours[is_ours]])
        their_names = as_list(other.index[theirs[is_ours]])
        for own, their in zip(own_names, their_names, strict=True):
            if not is_written_like(their, own):
                raise ValueError(
                    "other must be a review of the same samples in the same order, but "
                    f"one is {brief(own)} here and {brief(their)} there; bring both "
                    "into one order."
                )
        return self._in_our_terms(other, positions, ours, theirs)

    def _in_our_terms(self, other, positions, ours, theirs):
        """Return the answers of another review, whose given labels may be others."""
        answers = Answers()
        own_labels = their_labels = None
        if self.labels is not None and other.labels is not None:
            own_labels = as_list(take(self.labels, ours))
            their_labels = as_list(take(other.labels, theirs))
        for i, (position, answer, correct) in enumerate(list(other._answers.items())):
            if correct is not None and self.labels is not None:
                correct = self._reader.read_cell(correct)
            if own_labels is not None and ours[i] >= 0:
                their_label = their_labels[i]
                if isinstance(their_label, str):
                    their_label = as_text(their_label)
                their_label = self._reader.read(their_label)
                answer, correct = translated(
                    answer, correct, their_label, own_labels[i]
                )
            elif self.labels is not None and ours[i] >= 0 and correct is not None:
                own = take(self.labels, ours[i])
                if is_same(correct, own):
                    answer, correct = RIGHT, None
            answers.record([position], [answer], [correct])
        return answers

    # -- estimate ----------------------------------------------------------------------

    @validate_options(**INTERVAL_PARAMETERS)
    def error_rate(self, *, subset=None, confidence_level=0.95, interval="mid-p"):
        """Estimate the share of wrong labels.

        Parameters
        ----------
        subset : array-like of shape (n_samples,), dtype=bool, default=None
            The labels to estimate it for; None means all. It must have been chosen
            before the answers were known. A review of a small subset alone, such as a
            class, needs fewer answers than a part of a review of all.

        confidence_level : float, default=0.95
            How often intervals of this kind contain the truth.

        interval : {"mid-p", "exact"}, default="mid-p"
            ``"mid-p"`` holds the confidence level on average over possible truths,
            ``"exact"`` is wider and holds it for each of them.

        Returns
        -------
        error_rate : ErrorRate
            A named tuple of `rate`, the estimated share in [0, 1], `low` and `high`,
            the ends of its interval, and `n_reviewed`, the number of answers it rests
            on. An unsure answer counts as half an error in `rate`, which says little
            where most errors are unsure ones; the interval covers both readings.

        Raises
        ------
        ValueError
            If nothing is recorded, or `subset` does not fit the labels.

        Warns
        -----
        UserWarning
            If fewer than 20 labels are reviewed.
        """
        sizes = self._check_drawn()
        known, chosen = self._known_rows(), np.ones(len(self._rows), dtype=bool)
        if subset is not None:
            subset = self._check_subset(subset)
            strata = self._stratum_of(self._ranks[subset])
            sizes = np.bincount(strata, minlength=len(self.stratum_sizes))
            known, chosen = known[subset[known]], subset[self._rows]
        result = self._estimate(sizes, known, chosen, confidence_level, interval)
        _warn_if_few(result)
        return result

    @validate_options(**INTERVAL_PARAMETERS)
    def precision_at(self, k, *, confidence_level=0.95, interval="mid-p"):
        """Estimate the share of wrong labels among the most suspicious ones.

        Parameters
        ----------
        k : int
            How many of the most suspicious labels to estimate it for. It must have
            been chosen before the answers were known; `top_k` makes it precise.

        confidence_level : float, default=0.95
            How often intervals of this kind contain the truth.

        interval : {"mid-p", "exact"}, default="mid-p"
            See :meth:`error_rate`.

        Returns
        -------
        precision : ErrorRate
            See :meth:`error_rate`.

        Raises
        ------
        ValueError
            If nothing is recorded, or `k` is not from 1 to the number of labels.

        Warns
        -----
        UserWarning
            If fewer than 20 of these labels are reviewed.
        """
        k = self._check_count(k, "k")
        result = self._estimate_up_to(k, confidence_level, interval)
        _warn_if_few(result)
        return result

    def _estimate_up_to(self, k, confidence_level, interval):
        """Estimate the share of wrong labels among the k most suspicious ones."""
        ends = np.cumsum(self._check_drawn())
        sizes = np.diff(np.minimum(ends, k), prepend=0)
        known = self._known_rows()
        known = known[self._ranks_of(known) <= k]
        chosen = self._rows_ranks <= k
        return self._estimate(sizes, known, chosen, confidence_level, interval)

    def _estimate(self, sizes, known, chosen, confidence_level, interval):
        """Estimate the share of wrong labels among some.

        Parameters
        ----------
        sizes : ndarray of shape (n_strata,)
            How many they are in each stratum.

        known : ndarray of shape (n_known,)
            The rows of those that are known to be right. They are no part of the
            sample: a person who stops early has not answered the others as often.

        chosen : ndarray of shape (n_drawn,), dtype=bool
            Which of the drawn labels are among them.

        confidence_level, interval
            See :meth:`error_rate`.

        Returns
        -------
        error_rate : ErrorRate
            The estimate.
        """
        strata = self._stratum_of(self._ranks_of(known))
        unknown = sizes - np.bincount(strata, minlength=len(sizes))
        share = unknown.sum() / sizes.sum()
        if share == 0:
            return ErrorRate(0.0, 0.0, 0.0, 0)
        chosen = chosen & ~np.isin(self._rows, known)
        answers = self._drawn_answers()[chosen]
        if not np.any(answers != UNANSWERED):
            raise ValueError(
                "The error rate needs answers, but none is recorded for these labels; "
                "look at the labels that draw returns and record what you found."
            )
        n_reviewed = np.count_nonzero(answers != UNANSWERED)
        z = norm.isf((1 - confidence_level) / 2)
        strata = self._stratum_of(self._rows_ranks[chosen])
        right, wrong, unsure = (
            np.bincount(strata[answers == answer], minlength=len(sizes))
            for answer in (RIGHT, WRONG, UNSURE)
        )
        # Both readings of the unsure answers: all right, all wrong.
        rates, lows, highs = stratified_interval(
            [wrong, wrong + unsure],
            right + wrong + unsure,
            unknown,
            z,
            INTERVALS[interval],
        )
        return ErrorRate(
            float(share * rates.mean()),
            float(share * lows.min()),
            float(share * highs.max()),
            int(n_reviewed),
        )

    def _known_rows(self):
        """Return the labels that were verified in an earlier round, and still are."""
        rows = np.flatnonzero(self._is_known)
        return rows[self._answers.codes_of(rows) == RIGHT]

    def _drawn_answers(self):
        """Return the code of the answer about each drawn label."""
        return self._answers.codes_of(self._rows)

    def _stratum_of(self, ranks):
        """Return the stratum of each rank."""
        return np.searchsorted(np.cumsum(self._check_strata()), ranks)

    # -- sheet -------------------------------------------------------------------------

    def to_frame(self, rows=None, *, X=None):
        """Return a sheet of labels to look at, to be filled in by hand.

        Parameters
        ----------
        rows : array-like of shape (n_rows,), default=None
            Positions of the labels, such as :meth:`worst` returns. None means those
            that were drawn, in the order of drawing, and then the others that have an
            answer.

        X : array-like of n_samples rows, default=None
            What the labels belong to, to be shown beside them: texts, or a table. For
            images use :meth:`save_html`.

        Returns
        -------
        frame : pandas.DataFrame or dict of ndarrays
            A row for each label under the user's index (without pandas a dict with the
            same columns and, before them, ``"index"``). The columns:

            - the columns of `X`, or ``"text"``;
            - ``"given_label"`` and ``"predicted_label"``, if they are known;
            - ``"is_wrong"``: ``"todo"``, to be replaced by yes, wrong, true or 1 if the
              label is wrong, no, right, correct, ok, false or 0 if it is right, unsure,
              unknown or ? if nobody can tell; what is recorded already is there;
            - ``"correct_label"``: ``"?"``, to be replaced by the correct label if the
              given one is wrong;
            - ``"position"`` and ``"rank"`` of the label among all, 1 for the most
              suspicious one;
            - ``"is_drawn"``, "drawn" only if the sheet contains all labels that were
              drawn, otherwise "no", ``"stratum"``, ``"stratum_size"``,
              ``"n_samples"`` and ``"random_state"``: what :meth:`from_frame` needs to
              estimate the error rate and to go on drawing.

            Text that a spreadsheet would take for a formula begins with an apostrophe,
            which :meth:`from_frame` takes away.
        """
        self._check_samples(X)
        rows = self._rows_to_show(rows)
        places = self._places_of(rows)
        ranks = self._ranks_of(rows)
        # A part of the drawn labels is no sample of them.
        is_drawn = np.isin(rows, self._rows) & np.isin(self._rows, rows).all()
        columns = {}
        for name, column in (
            ("given_label", self.labels),
            ("predicted_label", self.predicted_labels),
        ):
            if column is not None:
                columns[name] = as_cells(take(column, places))
        codes = self._answers.codes_of(rows).tolist()
        corrects = [self._answers.correct_of(row) for row in rows.tolist()]
        strata, sizes = np.zeros(len(rows), dtype=np.intp), np.array([self.n_samples])
        if self.stratum_sizes is not None:
            strata, sizes = self._stratum_of(ranks), self.stratum_sizes
        columns |= {
            # Text alone, which every file keeps.
            "is_wrong": [ANSWER_NAMES.get(code, TO_DO) for code in codes],
            "correct_label": as_cells(
                [NOT_KNOWN if c is None else str(c) for c in corrects]
            ),
            "position": rows,
            "rank": ranks,
            "is_drawn": np.where(is_drawn, "drawn", "no"),
            "stratum": strata,
            "stratum_size": sizes[strata],
            "n_samples": np.full(len(places), self.n_samples),
        }
        if self.random_state is not None:
            columns["random_state"] = np.full(len(places), self.random_state)
        columns = content_columns(X, rows, self.n_samples, columns) | columns
        index = self.index[places]
        if set(getattr(index, "names", [])) & columns.keys():  # or a file mixes them up
            index = index.set_names([f"index {i}" for i in range(index.nlevels)])
        # Names, too, may be text that a spreadsheet would take for formulas.
        if getattr(index, "nlevels", 1) > 1:
            index = index.set_levels([as_cells(level) for level in index.levels])
        elif (cells := as_cells(index)) is not index:
            is_pandas = hasattr(index, "names")
            index = type(index)(cells, name=index.name) if is_pandas else cells
        return as_frame(columns, index)

    def _check_samples(self, X):
        """Raise if X names the samples in another order."""
        if hasattr(X, "iloc") and hasattr(self.index, "isin"):
            check_same_names("review", self.index, "X", X.index)

    def save_html(
        self, path, rows=None, *, X=None, image_shape=None, title="Label review"
    ):
        """Write a page to click through the labels, that needs no server.

        One sample is shown at a time, with its given label; keys or buttons say
        whether it is right, wrong or unsure, and what the correct label is. The browser
        keeps the answers, and saves them as a sheet for :meth:`from_frame`.

        Parameters
        ----------
        path : str, path-like or file object
            Where to write the page, as UTF-8.

        rows : array-like of shape (n_rows,), default=None
            Positions of the labels, see :meth:`to_frame`.

        X : array-like of n_samples rows, default=None
            What the labels belong to, to be shown: texts, a table, or images of shape
            (n_samples, height, width) or (n_samples, height, width, 3).

        image_shape : tuple of int, default=None
            The shape of an image, where `X` has a row of numbers for each.

        title : str, default="Label review"
            The title of the page.

        Raises
        ------
        ValueError
            If `X` has another number of rows than there are labels, or `rows` are no
            positions.
        ImportError
            If `X` holds images and Pillow is not installed.
        """
        self._check_samples(X)
        rows = self._rows_to_show(rows)
        places = self._places_of(rows)
        sheet = self.to_frame(rows)
        labels = {
            f"{name}_label": list(map(str, as_list(take(column, places))))
            for name, column in (
                ("given", self.labels),
                ("predicted", self.predicted_labels),
            )
            if column is not None
        }
        content = [None] * len(rows)
        if X is not None:
            kind_of(X, self.n_samples, image_shape)
            content = show(X, rows, image_shape)
        answers = [
            (
                ANSWER_NAMES.get(self._answers.code_of(row)),
                self._answers.correct_of(row),
            )
            for row in rows.tolist()
        ]
        page = review_page(
            {**{name: sheet[name] for name in sheet if name in KEPT_COLUMNS}, **labels},
            as_list(self.index[places]),
            sorted(
                map(str, self._reader.classes),
                key=lambda name: (len(name) if name.isdecimal() else 0, name),
            ),
            [(answer, None if c is None else str(c)) for answer, c in answers],
            content,
            str(title),
            self._identity(),
        )
        write_text(path, page)

    def _identity(self):
        """Return what tells this review from others."""
        ranks = self._sheet_ranks if self._ranks is None else self._ranks
        labels = [] if self.labels is None else as_list(take(self.labels, slice(1000)))
        digest = hashlib.sha256(np.ascontiguousarray(ranks).tobytes())
        digest.update(str([self.n_samples, self.random_state, labels]).encode())
        return digest.hexdigest()

    def _rows_to_show(self, rows):
        """Return positions to show: those asked for, or all drawn or answered ones."""
        if rows is None:
            answered = self._answers.positions()
            answered = answered[~self._is_known[answered]]
            rows = np.concatenate(
                [self._rows, answered[~np.isin(answered, self._rows)]]
            )
            if len(rows) == 0:
                self._check_strata()
            return rows
        rows = np.atleast_1d(as_numbers(rows, "rows", "pass positions of labels"))
        rows = rows.astype(np.intp) if rows.size == 0 else rows
        if rows.dtype.kind not in "iu" or (self._places_of(rows) < 0).any():
            raise ValueError(
                f"rows must be positions from 0 to {self.n_samples - 1}, but has "
                f"{brief(rows.tolist())}; pass what draw or worst returned."
            )
        return rows.astype(np.intp)

    def _ranks_of(self, rows):
        if self._ranks is not None:
            return self._ranks[rows]
        return self._sheet_ranks[self._places_of(rows)]

    @classmethod
    def from_frame(cls, frame, scores=None, **kwargs):
        """Read a review back from its sheet.

        The sheet is enough for the error rate. To draw more labels, the scores are
        needed; :meth:`LabelAudit.review` passes all that an audit knows.

        Parameters
        ----------
        frame : pandas.DataFrame or dict of array-like
            The sheet of :meth:`to_frame`, filled in, after a file or not, in any order.
            An `is_wrong` that is empty or ``"todo"`` is a label that nobody has looked
            at. A `correct_label` may have lost leading zeros, or be in capitals. Do not
            delete drawn rows because of what was found there: that would bias the error
            rate.

        scores : array-like of shape (n_samples,), default=None
            The scores that the sheet was drawn by.

        **kwargs : dict
            The other parameters of :class:`LabelReview`, if there are scores.

        Returns
        -------
        review : LabelReview
            The review, with the answers of the sheet.

        Raises
        ------
        ValueError
            If a column or a whole stratum is missing, an answer is none, columns
            contradict each other, or the sheet was not drawn from these scores with
            this `random_state`.
        """
        sheet = read_sheet(frame)
        if scores is None and kwargs:
            raise TypeError(
                f"from_frame takes {sorted(kwargs)} together with scores alone, but "
                "scores is None; pass the scores that the sheet was drawn by."
            )
        if scores is not None and kwargs.get("random_state") is None:
            kwargs["random_state"] = sheet.random_state
        review = cls.__new__(cls) if scores is None else cls(scores, **kwargs)
        if scores is None:
            review._know_from(sheet)
        review.stratum_sizes = sheet.stratum_sizes
        review._rows = sheet.position[sheet.is_drawn]
        review._rows_ranks = sheet.rank[sheet.is_drawn]
        if scores is not None:
            review._check_sheet(sheet)
        review._check_given_labels(sheet)
        review._record(sheet.position, sheet.is_wrong, sheet.correct_label, UNANSWERED)
        return review

    def _know_from(self, sheet):
        """Take from a sheet what is known without the scores."""
        self.n_samples = sheet.n_samples
        self._sheet_rows, self._sheet_ranks = sheet.position, sheet.rank
        self._answers = Answers()
        self._is_known = np.zeros(self.n_samples, dtype=bool)
        self.top_k = self._ranks = None
        self.random_state = sheet.random_state
        self.labels, self.predicted_labels = sheet.given_label, sheet.predicted_label
        self.index = sheet.index

    def _check_sheet(self, sheet):
        """Raise if a sheet was not drawn from these scores with this random state.

        Where nothing was drawn, the scores play no part.
        """
        is_ours = sheet.n_samples == self.n_samples
        missing = np.empty(0)
        if is_ours and len(self._rows):
            is_ours = np.array_equal(self._ranks[sheet.position], sheet.rank)
            n_drawn = self._count_by_stratum(self._rows_ranks)
            drawn, _ = self._rows_of_strata(np.zeros_like(n_drawn), n_drawn)
            missing = np.setdiff1d(drawn, self._rows)
        if is_ours and not len(missing):
            return
        if is_ours:
            raise ValueError(
                "frame must hold all labels that are drawn with this random_state, but "
                f"position {missing[0]} is missing; keep all its rows, answered or "
                "not, and pass the random_state that it was drawn with."
            )
        raise ValueError(
            "frame must be drawn from these scores with this random_state, but it has "
            f"{sheet.n_samples} samples and other ranks; go on with the audit that "
            "drew it, kept by joblib.dump, or read its answers into a new review by "
            "audit.review().merge(LabelReview.from_frame(frame))."
        )

    def _check_given_labels(self, sheet):
        """Raise if a sheet was made for other labels, or if they were written over."""
        if self._ranks is None or self.labels is None or sheet.given_label is None:
            return
        ours = as_list(take(self.labels, sheet.position))
        names = as_list(self.index[sheet.position])
        theirs = as_list(sheet.given_label)
        for name, our, their in zip(names, ours, theirs, strict=True):
            if not is_written_like(their, our):
                if is_empty(their):
                    raise ValueError(
                        "given_label of frame must not be empty, but that of sample "
                        f"{brief(name)} is, where it was {brief(our)}; read the file "
                        "with keep_default_na=False."
                    )
                raise ValueError(
                    "given_label of frame must be the labels of the review, but that "
                    f"of sample {brief(name)} is {brief(their)}, not {brief(our)}; "
                    "write corrections into correct_label."
                )

    # -- plot --------------------------------------------------------------------------

    @validate_options(**INTERVAL_PARAMETERS)
    def plot(self, *, confidence_level=0.95, interval="mid-p", ax=None) -> AuditDisplay:
        """Plot what was found along the ranking.

        The curve shows the estimated share of wrong labels among the most suspicious
        ones, from few to all, with its interval; the marks below are the labels that
        were looked at.

        Parameters
        ----------
        confidence_level : float, default=0.95
            How often intervals of this kind contain the truth.

        interval : {"mid-p", "exact"}, default="mid-p"
            See :meth:`error_rate`.

        ax : matplotlib Axes, default=None
            Where to plot; None makes a new figure.

        Returns
        -------
        display : AuditDisplay
            What was drawn: `ax_` and `figure_`.

        Raises
        ------
        ValueError
            If nothing is recorded.
        ImportError
            If matplotlib is not installed.
        """
        ends = np.cumsum(self._check_drawn())
        answers = self._drawn_answers()
        is_counted = ~np.isin(self._rows, self._known_rows())
        answered = self._rows_ranks[(answers != UNANSWERED) & is_counted]
        ends = ends[ends >= answered.min(initial=self.n_samples)]
        rates = [self._estimate_up_to(k, confidence_level, interval) for k in ends]
        return draw_review(
            ends,
            rates,
            [
                (name, self._rows_ranks[answers == answer])
                for name, answer in [
                    ("wrong", WRONG),
                    ("unsure", UNSURE),
                    ("right", RIGHT),
                ]
            ],
            ax,
        )

    # -- checks ------------------------------------------------------------------------

    def _check_count(self, value, name):
        return check_count(value, 1, self.n_samples, name, "the number of labels")

    def _check_scores_known(self, what):
        if self._ranks is None:
            raise ValueError(
                f"{what} needs the scores of all labels, but this review was read from "
                "a sheet alone; pass scores to LabelReview.from_frame."
            )

    def _check_strata(self):
        if self.stratum_sizes is None:
            raise ValueError(
                "A review begins with the labels to look at, but none are drawn yet; "
                "call draw(n)."
            )
        return self.stratum_sizes

    def _check_drawn(self):
        """Return the sizes of the strata, or say what an error rate needs."""
        if self.stratum_sizes is None and len(self._answers):
            raise ValueError(
                "An error rate needs answers about all labels that were drawn, but the "
                f"{len(self._answers)} answers are about others or a part of them; "
                "call draw(n) and record what you find there, or merge this review "
                "into the one that drew them."
            )
        return self._check_strata()

    def _check_subset(self, subset):
        self._check_scores_known("subset")
        if hasattr(subset, "iloc") and hasattr(self.index, "isin"):
            check_same_names("review", self.index, "subset", subset.index)
        subset = check_labels(subset, name="subset")
        if subset.dtype != bool or len(subset) != self.n_samples:
            raise ValueError(
                f"subset must be {self.n_samples} booleans, one for each label, but "
                f"has dtype {subset.dtype} and length {len(subset)}; pass a mask."
            )
        if not subset.any():
            raise ValueError(
                "subset must hold at least one label, but is False for all; pass True "
                "for the labels to estimate the error rate of."
            )
        return subset


def _warn_if_few(result):
    if 0 < result.n_reviewed < FEWEST_REVIEWS:
        warnings.warn(
            f"Only {result.n_reviewed} labels are reviewed: an interval from fewer "
            f"than {FEWEST_REVIEWS} is a rough guess.",
            UserWarning,
            stacklevel=4,  # past the public method and its check of parameters
        )


def _check_scores(scores):
    """Return scores as an array of numbers without NaN."""
    scores = as_numbers(scores, "scores", "pass label quality scores")
    if scores.ndim != 1 or len(scores) == 0:
        raise ValueError(
            "scores must be one number for each label, but has shape "
            f"{scores.shape} and dtype {scores.dtype}; pass label quality scores."
        )
    is_nan = np.isnan(scores)
    if is_nan.any():
        raise ValueError(
            f"scores must not contain NaN, but {is_nan.sum()} of {len(scores)} are, "
            f"the first at position {is_nan.argmax()}; drop these labels or score them."
        )
    return scores


def _check_column(column, name, n_samples):
    """Return a column of labels to show, or None."""
    if column is None:
        return None
    if not hasattr(column, "iloc"):
        try:
            column = np.asarray(column)
        except ValueError:
            raise ValueError(
                f"{name} must have one label for each score, but its entries differ in "
                "length; pass strings or numbers."
            ) from None
    if column.ndim != 1 or len(column) != n_samples:
        raise ValueError(
            f"{name} must have one entry for each of the {n_samples} scores, but has "
            f"shape {column.shape}; pass those of the same samples."
        )
    return column
