"""A landscape in the explorer: its numbers by other routes, and the page in a real browser."""

import json
import re

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from morsecensus.analysis.explorer import write
from morsecensus.analysis.explorer.landscape import landscape_view, mesh_view
from morsecensus.pipeline.commands.enumerate import cell_spec
from morsecensus.tasks.geometry.mesh import mesh
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.records.picture import pictures
from support.browser import browser, complaints, resize, until

TITLE = "q^3 </script><script>alert(1)</script> & <b>3</b>"


@pytest.fixture(scope="module")
def spec():
    return cell_spec("pspin", {"xi": "q^3"}, 3, 1, 2**21, 1)


@pytest.fixture(scope="module")
def found(spec):
    return pictures(spec, 0, 4)


@pytest.fixture(scope="module")
def records(found):
    return found["pictures"]


@pytest.fixture(scope="module")
def record(records):
    return records[0]


def betti(record, pairs, level):
    """Classes of the pairs that are alive at a level, by degree."""
    energy = np.append(record["energy"], np.inf)
    dim, birth, death = np.transpose(pairs)
    return np.bincount(dim[(energy[birth] <= level) & (level < energy[death])], minlength=3)


def flooded(record, level, simplices):
    """Betti numbers of the part of the mesh that lies below a level: components, and by Euler's formula."""
    below = np.array(record["mesh"]) <= level
    edges, faces = simplices
    edges, faces = edges[below[edges].all(axis=1)], faces[below[faces].all(axis=1)]
    graph = coo_array((np.ones(len(edges)), edges.T), shape=(len(below), len(below)))
    pieces = connected_components(graph, directed=False)[0] - int((~below).sum())
    whole = int(below.all())
    return np.array([pieces, pieces + whole - (int(below.sum()) - len(edges) + len(faces)), whole])


def between(record, least=0.02):
    """Levels halfway between critical energies that aren't near each other, where the mesh resolves necks."""
    energy = np.array([record["energy"][0] - 1, *record["energy"], record["energy"][-1] + 1])
    wide = np.diff(energy) > least
    return ((energy[1:] + energy[:-1]) / 2)[wide]


def test_a_mesh_is_a_sphere():
    vertices, faces = mesh(500)
    assert np.allclose(np.linalg.norm(vertices, axis=1), 1)
    assert len(faces) == 2 * 500 - 4
    assert sorted(np.unique(faces)) == list(range(500))
    corners = vertices[faces]
    assert (np.linalg.det(corners) > 0).all()
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert np.linalg.norm(normals, axis=1).sum() / 2 == pytest.approx(4 * np.pi, rel=0.02)
    assert np.abs(vertices.mean(axis=0)).max() < 0.01  # equal areas


def test_every_point_is_there_once(records):
    for record in records:
        index = np.array(record["index"])
        assert record["outcome"] == "certified"
        assert ((-1) ** index).sum() == 2
        rows = [row for _, *pair in record["pairs"] for row in pair if row >= 0]
        assert sorted(rows) == list(range(len(index)))
        # q^3 has at most 2^3 - 1 pairs x, -x
        assert len(index) % 2 == 0
        assert len(index) <= 14


@pytest.fixture(scope="module")
def simplices(found):
    """Edges and faces of the mesh."""
    faces = np.array(found["mesh"]["faces"])
    return np.unique(np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)), axis=0), faces


def test_betti_numbers_are_those_of_the_flooded_mesh(records, simplices):
    """Persistence pairs come from gradient lines; the mesh knows neither lines nor critical points."""
    levels = [(record, level) for record in records for level in between(record)]
    assert len(levels) >= 20
    for record, level in levels:
        assert betti(record, record["pairs"], level).tolist() == flooded(record, level, simplices).tolist()
    wrong = [
        (record, level)
        for record, level in levels
        if betti(record, mistaken(record["pairs"]), level).tolist()
        != flooded(record, level, simplices).tolist()
    ]
    assert wrong


def mistaken(pairs):
    """Two saddles changed over: one that joins components, and one that opens a loop."""
    pairs = np.array(pairs)
    join = np.flatnonzero((pairs[:, 0] == 0) & (pairs[:, 2] >= 0))[0]
    loop = np.flatnonzero(pairs[:, 0] == 1)[-1]
    pairs[join, 2], pairs[loop, 1] = pairs[loop, 1], pairs[join, 2]
    return pairs


