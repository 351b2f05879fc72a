"""The coach is understood, and speaks, in the person's language, follows a change of it, and owns up to those it lacks.

Messages on the cards, in all three languages, are the material; what a native broker types without accents means the same.
"""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from passages import Chat, cards, passage_of, said, text_of

from bot.alarms import alarm_in
from bot.choosing import choice_in, choices_in
from bot.detector import open_detector
from bot.dialogue import step
from bot.draft import Draft
from bot.hearing import act_in, aside_in, asks_coach, echo_of, feels, heard, is_learner, name_in, tells_nothing, when_in, who_in
from bot.model import Choice, Context, Conversation, Person, PersonId, Said, Talk
from bot.places import zones_for
from bot.rhythm import clock_in, day_in, day_in_words, day_within
from bot.spelling import bare, words_in
from bot.tongue import asked_for, tongue_of
from prompts.library import load_library

LIBRARY = load_library()
HEAR = {language: words.hear for language, words in LIBRARY.words.items()}
GUESS = open_detector()
SPOKEN = ("en", "fr", "es")
TUESDAY = datetime(2026, 3, 3, 10, tzinfo=UTC)
ASKS = [(language, ask) for card in cards() for language, asks in card.asks.items() for ask in asks]
FEW = settings(max_examples=80)


def plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))


# --- words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("L’accord d'un élu", ["l", "accord", "d", "un", "elu"]),
        ("I don't, he’s, let's", ["i", "dont", "hes", "lets"]),
        ("¿Cómo están, señor?", ["como", "estan", "senor"]),
        ("aujourd'hui qu'il s'en va", ["aujourd", "hui", "qu", "il", "s", "en", "va"]),
        ("O'Brien's cœur", ["obriens", "coeur"]),
    ],
)
def test_words_are_told_apart_in_every_language(text, words):
    assert list(words_in(text)) == words


@given(st.text(st.characters(codec="utf-8"), max_size=200))
@FEW
def test_a_text_without_accents_has_the_same_places(text):
    assert len(bare(text)) == len(text)
    assert words_in(words_text := " ".join(words_in(text))) == tuple(words_text.split())


@pytest.mark.parametrize("language", ["fr", "es"])
def test_every_phrase_is_heard_with_and_without_its_accents(language):
    hear = HEAR[language]
    for part in (hear.controls, hear.wishes):
        for phrases in part.values():
            for phrase in phrases:
                if len(words_in(phrase)) <= 9:
                    assert heard(phrase, part, hear) == heard(plain(phrase), part, hear) is not None, phrase


# --- which language


@pytest.mark.parametrize("typed", [str, plain], ids=["as written", "without accents"])
def test_a_broker_s_message_is_never_taken_for_another_language(typed):
    told = [(language, tongue_of(typed(ask), LIBRARY.languages, GUESS)) for language, ask in ASKS[::7]]

    assert [pair for pair in told if pair[1] not in (None, pair[0])] == []
    whole = [tongue == language for (language, tongue), (_, ask) in zip(told, ASKS[::7], strict=True) if len(ask.split()) >= 6]
    assert sum(whole) >= 0.95 * len(whole)  # fewer words may be too few to tell; then the talk stays in its language


def test_without_a_detector_the_common_words_are_seldom_wrong():
    told = [(language, tongue_of(ask, LIBRARY.languages, None)) for language, ask in ASKS[::7]]

    assert sum(tongue not in (None, language) for language, tongue in told) <= 0.01 * len(told)


