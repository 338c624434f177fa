"""Weights are found in a checkpoint wherever training libraries put them, under whatever prefixes."""

import pytest

from simnet.codec.checkpoint_names import weights_in


@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.", "module._orig_mod.", "model.net."])
@pytest.mark.parametrize("place", [None, "state_dict", "model_state_dict", "model"])
def test_weights_are_found_by_their_bare_names(prefix: str, place: str | None) -> None:
    state = {f"{prefix}conv1.weight": 1, f"{prefix}fc.bias": 2}
    content = state if place is None else {"epoch": {}, place: state}
    assert weights_in(content) == {"conv1.weight": 1, "fc.bias": 2}


def test_a_prefix_that_only_some_entries_have_is_part_of_the_name() -> None:
    state = {"module.conv1.weight": 1, "fc.bias": 2}
    assert weights_in({"state_dict": state}) == state


@pytest.mark.parametrize("content", [None, 3, [], {1: 2}, {"state_dict": {}, 5: 1}])
def test_nothing_is_found_where_nothing_is(content: object) -> None:
    assert weights_in(content) == {}