def test_lines_go_from_saddles_to_extrema_one_way(spec, record):
    landscape = build(spec["model"], spec["parameters"], spec["n"])
    couplings = landscape.sample(spec["seed"], 0)
    position, index = np.array(record["position"]), np.array(record["index"])
    ends = sorted((line["saddle"], index[line["end"]]) for line in record["lines"])
    assert ends == [(saddle, k) for saddle in np.flatnonzero(index == 1) for k in (0, 0, 2, 2)]
    for line in record["lines"]:
        path = np.array(line["path"])
        assert np.allclose(path[[0, -1]], position[[line["saddle"], line["end"]]])
        heights = [float(landscape.value(couplings, 3**0.5 * x)) for x in path[::6]]
        steps = np.diff(heights) * (1 if index[line["end"]] == 2 else -1)
        assert steps.min() > -1e-3
        assert steps.max() > 0
        assert heights[0] / 3 == pytest.approx(record["energy"][line["saddle"]])


def test_energies_of_the_mesh_bound_those_of_points(records):
    for record in records:
        energy = np.array(record["mesh"])
        assert record["energy"][0] <= energy.min()
        assert energy.min() == pytest.approx(record["energy"][0], abs=0.01)
        assert energy.max() <= record["energy"][-1]


def test_a_landscape_without_topology_still_has_its_points(record):
    refused = {**record, "boundary": {}, "degrees": [], "pairs": [], "lines": [], "why": "degenerate"}
    view = landscape_view("", refused)
    assert view["tree"] is None
    assert view["energy"] == record["energy"]
    assert view["verdict"].endswith("No topology: degenerate.")


@pytest.fixture(scope="module")
def data(record, found):
    view = landscape_view(TITLE, record)
    return {"landscapes": [view], "mesh": mesh_view(found["mesh"]), "study": None}


@pytest.fixture(scope="module")
def page(data):
    return write.page(TITLE, data)


def test_a_page_is_one_file_that_nothing_breaks_out_of(page, record):
    assert not re.search(r"<(script|link|img|iframe)[^>]*(src|href)=[\"'](?!data:)", page)
    assert page.count("</script>") == 3
    assert page.count("<script") == 3
    data = json.loads(re.search(r'id="data">(.*?)</script>', page)[1])
    assert data["landscapes"][0]["title"] == TITLE
    assert data["landscapes"][0]["energy"] == record["energy"]
    assert len(page) < 2_600_000


def test_a_page_is_the_same_each_time(page, data):
    assert write.page(TITLE, data) == page


@pytest.fixture(scope="module")
def driver(page, tmp_path_factory):
    path = tmp_path_factory.mktemp("explorer") / "landscape.html"
    path.write_text(page)
    with browser() as driver:
        resize(driver, 1280)
        driver.get(path.as_uri())
        until(driver, "return document.body.dataset.ready")
        yield driver


def text(driver, name):
    return driver.execute_script(f"return document.getElementById('{name}').textContent")


def shown_numbers(driver):
    rows = "[...document.querySelectorAll('#numbers tbody tr')]"
    script = f"return {rows}.map(row => [...row.cells].map(cell => cell.textContent))"
    return driver.execute_script(script)


def press(driver, *keys):
    from selenium.webdriver.common.action_chains import ActionChains

    ActionChains(driver).send_keys(*keys).perform()


def settled(driver):
    until(driver, "return !explorer.waiting")


def test_it_loads_without_an_error(driver, record):
    assert complaints(driver) == []
    assert text(driver, "landscape-title") == TITLE
    assert driver.execute_script("return performance.getEntriesByType('resource').length") == 0
    of_each = driver.execute_script("return explorer.globe.box.data.slice(2, 5).map(t => t.x.length)")
    assert of_each == np.bincount(record["index"]).tolist()


def test_the_level_moves_everything(driver, record, simplices):
    for level in between(record)[::2]:
        driver.execute_script(f"explorer.setLevel({level})")
        settled(driver)
        rows = shown_numbers(driver)
        assert [int(row[3]) for row in rows[:3]] == flooded(record, level, simplices).tolist()
        below = int((np.array(record["mesh"]) <= level).sum())
        assert f"Flooded: {below} of 10000" in text(driver, "flooded")
        assert rows[3][1] == rows[3][3]
        lines = driver.execute_script(
            "return explorer.views.filter(v => v.box.layout.shapes).map(v => v.box.layout.shapes[0].y0)"
        )
        assert np.allclose(lines, [explorer_range(record, level)] * 2)


def explorer_range(record, level):
    """A level as the slider has it: never beyond its ends."""
    low, high = record["energy"][0], record["energy"][-1]
    margin = 0.04 * (high - low)
    return min(max(level, low - margin), high + margin)


