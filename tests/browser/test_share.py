"""A link copied, and a page shown to a hall: entered and left by a key, with a code of the address for phones."""

from playwright.sync_api import expect

from tests.browser.conftest import in_address, settled


def test_a_link_is_copied_and_a_hall_sees_the_page_large(visit, browser):
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = visit("evaluate", context=context)
    assert page.title().startswith("Evaluate")
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    matrix = page.locator(".js-plotly-plot").first
    small = matrix.bounding_box()["height"]

    page.keyboard.press("p")
    in_address(page, "present=1")
    expect(page.locator("[data-testid='stSidebar']")).to_be_hidden()
    code = page.locator(".hall .qr:has(svg)")
    expect(code).to_be_visible(timeout=30_000)
    expect(code).to_have_attribute("data-address", page.url.replace("present=1", "").replace("?&", "?").rstrip("&"))
    page.wait_for_function(
        "small => document.querySelector('.js-plotly-plot').getBoundingClientRect().height > 1.3 * small", arg=small
    )
    page.keyboard.press("Escape")
    expect(page.locator("[data-testid='stSidebar']")).to_be_visible()
    settled(page)
    assert "present" not in page.url
    context.close()


IN_SIGHT = """() => {
  const picture = document.querySelector(".js-plotly-plot, [class*='st-key-som_player']").getBoundingClientRect();
  const third = document.querySelector(".st-key-page_header").getBoundingClientRect();
  return picture.height > 0.5 * third.top && picture.top >= 0 && picture.bottom <= third.top + 1;
}"""


def test_a_link_into_the_view_for_a_hall_shows_the_whole_picture_above_the_lower_third(visit):
    for address in ("evaluate?present=1", "som?present=1"):
        page = visit(address, still=True)
        page.wait_for_function(IN_SIGHT, timeout=60_000)
