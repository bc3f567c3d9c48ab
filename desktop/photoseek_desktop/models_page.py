"""The library dialog's page of models: which one is in use, how far others are, and switching."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from photoseek import LibraryInfo, LibraryModel
from photoseek_desktop.confirmation import confirm
from photoseek_desktop.messages import count, file_size, model_state, photos
from photoseek_desktop.plain_list import PlainList

__all__ = ["ModelsPage"]


class ModelsPage(QWidget):
    """Lists the models that the library keeps, and asks before one is used early or removed.

    Signals:
        add_wanted(): the person wants to try another model.
        use_wanted(str, bool): search with the model of this id, though it is incomplete or not.
        remove_wanted(str): forget the model of this id.
    """

    add_wanted = Signal()
    use_wanted = Signal(str, bool)
    remove_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._models: tuple[LibraryModel, ...] = ()
        self.list = PlainList(
            [self.tr("Model"), self.tr("Photos"), self.tr("Size"), self.tr("State")]
        )
        self.list.itemSelectionChanged.connect(self._on_selected)
        hint = QLabel(
            self.tr(
                "A model that you add reads all photos while searching goes on with the one in "
                "use. When it has read them all you can switch, and switch back."
            ),
            wordWrap=True,
        )
        hint.setProperty("muted", True)
        add = QPushButton(self.tr("Add model…"))
        add.clicked.connect(self.add_wanted)
        self.use_button = QPushButton(self.tr("Search with it"))
        self.use_button.clicked.connect(self._on_use_clicked)
        self.remove_button = QPushButton(self.tr("Remove model…"))
        self.remove_button.clicked.connect(self._on_remove_clicked)
        row = QHBoxLayout()
        row.addWidget(add)
        row.addWidget(self.use_button)
        row.addStretch(1)
        row.addWidget(self.remove_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 12, 0, 0)
        layout.addWidget(hint)
        layout.addWidget(self.list)
        layout.addLayout(row)
        self._on_selected()

    def show_info(self, info: LibraryInfo) -> None:
        """Fill the list in; the chosen row stays chosen."""
        chosen = self._chosen()
        self._models = info.models
        self.list.clear()
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for model in info.models:
            size = file_size(model.bundle_bytes + model.embedding_bytes)
            item = QTreeWidgetItem([model.name, count(model.embedded), size, model_state(model)])
            item.setToolTip(0, f"{model.name} ({model.id})")
            item.setToolTip(3, item.text(3))
            for column in (1, 2):
                item.setTextAlignment(column, right)
                self.list.headerItem().setTextAlignment(column, right)
            self.list.addTopLevelItem(item)
            item.setSelected(chosen is not None and model.id == chosen.id)
        self.list.setColumnWidth(0, 300)
        self._on_selected()

    def _chosen(self) -> LibraryModel | None:
        rows = [self.list.indexOfTopLevelItem(item) for item in self.list.selectedItems()]
        return self._models[rows[0]] if rows else None

    def _on_selected(self) -> None:
        model = self._chosen()
        beside = model is not None and not model.in_use
        self.use_button.setEnabled(beside and model is not None and model.kept)
        self.remove_button.setEnabled(beside)

    def _on_use_clicked(self) -> None:
        model = self._chosen()
        if model is None:
            return
        if model.whole:
            self.use_wanted.emit(model.id, False)
            return
        confirm(
            self,
            self.tr("Search with {name} already?").format(name=model.name),
            self.tr("It has not read {photos} yet. They will not be found until it has.").format(
                photos=photos(model.lacking)
            ),
            self.tr("Search with it"),
            lambda: self.use_wanted.emit(model.id, True),
        )

    def _on_remove_clicked(self) -> None:
        model = self._chosen()
        if model is None:
            return
        confirm(
            self,
            self.tr("Remove {name} from the library?").format(name=model.name or model.id),
            self.tr(
                "What it has read is forgotten: if you add it again, it reads all photos anew."
            ),
            self.tr("Remove"),
            lambda: self.remove_wanted.emit(model.id),
        )
