"""The training loop resumes exactly after a kill, keeps a journal, and refuses a changed recipe."""

import csv
import os
import sys
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing import event_accumulator

from simnet import interrupts
from simnet.errors import InputError
from simnet.learn import (
    checkpoints,
    parallel,
    training_journal,
)
from simnet.learn import (
    trainer as loop,
)
from support import tiny_training
from support.tiny_training import recipe, train


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def figures(folder: Path) -> list[list[str]]:
    with (folder / training_journal.FIGURES).open() as file:
        return list(csv.reader(file))


@pytest.mark.parametrize(
    "changes", [{}, {"schedule": "plateau", "amsgrad": True, "clip": None, "precision": "float32"}]
)
@pytest.mark.parametrize("keep", ["average", "best"])
def test_killed_training_resumes_to_the_same_end(tmp_path: Path, changes: dict[str, object], keep: str) -> None:
    straight = train(recipe(**changes), tmp_path / "straight", keep=keep)
    with pytest.raises(MemoryError):
        train(recipe(**changes), tmp_path / "killed", stop=10, keep=keep)
    resumed = train(recipe(**changes), tmp_path / "killed", keep=keep)
    for part in ("network", "averaged"):
        pairs = zip(getattr(straight, part).parameters(), getattr(resumed, part).parameters(), strict=True)
        assert all(torch.equal(a, b) for a, b in pairs), part
    assert straight.plateau.state_dict() == resumed.plateau.state_dict()
    for name in (training_journal.TEXT, training_journal.FIGURES):
        text = (tmp_path / "straight" / name).read_text()
        # The means since the last note begin at the kill; all else is the same.
        rest = [line for line in text.splitlines() if ",train/" not in line]
        assert rest == [line for line in (tmp_path / "killed" / name).read_text().splitlines() if ",train/" not in line]


def test_journal_holds_every_figure(tmp_path: Path) -> None:
    train(recipe(), tmp_path)
    rows = figures(tmp_path)
    assert rows[0] == ["step", "name", "value"]
    assert {name for step, name, _ in rows if step == "20"} == {
        "train/loss",
        "train/bpp",
        "train/distortion",
        "train/learning_rate",
        "validation/distortion",
    }
    steps = [int(line.split()[1].rstrip(":")) for line in (tmp_path / training_journal.TEXT).read_text().splitlines()]
    assert steps == [5, 10, 15, 20]


def test_curves_and_pictures_go_to_tensorboard(tmp_path: Path) -> None:
    train(recipe(), tmp_path)
    events = event_accumulator.EventAccumulator(str(tmp_path / training_journal.CURVES))
    events.Reload()
    assert set(events.Tags()["scalars"]) >= {"train/loss", "train/bpp", "train/learning_rate", "validation/distortion"}
    assert events.Tags()["images"] == ["examples/first"]
    assert [event.step for event in events.Scalars("validation/distortion")] == [5, 10, 15, 20]


def test_missing_tensorboard_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    train(recipe(steps=2), tmp_path)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("simnet: warning: the package tensorboard is not installed")
    assert len(figures(tmp_path)) > 3


@pytest.mark.parametrize("kind", ["mse", "ms-ssim"])
@pytest.mark.parametrize("keep", ["average", "best"])
def test_loss_falls(tmp_path: Path, kind: str, keep: str) -> None:
    train(recipe(distortion=kind, steps=60), tmp_path, keep=keep)
    found = [float(value) for _, name, value in figures(tmp_path)[1:] if name == "validation/distortion"]
    assert found[-1] < 0.8 * found[0]


def test_best_weights_are_kept(tmp_path: Path) -> None:
    trainer = train(recipe(schedule="plateau", learning_rate=0.5, steps=40, clip=None), tmp_path, keep="best")
    found = [float(value) for _, name, value in figures(tmp_path)[1:] if name == "validation/distortion"]
    assert trainer.best == pytest.approx(min(found))
    assert trainer.best < found[-1]


def test_changed_recipe_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    checkpoints.refuse_changes(recipe(), tmp_path)
    train(recipe(steps=2), tmp_path)
    checkpoints.refuse_changes(recipe(steps=5), tmp_path)
    with pytest.raises(InputError, match=r"begun with another recipe \(seed: 1 -> 2, batch: 4 -> 8\)"):
        checkpoints.refuse_changes(recipe(batch=8, seed=2), tmp_path)
    checkpoints.refuse_changes(recipe(batch=8), tmp_path, allowed=True)
    assert capsys.readouterr().err.endswith("goes on with a changed recipe (batch: 4 -> 8)\n")
    (tmp_path / "last.pt").write_bytes(b"nonsense")
    with pytest.raises(InputError, match=r"last\.pt: not a checkpoint"):
        checkpoints.refuse_changes(recipe(), tmp_path)


def test_file_in_place_of_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match=r"file: cannot be made: File exists"):
        train(recipe(steps=2), tmp_path / "file")


def test_nan_loss_ends_the_training(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="try a lower learning_rate"):
        train(recipe(learning_rate=1e30, warm_up=0, clip=None), tmp_path)


def test_interrupt_saves_the_current_step(tmp_path: Path) -> None:
    chosen = recipe(steps=10_000)
    trainer = loop.Trainer(tiny_training.Tiny(), chosen, tmp_path)

    def loss(step: int) -> torch.Tensor:
        if step == 7:
            os.kill(os.getpid(), 2)
        return trainer.network(torch.ones(4, 3, 16, 16))[0].mean() ** 2

    with pytest.raises(KeyboardInterrupt):
        trainer.run(loss, lambda _: "")
    assert checkpoints.read(trainer.checkpoint)["step"] == 8


def test_second_interrupt_does_not_wait() -> None:
    reached = []

    def interrupted() -> None:
        with interrupts.deferring() as cancel:
            os.kill(os.getpid(), 2)
            reached.append(cancel.is_set)
            os.kill(os.getpid(), 2)
            reached.append(cancel.is_set)

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert reached == [True]


def test_batch_is_shared_among_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "world", lambda: 2)
    monkeypatch.setattr(parallel, "rank", lambda: 1)
    assert parallel.share(torch.arange(6)).tolist() == [3, 4, 5]
    with pytest.raises(InputError, match="batch 5: cannot be shared by 2 processes"):
        parallel.share(torch.arange(5))


def test_missing_gpu_is_one_line() -> None:
    if torch.cuda.is_available():
        assert parallel.device("auto").type == "cuda"
    else:
        assert parallel.device("auto").type == "cpu"
        with pytest.raises(InputError, match="torch finds no GPU"):
            parallel.device("cuda")
