"""The models of a library: which it keeps, which one is in use, and how far each has come."""

from __future__ import annotations

from pathlib import Path

from photoseek.bundle import ModelBundle
from photoseek.database import ModelRow, ModelTable
from photoseek.errors import BundleError, LibraryError
from photoseek.kept_models import KeptModels
from photoseek.records import LibraryModel

__all__ = ["Models"]


class Models:
    """Each has its own embeddings in the library's file and its bundle in the library's folder.

    All are kept up to date by each update; one is in use, and searches know no other.
    """

    def __init__(self, directory: Path, table: ModelTable) -> None:
        self._kept = KeptModels(directory)
        self._table = table

    def records(self) -> tuple[LibraryModel, ...]:
        """Return the models with their coverage and sizes, the one in use first."""
        return tuple(
            LibraryModel(
                id=row.id,
                name=row.name,
                in_use=row.current,
                kept=self._kept.has(row.id),
                embedded=row.embedded,
                lacking=row.lacking,
                bundle_bytes=self._kept.size(row.id),
                embedding_bytes=row.embedded * row.embedding_dim * 2,
            )
            for row in self._table.rows()
        )

    def lacking(self, but: str) -> tuple[str, ...]:
        """Return the ids of the models, `but` one, that have photos left to embed."""
        rows = self._table.rows()
        return tuple(row.id for row in rows if row.lacking and row.id != but)

    def open(self, model_id: str) -> ModelBundle:
        """Open a kept model; `BundleError` where it is missing or damaged."""
        return self._kept.open(model_id)

    def open_current(self) -> ModelBundle:
        """Open the model in use: the shipped one before the first update."""
        current = self._table.current()
        if current is None:
            return ModelBundle.shipped()
        try:
            return self._kept.open(current)
        except BundleError:
            shipped = ModelBundle.shipped()
            if shipped.manifest.model_id != current:
                raise
            return shipped  # as good as the lost copy, which the next update makes again

    def add(self, bundle: ModelBundle, *, shipped: bool = False) -> None:
        """Keep a bundle, in place of a damaged one of the same id; the next update embeds by it."""
        self._kept.keep(bundle)
        manifest = bundle.manifest
        self._table.put(manifest.model_id, manifest.name, manifest.embedding_dim, shipped=shipped)

    def take_in(self, bundle: ModelBundle, *, follow_shipped: bool) -> None:
        """See before an update that the model it is made with is kept.

        With `follow_shipped`, a model that came with Photoseek is joined by the one that comes
        with it now, to be replaced when that is whole.
        """
        rows = {row.id: row for row in self._table.rows()}
        known = rows.get(bundle.manifest.model_id)
        current = next((row for row in rows.values() if row.current), None)
        if known is None or not self._kept.has(known.id):
            self.add(bundle, shipped=follow_shipped and current is None)
        if current is None:
            self._table.use(bundle.manifest.model_id)
        if follow_shipped and current is not None and current.shipped:
            newest = ModelBundle.shipped()
            same = rows.get(newest.manifest.model_id)
            if same is None or not same.shipped:
                self.add(newest, shipped=True)

    def successor(self) -> str | None:
        """Return the id of the whole model that came with Photoseek after the one in use."""
        current, *others = self._table.rows()
        if not current.shipped:
            return None
        return next((row.id for row in others if row.shipped and not row.lacking), None)

    def use(self, model: str, *, incomplete: bool) -> ModelBundle:
        """Make a model the one in use, and return it; see `Library.use_model`."""
        row = self._find(model)
        if row.lacking and not incomplete:
            raise LibraryError(
                f"the model {row.name} has {row.lacking:,} of {row.embedded + row.lacking:,} "
                "photos left to embed; photoseek index goes on with them, and --incomplete "
                "switches without them"
            )
        bundle = self._kept.open(row.id)
        self._table.use(row.id)
        return bundle

    def remove(self, model: str, in_use: str) -> None:
        """Forget a model, its embeddings and its bundle; see `Library.remove_model`."""
        row = self._find(model)
        if row.current or row.id == in_use:
            raise LibraryError(
                f"the model {row.name} is in use; switch to another first: photoseek model use ID"
            )
        self._table.remove(row.id)
        self._kept.remove(row.id)

    def _find(self, model: str) -> ModelRow:
        found = [row for row in self._table.rows() if model and row.id.startswith(model)]
        if len(found) != 1:
            problem = "several models have" if found else "no model of this library has"
            raise LibraryError(f"{problem} the id {model}; photoseek model list shows all")
        return found[0]
