"""What a person reads when a figure does not look as it did."""

from collections.abc import Iterator

import pytest
from pictures import ACCEPT


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Add to the report of a picture that differs how to look at it, and how to accept it."""
    report = yield
    if report.failed and item.get_closest_marker("mpl_image_compare"):
        report.sections.append(("a picture differs", ACCEPT))
    return report
