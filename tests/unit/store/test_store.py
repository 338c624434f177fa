"""The cache: what was put comes back whole or not at all, whoever else writes, and it stays within its limit."""

import pickle
import random
import sqlite3
from pathlib import Path

import pytest

from simnet.errors import InputError
from simnet.store import Store, default_folder

KILOBYTE = 1000


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path / "cache", 100 * KILOBYTE * KILOBYTE)
    yield opened
    opened.close()


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.val"))


@pytest.mark.parametrize("size", [0, 1, 31 * KILOBYTE, 200 * KILOBYTE])
@pytest.mark.parametrize("kind", ["scores", "pixels"])
def test_stored_value_is_read_by_another_process(store, tmp_path, kind, size):
    data = random.Random(size).randbytes(size)
    assert store.get(kind, "a") is None
    store.put(kind, "a", data)
    store.put(kind, "b", b"other")
    assert store.get(kind, "a") == data
    other = Store(tmp_path / "cache")
    assert other.get(kind, "a") == data
    other.put(kind, "a", data[::-1])
    assert store.get(kind, "a") == data[::-1]
    other.close()


def test_kinds_are_stored_separately(store):
    store.put("scores", "a", b"1")
    assert store.get("pixels", "a") is None
    assert store.get("frames", "a") is None


def test_store_keeps_its_limit_without_evicting_records(tmp_path):
    store = Store(tmp_path, 4_000 * KILOBYTE)
    store.put("scores", "first", b"kept")
    draw = random.Random(1)
    for number in range(100):
        store.put("pixels", str(number), draw.randbytes(100 * KILOBYTE))
    held = sum(file.stat().st_size for file in tmp_path.rglob("*") if file.is_file())
    assert held < 4_500 * KILOBYTE
    assert store.get("pixels", "0") is None
    assert store.get("pixels", "99") is not None
    assert store.get("scores", "first") == b"kept"
    store.close()


@pytest.mark.parametrize("harm", ["cut", "flipped", "gone", "swapped"])
def test_altered_file_is_a_miss(store, tmp_path, harm):
    data = random.Random(2).randbytes(50 * KILOBYTE)
    store.put("pixels", "a", data)
    (file,) = files(tmp_path)
    whole = file.read_bytes()
    if harm == "gone":
        file.unlink()
    elif harm == "swapped":
        store.put("pixels", "b", data[::-1])
        (other,) = [each for each in files(tmp_path) if each != file]
        file.write_bytes(other.read_bytes())
    else:
        file.write_bytes(whole[:-1] if harm == "cut" else whole[:99] + bytes([whole[99] ^ 1]) + whole[100:])
    assert store.get("pixels", "a") is None
    store.put("pixels", "a", data)
    assert store.get("pixels", "a") == data


class Trap:
    """Unpickling it writes a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self):
        return Path.touch, (self.file,)


@pytest.mark.parametrize("mode", [1, 3, 4])
def test_nothing_is_ever_unpickled(store, tmp_path, mode):
    sprung = tmp_path / "sprung"
    store.put("scores", "a", b"1")
    bomb = pickle.dumps(Trap(sprung))
    base = sqlite3.connect(tmp_path / "cache" / "records" / "cache.db")
    base.execute("UPDATE Cache SET mode = ?, value = ?", (mode, bomb))
    base.commit()
    base.close()
    assert store.get("scores", "a") is None
    assert not sprung.exists()
    with pytest.raises(TypeError, match="expected bytes"):
        store.put("scores", "a", "text")  # pyright: ignore[reportArgumentType]


def test_unusable_store_folder_is_one_line(tmp_path):
    (tmp_path / "file").write_text("x")
    broken = tmp_path / "broken" / "records"
    broken.mkdir(parents=True)
    (broken / "cache.db").write_bytes(b"no data base at all" * 1000)
    for folder, said in [
        (tmp_path / "file", "file"),
        (tmp_path / "file" / "in", "in"),
        (tmp_path / "broken", "broken"),
    ]:
        with pytest.raises(InputError, match=f"^cache .*{said}: .*expected") as caught:
            Store(folder)
        assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="limit of 0 bytes; expected at least"):
        Store(tmp_path / "none", 0)


def test_broken_database_is_one_line(tmp_path):
    store = Store(tmp_path / "cache")
    store.put("scores", "a", b"1")
    store.close()
    base = tmp_path / "cache" / "records" / "cache.db"
    store = Store(tmp_path / "cache")
    base.write_bytes(base.read_bytes()[:4096] + b"x" * 40_000)

    def use() -> None:
        for number in range(100):
            store.put("scores", str(number), bytes(1000))
            store.get("scores", "a")

    with pytest.raises(InputError, match="not readable as a cache"):
        use()
    store.close()


def test_default_store_is_in_the_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "simnet"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_folder() == Path.home() / ".cache" / "simnet"
