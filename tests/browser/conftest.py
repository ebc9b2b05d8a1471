"""A built site in a real browser, opened from `file://`.

Every test fails on any console error, page error or request that leaves the files of the site. The site is
the tiny study's, built once; `VLENS_SITE` names another built site, for the tests that hold for any.
`VLENS_CHROMIUM` names a browser; else one on the path, else Playwright's own.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Error, Page, Request

from generator.build import build_site
from tests.browser.kept_pages import KeptPages
from tests.browser.planted_study import build_planted_site

LOCAL_SCHEMES = ("file:", "data:", "blob:")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    found = os.environ.get("VLENS_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    arguments = [*browser_type_launch_args.get("args", []), "--no-sandbox"]
    chosen = {"executable_path": found} if found else {}
    return {**browser_type_launch_args, **chosen, "args": arguments}


@pytest.fixture(scope="session")
def tiny_site(tiny_study_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny study's site."""
    output = tmp_path_factory.mktemp("site") / "tiny"
    build_site(tiny_study_folder, output)
    return output


@pytest.fixture(scope="session")
def planted_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny study's site with one default token."""
    return build_planted_site(tmp_path_factory.mktemp("planted"))


@pytest.fixture(scope="session")
def judged_site(judged_study_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of results with four judges."""
    output = tmp_path_factory.mktemp("site") / "judged"
    build_site(judged_study_folder, output, with_data=False)
    return output


@pytest.fixture(scope="session")
def any_site(tiny_site: Path) -> Path:
    """The site that `VLENS_SITE` names, else the tiny study's."""
    named = os.environ.get("VLENS_SITE")
    return Path(named).resolve() if named else tiny_site


@pytest.fixture(scope="session")
def kept_pages(browser: Browser) -> KeptPages:
    """The pages that tests use one after the other."""
    return KeptPages(browser)


@pytest.fixture
def page(
    kept_pages: KeptPages, browser_context_args: dict[str, Any], request: pytest.FixtureRequest
) -> Iterator[Page]:
    """An empty page, as new."""
    page = kept_pages.taken(browser_context_args)
    yield page
    report = getattr(request.node, "rep_call", None)
    if report and report.passed:
        kept_pages.give_back(page, browser_context_args)
    else:
        page.context.close()


@pytest.fixture(autouse=True)
def no_complaints(page: Page) -> Iterator[None]:
    """Fail the test if the page complains or asks anything of a network."""
    complaints: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(f"console {message.type}: {message.text}")

    def on_request(request: Request) -> None:
        if not request.url.startswith(LOCAL_SCHEMES):
            complaints.append(f"request: {request.url}")

    def on_error(error: Error) -> None:
        complaints.append(f"page error: {error}")

    def on_dialog(dialog: Dialog) -> None:
        complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    heard = {"console": on_console, "request": on_request, "pageerror": on_error, "dialog": on_dialog}
    for event, hear in heard.items():
        page.on(event, hear)
    yield
    for event, hear in heard.items():
        page.remove_listener(event, hear)
    assert not complaints, "\n".join(complaints)
