"""What a run took: seconds by phase and by thread, memory, the processor."""
