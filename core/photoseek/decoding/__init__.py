"""Opens untrusted files in worker processes, whoever asks: here a file can harm but its own entry.

The `pool` opens photos for indexing, and the `opener` single ones for whoever looks at them or
searches by them. Both give jobs to a `process`, and get `outcomes` back. `worker` is the program of
the processes, which `command` starts; `frames` pass between them and the parent. `limits` are given
to each process, out of what the `machine` has; `windows` sets them on that system.
"""
