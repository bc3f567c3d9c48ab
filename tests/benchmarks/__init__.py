"""Speed as ratios, in one run: what Photoseek does against the bare work in it (`make bench`).

`__main__` makes photos and libraries in a temporary folder, has one module measure each thing, and
prints their `Figure`s with their limits; `--out` also gets them as JSON, and a plot.
"""
