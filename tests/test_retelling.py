"""A clause of a message comes back in the second person, whole and a little other than it was written; what is no telling stays away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.doings import RUN, run_of
from bot.hearing import speaks_of_oneself
from bot.retelling import MOST, TELLS, clause_about, clauses_in, contrast_in, named_first, retold_in
from bot.spelling import words_in
from prompts.library import load_library

LIBRARY = load_library()
LANGUAGES = tuple(LIBRARY.words)

# What is told, and how its weightiest clause comes back.
TOLD = {
    "en": {
        "the bus operators walked out over the fare cap": "The bus operators walked out, and that over the fare cap",
        "what's true is we dropped her question": "You dropped her question",
        "millers havent been paid since august because they changed their system": "Millers haven't been paid since August",
        "she wants to say it herself on thursday": "On Thursday, she wants to say it herself",
        "he asked me if the kids could come": "He asked you whether the children could come",
        "no one ever agreed what happens with pictures": "Nobody ever agreed what happens with pictures",
        "its more that the president feels robbed": "The president feels robbed",
        "sat in the car park for an hour": "For an hour, you sat in the car park",
        "he has 3 villages depending on that contract": "He has three villages depending on that contract",
    },
    "fr": {
        "le souci c'est que personne l'a entendu": "Personne ne l'a entendu",
        "il répond jamais aux mails": "Il ne répond jamais aux messages",
        "j'ai passé la parole au traiteur": "Vous avez passé la parole au traiteur",
        "mme Ouédraogo est fière, si elle rappelle elle croit mendier": "Mme Ouédraogo est fière",
        "on a fait l'école ensemble": "Vous avez fait l'école ensemble",
        "je porte tout le partenariat sur mon dos": "Vous portez tout le partenariat sur votre dos",
        "ma cheffe dit que je rêvasse": "Votre cheffe dit que vous rêvassez",
        "je préfère attendre la récolte": "Vous préférez attendre la récolte",
        "ils veulent que je le dise pour eux": "Ils veulent que vous le disiez pour eux",
        "la coutume veut qu'on passe d'abord par le chef": "La coutume veut que vous passiez d'abord par le chef",
        "mon organisation me soutient pas": "Votre organisation ne vous soutient pas",
        "je me sens plus légère depuis leur départ": "Vous vous sentez plus légère depuis leur départ",
        "il ma humilié en pleine réunion": "Il vous a humilié en pleine réunion",
    },
    "es": {
        "doña Elvira no quiso ver las láminas": "Doña Elvira, dices, no quiso ver las láminas",
        "y las enfermeras ya ni me hablan en el pasillo": "Las enfermeras ya ni te hablan en el pasillo",
        "me dijo que las señoras llevan 12 años viendo técnicos": "Te contó que las señoras llevan ya doce años viendo técnicos",
        "el donante cierra en diciembre": "El donante cierra en diciembre",
    },
}
# What asks, orders, depends on a condition, is said to the coach, denies a feeling, is cut in its middle, or is not to be told back.
UNTOLD = {
    "en": [
        "should I ring her before the meeting?",
        "how do I tell her the slides are too many",
        "if they refuse the director leaves",
        "you keep going on about the missing people",
        "I should call the director tomorrow",
        "I'm not ashamed of it",
        "he said 'send it to all of them",
        "the director touched her leg under the table",
        "i dont understand the question",
        "the millers one",
        "writing about 250 when there were 212",
    ],
    "fr": [
        "comment je lui dis sans la braquer ?",
        "si elle refuse le maire s'en va",
        "vous mélangez mes deux histoires",
        "je vais appeler le directeur jeudi",
        "mercredi soir j'appelle fabienne d'abord",
        "je pensais plutôt leur proposer une date",
        "j'ai l'impression qu'on avance sans moi",
        "la présidente et le trésorier ne se parlent plus depuis l'audit",
        "il faut que je le dise au maire",
        "je comprends pas la question",
        "la réunion à la mairie",
    ],
    "es": [
        "¿cómo le digo que no al gerente?",
        "si no firman el alcalde se va",
        "tú me contestas otra cosa",
        "voy a llamar al gerente el lunes",
        "no entiendo la pregunta",
        "tengo que hablar con el gerente",
        "la cooperativa de riego",
    ],
}


@pytest.mark.parametrize(("language", "told"), [(language, told) for language in TOLD for told in TOLD[language]])
def test_the_weightiest_clause_comes_back_in_the_second_person(language: str, told: str) -> None:
    assert retold_in(told, LIBRARY.words[language].hear) == TOLD[language][told]


@pytest.mark.parametrize(("language", "told"), [(language, told) for language in UNTOLD for told in UNTOLD[language]])
def test_what_tells_nothing_that_stands_alone_does_not_come_back(language: str, told: str) -> None:
    assert retold_in(told, LIBRARY.words[language].hear) == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_comes_back_is_not_parroted_and_speaks_of_nobody_else(language: str) -> None:
    hear = LIBRARY.words[language].hear
    for told in TOLD[language]:
        back = retold_in(told, hear)
        assert run_of(back, told) <= RUN
        assert not speaks_of_oneself(back, hear)
        assert not {"~", "="} & {*back}  # by which the data knows an accent


@pytest.mark.parametrize(
    ("language", "told", "both"),
    [
        (
            "en",
            "The company says it listens but every date is set far away.",
            ("The company says it listens", "Every date is set far away"),
        ),
        ("en", "She is kind to me, but she never shares the budget", ("She is kind to you", "She never shares the budget")),
        (
            "fr",
            "Elle est gentille avec moi mais elle ne montre jamais le budget",
            ("Elle est gentille avec vous", "Elle ne montre jamais le budget"),
        ),
        ("es", "Es amable conmigo pero nunca muestra el presupuesto", ()),  # whom it is about is in neither
        ("es", "La empresa dice que escucha pero el donante decide", ("La empresa dice que escucha", "El donante decide")),
        ("en", "The company says it listens. But every date is set far away.", ()),
        ("en", "How do I tell her, but kindly?", ()),
    ],
)
def test_two_halves_of_a_sentence_that_turns_are_told_back(language: str, told: str, both: tuple[str, ...]) -> None:
    assert contrast_in(told, LIBRARY.words[language].hear) == both


def test_a_clause_is_told_without_the_name_set_beside_whom_it_is_about() -> None:
    hear = LIBRARY.words["en"].hear
    assert retold_in("The mayor, Peter Owusu, keeps us waiting", hear) == "The mayor keeps you waiting"
    assert "mayor keeps" not in retold_in("The mayor, Peter, and the chief keep us waiting", hear)


@pytest.mark.parametrize(
    ("language", "told", "named", "clause"),
    [
        ("en", "The bank has a new man and the college is late. I wrote to both.", "the college I think", "the college is late"),
        ("en", "The bank has a new man and the college is late.", "the mayor", ""),
        ("en", "The bank has a new man and the college is late.", "the college is what I lose sleep over", ""),
        ("fr", "La banque a un nouveau chef et le lycée ne paie personne.", "le lycée, je crois", "le lycée ne paie personne"),
        ("es", "El banco tiene jefe nuevo y el colegio no paga a nadie.", "el colegio, creo", "el colegio no paga a nadie"),
    ],
)
def test_whom_a_message_only_names_is_found_in_what_was_told(language: str, told: str, named: str, clause: str) -> None:
    assert clause_about(told, named, LIBRARY.words[language].hear) == clause


def test_of_several_clauses_the_one_after_a_but_weighs_more() -> None:
    hear = LIBRARY.words["en"].hear
    assert retold_in("the team laughed but the team leader sighed", hear) == "The team leader sighed"


@given(st.text(max_size=300), st.sampled_from(LANGUAGES))
def test_whatever_is_typed_what_comes_back_is_short_and_weighs_enough(text: str, language: str) -> None:
    hear = LIBRARY.words[language].hear
    for clause in clauses_in(text, hear):
        assert len(words_in(clause.said)) <= MOST
        assert clause.weighs >= TELLS
        assert run_of(clause.said, text) <= RUN


GUESSES = [
    ("en", "maybe he is not allowed to sign", "He is not allowed to sign, perhaps"),
    ("fr", "je crois que la banque veut partir", "La banque veut partir, peut-être"),
    ("es", "creo que el banco quiere irse", "El banco quiere irse, quizá"),
]


@pytest.mark.parametrize(("language", "told", "back"), GUESSES)
def test_what_was_told_as_a_guess_comes_back_as_one(language: str, told: str, back: str) -> None:
    assert retold_in(told, LIBRARY.words[language].hear) == back


def test_whom_a_message_names_before_it_says_they_is_named_in_their_place() -> None:
    hear = LIBRARY.words["en"].hear

    told = named_first("the women. they fetch the water, and they are never asked", hear)

    assert told == "the women fetch the water, and the women are never asked"
    assert named_first("They are late. They are always late", hear) == "They are late. They are always late"
