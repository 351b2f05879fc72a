"""What may be grave is heard by words that come together in whatever order, and asked about; whoever wrote it says whether it is so."""

from __future__ import annotations

import pytest
from passages import chat_in, text_of

from bot.alarms import alarm_in, came_in, hinted, strained
from bot.suspecting import suspected_in
from prompts.library import load_library

LIBRARY = load_library()
SUSPECTED = [
    ("en", "my boss wants me to write 80 people on the list, we were 35", "vouch"),
    ("en", "my boss wants me to tell the community group that the budget is final. it isn't. there's 40k more", "vouch"),
    ("en", "he asks me to sign the minutes of a meeting i wasn't at", "vouch"),
    ("en", "i'm in the jury and my best friend's organisation is a candidate", "kin"),
    ("en", "the governor will come if we pay his fuel and a 'sitting fee'", "favour"),
    ("en", "the seller gave our buyer a phone for christmas", "favour"),
    ("en", "the company says don't tell the fishermen about the dredging until the papers are signed", "kept"),
    ("en", "the manager wants to know which workers criticised him in the focus group i promised was confidential", "trust"),
    ("en", "the guard sells our relief blankets", "used"),
    ("en", "the old consultant rubs my neck while i type", "near"),
    ("fr", "le chef me dit de raconter au bailleur que les cinq sites marchent, deux n'ont jamais ouvert", "vouch"),
    ("fr", "je suis dans le jury et l'ong de ma belle soeur est candidate", "kin"),
    ("fr", "un fournisseur a offert un téléphone à notre comptable pour noël", "favour"),
    ("fr", "ils me demandent de ne pas parler aux femmes du relogement avant la signature", "kept"),
    ("fr", "le responsable veut savoir qui a dit quoi, alors que j'avais promis que c'était confidentiel", "trust"),
    ("fr", "la voiture du projet était au mariage de son cousin tout le week end", "used"),
    ("fr", "le vieux consultant me caresse la nuque pendant que j'écris", "near"),
    ("es", "mi directora quiere que ponga 80 personas en la lista, éramos 35", "vouch"),
    ("es", "el sobrino del alcalde se quedó con el contrato, sin licitación", "kin"),
    ("es", "un proveedor le regaló un celular a nuestra contadora", "favour"),
    ("es", "me piden que no les diga a las mujeres lo de la reubicación hasta que firmen", "kept"),
    ("es", "la gerente quiere saber quién dijo qué, y yo prometí que era confidencial", "trust"),
    ("es", "el tesorero vende las semillas del proyecto en el mercado", "used"),
    ("es", "el viejo consultor me soba el cuello mientras escribo", "near"),
    ("en", "Joel from the ngo asked me yesterday to just make a few receipts for the boat rental so the report can go", "vouch"),
]
INNOCENT = [
    ("en", "He must sign the order for the ice machines, 5 minutes of work. I sent four messages on whatsapp, blue ticks only"),
    ("en", "he asks me to sign the minutes"),
    ("en", "my boss wants me to put 80 chairs in the room"),
    ("en", "my best friend's organisation is a partner here, and i declared it"),
    ("en", "the governor will come if we move the date"),
    ("en", "the company says tell the fishermen about the dredging early"),
    ("en", "workers criticised the manager in the focus group, he took it well"),
    ("en", "the treasurer's wife sells seed at the market"),
    ("en", "he put his hand up and asked me about my body of evidence"),
    ("en", "he asked me to write the minutes, i haven't finished them"),
    ("fr", "on me demande de rédiger le pv"),
    ("fr", "la mairie signera le permis quand le plan sera complet"),
    ("fr", "la voiture du projet est au garage"),
    ("fr", "nous avons dit ouvertement au conseil que la moitié des sites n'est pas finie"),
    ("fr", "on lit les points à voix haute et elle dit oui"),
    ("es", "me mandan redactar el acta"),
    ("es", "la alcaldía firma el permiso cuando el plan esté completo"),
    ("es", "el carro del proyecto está en el taller"),
    ("es", "dijimos abiertamente a la junta que la mitad de los sitios no está lista"),
]
IT_IS_SO = [
    ("en", "the director wants to keep the accidents out of the report", "he says the donor will cut us"),
    ("en", "my boss wants me to write 80 people on the list, we were 35", "he says the quota hangs on it"),
    ("fr", "je suis dans le jury et l'ong de ma belle soeur est candidate", "personne ne le sait"),
    ("es", "mi directora quiere que ponga 80 personas en la lista, éramos 35", "sí, es así"),
]
IT_IS_NOT = [
    ("en", "the governor will come if we pay his fuel and a 'sitting fee'", "no, it's the official rate, everybody gets it"),
    ("fr", "je suis dans le jury et l'ong de ma belle soeur est candidate", "non, je l'ai déclaré et je me retire ce jour là"),
    ("es", "mi directora quiere que ponga 80 personas en la lista, éramos 35", "no, es una estimación y así lo dice la hoja"),
]
WORN = [
    ("en", "i haven't slept through in three weeks"),
    ("en", "my head never stops, 3 am, 4 am, the same list"),
    ("en", "i drink a glass every night now, sometimes three"),
    ("fr", "je me réveille à 4h chaque nuit et je refais le budget dans ma tête"),
    ("fr", "je n'arrive plus à décrocher, même le dimanche"),
    ("es", "me despierto a las 4 todas las noches y repaso el presupuesto"),
    ("es", "no logro desconectar, ni los domingos"),
]
RESTED = [
    ("en", "i did not sleep on the plane"),
    ("en", "she burst out laughing and so did i"),
    ("fr", "je me suis réveillé à 6h pour prendre le bus"),
    ("fr", "la présidente a fondu en larmes"),
    ("es", "me desperté a las 6 para tomar el bus"),
    ("es", "dormí bien después de la reunión"),
]
FAR_DOWN = [
    ("en", "it would be easier for everyone without me, i think"),
    ("en", "i wish i could just disappear"),
    ("fr", "je voudrais juste disparaître"),
    ("es", "quisiera desaparecer y ya"),
]


