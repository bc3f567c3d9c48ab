"""Builds, proves and measures Photoseek's model; the only package that needs PyTorch.

`cli` is the command `train-and-export`. It picks a recipe from `presets`, reads photos and captions
with `dataset` (and `extra_pairs`, where they exist; `shapes` draws a dataset for trying things
out), and has `preparation` put together the `vocabulary`, the `training_data` (decoded `pixels`,
the `corpus` of tokens) and the `model` at its start: an image encoder of `image_encoders` (`lite`
is the default one) beside a text encoder of `text_encoders`, whose words may come from `sentences`.
The `class_view` is what the image network's own classifier sees in the photos, for the names of
ImageNet's classes and of their kinds (`class_kinds`, from `wordnet`), and the `clip_view` what CLIP
sees in them.

`training` runs the stages: `sampling` plans each epoch's batches, `augmentation` varies the photos,
`features` holds what a frozen network makes of them, `objective` adds up how wrong a batch is by
`loss`, `optimization` turns that into steps, `recall` scores dev after each epoch, `checkpoint`
keeps where the run stands and the best weights, and `soup` averages those.
Where `torchrun` started several `processes`, each embeds its share of a batch.

`export` turns the best weights into a bundle: `rounding` to the values that are stored,
`image_graph` and `text_graph` to ONNX, `parity` to prove that core computes what the model does,
`quantization` to compute large layers with int8, `measurement` and `likely` to measure it through
core, `model_card` to write it all down.
`clip_export` makes a bundle of a CLIP on disk instead: `clip_checkpoint` reads it, `clip_graphs`
writes its graphs with `graph_writer`, as `text_graph` does, and `clip_quantization` has its image
encoder compute with int8. `clip_weights` reads the weights of the CLIP that comes as a package.
`evaluate` is the command `photoseek-evaluate`, which measures any bundles again. `page` is what a
report is made of: `report` sets bundles side by side on Flickr8k and, with `plots`, by class on the
`wang` set; `words_report` tells what they make of `words` beyond the captions and of `class_names`.
"""

# Before anything imports onnxruntime: photoseek turns its telemetry off.
import photoseek  # noqa: F401
