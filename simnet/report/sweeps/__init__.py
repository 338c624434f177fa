"""A sweep's folder becomes a table, curves, verdicts and one page; nothing here runs anything.

OUT/asked/<point>.json   what was asked for: a point of the grid, and the cell that answers it
OUT/cells/<cell>/        a run's folder with what the receiver had on its screen (`shown.parquet`) and a few pictures
OUT/table.parquet, .csv  a row a point and stream: made from the two above alone
"""
