"""Several matters in one message: told apart where they are listed, and left whole where somebody tells one story."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.threads import LABEL, leading, shown, threads_in
from prompts.library import Library

LISTED = [
    (
        "en",
        (
            "three things: the donor changed the rules again, my colleague is on sick leave so I do her work, and two partners "
            "(the union and the chamber of commerce) stopped speaking"
        ),
        [
            "the donor changed",
            "my colleague is on sick leave so I do her work",
            "two partners (the union and the chamber of commerce) stopped",
        ],
    ),
    (
        "en",
        "1. donor late with money\n2. the NGO and the bank fight about who leads\n3. I am exhausted",
        ["donor", "the NGO", "I am exhausted"],
    ),
    (
        "en",
        (
            "The ministry wants a report by Friday and nobody gave me numbers. Also the two NGOs are fighting about the office. "
            "On top of that my boss asked me to take on a second partnership."
        ),
        ["The ministry wants", "the two NGOs", "my boss"],
    ),
    (
        "en",
        "I have two problems. The mayor sends his driver to our meetings. The company wants its logo on everything.",
        ["The mayor", "The company"],
    ),
    (
        "fr",
        (
            "J'ai trois soucis : le bailleur change les règles, ma collègue est malade donc je fais son travail, "
            "et la mairie ne parle plus au syndicat."
        ),
        ["le bailleur", "ma collègue est malade donc je fais son travail", "la mairie"],
    ),
    (
        "es",
        "Primero, la empresa quiere su logo en todo. Segundo, las comunidades no vienen. Tercero, estoy agotada de todo esto.",
        ["la empresa", "las comunidades", "estoy agotada"],
    ),
]
WHOLE = [
    ("en", "Our partner sent me a press release announcing the project as THEIRS. The NGO is livid and they're both ringing me."),
    ("en", "I met him and also his wife at the market, we talked about many things."),
    ("en", "First he said yes, then he said no, and I do not know what to make of it any more, to be honest with you."),
    ("fr", "Nous avons parlé de plusieurs choses et puis il est parti sans dire un mot, ce qui m'a blessée."),
    ("es", "Hablamos de varias cosas y luego se fue sin decir nada, lo que me dolió."),
    ("en", "1"),
    ("en", ""),
]


@pytest.mark.parametrize(("language", "text", "beginnings"), LISTED)
def test_matters_that_are_listed_are_told_apart_in_the_persons_own_words(library: Library, language, text, beginnings):
    threads = threads_in(text, library.in_language(language).hear)

    assert len(threads) == len(beginnings)
    assert all(thread.startswith(beginning) for thread, beginning in zip(threads, beginnings, strict=True))


@pytest.mark.parametrize(("language", "text"), WHOLE)
def test_one_story_stays_one(library: Library, language, text):
    assert threads_in(text, library.in_language(language).hear) == ()


def test_of_four_matters_the_three_that_were_told_most_about_are_named(library: Library):
    text = "- money comes late\n- rent\n- the two directors have not spoken since June\n- nobody reads what I write to them"

    threads = threads_in(text, library.in_language("en").hear)

    assert threads == ("money comes late", "the two directors have not spoken since June", "nobody reads what I write to them")


def test_one_begins_where_the_feeling_is_else_with_what_was_told_most_about(library: Library):
    hear = library.in_language("en").hear

    assert leading(("the donor changed the rules of reporting again", "I am exhausted"), hear) == (1, True)
    assert leading(("the donor changed the rules of reporting again", "the mayor is away"), hear) == (0, False)


@given(text=st.text(max_size=600), language=st.sampled_from(["en", "fr", "es"]))
def test_whatever_is_written_each_matter_is_one_line_out_of_it(library: Library, text, language):
    threads = threads_in(text, library.in_language(language).hear)

    assert len(threads) in (0, 2, 3)
    whole = " ".join(text.split())
    assert all(thread and thread in whole and len(shown(thread)) <= LABEL + 2 for thread in threads)
