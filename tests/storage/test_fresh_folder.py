import pytest

from morsecensus.storage.errors import StoreError
from morsecensus.storage.fresh_folder import MANIFEST, fresh_folder


def _write(out, **files):
    with fresh_folder(out) as folder:
        for name, text in files.items():
            path = folder / name.replace("_", "/")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)


def _fail(out):
    with fresh_folder(out) as folder:
        (folder / "page").write_text("half")
        raise ZeroDivisionError


def _held(out):
    return {
        path.relative_to(out).as_posix(): path.read_text()
        for path in out.rglob("*")
        if path.is_file() and path.name != MANIFEST
    }


def test_the_second_writing_leaves_nothing_of_the_first_and_all_of_others(tmp_path):
    out = tmp_path / "made" / "here"
    _write(out, page="one", figures_a="a", figures_b="b", old_c="c")
    (out / "figures/notes.txt").write_text("mine")
    (out / "thesis").write_text("mine")
    _write(out, page="two", figures_b="b2")
    assert _held(out) == {"page": "two", "figures/b": "b2", "figures/notes.txt": "mine", "thesis": "mine"}
    assert not (out / "old").exists()
    assert [path.name for path in out.parent.iterdir()] == ["here"]


def test_a_writing_that_fails_leaves_the_old_one_whole(tmp_path):
    out = tmp_path / "out"
    with pytest.raises(ZeroDivisionError):
        _fail(out)
    assert list(tmp_path.iterdir()) == []
    _write(out, page="one", figures_a="a")
    with pytest.raises(ZeroDivisionError):
        _fail(out)
    assert _held(out) == {"page": "one", "figures/a": "a"}


def test_a_file_that_is_not_ours_is_not_replaced(tmp_path):
    (tmp_path / "page").write_text("mine")
    with pytest.raises(StoreError, match="holds page, which no earlier run"):
        _write(tmp_path, page="two", figures_a="a")
    assert _held(tmp_path) == {"page": "mine"}


@pytest.mark.parametrize("text", ["", "[1]", "{}", '["../other", "/etc/passwd"]'])
def test_a_forged_manifest_removes_nothing(tmp_path, text):
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "other").write_text("mine")
    (out / MANIFEST).write_text(text)
    _write(out, page="one")
    assert _held(tmp_path) == {"other": "mine", "out/page": "one"}