@pytest.mark.parametrize(
    "text", ["ok", "17:30", "Maria Fernanda Lopez", "Kisumu", "stop", "", "👍", "1 et 2", "Projet Eau Potable Nord", "no", "demain"]
)
def test_a_short_message_or_a_name_tells_no_language(text):
    assert tongue_of(text, LIBRARY.languages, GUESS) is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Die Partner hören nicht zu und ich weiß nicht weiter", "de"),
        ("Os parceiros não ouvem e eu não sei o que fazer", "pt"),
        ("I partner non ascoltano e non so cosa fare", "it"),
        ("De partners luisteren niet en ik weet niet wat ik moet doen", "nl"),
        ("Leo nimechoka sana, washirika hawasikilizi", "sw"),
        ("الشركاء لا يستمعون", "ar"),
        ("Как мне быть с высокомерным министром?", "ru"),
        ("मैं घमंडी मंत्री से कैसे निपटूं?", "hi"),
        ("我该怎么对付傲慢的部长？", "zh"),
    ],
)
def test_a_language_the_coach_lacks_is_recognised_and_owned_up_to_in_it(text, language):
    assert tongue_of(text, LIBRARY.languages, GUESS) == language
    turn = step(LIBRARY, known("en", tongue=language), Said("1", TUESDAY, text))
    assert text_of(turn) == LIBRARY.languages.foreign[language].says


@given(st.text(st.characters(codec="utf-8"), max_size=120))
@FEW
def test_nothing_that_can_be_typed_upsets_the_telling_of_languages(text):
    for guess in (GUESS, None):
        tongue = tongue_of(text, LIBRARY.languages, guess)
        assert tongue is None or tongue.isalpha()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("speak French", "fr"),
        ("en español por favor", "es"),
        ("Parle français", "fr"),
        ("parlez-vous espagnol ?", "es"),
        ("¿hablas inglés?", "en"),
        ("peux-tu me répondre en espagnol s'il te plaît ?", "es"),
        ("English please", "en"),
        ("switch to spanish", "es"),
        ("can we get the report in french before monday", None),
        ("my partner speaks french", None),
        ("I don't speak English well", None),
        ("the French", None),
    ],
)
def test_a_language_is_asked_for_in_any_language(text, language):
    assert asked_for(text, LIBRARY.languages) == language


def known(language: str, conversation: Conversation | None = None, tongue: str | None = None) -> Context:
    person = Person(PersonId("p"), language=language, zone="Europe/Paris", welcomed=True, onboarded=True)
    return Context(person, conversation or Conversation(), tongue=tongue)


def language_after(turn) -> str | None:
    return next((effect.person.language for effect in turn.effects if hasattr(effect, "person")), None)


@pytest.mark.parametrize("language", ["fr", "es"])
def test_a_clear_message_in_another_language_takes_the_talk_over_with_a_short_line(language):
    turn = step(LIBRARY, known("en", tongue=language), Said("1", TUESDAY, "merci gracias, el alcalde, le maire"))

    assert language_after(turn) == language
    first, last = said(turn)
    assert first.text in LIBRARY.words[language].variants("switched")
    assert tongue_of(last.text, LIBRARY.languages, GUESS) in (language, None)


def test_asking_for_a_language_in_the_middle_of_a_guide_asks_the_question_again_in_it():
    chat = Chat(LIBRARY)
    chat.person = replace(chat.person, language="en", welcomed=True, onboarded=True, zone="Europe/Paris")
    chat.say("reflect")
    chat.say("ok")
    place = chat.conversation.place

    turn = chat.say("en français s'il te plaît")

    assert chat.person.language == "fr"
    assert chat.conversation.place == replace(place, at=chat.conversation.place.at)
    spoken = LIBRARY.words["fr"].guides["crossing"].steps[place.step].say
    assert any(text_of(turn).endswith(line) for line in spoken)


def test_an_answer_for_the_logbook_may_be_in_a_language_the_coach_lacks():
    chat = Chat(LIBRARY)
    chat.person = replace(chat.person, welcomed=True, onboarded=True, zone="Europe/Paris")
    chat.say("reflect")
    chat.say("ok")
    answer = Said("x", chat.at, "Der Bürgermeister hat den Raum verlassen und niemand hat etwas gesagt")

    turn = step(LIBRARY, replace(chat.context(()), tongue="de"), answer)

    assert any(getattr(effect, "text", None) == answer.text for effect in turn.effects)