@pytest.mark.parametrize(("language", "text", "kind"), SUSPECTED)
def test_words_that_come_together_raise_a_question(language, text, kind):
    assert suspected_in(text, LIBRARY.words[language].safety) == kind


@pytest.mark.parametrize(("language", "text"), INNOCENT)
def test_the_same_words_in_everyday_work_raise_none(language, text):
    assert suspected_in(text, LIBRARY.words[language].safety) is None


@pytest.mark.parametrize(("language", "text"), WORN)
def test_being_worn_down_is_heard_in_ever_new_words(language, text):
    assert strained(text, LIBRARY.safeties(language))


@pytest.mark.parametrize(("language", "text"), RESTED)
def test_a_short_night_and_somebody_elses_tears_are_no_strain(language, text):
    assert not strained(text, LIBRARY.safeties(language))


def test_one_sentence_of_weariness_does_not_take_over_a_long_story():
    story = " ".join(["the ministry wants the plan by june and the farmers want seed first, so we sat until nine and nobody moved."] * 3)

    assert strained("i lie awake over it, the same list every night", LIBRARY.safeties("en"))
    assert not strained(f"{story} i woke again and again and could hardly sleep.", LIBRARY.safeties("en"))


@pytest.mark.parametrize(("language", "text"), FAR_DOWN)
def test_not_wanting_to_be_here_is_asked_about_or_met(language, text):
    safeties = LIBRARY.safeties(language)

    assert hinted(text, dict(safeties)[language]) == "spent" or alarm_in(text, safeties) == ("danger", language)


@pytest.mark.parametrize(("language", "told", "answer"), IT_IS_SO)
def test_what_is_told_on_top_of_it_makes_it_a_matter_of_integrity(language, told, answer):
    chat = chat_in(LIBRARY, language, told)
    assert chat.conversation.alarm == "suspected"

    said = text_of(chat.say(answer))

    assert chat.conversation.alarm == "ethics"
    assert said.endswith("?")


@pytest.mark.parametrize(("language", "told", "answer"), IT_IS_NOT)
def test_whoever_says_that_it_is_not_so_is_believed_and_not_asked_again(language, told, answer):
    chat = chat_in(LIBRARY, language, told)
    assert chat.conversation.alarm == "suspected"

    chat.say(answer)
    assert chat.conversation.alarm is None

    chat.say(told)
    assert chat.conversation.alarm is None


@pytest.mark.parametrize(
    ("language", "told", "yes"),
    [
        (
            "en",
            "he asks me to sign the minutes of a meeting i wasn't at",
            "yes that's how it is. when I said no he said he will tell the donor it was me",
        ),
        ("en", "he asks me to sign the minutes of a meeting i wasn't at", "No, you did not misread. It is so."),
        (
            "fr",
            "le chef me dit de raconter au bailleur que les cinq sites marchent, deux n'ont jamais ouvert",
            "oui. sinon il le dit au bailleur",
        ),
        ("es", "mi directora quiere que ponga 80 personas en la lista, éramos 35", "sí, así es. dice que le va a contar al donante"),
    ],
)
def test_whoever_says_that_it_is_so_is_not_let_go_whatever_else_they_tell(language, told, yes):
    chat = chat_in(LIBRARY, language, told)
    assert chat.conversation.alarm == "suspected"

    chat.say(yes)

    assert chat.conversation.alarm == "ethics"


