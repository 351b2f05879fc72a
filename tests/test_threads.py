"""Several matters in one message: told apart where they are listed, and left whole where somebody tells one story."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Talk
from bot.threads import LABEL, leading, picked_in, shown, threads_in
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
    (
        "en",
        "two things going on. one, the potato stores, the institute and the federation both own the data. two, my boss wants me to chair",
        ["the potato stores", "my boss wants me"],
    ),
    ("en", "i have two problems. the bakery wont deliver on fridays. and my deputy is leaving", ["the bakery", "my deputy"]),
    ("fr", "deux choses. premièrement, la mairie bloque tout. deuxièmement, mon chef veut que je préside", ["la mairie", "mon chef"]),
    (
        "es",
        "pasan dos cosas. la fundación cambió de oficial, la nueva borró todo. y por otro lado don Rigo solo me escribe a mi, de noche",
        ["la fundación", "don Rigo"],
    ),
    ("es", "dos temas: el banco no contesta y doña Luz quiere salirse", ["el banco", "doña Luz"]),
]
WHOLE = [
    ("en", "Our partner sent me a press release announcing the project as THEIRS. The NGO is livid and they're both ringing me."),
    ("en", "I met him and also his wife at the market, we talked about many things."),
    ("en", "First he said yes, then he said no, and I do not know what to make of it any more, to be honest with you."),
    ("fr", "Nous avons parlé de plusieurs choses et puis il est parti sans dire un mot, ce qui m'a blessée."),
    ("es", "Hablamos de varias cosas y luego se fue sin decir nada, lo que me dolió."),
    ("en", "The mayor shouted, the chief laughed and the women left the room."),
    ("en", "My boss called me yesterday, he said the donor is not happy, and now the ministry knows about it too."),
    ("fr", "Le maire est arrivé en retard, il n'a rien dit, et les femmes sont parties avant la fin de la réunion."),
    ("es", "La directora me llamó ayer, dijo que el donante no está contento y que la alcaldía ya lo sabe."),
    ("en", "first i called her, second time she hung up"),
    ("en", "one is the money, two is the time"),
    ("en", "1"),
    ("en", ""),
]


@pytest.mark.parametrize(("language", "text", "beginnings"), LISTED)
def test_matters_that_are_listed_are_told_apart_in_the_persons_own_words(library: Library, language, text, beginnings):
    threads = threads_in(text, library.in_language(language).hear)

    assert len(threads) == len(beginnings)
    assert all(thread.startswith(beginning) for thread, beginning in zip(threads, beginnings, strict=True))


NAMES = [
    (
        "en",
        (
            "Where to begin. The WhatsApp group has gone sour, the mayor is up for re-election in five weeks and wants our logo on his "
            "banners, the per diem row with the ministry people is back, and my co-broker Luis is leaving in December."
        ),
        ["The WhatsApp group has gone sour", "the mayor", "the per diem row", "my co-broker Luis"],
    ),
    (
        "en",
        "the budget is short, then the translator left, besides that the Danish partner wants a new logo",
        ["the budget is short", "the translator left", "the Danish partner"],
    ),
    (
        "fr",
        (
            "Par où commencer... le bailleur change de chef de file, la voiture commune est en panne et c'est l'ONG locale qui paie tout, "
            "le directeur de l'école de Kaya ne répond plus, et en plus on me demande un rapport pour lundi."
        ),
        ["le bailleur", "la voiture commune", "le directeur de l'école", "on me demande un rapport pour lundi"],
    ),
    (
        "fr",
        "la voiture que personne n'entretient, les clés qui manquent, le directeur qui ne répond jamais : vous commenceriez par quoi ?",
        ["la voiture que personne n'entretient", "les clés qui manquent", "le directeur qui ne répond jamais"],
    ),
    (
        "es",
        (
            "a ver por donde empiezo. Los viáticos: la agencia paga 80 mil el día y la alcaldía 35 mil y se sientan en la misma mesa. "
            "El logo: la universidad se enojó. Y la camioneta la usa el fin de semana el de la ONG para su finca. Todo en Montería."
        ),
        ["Los viáticos", "El logo", "la camioneta"],
    ),
    (
        "es",
        "La alcaldía no firma, la fundación amenaza con irse, y mi jefe quiere respuesta mañana",
        ["La alcaldía no firma", "la fundación amenaza con irse", "mi jefe quiere respuesta mañana"],
    ),
]


@pytest.mark.parametrize(("language", "text", "names"), NAMES)
def test_each_matter_is_named_by_a_whole_group_of_its_words(library: Library, language, text, names):
    hear = library.in_language(language).hear

    assert [shown(thread, hear) for thread in threads_in(text, hear)] == names


@pytest.mark.parametrize(("language", "text"), WHOLE)
def test_one_story_stays_one(library: Library, language, text):
    assert threads_in(text, library.in_language(language).hear) == ()


@pytest.mark.parametrize(
    ("language", "told", "beginnings"),
    [
        (
            "en",
            "We are three. The bank's person was replaced in May, the college is late with the training and the cooperative sells to somebody else now. I wrote to all of them.",  # noqa: E501
            ("The bank", "the college", "the cooperative"),
        ),
        (
            "fr",
            "Nous sommes trois. La banque a changé de responsable en mai, le lycée est en retard pour la formation et la coopérative vend ailleurs. Je leur ai écrit.",  # noqa: E501
            ("La banque", "le lycée", "la coopérative"),
        ),
        (
            "es",
            "Somos tres. El banco cambió de encargado en mayo, el colegio está atrasado con la formación y la cooperativa ya vende a otros. Les escribí a todos.",  # noqa: E501
            ("El banco", "el colegio", "la cooperativa"),
        ),
    ],
)
def test_matters_in_one_sentence_among_others_are_told_apart(library: Library, language, told, beginnings):
    matters = threads_in(told, library.words[language].hear)

    assert [matter.startswith(beginning) for matter, beginning in zip(matters, beginnings, strict=True)] == [True] * 3


def test_of_six_matters_the_five_that_were_told_most_about_are_named(library: Library):
    text = (
        "- money comes late\n- rent\n- the two directors have not spoken since June\n"
        "- nobody reads what I write to them\n- the union wants a seat at the table\n- the truck has no tyres since May"
    )

    threads = threads_in(text, library.in_language("en").hear)

    assert threads == (
        "money comes late",
        "the two directors have not spoken since June",
        "nobody reads what I write to them",
        "the union wants a seat at the table",
        "the truck has no tyres since May",
    )


HEAPED = [
    (
        "en",
        "the company pays late, the union wants our books, the couple who run it split up and on top of that my boss wants a report",
        "my boss wants a report",
    ),
    (
        "fr",
        "le dispensaire n'a plus de gants, la mairie ne répond pas, ma patronne veut le rapport et en plus les deux quartiers se battent",
        "les deux quartiers se battent",
    ),
    (
        "es",
        "el hospital no paga las camas, las comadronas piden su idioma, mi jefe quiere el informe y encima la camioneta la usa el alcalde",
        "la camioneta la usa el alcalde",
    ),
]


@pytest.mark.parametrize(("language", "text", "last"), HEAPED)
def test_what_comes_on_top_is_a_matter_of_its_own(library: Library, language, text, last):
    threads = threads_in(text, library.in_language(language).hear)

    assert len(threads) == 4
    assert threads[-1] == last


def test_a_matter_is_picked_by_its_name_alone_later_too(library: Library):
    hear, at = library.in_language("en").hear, datetime(2026, 3, 2, tzinfo=UTC)
    talk = Talk("", "explore", at, at, "the couple split up", threads=("the company pays late", "the credit union wants our books"))

    assert picked_in(talk, "the credit union", None, hear) == 1
    assert picked_in(talk, "I asked the union and they said no", None, hear) is None
    assert picked_in(talk, "and the books?", None, hear) is None


def test_one_begins_where_the_feeling_is_else_with_what_was_told_most_about(library: Library):
    hear = library.in_language("en").hear

    assert leading(("the donor changed the rules of reporting again", "I am exhausted"), hear) == (1, "felt")
    assert leading(("the donor changed the rules of reporting again", "the mayor is away"), hear) == (0, "told")
    assert leading(("the donor changed the rules of reporting again", "the audit is Monday"), hear, (False, True)) == (1, "dated")
    assert leading(("the donor changed the rules of reporting again", "the bank wants an answer"), hear) == (1, "awaited")


@given(text=st.text(max_size=600), language=st.sampled_from(["en", "fr", "es"]))
def test_whatever_is_written_each_matter_is_one_line_out_of_it(library: Library, text, language):
    hear = library.in_language(language).hear
    threads = threads_in(text, hear)

    assert len(threads) in (0, 2, 3, 4)
    whole = " ".join(text.split())
    assert all(thread and thread in whole and len(shown(thread, hear)) <= LABEL + 2 for thread in threads)
