# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""How many labels are wrong, from a few that a person looked at."""

import io
import sys
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import brentq
from scipy.stats import beta, binom, norm

from sklabelquality import LabelAudit, LabelReview
from sklabelquality._strata import (
    allocate,
    plan_strata,
    rank_of_share,
    share_of_review,
    stratified_interval,
)

Z = norm.isf(0.025)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


# -- naive references ------------------------------------------------------------------


def naive_distance_down(x, m, sizes, z, c):
    """The distance of the class docstring for one set of counts, by root finding."""
    W = sizes / sizes.sum()
    f = m / sizes

    def excess(log_t):
        """How much further the walk is than the spread there explains."""
        distance = V = vu = vus = 0
        for h in range(len(x)):
            p0, t = x[h] / m[h], np.exp(log_t) * W[h]
            p = p0
            if f[h] < 1:
                effective = m[h] / (1 - f[h])
                root = (effective - t) ** 2 + 4 * t * effective * (1 - p0)
                p = min(2 * effective * p0 / (effective + t + np.sqrt(root)), 1)
            v = W[h] ** 2 * p * (1 - p) * (1 - f[h]) / max(m[h] - 1, 1)
            u = W[h] / m[h]
            V, vu = V + v, vu + v * u
            vus += v * u * (1 - 2 * f[h]) * (1 - 2 * p)
            distance += W[h] * (p0 - p)
        if V == 0:
            return distance, distance
        U, S = vu / V, vus / V
        reach = z * np.sqrt(V) + c * U + (z**2 - 1) / 6 * S
        return distance, distance - max(reach, U / 2)

    steps = np.linspace(-12, 40, 2000)
    signs = [excess(step)[1] for step in steps]
    first = next((i for i, sign in enumerate(signs) if sign > 0), None)
    if first is None:
        return excess(steps[-1])[0]
    ends = steps[first - 1], steps[first]
    return excess(brentq(lambda step: excess(step)[1], *ends, xtol=1e-13))[0]


def mid_p_interval(x, m):
    def tail(p):
        return binom.sf(x, m, p) + binom.pmf(x, m, p) / 2 - 0.025

    def other_tail(p):
        return binom.cdf(x - 1, m, p) + binom.pmf(x, m, p) / 2 - 0.025

    low = 0 if x == 0 else brentq(tail, 1e-12, 1 - 1e-12)
    high = 1 if x == m else brentq(other_tail, 1e-12, 1 - 1e-12)
    return low, high


def clopper_pearson_interval(x, m):
    low = beta.ppf(0.025, x, m - x + 1) if x else 0
    return low, beta.ppf(0.975, x + 1, m - x) if x < m else 1


def random_counts(rng, n_strata, fewest=2):
    sizes = rng.integers(20, 500, size=n_strata)
    m = rng.integers(fewest, 20, size=n_strata)
    x = rng.binomial(m, rng.beta(0.5, 1.5, size=n_strata))
    return x, m, sizes


def noisy_labels(n_samples=1000, rate=0.1, seed=0):
    """Scores that know something about which labels are wrong."""
    rng = np.random.default_rng(seed)
    is_wrong = rng.permutation(n_samples) < rate * n_samples
    return np.where(is_wrong, 0.5, 1) * rng.random(n_samples), is_wrong


# -- the interval ----------------------------------------------------------------------


