"""A link with a value that no control can show, in a real browser: said, kept in the address, gone with the choice."""

from playwright.sync_api import expect

from tests.browser.conftest import in_address, settled


def test_a_link_that_cannot_be_honoured_is_said_and_keeps_its_address_until_the_visitor_chooses(visit):
    page = visit("data?data=digits&data_part=everything")
    note = page.locator(".st-key-about_the_link")
    expect(note).to_contain_text("This link names everything for “Part of the split”. Shown: Training.")
    in_address(page, "data_part=everything")  # the page has run: Streamlit would have taken it away by now
    page.locator(".st-key-data_part").get_by_text("Test", exact=True).click()
    in_address(page, "data_part=Test")
    settled(page)
    expect(note.get_by_text("This link names")).to_have_count(0)
