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

import warnings
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
from sklabelquality._errors import brief, check_count
from sklabelquality._frames import as_frame, as_index, take
from sklabelquality._labels import check_labels
from sklabelquality._plots import AuditDisplay, draw_review
from sklabelquality._probabilities import as_numbers
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


RIGHT, WRONG, UNSURE, UNANSWERED = range(4)
# What stands where an answer is to be filled in: pandas would read an empty column of a
# file as numbers, and refuse words in it.
TO_DO = "todo"
WORDS = {
    RIGHT: {"right", "correct", "ok", "false", "no", "n", "0", "0.0"},
    WRONG: {"wrong", "true", "yes", "y", "1", "1.0"},
    UNSURE: {"unsure", "unknown", "?"},
}


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
      labels are reviewed, the ``"mid-p"`` interval can fall to a coverage of about .9
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
        self._answers = np.empty(0, dtype=np.int8)
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
        answers = np.full(len(rows), UNANSWERED, dtype=np.int8)
        self._answers = np.concatenate([self._answers, answers])

    def record(self, rows, is_wrong):
        """Record what a person found.

        Parameters
        ----------
        rows : array-like of shape (n_rows,)
            Positions that :meth:`draw` returned. An earlier answer is replaced.

        is_wrong : array-like of shape (n_rows,)
            One answer per row, in the order of `rows`: True where the label is wrong,
            False where it is right, and None, NaN or "unsure" where the person looked
            and cannot tell. For a sheet, in which an empty cell means that nobody has
            looked, use :meth:`from_frame`.

        Returns
        -------
        self : LabelReview
            The review.

        Raises
        ------
        ValueError
            If a row was not drawn, or an answer is something else.
        """
        given_rows = rows
        rows = np.atleast_1d(as_numbers(rows, "rows", "pass what draw returned"))
        rows = rows.astype(np.intp) if rows.size == 0 else rows
        if rows.ndim != 1 or rows.dtype.kind not in "iu":
            raise TypeError(
                "rows must be positions that draw returned, but has dtype "
                f"{rows.dtype} and shape {rows.shape}; pass whole numbers."
            )
        check_same_order(rows=given_rows, is_wrong=is_wrong)
        if hasattr(is_wrong, "iloc") and hasattr(self.index, "isin"):
            is_known = (rows >= 0) & (rows < len(self.index))
            if is_known.all():
                names = self.index[rows]
                wanted = "review.index[rows]"
                check_same_names("rows", names, "is_wrong", is_wrong.index, wanted)
        if hasattr(is_wrong, "iloc"):  # its names may be positions too
            names = type(is_wrong)(rows, index=rows).index
            check_same_names("rows", names, "is_wrong", is_wrong.index, "rows")
        answers = [_as_answer(answer, UNSURE) for answer in _as_list(is_wrong)]
        if len(rows) != len(answers):
            raise ValueError(
                "rows and is_wrong must have the same length, but have "
                f"{len(rows)} and {len(answers)}; pass one answer per row."
            )
        distinct, n_times = np.unique(rows, return_counts=True)
        if len(distinct) < len(rows):
            raise ValueError(
                f"rows must be distinct, but {distinct[n_times.argmax()]} is there "
                "more than once; pass one answer per label."
            )
        place_of = {row: place for place, row in enumerate(self._rows.tolist())}
        for row in rows.tolist():
            if row not in place_of:
                raise ValueError(
                    f"rows must be positions that draw returned, but {row!r} is not; "
                    "record those alone, since labels of your own choice would bias "
                    "the error rate."
                )
        self._answers[[place_of[row] for row in rows.tolist()]] = answers
        return self

    @property
    def n_drawn(self):  # numpydoc ignore=RT01
        """Number of labels that were drawn."""
        return len(self._rows)

    @property
    def n_reviewed(self):  # numpydoc ignore=RT01
        """Number of labels with an answer, be it "unsure"."""
        return int(np.count_nonzero(self._answers != UNANSWERED))

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
        sizes = self._check_strata()
        chosen = slice(None)
        if subset is not None:
            subset = self._check_subset(subset)
            strata = self._stratum_of(self._ranks[subset])
            sizes = np.bincount(strata, minlength=len(self.stratum_sizes))
            chosen = subset[self._rows]
        result = self._estimate(sizes, chosen, confidence_level, interval)
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
        ends = np.cumsum(self._check_strata())
        sizes = np.diff(np.minimum(ends, k), prepend=0)
        return self._estimate(sizes, self._rows_ranks <= k, confidence_level, interval)

    def _estimate(self, sizes, chosen, confidence_level, interval):
        """Estimate the share of wrong labels among those chosen of the drawn ones."""
        answers = self._answers[chosen]
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
            sizes,
            z,
            INTERVALS[interval],
        )
        return ErrorRate(
            float(rates.mean()), float(lows.min()), float(highs.max()), int(n_reviewed)
        )

    def _stratum_of(self, ranks):
        """Return the stratum of each rank."""
        return np.searchsorted(np.cumsum(self._check_strata()), ranks)

    # -- sheet -------------------------------------------------------------------------

    def to_frame(self):
        """Return a sheet of the drawn labels, to be filled in by hand.

        Returns
        -------
        frame : pandas.DataFrame or dict of ndarrays
            A row for each drawn label in the order of drawing, under the user's index
            (without pandas a dict with the same columns and, before them,
            ``"index"``). The columns:

            - ``"given_label"`` and ``"predicted_label"``, if they are known;
            - ``"is_wrong"``: ``"todo"``, to be replaced by yes, wrong, true or 1 if the
              label is wrong, no, right, correct, ok, false or 0 if it is right, unsure,
              unknown or ? if nobody can tell; what is recorded already is there;
            - ``"position"`` and ``"rank"`` of the label among all, 1 for the most
              suspicious one;
            - ``"stratum"``, ``"stratum_size"``, ``"n_samples"`` and
              ``"random_state"``: what :meth:`from_frame` needs to estimate the error
              rate and to go on drawing.
        """
        strata = self._stratum_of(self._rows_ranks)
        places = self._rows if self._ranks is not None else np.arange(len(self._rows))
        columns = {
            name: take(column, places)
            for name, column in [
                ("given_label", self.labels),
                ("predicted_label", self.predicted_labels),
            ]
            if column is not None
        }
        answers = np.array([False, True, "unsure", TO_DO], dtype=object)
        columns |= {
            "is_wrong": answers[self._answers],
            "position": self._rows,
            "rank": self._rows_ranks,
            "stratum": strata,
            "stratum_size": self.stratum_sizes[strata],
            "n_samples": np.full(len(places), self.n_samples),
        }
        if self.random_state is not None:
            columns["random_state"] = np.full(len(places), self.random_state)
        index = self.index[places]
        if set(getattr(index, "names", [])) & columns.keys():  # or a file mixes them up
            index = index.set_names([f"index {i}" for i in range(index.nlevels)])
        return as_frame(columns, index)

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
            at. Do not delete rows because of what was found there: that would bias the
            error rate.

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
        if not hasattr(frame, "keys") and not hasattr(frame, "columns"):
            raise TypeError(
                "frame must be a data frame or a dict of columns, but is "
                f"{brief(frame)}; pass what to_frame gave, filled in."
            )
        missing = [name for name in SHEET_COLUMNS if name not in frame]
        if missing:
            raise ValueError(
                f"frame must have the columns of to_frame, but {missing} are missing; "
                "fill in is_wrong and leave the others as they are."
            )
        if len(frame["is_wrong"]) == 0:
            raise ValueError(
                "frame must have a row for each drawn label, but is empty; pass what "
                "to_frame gave after draw."
            )
        numbers = {name: _as_integers(frame, name) for name in SHEET_COLUMNS[1:]}
        lengths = {len(column) for column in numbers.values()}
        if lengths != {len(_as_list(frame["is_wrong"]))}:
            raise ValueError(
                "frame must have an entry for each row in all columns, but their "
                f"lengths differ: is_wrong has {len(_as_list(frame['is_wrong']))}, the "
                f"others {sorted(lengths)}; keep whole rows."
            )
        positions, n_times = np.unique(numbers["position"], return_counts=True)
        if n_times.max() > 1:
            raise ValueError(
                "frame must have each label once, but has position "
                f"{positions[n_times.argmax()]} more than once; drop the other rows."
            )
        answers = [_as_answer(a, UNANSWERED) for a in _as_list(frame["is_wrong"])]
        sizes = _sizes_of_strata(numbers)
        if scores is None and kwargs:
            raise TypeError(
                f"from_frame takes {sorted(kwargs)} together with scores alone, but "
                "scores is None; pass the scores that the sheet was drawn by."
            )
        if scores is not None and kwargs.get("random_state") is None:
            kwargs["random_state"] = _seed_of(frame)
        if scores is None:
            review = cls.__new__(cls)
            review._read_sheet_alone(frame, int(numbers["n_samples"][0]))
        else:
            review = cls(scores, **kwargs)
        review.stratum_sizes = sizes
        review._rows = numbers["position"]
        review._rows_ranks = numbers["rank"]
        review._answers = np.array(answers, dtype=np.int8)
        if scores is not None:
            review._check_sheet(numbers)
        return review

    def _read_sheet_alone(self, frame, n_samples):
        """Take from a sheet what is known without the scores."""
        self.n_samples = n_samples
        self.top_k = None
        self.labels = self.predicted_labels = self._ranks = None
        self.random_state = _seed_of(frame)
        if "given_label" in frame:
            self.labels = np.asarray(frame["given_label"])
        if "predicted_label" in frame:
            self.predicted_labels = np.asarray(frame["predicted_label"])
        index = None
        if hasattr(frame, "iloc"):
            index = frame.index
        elif "index" in frame:
            index = np.asarray(frame["index"])
        self.index = as_index(index, len(frame["is_wrong"]))

    def _check_sheet(self, numbers):
        """Raise if a sheet was not drawn from these scores with this random state."""
        rows, ranks = numbers["position"], numbers["rank"]
        is_ours = numbers["n_samples"][0] == self.n_samples and np.array_equal(
            self._ranks[rows], ranks
        )
        if is_ours:
            n_drawn = self._count_by_stratum(ranks)
            drawn, _ = self._rows_of_strata(np.zeros_like(n_drawn), n_drawn)
            is_ours = np.array_equal(np.sort(rows), np.sort(drawn))
        if not is_ours:
            raise ValueError(
                "frame must hold all labels that are drawn from these scores with this "
                "random_state, but holds others; pass the scores and the random_state "
                "that it was drawn with and keep all its rows, or read it without "
                "scores by LabelReview.from_frame(frame)."
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
        ends = np.cumsum(self._check_strata())
        answered = self._rows_ranks[self._answers != UNANSWERED]
        ends = ends[ends >= answered.min(initial=self.n_samples)]
        rates = [self._estimate_up_to(k, confidence_level, interval) for k in ends]
        return draw_review(
            ends,
            rates,
            [
                (name, self._rows_ranks[self._answers == answer])
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


def _seed_of(frame):
    """Return the seed that a sheet holds, None if it holds none."""
    if "random_state" not in frame or len(frame["random_state"]) == 0:
        return None
    seeds = np.unique(_as_integers(frame, "random_state"))
    if len(seeds) > 1:
        raise ValueError(
            f"frame must have one random_state, but has {seeds[0]} and {seeds[1]}; "
            "read the sheets of two reviews one by one."
        )
    return int(seeds[0])


# What a sheet must have to be read back; labels are for the eyes alone.
SHEET_COLUMNS = ["is_wrong", "position", "rank", "stratum", "stratum_size", "n_samples"]


def _warn_if_few(result):
    if result.n_reviewed < FEWEST_REVIEWS:
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


def _as_list(answers):
    """Return answers as a list; pandas gives its missing values as they are."""
    if isinstance(answers, np.ndarray):
        return np.atleast_1d(answers).tolist()
    if isinstance(answers, str) or not hasattr(answers, "__len__"):
        return [answers]
    return answers.tolist() if hasattr(answers, "tolist") else list(answers)


def _as_answer(value, missing):
    """Return the code of an answer; `missing` is that of None, NaN and empty cells."""
    text = str(value).strip().lower()
    if text == TO_DO:
        return UNANSWERED
    if text in ("", "none", "nan", "nat", "<na>"):
        return missing
    for answer, words in WORDS.items():
        if text in words:
            return answer
    raise ValueError(
        "is_wrong must be yes or no, True or False, unsure or empty, but has "
        f"{brief(value)}; replace it by one of these."
    )


def _as_integers(frame, name):
    """Return a column of a sheet as whole numbers, whatever a file made of them."""
    values = [_as_float(value) for value in _as_list(frame[name])]
    for row, value in enumerate(values):
        if not 0 <= value < 2**53 or value != np.rint(value):
            raise ValueError(
                f"frame must have whole numbers in column {name!r}, as to_frame gave "
                f"them, but has {brief(_as_list(frame[name])[row])} in row {row}; "
                "leave all but is_wrong as it was, and drop rows that were added."
            )
    return np.array(values).astype(np.intp)


def _as_float(value):
    try:
        return float(value)
    except (TypeError, ValueError):
        return np.nan


def _sizes_of_strata(numbers):
    """Return the sizes of the strata that a sheet tells, or say what is wrong."""
    strata, first, stratum = np.unique(
        numbers["stratum"], return_index=True, return_inverse=True
    )
    sizes = numbers["stratum_size"][first]
    n_samples = numbers["n_samples"][0]
    for name, expected in [("n_samples", n_samples), ("stratum_size", sizes[stratum])]:
        off = numbers[name] != expected
        if off.any():
            row = int(off.argmax())
            raise ValueError(
                f"frame must have the {name} of to_frame, but has "
                f"{numbers[name][row]} in row {row} and another number in a row of "
                "the same kind; leave all but is_wrong as it was."
            )
    if sizes.sum() != n_samples:
        raise ValueError(
            f"frame must have labels of all strata, but has {sizes.sum()} of "
            f"{n_samples} labels in its {len(strata)} strata; keep all rows and leave "
            "is_wrong empty where nobody has looked."
        )
    of_rank = np.searchsorted(np.cumsum(sizes), numbers["rank"])
    ranks, n_times = np.unique(numbers["rank"], return_counts=True)
    off = (of_rank != numbers["stratum"]) | (numbers["position"] >= n_samples)
    off |= (numbers["rank"] < 1) | np.isin(numbers["rank"], ranks[n_times > 1])
    if off.any():
        row = int(off.argmax())
        raise ValueError(
            "frame must have the numbers of to_frame, but in row "
            f"{row} position {numbers['position'][row]}, rank {numbers['rank'][row]} "
            f"and stratum {numbers['stratum'][row]} do not fit together; sort whole "
            "rows and leave all but is_wrong as it was."
        )
    return sizes
