"""A long list is shown in pages, and whoever asks for one beyond the end sees the last."""

import pytest

from bot.paging import Page, page_of, pages


@pytest.mark.parametrize(
    ("wanted", "page"),
    [
        (1, Page([1, 2], 1, 3)),
        (3, Page([5], 3, 3)),
        (9, Page([5], 3, 3)),
        (0, Page([1, 2], 1, 3)),
    ],
)
def test_the_page_that_is_nearest(wanted: int, page: Page[int]) -> None:
    """Two of five lines at a time."""
    assert page_of([1, 2, 3, 4, 5], wanted, per_page=2) == page


def test_an_empty_list_has_one_page() -> None:
    """And nothing on it."""
    assert (pages(0, per_page=2), page_of([], 4, per_page=2)) == (1, Page([], 1, 1))
