"""The pages of the site in a browser, opened from the file system, and the links between them."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = pytest.mark.slow

FIRST_PAGE = 1_000_000  # bytes
PAGES = ["index.html", "explorer.html", "notebooks/fig1.html", "docs/index.html", "docs/docs/catalogue.html"]
LATER = {"playground.html"}  # which another rule makes


def settle(page) -> None:
    """Wait until what was asked for has been drawn."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(opened, path, scheme) -> None:
    """Fails if a label, a landmark or contrast is missing, in either theme, or the console has an error."""
    page = opened(path, color_scheme=scheme)
    if path == "explorer.html":
        page.wait_for_selector("#map > *")
    # It would ask for the style sheets again, which no browser allows from the file system.
    found = Axe().run(page, options={"preload": False}).response["violations"]
    serious = [
        (one["id"], [node["html"] for node in one["nodes"]][:3])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == []


@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_wider_than_a_small_screen(opened, path) -> None:
    """Fails if a person with a telephone has to move a page sideways."""
    page = opened(path, viewport={"width": 360, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


class Links(HTMLParser):
    """What a page leads to and loads, and the places in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs) -> None:
        for name, value in attrs:
            if name in ("href", "src") and value and not (tag == "use" or value.startswith("data:")):
                self.targets.append(value)
            if name == "id":
                self.places.add(value)


def test_links_lead_somewhere(site: Path) -> None:
    """Fails if a page links to a file, or a place in a page, that is not there."""
    pages = {path: Links(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    lost = []
    for path, links in pages.items():
        for target in links.targets:
            parts = urlsplit(target)
            if parts.scheme in ("http", "https", "mailto"):
                continue
            file = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if file.relative_to(site.resolve()).as_posix() in LATER:
                continue
            here = pages.get(next((page for page in pages if page.resolve() == file), file))
            if not file.is_file() or (parts.fragment and here and unquote(parts.fragment) not in here.places):
                lost.append(f"{path.relative_to(site)}: {target}")
    assert lost == []
    assert len(pages) > 20


def test_the_first_page_is_small(opened, site: Path) -> None:
    """Fails if what the Results page loads before anyone scrolls is above one megabyte."""
    loaded = set()
    page = opened("index.html")
    page.on("request", lambda request: loaded.add(request.url))
    page.reload(wait_until="load")
    files = [Path(unquote(urlsplit(url).path)) for url in loaded if url.startswith("file:")]
    assert site.resolve() / "assets/site.css" in files
    assert sum(file.stat().st_size for file in files) < FIRST_PAGE


def test_the_verdicts_are_those_of_the_ledger(opened, results: Path) -> None:
    """Fails if a finding stands below another verdict than its rule gives, or one is missing."""
    judged = pd.read_parquet(results / "tables/claims.parquet").drop_duplicates("claim")
    page = opened("index.html")
    shown = page.eval_on_selector_all(
        ".findings li",
        "items => items.map((item) => [item.id.slice(6), item.querySelector('.badge').textContent.slice(2)])",
    )
    assert dict(shown) == dict(zip(judged["claim"], judged["verdict"], strict=True))
    counts = judged["verdict"].value_counts()
    told = page.locator(".lead").inner_text()
    assert all(
        f"{counts.get(verdict, 0)} " in told for verdict in ("supported", "not supported", "undecided")
    )


def effects(page) -> list[float]:
    return page.eval_on_selector_all(
        "#ledger-table tbody tr:not([hidden])",
        "rows => rows.map((row) => Number(row.cells[3].dataset.value))",
    )


def test_the_ledger_sorts_by_keyboard(opened, results: Path) -> None:
    """Fails if a heading does not sort by its numbers, up and then down, or takes no key."""
    judged = pd.read_parquet(results / "tables/claims.parquet")
    page = opened("index.html")
    heading = page.get_by_role("button", name="Effect")
    heading.focus()
    page.keyboard.press("Enter")
    assert effects(page) == sorted(judged["value"])
    assert page.locator("th", has=heading).get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Enter")
    assert effects(page) == sorted(judged["value"], reverse=True)


def test_the_ledger_filters(opened, results: Path) -> None:
    """Fails if a filter leaves other rows or too few, or a link to a hidden row does not show it."""
    judged = pd.read_parquet(results / "tables/claims.parquet")
    page = opened("index.html")
    for verdict in judged["verdict"].unique():
        page.get_by_label("Verdict on the claim").select_option(verdict)
        wanted = int((judged["verdict"] == verdict).sum())
        assert len(effects(page)) == wanted
        assert page.locator("#filter-count").inner_text() == f"{wanted} of {len(judged)} conditions"
    page.get_by_label("Search").fill("no such words")
    assert effects(page) == []
    page.locator(f"#claim-{judged['claim'].iloc[0]} a[href^='#ledger-']").click()
    assert page.locator(f"#ledger-{judged['claim'].iloc[0]}").is_visible()


def test_the_theme_is_chosen_and_kept(opened) -> None:
    """Fails if the button does not change the colours, or the next page forgets them."""
    page = opened("index.html", color_scheme="light")
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    for _ in range(2):  # from the system's, over light, to dark
        page.locator("#theme").click()
    dark = page.evaluate(background)
    assert dark != "rgb(255, 255, 255)"
    page.get_by_role("link", name="Explorer", exact=True).click()
    page.wait_for_url(re.compile("explorer"))
    assert page.evaluate(background) == dark


def test_the_documentation_is_searched(opened) -> None:
    """Fails if the search, which no server answers, does not find the page that says it."""
    page = opened("docs/index.html")
    page.locator("input[name=q]").first.fill("checkpoint")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results li a:has-text('Partial reruns')", timeout=60_000)


# The Explorer.


def explorer(opened, fragment: str = ""):
    page = opened(f"explorer.html#{fragment}" if fragment else "explorer.html")
    page.wait_for_selector("#map > *")
    settle(page)
    return page


def field(page, name: str):
    return page.locator(f"#choices [name={name}]")


def chosen(page) -> dict[str, str]:
    return page.evaluate("Object.fromEntries(new URLSearchParams(location.hash.slice(1)))")


def best_step(results: Path, run: str, solver: str, seed: int, layer: int, name: str = "best_step") -> int:
    matches = pd.read_parquet(results / "tables" / run / "matches.parquet")
    at = matches.query("solver == @solver and seed == @seed and layer == @layer")
    return int(at[name].iloc[0])


def test_the_explorer_tells_the_best_step_of_the_table(opened, results: Path) -> None:
    """Fails if a choice shows another row of the table, or the run's data are not loaded."""
    page = explorer(opened)
    field(page, "run").select_option("noise_01")
    field(page, "seed").select_option("1")
    field(page, "solver").select_option("richardson")
    field(page, "layer").fill("3")
    wanted = best_step(results, "noise_01", "richardson", 1, 3)
    page.wait_for_function(
        "(step) => document.getElementById('told').textContent.includes(`best step ${step}`)", arg=wanted
    )
    field(page, "statistic").select_option("distance")
    assert (
        f"best step {best_step(results, 'noise_01', 'richardson', 1, 3, 'nearest_step')}"
        in page.locator("#told").inner_text()
    )
    row = page.locator("#numbers tr", has_text="Conjugate gradient").first.locator("td").all_inner_texts()
    assert row[0].split()[0] == str(
        best_step(results, "noise_01", "conjugate_gradient", 1, 3, "nearest_step")
    )


def test_the_address_restores_the_view(opened) -> None:
    """Fails if a choice does not reach the address, or the address does not bring it back."""
    page = explorer(opened)
    field(page, "run").select_option("noise_01")
    field(page, "layer").fill("2")
    field(page, "n").select_option("7")
    field(page, "error").select_option("excess_risk")
    page.get_by_role("checkbox", name="Chebyshev").check()
    settle(page)
    state = chosen(page)
    assert (state["run"], state["layer"], state["n"], state["error"]) == ("noise_01", "2", "7", "excess_risk")
    again = explorer(opened, page.url.partition("#")[2])
    assert chosen(again) == state
    assert field(again, "run").input_value() == "noise_01"
    assert again.get_by_role("checkbox", name="Chebyshev").is_checked()
    assert again.locator("#told").inner_text() == page.locator("#told").inner_text()


def test_an_address_of_nothing_is_mended(opened) -> None:
    """Fails if an address that was typed wrong, or is of other results, gives an empty page or an error."""
    page = explorer(opened, "run=nosuch&layer=99&n=12345&seed=x&beside=nosuch")
    state = chosen(page)
    assert (state["run"], state["layer"], state["n"], state["seed"]) == ("spherical", "8", "20", "0")


def test_pressing_the_map_chooses_its_layer(opened) -> None:
    """Fails if the plots are not linked: the map is pressed low in the picture, where layer 0 stands."""
    page = explorer(opened)
    assert chosen(page)["layer"] == "8"
    box = page.locator("#map").bounding_box()
    page.locator("#map").click(position={"x": box["width"] / 2, "y": box["height"] * 0.8})
    page.wait_for_function("!location.hash.includes('layer=8')")
    layer = int(chosen(page)["layer"])
    assert layer <= 2
    assert f"layer {layer}:" in page.locator("#told").inner_text()


def test_the_map_is_drawn_in_the_colours_of_the_data(opened) -> None:
    """Fails if the map is empty: layers have many similarities, so that it has many colours."""
    page = explorer(opened)
    page.wait_for_timeout(300)
    canvas = page.locator("#map canvas").first
    colours = canvas.evaluate(
        """(canvas) => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          const found = new Set();
          for (let i = 0; i < data.length; i += 4) {
            found.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
          }
          return found.size;
        }"""
    )
    assert colours > 30


def test_pressing_a_pair_chooses_its_families(opened, results: Path) -> None:
    """Fails if the coefficients are not linked: a cell in the corner is the first family beside the first."""
    page = explorer(opened, "run=spherical&layer=4&added=CG&to=R")
    assert (chosen(page)["added"], chosen(page)["to"]) == ("CG", "R")
    page.locator("#pairs").scroll_into_view_if_needed()
    box = page.locator("#pairs").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.07)  # above, at the left
    page.wait_for_function("!location.hash.includes('added=CG')")
    state = chosen(page)
    families = page.evaluate("FACTS.families")
    assert families.index(state["added"]) <= 1
    assert families.index(state["to"]) >= len(families) - 2
    told = page.locator("#added-about").inner_text()
    assert f"what {state['added']} adds to {state['to']}" in told
    assert field(page, "added").input_value() == state["added"]


def test_the_explorer_says_what_a_layer_is_named(opened, results: Path) -> None:
    """Fails if the page names another layer's family, or a run that was not identified keeps its plots."""
    page = explorer(opened, "run=spherical&seed=1&layer=4&added=PR&to=smoother")
    table = pd.read_parquet(results / "tables/spherical/attribution.parquet").query(
        "seed == 1 and layer == 4"
    )
    said = page.locator("#named").inner_text()
    assert f"“{table['named'].iloc[0]}”" in said
    survivors = set(table.loc[table["survives"], "family"])
    assert set(said.split("compatible with ")[1].rstrip(".").split(", ")) == survivors or not survivors
    assert "There is no filter of smoother." in page.locator("#filters-about").inner_text()
    field(page, "run").select_option("noise_01")
    page.wait_for_function("document.getElementById('named').textContent.includes('not identified')")
    assert [page.locator(f"#{name}").is_visible() for name in ("pairs", "added", "filters")] == [False] * 3
    assert not field(page, "added").is_visible()
