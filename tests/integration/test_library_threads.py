"""Every native library says itself that it keeps to the number of threads that simnet gives it."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from simnet import library_threads
from simnet.codec.learned import inference
from simnet.codec.model import load
from simnet.codec.video import libav
from simnet.library_threads import limit_torch, limited, processors, settings
from simnet.runfolder.run_manifest import read_manifest


@pytest.fixture(autouse=True)
def more_threads() -> Iterator[None]:
    """A process whose libraries use two threads each, where the machine has two processors."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(2)
    with threadpool_limits(2, user_api="blas"):
        yield
    cv2.setNumThreads(before)


def blas() -> list[int]:
    return [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]


def test_blas_and_opencv_compute_in_the_calling_thread_while_limited() -> None:
    assert np.ones(2) @ np.ones(2) == 2
    before = blas()
    with limited():
        assert set(blas()) == {1}
        assert cv2.getNumThreads() == 1
        assert settings() == {"processors": processors(), "opencv": 1, "blas": 1}
    assert blas() == before
    assert cv2.getNumThreads() == 2


def test_the_limit_holds_until_the_last_of_overlapping_runs_ends() -> None:
    first_ended, second_began = threading.Event(), threading.Event()
    seen: list[set[int]] = []

    def second() -> None:
        with limited():
            second_began.set()
            first_ended.wait(30)
            seen.append({*blas(), cv2.getNumThreads()})

    other = threading.Thread(target=second)
    with limited():
        other.start()
        second_began.wait(30)
    first_ended.set()
    other.join(30)
    assert seen == [{1}]
    assert cv2.getNumThreads() == 2


def test_torch_keeps_to_one_thread_though_it_came_later() -> None:
    import torch

    torch.set_num_threads(2)
    with limited():
        limit_torch()
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2


def test_openvino_has_one_thread_for_each_job() -> None:
    network = inference.compiled(load("factorized"), "analysis", ((1, 3, 64, 64),))
    assert network.get_property("INFERENCE_NUM_THREADS") == processors()
    assert network.get_property("NUM_STREAMS") == processors()


@pytest.mark.parametrize("library", ["libx264", "libx265", "libsvtav1"])
def test_each_ffmpeg_coder_has_one_thread(library: str) -> None:
    encoder = libav.open_encoder(library, 64, 64, {}, apart=False)
    assert encoder.thread_count == library_threads.CODER_THREADS == 1
    decoder = libav.open_decoder({"libx264": "h264", "libx265": "hevc", "libsvtav1": "libdav1d"}[library], 64, 64)
    assert decoder.thread_count == 1


def test_a_run_says_how_many_threads_its_libraries_used(tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.endswith("_NUM_THREADS")}
    changes = ["duration=0.3s", "streams.*.codec=jpeg", "streams.*.side_information=[]"]
    typed = ["run", "stereo_pair", "--out", str(tmp_path / "run"), "--no-report"]
    for change in changes:
        typed += ["--set", change]
    subprocess.run([sys.executable, "-m", "simnet", *typed], env=environment, check=True, stdout=subprocess.DEVNULL)
    threads = read_manifest(tmp_path / "run").library_threads
    assert threads == {"processors": processors(), "opencv": 1, "blas": 1}