@pytest.mark.parametrize(("greeting", "language"), [("Bonjour", "fr"), ("hola", "es"), ("hello", "en"), ("Buenas tardes", "es")])
def test_a_stranger_is_welcomed_in_the_language_of_the_greeting(greeting, language):
    turn = step(LIBRARY, Context(Person(PersonId("p")), Conversation()), Said("1", TUESDAY, greeting))

    welcome = LIBRARY.words[language].variants("welcome")[0]
    assert text_of(turn).startswith(welcome.split("$")[0])


def test_choices_on_the_table_are_shown_in_the_new_language():
    options = passage_of(cards()[0], language="fr")
    chat = Chat(LIBRARY)
    chat.person = replace(chat.person, welcomed=True, onboarded=True)
    chat.say("how do I deal with this, my partners never come and I am alone?", [passage_of(cards()[0])])
    context = replace(chat.context(()), in_hand=options)

    turn = step(LIBRARY, context, Said("x", chat.at, "parlons français"))

    labels = [choice.label for choice in said(turn)[-1].choices]
    assert labels[:1] == [options.options[0].name]
    assert labels[-1] == LIBRARY.words["fr"].variants("choice.another")[0]


# --- danger


@pytest.mark.parametrize("language", SPOKEN)
@pytest.mark.parametrize("text", ["I want to die", "je veux mourir", "quiero morir", "j'ai envie de me tuer", "no quiero seguir viviendo"])
def test_danger_is_heard_in_every_language_whatever_the_talk_is_in(language, text):
    found = alarm_in(text, LIBRARY.safeties(language))
    assert found
    assert found[0] == "danger"
    turn = step(LIBRARY, known(language), Said("1", TUESDAY, text))
    assert said(turn)[0].kind == "safety"
    assert said(turn)[0].text.startswith(LIBRARY.words[found[1]].variants("safety.danger.plain")[0][:20])


@pytest.mark.parametrize(
    ("language", "alarm", "text"),
    [
        ("fr", "threat", "il sait ou jhabite"),
        ("fr", "threat", "ya une voiture garée devant ma maison depuis hier"),
        ("fr", "threat", "mon frère va perdre son travail si je signe pas"),
        ("fr", "threat", "j'ai peur pour mes enfants"),
        ("fr", "ethics", "on me demande de dire 200 personnes formées et c'etait 60"),
        ("fr", "ethics", "j'ai menti un peu au ministère"),
        ("fr", None, "il m'a dit de faire attention aux délais"),
        ("es", "threat", "me pregunto en que colegio estudian mis hijos"),
        ("es", "threat", "hay una camioneta afuera de mi casa"),
        ("es", "threat", "voy a aparecer en el rio"),
        ("es", "threat", "tengo miedo por mis hijos"),
        ("es", "ethics", "me piden q ponga 200 beneficiarios y fueron 60"),
        ("es", "ethics", "quieren que firme por gente que no estuvo"),
        ("es", None, "dejaron un sobre con las invitaciones"),
    ],
)
def test_threats_and_figures_that_are_not_so_are_heard_as_people_type_them(language, alarm, text):
    found = alarm_in(text, LIBRARY.safeties(language))
    assert (found and found[0]) == alarm


@pytest.mark.parametrize("text", ["me muero de risa", "je meurs de faim", "that meeting nearly killed me", "cette réunion m'a tuée"])
def test_an_idiom_is_none_in_whatever_language_the_talk_is(text):
    for language in SPOKEN:
        assert alarm_in(text, LIBRARY.safeties(language)) is None


def test_brokers_messages_raise_no_danger_because_of_another_language():
    raised = [(ask, alarm_in(ask, LIBRARY.safeties(language))) for language, ask in ASKS[::3]]

    assert [ask for ask, found in raised if found and found[0] == "danger"] == []


