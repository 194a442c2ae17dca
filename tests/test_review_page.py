# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""The page to click through a review, driven in a real browser.

What is answered there comes back as a sheet; what the user's data hold is shown as text
and never run.
"""

import io
import os
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sklabelquality import LabelReview
from sklabelquality._content import show

BROWSER = next(filter(None, map(shutil.which, ["chromium", "chromium-browser"])), None)
HOSTILE = [
    "<script>document.title = 'run'</script>",
    "</script><script>document.title = 'run'</script>",
    "<img src=x onerror=\"document.title = 'run'\">",
    "<!--",
    "\u2028\u202e & ' \" ` ${1} $data",
]


def review_of(n, n_classes, by=0, **kwargs):
    rng = np.random.default_rng(by)
    labels = np.array([f"class {i:02d}" for i in range(n_classes)])
    codes = rng.integers(n_classes, size=n)
    review = LabelReview(
        rng.random(n),
        labels=labels[codes],
        predicted_labels=labels[(codes + 1) % n_classes],
        random_state=0,
        **kwargs,
    )
    return review, labels, codes


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    if BROWSER is None:
        pytest.skip("needs Chromium")
    switches = ["disable-gpu", "disable-background-networking", "disable-sync"]
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=BROWSER,
            chromium_sandbox=os.geteuid() != 0,
            args=[f"--{switch}" for switch in switches],
        )
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, tmp_path):
    """Return a function that opens the page of a review, and what went wrong there."""
    context = browser.new_context(accept_downloads=True)
    troubles = []

    def open_page(review, rows=None, *, name="page.html", context=context, **kwargs):
        if review is not None:
            review.save_html(tmp_path / name, rows, **kwargs)
        page = context.new_page()
        page.on("console", lambda message: troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("dialog", lambda dialog: troubles.append(dialog.message))
        address = (tmp_path / name).as_uri()
        page.on(
            "request",
            lambda request: (
                request.url.startswith((address, "data:", "blob:"))
                or troubles.append(request.url)
            ),
        )
        page.goto(address)
        return page

    yield open_page
    context.close()
    assert not troubles


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def progress(page):
    return page.locator("#progress").inner_text()


def exported(page, tmp_path):
    with page.expect_download() as download:
        page.get_by_role("button", name="Save answers").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    return path


def read(path):
    return pd.read_csv(path, index_col=0)


# -- without a browser -----------------------------------------------------------------


def test_page_is_one_file_without_network(tmp_path):
    review, _, _ = review_of(20, 3)
    file = io.StringIO()
    review.save_html(file, [3, 5], title="A <title> & more")
    page = file.getvalue()
    assert "<title>A &lt;title&gt; &amp; more</title>" in page
    assert not re.search(r"(src|href)=\"?(http|//)", page)
    assert "default-src 'none'" in page
    review.save_html(str(tmp_path / "page.html"), [3, 5], title="A <title> & more")
    assert (tmp_path / "page.html").read_text("utf-8") == page


def test_hundreds_of_images_make_a_small_file(tmp_path):
    review, _, _ = review_of(500, 3)
    images = np.random.default_rng(0).integers(256, size=(500, 64, 64), dtype=np.uint8)
    review.save_html(tmp_path / "page.html", range(500), X=images)
    assert (tmp_path / "page.html").stat().st_size < 5e6


def test_contents_that_do_not_fit(tmp_path):
    review, _, _ = review_of(20, 3)
    with pytest.raises(ValueError, match="X must have a row for each of the 20 labels"):
        review.save_html(tmp_path / "page.html", [3], X=["text"])
    with pytest.raises(
        ValueError, match=r"X must hold images of shape .* \(1, 2, 2, 2\)"
    ):
        review.save_html(tmp_path / "page.html", [3], X=np.zeros((20, 2, 2, 2)))
    with pytest.raises(ValueError, match="A review begins with the labels to look at"):
        review.save_html(tmp_path / "page.html")


# -- in the browser --------------------------------------------------------------------


def test_the_key_of_a_digit_is_the_digit(open_page, tmp_path):
    review = LabelReview(np.arange(4), labels=[3, 0, 7, 3], random_state=0)
    page = open_page(review, [0, 1, 2, 3])
    press(page, "3", "0", "3", "1")  # no class is 1
    assert progress(page) == "3 done, 1 to go"
    sheet = read(exported(page, tmp_path))
    assert sheet["is_wrong"].tolist() == ["right", "right", "wrong", "todo"]
    assert sheet["correct_label"].tolist() == ["?", "?", "3", "?"]
    buttons = page.locator("#classes button").all_inner_texts()
    assert buttons == ["0 0", "3 3", "7 7"]
    # Two digits would be two answers.
    review = LabelReview(np.arange(4), labels=[3, 0, 11, 3], random_state=0)
    page = open_page(review, [0, 1, 2, 3])
    press(page, "1", "1", "3")
    assert progress(page) == "0 done, 4 to go"


def test_answers_by_keys_come_back_as_a_sheet(open_page, tmp_path):
    review, labels, codes = review_of(200, 3)
    rows = review.draw(25)
    page = open_page(review, X=[f"text {i}" for i in range(200)])
    assert progress(page) == "0 done, 25 to go"
    assert page.locator("#content").inner_text() == f"text {rows[0]}"
    press(page, *"rwu")
    key = str((codes[rows[3]] + 1) % 3 + 1)  # another label than the given one
    press(page, key)
    press(page, str(codes[rows[4]] + 1))  # the given one
    assert progress(page) == "5 done, 20 to go"
    page.reload()
    assert progress(page) == "5 done, 20 to go"
    assert page.locator("#content").inner_text() == f"text {rows[5]}"
    assert page.locator("#result").inner_text() == ""
    press(page, *"rrrrrrrrrrrrrrrrrrrr")
    assert "% of all labels are wrong" in page.locator("#result").inner_text()
    sheet = read(exported(page, tmp_path))
    expected, _, _ = review_of(200, 3)
    expected.draw(25)
    expected.record(
        rows,
        [False, True, "unsure", None, *[False] * 21],
        [None, None, None, labels[int(key) - 1], *[None] * 21],
    )
    again = LabelReview.from_frame(sheet)
    assert again.error_rate() == expected.error_rate()
    rng = np.random.default_rng(0)
    rng.integers(3, size=200)
    again = LabelReview.from_frame(sheet, rng.random(200), labels=labels[codes])
    kwargs = {"missing": "keep"}
    assert again.corrected_labels(**kwargs).tolist() == (
        expected.corrected_labels(**kwargs).tolist()
    )
    assert again.draw(5).tolist() == expected.draw(5).tolist()


def test_moving_and_undoing(open_page):
    review, _, _ = review_of(30, 3)
    page = open_page(review, range(10))
    press(page, "r", "w", "ArrowLeft")
    assert "You said: wrong" in page.locator("#answer").inner_text()
    press(page, "ArrowLeft")
    assert "You said: right" in page.locator("#answer").inner_text()
    press(page, "n")
    assert "Sample 3 of 10" in page.locator("#name").inner_text()
    press(page, "z")
    assert progress(page) == "1 done, 9 to go"
    assert "Sample 2 of 10" in page.locator("#name").inner_text()
    press(page, "z", "z", "z")
    assert progress(page) == "0 done, 10 to go"
    page.get_by_role("button", name="Unsure").click()
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Back").click()
    assert "Sample 2 of 10" in page.locator("#name").inner_text()


def test_the_prediction_is_shown_on_request_alone(open_page):
    review, labels, codes = review_of(30, 3)
    page = open_page(review, [4, 5])
    predicted = labels[(codes[4] + 1) % 3]
    assert page.locator("#suggestion").inner_text() == ""
    press(page, "p")
    assert page.locator("#suggestion").inner_text() == predicted
    press(page, "r")
    assert page.locator("#suggestion").inner_text() == ""


def test_many_classes_have_a_search_box(open_page, tmp_path):
    review, labels, codes = review_of(30, 100)
    page = open_page(review, [4, 5])
    assert page.locator("#classes button").count() == 0
    search = page.get_by_label("Other label")
    search.fill("rwu new")  # no key answers meanwhile
    search.press("Enter")
    assert progress(page) == "1 done, 1 to go"
    search.fill(labels[codes[5]])
    search.press("Enter")
    sheet = read(exported(page, tmp_path))
    assert sheet["is_wrong"].astype(str).tolist() == ["wrong", "right"]
    assert sheet["correct_label"].tolist() == ["rwu new", "?"]


def test_an_exported_sheet_goes_on_elsewhere(open_page, browser, tmp_path):
    review, _, _ = review_of(60, 3)
    review.draw(20)
    page = open_page(review)
    press(page, *"rwwu")
    path = exported(page, tmp_path)
    other, _, _ = review_of(60, 3, by=1)  # as many samples and the same seed
    other.draw(20)
    elsewhere = browser.new_context()
    page = open_page(None, context=elsewhere)
    assert progress(page) == "0 done, 20 to go"
    page.set_input_files("#import", path)
    page.locator("#progress", has_text="4 done, 16 to go").wait_for()
    page = open_page(other, name="other.html", context=elsewhere)
    page.set_input_files("#import", path)
    page.locator("#file-warning", has_text="belongs to another review").wait_for()
    assert progress(page) == "0 done, 20 to go"
    page.set_input_files(
        "#import", {"name": "x.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,2\n"}
    )
    page.locator("#file-warning", has_text="it lacks the columns position").wait_for()
    elsewhere.close()


def test_a_page_that_is_open_twice(open_page):
    review, _, _ = review_of(60, 3)
    one = open_page(review, range(5))
    two = open_page(None)
    press(one, "r")
    two.locator("#progress", has_text="1 done, 4 to go").wait_for()
    press(two, "n", "w")
    one.locator("#progress", has_text="2 done, 3 to go").wait_for()
    one.reload()
    assert progress(one) == "2 done, 3 to go"


@pytest.mark.parametrize("what", ["off", "full"])
def test_a_browser_that_keeps_nothing_says_so(open_page, browser, what):
    context = browser.new_context()
    method = "getItem" if what == "off" else "setItem"
    context.add_init_script(
        f"Storage.prototype.{method} = () => {{ throw new Error('no'); }}"
    )
    review, _, _ = review_of(60, 3)
    page = open_page(review, range(5), context=context)
    if what == "full":
        assert page.locator("#storage-warning").is_hidden()
        press(page, "r")
    assert "as a file before you close" in page.locator("#storage-warning").inner_text()
    press(page, "w")
    assert "2 done" in progress(page) or "1 done" in progress(page)
    context.close()


@pytest.mark.parametrize("kind", ["text", "table"])
def test_hostile_content_is_shown_and_never_run(open_page, kind, tmp_path):
    n = len(HOSTILE)
    X = HOSTILE if kind == "text" else pd.DataFrame({text: HOSTILE for text in HOSTILE})
    review = LabelReview(
        np.arange(n),
        labels=HOSTILE,
        predicted_labels=HOSTILE[::-1],
        index=HOSTILE,
        random_state=0,
    )
    page = open_page(review, range(n), X=X, title=HOSTILE[1])
    for text in HOSTILE:
        assert text.strip() in page.locator("#content").text_content()
        assert text in page.locator("#given").text_content()
        press(page, "p", "w")
    assert page.title() == HOSTILE[1]
    sheet = read(exported(page, tmp_path))
    assert set(sheet["is_wrong"]) == {"wrong"}
    again = LabelReview.from_frame(sheet)
    assert again.n_reviewed == n


def test_images_and_unusual_values(open_page):
    review, _, _ = review_of(30, 3)
    images = np.zeros((30, 4, 6, 3))
    page = open_page(review, [3], X=images)
    size = page.locator("#content img").evaluate(
        "e => [e.naturalWidth, e.naturalHeight]"
    )
    assert size == [6, 4]
    page = open_page(review, [3], X=images[..., 0].reshape(30, 24), image_shape=(4, 6))
    assert page.locator("#content img").evaluate("e => e.naturalWidth") == 6
    X = np.random.default_rng(0).normal(size=(30, 3))
    X[3, 1] = 50
    page = open_page(review, [3], X=X)
    assert page.locator("tr.unusual").all_inner_texts() == ["x1\t50 (unusual)"]
    counts = np.zeros((30, 3000))
    counts[3, 2999] = 50
    page = open_page(review, [3], X=sparse.csr_matrix(counts))
    assert page.locator("#content").inner_text().split() == ["x2999", "50"]
    # What is unusual comes first; where most is rare, nothing is unusual.
    frame = pd.DataFrame(X, columns=["a", "b", "c"]).assign(
        d=[f"name {i}" for i in range(30)]
    )
    page = open_page(review, [3], X=frame)
    names = page.locator("#content th").all_inner_texts()
    assert names == ["b", "a", "c", "d"]
    assert page.locator("tr.unusual").count() == 1


def test_images_that_are_none(tmp_path):
    review, _, _ = review_of(30, 3)
    images = np.zeros((30, 4, 6, 1))
    images[0] = np.nan
    review.save_html(tmp_path / "page.html", [0], X=images)
    for X, shape in ((np.zeros((30, 24)), (5, 5)), (np.zeros((30, 2, 2, 2)), None)):
        with pytest.raises(
            ValueError, match=r"X must hold images of .* image_shape if"
        ):
            review.save_html(tmp_path / "page.html", [0], X=X, image_shape=shape)


@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_window(open_page, browser, width, scheme):
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme
    )
    labels = np.array(["a label without any space in it " * 3, "x" * 90] * 5)
    review = LabelReview(np.arange(10), labels=labels, random_state=0)
    page = open_page(review, range(10), X=["y" * 500] * 10, context=context)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_every_control_has_a_name(open_page):
    review, _, _ = review_of(30, 3)
    page = open_page(review, range(3))
    names = page.evaluate(
        "[...document.querySelectorAll('button, input, progress')].map(e =>"
        " e.textContent.trim() || e.getAttribute('aria-label') ||"
        " (e.labels && e.labels.length && e.labels[0].textContent.trim()))"
    )
    assert all(names)
    # By the keyboard alone: the first stop is a control that can be seen.
    press(page, "Tab")
    assert page.evaluate("document.activeElement.tagName") != "BODY"
    # No button loses the focus by what it does.
    for name in ("Next", "Back", "Undo"):
        button = page.get_by_role("button", name=name)
        for _ in range(4):
            button.press("Enter")
        assert button.evaluate("e => e === document.activeElement")
    page.locator("#import").focus()
    assert page.get_by_text("Read answers").evaluate(
        "e => getComputedStyle(e).outlineStyle"
    ) == ("solid")


def test_a_screen_reader_is_told_what_is_judged(open_page):
    review, labels, codes = review_of(30, 3)
    page = open_page(review, [4, 5], X=[f"text {i}" for i in range(30)])
    heard = page.locator("[role=status][aria-live=polite]").first
    press(page, "r")
    assert "Sample 2 of 2" in heard.inner_text()
    assert f"Given label: {labels[codes[5]]}." in heard.inner_text()
    assert "text 5" in heard.inner_text()
    press(page, "ArrowLeft")
    assert "You said: right" in heard.inner_text()


def test_the_policy_allows_the_scripts_of_the_package_alone(open_page):
    review, _, _ = review_of(30, 3)
    page = open_page(review, [4])
    policy = page.locator("meta[http-equiv]").get_attribute("content")
    assert "unsafe" not in policy
    assert re.findall(r"(\S+-src) ", policy) == [
        *["default-src", "img-src", "style-src", "script-src"]
    ]
    assert re.search(r"script-src 'sha256-[^ ]+'(;|$)", policy)


def test_what_is_no_answer(open_page, tmp_path):
    review, _, _ = review_of(30, 3)
    page = open_page(review, range(3))
    press(page, "Control+w", "Alt+r", "Meta+u")
    page.keyboard.down("r")
    for _ in range(3):  # a key that is held
        page.keyboard.down("r")
    page.keyboard.up("r")
    assert progress(page) == "1 done, 2 to go"
    press(page, "w", "u", "r", "r", "1")  # the last sample keeps its answer
    assert read(exported(page, tmp_path))["is_wrong"].tolist() == [
        *["right", "wrong", "unsure"]
    ]
    assert "For 1 of the wrong ones" in page.locator("#result").inner_text()
    page.get_by_label("Answer by keys").uncheck()
    press(page, "ArrowLeft", "z")
    assert progress(page) == "3 done, 0 to go"


def test_undo_of_what_was_recorded_survives_reload(open_page):
    review, _, _ = review_of(30, 3)
    page = open_page(review.record([1], [True]), range(3))
    assert progress(page) == "1 done, 2 to go"
    press(page, "ArrowRight", "R", "z", "z")
    assert progress(page) == "1 done, 2 to go"
    page.reload()
    assert progress(page) == "1 done, 2 to go"


def test_what_is_recorded_later_goes_before_what_the_browser_keeps(open_page):
    review, _, _ = review_of(30, 3)
    page = open_page(review, range(4))
    press(page, *"rrr")
    review.record([0], [True])
    page = open_page(review, range(6))  # more of them, on a page that is written again
    assert progress(page) == "3 done, 3 to go"
    press(page, *["ArrowLeft"] * 3)
    assert page.locator("#answer").inner_text() == "You said: wrong"
    page = open_page(review, range(6), title="Second person")
    assert progress(page) == "1 done, 5 to go"


def test_the_error_rate_is_told_for_all_that_were_drawn(open_page):
    review, _, _ = review_of(400, 3)
    rows = review.draw(40)
    page = open_page(review, rows[:10], name="part.html")
    press(page, *"wwuuurrrrr")
    assert "2 of these 10 are wrong" in page.locator("#result").inner_text()
    press(open_page(review, rows), "n", *"rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr")
    page = open_page(review, rows)
    result = page.locator("#result").inner_text()
    expected, _, _ = review_of(400, 3)
    expected.draw(40)
    words = ["wrong"] * 2 + ["unsure"] * 3 + ["right"] * 35
    rate = expected.record(rows, words).error_rate().rate
    assert f"About {100 * rate:.1f} % of all labels" in result


@pytest.mark.parametrize(
    ("cells", "answer"),
    [
        ("ok,?", "right"),
        ("Y,?", "wrong"),
        ("unknown,", "unsure"),
        (",CLASS 02", "wrong"),
        ("1.0,'=new", "wrong"),
        ("todo,?", "todo"),
        ("constructor,?", None),
        ("__proto__,?", None),
        ("no,class 02", None),
    ],
)
@pytest.mark.parametrize("separator", [",", ";"])
def test_a_file_is_read_as_from_frame_reads_it(
    open_page, tmp_path, cells, answer, separator
):
    review, _, codes = review_of(30, 3)
    row = int(np.flatnonzero(codes == 0)[0])
    page = open_page(review, [row])
    sheet = exported(page, tmp_path).read_text("utf-8-sig")
    sheet = sheet.replace("todo,?", cells).replace(",", separator) + "\r\n\r\n"
    file = {"name": "x.csv", "mimeType": "text/csv", "buffer": sheet.encode()}
    page.set_input_files("#import", file)
    if answer is None:
        page.locator("#file-warning", has_text=f"of sample {row}").wait_for()
        assert progress(page) == "0 done, 1 to go"
        return
    n_read = int(answer != "todo")
    page.locator("#progress", has_text=f"{n_read} read from the file").wait_for()
    again = read(exported(page, tmp_path))
    assert again["is_wrong"].tolist() == [answer]
    if "'" in cells:
        assert again["correct_label"].tolist() == ["'=new"]


def test_a_page_of_nothing(open_page):
    review, _, _ = review_of(30, 3)
    page = open_page(review, [])
    assert progress(page) == "There is nothing to review."


def test_what_is_rare_stands_out_unless_most_is():
    frame = pd.DataFrame(
        {
            "name": [f"name {i}" for i in range(300)],
            "town": ["Rome"] * 299 + ["Oslo"],
        }
    )
    (shown,) = show(frame, np.array([299]))
    assert shown["rows"] == [["town", "Oslo", True], ["name", "name 299", False]]
