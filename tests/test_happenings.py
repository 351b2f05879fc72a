"""What people tell, heard by its words, and what is said back: prompts/happenings through `step`, and the rules its lines keep to."""

from __future__ import annotations

import re
from string import Template

import pytest
from passages import Chat, said

from bot.happening import happening_in, span_in
from bot.model import Person, PersonId
from prompts.library import load_library
from prompts.signals import load_signals

LIBRARY = load_library()
EVERY = [(language, name) for language, happenings in LIBRARY.happenings.items() for name in happenings.told]
LONGEST = 120  # characters of a mirror on a phone (coaching.md section 4)
WHO = {"en": "one of the older partners", "fr": "une de vos partenaires", "es": "una de tus organizaciones"}
SPAN = {"en": "more than three weeks", "fr": "plus de trois semaines", "es": "más de tres semanas"}
WHAT = {
    "en": "losing the trust of your partners",
    "fr": "perdre la confiance de vos partenaires",
    "es": "perder la confianza de tus socios",
}


@pytest.mark.parametrize(("language", "name"), EVERY)
def test_each_way_of_telling_a_thing_is_heard_as_that_thing(language: str, name: str) -> None:
    happenings = LIBRARY.happenings[language]
    heard = {told: happening_in(told, happenings) for told in happenings.told[name].said}
    assert set(heard.values()) == {name}, heard


@pytest.mark.parametrize(("language", "name"), EVERY)
def test_its_lines_fit_a_phone_and_keep_to_the_book(language: str, name: str) -> None:
    happening, signals = LIBRARY.happenings[language].told[name], load_signals()[language]
    unwanted = [*signals.flattery, *signals.jargon, *signals.knows_better]
    for line in (*happening.mirrors, *happening.questions):
        filled = Template(line).substitute(who=WHO[language], span=SPAN[language], what=WHAT[language])
        assert len(filled) <= LONGEST, filled
        assert not re.search('[“”«»"]', filled), filled
        assert not any(re.search(pattern, filled, re.IGNORECASE) for pattern in unwanted), filled
    for mirror in happening.mirrors:
        assert "?" not in mirror
    for question in happening.questions:
        assert question.count("?") == 1
        assert question.endswith("?")


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "maybe just a text on sunday. thanks, going to bed"),
        ("en", "no, nobody is blaming anybody"),
        ("en", "if he cancels the meeting again, i ask the deputy"),
        ("en", "i'll tell him in front of everybody on friday"),
        ("fr", "euh non personne n'a menti"),
        ("fr", "si Fabrice dit oui mercredi, je lui demande devant les autres pour quand"),
        ("fr", "je vais lui dire jeudi que le délai ne va pas"),
        ("es", "eso no contesta. voy el miercoles a la playa y punto"),
        ("es", "q no es eso!! nadie me acosa"),
        ("es", "si doña Eneida dice en voz alta que el precio no sirve, no le compran"),
    ],
)
def test_what_is_denied_supposed_or_planned_has_not_happened(language: str, told: str) -> None:
    heard = happening_in(told, LIBRARY.happenings[language])
    assert heard not in (
        "phone-nights",
        "blame",
        "misled",
        "cancelled",
        "in-front-of-all",
        "deadline",
        "price",
        "silence",
        "nobody",
        "threat",
    )


@pytest.mark.parametrize("language", LIBRARY.happenings)
def test_no_line_stands_twice(language: str) -> None:
    lines = [line for told in LIBRARY.happenings[language].told.values() for line in (*told.mirrors, *told.questions)]
    assert sorted(lines) == sorted(set(lines))


def test_what_happened_is_said_back_and_asked_about() -> None:
    silence = LIBRARY.happenings["en"].told["silence"]
    (message,) = said(Chat(LIBRARY).say("3 weeks and not a word from the mayor"))
    mirrors = {Template(mirror).safe_substitute(who="the mayor", span="3 weeks") for mirror in silence.mirrors}
    assert any(message.text.startswith(mirror[:1].upper() + mirror[1:]) for mirror in mirrors), message.text
    assert any(message.text.endswith(question[-20:]) for question in silence.questions), message.text


