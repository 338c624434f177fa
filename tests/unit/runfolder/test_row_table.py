"""Rows that were written in parts come back whole, by record and by column."""

from simnet.net.link_history import LinkHistory
from simnet.records import Row
from simnet.records.link_bin import LinkBin
from simnet.row_statistics import summarise
from simnet.runfolder import run_writer
from simnet.runfolder.folder_names import LINKS, ROWS
from simnet.runfolder.link_totals import read_link_totals
from simnet.runfolder.record_tables import read_records
from simnet.runfolder.row_table import RowTable
from simnet.runfolder.run_writer import RowWriter
from support import run_folders as made

SCENARIO = made.platoon(2.0)
EVERY = made.rows_of(SCENARIO)
NAMES = [*Row.__slots__]


def _values(rows):
    return [tuple(getattr(row, name) for name in NAMES) for row in rows]


def test_rows_of_several_parts_come_back_whole(tmp_path):
    with RowWriter(tmp_path) as writer:
        for at in range(0, len(EVERY), 7):
            writer.write_rows(_values(EVERY[at : at + 7]))
        writer.close()
    table = RowTable.of(tmp_path)
    assert len(table) == len(EVERY)
    assert list(table) == list(EVERY)
    assert table.figures(2.0) == summarise(EVERY, 2.0)


def test_table_that_is_not_closed_leaves_nothing(tmp_path):
    folder = tmp_path / "run"
    with RowWriter(folder) as writer:
        writer.write_rows(_values(EVERY[:3]))
    assert not folder.exists()


def test_run_without_frames_has_a_table(tmp_path):
    with RowWriter(tmp_path) as writer:
        writer.close()
    assert len(RowTable.of(tmp_path)) == 0
    assert RowTable.of(tmp_path).figures(2.0) == {}
    assert read_records(tmp_path / ROWS, Row) == []


def test_columns_of_links_are_their_bins(tmp_path):
    from array import array

    counts = array("q", [1, 100, 1, 100, 0, 0, 0, 0, 2, 300, 0, 0, 1, 200, 1, 100])
    own = LinkHistory("up", array("q", [1, 50, 1, 50, 0, 0, 0, 0]), array("q", [0]))
    history = LinkHistory("up", counts, array("q", [0, 64])).with_traffic(own)
    run_writer.write_links(tmp_path, [history])
    assert read_records(tmp_path / LINKS, LinkBin) == list(history.bins)
    assert history.bins[1] == LinkBin("up", 100_000_000, 300, 0, 1, 1, 2, 64)
    assert (history.bins[0].traffic_sent_bytes, history.bins[1].traffic_sent_bytes) == (50, 0)
    (total,) = read_link_totals(tmp_path / LINKS)
    assert (total.sent_bytes, total.lost_packets, total.queue_bytes_max) == (400, 1, 64)
