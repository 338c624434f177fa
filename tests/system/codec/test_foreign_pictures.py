"""Pictures of strangers are refused in one line before their pixels take memory."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from simnet import codec, picture_files
from simnet.codec.bitstream import framing
from simnet.errors import BitstreamError, PictureError
from simnet.records import Announcement
from support import hostile_pictures
from support.places import ROOT

BOUND_MIB = 256
"""Address space that one process may take for all of the pictures below, one after the other."""
CHILD = """
import json, sys
from pathlib import Path
import simnet.codec.still.pillow_codecs, simnet.codec.video.video_codec
from fuzz.child import bound_memory
from test_foreign_pictures import said_of_file, said_of_payload, WARM
said_of_payload(*WARM)
bound_memory(int(sys.argv[2]))
folder = Path(sys.argv[1])
found = {file.name: said_of_payload(file.name, file.read_bytes()) for file in sorted(folder.glob("payloads/*"))}
found |= {file.name: said_of_file(file) for file in sorted(folder.glob("files/*"))}
print(json.dumps(found))
"""
WARM = ("jpeg2000", bytes(hostile_pictures.small("JPEG2000", no_jp2=True)))


def said_of_payload(name: str, payload: bytes) -> str:
    """Class and message of the error that a payload ends in; empty if it is decoded."""
    announced = Announcement(name.split(maxsplit=1)[0], "", "", "", hostile_pictures.WIDTH, hostile_pictures.HEIGHT)
    frame = framing.pack(framing.Header(0, 128, key=True), payload, announced)
    try:
        codec.open_decoder(announced).decode(frame, ())
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def said_of_file(file: Path) -> str:
    try:
        picture_files.read_rgb(file)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What became of every picture, in a process whose memory is bounded."""
    folder = tmp_path_factory.mktemp("hostile")
    for part, made in (("payloads", hostile_pictures.pictures()), ("files", hostile_pictures.files())):
        (folder / part).mkdir()
        for name, data in made:
            (folder / part / name).write_bytes(data)
    paths = os.pathsep.join(map(str, (ROOT, ROOT / "tests", Path(__file__).parent)))
    command = [sys.executable, "-c", CHILD, str(folder), str(BOUND_MIB)]
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", [name for name, _ in hostile_pictures.pictures()])
def test_hostile_payload_is_refused_within_its_memory(name: str, said: dict[str, str]) -> None:
    assert said[name].startswith("BitstreamError: "), said[name]
    assert "\n" not in said[name]


@pytest.mark.parametrize("name", [name for name, _ in hostile_pictures.files()])
def test_hostile_file_is_refused_within_its_memory(name: str, said: dict[str, str]) -> None:
    assert said[name].startswith("PictureError: "), said[name]
    assert name in said[name]
    assert "\n" not in said[name]


@pytest.mark.parametrize("kind", ["JPEG", "JPEG2000", "WEBP", "AVIF", "PNG", "TIFF", "BMP", "PPM", "GIF"])
def test_ordinary_files_are_read(kind: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(hostile_pictures.small(kind))
    size = (hostile_pictures.WIDTH, hostile_pictures.HEIGHT)
    assert picture_files.read_rgb(tmp_path / "a", size).shape == (*size[::-1], 3)


def test_picture_of_another_size_than_expected_is_refused_by_its_header(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(hostile_pictures.small("PNG")[:60])  # no pixels follow
    with pytest.raises(picture_files.WrongSizeError, match="picture of 64 x 48; expected 64 x 49"):
        picture_files.read_rgb(tmp_path / "a.png", (64, 49))


def test_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(PictureError, match=r"a.png: not a regular file"):
        picture_files.read_rgb(tmp_path / "a.png")


def test_payload_is_refused_if_another_format_is_announced() -> None:
    announced = Announcement("jpeg", "", "", "", hostile_pictures.WIDTH, hostile_pictures.HEIGHT)
    frame = framing.pack(framing.Header(0, 128, key=True), bytes(hostile_pictures.small("PNG")), announced)
    with pytest.raises(BitstreamError, match="payload of codec jpeg: not a readable picture"):
        codec.open_decoder(announced).decode(frame, ())