# --- French and Spanish as they are typed

OFFERED = [Choice("opt:a:0", "Passer"), Choice("opt:a:1", "Gagner"), Choice("do:another", "Autre")]


@pytest.mark.parametrize(
    ("language", "text", "place"),
    [
        ("fr", "la deuxième", 1), ("fr", "le premier svp", 0), ("fr", "numéro 3", 2), ("fr", "la derniere", 2), ("fr", "deux", 1),
        ("es", "la segunda", 1), ("es", "el primero por favor", 0), ("es", "opción 3", 2), ("es", "la ultima", 2),
        ("es", "la del medio", 1),
        ("en", "the second one", 1), ("en", "number 3", 2), ("en", "middle", 1),
    ],
)  # fmt: skip
def test_a_choice_is_named_by_its_place(language, text, place):
    assert choice_in(text, OFFERED, HEAR[language]) == OFFERED[place]


@pytest.mark.parametrize(
    ("language", "text"), [("fr", "1 et 3"), ("fr", "un et trois"), ("es", "1 y 3"), ("es", "uno y tres"), ("en", "one and three")]
)
def test_several_choices_are_named_at_once(language, text):
    assert choices_in(text, OFFERED, HEAR[language]) == (OFFERED[0], OFFERED[2])


@pytest.mark.parametrize(
    ("language", "text", "clock"),
    [
        ("fr", "17h30", time(17, 30)), ("fr", "cinq heures et demie", time(17, 30)), ("fr", "six heures moins le quart", time(17, 45)),
        ("fr", "7h du soir", time(19)), ("fr", "vers dix-huit heures", time(18)), ("fr", "midi", time(12)), ("fr", "pas de rappel", None),
        ("es", "a las cinco y media", time(17, 30)),
        ("es", "las seis menos cuarto", time(17, 45)),
        ("es", "cuarto para las seis", time(17, 45)),
        ("es", "siete de la noche", time(19)), ("es", "a las ocho de la mañana", time(8)), ("es", "a las 5", time(17)),
    ],
)  # fmt: skip
def test_a_time_is_read_as_people_say_it(language, text, clock):
    assert clock_in(text, HEAR[language]) == clock
    assert clock_in(plain(text), HEAR[language]) == clock


@pytest.mark.parametrize(
    ("language", "text", "day"),
    [
        ("fr", "vendredi prochain", 6), ("fr", "la semaine prochaine", 10), ("fr", "d'ici deux semaines", 17), ("fr", "demain matin", 4),
        ("fr", "après-demain", 5), ("fr", "dans huit jours", 10), ("fr", "le 12 mars", 12), ("fr", "lundi à 10h", 9), ("fr", "12/03", None),
        ("es", "mañana", 4), ("es", "el próximo viernes", 6), ("es", "viernes que viene", 6), ("es", "dentro de dos semanas", 17),
        ("es", "la semana que viene", 10), ("es", "en quince días", 18), ("es", "el 12 de marzo", 12), ("es", "03/04", None),
    ],
)  # fmt: skip
def test_a_day_is_read_as_people_say_it_and_an_ambiguous_one_is_asked_back(language, text, day):
    expected = date(2026, 3, day) if day else None
    assert day_in(text, language, HEAR[language], TUESDAY, "Europe/Paris") == expected
    assert day_in(plain(text), language, HEAR[language], TUESDAY, "Europe/Paris") == expected


def test_in_the_morning_is_not_tomorrow():
    assert day_within("en la mañana hablo con él", "es", HEAR["es"], TUESDAY, None) is None
    assert day_within("mañana hablo con él", "es", HEAR["es"], TUESDAY, None) == date(2026, 3, 4)


