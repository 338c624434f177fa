"""Which pictures an evaluation codes, how they are cropped, and which side pictures and unrelated ones each gets."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from simnet.errors import InputError, PictureError
from simnet.learn import picture_protocols
from simnet.learn.evaluation.drives import Fit
from simnet.learn.evaluation.evaluation_pairs import list_tasks
from simnet.learn.evaluation.evaluator import evaluate


def test_unrelated_pictures_come_from_far_away(save_drive: Callable[..., None], tmp_path: Path, drive: str) -> None:
    save_drive(tmp_path / "other", 5, 3)
    other = f"pairs:{tmp_path / 'other'}"
    alone = list_tasks([drive], Fit(), [0])
    assert [task.unrelated.place.stem for task in alone.tasks] == ["03", "04", "05", "00", "01", "02"]
    both = list_tasks([drive, other], Fit(), [0])
    assert both.unrelated == "pictures of another data set"
    assert [task.unrelated.place.parts[-3] for task in both.tasks] == ["other"] * 6 + ["drive"] * 3
    asked = list_tasks([drive], Fit(), [0], unrelated=other)
    assert [task.unrelated.place.parts[-3:] for task in asked.tasks][::5] == [
        ("other", "right", "00.png"),
        ("other", "right", "02.png"),
    ]


def test_pairs_may_be_swapped_and_limited(drive: str) -> None:
    tasks = list_tasks([drive], Fit(), [0, 2], both_directions=True, most=2).tasks
    assert [(task.coded, task.name) for task in tasks] == [
        ("left", "00"),
        ("left", "03"),
        ("right", "00"),
        ("right", "03"),
    ]
    side = tasks[3].sides[2]
    assert side.place.parts[-2:] == ("left", "05.png")
    assert tasks[3].unrelated.place.parts[-2:] == ("left", "00.png")


def test_drives_below_a_folder_keep_their_names(save_drive: Callable[..., None], tmp_path: Path) -> None:
    for name in ("a", "b"):
        save_drive(tmp_path / "all" / name, 3, 2)
    listed = list_tasks([f"pairs:{tmp_path / 'all'}"], Fit(), [0])
    assert [task.name for task in listed.tasks] == ["a/00", "a/01", "b/00", "b/01"]
    assert listed.unrelated == "pictures of another drive"


@pytest.mark.parametrize(("height", "width"), [(375, 1242), (188, 621), (185, 613)])
def test_kitti_protocol_crops_the_middle(height: int, width: int) -> None:
    rows, columns = (370, 740) if height >= 370 else (185, 370)
    picture = np.zeros((height, width, 3), np.uint8)
    top, left = round((height - rows) / 2), round((width - columns) / 2)
    picture[top : top + rows, left : left + columns] = 200
    fitted = Fit("kitti")(picture)
    assert fitted.shape == (128, 256, 3)
    assert (fitted == 200).all()
    middle = Image.fromarray(picture).crop((left, top, left + columns, top + rows))
    assert (fitted == np.asarray(middle.resize((256, 128), Image.Resampling.BILINEAR))).all()


def test_kitti_protocol_refuses_smaller_pictures() -> None:
    with pytest.raises(PictureError, match="200 x 100: the protocol kitti needs"):
        picture_protocols.kitti(np.zeros((100, 200, 3), np.uint8))


def test_published_data_keep_order_and_unrelated_scenes(tmp_path: Path) -> None:
    for view in ("image_2", "image_3"):
        folder = tmp_path / "data_scene_flow_multiview" / "testing" / view
        folder.mkdir(parents=True)
        for scene in range(4):
            noise = np.random.default_rng(scene).integers(0, 255, (375, 1242, 3), np.uint8)
            Image.fromarray(noise).save(folder / f"{scene:06d}_10.png", compress_level=1)
    name = f"kitti-stereo:{tmp_path}"
    listed = list_tasks([name], Fit(), [0])
    # Four scenes, both directions; the paper has 790, and that is said.
    assert len(listed.tasks) == 8
    assert listed.unrelated == "pictures of another scene"
    assert all(task.unrelated.place.stem != task.original.place.stem for task in listed.tasks)
    assert listed.tasks[4].name == "data_scene_flow_multiview/testing/image_3/000000_10"
    result = evaluate([name], ["jpeg"], [0.5], None, most=2, examples=1)
    assert (result["pictures"], result["size"], result["protocol"]) == (2, [256, 128], "kitti")
    assert result["examples"][0].name == "data_scene_flow_multiview/testing/image_2/000000_10"
    with pytest.raises(InputError, match="do not follow each other"):
        list_tasks([name], Fit(), [0, 3])
    with pytest.raises(InputError, match="says which view is coded"):
        list_tasks([name], Fit(), [0], both_directions=True)


def test_offset_in_the_name_shifts_the_right_view(drive: str) -> None:
    listed = list_tasks([f"{drive}?offset=2,-1"], Fit(), [0, 1])
    assert [task.name for task in listed.tasks] == [
        "00+2",
        "01+2",
        "02+2",
        "03+2",
        "01-1",
        "02-1",
        "03-1",
        "04-1",
        "05-1",
    ]
    places = [[task.sides[k].place.stem for k in sorted(task.sides)] for task in listed.tasks[3:5]]
    assert places == [["05"], ["00", "01"]]
    # Both are of one drive, so that the one's pictures are not unrelated to the other's.
    assert listed.unrelated == "pictures of the same drive, half its length away"
    assert listed.tasks[0].unrelated.place.stem == "04"
    with pytest.raises(InputError, match="no pair at that offset"):
        list_tasks([f"{drive}?offset=6"], Fit(), [0])
