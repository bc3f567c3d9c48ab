"""Light and dark are legible, follow the choice at once, and are remembered with the library."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from desktop.conftest import OpenWindow
from photoseek_desktop.session import Session
from photoseek_desktop.theme import DARK, LIGHT, Colours, ThemeChoice


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = (QColor(colour).redF(), QColor(colour).greenF(), QColor(colour).blueF())
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_all_text_is_legible(colours: Colours) -> None:
    for background in (colours.window, colours.base, colours.raised, colours.hover):
        assert contrast(colours.text, background) >= 7
        assert contrast(colours.muted, background) >= 4.5
    assert contrast(colours.on_accent, colours.accent) >= 4.5
    assert contrast(colours.on_accent, colours.accent_hover) >= 4.5
    assert contrast(colours.accent, colours.window) >= 3


def window_colour() -> str:
    return QApplication.palette().color(QPalette.ColorRole.Window).name()


def choose(session: Session, choice: ThemeChoice) -> None:
    """Choose in the menu."""
    actions = session.window.actions_.themes.actions()
    next(action for action in actions if action.data() == choice).trigger()


def test_theme_changes_at_once_and_is_remembered(session: Session, open_window: OpenWindow) -> None:
    choose(session, ThemeChoice.DARK)
    assert window_colour() == DARK.window
    assert session.theme.dark
    session.window.close()
    again = open_window(session.directory)
    assert window_colour() == DARK.window
    checked = again.window.actions_.themes.checkedAction()
    assert checked is not None
    assert checked.text() == "Dark"
    choose(again, ThemeChoice.LIGHT)
    assert window_colour() == LIGHT.window
    choose(again, ThemeChoice.SYSTEM)
    assert window_colour() == LIGHT.window
