"""What is asked straight out in the middle of a talk is answered, and what only sounds like it is not."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from passages import Chat, chat_in, text_of

from bot.hearing import either_in
from bot.straight import affirms, straight_in
from bot.theirs import holds
from bot.weighing import weighed_in
from prompts.library import load_library

LIBRARY = load_library()
STORIES = {
    "en": "The chair and the treasurer do not speak any more since the audit. The van stands still since May as nobody pays the tyres.",
    "fr": "La présidente et le trésorier ne se parlent plus depuis l'audit. Le camion est en panne depuis mai, faute de pneus.",
    "es": "La presidenta y el tesorero no se hablan desde la auditoría. La camioneta está parada desde mayo por las llantas.",
}
THIN = {
    "en": ("Nobody dares to ask him about the van", "They have the same quarrel every month"),
    "fr": ("Personne n'ose lui parler du camion", "Ils ont la même dispute chaque mois"),
    "es": ("Nadie se atreve a hablarle de la camioneta", "Tienen la misma pelea cada mes"),
}
ASKED = [
    ("en", "What stage would you call this? We signed two years ago, and we've never reviewed anything.", "straight.stage.unreviewed"),
    ("en", "so what phase are we in now? nobody signed but the seedlings are already planted", "straight.stage.ahead"),
    ("fr", "c'est quel moment du cycle quand le financement s'arrete en juin", "straight.stage.sustaining-outcomes"),
    ("es", "en que etapa estamos? porque firmados no estamos pero trabajando si", "straight.stage.ahead"),
    ("en", "Isn't equity supposed to be one of the principles? What does it even mean here?", "straight.principle.equity"),
    ("fr", "la transparence ca veut dire quoi ici au juste", "straight.principle.openness"),
    ("es", "el beneficio mutuo es que todos ganen igual?", "straight.principle.benefit"),
    ("fr", "c'est quel principe ça ?", "straight.principle"),
    ("en", "should it be me who corrects the minutes?", "straight.mine.record"),
    ("en", "Maybe broker must be neutral?", "straight.neutral"),
    ("es", "quién se lo tiene que decir, yo o ella?", "opinion.mine"),
    ("en", "do I say something on friday or keep my mouth shut?", "straight.tell"),
    ("fr", "j'y vais ou pas a ce diner", "straight.go"),
    ("es", "con que cara llego mañana", "straight.face"),
    ("es", "cómo empiezo esa charla?", "straight.begin"),
    ("fr", "et le budget du coup, je laisse tomber?", "straight.leave"),
    ("es", "eh? no te sigo", "straight.lost"),
    ("en", "do you think a workshop with both chiefs could work", "straight.works"),
    ("en", "would a joint letter do any good", "straight.works"),
    ("fr", "je te demande si la lecture à voix haute ça peut marcher avec la régie", "straight.works"),
    ("fr", "une charte courte ça peut suffire tu penses", "straight.works"),
    ("es", "te pregunto si leerlo en voz alta puede funcionar con la empresa de agua", "straight.works"),
    ("es", "sirve de algo una carta conjunta", "straight.works"),
    ("en", "what i want to know is if its vain to mind", "straight.felt"),
    ("fr", "est-ce que c'est égoïste de vouloir être nommé", "straight.felt"),
    ("es", "está mal sentirme dejada de lado?", "straight.felt"),
    ("en", "we could leave the list as it is. does that seem fair to you?", "straight.right"),
    ("fr", "je leur laisse la semaine pour répondre. ça te parait juste ?", "straight.right"),
    ("es", "les voy a dejar la semana para contestar. te parece justo?", "straight.right"),
    ("en", "i'd rather have one of the families tell him. would that be using them", "straight.unfair"),
    ("en", "should she ring him first? isn't that pulling strings?", "straight.unfair"),
    ("fr", "et si je demande à Ndèye de parler, c'est pas l'utiliser ?", "straight.unfair"),
    ("es", "le pido a doña Rosa que hable ella. no sería usarla?", "straight.unfair"),
    ("en", "i'd like to send them a thank you card. would that be weird", "straight.odd"),
    ("fr", "leur écrire que je suis contente, ça serait bizarre ?", "straight.odd"),
    ("es", "mandarles una tarjeta, no sería cursi?", "straight.odd"),
    ("en", "Let me think about it until the weekend", "straight.sleeps-on-it"),
    ("en", "i'll sleep on it", "straight.sleeps-on-it"),
    ("fr", "laissez-moi y réfléchir jusqu'à lundi", "straight.sleeps-on-it"),
    ("fr", "la nuit porte conseil", "straight.sleeps-on-it"),
    ("es", "déjame pensarlo hasta el fin de semana", "straight.sleeps-on-it"),
    ("es", "lo consultaré con la almohada", "straight.sleeps-on-it"),
    ("en", "ok and how do I sell that to the director?", "straight.sell"),
    ("fr", "d'accord, et comment je vends ça à la directrice ?", "straight.sell"),
    ("es", "bien, ¿y cómo se lo vendo a la directora?", "straight.sell"),
    ("en", "who would keep it going if I stepped back?", "straight.goes-on"),
    ("fr", "qui va faire tourner tout ça si je me retire ?", "straight.goes-on"),
    ("es", "¿quién lo va a sostener si yo me retiro?", "straight.goes-on"),
    ("en", "do I have to choose?", "straight.must-choose"),
    ("fr", "est-ce que je dois choisir un camp ?", "straight.must-choose"),
    ("es", "¿tengo que elegir un lado?", "straight.must-choose"),
    ("en", "what would you ask him first?", "straight.first-question"),
    ("fr", "que lui demanderiez-vous d'abord ?", "straight.first-question"),
    ("es", "¿qué le preguntarías primero?", "straight.first-question"),
    ("en", "when is the right moment?", "straight.right-moment"),
    ("fr", "quel est le bon moment ?", "straight.right-moment"),
    ("es", "¿cuál es el mejor momento?", "straight.right-moment"),
    ("en", "what's the worst that can happen?", "straight.worst"),
    ("fr", "quel est le pire qui puisse arriver ?", "straight.worst"),
    ("es", "¿qué es lo peor que puede pasar?", "straight.worst"),
    ("en", "what should I not do?", "straight.what-not"),
    ("fr", "qu'est-ce que je ne dois surtout pas faire ?", "straight.what-not"),
    ("es", "¿qué no debo hacer?", "straight.what-not"),
    ("en", "what if I bring them together for a coffee?", "straight.works"),
    ("fr", "et si je les réunissais autour d'un café ?", "straight.works"),
    ("es", "¿y si las junto a tomar un café?", "straight.works"),
    ("en", "and if they stop trusting me?", "what-if"),
    ("fr", "et s'ils ne me font plus confiance ?", "what-if"),
    ("es", "¿y si dejan de confiar en mí?", "what-if"),
]
OF_A_PLAN = [
    ("en", "on Tuesday I ask the chair for ten minutes", "and if she doesn't come?", "plan.if"),
    ("fr", "mardi je vais voir la présidente", "et si elle refuse ?", "plan.if"),
    ("es", "el martes hablo con la presidenta", "y si no viene nadie que decida?", "plan.if"),
    ("es", "el martes hablo con la presidenta", "¿y con qué cara empiezo?", "straight.face"),
]
UNASKED = [
    ("en", "he told me: you didn't answer me last week"),
    ("en", "and if the rain comes early, the road closes"),
    ("fr", "il ne m'a pas répondu"),
    ("es", "el alcalde no me contestó la carta"),
    ("es", "no me contestó"),
    ("en", "On Monday we were told the stage for the concert was too small"),
    ("en", "they want transparency from us but show us nothing themselves"),
    ("en", "she asked what the principle was"),
    ("en", "he asked me how to begin"),
    ("en", "He said he'd tell them or leave it, I don't know"),
    ("fr", "en principe le maire vient demain"),
    ("fr", "personne ne sait ce que la phase deux va donner"),
    ("fr", "le directeur m'a demandé comment commencer"),
    ("es", "el principal problema es la directora"),
    ("es", "me preguntó cuál era el principio"),
    ("es", "me dijeron que lo deje a los abogados"),
    ("en", "does the director work on fridays"),
    ("en", "nobody knows if the charter will work"),
    ("en", "i waited two hours in the sun. is that ok?"),
    ("en", "they say it is petty to want a receipt"),
    ("fr", "le directeur se demande si la charte peut marcher"),
    ("fr", "il pense qu'un médiateur changerait quelque chose"),
    ("fr", "ils paient les chauffeurs et pas nous, c'est juste ?"),
    ("fr", "on m'a dit que c'est égoïste de vouloir l'argent"),
    ("es", "él piensa que un mediador cambiaría algo"),
    ("es", "llega tarde otra vez y nadie dice nada. es justo?"),
    ("es", "me dijeron que es egoísta querer la plata"),
]


AT_THE_HEAD = [
    ("en", "Is it legal to share the participants' list with the sponsor?", "straight.legal"),
    ("fr", "Est-ce que c'est légal de donner la liste des participants au sponsor ?", "straight.legal"),
    ("es", "¿Es legal darle la lista de participantes al patrocinador?", "straight.legal"),
    ("en", "You suggested that last time and it didn't work.", "straight.tried-that"),
    ("fr", "Vous l'avez déjà proposé et ça n'a pas marché.", "straight.tried-that"),
    ("es", "Eso ya me lo propusiste y no funcionó.", "straight.tried-that"),
    ("en", "What is a partnership broker?", "straight.what-broker"),
    ("fr", "C'est quoi un courtier en partenariats ?", "straight.what-broker"),
    ("es", "¿Qué es un bróker de alianzas?", "straight.what-broker"),
    ("en", "How much does this service cost?", "straight.cost"),
    ("fr", "Combien coûte ce service ?", "straight.cost"),
    ("es", "¿Cuánto cuesta este servicio?", "straight.cost"),
    ("en", "The meeting ended in shouting. What could I have done differently?", "straight.hindsight"),
    ("fr", "La réunion s'est finie dans les cris. Qu'est-ce que j'aurais pu faire ?", "straight.hindsight"),
    ("es", "La reunión terminó a gritos. ¿Qué podría haber hecho?", "straight.hindsight"),
    ("en", "People come for the lunch. What would happen if I just said that?", "straight.if-said"),
    ("fr", "Les gens viennent pour le déjeuner. Que se passerait-il si je le disais ?", "straight.if-said"),
    ("es", "La gente viene por el almuerzo. ¿Qué pasaría si lo dijera?", "straight.if-said"),
    ("en", "A driver told me the lists are copied. How do I raise it without exposing him?", "straight.unexposed"),
    ("fr", "Un chauffeur m'a dit que les listes sont copiées. Comment en parler sans le trahir ?", "straight.unexposed"),
    ("es", "Un chofer me contó que copian las listas. ¿Cómo lo planteo sin delatarlo?", "straight.unexposed"),
    ("en", "who should write the minutes when nobody trusts anybody?", "straight.minutes"),
    ("fr", "qui devrait rédiger le compte-rendu quand personne ne se fait confiance ?", "straight.minutes"),
    ("es", "¿quién debería levantar el acta cuando nadie confía en nadie?", "straight.minutes"),
    ("en", "who should be in the room when we sign?", "straight.in-the-room"),
    ("fr", "qui inviter à cette réunion ?", "straight.in-the-room"),
    ("es", "¿a quién invito a esa reunión?", "straight.in-the-room"),
    ("en", "who should speak first in the meeting?", "straight.speaks-first"),
    ("fr", "qui doit parler en premier ?", "straight.speaks-first"),
    ("es", "¿quién debe hablar primero?", "straight.speaks-first"),
    ("en", "do you think he is lying?", "straight.lying"),
    ("fr", "pensez-vous qu'il ment ?", "straight.lying"),
    ("es", "¿crees que miente?", "straight.lying"),
    ("en", "how do I know if they're serious?", "straight.serious"),
    ("fr", "comment savoir s'ils sont sérieux ?", "straight.serious"),
    ("es", "¿cómo sé si van en serio?", "straight.serious"),
    ("en", "what am I missing?", "straight.overlooked"),
    ("fr", "qu'est-ce qui m'échappe ?", "straight.overlooked"),
    ("es", "¿qué se me escapa?", "straight.overlooked"),
    ("en", "is it normal that it takes so long?", "straight.is-normal"),
    ("fr", "est-ce normal que ça prenne autant de temps ?", "straight.is-normal"),
    ("es", "¿es normal que tarde tanto?", "straight.is-normal"),
    ("en", "why do they do this to me?", "straight.why-me"),
    ("fr", "pourquoi ils me font ça ?", "straight.why-me"),
    ("es", "¿por qué me hacen esto?", "straight.why-me"),
    ("en", "should I name it in front of everyone?", "straight.before-all"),
    ("fr", "je le dis devant tout le monde ?", "straight.before-all"),
    ("es", "¿lo digo delante de todos?", "straight.before-all"),
]
CHANGES = [
    ("en", "I noticed today that I always give the floor to the men first.", "I'd like to change that."),
    ("fr", "J'ai remarqué que je donne toujours la parole aux hommes d'abord.", "J'aimerais changer ça."),
    ("es", "Hoy noté que siempre doy la palabra primero a los hombres.", "Me gustaría cambiar eso."),
]
AFTER_PROTEST = [
    ("en", "That's not what I asked. I wanted to know if it's my job to tell him."),
    ("fr", "Ce n'est pas ce que je demandais. Je voulais savoir si c'est mon rôle de lui dire."),
    ("es", "No era eso lo que preguntaba. Quería saber si me toca a mí decírselo."),
]


def in_talk(language: str) -> Chat:
    return chat_in(LIBRARY, language, STORIES[language])


def bare(text: str) -> str:
    return re.sub(r" ?\[\d\]", "", text)


@pytest.mark.parametrize(("language", "asked", "key"), ASKED)
def test_what_is_asked_straight_out_is_answered(language: str, asked: str, key: str):
    told = text_of(in_talk(language).say(asked))

    shapes = [re.sub(r"\\\$\w+", ".+", re.escape(bare(line))) for line in LIBRARY.words[language].variants(key)]
    assert any(re.fullmatch(shape, bare(told)) for shape in shapes), told


@pytest.mark.parametrize(("language", "asked", "key"), AT_THE_HEAD)
def test_some_things_are_answered_at_the_head_of_a_talk_too(language: str, asked: str, key: str):
    chat = chat_in(LIBRARY, language, asked)

    assert any(mark.startswith(f"{key}#") for mark in chat.conversation.recent)


@pytest.mark.parametrize(("language", "told", "wish"), CHANGES)
def test_a_habit_that_is_to_change_is_no_setting(language: str, told: str, wish: str):
    chat = chat_in(LIBRARY, language, told, wish)

    assert any(mark.startswith("straight.change-it#") for mark in chat.conversation.recent)


@pytest.mark.parametrize(("language", "protest"), AFTER_PROTEST)
def test_a_question_behind_a_protest_is_what_is_answered(language: str, protest: str):
    chat = in_talk(language)
    chat.say(protest)

    assert any(mark.startswith("opinion.mine#") for mark in chat.conversation.recent)
    assert any(mark.startswith("straight.passed#") for mark in chat.conversation.recent)


@pytest.mark.parametrize(("language", "plan", "asked", "key"), OF_A_PLAN)
def test_what_is_asked_right_after_a_plan_is_asked_of_it(language: str, plan: str, asked: str, key: str):
    chat = in_talk(language)
    chat.say(plan)

    told = text_of(chat.say(asked))

    shapes = [re.sub(r"\\\$\w+", ".+", re.escape(bare(line))) for line in LIBRARY.words[language].variants(key)]
    assert any(re.fullmatch(shape, bare(told)) for shape in shapes), told


MISSED = [("en", "you didn't answer me"), ("fr", "vous ne m'avez pas répondu"), ("es", "no me contestó lo mío")]


@pytest.mark.parametrize(("language", "said"), MISSED)
def test_a_miss_of_the_coach_is_owned_and_what_was_told_taken_up(language: str, said: str):
    told = text_of(in_talk(language).say(said))

    assert told.startswith(tuple(LIBRARY.words[language].variants("straight.unanswered")))
    assert told.rstrip().endswith("?")


ASKED_AGAIN = [
    ("en", "I asked who should be in the room", "straight.in-the-room"),
    ("en", "my question was who pays for the lunch", "straight.unanswered.asked"),
    ("fr", "J'ai demandé qui devait être dans la salle", "straight.in-the-room"),
    ("fr", "ma question était : qui paie le repas ?", "straight.unanswered.asked"),
    ("es", "Pregunté quién debe estar en la sala", "straight.in-the-room"),
    ("es", "mi pregunta era quién paga la comida", "straight.unanswered.asked"),
]


@pytest.mark.parametrize(("language", "said", "key"), ASKED_AGAIN)
def test_a_question_that_is_put_again_in_a_sentence_is_owned_and_answered_or_handed_back(language: str, said: str, key: str):
    chat = in_talk(language)
    chat.say(said)

    assert any(mark.startswith(f"{key}#") for mark in chat.conversation.recent)
    assert any(mark.startswith("straight.unanswered#") for mark in chat.conversation.recent)


OWN_SENTENCE = [
    (
        "en",
        "you dont listen. ok i write it: without a driver four of us stay at home. is it good like this?",
        "without a driver four of us stay at home",
    ),
    (
        "fr",
        "je l'écris : sans chauffeur quatre d'entre nous restent chez eux. c'est bien ?",
        "sans chauffeur quatre d'entre nous restent chez eux",
    ),
    ("es", "lo escribo: sin chofer cuatro de nosotros se quedan en casa. ¿está bien?", "sin chofer cuatro de nosotros se quedan en casa"),
    ("en", 'I wrote: "I can carry a question. Who of you puts it?" is that ok?', "I can carry a question. Who of you puts it"),
]


@pytest.mark.parametrize(("language", "said", "sentence"), OWN_SENTENCE)
def test_a_sentence_of_their_own_that_is_put_to_the_coach_comes_back_whole(language: str, said: str, sentence: str):
    chat = in_talk(language)
    told = text_of(chat.say(said))

    assert sentence in told
    assert any(mark.startswith("straight.own-sentence#") for mark in chat.conversation.recent)


UNKNOWN = [
    ("en", "how many people does it take for that?"),
    ("fr", "combien de personnes faut-il pour ça ?"),
    ("es", "¿cuántas personas hacen falta para eso?"),
]


@pytest.mark.parametrize(("language", "asked"), UNKNOWN)
def test_a_question_to_which_the_coach_has_nothing_is_not_passed_over(language: str, asked: str):
    told = text_of(in_talk(language).say(asked))

    assert told.startswith(tuple(LIBRARY.words[language].variants("straight.unknown")))
    assert told.endswith("?")


STARVED = [
    ("en", "you just repeat what I say and throw a question back"),
    ("fr", "vous ne faites que répéter ce que je dis"),
    ("es", "me devuelves siempre la pregunta"),
]


@pytest.mark.parametrize(("language", "said"), STARVED)
def test_whoever_got_nothing_but_questions_and_is_angry_gets_something_to_try(language: str, said: str):
    chat = chat_in(LIBRARY, language, *THIN[language])
    told = text_of(chat.say(said))

    assert told.startswith(tuple(LIBRARY.words[language].variants("sorry.starved")))
    assert re.search(r"(?m)^2\. ", told), told


THOUGHTS = [
    ("en", "thanks. I keep wondering if I have a part in it too"),
    ("fr", "merci. je me demande si j'y suis pour quelque chose"),
    ("es", "gracias. me quedo pensando si yo también tengo parte"),
]


OF_TWO = [
    ("en", "would you call him or wait", "lean.wait"),
    ("en", "i said i sleep ok. the question was tobias, ask him straight or wait", "lean.wait"),
    ("en", "keep both lists or make one", "either.open"),
    ("fr", "on commence par la régie ou par les maraîchers", "either.open"),
    ("fr", "je vais à la réunion ou je les laisse entre eux", "either.open"),
    ("es", "voy a la reunión o los dejo solos", "either.open"),
    ("es", "sigo en el comité o me salgo", "either.open"),
]
NOT_OF_TWO = [
    ("en", "they come or they stay"),
    ("en", "take it or leave it"),
    ("fr", "il me dit je signe ou je pars"),
    ("fr", "j'ai appelé ou plutôt j'ai laissé un message"),
    ("es", "me dijo firmo o me voy"),
    ("es", "llamé o más bien dejé un mensaje"),
]
FIGURES = [
    ("en", "we trained 74 people and the second tranche needs 120.", "ill be straight: do i write 120 or 74?", "15 or 20"),
    ("fr", "on a formé 74 personnes et la deuxième tranche en demande 120.", "franchement : j'écris 120 ou 74 ?", "15 ou 20"),
    ("es", "formamos a 74 personas y el segundo tramo pide 120.", "dime claro: pongo 120 o 74?", "15 o 20"),
]


@pytest.mark.parametrize(("language", "asked", "key"), OF_TWO)
def test_of_two_things_the_coach_leans_to_one_or_says_by_what_to_choose(language: str, asked: str, key: str):
    chat = in_talk(language)
    chat.say(asked)

    assert any(mark.startswith(f"{key}#") for mark in chat.conversation.recent)
    assert not chat.intentions


@pytest.mark.parametrize(("language", "told"), NOT_OF_TWO)
def test_two_things_that_are_only_told_of_are_not_weighed(language: str, told: str):
    hear = LIBRARY.words[language].hear

    assert either_in(told, hear) is None
    assert weighed_in(told, hear) is None


@pytest.mark.parametrize(("language", "story", "asked", "other"), FIGURES)
def test_of_two_figures_that_were_told_the_one_that_was_is_put_down(language: str, story: str, asked: str, other: str):
    line = LIBRARY.words[language].lines["straight.figures"]
    chat = chat_in(LIBRARY, language, STORIES[language], story)
    chat.conversation = replace(chat.conversation, alarm=None)

    assert text_of(chat.say(asked.replace("120", other.split(maxsplit=1)[0]).replace("74", other.rsplit(maxsplit=1)[-1]))) != line
    assert text_of(chat.say(asked)) == line


HOW_TO_SAY = [
    (
        "en",
        "how do i tell the telecom their date puts the women at risk without getting their backs up",
        "their date puts the women at risk",
    ),
    ("en", "how do i get across to them that the date is too early", "the date is too early"),
    ("fr", "comment je dis à la télécom que leur date met les femmes en danger sans les braquer", "leur date met les femmes en danger"),
    ("fr", "mais comment dire à la coop que leur chiffre tient pas debout", "leur chiffre tient pas debout"),
    ("es", "como le digo a la telefonica que su fecha pone en peligro a las mujeres", "su fecha pone en peligro a las mujeres"),
    ("es", "como le hago entender al municipio que la fecha es muy temprano", "la fecha es muy temprano"),
]
TOLD_HOW = [
    ("en", "he showed us how to put it in a letter"),
    ("en", "she always knows how to say no"),
    ("fr", "ils m'ont demandé comment dire ça au maire"),
    ("fr", "elle sait comment dire non"),
    ("es", "me preguntaron cómo decirle al alcalde"),
    ("es", "ella sabe cómo decir que no"),
]


@pytest.mark.parametrize(("language", "asked", "what"), HOW_TO_SAY)
def test_how_something_is_said_is_answered_with_what_is_to_be_said(language: str, asked: str, what: str):
    told = text_of(in_talk(language).say(asked))

    assert told.startswith(tuple(line.partition("$")[0] for line in LIBRARY.words[language].variants("wording.said")))
    assert what in told
    assert told.rstrip().endswith("?")


@pytest.mark.parametrize(("language", "told"), TOLD_HOW)
def test_who_only_tells_that_somebody_knew_or_asked_how_is_given_no_wording(language: str, told: str):
    answer = text_of(in_talk(language).say(told))

    assert not any(line in answer for key in ("wording", "wording.said") for line in LIBRARY.words[language].variants(key))


OFF_THE_MARK = [
    ("en", "i dont get your question. my worry is the landing fees", "landing fees"),
    ("en", "nobody is angry. its the paper thats the problem", "the paper"),
    ("en", "not the tank. the landing fees", "the landing fees"),
    ("fr", "comprends pas ta question. mon souci c'est septembre", "septembre"),
    ("fr", "non les chefs c'est pas le sujet. c'est le papier. qui a le droit de changer les mots de qui", "changer les mots de qui"),
    ("es", "no te sigo. lo que me preocupa es septiembre", "septiembre"),
    ("es", "el lado de quién? yo hablaba de mi esposa", "tu esposa"),
]
NOT_UNDERSTOOD = [
    ("en", "huh? written what"),
    ("en", "who's the nice one? who do you mean"),
    ("fr", "hein ? écrit quoi"),
    ("fr", "c'est moi le gentil ? tu parles de qui"),
    ("es", "quién es el amable? de quién hablas"),
    ("es", "el primero qué? no te entiendo"),
]
TURNED_ROUND = [
    ("en", "im the one who wasnt thanked and you ask me who i forgot"),
    ("fr", "c'est moi qui ai pas été remercié là tu me demandes qui j'ai oublié"),
    ("es", "a mi no me agradecieron y tú me preguntas a quién olvidé"),
]
NO_PROTEST = [
    ("en", "he smiles and then says no. i dont get it."),
    ("en", "and the boat then, we never got it back"),
    ("en", "you ask me what matters. time"),
    ("fr", "le maire demande de qui je parle"),
    ("fr", "vous me demandez qui pourrait le savoir : ma soeur"),
    ("fr", "et la trésorière alors est partie"),
    ("es", "les hablo de confianza cada semana"),
    ("es", "me dijo: usted me habla de plata"),
]


@pytest.mark.parametrize(("language", "said", "point"), OFF_THE_MARK)
def test_what_a_protest_says_the_matter_is_is_gone_on_with(language: str, said: str, point: str):
    told = text_of(in_talk(language).say(said))

    owned = tuple(line.partition("$")[0] for line in LIBRARY.words[language].variants("dropped.point"))
    assert told.startswith(owned)
    assert point in told
    assert told.count("?") == 1


@pytest.mark.parametrize(("language", "said"), NOT_UNDERSTOOD)
def test_whoever_does_not_know_what_the_coach_means_is_not_asked_the_next_thing(language: str, said: str):
    assert text_of(in_talk(language).say(said)) in LIBRARY.words[language].variants("straight.lost")


@pytest.mark.parametrize(("language", "said"), TURNED_ROUND)
def test_a_question_turned_round_on_whoever_was_wronged_is_owned(language: str, said: str):
    assert text_of(in_talk(language).say(said)) in LIBRARY.words[language].variants("straight.turned")


@pytest.mark.parametrize(("language", "said"), NO_PROTEST)
def test_what_only_sounds_like_a_protest_is_none(language: str, said: str):
    asked = straight_in(said, LIBRARY.words[language].hear)

    assert asked is None or asked.kind not in ("lost", "turned", "untouched")


def test_what_is_asked_behind_a_protest_is_answered():
    chat = in_talk("fr")
    told = text_of(chat.say("comprends pas ta question. je te demande si la lecture à voix haute ça peut marcher avec la régie"))

    assert told.startswith(tuple(LIBRARY.words["fr"].variants("straight.passed")))
    assert "la lecture à voix haute" in told


@pytest.mark.parametrize(
    ("language", "said", "told_of"),
    [
        ("en", "and the van then, we havent touched that", "The van stands still"),
        ("fr", "et le camion alors, on l'a pas touché", "Le camion est en panne"),
        ("es", "y la camioneta entonces? no la tocamos", "La camioneta está parada"),
    ],
)
def test_a_matter_that_was_not_touched_becomes_the_subject(language: str, said: str, told_of: str):
    assert told_of in text_of(in_talk(language).say(said))


@pytest.mark.parametrize(("language", "said"), THOUGHTS)
def test_a_thought_behind_thanks_is_no_goodbye(language: str, said: str):
    assert text_of(in_talk(language).say(said)) in LIBRARY.words[language].variants("thanks.thought")


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "she left the call without saying goodbye"),
        ("fr", "elle est partie sans dire au revoir"),
        ("es", "se fue de la reunión sin decir adiós"),
    ],
)
def test_a_goodbye_that_is_told_of_is_none(language: str, told: str):
    """And "no goodbye was said" is no reason to let them go."""
    assert text_of(in_talk(language).say(told)) not in LIBRARY.words[language].variants("bye")


@pytest.mark.parametrize(
    ("language", "told", "back"),
    [
        ("en", "hardest was my director clapping next to me. he knows and he clapped. anyway. goodnight", "clapping next to you"),
        ("fr", "le maire est venu avec son adjointe. personne ne l'a salué. bon, bonne nuit", "le maire"),
        ("es", "el alcalde llegó una hora tarde. las señoras ya se habían ido. chao, buenas noches", "alcalde"),
    ],
)
def test_whoever_tells_something_and_says_goodbye_is_heard_and_let_go(language: str, told: str, back: str):
    said = text_of(in_talk(language).say(told))

    assert said.endswith(tuple(line.replace("$dear", "") for line in LIBRARY.words[language].variants("bye")))
    assert "?" not in said
    assert language != "en" or back in said


@pytest.mark.parametrize(("language", "asked"), [("en", "am i a coward"), ("fr", "est-ce que je suis lâche"), ("es", "¿soy cobarde?")])
def test_whoever_asks_for_a_mark_for_themselves_gets_none(language: str, asked: str):
    said = text_of(in_talk(language).say(asked))

    assert said.endswith(tuple(LIBRARY.words[language].variants("verdict.self")))


@pytest.mark.parametrize(("language", "told"), UNASKED)
def test_what_only_sounds_like_such_a_question_is_none(language: str, told: str):
    assert straight_in(told, LIBRARY.words[language].hear) is None


@pytest.mark.parametrize(
    ("language", "asked", "back"),
    [
        ("en", "and the van then?", "The van stands still since May"),
        ("es", "y con la camioneta qué hago?", "La camioneta está parada desde mayo"),
    ],
)
def test_what_was_told_of_a_thing_is_said_back_when_it_is_asked_after(language: str, asked: str, back: str):
    assert back in text_of(in_talk(language).say(asked))


def test_a_question_beside_a_step_is_answered_once_the_step_is_kept():
    chat = in_talk("en")
    told = text_of(chat.say("will phone her thurs. and what about the van?"))

    assert [plan.text for plan in chat.intentions] == ["will phone her thurs"]
    assert "“will phone her thurs”" in told
    assert "The van stands still" in told
    assert told.count("?") == 1


def test_what_cannot_be_answered_beside_a_step_stays_open_in_their_words():
    told = text_of(in_talk("en").say("I'll ring Ruth on Thursday. who pays her fare?"))

    assert "“Who pays her fare”" in told


def test_who_is_there_is_answered_first_and_then_the_rest():
    told = text_of(in_talk("en").say("You are computer or person? What other broker do please"))

    assert told.startswith(LIBRARY.words["en"].variants("who-are-you.brief")[0])
    assert len(told) > 200


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "yes fine"), ("en", "yeah go ahead"), ("fr", "ok oui"), ("fr", "oui volontiers"), ("es", "sí, porfa"), ("es", "dale")],
)
def test_a_yes_in_any_words_is_one(language: str, said: str):
    assert affirms(said, LIBRARY.words[language].hear)


@pytest.mark.parametrize(
    ("language", "said"), [("en", "yes but they never answer"), ("fr", "oui mais non"), ("es", "sí, pero nunca contestan")]
)
def test_a_yes_with_more_behind_it_is_none(language: str, said: str):
    assert not affirms(said, LIBRARY.words[language].hear)


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "no thats not it, it went well"),
        ("fr", "c'est pas ça, ça s'est bien passé"),
        ("es", "me entendiste mal, ella estaba contenta"),
    ],
)
def test_a_success_that_was_misread_is_owned_and_asked_after(language: str, told: str):
    said = text_of(in_talk(language).say(told))

    lines = LIBRARY.words[language]
    assert any(said.startswith(line) for line in lines.variants("dropped.bare"))
    assert any(said.endswith(line) for line in lines.variants("joy"))


@pytest.mark.parametrize(
    ("language", "wish", "energy", "answers"),
    [
        (
            "en",
            "I want to reflect",
            "ok",
            ["They talked about a scale for twenty minutes.", "I wanted to cut in.", "maybe that the scale was the real agenda"],
        ),
        (
            "fr",
            "je veux réfléchir",
            "moyen",
            ["Ils ont parlé vingt minutes d'une balance.", "Je voulais couper.", "que la balance était le vrai sujet"],
        ),
        (
            "es",
            "quiero reflexionar",
            "normal",
            ["Hablaron veinte minutos de una balanza.", "Yo quería cortar.", "que capaz era lo más importante de la tarde"],
        ),
    ],
)
def test_a_thought_where_a_try_was_asked_for_is_more_of_what_it_meant(language: str, wish: str, energy: str, answers: list[str]):
    chat = chat_in(LIBRARY, language, wish, energy, *answers)

    place = chat.conversation.place
    assert place is not None
    assert place.step == "try"
    assert place.answer("try") is None
    assert (place.answer("meaning") or "").endswith(answers[-1])


DILEMMAS = [
    ("en", "my question is still this, do i go over her head to the dar manager or not", "over", "go over her head"),
    ("en", "ok. do i warn her before i write", "warn", "warn her before i write"),
    ("en", "should i ring her or leave her be", "ring", "ring her"),
    ("en", "so do i say no to my boss or is there a way to do both", "both", ""),
    ("en", "i think i just dont go in april and Lucía chairs. is that daft", "absent", "just dont go in april"),
    ("en", "what do i do first tho", "first", ""),
    ("en", "would it look bad if i go with the fishers to the district office", "sides", "go with the fishers"),
    ("en", "can i ask for it in writing or is that rude", "paper", "ask for it in writing"),
    ("en", "do i wait until after the audit", "wait", "wait until after the audit"),
    ("en", "should i apologise to him for friday", "sorry", "apologise to him for friday"),
    ("en", "should i raise it with everyone first", "all", "raise it with everyone first"),
    ("fr", "est-ce que je préviens Hamid avant la revue du 11 juin ou pas", "warn", "je préviens Hamid avant la revue"),
    ("fr", "je la rappelle ou je la laisse tranquille", "ring", "je la rappelle"),
    ("fr", "j'ecris directement a son chef ou pas", "over", "j'ecris directement a son chef"),
    ("fr", "est ce que je peux dire non a ma cheffe", "boss", "dire non a ma cheffe"),
    ("fr", "ok mais je fais quoi en premier", "first", ""),
    ("es", "lo q quiero saber es si ir a la playa con ellas es buena idea o es q parezco de su bando", "sides", "ir a la playa con ellas"),
    ("es", "la llamo o la dejo tranquila", "ring", "la llamo"),
    ("es", "le aviso antes de mandar la carta o no", "warn", "le aviso antes de mandar"),
    ("es", "me salto a la directora y hablo con el ministerio o no", "over", "me salto a la directora"),
    ("es", "y si no voy el jueves?", "absent", "no voy el jueves"),
    ("en", "400 in big and 287 below it, is that honest or isnt it?", "honest", ""),
    ("en", "so the footnote, ok or not?", "honest", ""),
    ("en", "is it really that bad to write about 250", "honest", ""),
    ("fr", "c'est si grave d'arrondir à 250", "honest", ""),
    ("es", "es tan grave poner 250", "honest", ""),
    ("fr", "c'est honnête ou c'est pas honnête ?", "honest", ""),
    ("fr", "donc la note de bas de page, ça passe ou pas selon vous ?", "honest", ""),
    ("es", "es honesto o no?", "honest", ""),
    ("es", "entonces la nota al pie, pasa o no pasa?", "honest", ""),
]  # fmt: skip
NO_DILEMMA = [
    ("en", "she asked me should i call her or leave it"),
    ("en", "he went over my head to the donor"),
    ("en", "to be honest i dont know, is that ok?"),
    ("fr", "honnêtement je sais pas, c'est mercredi ?"),
    ("es", "la verdad es que no sé, es el jueves?"),
    ("en", "how do i warn her without making it worse"),
    ("en", "should i know better by now"),
    ("en", "should we meet on thursday?"),
    ("fr", "elle m'a demandé si je devais prévenir le maire"),
    ("fr", "il est passé par dessus ma tete"),
    ("fr", "je sais pas ce qu'ils veulent"),
    ("es", "me preguntó si le aviso antes"),
    ("es", "mi jefa me escribió o me llamó no me acuerdo"),
    ("es", "les cuesta hablar en grupo"),
]


@pytest.mark.parametrize(("language", "asked", "kind", "act"), DILEMMAS)
def test_a_question_about_an_act_of_theirs_is_heard_with_its_kind(language: str, asked: str, kind: str, act: str):
    found = weighed_in(asked, LIBRARY.words[language].hear)

    assert found is not None
    assert (found.kind, found.act) == (kind, act)


@pytest.mark.parametrize(("language", "told"), NO_DILEMMA)
def test_what_is_told_of_others_or_asks_how_is_no_such_question(language: str, told: str):
    assert weighed_in(told, LIBRARY.words[language].hear) is None


@pytest.mark.parametrize(("language", "asked", "kind", "act"), DILEMMAS)
def test_it_is_answered_with_a_leaning_behind_something_of_theirs(language: str, asked: str, kind: str, act: str):
    told = text_of(in_talk(language).say(asked))

    assert told.endswith(tuple(LIBRARY.words[language].variants(f"lean.{kind}")))
    assert told.count("?") == 1
    if act:
        assert act in told or holds(told, asked, LIBRARY.words[language].hear)


def test_no_leaning_comes_twice_in_a_talk():
    chat = in_talk("en")
    asked = ["do i warn her before i write", "and should i warn the chair first", "do i warn the treasurer before friday"]

    told = [text_of(chat.say(text)) for text in asked]

    variants = LIBRARY.words["en"].variants("lean.warn")
    assert {next(line for line in variants if text.endswith(line)) for text in told} == set(variants)


def test_that_it_was_asked_before_is_owned():
    told = text_of(in_talk("en").say("it's not about that. my question is, do i go over her head or not"))

    assert told.startswith(tuple(LIBRARY.words["en"].variants("straight.unanswered")))


def test_an_answer_is_not_said_to_be_owed_where_there_is_none():
    words = LIBRARY.words["fr"]
    told = text_of(in_talk("fr").say("vous répondez pas. les anciens parlent de leur saison de pêche et du prix de la glace"))
    assert told.startswith(tuple(words.variants("straight.passed")))

    told = text_of(in_talk("fr").say("vous répondez pas. 400 en gros et 287 en petit dessous, c'est honnête ou c'est pas honnête ?"))
    assert told.startswith(tuple(words.variants("straight.unanswered")))
    assert told.endswith(tuple(words.variants("lean.honest")))


def test_a_plan_put_up_for_judgement_is_answered_once_it_is_kept():
    told = text_of(in_talk("en").say("I'll see Fatuma on Friday at the drying racks. better?"))

    assert "“I'll see Fatuma on Friday at the drying racks”" in told
    assert any(line in told for line in LIBRARY.words["en"].variants("straight.right"))


UNWANTED = [
    ("en", "i dont know. i dont want what others tried right now. i just feel i let her down in the car park"),
    ("fr", "je veux pas d'idées là. j'ai juste l'impression de l'avoir laissée tomber"),
    ("es", "no quiero ideas ahora. solo siento que la dejé sola en el parqueadero"),
]


@pytest.mark.parametrize(("language", "said"), UNWANTED)
def test_who_wants_no_ideas_gets_none_and_no_button_for_them(language: str, said: str):
    chat = in_talk(language)
    turns = [chat.say(said), chat.say(STORIES[language])]

    words = LIBRARY.words[language]
    none = text_of(turns[0]).startswith(tuple(words.variants("no-ideas")))
    assert none or text_of(turns[0]).endswith(tuple(words.variants("safety.heavy.bare")))
    assert not [choice for turn in turns for choice in turn.conversation.choices if choice.id.startswith(("do:ideas", "idea:", "opt:"))]


def test_an_idea_picked_in_words_is_stayed_with():
    chat = in_talk("en")
    shown = chat.say("any ideas?")
    ideas = [choice for choice in shown.conversation.choices if choice.id.startswith("idea:")]
    word = next(word for word in ideas[-1].label.split()[::-1] if all(word not in other.label for other in ideas[:-1]))

    turn = chat.say(f"the {word} one. what do i do first tho? they never met without me")

    assert ideas[-1].label in text_of(turn)
    assert [choice.id for choice in turn.conversation.choices] == [ideas[-1].id]


def test_ideas_of_the_coachs_own_were_not_made_elsewhere():
    for language, said in (("en", "neither of those"), ("fr", "aucune des deux"), ("es", "ninguna de las dos")):
        chat = in_talk(language)
        chat.say({"en": "any ideas?", "fr": "une idée ?", "es": "¿alguna idea?"}[language])

        assert text_of(chat.say(said)) in LIBRARY.words[language].variants("rejects.ours"), language
