"""Alarms are looked for among the few phrases whose words stand in a message; that must find what looking for all of them would."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.alarms import alarm_in, as_one, hinted, meant, says, strained
from bot.spelling import in_words
from prompts.library import Safety, load_library

LIBRARY = load_library()
SAFETIES = {language: words.safety for language, words in LIBRARY.words.items()}
LISTS = ("danger", "harassment", "ethics", "injection", "idioms", "strain", "told_of", "of_oneself")
WORDS = sorted(
    {*chain.from_iterable(in_words(phrase).split() for safety in SAFETIES.values() for name in LISTS for phrase in getattr(safety, name))}
)


def all_of(safety: Safety, name: str):
    return as_one(tuple(enumerate(sorted(getattr(safety, name), key=len, reverse=True))))


def assert_the_same(text: str) -> None:
    words = f" {in_words(text)} "
    for safety in SAFETIES.values():
        for name in LISTS:
            assert meant(words, safety, name).sub("~ ", words) == all_of(safety, name).sub("~ ", words), name


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join))
def test_words_of_alarms_in_any_order_are_heard_as_by_the_whole_list(text):
    assert_the_same(text)


@pytest.mark.parametrize("language", SAFETIES)
def test_every_phrase_of_alarm_is_heard_as_by_the_whole_list(language):
    for name in LISTS:
        for phrase in getattr(SAFETIES[language], name):
            for said in (phrase.replace("?", ""), phrase.replace("|", " "), f"so {phrase} it is"):
                assert_the_same(said)


INNOCENT = {
    "en": [
        "the mayor cancelled the meeting again",
        "we have to sign the agreement by friday, 3 partners still missing",
        "the report must look at gender too",
        "the donor wants better indicators in the report",
        "can you give me some estimates of how long a scoping phase takes",
        "i called her and she called me back",
        "the director called me about the boy scouts project",
        "we took a photo of us with the mayor",
        "nobody will read this report, it's 90 pages",
        "the partners wonder what the steering committee is for",
        "my boss wants the launch to sound good on radio",
        "i am tired after the workshop, but happy",
        "we slept in tents during the retreat",
        "the baby is not sleeping so i missed the call",
        "the company gives money for the school if we sign the contract",
        "the ministry needs a small gift of time from us",
        "we need a push from the donor",
        "they asked who writes the minutes",
        "two men came to the office to fix the roof",
        "they moved the meeting since i asked for a later date",
        "the budget went from 18 to 40 thousand after the revision",
        "we sell rice in the cooperative shop",
        "the women's group sells seeds to other villages",
        "she touched on the topic of land",
        "he is afraid the partner will leave",
        "i'm afraid of him losing interest",
        "i'm scared of speaking in front of the ministers",
        "the coffee is killing me",
        "i could die of shame, i forgot her name",
        "the road is dangerous in the rainy season so nobody comes",
        "be careful with the wording, she said",
        "the driver had an accident on the road, he is fine",
        "the chair laughed in front of everyone and the mood got better",
        "they called me a bridge between two worlds",
        "he called us partners for the first time",
        "my partner says i should rest on sunday",
        "the accounts are late because the bank is slow",
        "we are missing 2 signatures on the list",
        "is it ok to send the agenda late?",
        "the numbers from last year's report are in the annex",
        "the project money is used for the training of nurses",
        "the staff use the project vehicle for field visits",
        "per diems are a headache, each ngo pays another rate",
        "we pay transport to those who come",
        "they left the clause out, by mistake",
        "the hotel room was too small for the workshop",
        "come to the meeting room at nine",
        "i wrote to him at night because of the time zones",
        "the night bus was late and i cried laughing",
        "i'm exhausted by all these reports but the launch went well",
        "she got the job because she is good with numbers",
        "the young women in the group want to lead",
        "the women laughed at the joke about the goat",
        "can we leave the logo out of the report cover",
        "please put about 40 chairs in the room",
        "the permit needs three stamps",
        "it costs 200 dollars to register the association",
        "they didn't agree to the budget",
        "what's the point of the second annex",
    ],
    "fr": [
        "le maire a encore annulé la réunion",
        "il faut signer la convention avant vendredi",
        "le rapport doit aussi parler des femmes",
        "le bailleur veut de meilleurs indicateurs",
        "tu peux me donner une estimation du temps pour une phase de cadrage",
        "je l'ai appelée et elle m'a rappelée",
        "le directeur m'a appelé pour la petite école",
        "on a pris une photo avec le maire",
        "personne va lire ce rapport de 90 pages",
        "les communes se demandent à quoi sert le comité",
        "mon chef veut un beau lancement",
        "je suis fatiguée après l'atelier mais contente",
        "le bébé dort mal donc j'ai raté l'appel",
        "l'entreprise donne de l'argent pour l'école si on signe le contrat",
        "ils ont demandé qui écrit le compte rendu",
        "deux hommes sont venus au bureau réparer le toit",
        "le budget passe de 18 à 40 mille après la révision",
        "on vend du riz à la boutique de la coopérative",
        "j'ai peur de parler devant les ministres",
        "elle a peur que le partenaire parte",
        "cette réunion m'a tué",
        "je suis morte de honte, j'ai oublié son nom",
        "la route est mauvaise pendant les pluies, personne ne vient",
        "attention à la formulation, dit-elle",
        "le chauffeur a eu un accident sur la route, il va bien",
        "la présidente a ri devant tout le monde et l'ambiance s'est détendue",
        "il nous a appelés partenaires pour la première fois",
        "mon mari dit que je dois me reposer dimanche",
        "les comptes sont en retard, la banque est lente",
        "il manque 2 signatures sur la liste",
        "est-ce grave si j'envoie l'ordre du jour en retard ?",
        "les chiffres de l'an dernier sont en annexe",
        "l'argent du projet sert à former les infirmières",
        "le véhicule du projet sert aux visites de terrain",
        "les per diem c'est un casse-tête, chaque ong paie autrement",
        "ils ont enlevé la clause par erreur",
        "la chambre d'hôtel était trop petite pour l'atelier",
        "venez dans la salle de réunion à 9h",
        "je suis épuisée par les réunions mais le lancement était beau",
        "elle a eu le poste parce qu'elle est bonne en chiffres",
        "les jeunes femmes du groupe veulent prendre la parole",
        "mets environ 40 chaises dans la salle",
        "le permis demande trois tampons",
        "ça coûte 20 000 francs pour enregistrer l'association",
        "ils n'étaient pas d'accord sur le budget",
        "à quoi sert la deuxième annexe",
        "il m'a mis la main sur le dossier",
        "elle touche une petite prime",
    ],
    "es": [
        "el alcalde canceló otra vez la reunión",
        "hay que firmar el convenio antes del viernes",
        "el informe debe hablar también de las mujeres",
        "el donante quiere mejores indicadores",
        "me puedes dar un estimado de cuánto dura una fase de diseño",
        "la llamé y me llamó de vuelta",
        "el director me llamó por la escuela de niñas",
        "tomamos una foto con el alcalde",
        "nadie va a leer este informe de 90 páginas",
        "los municipios se preguntan para qué sirve el comité",
        "mi jefe quiere un lindo lanzamiento",
        "estoy cansada después del taller, pero contenta",
        "el bebé no duerme bien y perdí la llamada",
        "la empresa da plata para la escuela si firmamos el contrato",
        "necesitamos un empujón del donante",
        "preguntaron quién escribe el acta",
        "dos hombres vinieron a la oficina a arreglar el techo",
        "el presupuesto pasó de 18 a 40 mil después de la revisión",
        "vendemos arroz en la tienda de la cooperativa",
        "tengo miedo de hablar delante de los ministros",
        "ella tiene miedo de que el socio se vaya",
        "esa reunión me mató",
        "me muero de vergüenza, olvidé su nombre",
        "el camino es malo en las lluvias y nadie viene",
        "cuidado con las palabras, dijo ella",
        "el chofer tuvo un accidente en la carretera, está bien",
        "la presidenta se rió delante de todos y se aflojó el ambiente",
        "nos llamó socios por primera vez",
        "mi esposo dice que tengo que descansar el domingo",
        "las cuentas están atrasadas, el banco es lento",
        "faltan 2 firmas en la lista",
        "está mal si mando la agenda tarde?",
        "los números del año pasado están en el anexo",
        "la plata del proyecto es para formar enfermeras",
        "la camioneta del proyecto se usa para visitas de campo",
        "los viáticos son un dolor de cabeza, cada ong paga distinto",
        "sacaron la cláusula por error",
        "la habitación del hotel era chica para el taller",
        "vengan a la sala de reuniones a las 9",
        "le escribí de noche por la diferencia horaria",
        "estoy agotada de tantas reuniones pero el lanzamiento salió lindo",
        "consiguió el puesto porque es buena con los números",
        "las mujeres jóvenes del grupo quieren dirigir",
        "pon unas 40 sillas en la sala",
        "el permiso necesita tres sellos",
        "registrar la asociación cuesta 200 soles",
        "no estaban de acuerdo con el presupuesto",
        "para qué sirve el segundo anexo",
        "el alcalde me puso la mano en el hombro para la foto oficial",
        "me abrazó la presidenta al final, qué alegría",
    ],
}

TELLING = {
    "en": [
        ['the permit needs "some encouragement"', "ethics"],
        ["i signed for 3 days of training but it was one day", "ethics"],
        ["the partner uses our money to pay for the director's car", "ethics"],
        ["my director asked me to change the attendance from 18 to 40", "ethics"],
        ["two of our drivers sell the fuel of the project", "ethics"],
        ["he asked if i come to his hotel room", "harassment"],
        ["i only got the job because i am a woman", "harassment"],
        ["i think he put something in my drink", "harassment"],
        ["he says i must be careful on the road", "threat"],
        ["two men came to the office and asked who writes the reports", "threat"],
        ["sometimes i wish i didnt wake up", "danger"],
    ],
    "fr": [
        ["le dossier a besoin d'un petit encouragement", "ethics"],
        ["j'ai signé pour 3 jours de formation mais on en a fait un seul", "ethics"],
        ["le maire veut qu'on donne le marché à son neveu", "ethics"],
        ["ma directrice me demande de passer la liste de 18 à 40", "ethics"],
        ["il m'a dit de venir dans sa chambre d'hôtel", "harassment"],
        ["le président m'écrit la nuit que je suis belle", "harassment"],
        ["les gens du syndicat ont des accidents en mer", "threat"],
        ["des fois j'aimerais ne pas me réveiller", "danger"],
    ],
    "es": [
        ["el trámite necesita un empujoncito", "ethics"],
        ["firmé por 3 días de taller pero fue uno solo", "ethics"],
        ["el alcalde quiere que demos el contrato a su sobrino", "ethics"],
        ["me invitó a su habitación de hotel", "harassment"],
        ["el presidente me escribe en la noche que soy hermosa", "harassment"],
        ["los del sindicato tienen accidentes en el mar", "threat"],
        ["ojalá no despertar mañana", "danger"],
    ],
}


@pytest.mark.parametrize(("language", "text"), [(language, text) for language, texts in INNOCENT.items() for text in texts])
def test_what_brokers_say_every_day_raises_nothing(language, text):
    safeties = LIBRARY.safeties(language)

    assert alarm_in(text, safeties) is None
    assert hinted(text, SAFETIES[language]) is None
    assert not strained(text, safeties)
    assert not says(text, "retaliation", SAFETIES[language])


@pytest.mark.parametrize(("language", "text", "alarm"), [(language, *told) for language, each in TELLING.items() for told in each])
def test_what_is_grave_is_heard_in_words_nobody_wrote_down_for_it(language, text, alarm):
    found = alarm_in(text, LIBRARY.safeties(language))

    assert found is not None
    assert found[0] == alarm
