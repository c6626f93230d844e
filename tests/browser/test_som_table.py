"""A table in a real browser: a bad file says why, a good one becomes a map of its own classes."""

from playwright.sync_api import expect

from tests.browser.conftest import settled


def test_a_bad_table_says_why_and_a_good_one_is_trained_on(visit):
    page = visit("som")
    page.locator("[data-testid='stSelectbox']", has_text="Data").last.click()  # the first is the experiment bar's
    page.get_by_role("option", name="Your table (CSV)").click()
    page.get_by_text("Upload a CSV file, or try the wines").wait_for()
    page.get_by_role("button", name="Upload").first.click()
    upload = page.locator("input[type=file]")
    upload.set_input_files({"name": "words.csv", "mimeType": "text/csv", "buffer": b"a,b\nx,y\nz,w\n"})
    page.get_by_text("at least one column that holds numbers only").wait_for()
    rows = b"".join(b"%d,%d,%s\n" % (i % 7, i % 5, b"even" if i % 2 == 0 else b"odd") for i in range(30))
    upload.set_input_files({"name": "good.csv", "mimeType": "text/csv", "buffer": b"seven,five,kind\n" + rows})
    page.get_by_text("30 of 30 rows have a number in every chosen column").wait_for()
    page.get_by_text("Read as UTF-8, separated by comma, with names, decimal point.").wait_for()
    page.get_by_text("As read: 5 of 30 rows").wait_for()
    expect(page.get_by_text("at least one column that holds numbers only")).to_have_count(0)
    settled(page)
    page.get_by_role("button", name="Train this map").click()
    page.locator(".player").get_by_text("even", exact=True).wait_for(timeout=60000)
    page.locator(".player .classes span", has_text="odd").first.wait_for()
    page.get_by_text("at least one column that holds numbers only").wait_for(state="hidden")
    classes = page.locator(".player .classes span").all_inner_texts()
    assert {"even", "odd"} <= {text.strip() for text in classes}
