"""The format of a run's and of a sweep's folder: names, records, readers and writers.

                  run_writer ──▶ rows.parquet, links.parquet, pictures/, run.json ──▶ run_reader ──▶ RunFolder
    sweep_writer ─▶ points, cells (each a run's folder), table ──▶ sweep_reader ──▶ SweepFolder, CellFolder

    folder_names   where everything is            record_tables   records <-> Parquet, strict
    run_manifest   run.json as a typed record

Rules: nobody else spells a name of this format. `run.json` is renamed into place last, so a folder that has it is whole; a
cell is made aside and renamed. Readers refuse a damaged, foreign or other version's folder in one line that names the file
and the field. The room knows records, not how they come about: it imports no world, codec, network or engine.
"""
