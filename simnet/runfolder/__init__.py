"""The format of a run's and of a sweep's folder: names, records, readers and writers."""
