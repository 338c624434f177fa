"""Loading a learned codec starts no process, opens no connection, and may be done by several threads at once."""

import subprocess
import sys

_LOAD = """
import sys, threading
seen = []
sys.addaudithook(lambda event, _: seen.append(event) if event in watched else None)
watched = {"os.fork", "os.forkpty", "socket.connect", "socket.getaddrinfo"}
from simnet import codec
codec.open_encoder("factorized", 64, 64)
for thread in threading.enumerate():
    if thread is not threading.current_thread():
        thread.join(10)
print(*seen)
"""

_LOAD_TOGETHER = """
import threading
from simnet.codec.bitstream import entropy_library
failures, together = [], threading.Barrier(4)
def load():
    together.wait()
    try:
        entropy_library.architectures()
    except Exception as error:
        failures.append(error)
threads = [threading.Thread(target=load) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(*failures)
"""


def test_several_threads_load_the_zoo_at_once() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LOAD_TOGETHER], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_loading_a_codec_neither_forks_nor_connects() -> None:
    """A fork while another thread multiplies matrices leaves that thread waiting for ever (OpenBLAS)."""
    done = subprocess.run([sys.executable, "-c", _LOAD], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