def test_dragging_the_slider_floods(driver):
    from selenium.webdriver.common.action_chains import ActionChains

    driver.execute_script("explorer.setLevel(-9)")
    settled(driver)
    assert "Flooded: 0 of" in text(driver, "flooded")
    slider = driver.find_element("id", "level")
    picture = slider.screenshot_as_png
    ActionChains(driver).drag_and_drop_by_offset(slider, 60, 0).perform()
    settled(driver)
    assert "Flooded: 0 of" not in text(driver, "flooded")
    assert slider.screenshot_as_png != picture


def test_a_mouse_in_a_chart_drags_the_level(driver):
    from selenium.webdriver.common.action_chains import ActionChains

    tree = driver.find_element("id", "tree")
    ActionChains(driver).move_to_element_with_offset(tree, 150, 60).click_and_hold().perform()
    settled(driver)
    low = driver.execute_script("return explorer.level")
    ActionChains(driver).move_by_offset(0, -40).release().perform()
    settled(driver)
    assert driver.execute_script("return explorer.level") > low


def test_a_point_clicked_in_one_view_is_marked_in_all(driver, record):
    from selenium.webdriver.common.action_chains import ActionChains

    driver.execute_script("document.getElementById('tree').scrollIntoView({block: 'center'})")
    minimum = driver.find_element("css selector", "#tree .scatterlayer .trace:nth-child(3) .points path")
    ActionChains(driver).move_to_element(minimum).pause(0.5).click().perform()
    row = until(driver, "return explorer.chosen >= 0 && [explorer.chosen]")[0]
    assert record["index"][row] == 0
    assert driver.execute_script("return document.getElementById('point').value") == str(row)
    assert f"{abs(record['energy'][row]):.4f}" in text(driver, "chosen")
    check_marks(driver, record, row)


def check_marks(driver, record, row):
    """The ring of every view is at this point; on the globe it is in front."""
    ring = "const ring = v.box.data.at(-1); return [v.box.id, ring.x, ring.y, ring.z]"
    script = f"return explorer.views.map(v => {{ {ring} }})"
    marks = {name: rest for name, *rest in driver.execute_script(script)}
    assert set(marks) == {"globe", "tree", "barcode"}
    at = np.array(marks["globe"])[:, 0] / 1.03
    assert np.allclose(at, record["position"][row], atol=1e-5)
    assert at @ driver.execute_script("return explorer.globe.eye") > 0
    for name in ("tree", "barcode"):
        assert np.allclose(marks[name][1], record["energy"][row])
    assert len(marks["barcode"][1]) == 1


def test_the_keyboard_is_enough(driver, record):
    from selenium.webdriver.common.keys import Keys

    driver.execute_script("document.activeElement.blur(); explorer.setLevel(0)")
    settled(driver)
    press(driver, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    settled(driver)
    span = 1.08 * (record["energy"][-1] - record["energy"][0])
    assert driver.execute_script("return explorer.level") == pytest.approx(0.002 * span)
    reached = []
    for _ in range(6):
        press(driver, Keys.TAB)
        reached.append(driver.execute_script("return document.activeElement.id"))
        if reached[-1] == "point":
            press(driver, Keys.END)
        if reached[-1] == "after":
            press(driver, Keys.ENTER)
    assert reached[:5] == ["level", "before", "after", "point", "globe"]
    level = driver.execute_script("return explorer.level")
    assert level == min(energy for energy in record["energy"] if energy > 0.002 * span)
    check_marks(driver, record, len(record["energy"]) - 1)
    driver.execute_script("document.getElementById('globe').focus()")
    eye = driver.execute_script("return explorer.globe.eye")
    press(driver, Keys.ARROW_LEFT)
    assert driver.execute_script("return explorer.globe.eye") != eye
    assert driver.execute_script("return explorer.level") == level


def test_a_phone_shows_all_of_it(driver):
    resize(driver, 390)
    assert driver.execute_script("return innerWidth") == 390
    until(driver, "return byId('tree').clientWidth === byId('tree')._fullLayout.width")
    assert driver.execute_script("return document.documentElement.scrollWidth") == 390
    boxes = "[...document.querySelectorAll('figure:not([hidden]), .controls > *, .main-svg')]"
    boxes += ".map(e => e.getBoundingClientRect()).map(b => [b.left, b.right])"
    for left, right in driver.execute_script(f"return {boxes}"):
        assert 0 <= left <= right <= 390
    resize(driver, 1280)


def test_colours_follow_the_reader(driver):
    paper = "return getComputedStyle(document.body).backgroundColor"
    light = driver.execute_script(paper), driver.execute_script("return byId('tree').layout.font.color")
    media = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    until(driver, f"return byId('tree').layout.font.color !== '{light[1]}'")
    assert driver.execute_script(paper) != light[0]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_nothing_complained_meanwhile(driver):
    assert complaints(driver) == []