@pytest.mark.parametrize("correction", [0, 0.5])
def test_interval_equals_its_naive_loop(correction, global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    for _ in range(5):
        x, m, sizes = random_counts(rng, n_strata=4)
        sizes[:2] = np.ceil(m[:2] / rng.uniform(0.5, 0.95, size=2))  # nearly a census
        sizes[2] = m[2]
        rate, low, high = stratified_interval(x, m, sizes, Z, correction)
        W = sizes / sizes.sum()
        assert_allclose(rate, (W * x / m).sum())
        down = naive_distance_down(x, m, sizes, Z, correction)
        assert_allclose(low, max(rate - down, x.sum() / sizes.sum()), atol=1e-7)
        up = naive_distance_down(m - x, m, sizes, Z, correction)
        highest = 1 - (m - x).sum() / sizes.sum()
        assert_allclose(high, min(rate + up, highest), atol=1e-7)


@pytest.mark.parametrize("m", [20, 50, 300])
@pytest.mark.parametrize("share", [0, 0.02, 0.1, 0.5, 0.95, 1])
def test_one_stratum_is_close_to_the_intervals_of_the_books(m, share):
    x = round(share * m)
    _, *mid_p = stratified_interval([x], [m], [10**8], Z)
    assert_allclose(mid_p, mid_p_interval(x, m), atol=0.2 / m)
    _, *exact = stratified_interval([x], [m], [10**8], Z, 0.5)
    assert_allclose(exact, clopper_pearson_interval(x, m), atol=0.4 / m)
    # The exact one is wider, as its name promises.
    assert exact[0] <= mid_p[0]
    assert exact[1] >= mid_p[1]


def test_mirror_symmetry(global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    for _ in range(20):
        x, m, sizes = random_counts(rng, n_strata=rng.integers(1, 8))
        rate, low, high = stratified_interval(x, m, sizes, Z)
        mirrored = stratified_interval(m - x, m, sizes, Z)
        assert_allclose(mirrored, [1 - rate, 1 - high, 1 - low], atol=1e-9)


@pytest.mark.parametrize("correction", [0, 0.5])
def test_one_more_error_does_not_lower_a_bound(correction, global_random_seed):
    # A stratum of fewer than seven reviews can lower one a little; none is planned so.
    rng = np.random.default_rng(global_random_seed)
    for _ in range(20):
        x, m, sizes = random_counts(rng, rng.integers(1, 6), fewest=7)
        before = stratified_interval(x, m, sizes, Z, correction)
        for stratum in np.flatnonzero(x < m):
            more = x.copy()
            more[stratum] += 1
            after = stratified_interval(more, m, sizes, Z, correction)
            assert np.all(np.array(after) >= np.array(before) - 1e-9)


def test_estimate_lies_in_its_interval(global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    for _ in range(50):
        x, m, sizes = random_counts(rng, n_strata=rng.integers(1, 8))
        rate, low, high = stratified_interval(x, m, sizes, Z)
        assert 0 <= low <= rate <= high <= 1
        assert low >= x.sum() / sizes.sum()
        assert high <= 1 - (m - x).sum() / sizes.sum()


def test_census_has_no_width():
    x, sizes = np.array([3, 0, 5]), np.array([10, 7, 5])
    rate, low, high = stratified_interval(x, sizes, sizes, Z)
    assert_allclose([rate, low, high], 8 / 22, rtol=1e-12)


def test_stratum_without_a_review_may_have_any_share():
    rate, low, high = stratified_interval([0, 0], [0, 0], [5, 15], Z)
    assert (rate, low, high) == (0.5, 0, 1)
    rate, low, high = stratified_interval([5, 0], [10, 0], [10, 30], Z)
    assert_allclose([rate, low, high], [0.5, 0.125, 0.125 + 0.75])


def test_batches_of_counts_are_treated_one_by_one(global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    counts = [random_counts(rng, 5) for _ in range(6)]
    together = stratified_interval(*map(np.array, zip(*counts, strict=True)), Z)
    one_by_one = [stratified_interval(*each, Z) for each in counts]
    assert_allclose(np.transpose(together), one_by_one, atol=1e-12)


@pytest.mark.parametrize("order", ["useful", "useless", "reversed"])
@pytest.mark.parametrize(("rate", "n"), [(0.03, 100), (0.3, 50)])
def test_coverage(order, rate, n, global_random_seed):
    # 600 reviews: the standard error of a coverage of .95 is .009.
    rng = np.random.default_rng(global_random_seed)
    scores, is_wrong = noisy_labels(3000, rate, seed=global_random_seed)
    ranking = {
        "useful": np.argsort(scores),
        "useless": rng.permutation(3000),
        "reversed": np.argsort(-scores),
    }[order]
    is_wrong = is_wrong[ranking]
    sizes = plan_strata(3000, n)
    n_wrong = np.diff(np.cumsum(is_wrong)[np.cumsum(sizes) - 1], prepend=0)
    m = np.array([allocate(n, sizes, rng.permutation(len(sizes))) for _ in range(600)])
    x = rng.hypergeometric(n_wrong, sizes - n_wrong, m)
    estimate, low, high = stratified_interval(x, m, sizes, Z)
    assert_allclose(estimate.mean(), rate, atol=4 * estimate.std() / np.sqrt(600))
    coverage = np.mean((low <= rate) & (rate <= high))
    assert coverage > 0.91
    # An interval that is too wide is no better: this one is near to its level.
    if rate == 0.3:
        assert coverage < 0.985


# -- the plan --------------------------------------------------------------------------


def test_share_of_the_review_and_its_inverse():
    assert_allclose(share_of_review(np.array([0, 1])), [0, 1])
    assert_allclose(share_of_review(0.01), (2 * 0.01 + 0.1) / 3)
    shares = np.linspace(0, 1, 21)
    assert_allclose(share_of_review(rank_of_share(shares)), shares, atol=1e-12)


@pytest.mark.parametrize("n_samples", [1, 2, 10, 400, 50_000])
@pytest.mark.parametrize("n", [1, 6, 7, 14, 100, 139, 140, 5000])
def test_strata_cover_all_and_get_equal_numbers(n_samples, n):
    n = min(n, n_samples)
    sizes = plan_strata(n_samples, n)
    assert sizes.sum() == n_samples
    assert np.all(sizes > 0)
    assert len(sizes) <= min(20, max(1, n // 7))
    counts = allocate(n, sizes, np.arange(len(sizes)))
    assert counts.sum() == n
    assert np.all(counts <= sizes)
    not_full = counts < sizes
    assert np.ptp(counts[not_full]) <= 1 if not_full.any() else n == n_samples
    if n_samples == 50_000 and n >= 140:
        assert len(sizes) == 20
        assert sizes[0] < sizes[-1] / 4


@pytest.mark.parametrize("top_k", [1, 10, 100, 3000, 9999, 10_000])
@pytest.mark.parametrize("n", [10, 50, 300])
def test_top_k_gets_strata_of_its_own_and_a_fifth_of_the_review(top_k, n):
    sizes = plan_strata(10_000, n, top_k)
    assert sizes.sum() == 10_000
    assert top_k in np.cumsum(sizes)
    counts = allocate(n, sizes, np.arange(len(sizes))[::-1])
    of_top = counts[np.cumsum(sizes) <= top_k].sum()
    assert of_top >= min(top_k, np.floor(0.2 * n))


def test_one_more_review_is_one_more_in_one_stratum(global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    sizes = rng.integers(1, 9, size=6)
    order = rng.permutation(6)
    for n in range(sizes.sum()):
        more = allocate(n + 1, sizes, order) - allocate(n, sizes, order)
        assert sorted(more) == [0, 0, 0, 0, 0, 1]


# -- draw and record -------------------------------------------------------------------


@pytest.mark.parametrize("n_samples", [1, 2, 5, 30, 333])
def test_draw_gives_distinct_positions_for_every_n(n_samples):
    scores = np.round(np.linspace(0, 1, n_samples), 1)  # many ties
    for n in range(1, n_samples + 1):
        rows = LabelReview(scores, random_state=n).draw(n)
        assert rows.dtype == np.intp
        assert len(set(rows.tolist())) == n
        assert set(rows.tolist()) <= set(range(n_samples))


def test_draw_until_nothing_is_left():
    review = LabelReview(np.arange(50.0), random_state=0)
    rows = np.concatenate([review.draw(20), review.draw(7), review.draw(23)])
    assert sorted(rows.tolist()) == list(range(50))
    with pytest.raises(ValueError, match="draw needs labels that are left"):
        review.draw(1)


def test_more_draws_give_what_one_draw_gives(global_random_seed):
    scores, _ = noisy_labels(2000, seed=global_random_seed)
    at_once = LabelReview(scores, random_state=global_random_seed)
    step_by_step = LabelReview(scores, random_state=global_random_seed)
    steps = np.concatenate([step_by_step.draw(n) for n in (150, 1, 80)])
    assert set(steps.tolist()) == set(at_once.draw(231).tolist())


def test_draw_depends_on_the_random_state_alone():
    scores, _ = noisy_labels()
    rows = LabelReview(scores, random_state=3).draw(50)
    assert_array_equal(LabelReview(scores, random_state=3).draw(50), rows)
    assert_array_equal(LabelReview(100 * scores - 7, random_state=3).draw(50), rows)
    assert set(LabelReview(scores, random_state=4).draw(50).tolist()) != set(rows)


def test_draw_prefers_suspicious_labels_and_shows_them_in_random_order():
    n_first, n_last, first_places, first_of_all = 0, 0, [], []
    for seed in range(60):
        review = LabelReview(np.arange(1000.0), random_state=seed)
        rows = review.draw(100)
        n_first += np.sum(rows < 100)
        n_last += np.sum(rows >= 900)
        first_places.append(np.flatnonzero(rows < 100).mean())
        first_of_all.append(rows[0] < 500)
    # A(0.1) = 0.172 of the review in the first tenth, 1 - A(0.9) = 0.084 in the last.
    assert_allclose(n_first / 6000, 0.172, atol=0.02)
    assert_allclose(n_last / 6000, 0.084, atol=0.02)
    assert_allclose(np.mean(first_places), 49.5, atol=5)
    assert_allclose(np.mean(first_of_all), share_of_review(0.5), atol=0.2)


def test_whoever_stops_early_has_looked_at_all_strata_alike():
    scores, is_wrong = noisy_labels(2000)
    review = LabelReview(scores, random_state=0)
    rows = review.draw(140)
    sheet = review.to_frame()
    for n in (20, 40, 55, 139):
        counts = np.bincount(sheet["stratum"].iloc[:n], minlength=20)
        assert np.ptp(counts) <= 1
    review.record(rows[:40], is_wrong[rows[:40]])
    alone = LabelReview(scores, random_state=0)
    rows = alone.draw(40)
    alone.record(rows, is_wrong[rows])
    width = np.ptp(alone.error_rate()[1:3])
    assert np.ptp(review.error_rate()[1:3]) < 1.5 * width


def test_equal_scores_are_ranked_at_random():
    review = LabelReview(np.ones(500), random_state=0)
    rows = review.draw(500)
    ranks = review.to_frame().set_index("position")["rank"].sort_index()
    assert abs(np.corrcoef(ranks, np.arange(500))[0, 1]) < 0.2
    assert sorted(rows.tolist()) == list(range(500))


@pytest.mark.parametrize("n", [150, 159])
def test_top_k_gets_a_fifth_of_every_draw(n):
    for seed in range(20):
        review = LabelReview(np.arange(10_000.0), top_k=300, random_state=seed)
        assert np.sum(review.draw(n) < 300) >= n / 5


def test_strata_get_the_remainder_at_random():
    n_drawn = np.zeros(20)
    for seed in range(200):
        review = LabelReview(np.arange(2000.0), random_state=seed)
        review.draw(150)  # 7 of each of 20 strata, and one more of ten
        n_drawn += np.bincount(review.to_frame()["stratum"], minlength=20) - 7
    assert n_drawn.sum() == 2000
    assert_allclose(n_drawn / 200, 0.5, atol=0.2)


@pytest.mark.parametrize("place", ["scores", "labels", "predicted_labels"])
def test_index_comes_from_what_has_one(place):
    columns = {"scores": [0.1, 0.2, 0.3], "labels": list("xyz")}
    columns["predicted_labels"] = list("zyx")
    columns[place] = pd.Series(columns[place], index=list("abc"))
    review = LabelReview(columns.pop("scores"), **columns, random_state=0)
    rows = review.draw(3)
    assert review.to_frame().index.tolist() == [list("abc")[row] for row in rows]


def test_record_replaces_and_refuses():
    review = LabelReview(np.arange(100.0), random_state=0)
    rows = review.draw(30)
    assert review.record(rows, np.zeros(30, dtype=bool)) is review
    assert review.error_rate().rate == 0
    review.record(rows[:3], [True, 1, "yes"])
    assert review.n_reviewed == 30
    expected = LabelReview(np.arange(100.0), random_state=0)
    expected.draw(30)
    expected.record(rows, np.arange(30) < 3)
    assert review.error_rate() == expected.error_rate()
    review.record(rows[0], False)
    assert review.error_rate().rate < expected.error_rate().rate

    with pytest.raises(TypeError, match=r"rows must be positions .* has dtype bool"):
        review.record(np.ones(100, dtype=bool), np.ones(100, dtype=bool))
    with pytest.raises(ValueError, match=f"distinct, but {rows[0]} is there more"):
        review.record([rows[0], rows[0]], [True, False])
    with pytest.raises(
        ValueError, match=r"rows must be .* from 0 to 99, but 100 is not"
    ):
        review.record([rows[0], 100], [True, True])
    with pytest.raises(ValueError, match="same length, but have 2, 1 and 2"):
        review.record(rows[:2], [True])
    with pytest.raises(
        ValueError, match=r"is_wrong must be .* but is 'perhaps' for sample"
    ):
        review.record(rows[:1], ["perhaps"])
    with pytest.raises(ValueError, match=r"is_wrong must be .* but is 0\.5"):
        review.record(rows[:1], [0.5])


def test_bad_scores_are_refused():
    with pytest.raises(ValueError, match="but 1 of 3 are, the first at position 1"):
        LabelReview([0.1, np.nan, 0.3])
    for scores in ([], [[0.1, 0.2]]):
        with pytest.raises(ValueError, match="scores must be one number for each"):
            LabelReview(scores)
    for scores in (["1", "2"], np.array(["2020", "NaT"], "M8[D]"), [1j, 2]):
        with pytest.raises(TypeError, match="scores must be real numbers"):
            LabelReview(scores)
    with pytest.raises(ValueError, match="scores must not be masked, but 1 entries"):
        LabelReview(np.ma.array([0.1, 0.2], mask=[False, True]))
    with pytest.raises(ValueError, match="scores must be numbers in one array"):
        LabelReview([[1], [1, 2]])
    with pytest.raises(ValueError, match="index must be one-dimensional"):
        LabelReview([0.1, 0.2], index=[[1], [1, 2]])
    with pytest.raises(ValueError, match="labels must have one entry for each of"):
        LabelReview([0.1, 0.2], labels=["a"])
    with pytest.raises(ValueError, match="top_k must be a whole number from 1 to 2"):
        LabelReview([0.1, 0.2], top_k=3)


# -- estimate --------------------------------------------------------------------------


def reviewed(n=200, seed=0, **kwargs):
    scores, is_wrong = noisy_labels(seed=seed)
    review = LabelReview(scores, random_state=seed, **kwargs)
    rows = review.draw(n)
    return review.record(rows, is_wrong[rows]), rows, scores, is_wrong


def test_error_rate_is_that_of_the_strata():
    review, rows, scores, is_wrong = reviewed()
    ranks = np.argsort(np.argsort(scores))
    ends = np.cumsum(review.stratum_sizes)
    strata = np.array([np.sum(ends <= rank) for rank in ranks[rows]])
    m = np.bincount(strata)
    x = np.bincount(strata, weights=is_wrong[rows])
    expected = stratified_interval(x, m, review.stratum_sizes, Z)
    result = review.error_rate()
    assert_allclose(result[:3], expected)
    assert result.n_reviewed == 200
    assert result.low <= is_wrong.mean() <= result.high


def test_census_of_a_review_knows_the_truth():
    review, _, scores, is_wrong = reviewed(n=1000)
    assert_allclose(review.error_rate()[:3], 0.1, rtol=1e-12)
    top = is_wrong[np.argsort(scores)[:77]].mean()
    assert_allclose(review.precision_at(77)[:3], top, rtol=1e-12)
    of_even = np.arange(1000) % 2 == 0
    expected = is_wrong[of_even].mean()
    assert_allclose(review.error_rate(subset=of_even)[:3], expected, rtol=1e-12)


def test_wider_intervals():
    review, *_ = reviewed()
    usual = review.error_rate()
    for wider in (
        review.error_rate(confidence_level=0.99),
        review.error_rate(interval="exact"),
    ):
        assert wider.rate == usual.rate
        assert wider.low < usual.low
        assert wider.high > usual.high


def test_precision_at_k_is_the_error_rate_of_a_subset():
    review, _, scores, _ = reviewed(top_k=100)
    subset = np.argsort(np.argsort(scores)) < 100
    assert review.precision_at(100) == review.error_rate(subset=subset)
    assert review.precision_at(1000) == review.error_rate()
    assert review.precision_at(100).n_reviewed >= 40
    usual, *_ = reviewed()
    width = np.ptp(usual.precision_at(100)[1:3])
    assert np.ptp(review.precision_at(100)[1:3]) < width


def test_unsure_answers_are_covered_both_ways():
    review, rows, _, is_wrong = reviewed()
    answers = is_wrong[rows].astype(object)
    unsure = np.arange(0, 200, 10)
    readings = []
    for reading in (False, True):
        answers[unsure] = reading
        readings.append(review.record(rows, answers).error_rate())
    for missing in (None, np.nan, pd.NA, "unsure", "?"):
        answers[unsure] = missing
        result = review.record(rows, answers).error_rate()
        assert result.low == readings[0].low
        assert result.high == readings[1].high
        assert_allclose(result.rate, (readings[0].rate + readings[1].rate) / 2)
        assert result.n_reviewed == 200


def test_answers_may_stop_early():
    scores, is_wrong = noisy_labels()
    review = LabelReview(scores, random_state=0)
    rows = review.draw(300)
    review.record(rows[:120], is_wrong[rows[:120]])
    assert review.n_reviewed == 120
    result = review.error_rate()
    assert result.n_reviewed == 120
    assert result.low <= 0.1 <= result.high


def test_few_answers_are_a_warning_and_none_an_error():
    review = LabelReview(np.arange(100.0), random_state=0)
    with pytest.raises(ValueError, match=r"none are drawn yet; call draw\(n\)"):
        review.error_rate()
    rows = review.draw(30)
    with pytest.raises(ValueError, match="needs answers, but none is recorded"):
        review.error_rate()
    review.record(rows[:19], [False] * 19)
    for estimate in (review.error_rate, lambda: review.precision_at(100)):
        with pytest.warns(UserWarning, match="Only 19 labels are reviewed") as caught:
            estimate()
        assert caught[0].filename == __file__
    review.record(rows[19], False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        review.error_rate()


def test_bad_questions_are_refused():
    review, *_ = reviewed()
    for k in (0, 1001):
        with pytest.raises(ValueError, match="k must be a whole number from 1 to 1000"):
            review.precision_at(k)
    with pytest.raises(ValueError, match="subset must be 1000 booleans"):
        review.error_rate(subset=[True, False])
    with pytest.raises(ValueError, match="subset must hold at least one label"):
        review.error_rate(subset=np.zeros(1000, dtype=bool))
    with pytest.raises(ValueError, match="'interval' parameter"):
        review.error_rate(interval="wald")
    with pytest.raises(ValueError, match="'confidence_level' parameter"):
        review.precision_at(10, confidence_level=95)


# -- sheet -----------------------------------------------------------------------------


def audit_to_review():
    labels = pd.Series(
        np.random.default_rng(0).choice(["cat", "dog"], size=200),
        index=[f"image {i}" for i in range(200)],
        dtype="category",
    )
    p = np.random.default_rng(1).random(200)
    return LabelAudit.from_pred_probs(labels, np.column_stack([p, 1 - p]))


def test_sheet_of_an_audit():
    audit = audit_to_review()
    review = audit.review(random_state=0)
    rows = review.draw(40)
    sheet = review.to_frame()
    frame = audit.to_frame()
    assert sheet.index.tolist() == frame.index[rows].tolist()
    for name in ("given_label", "predicted_label"):
        pd.testing.assert_series_equal(sheet[name], frame[name].iloc[rows])
    assert set(sheet["is_wrong"]) == {"todo"}
    assert_array_equal(sheet["position"], rows)
    assert_array_equal(sheet["rank"], frame["rank"].iloc[rows])
    sizes = sheet.groupby("stratum")["stratum_size"].first()
    assert_array_equal(sizes, review.stratum_sizes)
    assert set(sheet["n_samples"]) == {200}
    again = audit.review(random_state=0)
    again.draw(40)
    pd.testing.assert_frame_equal(again.to_frame(), sheet)


@pytest.mark.parametrize(
    "words", [[True, False], ["yes", "no"], [1, 0], ["Y", "right"]]
)
def test_sheet_comes_back_from_a_file_in_any_order(words):
    audit = audit_to_review()
    review = audit.review(random_state=1)
    rows = review.draw(60)
    is_wrong = np.random.default_rng(2).random(60) < 0.4
    review.record(rows[:50], is_wrong[:50])
    review.record(rows[50:55], [None] * 5)
    expected = review.error_rate()

    sheet = LabelAudit.review(audit, random_state=1)
    sheet.draw(60)
    sheet = sheet.to_frame()
    column = [words[0] if wrong else words[1] for wrong in is_wrong]
    column[50:] = ["unsure"] * 5 + [None] * 5
    sheet["is_wrong"] = pd.Series(column, index=sheet.index, dtype=object)
    file = io.StringIO(sheet.sample(frac=1, random_state=0).to_csv())
    read = LabelReview.from_frame(pd.read_csv(file, index_col=0))
    assert read.error_rate() == expected
    assert read.precision_at(80) == review.precision_at(80)
    with pytest.raises(ValueError, match="draw needs the scores of all labels"):
        read.draw(5)
    with pytest.raises(ValueError, match="subset needs the scores of all labels"):
        read.error_rate(subset=np.ones(200, dtype=bool))

    kwargs = {"labels": audit.labels, "index": audit.index, "random_state": 1}
    resumed = LabelReview.from_frame(sheet, audit.label_quality_scores, **kwargs)
    assert resumed.error_rate() == expected
    assert_array_equal(resumed.draw(30), review.draw(30))
    assert resumed.to_frame().index.tolist() == review.to_frame().index.tolist()


def test_recorded_answers_are_in_the_sheet():
    review, rows, _, is_wrong = reviewed(n=100)
    review.record(rows[:2], [None, "unsure"])
    sheet = review.to_frame()
    words = np.where(is_wrong[rows[2:]], "wrong", "right").tolist()
    assert sheet["is_wrong"].tolist() == ["unsure"] * 2 + words
    assert "given_label" not in sheet
    again = LabelReview.from_frame(sheet)
    assert again.error_rate() == review.error_rate()
    pd.testing.assert_frame_equal(again.to_frame(), sheet)


def test_sheet_without_pandas(monkeypatch):
    review, rows, _, _ = reviewed(n=50)
    frame = review.to_frame()
    monkeypatch.setitem(sys.modules, "pandas", None)
    sheet = review.to_frame()
    assert list(sheet) == ["index", *frame.columns]
    assert_array_equal(sheet["position"], rows)
    read = LabelReview.from_frame(sheet)
    assert read.error_rate() == review.error_rate()


def test_audit_goes_on_with_its_sheet():
    audit = audit_to_review()
    review = audit.review(random_state=0)
    rows = review.draw(60)
    review.record(rows[:40], np.arange(40) % 3 == 0)
    resumed = audit.review(frame=review.to_frame(), random_state=0)
    pd.testing.assert_frame_equal(resumed.to_frame(), review.to_frame())
    assert resumed.error_rate() == review.error_rate()
    assert_array_equal(resumed.draw(20), review.draw(20))
    with pytest.raises(ValueError, match="drawn with this random_state, but pos"):
        audit.review(frame=review.to_frame(), random_state=1)
    with pytest.raises(ValueError, match="keep all its rows"):
        audit.review(frame=review.to_frame().iloc[1:], random_state=0)


def test_sheet_as_a_polars_frame():
    review, *_ = reviewed(n=50)
    sheet = pl.DataFrame(
        {name: column.tolist() for name, column in review.to_frame().items()}
    )
    read = LabelReview.from_frame(sheet)
    assert read.error_rate() == review.error_rate()
    assert read.n_drawn == 50


def test_error_rate_in_words():
    review, *_ = reviewed()
    result = review.error_rate()
    assert str(result) == (
        f"{result.rate:.1%} ({result.low:.1%} to {result.high:.1%}), from 200 answers"
    )


def test_estimates_stay_in_their_interval():
    for seed in range(30):
        review, *_ = reviewed(n=200, seed=seed)
        for result in (review.precision_at(80), review.error_rate()):
            assert 0 <= result.low <= result.rate <= result.high <= 1


def test_sheet_that_lost_something_is_refused():
    review, *_ = reviewed()
    sheet = review.to_frame()
    scores, _ = noisy_labels()
    with pytest.raises(
        ValueError, match=r"columns of to_frame, but \['rank'\] are miss"
    ):
        LabelReview.from_frame(sheet.drop(columns="rank"))
    with pytest.raises(ValueError, match="must have labels of all strata, but has"):
        LabelReview.from_frame(sheet[sheet["stratum"] != 3])
    with pytest.raises(
        ValueError, match=r"is_wrong must be .* but is 'maybe' for sample"
    ):
        LabelReview.from_frame(sheet.assign(is_wrong="maybe"))
    with pytest.raises(ValueError, match=r"column 'position'.* has 'x' in row 0"):
        LabelReview.from_frame(sheet.assign(position="x"))
    with pytest.raises(ValueError, match=r"whole numbers in .* in row 200"):
        LabelReview.from_frame(pd.concat([sheet, pd.DataFrame({"is_wrong": ["no"]})]))
    with pytest.raises(ValueError, match=r"in row 0 position .* do not fit"):
        LabelReview.from_frame(sheet.assign(rank=sheet["rank"].to_numpy()[::-1]))
    for name, wrong in [("position", 5000), ("position", -1), ("rank", np.inf)]:
        column = sheet[name].to_numpy(dtype=float, copy=True)
        column[7] = wrong
        with pytest.raises(ValueError, match=r"in row 7"):
            LabelReview.from_frame(sheet.assign(**{name: column}))
    with pytest.raises(TypeError, match=r"\['random_state'\] together with scores"):
        LabelReview.from_frame(sheet, random_state=0)
    with pytest.raises(ValueError, match="a row for each drawn label, but is empty"):
        LabelReview.from_frame(sheet.head(0))
    for other in (scores[::-1], scores[:500]):
        with pytest.raises(ValueError, match="with this random_state, but it has"):
            LabelReview.from_frame(sheet, other, random_state=0)
    with pytest.raises(ValueError, match="each label once, but has position"):
        LabelReview.from_frame(pd.concat([sheet, sheet.head(1)]))


# -- plot ------------------------------------------------------------------------------


def test_plot_shows_findings_and_interval():
    review, rows, _, is_wrong = reviewed()
    _, ax = plt.subplots()
    display = review.plot(ax=ax)
    assert display.ax_ is ax
    curve = ax.lines[0]
    assert_array_equal(curve.get_xdata(), np.cumsum(review.stratum_sizes))
    assert_allclose(curve.get_ydata()[-1], review.error_rate().rate)
    (band,) = ax.collections
    ends = band.get_paths()[0].vertices
    assert_allclose(ends[ends[:, 0] == 1000, 1].min(), review.error_rate().low)
    assert_allclose(ends[ends[:, 0] == 1000, 1].max(), review.error_rate().high)
    n_marks = {line.get_label(): len(line.get_xdata()) for line in ax.lines[1:]}
    n_wrong = is_wrong[rows].sum()
    assert n_marks == {
        f"{n_wrong} wrong": n_wrong,
        f"{200 - n_wrong} right": 200 - n_wrong,
    }


def test_plot_of_an_unfinished_review_and_its_level():
    scores, is_wrong = noisy_labels()
    review = LabelReview(scores, random_state=0)
    rows = review.draw(200)
    with pytest.raises(ValueError, match="needs answers, but none is recorded"):
        review.plot()
    safe = rows[review.to_frame()["stratum"] >= 12]
    review.record(safe, is_wrong[safe])
    assert len(review.plot().ax_.lines[0].get_xdata()) == 8
    review.record(rows, is_wrong[rows])
    options = {"confidence_level": 0.99, "interval": "exact"}
    (band,) = review.plot(**options).ax_.collections
    ends = band.get_paths()[0].vertices
    high = review.error_rate(**options).high
    assert_allclose(ends[ends[:, 0] == 1000, 1].max(), high)


# -- what the index says, and sheets that were tampered with ---------------------------


def named_review(random_state=0):
    names = pd.Index([f"image {i}" for i in range(200)], name="position")
    scores = pd.Series(np.random.default_rng(0).random(200), index=names)
    return scores, LabelReview(scores, random_state=random_state)


def test_answers_in_another_order_are_refused():
    scores, review = named_review()
    rows = review.draw(60)
    is_wrong = pd.Series(np.arange(60) % 3 == 0, index=review.index[rows])
    with pytest.raises(ValueError, match=r"is_wrong\.loc\[review\.index\[rows\]\]"):
        review.record(rows, is_wrong[::-1])
    review.record(rows, is_wrong.loc[review.index[rows]])
    subset = scores < 0.5
    with pytest.raises(ValueError, match=r"pass subset\.loc\[review\.index\]"):
        review.error_rate(subset=subset[::-1])
    assert review.error_rate(subset=subset).n_reviewed < 60
    with pytest.raises(ValueError, match=r"pass labels\.loc\[scores\.index\]"):
        LabelReview(scores, labels=scores[::-1])
    plain = pd.Series([False] * 60)  # a default index says nothing
    review.record(rows, plain[::-1])


@pytest.mark.parametrize("random_state", [None, 7, np.random.RandomState(3)])
def test_sheet_needs_nothing_but_the_scores(random_state):
    scores, review = named_review(random_state)
    review.draw(60)
    file = io.StringIO(review.to_frame().to_csv())
    sheet = pd.read_csv(file, index_col=0)
    assert sheet.index.name == "index 0"  # "position" is a column
    sheet.loc[sheet.index[:50], "is_wrong"] = "no"
    again = LabelReview.from_frame(sheet, scores)
    assert again.n_reviewed == 50
    assert_array_equal(again.draw(20), review.draw(20))


@pytest.mark.parametrize(
    ("column", "value", "match"),
    [
        ("n_samples", 300, r"n_samples of to_frame, but has 300 in row 1"),
        ("stratum_size", 3, r"stratum_size of to_frame, but has 3 in row 1"),
        ("rank", 0, r"but in row 1 position"),
        ("position", 1e300, r"whole numbers in column 'position'.* but has 1e\+300"),
    ],
)
def test_tampered_sheets_are_refused(column, value, match):
    _, review = named_review()
    review.draw(7)  # of one stratum
    sheet = {name: list(col) for name, col in review.to_frame().items()}
    sheet[column][1] = value
    with pytest.raises(ValueError, match=match):
        LabelReview.from_frame(sheet)


def test_sheets_with_ranks_twice_or_too_few_answers_are_refused():
    _, review = named_review()
    review.draw(7)
    sheet = {name: list(col) for name, col in review.to_frame().items()}
    with pytest.raises(ValueError, match=r"is_wrong has 5, the others \[7\]"):
        LabelReview.from_frame(sheet | {"is_wrong": ["no"] * 5})
    sheet["rank"][1] = sheet["rank"][0]
    with pytest.raises(ValueError, match=r"in row 0 position .* do not fit together"):
        LabelReview.from_frame(sheet)
    with pytest.raises(TypeError, match="frame must be a data frame or a dict"):
        LabelReview.from_frame(None)


def test_a_single_answer_as_an_array():
    _, review = named_review()
    (row,) = review.draw(1)
    assert review.record(row, np.array(1)).n_reviewed == 1
    with pytest.raises(ValueError, match="rows must be numbers in one array"):
        review.record([[1], [1, 2]], [True, False])


@pytest.mark.parametrize("n_wrong", [0, 1, 5])
@pytest.mark.parametrize("correction", [0.0, 0.5])
def test_a_higher_confidence_level_never_narrows_the_interval(n_wrong, correction):
    sizes = plan_strata(16_897, 97)
    reviewed = np.full(len(sizes), 7)
    wrong = np.arange(len(sizes)) < n_wrong
    levels = [0.5, 0.9, 0.99, *(1 - 10.0**-k for k in range(3, 16))]
    quantiles = norm.isf((1 - np.array(levels)) / 2)
    ends = np.array(
        [stratified_interval(wrong, reviewed, sizes, z, correction) for z in quantiles]
    )
    assert np.all(np.diff(ends[:, 2]) >= -1e-12)
    assert np.all(np.diff(ends[:, 1]) <= 1e-12)
    assert np.ptp(ends[:, 0]) < 1e-12


def test_seeds_and_draws_that_cannot_be():
    with pytest.raises(ValueError, match="random_state must be a whole number from 0"):
        LabelReview([0.1, 0.2], random_state=-1)
    with pytest.raises(TypeError, match="random_state must be a whole number from 0"):
        LabelReview([0.1, 0.2], random_state=True)
    scores, review = named_review()
    review.record(review.draw(200), [False] * 200)
    with pytest.raises(
        ValueError, match="draw needs labels that are left, but all 200"
    ):
        review.draw(1)
    sheet = review.to_frame()
    sheet["random_state"] = np.arange(200)
    with pytest.raises(ValueError, match="one random_state, but has 0 and 1"):
        LabelReview.from_frame(sheet, scores)
    assert review.record([], []) is review
    with pytest.raises(ValueError, match=r"pass index\.loc\[scores\.index\]"):
        LabelReview(scores, index=pd.Series(scores.index, index=scores.index)[::-1])


def test_answers_that_are_named_by_position_have_an_order_too():
    review = LabelReview(np.random.default_rng(0).random(200), random_state=0)
    rows = review.draw(60)
    is_wrong = pd.Series(np.arange(60) % 3 == 0, index=rows)
    with pytest.raises(ValueError, match=r"pass is_wrong\.loc\[rows\]"):
        review.record(rows, is_wrong.sort_index())
    assert review.record(rows, is_wrong.sort_index().loc[rows]).n_reviewed == 60
