"""Light and dark: the window's colours, its palette and its style sheet."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from string import Template

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from photoseek.resources import resource_path

__all__ = ["Colours", "Theme", "ThemeChoice"]


class ThemeChoice(StrEnum):
    """What the person chose under View > Theme."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True)
class Colours:
    """The colours of one scheme, as #rrggbb."""

    window: str
    base: str
    raised: str
    hover: str
    line: str
    text: str
    muted: str
    disabled: str
    accent: str
    accent_hover: str
    on_accent: str
    problem: str


LIGHT = Colours(
    window="#f7f7f8",
    base="#ffffff",
    raised="#ececef",
    hover="#e4e4e9",
    line="#d9d9df",
    text="#1d1d22",
    muted="#63636e",
    disabled="#a5a5ae",
    accent="#3f51c7",
    accent_hover="#34449f",
    on_accent="#ffffff",
    problem="#b3261e",
)
DARK = Colours(
    window="#17181b",
    base="#202226",
    raised="#2b2d33",
    hover="#363940",
    line="#3a3d44",
    text="#ececf0",
    muted="#a2a5b0",
    disabled="#6a6d77",
    accent="#93a1ff",
    accent_hover="#aab5ff",
    on_accent="#14161f",
    problem="#f2a29b",
)


class Theme(QObject):
    """Keeps the application in the chosen scheme, and follows the system's when asked to.

    A system set to high contrast keeps its own palette: those colours are there for a reason.

    Signals:
        changed(): the palette is another one; icons are to be tinted again.
    """

    changed = Signal()

    def __init__(
        self,
        app: QApplication,
        choice: ThemeChoice = ThemeChoice.SYSTEM,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._app = app
        self._system = QPalette(app.palette())
        self._sheet = Template(_SHEET)
        self.choice = choice
        app.styleHints().colorSchemeChanged.connect(self._on_system_scheme_changed)
        self._apply()

    @property
    def dark(self) -> bool:
        """Whether the window is dark now."""
        if self.choice is not ThemeChoice.SYSTEM:
            return self.choice is ThemeChoice.DARK
        scheme = self._app.styleHints().colorScheme()
        if scheme is Qt.ColorScheme.Unknown:
            return self._system.window().color().lightness() < 128
        return scheme is Qt.ColorScheme.Dark

    def choose(self, choice: ThemeChoice) -> None:
        """Take another theme at once."""
        self.choice = choice
        self._apply()

    def restore(self) -> None:
        """Give the application back as it was."""
        self._app.styleHints().colorSchemeChanged.disconnect(self._on_system_scheme_changed)
        self._app.setStyleSheet("")
        self._app.setPalette(self._system)

    def _on_system_scheme_changed(self) -> None:
        if self.choice is ThemeChoice.SYSTEM:
            self._apply()

    def _apply(self) -> None:
        if self._wants_high_contrast():
            palette = self._system
            colours = _colours_of(palette)
        else:
            colours = DARK if self.dark else LIGHT
            palette = _palette_of(colours)
        self._app.setPalette(palette)
        # A grey that suits both schemes: a style sheet cannot tint a picture.
        arrow = resource_path("icons/symbolic/down.svg").as_posix()
        self._app.setStyleSheet(self._sheet.substitute(vars(colours), arrow=arrow))
        self.changed.emit()

    def _wants_high_contrast(self) -> bool:
        hints = self._app.styleHints()
        if self.choice is not ThemeChoice.SYSTEM or not hasattr(hints, "accessibility"):
            return False
        preference = hints.accessibility().contrastPreference()
        return preference is Qt.ContrastPreference.HighContrast


def _palette_of(colours: Colours) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette()
    for roles, colour in (
        ((role.Window, role.Midlight), colours.window),
        ((role.Base, role.ToolTipBase, role.Light), colours.base),
        ((role.AlternateBase, role.Button), colours.raised),
        ((role.Mid,), colours.line),
        ((role.WindowText, role.Text, role.ButtonText, role.ToolTipText), colours.text),
        ((role.BrightText, role.HighlightedText), colours.on_accent),
        ((role.PlaceholderText, role.Dark), colours.muted),
        ((role.Highlight, role.Link, role.LinkVisited, role.Accent), colours.accent),
        ((role.Shadow,), "#000000"),
    ):
        for each in roles:
            palette.setColor(each, QColor(colour))
    for each in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, each, QColor(colours.disabled))
    return palette


def _colours_of(palette: QPalette) -> Colours:
    disabled = palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)
    return Colours(
        window=palette.window().color().name(),
        base=palette.base().color().name(),
        raised=palette.button().color().name(),
        hover=palette.alternateBase().color().name(),
        line=palette.text().color().name(),
        text=palette.text().color().name(),
        muted=palette.text().color().name(),
        disabled=disabled.name(),
        accent=palette.highlight().color().name(),
        accent_hover=palette.highlight().color().name(),
        on_accent=palette.highlightedText().color().name(),
        problem=palette.text().color().name(),
    )


