"""Opens one photo, of whatever kind, as upright 8-bit sRGB pixels.

`photoseek.images` asks `opening` for the picture that a file shows; `opening` asks `tiff` where
Pillow lacks a kind of TIFF, `png` and `jpeg2000` for what Pillow does not hand out of these, and
`upright` how the picture lies. `reduction` makes it small before anything copies it, `hdr` brings
what was made for a brighter screen to an ordinary one, and `pixels` makes the encoder's input and
the thumbnail. `formats` knows the formats, and `reasons` the words where nothing can be shown.
"""
