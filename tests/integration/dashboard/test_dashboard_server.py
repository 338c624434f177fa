"""The dashboard's server refuses a port that is taken."""

import socket

import pytest

from simnet import cli


def test_taken_port_is_the_only_complaint(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert cli.main(["dashboard", "--connect", "tcp://127.0.0.1:5570", "--port", str(port)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == f"simnet: error: 127.0.0.1:{port}: cannot serve there (Address already in use)\n"