_SHEET = """
QToolTip { color: $text; background: $base; border: 1px solid $line; padding: 6px 8px; }

#searchField { background: $base; border: 1px solid $line; border-radius: 22px; padding: 1px; }
#searchField[active="true"] { border: 2px solid $accent; padding: 0; }
#searchField QLineEdit { background: transparent; border: none; padding: 0; }
#queryChip { background: $raised; border-radius: 16px; }
#notice { color: $muted; }

QToolButton[flat="true"] { background: transparent; border: none; border-radius: 8px;
                           padding: 6px; color: $text; }
QToolButton[flat="true"]:hover { background: $hover; }
QToolButton[flat="true"]:pressed { background: $line; }
QToolButton[flat="true"]:focus { border: 2px solid $accent; padding: 4px; }
QToolButton[flat="true"]:checked { background: $raised; color: $accent; }
QToolButton[flat="true"]:disabled { color: $disabled; }
QToolButton[round="true"] { border-radius: 16px; }
QToolButton::menu-indicator { image: none; }

QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QMessageBox { messagebox-text-interaction-flags: 5; }
QPushButton { background: $raised; color: $text; border: 1px solid $line; border-radius: 8px;
              padding: 7px 16px; min-height: 18px; }
QPushButton:hover { background: $hover; }
QPushButton:pressed { background: $line; }
QPushButton:focus { border: 2px solid $accent; padding: 6px 15px; }
QPushButton:disabled { color: $disabled; background: $window; }
QPushButton[primary="true"] { background: $accent; color: $on_accent; border-color: $accent;
                              font-weight: 600; }
QPushButton[primary="true"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[primary="true"]:focus { border: 2px solid $text; }
QPushButton[link="true"] { background: transparent; border: 1px solid transparent; color: $muted;
                           border-radius: 6px; padding: 2px 8px; min-height: 20px; }
QPushButton[link="true"]:hover { color: $text; background: $hover; }
QPushButton[link="true"]:focus { border: 1px solid $accent; color: $text; }

#statusLine, #indexingBar { background: $window; border-top: 1px solid $line; }
#statusLine QLabel { color: $muted; }
QLabel[muted="true"] { color: $muted; }
#infoPanel, #infoPanel > QWidget > QWidget { background: $window; }
#infoPanel { border: none; border-left: 1px solid $line; }
#viewerBar { background: $window; border-bottom: 1px solid $line; }

QProgressBar { background: $raised; border: none; border-radius: 3px; max-height: 6px;
               min-height: 6px; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }
#indexingBar[paused="true"] QProgressBar::chunk { background: $muted; }

QSlider::groove:horizontal { height: 4px; background: $line; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $muted; border-radius: 2px; }
QSlider::handle:horizontal { width: 14px; height: 14px; margin: -5px 0; border-radius: 7px;
                             background: $muted; }
QSlider::handle:horizontal:hover, QSlider::handle:horizontal:focus { background: $accent; }

QScrollBar:vertical { background: transparent; width: 14px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 14px; margin: 0; }
QScrollBar::handle { background: $line; border-radius: 4px; margin: 3px; }
QScrollBar::handle:vertical { min-height: 40px; }
QScrollBar::handle:horizontal { min-width: 40px; }
QScrollBar::handle:hover, QScrollBar::handle:pressed { background: $muted; }
QScrollBar::handle:disabled { background: transparent; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QMenu { background: $base; color: $text; border: 1px solid $line; padding: 6px; }
QMenu::item { padding: 7px 28px 7px 12px; border-radius: 6px; }
QMenu::item:selected { background: $hover; }
QMenu::item:disabled { color: $disabled; background: transparent; }
QMenu::separator { height: 1px; background: $line; margin: 6px 8px; }
QMenu::icon { padding-left: 8px; }

#filterPanel { background: $base; border: 1px solid $line; }
#problem { color: $problem; }
#filterPanel QLineEdit, QDialog QLineEdit, QComboBox {
    background: $window; color: $text; border: 1px solid $line; border-radius: 8px;
    padding: 5px 10px; min-height: 20px; }
#filterPanel QLineEdit:focus, QDialog QLineEdit:focus, QComboBox:focus {
    border: 2px solid $accent; padding: 4px 9px; }
QComboBox::drop-down { border: none; width: 28px; }
QComboBox::down-arrow { image: url($arrow); width: 14px; height: 14px; }
QComboBox QAbstractItemView { background: $base; color: $text; border: 1px solid $line;
                              selection-background-color: $hover; selection-color: $text; }

QTreeView, QPlainTextEdit { background: $base; border: 1px solid $line; border-radius: 8px; }
QTreeView::item { padding: 5px 4px; }
QHeaderView::section { background: $base; color: $muted; border: none; padding: 6px 8px;
                       border-bottom: 1px solid $line; }
QTabWidget::pane { border: none; }
QTabBar::tab { padding: 8px 4px; margin-right: 20px; color: $muted; background: transparent;
               border: none; border-bottom: 2px solid transparent; }
QTabBar::tab:selected { color: $text; border-bottom: 2px solid $accent; }
QTabBar::tab:focus { color: $accent; }
"""