FRENCH = Person(PersonId("p1"), zone="Africa/Nairobi", language="fr", welcomed=True, onboarded=True)


@pytest.mark.parametrize(
    ("typed", "told_back"),
    [
        ("j ai peur de perdre le chef de village", "perdre le chef de village"),
        ("j'ai peur de me faire virer", "vous faire virer"),
        ("jaimerais retrouver la paix", "retrouver la paix"),
        ("parce que c est lui qui conduit", "c'est lui qui conduit"),
        ("de la tristesse", "de la tristesse"),
    ],
)
def test_short_french_without_apostrophes_is_told_back_as_theirs(typed: str, told_back: str) -> None:
    (message,) = said(Chat(LIBRARY, FRENCH).say(typed))
    assert told_back in message.text.lower(), message.text


@pytest.mark.parametrize(
    ("typed", "not_this"),
    [
        ("elle a peur de perdre son poste", "my-fear"),
        ("j'ai pas peur de lui", "my-fear"),
        ("personne veut etre president du comité", "they-want"),
        ("l'ambiance est morte", "someone-died"),
        ("non c'est pas une question d'argent", "holds-money"),
        ("montre moi", "one-name"),
        ("la 2", "one-name"),
        ("je vois bien que le maire s'ennuie", "although"),
    ],
)
def test_french_words_that_only_sound_alike_are_not_taken_for_it(typed: str, not_this: str) -> None:
    assert happening_in(typed, LIBRARY.happenings["fr"]) != not_this


ONE_NOUN = [
    ("en", "The coordinator always leaves at 4", "key-leaves"),
    ("en", "Her sister was evicted from one of those houses", "land"),
    ("en", "the shelter does work, when there's a flood it is full", "hard-times"),
    ("en", "Sister Veronica at the Christian Care Centre could help", "faith"),
    ("en", "he hasn't spoken to me in two weeks", "deadline"),
    ("en", "aye well I've no told him", "tried"),
    ("en", "give me the difference between a board and a committee", "between"),
    ("en", "the photos of the launch are very nice", "launch"),
    ("en", "40 people came and the hall was full", "few-came"),
    ("en", "she gave the phone to her brother", "kin-got-it"),
    ("en", "i said it is a good idea but not now", "lied-by-me"),
    ("en", "it looks to me like a good start", "carry-all"),
    ("en", "they said no, they are afraid he will stop coming at all", "no-show"),
    ("en", "he calls me the women lawyer", "contract"),
    ("en", "he has started taking photos of the crates", "photos"),
    ("fr", "les femmes viennent à 3h du matin pour être premières", "late-again"),
    ("fr", "l'usine a acheté la balance", "take-sides"),
    ("fr", "cinq ans de travail et il a même pas lu le dossier", "signed-blind"),
    ("fr", "non il a pas décroché", "body-only"),
    ("fr", "c'est lui qui prend la parole en premier", "money-split"),
    ("fr", "on a roulé trois heures sur la piste", "misled"),
    ("fr", "le projet avance", "stuck"),
    ("fr", "je l'appelle avant lundi", "rush"),
    ("fr", "non non personne n'a peur ici", "they-fear"),
    ("fr", "les membres viennent plus nombreux", "ne-viennent-plus"),
    ("fr", "il a mis tout le monde d'accord", "blame"),
    ("fr", "l'avocate des femmes, voilà comment ils m'appellent", "lawyer"),
    ("fr", "elle m'appelle le soir", "surnom"),
    ("es", "bueno y el primo no trabaja mal, hay que decirlo", "they-dont"),
    ("es", "no quiero meterme donde no me llaman", "silence"),
    ("es", "sola desde marzo porque mi compañera renunció", "key-leaves"),
]


@pytest.mark.parametrize(("language", "typed", "not_this"), ONE_NOUN)
def test_one_noun_alone_does_not_decide_what_happened(language: str, typed: str, not_this: str) -> None:
    assert happening_in(typed, LIBRARY.happenings[language]) != not_this


