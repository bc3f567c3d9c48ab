"""Opens one photo, of whatever kind, as upright 8-bit sRGB pixels.

`photoseek.images` asks `opening` for the picture that a file shows; `opening` asks `tiff` where
Pillow lacks a kind of TIFF, and `formats` and `reasons` for words where nothing can be shown.
`reduction` makes the picture small before anything copies it, `hdr` brings what was made for a
brighter screen to an ordinary one, and `pixels` cuts the encoder's input and the thumbnail.
"""
