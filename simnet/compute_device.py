"""The device that learned codecs compute on: the processor, or a GPU.

    --device, device=, SIMNET_DEVICE ──▶ using ──▶ chosen ──▶ the networks' backend; run.json; names of stored frames

The environment variable hands the choice on to a run's own processes; on other machines each host is told by itself. torch is
imported by its name, and only for a GPU: a run on the processor does without it.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from simnet import processor
from simnet.errors import InputError
from simnet.serial_imports import imported

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE = "SIMNET_DEVICE"
CPU, CUDA = "cpu", "cuda"
DEVICES = (CPU, CUDA)
"""What a user can choose."""
BACKEND = "simnet.codec.learned.torch_graphs"
"""Module that computes on another device than `CPU`; it imports torch."""
TORCH_CPU = "torch-cpu"
"""The GPU's backend on the processor: stands for a GPU in tests, slower than `CPU`, and is offered nowhere."""


def chosen() -> str:
    """Return the device of this process: `cpu`, `cuda` or `torch-cpu`; InputError if the environment names another."""
    name = os.environ.get(VARIABLE) or CPU
    if name not in (*DEVICES, TORCH_CPU):
        raise InputError(f"{VARIABLE}={name[:40]}: unknown device; expected one of {', '.join(DEVICES)}")
    return name


@contextmanager
def using(device: str | None) -> Iterator[None]:
    """Use a device inside the block, in this process and those that it starts; None: that of the environment.

    Raises:
        InputError: It is not there.
    """
    if device is None:
        check(chosen(), f"{VARIABLE}={chosen()}")
        yield
        return
    check(device, f"--device {device}")
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = device
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(VARIABLE, None)
        else:
            os.environ[VARIABLE] = before


def check(device: str, asked: str) -> None:
    """Raise InputError unless a device is there; `asked` is how the user named it."""
    if device == CPU:
        return
    wanted = f"expected an NVIDIA GPU, its driver, a CUDA build of torch, and onnx, or {asked.replace(CUDA, CPU)}"
    try:
        torch: Any = imported("torch")
        imported("onnx")
    except ImportError as error:
        raise InputError(f"{asked}: {error.name} is not installed here; {wanted}") from error
    if device == CUDA and not torch.cuda.is_available():
        raise InputError(f"{asked}: torch {torch.__version__} finds no GPU on this machine; {wanted}")


def torch_name() -> str:
    """Return torch's name of the chosen device, which is not `CPU`; InputError if it is not there."""
    return _torch_name(chosen())


@cache
def _torch_name(device: str) -> str:
    check(device, f"{VARIABLE}={device}")
    return CUDA if device == CUDA else CPU


def described() -> str:
    """Return what pictures of learned codecs depend on: the processor, and the GPU and torch if that computes them."""
    device = chosen()
    return processor.processor() if device == CPU else f"{processor.processor()}; networks on {_accelerator(device)}"


def modules() -> tuple[str, ...]:
    """Return the modules that the chosen device adds to those of codecs."""
    return () if chosen() == CPU else (BACKEND,)


@cache
def _accelerator(device: str) -> str:
    check(device, f"{VARIABLE}={device}")
    torch: Any = imported("torch")
    name = torch.cuda.get_device_name(0) if device == CUDA else "its torch"
    return f"{name} (torch {torch.__version__})"
