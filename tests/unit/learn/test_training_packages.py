"""Without torch, training says so in one line."""

import pytest

from simnet.errors import ModelError
from simnet.learn import training_packages


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_packages, "find_spec", lambda name: None if name == "torch" else object())
    with pytest.raises(ModelError, match=r"simnet train: needs torch, not installed here; expected pip install torch$"):
        training_packages.require("simnet train")
    monkeypatch.setattr(training_packages, "find_spec", lambda _: object())
    training_packages.require("simnet train")
