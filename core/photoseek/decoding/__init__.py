"""Opens untrusted files in worker processes, whoever asks: here a file can harm but its own entry.

The `pool` opens photos for indexing. `worker` is the program of the processes; `frames` pass
between them and the parent.
"""
