"""What lets a run go on after a crash: journal, write-ahead log, replay, picture spool, marshalling."""
