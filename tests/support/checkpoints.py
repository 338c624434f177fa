import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

Checkpoint = Callable[..., Path]


@pytest.fixture(scope="session")
def picture() -> np.ndarray:
    """A picture with edges, gradients and fine texture, 120 x 200: no multiple of any network's stride."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[0:120, 0:200]
    base = 90 + 60 * np.sin(x / 17) + 40 * ((x // 25 + y // 20) % 2) + rng.normal(0, 6, (120, 200))
    return np.clip(np.stack([base, base * 0.9 + 10, 255 - base], axis=2), 0, 255).astype(np.uint8)


def drawn(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Untrained weights for one entry of a published checkpoint, drawn by its name: latents of a few units, wide densities."""
    rng, leaf = np.random.default_rng(zlib.crc32(name.encode())), name.rsplit(".", 1)[-1]
    noise = rng.standard_normal(shape)
    roles = {
        "gamma": lambda: np.sqrt(0.1 * np.eye(shape[0]) + 0.02 * rng.random(shape)),
        "beta": lambda: 1.0 + 0.1 * rng.random(shape),
        "matrix": lambda: np.log(np.expm1(10**-0.25 / shape[1])) + 0.05 * noise,
        "factors": lambda: 0.2 * noise,
        # A hyper-synthesis ends in scales of about two, a layer norm's weights are about one.
        "bias": lambda: 2.0 * name.endswith("conv_h6.bias") + (0.2 if leaf[-1].isdigit() else 0.05) * noise,
        "weight": lambda: ("norm" in name) + gain(name, shape) * noise,
    }
    return roles[leaf.rstrip("0123456789")]()


def gain(name: str, shape: tuple[int, ...]) -> float:
    """Standard deviation of a layer's weights, (out, in, ...) or, transposed, (in, out, ...)."""
    transposed = any(part in name for part in ("deconv", "conv_h4", "conv_h5", "conv_h6"))
    wanted = 0.3 if "conv_h" in name else 1.2 if transposed else 1.6
    return 0.05 if "norm" in name else wanted / np.sqrt(np.prod(shape) / shape[1 if transposed else 0])


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """Writes a published network's checkpoint as its authors do: (kind, filters, pixels of its attention) -> file."""
    import torch

    from simnet.codec.published import entries, published_kinds

    folder = tmp_path_factory.mktemp("checkpoints")

    def write(name: str, filters: int = 6, pixels: int = 256 * 128) -> Path:
        file, kind = folder / f"{name}-{filters}-{pixels}.pt", published_kinds.find(name)
        if not file.exists():
            patches = tuple(pixels // 1024 * 4**k for k in range(3)) if kind.attention else ()
            expected = entries.entries(kind, entries.Numbers(filters, patches))
            state = {key: torch.from_numpy(drawn(key, entry.shape)).float() for key, entry in expected.items()}
            torch.save({"model_state_dict": state, "optimizer_state_dict": {"state": {}, "param_groups": []}}, file)
        return file

    return write


@pytest.fixture(scope="session")
def model_of(checkpoint: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str | None]:
    """A codec's model: its own (None), or, where no weights are shipped, one imported from an untrained checkpoint."""
    from simnet.codec.published import model_writer, published_kinds

    folder = tmp_path_factory.mktemp("imported")

    def find(name: str) -> str | None:
        if name == "compressai":
            return untrained_zoo(folder)
        if name not in published_kinds.KINDS and name != "dsin":
            return None
        if not (folder / name / "manifest.yaml").exists():
            if name == "dsin":
                untrained_dsin(folder / name)
            else:
                model_writer.import_checkpoint(checkpoint(name), name, folder / name)
        return str(folder / name)

    return find


def untrained_dsin(folder: Path) -> None:
    """Write a tiny DSIN that was never trained."""
    import torch

    from simnet.codec.dsin.dsin_networks import Dsin, DsinNumbers
    from simnet.learn import dsin_stage

    torch.manual_seed(0)
    network = Dsin(DsinNumbers(first=8, wide=8, groups=1, side=8)).requires_grad_(requires_grad=False)
    dsin_stage.write(folder, network, {"encode_ns": 1, "decode_ns": 2, "numbers": {"dsin": {"latent": 32}}}, "card")


def untrained_zoo(folder: Path) -> str:
    """Write untrained weights of a CompressAI model, and return how it is named."""
    import torch

    from simnet.codec.bitstream.entropy_library import architectures

    torch.manual_seed(0)
    if not (folder / "zoo").exists():
        network = architectures().model_architectures["bmshj2018-factorized"](128, 192)
        torch.save(network.state_dict(), folder / "zoo")
    return f"bmshj2018-factorized:1:{folder / 'zoo'}"
