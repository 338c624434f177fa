"""Several processes that train one network (`torchrun`): who this one is, what it computes on, its share of a batch.

Every process draws the whole batch and keeps its share, so that two with half of it each see the very examples of one with all of
it. Gradients are averaged by torch's DistributedDataParallel: over gloo between CPUs, over NCCL between GPUs. The first process
alone validates, writes and exports.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, distributed

from simnet.errors import InputError


class WorkerFinished(Exception):  # noqa: N818  # not an error
    """This process has done its part of a training: what remains, the first one does alone."""


def world() -> int:
    """How many processes train together."""
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1


def rank() -> int:
    """Which of them this one is."""
    return distributed.get_rank() if world() > 1 else 0


def first() -> bool:
    """Whether this one validates, writes and exports."""
    return rank() == 0


def asked_world() -> int:
    """How many processes the launcher (`torchrun`) has started; 1 without one."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def local_place() -> int:
    """Which of this machine's processes this one is."""
    return int(os.environ.get("LOCAL_RANK", "0"))


def device(asked: str) -> torch.device:
    """What to compute on: `auto` (a GPU where there is one), `cpu` or `cuda`; of several GPUs each process takes its own.

    Raises:
        InputError: There is no GPU, or there are fewer than processes.
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
    """Threads for this process: what OMP_NUM_THREADS says, else its share of the processors."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdecimal() and int(asked):
        return int(asked)
    return max(1, (os.cpu_count() or 1) // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))


@contextmanager
def processes(asked: str) -> Iterator[None]:
    """Join the others that `torchrun` started, until this ends or this process has `WorkerFinished`; nothing to do without it."""
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
    """End here, by raising `WorkerFinished`, unless this is the first process."""
    if not first():
        raise WorkerFinished


def share(batch: Tensor) -> Tensor:
    """This process's part of a batch (B, ...), whose examples come one after another.

    Raises:
        InputError: B is not a multiple of the number of processes.
    """
    count = world()
    if len(batch) % count:
        raise InputError(f"batch {len(batch)}: cannot be shared by {count} processes; expected a multiple")
    part = len(batch) // count
    return batch[rank() * part : (rank() + 1) * part]


def mean(value: Tensor) -> Tensor:
    """The mean over all processes; every one of them must ask."""
    if world() > 1:
        value = value.clone()
        distributed.all_reduce(value)
        value /= world()
    return value


def from_first(value: float, place: torch.device) -> float:
    """What the first process says; every one of them must ask."""
    if world() == 1:
        return value
    told = torch.tensor([value], dtype=torch.float64, device=place)
    distributed.broadcast(told, 0)
    return told.item()


def anywhere(said: bool, place: torch.device) -> bool:
    """Whether any process says so; every one of them must ask."""
    if world() == 1:
        return said
    told = torch.tensor([float(said)], device=place)
    distributed.all_reduce(told)
    return told.item() > 0