AT_HOME = [
    ("en", "last week he took her phone and scrolled through it, and she laughed"),
    ("fr", "à la maison ça va pas, il crie beaucoup et les enfants ont peur"),
    ("es", "mi compañera llega con moretones y dice que se cayó otra vez"),
]


@pytest.mark.parametrize(("language", "typed"), AT_HOME)
def test_signs_of_violence_are_no_happening_between_partners(language: str, typed: str) -> None:
    assert happening_in(typed, LIBRARY.happenings[language]) is None


TWICE = ("the mayor never answers my mails", "and the mayor still does not answer my calls")


def test_told_again_it_is_said_differently() -> None:
    chat = Chat(LIBRARY)
    first, second = (said(chat.say(text))[0].text for text in TWICE)
    assert first.partition(".")[0] != second.partition(".")[0]


def test_english_tells_back_a_few_words_in_the_second_person() -> None:
    (message,) = said(Chat(LIBRARY).say("i am afraid of losing my people"))
    assert "losing your people" in message.text


STORY = (
    "they say the land is theirs by law",
    "the herders say the path is older than the law",
    "nobody has asked the herders",
    "police took two boys",
)


def test_what_happened_is_no_step_of_ones_own_even_where_one_was_asked_for() -> None:
    chat, police = Chat(LIBRARY), LIBRARY.happenings["en"].told["police"]
    *_, last = (said(chat.say(text))[0].text for text in STORY)
    assert chat.intentions == ()
    assert any(last.startswith(mirror) for mirror in police.mirrors), last


SPANISH = {
    "me da miedo perder la confianza de las comunidades": "my-fear",
    "q bronca me da todo esto": "angry",
    "xq el concejal es primo del constructor": "kin",
    "no es la plata, es el respeto": "not-x-but-y",
    "ya le pregunte dos veces y me cambia el tema": "tried-failed",
    "el nuevo dice q lo firmado no le consta": "broken-deal",
    "los jovenes no entran si esta la policia": "their-condition",
    "nadie se atrevio a decirle": "nobody",
}
NOT_SPANISH = (
    "dame una idea",
    "quiero hacer mi reflexion de hoy",
    "no se si me explico",
    "la segunda es mejor",
    "voy a llamarla el martes",
    "gracias por escucharme",
)


@pytest.mark.parametrize(("told", "name"), SPANISH.items())
def test_spanish_is_heard_as_it_is_typed(told: str, name: str) -> None:
    assert happening_in(told, LIBRARY.happenings["es"]) == name


@pytest.mark.parametrize("asked", NOT_SPANISH)
def test_what_is_only_asked_of_the_coach_in_spanish_is_no_happening(asked: str) -> None:
    assert happening_in(asked, LIBRARY.happenings["es"]) is None


def test_a_fear_told_in_spanish_comes_back_in_a_few_of_its_own_words() -> None:
    chat = Chat(LIBRARY, Person(PersonId("p1"), zone="America/Lima", language="es", welcomed=True, onboarded=True))
    (message,) = said(chat.say("me da miedo perder la confianza de mis socias"))
    assert message.text.startswith("Perder la confianza de tus socias"), message.text


AHEAD = {
    "en": ("I'm on leave in three weeks and I'm dreading it", "three weeks and nothing from him", "three weeks"),
    "fr": ("je pars dans trois semaines", "trois semaines sans nouvelles", "trois semaines"),
    "es": ("me voy en tres semanas", "tres semanas sin noticias", "tres semanas"),
}


@pytest.mark.parametrize("language", AHEAD)
def test_time_ahead_is_not_taken_for_time_gone_by(language: str) -> None:
    ahead, gone, span = AHEAD[language]
    assert span_in(ahead, LIBRARY.happenings[language]) == ""
    assert span_in(gone, LIBRARY.happenings[language]) == span


def test_words_of_two_sentences_do_not_make_one_happening() -> None:
    told = LIBRARY.happenings["fr"]
    assert happening_in("le marché est allé au traiteur, la fille de l'adjoint", told) == "parent-servi"
    assert happening_in("j'ai passé la parole au traiteur. je suis la fille de maraîchers en plus", told) != "parent-servi"