def test_a_threat_to_the_post_alone_is_met_as_a_matter_of_integrity():
    chat = chat_in(
        LIBRARY, "en", "It is fake receipts, and now he threatens me.", "it's not that kind of threat, he won't hurt me, it's about my job"
    )

    assert chat.conversation.alarm == "ethics"


ASTRAY = [
    (
        "en",
        "the report says 12 trainings, there were only five of them",
        "you are stuck in a wrong topic. this is not about a crime. new start please",
    ),
    ("fr", "le rapport dit 12 formations, il n'y en a eu que cinq", "vous êtes sur une mauvaise piste, recommençons à zéro svp"),
    ("es", "el informe dice 12 talleres, solo hubo cinco", "estás en el tema equivocado, no es un delito. empecemos de nuevo"),
]


@pytest.mark.parametrize(("language", "told", "answer"), ASTRAY)
def test_whoever_says_that_the_coach_is_on_a_wrong_track_gets_their_talk_back(language, told, answer):
    chat = chat_in(LIBRARY, language, told)
    assert chat.conversation.alarm == "ethics"

    chat.say(answer)

    assert chat.conversation.alarm is None


@pytest.mark.parametrize(("language", "told", "yes"), [("en", SUSPECTED[0][1], "yes"), ("es", SUSPECTED[17][1], "sí")])
def test_after_a_bare_yes_comes_what_can_be_done_first(language, told, yes):
    chat = chat_in(LIBRARY, language, told)

    assert text_of(chat.say(yes)) in LIBRARY.words[language].variants("safety.ethics.what-now")


def test_too_near_is_met_as_what_was_done_to_them():
    chat = chat_in(LIBRARY, "en", "he invites the interns one by one to his hotel room")
    assert chat.conversation.alarm == "suspected"

    chat.say("yes, every day")

    assert chat.conversation.alarm == "harassment"


def test_in_a_reflection_it_is_part_of_the_answer():
    chat = chat_in(LIBRARY, "en", "reflect", "ok")

    chat.say("the governor will come if we pay his fuel and a 'sitting fee'")

    assert chat.conversation.alarm is None
    assert chat.conversation.place is not None


def test_whoever_turns_to_the_logbook_is_let_go():
    chat = chat_in(LIBRARY, "en", "the guard sells our relief blankets")

    chat.say("reflect")

    assert chat.conversation.alarm is None
    assert chat.conversation.place is not None


def test_what_was_only_asked_for_or_not_yet_done_is_no_deed():
    safety = LIBRARY.words["es"].safety

    assert "did-it" in came_in("ya lo mandé ayer", safety)
    assert "did-it" not in came_in("el director insiste en q lo mande mañana", safety)
    assert "did-it" not in came_in("no no, todavia no mandé nada", safety)
    assert "bye" not in came_in("tengo hasta mañana", safety)


def test_a_softened_number_is_asked_about_and_refused_once_it_is_told():
    told = "212 people finished, target 250. the city says just count the ones who signed up, everybody does that. it's only an annex"
    chat = chat_in(LIBRARY, "en", told)
    assert chat.conversation.alarm == "suspected"

    chat.say("well, the real number is 212. and if i say no to her i look ungrateful and the next permit is in march")
    assert chat.conversation.alarm == "ethics"

    chat.say("can you help me word a footnote so it's sort of true")
    assert chat.conversation.alarm == "ethics"


@pytest.mark.parametrize("said", ["hello", "thanks", "stop"])
def test_a_word_that_says_nothing_of_it_leaves_it(said):
    chat = chat_in(LIBRARY, "en", "the guard sells our relief blankets")

    chat.say(said)

    assert chat.conversation.alarm is None


@pytest.mark.parametrize(("language", "said"), [("en", "i don't know"), ("fr", "je sais pas"), ("es", "no sé si está mal")])
def test_whoever_is_not_sure_whether_it_is_so_is_not_sent_away(language, said):
    told = {"en": "the guard sells our relief blankets", "fr": SUSPECTED[11][1], "es": SUSPECTED[17][1]}[language]
    chat = chat_in(LIBRARY, language, told)
    assert chat.conversation.alarm == "suspected"

    chat.say(said)

    assert chat.conversation.alarm == "ethics"