@pytest.mark.parametrize(("language", "written"), [("en", "Tuesday 3 March"), ("fr", "mardi 3 mars"), ("es", "martes 3 de marzo")])
def test_a_day_is_written_as_the_language_writes_it(language, written):
    assert day_in_words(date(2026, 3, 3), language, LIBRARY.words[language].formats) == written


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Londres", "Europe/London"), ("Le Caire", "Africa/Cairo"), ("j'habite à Dakar", "Africa/Dakar"), ("Genève", "Europe/Zurich"),
        ("vivo en Bogotá", "America/Bogota"), ("Nueva York", "America/New_York"), ("Ciudad de México", "America/Mexico_City"),
    ],
)  # fmt: skip
def test_a_place_is_known_by_its_name_in_any_language(text, zone):
    assert zones_for(text, [*HEAR["fr"].place_leads, *HEAR["es"].place_leads]) == (zone,)


@pytest.mark.parametrize(
    ("language", "text", "who"),
    [
        ("fr", "l'un de mes partenaires ne vient plus", "l'un de vos partenaires"), ("fr", "j'ai parlé au maire", "le maire"),
        ("fr", "mon nouveau directeur crie", "votre nouveau directeur"), ("fr", "je suis la directrice", None),
        ("fr", "une ONG nous lâche", "cette ONG"), ("fr", "l’entreprise se retire", "l’entreprise"),
        ("es", "uno de mis socios no viene", "uno de tus socios"), ("es", "el problema es del alcalde", "el alcalde"),
        ("es", "nuestra fundación se va", "tu fundación"), ("es", "soy la directora", None), ("es", "una empresa nos dejó", "esa empresa"),
    ],
)  # fmt: skip
def test_whom_it_is_about_is_said_back_to_its_writer(language, text, who):
    assert who_in(text, HEAR[language]) == who


@pytest.mark.parametrize(
    ("language", "text", "name"),
    [
        ("fr", "je m'appelle Awa", "Awa"), ("fr", "Moi c'est Jean-Pierre", "Jean-Pierre"), ("fr", "Appelez-moi M. Diallo", "M. Diallo"),
        ("fr", "fatiguée", None), ("es", "me llamo Lucía", "Lucía"), ("es", "Lucía, mucho gusto", "Lucía"),
        ("es", "llámame Sra. Pérez", "Sra. Pérez"),
        ("es", "cansada", None),
    ],
)  # fmt: skip
def test_a_name_is_heard_with_its_accents_kept(language, text, name):
    assert name_in(text, HEAR[language]) == name


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "Je ne sais pas, que faire ?"),
        ("fr", "est-ce que je dois lui dire ?"),
        ("es", "No sé, ¿qué hago?"),
        ("es", "¿debo decírselo?"),
    ],
)
def test_a_question_to_the_coach_is_told_from_ones_that_others_asked(language, text):
    assert asks_coach(text, HEAR[language])
    assert not asks_coach({"fr": "Il a demandé : que faisons-nous ?", "es": "Él preguntó: ¿qué hacemos?"}[language], HEAR[language])


@given(st.sampled_from(SPOKEN), st.sampled_from(ASKS), st.integers(0, 2**30))
@FEW
def test_whatever_is_typed_every_language_s_hearing_keeps_its_promises(language, ask, seed):
    text = "".join(c for n, c in enumerate(ask[1]) if seed >> (n % 30) & 1 or n % 3)
    hear = HEAR[language]
    echo, who = echo_of(text, hear), who_in(text, hear)
    assert echo is None or (echo in text and 2 <= len(words_in(echo)) <= 6)
    assert who is None or who.strip() == who
    assert when_in(text, hear) in (None, *hear.whens)
    assert isinstance(tells_nothing(text, hear), bool)
    assert act_in(text, hear) in (None, *hear.acts)
    assert aside_in(text, hear) is None or aside_in(text, hear) in text
    assert isinstance(feels(text, hear), bool)


# --- how lines grow together


