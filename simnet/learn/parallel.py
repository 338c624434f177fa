"""Data-parallel training with `torchrun`: rank and device of this process, and its share of a batch.

Every process draws the whole batch and keeps its share, so the examples do not depend on the number of processes. Torch's
DistributedDataParallel averages the gradients: over gloo between CPUs, over NCCL between GPUs. Only the first process validates,
writes and exports.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, distributed

from simnet.errors import InputError
from simnet.library_threads import processors


class WorkerFinished(Exception):  # noqa: N818  # not an error
    """Raised when this process has done its part of a training; the first process does the rest alone."""


def world() -> int:
    """Number of processes that train together."""
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1


def rank() -> int:
    """Rank of this process."""
    return distributed.get_rank() if world() > 1 else 0


def first() -> bool:
    """Whether this process validates, writes and exports."""
    return rank() == 0


def asked_world() -> int:
    """Number of processes that the launcher (`torchrun`) started; 1 without a launcher."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def local_place() -> int:
    """Rank of this process on its machine."""
    return int(os.environ.get("LOCAL_RANK", "0"))


def device(asked: str) -> torch.device:
    """Device to compute on: `auto` (a GPU if there is one), `cpu` or `cuda`; each process takes its own GPU.

    Raises:
        InputError: There is no GPU, or there are fewer GPUs than processes.
    """
    if asked == "cpu" or (asked == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise InputError(f"device {asked}: torch finds no GPU here; expected one, or device cpu")
    if local_place() >= torch.cuda.device_count():
        raise InputError(
            f"device {asked}: process {local_place() + 1} of {torch.cuda.device_count()} GPUs; expected one each"
        )
    return torch.device("cuda", local_place())


def threads() -> int:
    """Number of threads for this process: OMP_NUM_THREADS if set, else its share of the processors."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdecimal() and int(asked):
        return int(asked)
    return max(1, processors() // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))


@contextmanager
def processes(asked: str) -> Iterator[None]:
    """Join the process group of `torchrun` until the block ends or raises `WorkerFinished`; no-op without `torchrun`."""
    if asked_world() == 1:
        yield
        return
    place = device(asked)
    if place.type == "cuda":
        torch.cuda.set_device(place)
    distributed.init_process_group("nccl" if place.type == "cuda" else "gloo")
    try:
        yield
    except WorkerFinished:
        pass
    finally:
        distributed.destroy_process_group()


def leave_to_first() -> None:
    """Raise `WorkerFinished` unless this is the first process."""
    if not first():
        raise WorkerFinished


def share(batch: Tensor) -> Tensor:
    """This process's share of a batch (B, ...): consecutive examples.

    Raises:
        InputError: B is not a multiple of the number of processes.
    """
    count = world()
    if len(batch) % count:
        raise InputError(f"batch {len(batch)}: cannot be shared by {count} processes; expected a multiple")
    part = len(batch) // count
    return batch[rank() * part : (rank() + 1) * part]


def mean(value: Tensor) -> Tensor:
    """The mean over all processes; every process must call this."""
    if world() > 1:
        value = value.clone()
        distributed.all_reduce(value)
        value /= world()
    return value


def from_first(value: float, place: torch.device) -> float:
    """The value of the first process; every process must call this."""
    if world() == 1:
        return value
    told = torch.tensor([value], dtype=torch.float64, device=place)
    distributed.broadcast(told, 0)
    return told.item()


def anywhere(said: bool, place: torch.device) -> bool:
    """Whether the flag is set in any process; every process must call this."""
    if world() == 1:
        return said
    told = torch.tensor([float(said)], device=place)
    distributed.all_reduce(told)
    return told.item() > 0
