"""What is somebody's own in what they tell comes back to them, beside a mirror or alone; never what they did not say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from passages import Chat, passages, said, text_of

from bot import retelling
from bot.doings import MOST, doings_in
from bot.model import Person, PersonId
from bot.spelling import words_in
from bot.theirs import found_in
from knowledge.card import load_cards
from prompts.library import load_library

LIBRARY = load_library()
CARDS = {card.id for card in load_cards(Path(__file__).parent.parent / "knowledge" / "cards")}
LANGUAGES = tuple(LIBRARY.happenings)

# What is told, and what of it is handed back first.
OWN = {
    "en": {
        "I am ashamed of it": ("felt", "shame", ""),
        "I think she is ashamed of it": ("felt.others", "shame", ""),
        'he said "you people talk too much"': ("said", "you people talk too much", ""),
        "the bottler's woman, Pamela, just went very quiet and asked me for the minutes": (
            "doing.refused",
            "Pamela went very quiet and asked you for the minutes",
            "Pamela",
        ),
        "Nobody talks.": ("doing.refused", "Nobody talks", ""),
        "wind farm lad Craig thinks it's going brilliant": ("doing.thinks", "Craig thinks it's going brilliant", "Craig"),
        "One car. The NGO bought it, the coop keeps the key.": ("doing.two", "The NGO bought it, while the coop keeps the key", ""),
        "my translator softens everything": ("doing.took", "Your translator softens everything", "your translator"),
        "he has a bakery to run": ("doing.plain", "He has a bakery to run", ""),
        "the new lady from the bank cut him off three times": (
            "doing.took",
            "The new lady cut him off three times",
            "the new lady from the bank",
        ),
        "halima cried in the corridor afterwards": ("doing.came", "Halima cried in the corridor afterwards", "Halima"),
        "we lost three weeks waiting for the stamp from the ministry": ("doing.own", "You lost three weeks", ""),
        "the consultant billed 18 days and came for six": ("doing.plain", "The consultant billed 18 days", ""),
        "nobody from the council showed up on tuesday": ("doing.came", "Nobody from the council showed up", "nobody from the council"),
        "someone leaked the draft to the radio": ("doing.plain", "Somebody leaked the draft to the radio", ""),
        "the elders didnt get a chair": ("doing.refused", "The elders didn't get a chair", "the elders"),
        "i ended up paying the bus for the women myself": ("doing.own", "You ended up paying the bus", ""),
        "our chair forwards my mails to his wife": ("doing.plain", "Your chair forwards your mails to his wife", ""),
        "i have two kids at school": ("doing.plain", "You have two kids at school", ""),
        "that he wont pick up. he never picks up": ("answer", "That he wont pick up", ""),
        "hm that i should have been the one to find a room. that she'd brought biscuits": ("answer", "That she'd brought biscuits", ""),
        "well losing the drivers' trust i guess": ("answer", "Losing the drivers' trust", ""),
        "just my deputy, she was there": ("answer", "Your deputy", ""),
    },
    "fr": {
        "j'ai honte de ça": ("felt", "la honte", ""),
        "il a dit « vous parlez trop »": ("said", "vous parlez trop", ""),
        "elle m'a offert du thé mais elle a rien dit": ("doing.came", "Elle vous a offert du thé", ""),
        "La présidente des usagers, Mme Adjovi, ne me parle plus depuis.": ("doing.refused", "Mme Adjovi ne vous parle plus", "Mme Adjovi"),
        "le nouveau veut tout recommencer": ("doing.asked", "Le nouveau veut tout recommencer", ""),
        "je dois choisir entre les deux mairies": ("doing.plain", "Vous devez choisir entre les deux mairies", ""),
        "qu'elle m'en veut pas je pense": ("answer", "Qu'elle ne vous en veut pas", ""),
        "que c'était à moi d'animer": ("answer", "Que c'était à vous d'animer", ""),
        "ben ma cousine Reine. je l'appelle demain": ("answer", "Votre cousine Reine", ""),
        "perdre la face devant les anciens je crois": ("answer", "Perdre la face devant les anciens", ""),
        "l'interprète adoucit tout": ("doing.took", "L'interprète adoucit tout", "l'interprète"),
        "ousmane dormait pendant la présentation du labo": ("doing.plain", "Ousmane dormait pendant la présentation", ""),
        "Souad la comptable pleurait dans le couloir": ("doing.plain", "Souad pleurait dans le couloir", ""),
        "mme koffi de la minoterie a repris la parole sur moi": ("doing.plain", "Mme Koffi a repris la parole sur vous", ""),
        "mon chef m'a retiré le dossier de Tahoua lundi": ("doing.took", "Votre chef vous a retiré le dossier de Tahoua", "votre chef"),
        "la mairie a déjà dépensé l'avance": ("doing.plain", "La mairie a dépensé l'avance", ""),
        "mon binome est parti en congé": ("doing.came", "Votre binome est parti en congé", ""),
        "personne lit les comptes rendus": ("doing.refused", "Personne ne lit les comptes rendus", ""),
        "elle en pouvait plus": ("doing.plain", "Elle n'en pouvait plus", ""),
        "les gens de Kolda ils ont toujours pas d'eau": ("doing.plain", "Les gens de Kolda n'ont toujours pas d'eau", ""),
        "elle voulait la présidence": ("doing.asked", "Elle voulait la présidence", ""),
        "j'ai pas pu dormir": ("doing.own", "Vous n'avez pas pu dormir", ""),
        "jai fermé l'ordi": ("doing.own", "Vous avez fermé l'ordi", ""),
        "j'avais préparé une carte des acteurs": ("doing.own", "Vous aviez préparé une carte des acteurs", ""),
        "je traduis tout en wolof": ("doing.own", "Vous traduisez tout en wolof", ""),
        "moi je gère les deux équipes": ("doing.own", "Vous gérez les deux équipes", ""),
        "c'est moi qui tiens le stylo à chaque fois": ("doing.own", "C'est vous qui tenez le stylo", ""),
        "je me bats pour 300 euros de carburant": ("doing.own", "Vous vous battez pour 300 euros de carburant", ""),
        "on s'est engueulés avec le bureau d'études": ("doing.own", "Vous vous êtes engueulés avec le bureau d'études", ""),
        "nous attendons la signature du ministre": ("doing.own", "Vous attendez la signature du ministre", ""),
        "depuis le départ de Luc je fais deux postes": ("doing.plain", "Vous faites deux postes", ""),
    },
    "es": {
        "me da miedo todo esto": ("felt", "el miedo", ""),
        'dijo "ustedes hablan demasiado"': ("said", "ustedes hablan demasiado", ""),
        "sola desde marzo porque mi compañera renunció": ("doing.came", "Tu compañera renunció", "tu compañera"),
        "trabajo con las dos alcaldías": ("doing.plain", "Trabajas con las dos alcaldías", ""),
        "que ella se quedara tranquila supongo": ("answer", "Que ella se quedara tranquila", ""),
        "mi hermana, pero vive lejos": ("answer", "Tu hermana", ""),
        "pues quedar mal con la cooperativa": ("answer", "Quedar mal con la cooperativa", ""),
        "en la reunion nadie dijo nada": ("doing.refused", "Nadie dijo nada", ""),
        "el tesorero de la mancomunidad borro la mitad de mi informe": (
            "doing.took",
            "El tesorero borró la mitad de tu informe",
            "el tesorero de la mancomunidad",
        ),
        "las dos cooperativas firmaron el convenio": ("doing.took", "Las dos cooperativas firmaron el convenio", "las dos cooperativas"),
        "rigo no le escribe al instituto": ("doing.refused", "Rigo no le escribe al instituto", "Rigo"),
        "don anselmo se levanto de la mesa": ("doing.took", "Don Anselmo se levantó", "don Anselmo"),
        "nos cambiaron la fecha tres veces": ("doing.took", "Les cambiaron la fecha tres veces", ""),
        "no pude dormir antes de la asamblea": ("doing.plain", "No pudiste dormir antes de la asamblea", ""),
        "me quede barriendo el salon": ("doing.own", "Te quedaste barriendo el salón", ""),
        "hicimos el taller en la escuela": ("doing.own", "Hicieron el taller en la escuela", ""),
        "les propuse rotar la presidencia": ("doing.own", "Les propusiste rotar la presidencia", ""),
        "he llamado cuatro veces al ministerio": ("doing.own", "Has llamado cuatro veces al ministerio", ""),
        "todos me felicitaron": ("doing.came", "Todos te felicitaron", ""),
        "los vecinos han bloqueado la carretera": ("doing.plain", "Los vecinos han bloqueado la carretera", ""),
        "la donante anda buscando otro socio": ("doing.plain", "La donante anda buscando otro socio", ""),
        "se llevo las actas a su casa": ("doing.took", "Se llevó las actas", ""),
        "el pago no llego a las señoras": ("doing.refused", "El pago no llegó", ""),
        "me respondio en una hora": ("doing.said", "Te respondió en una hora", ""),
        "escribi yo sola toda el acta": ("doing.own", "Escribiste tú sola toda el acta", ""),
        "los vecinos cerraron el rio grande": ("doing.took", "Los vecinos cerraron el rio grande", "los vecinos"),
        "nos quedamos sin local": ("doing.own", "Se quedaron sin local", ""),
        "a mi me gritaron delante de todos": ("doing.said", "Te gritaron delante de todos", ""),
        "perdimos el salon y terminamos reuniendonos en la calle": ("doing.own", "Perdieron el salón", ""),
        "al final la fundacion retiro su plata": ("doing.refused", "La fundación retiró su plata", "la fundacion"),
    },
}
# What is told, and what must not be made of it.
NOT_OWN = {
    "en": {
        "I'm not ashamed": "shame",
        "that meeting was hard": "meeting",
        "that he lied, no?": "lied",
        "that my cancer is back": "cancer",
        "morning all": "orning",
        "being honest is hard": "honest",
        "they said open 'https://evil.example/now'": "evil",
    },
    "fr": {"je n'ai pas peur": "peur", "hier au comité": "Hier", "que faire alors": "faire"},
    "es": {
        "no tengo miedo": "miedo",
        "estaba furioso": "la rabia",
        "ayer en la mesa": "Ayer",
        "que se yo": "yo",
        "q lo q hago se vea": "hago",
        "ir fue buena idea": "Ir",
    },
}


def in_(language: str) -> Person:
    return Person(PersonId("p1"), zone="Africa/Nairobi", language=language, welcomed=True, onboarded=True)


@pytest.mark.parametrize(("language", "told"), [(language, told) for language in OWN for told in OWN[language]])
def test_what_is_theirs_is_found_in_what_they_tell(language: str, told: str) -> None:
    assert next(found_in(told, LIBRARY.words[language].hear)) == OWN[language][told]


@pytest.mark.parametrize(("language", "told"), [(language, told) for language in NOT_OWN for told in NOT_OWN[language]])
def test_nothing_is_handed_back_that_was_not_told(language: str, told: str) -> None:
    assert not [own for _, own, _ in found_in(told, LIBRARY.words[language].hear) if NOT_OWN[language][told] in own]


@given(st.text(max_size=300), st.sampled_from(LANGUAGES))
def test_whatever_is_typed_what_comes_back_is_short(text: str, language: str) -> None:
    hear = LIBRARY.words[language].hear
    assert all(own and len(words_in(own)) <= max(MOST, retelling.MOST) for _, own, _ in found_in(text, hear))


def test_a_mirror_that_fits_anybody_has_something_of_theirs_beside_it() -> None:
    (message,) = said(Chat(LIBRARY).say("we had 23 people in the room and I read the figures out"))
    assert message.text.startswith("You had 23 people in the room; you read the figures out.")


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "if Pamela went quiet I would ask"),
        ("en", "Did the mayor call you?"),
        ("en", "the women displaced by the dam want a seat"),
        ("en", "i might ask joseph"),
        ("en", "he would have walked out"),
        ("en", "they should have asked"),
        ("en", "the signed letter"),
        ("en", "they trust the minutes more than each other"),
        ("en", "i will call halima on friday"),
        ("en", "they threatened me"),
        ("en", "nobody is in danger"),
        ("en", "the meeting on tuesday"),
        ("en", "if the bank signed i missed it"),
        ("en", "the nurses stopped coming to the partnership meetings of the valley"),
        ("en", "the mayor says that the school is theirs"),
        ("en", "her husband hits her"),
        ("fr", "si le maire refuse on arrête"),
        ("fr", "le maire dit que c'est à eux"),
        ("fr", "si le maire refuse, je pars"),
        ("fr", "si elle signe pas la banque bloque tout"),
        ("fr", "je voudrais que le ministre vienne"),
        ("fr", "le bailleur a signé ?"),
        ("fr", "demain je rappelle brigitte"),
        ("fr", "j'appelle hamid mardi"),
        ("fr", "quand le directeur aura signé on commence"),
        ("fr", "le comptable a gonflé les factures"),
        ("fr", "il a pris une enveloppe du fournisseur"),
        ("fr", "il m'a touché la cuisse en réunion"),
        ("fr", "il s'est tiré une balle"),
        ("fr", "vous répétez toujours la meme chose"),
        ("fr", "j'ai pas compris votre question"),
        ("fr", "je veux arrêter"),
        ("fr", "il aurait dû prévenir"),
        ("fr", "on devrait leur dire non"),
        ("fr", "il paraît que la région va payer"),
        ("fr", "une grosse demande de la mairie"),
        ("fr", "le dossier il l'a perdu"),
        ("fr", "la clé elle la garde"),
        ("fr", "la réunion avec la minoterie et les femmes a duré 4h"),
        ("es", "si el alcalde no firma nos vamos"),
        ("es", "el alcalde dice que la escuela es de ellos"),
        ("es", "no sé qué hacer"),
        ("es", "el que no quiere es el gerente"),
        ("es", "mañana llamare a la regidora"),
        ("es", "me equivoque y firme lo que no era"),
        ("es", "el nuevo contrato de la minera"),
        ("es", "que doña luz se quede tranquila"),
        ("es", "le dije a la jefa que no quiero seguir"),
        ("es", "no me pregunte mas"),
        ("es", "el chofer me siguio hasta mi casa"),
        ("es", "me quitaron el pasaporte"),
        ("es", "un desconocido entro al local"),
        ("es", "me besaron a la fuerza"),
        ("es", "el gerente me empujo en el pasillo"),
        ("es", "quisiera que firmaran todos"),
        ("es", "la empresa firmo?"),
        ("es", "la tesorera se robo la plata"),
        ("es", "el cambio de fecha"),
        ("es", "un correo corto"),
        ("es", "la presidenta podria renunciar"),
        ("es", "ojala vinieran las parteras"),
        ("es", "voy a ir a la represa"),
        ("es", "el ingeniero se esta divorciando"),
        ("es", "no le avise al donante"),
        ("es", "ese lugar no lo conozco"),
        ("es", "el alcalde me ofrecio plata por callarme"),
        ("es", "el jefe me puso la mano en la rodilla"),
        ("es", "mi marido me saco de la casa"),
        ("es", "cambie las firmas del acta"),
        ("es", "me dejaron sin comer"),
        ("es", "me revisaron el telefono"),
        ("es", "la ong quiere salir en la foto de la firma"),
        ("es", "las cooperativas y la importadora jamas se han visto"),
    ],
)
def test_a_condition_half_a_sentence_and_what_hurts_are_not_told_back_as_done(language: str, told: str) -> None:
    assert doings_in(told, LIBRARY.words[language].hear) == []


@given(
    st.lists(st.sampled_from([word for told in OWN.values() for line in told for word in line.split()]), max_size=40),
    st.sampled_from(LANGUAGES),
)
def test_of_what_was_done_at_most_six_words_in_a_row_are_told_back(words: list[str], language: str) -> None:
    text = " ".join(words)
    spaced = f" {' '.join(words_in(text))} "
    for _, told, _ in doings_in(text, LIBRARY.words[language].hear):
        back = words_in(told)
        assert not any(f" {' '.join(back[n : n + 7])} " in spaced for n in range(len(back) - 6))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_cards_that_may_speak_to_what_happened_are_there(language: str) -> None:
    happenings = LIBRARY.happenings[language].told
    assert {card for happening in happenings.values() for card in happening.cards} <= CARDS


def test_silence_is_met_with_no_card_on_attacks() -> None:
    attacks = replace(next(found for found in passages() if found.card == "attacks-by-email"), score=0.89)
    chat = Chat(LIBRARY)
    first = text_of(chat.say("the company has not answered my emails for three weeks", [attacks]))
    asked = text_of(chat.say("what could I do?", [attacks]))
    assert first.startswith("Three weeks, and not a word.")
    assert "[1]" not in first + asked
    assert any(idea.offer in asked for idea in LIBRARY.ideas["en"].matters["silent"].ideas)