@pytest.mark.parametrize(
    ("language", "line", "slot", "said_as"),
    [
        ("fr", "la place de $who ici", "le maire", "la place du maire ici"),
        ("fr", "à $who de jouer", "les élus", "aux élus de jouer"),
        ("fr", "la part de $who", "une ONG", "la part d’une ONG"),
        ("fr", "et $who ?", "ce élu", "et cet élu ?"),
        ("fr", "la place de $who", "votre maire", "la place de votre maire"),
        ("es", "el papel de $who", "el alcalde", "el papel del alcalde"),
        ("es", "pregúntale a $who", "el alcalde", "pregúntale al alcalde"),
        ("es", "el papel de $who", "tu alcalde", "el papel de tu alcalde"),
    ],
)
def test_what_meets_in_a_slot_grows_together(language, line, slot, said_as):
    draft = Draft(LIBRARY, known(language), Said("1", TUESDAY, "ok"))
    assert draft.fill(line, who=slot) == said_as


# --- plain words


def test_learner_english_gets_the_shortest_lines():
    card = cards()[0]
    text = "my english is not good. partner not come to meeting and he not listen. how i can make it better?"
    assert is_learner(text, HEAR["en"])
    chat = Chat(LIBRARY)
    chat.person = replace(chat.person, welcomed=True, onboarded=True)

    turn = chat.say(text, [passage_of(card)])

    assert chat.conversation.plain
    mirrors = card.words["en"].mirrors
    shortest = min((mirrors.feeling, mirrors.tension, mirrors.pattern), key=len)
    assert shortest.split("$")[0][:12] in text_of(turn)


def test_good_english_is_no_learner_s():
    learners = [ask for language, ask in ASKS if language == "en" and is_learner(ask, HEAR["en"])]
    assert len(learners) < 0.05 * sum(language == "en" for language, _ in ASKS)


@pytest.mark.parametrize(
    ("language", "text"), [("en", "I don't understand"), ("en", "simpler please"), ("fr", "je comprends pas"), ("es", "no entiendo")]
)
def test_who_does_not_understand_gets_the_last_question_in_fewer_words(language, text):
    chat = Chat(LIBRARY)
    chat.person = replace(chat.person, language=language, welcomed=True, onboarded=True)
    card = passage_of(cards()[0], language=language)
    context = replace(
        chat.context(()),
        in_hand=card,
        conversation=replace(chat.conversation, talk=None),
    )
    assert said(step(LIBRARY, context, Said("x", chat.at, text)))[-1].text in LIBRARY.words[language].variants("plain")
    talk = Talk(card.card, "options", chat.at, chat.at, "…", ("o0", "o1"))
    turn = step(LIBRARY, replace(context, conversation=replace(chat.conversation, talk=talk)), Said("x", chat.at, text))
    assert turn.conversation.plain
    assert min((question.split("$")[0] for question in card.questions), key=len)[:8] in text_of(turn) or text_of(turn).endswith(("?", " ?"))


@pytest.mark.parametrize(("language", "text"), [("en", "give me an example"), ("fr", "un exemple ?"), ("es", "¿me das un ejemplo?")])
def test_an_example_is_the_card_s_own(language, text):
    card = passage_of(cards()[0], language=language)
    talk = Talk(card.card, "options", TUESDAY, TUESDAY, "…", ("o0", "o1"))
    turn = step(LIBRARY, replace(known(language, Conversation(talk=talk)), in_hand=card), Said("x", TUESDAY, text))

    assert card.if_then.split("$")[0][:20] in text_of(turn)


# --- the files


def test_every_language_has_the_same_keys_and_each_its_own_patterns():
    english = LIBRARY.words["en"]
    for words in LIBRARY.words.values():
        assert words.lines.keys() == english.lines.keys()
        assert words.hear.acts.keys() == english.hear.acts.keys()
        assert words.hear.wishes.keys() == english.hear.wishes.keys()
