"""What is exported is what was trained, however its weights lay in memory."""

from pathlib import Path

import numpy as np
import pytest
import torch

from simnet.codec import model
from simnet.codec.learned import context_coder
from simnet.codec.learned.backbone_networks import Backbone, BackboneNumbers
from simnet.learn import model_export


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_exported_context_model_survives_its_file(layout: torch.memory_format, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = Backbone(BackboneNumbers(wide=4, deep=4, latent=8, gains=3, groups=(3, 5), hidden=6)).eval()
    network.to(memory_format=layout)  # type: ignore[call-overload]  # torch's stub
    model_export.write(tmp_path, "checkerboard", network, None, {"encode_ns": 1, "decode_ns": 1}, "card")
    tables = model.tables(model.load(str(tmp_path)))
    assert isinstance(tables, context_coder.ContextCoder)
    assert tables.passes[1].first is not None
    weight = network.context.passes[1].first.weight.detach().numpy()  # type: ignore[union-attr]  # the second pass has one
    np.testing.assert_allclose(tables.passes[1].first / 4096, weight.transpose(0, 2, 3, 1), atol=1 / 4096)
