"""Typing a phrase finds photos, and the window is honest about what it found."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from desktop.conftest import VARIANTS
from desktop.window import names, press, search, type_phrase
from photoseek_desktop.search_request import Results, SearchRequest
from photoseek_desktop.session import Session


def test_without_a_phrase_all_photos_are_there_newest_first(qtbot: QtBot, session: Session) -> None:
    assert names(qtbot, session, 3) == ["white-29.jpg", "white-28.jpg", "white-27.jpg"]
    assert session.window.page.status_line.coverage == "240 of 241 searchable · 1 could not be read"


def test_typing_finds(qtbot: QtBot, session: Session) -> None:
    type_phrase(qtbot, session, "green")
    found = names(qtbot, session, 30)
    assert all(name.startswith("green") for name in found)
    assert len(session.window.model.ids) == 240


def test_the_last_phrase_typed_wins(qtbot: QtBot, session: Session) -> None:
    type_phrase(qtbot, session, "red")
    edit = session.window.page.search_bar.edit
    edit.setText("blue")
    press(session, Qt.Key.Key_Return)
    with qtbot.waitSignal(session.librarian.results_ready):
        edit.setText("purple")
        press(session, Qt.Key.Key_Return)
    assert names(qtbot, session, 1)[0].startswith("purple")


def test_likely_matches_are_counted_and_end_somewhere(qtbot: QtBot, session: Session) -> None:
    search(qtbot, session, "orange")
    likely = session.window.model.likely
    assert VARIANTS <= likely < 240
    assert session.window.page.status_line.text == f"{likely} likely matches among 240 photos"
    assert session.window.grid.titles == [
        f"Likely matches {likely}",
        "Likely matches end here the rest follows, closest first",
    ]


def test_no_likely_match_is_admitted(qtbot: QtBot, session: Session) -> None:
    request = SearchRequest("a dragon")
    results = Results(
        request, session.window.model.ids, likely=0, tells_likely=True, is_compared=True
    )
    session.window.page.show_results(results, refreshed=False)
    assert session.window.page.status_line.text == "No likely match among 240 photos"
    assert session.window.grid.titles == ["No likely match the closest first"]


def test_minus_leaves_out(qtbot: QtBot, session: Session) -> None:
    search(qtbot, session, "red -yellow")
    model = session.window.model
    assert names(qtbot, session, 1)[0].startswith("red")
    last = [len(model.ids) - 1]
    qtbot.waitUntil(lambda: bool(model.known(last)))
    assert not model.known(last)[0].path.name.startswith("red")


def test_unknown_word_is_named_and_the_rest_found(qtbot: QtBot, session: Session) -> None:
    search(qtbot, session, "blue xyz")
    assert session.window.page.notice.startswith("I don't know the word “xyz”.")
    assert names(qtbot, session, 1)[0].startswith("blue")


def test_only_unknown_words_are_said_to_be_unknown(qtbot: QtBot, session: Session) -> None:
    search(qtbot, session, "xyz abc")
    page = session.window.page
    assert not page.shows_photos
    assert page.state_page.title == "I don't know the words “xyz”, “abc”."


def test_a_misspelt_word_is_put_right_and_can_be_had_as_typed(
    qtbot: QtBot, session: Session
) -> None:
    search(qtbot, session, "purpel <b>")
    page = session.window.page
    assert page.notice.startswith("Showing results for “purple” instead of “purpel”.")
    assert names(qtbot, session, 1)[0].startswith("purple")
    page.grid.setFocus()
    with qtbot.waitSignal(session.librarian.results_ready):
        # The button is the only thing between the search bar and the photos.
        press(session, Qt.Key.Key_Backtab)
        press(session, Qt.Key.Key_Space)
    assert page.state_page.title == "I don't know the words “purpel”, “b”."
    search(qtbot, session, "purpel red")
    assert "“purple”" in page.notice


def test_only_leaving_out_is_explained(qtbot: QtBot, session: Session) -> None:
    page = session.window.page
    with qtbot.waitSignal(session.librarian.search_failed):
        page.search_bar.edit.setText("-red")
        press(session, Qt.Key.Key_Return)
    assert "dog -beach" in page.state_page.text


def test_escape_clears_and_shows_everything(qtbot: QtBot, session: Session) -> None:
    search(qtbot, session, "red")
    with qtbot.waitSignal(session.librarian.results_ready):
        press(session, Qt.Key.Key_Escape)
    assert names(qtbot, session, 1) == ["white-29.jpg"]
    assert session.window.page.search_bar.edit.text() == ""


def test_a_long_phrase_is_a_phrase(qtbot: QtBot, session: Session) -> None:
    search(qtbot, session, "red " * 3000)
    assert names(qtbot, session, 1)[0].startswith("red")


def test_ctrl_f_leads_to_the_search_bar(qtbot: QtBot, session: Session) -> None:
    session.window.grid.setFocus()
    session.window.activateWindow()
    press(session, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(session.window.page.search_bar.edit.hasFocus)


def test_letters_typed_on_the_grid_are_the_start_of_a_phrase(
    qtbot: QtBot, session: Session
) -> None:
    session.window.grid.setFocus()
    with qtbot.waitSignal(session.librarian.results_ready):
        press(session, Qt.Key.Key_R)
    assert session.window.page.search_bar.edit.text() == "r"
    assert session.window.page.search_bar.edit.hasFocus()


def test_a_date_in_a_phrase_is_a_filter_and_can_be_had_as_words(
    qtbot: QtBot, session: Session
) -> None:
    page = session.window.page
    search(qtbot, session, "photos from 1999")
    assert not page.shows_photos
    assert "“photos from 1999”" in page.notice
    search(qtbot, session, f"red since {datetime.now().year - 20}")
    assert names(qtbot, session, 1)[0].startswith("red")
    assert session.window.model.likely
    search(qtbot, session, "blue 1999")
    page.setFocus()
    with qtbot.waitSignal(session.librarian.results_ready):
        page.findChildren(QToolButton, "asTyped")[0].click()
    assert names(qtbot, session, 1)[0].startswith("blue")
    assert "“1999”" in page.notice


def test_a_year_alone_shows_the_newest_first(qtbot: QtBot, session: Session) -> None:
    search(qtbot, session, f"since {datetime.now().year - 20}")
    assert session.window.page.status_line.text == "240 photos, newest first"


def test_a_file_name_a_path_and_words_for_a_minus_are_told(qtbot: QtBot, session: Session) -> None:
    page = session.window.page
    search(qtbot, session, "white-29.jpg")
    assert names(qtbot, session) == ["white-29.jpg"]
    assert "“white-29.jpg”" in page.notice
    path = session.window.model.known([0])[0].path
    search(qtbot, session, str(path))
    assert names(qtbot, session, 1)[0].startswith("white")
    assert path.name in page.notice
    search(qtbot, session, "red no yellow")
    assert "“no yellow”" in page.notice
    search(qtbot, session, "red собака")
    assert "English" in page.notice


def test_a_web_address_says_that_nothing_is_fetched(qtbot: QtBot, session: Session) -> None:
    page = session.window.page
    with qtbot.waitSignal(session.librarian.search_failed):
        page.search_bar.edit.setText("https://example.org/dog.jpg")
        press(session, Qt.Key.Key_Return)
    assert "opens no connections" in page.state_page.text


def test_a_typed_date_without_photos_is_not_called_a_filter(qtbot: QtBot, session: Session) -> None:
    search(qtbot, session, "1999")
    state = session.window.page.state_page
    assert not session.window.page.shows_photos
    assert "filter" not in f"{state.title} {state.text}".lower()


def test_an_address_is_repeated_as_it_was_typed(qtbot: QtBot, session: Session) -> None:
    bar = session.window.page.search_bar
    with qtbot.waitSignal(session.librarian.search_failed):
        bar.edit.setText("https://example.org/dog.jpg")
    assert session.window.page.state_page.text.startswith("https://")
