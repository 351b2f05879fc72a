"""A step of one's own is kept as it was put, with its day, whatever is open; what is no step is not; what came of it is heard.

Each sentence was said by somebody to the coach, in one of its languages.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from passages import chat_in, passage, text_of

from bot.intending import FARTHEST, Clock, intent_in, step_day
from bot.model import Drop, Fell, Keep, Plan, Remind, Settle
from bot.planning import MUSED
from bot.rhythm import day_in_words
from prompts.library import load_library

LIBRARY = load_library()
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
WAITING = "they all wait for me before they do anything, how do I change that?"
QUARREL = {
    "en": "the company and the union quarrel about the price",
    "fr": "la compagnie et le syndicat se disputent sur le prix",
    "es": "la empresa y el sindicato pelean por el precio",
}
CARD = {"en": "they-wait-for-me"}


def clock(language: str) -> Clock:
    return Clock(language, LIBRARY.words[language].hear, MONDAY, "Africa/Nairobi")


PLANS = [
    ("en", "nothing hurts. i just made a plan: thursday 10am, pairs first", "2026-03-05", "thursday 10am, pairs first"),
    ("en", "tuesday at 9 on the quay, each speaks. that's what i'll do", "2026-03-03", "tuesday at 9 on the quay, each speaks"),
    ("fr", "j'ai mon plan: jeudi 10h, les paires d'abord. notez-le", "2026-03-05", "jeudi 10h, les paires d'abord"),
    ("es", "el martes a las 9 en el muelle, hablan. eso voy a hacer", "2026-03-03", "el martes a las 9 en el muelle, hablan"),
    ("en", "thursday 10am i'll open with pairs, and shut up", "2026-03-05", "thursday 10am i'll open with pairs, and shut up"),
    ("en", "will get the mine nurse n the ngo lady to brief him not me. mon", "2026-03-09", "will get the mine nurse n the ngo lady to brief him not me. mon"),  # noqa: E501
    ("en", "maybe I'll ring the mill on tues before work", "2026-03-03", "maybe I'll ring the mill on tues before work"),
    ("en", "I'll sit with Adjoa on Thursday and tell her I signed too quickly", "2026-03-05", "I'll sit with Adjoa on Thursday and tell her I signed too quickly"),  # noqa: E501
    ("fr", "demain je les vois toutes les deux au champ", "2026-03-03", "demain je les vois toutes les deux au champ"),
    ("fr", "vais appeler Ruth sam matin", "2026-03-07", "vais appeler Ruth sam matin"),
    ("es", "antes de la reunion del martes le muestro la lista", "2026-03-03", "antes de la reunion del martes le muestro la lista"),
    ("es", "voy a llamarla el vie temprano", "2026-03-06", "voy a llamarla el vie temprano"),
    ("en", "ask him 5 minutes thursday", "2026-03-05", "ask him 5 minutes thursday"),
    ("en", "i will call her at 7pm before i give him anything", "2026-03-03", "i will call her at 7pm before i give him anything"),
    ("en", "i told you no hotline. i said i call bisi at 7. thats my plan", "2026-03-03", "i call bisi at 7"),
    ("en", "I send result to the director on Monday with one page, and ask him 5 minute Tuesday", "2026-03-09", "I send result to the director on Monday with one page, and ask him 5 minute Tuesday"),  # noqa: E501
    ("en", "I will write one page, what ends if it ends on 30 June, and put it to Wekesa before the meeting on the 12th", "2026-03-12", "I will write one page, what ends if it ends on 30 June, and put it to Wekesa before the meeting on the 12th"),  # noqa: E501
    ("en", "Thursday after work I knock at her door", "2026-03-05", "Thursday after work I knock at her door"),
    ("en", "I'll see him on Wednesday of next week", "2026-03-11", "I'll see him on Wednesday of next week"),
    ("fr", "vendredi je leur donne les numéros et je dis que je suis absent lundi", "2026-03-06", "vendredi je leur donne les numéros et je dis que je suis absent lundi"),  # noqa: E501
    ("es", "el 28 me siento con mi director y le pido un escrito", "2026-03-28", "el 28 me siento con mi director y le pido un escrito"),
    ("en", "My plan: Monday I send one page", "2026-03-09", "Monday I send one page"),
    ("en", "thursday, before the meeting, i ask for 5 minutes in his office", "2026-03-05", "thursday, before the meeting, i ask for 5 minutes in his office"),  # noqa: E501
    ("en", "how do i save my plan: ask him 5 minutes thursday", "2026-03-05", "ask him 5 minutes thursday"),
    ("en", "the pickers would. ok so what i want: call Stoyan thursday before lunch and say sorry", "2026-03-05", "call Stoyan thursday before lunch and say sorry"),  # noqa: E501
    ("fr", "bon. je prends un truc à moi : je vais la voir au tri lundi 7h", "2026-03-09", "je vais la voir au tri lundi 7h"),
    ("fr", "en tout petit je l'appelle fatou, dimanche", "2026-03-08", "je l'appelle fatou, dimanche"),
    ("es", "mi hermana. la llamo hoy en la noche. gracias", "2026-03-03", "la llamo hoy en la noche"),
    ("es", "el plan mio: el jueves le pido a rosalba que convoque ella la próxima", "2026-03-05", "el jueves le pido a rosalba que convoque ella la próxima"),  # noqa: E501
    ("en", "next monday i see him, i will ask to let the mayor chair", "2026-03-09", "next monday i see him, i will ask to let the mayor chair"),  # noqa: E501
    ("en", "Go village Saturday and listen", "2026-03-07", "Go village Saturday and listen"),
    ("en", "ok so I will write to the mayor on friday", "2026-03-06", "I will write to the mayor on friday"),
    ("en", "call her wednesday before, alone, and ask what her board wants", "2026-03-04", "call her wednesday before, alone, and ask what her board wants"),  # noqa: E501
    ("en", "i go there on friday 20 march", "2026-03-20", "i go there on friday 20 march"),
    ("fr", "mercredi j invite les deux au cafe du forem 20 min", "2026-03-04", "mercredi j invite les deux au cafe du forem 20 min"),
    ("fr", "rien de tout ca, j ai mon plan. note le: mercredi 16h cafe avec les deux", "2026-03-04", "mercredi 16h cafe avec les deux"),
    ("fr", "je lui dis mercredi apres la reunion, seul, 2 phrases", "2026-03-04", "je lui dis mercredi apres la reunion, seul, 2 phrases"),
    ("fr", "garde juste: jeudi, je finis ma phrase", "2026-03-05", "jeudi, je finis ma phrase"),
    ("en", "ok ill open the next one on the 12th with my own late action, not theirs", "2026-03-12", "ill open the next one on the 12th with my own late action, not theirs"),  # noqa: E501
    ("en", "ok i'm taking two weeks from monday", "2026-03-09", "i'm taking two weeks from monday"),
    ("en", "let me just do it, I'll phone her on Thursday and ask what makes our meetings so easy to drop", "2026-03-05", "I'll phone her on Thursday and ask what makes our meetings so easy to drop"),  # noqa: E501
    ("en", "sunday i take her grapes and ask her to teach me the route", "2026-03-08", "sunday i take her grapes and ask her to teach me the route"),  # noqa: E501
    ("fr", "alors mercredi j'écris à toutes les communes ce qui a été dit", "2026-03-04", "mercredi j'écris à toutes les communes ce qui a été dit"),  # noqa: E501
    ("fr", "le 12 je parle au maire", "2026-03-12", "le 12 je parle au maire"),
    ("fr", "je préfère écrire à la directrice d'abord. demain", "2026-03-03", "je préfère écrire à la directrice d'abord. demain"),
    ("es", "el 14 les presento las dos versiones", "2026-03-14", "el 14 les presento las dos versiones"),
    ("es", "sí, mañana la llamo", "2026-03-03", "mañana la llamo"),
    ("es", "mañana le pregunto a la láctea por qué siempre es la última semana", "2026-03-03", "mañana le pregunto a la láctea por qué siempre es la última semana"),  # noqa: E501
    ("es", "el miercoles subo a la encañada a hablar con don Eusebio", "2026-03-04", "el miercoles subo a la encañada a hablar con don Eusebio"),  # noqa: E501
    ("es", "el jueves le digo: puertas, de 6 a 3. apuntalo", "2026-03-05", "el jueves le digo: puertas, de 6 a 3"),
    ("es", "lo q queria guardar es: sabado ir a casa de doña fidelia y preguntarle", "2026-03-07", "sabado ir a casa de doña fidelia y preguntarle"),  # noqa: E501
]  # fmt: skip


@pytest.mark.parametrize(("language", "said", "day", "kept"), PLANS)
@pytest.mark.parametrize("talking", [False, True], ids=["fresh", "with a card open"])
def test_a_plan_is_kept_in_its_own_words_whatever_is_open(language: str, said: str, day: str, kept: str, talking: bool):
    chat = chat_in(LIBRARY, language)
    if talking:
        chat.say(WAITING, [passage("they-wait-for-me", language=language)])

    turn = chat.say(said, [passage("they-wait-for-me", language=language)])

    assert [(effect.text, effect.due) for effect in turn.effects if isinstance(effect, Plan)] == [(kept, date.fromisoformat(day))]
    assert text_of(turn).count(kept) == 1


NO_PLANS = [
    ("en", "they have a plan for thursday"),
    ("en", "is that what i'll do on thursday?"),
    ("en", "I'd call them on Friday if they asked"),
    ("fr", "mardi je lui ai dit et il a pâli"),
    ("es", "nos vimos el martes y nadie habló"),
    ("en", "FILLED WHAT GAP. useless"),
    ("en", "I know since yesterday. I say already. The radio."),
    ("en", "what report? i said numbers. by friday. nobody is going to read a page on what changed between the partners"),
    ("en", "he shouts when he is late himself"),
    ("en", "they told me I send the report on friday"),
    ("en", "I meet the donor tomorrow and I don't know what to say"),
    ("en", "You not answer me. I have plan. Monday."),
    ("en", "i called him on monday"),
    ("fr", "il me demande que je signe vendredi"),
    ("fr", "vendredi passé silence complet"),
    ("fr", "je vois le maire lundi et je sais pas quoi dire"),
    ("es", "me piden q ponga 200 beneficiarios el viernes"),
    ("es", "el concejal no paraba de hablar el lunes"),
]


@pytest.mark.parametrize(("language", "said"), NO_PLANS)
def test_what_is_no_step_never_becomes_a_plan(language: str, said: str):
    chat = chat_in(LIBRARY, language)
    chat.say(WAITING, [passage("they-wait-for-me", language=language)])
    chat.say("1")  # a step of their own is asked for

    turn = chat.say(said)

    assert not [effect for effect in turn.effects if isinstance(effect, Plan)]
    place = chat.conversation.place
    assert place is None or place.answer(MUSED), "at most it is asked whether they mean to do it"


def test_a_thought_said_aloud_is_asked_about_once_and_no_is_no():
    chat = chat_in(LIBRARY)
    chat.say(WAITING, [passage("they-wait-for-me")])
    chat.say("1")

    assert "something you mean to do" in text_of(chat.say("i could say split it: one recruits one trains"))
    turn = chat.say("no")

    assert not [effect for effect in turn.effects if isinstance(effect, Plan)]
    assert chat.conversation.place is None


@pytest.mark.parametrize(
    ("language", "thought", "day"),
    [
        ("en", "I think tell them. On Wednesday at the market both will be there", "Wednesday 4 March"),
        ("en", "ok I ask Sarah what her boss need. On the 12th she come", "Thursday 12 March"),
        ("fr", "je peux proposer au bailleur un appel à trois avec la mairie, mardi", "mardi 3 mars"),
        ("es", "puedo pedir hablar a solas con la encargada el jueves", "jueves 5 de marzo"),
    ],
)
def test_a_thought_with_a_day_is_asked_about_for_that_day_and_kept_only_on_a_yes(language: str, thought: str, day: str):
    chat, thanked = (chat_in(LIBRARY, language), chat_in(LIBRARY, language))
    for each in (chat, thanked):
        each.say(QUARREL[language])
    asked = text_of(chat.say(thought))
    assert day in asked
    assert asked.endswith("?")
    assert not chat.intentions

    thanked.say(thought)
    thanked.say({"en": "thanks", "fr": "merci", "es": "gracias"}[language])
    assert not thanked.intentions

    assert day in text_of(chat.say({"en": "yes", "fr": "oui", "es": "sí"}[language]))
    assert len(chat.intentions) == 1


@pytest.mark.parametrize(
    "said",
    [
        "2 i guess. though honestly its the cancelling not the drifting",
        "thanks i suppose",
        "I can ask him to come to the farm, with tea. what you think",
    ],
)
def test_a_choice_a_goodbye_and_an_idea_put_to_the_coach_are_no_thoughts_of_a_plan(said: str):
    chat = chat_in(LIBRARY)
    chat.say("the processor changed the price and the union is angry")
    told = text_of(chat.say(said))

    assert LIBRARY.words["en"].variants("step.mused")[0] not in told
    assert not chat.intentions


@pytest.mark.parametrize(
    ("language", "story", "thought", "yes"),
    [
        ("en", "our partner refuses to sign", "I could ask the company to wait until May.", "Yes, I'll call their director on Friday."),
        ("fr", "notre partenaire refuse de signer", "Je pourrais demander d'attendre mai.", "Oui, j'appelle leur directrice vendredi."),
        ("es", "nuestro socio se niega a firmar", "Podría pedirle que espere hasta mayo.", "Sí, llamo a su directora el viernes."),
    ],
)
def test_a_yes_that_brings_its_own_step_and_day_is_that_step(language: str, story: str, thought: str, yes: str):
    chat = chat_in(LIBRARY, language, story, thought)
    chat.say(yes)

    [plan] = chat.intentions
    assert plan.due.isoweekday() == 5
    assert "ire" in plan.text  # the director, and not the waiting until May


@pytest.mark.parametrize("words", ["no thats not a plan. why would you keep that", "not a plan", "that wasn't a plan"])
def test_a_plan_that_was_none_is_taken_out_and_its_day_with_it(words: str):
    chat = chat_in(LIBRARY)
    [plan] = [effect for effect in chat.say("i call the donor on tuesday").effects if isinstance(effect, Plan)]

    turn = chat.say(words)

    assert Drop("plan", plan.id) in turn.effects
    assert Remind("follow-up", None, plan.id) in turn.effects
    assert chat.intentions == ()


def test_the_button_beside_the_days_takes_the_step_away():
    chat = chat_in(LIBRARY)
    chat.say(WAITING, [passage("they-wait-for-me")])
    chat.say("1")
    chat.say("i let them begin without me")

    chat.press("Not a plan")

    assert chat.intentions == ()
    assert chat.conversation.place is None


@pytest.mark.parametrize("number", ["1", "2", "3", "12"])
def test_a_number_where_a_step_was_asked_for_is_no_date(number: str):
    chat = chat_in(LIBRARY)
    chat.say(WAITING, [passage("they-wait-for-me")])
    chat.say("2")

    turn = chat.say(number)

    assert not [effect for effect in turn.effects if isinstance(effect, Plan)]


def test_a_number_with_words_beside_it_is_the_option_and_the_words():
    chat = chat_in(LIBRARY)
    chat.say(WAITING, [passage("they-wait-for-me")])

    turn = chat.say("2 then, but how without them noticing")

    assert "“Refuse to carry it”" in text_of(turn)
    assert "without them noticing" in chat.conversation.talk.asked


@pytest.mark.parametrize(
    ("language", "said", "rest"),
    [
        ("en", "The second one. But I don't know how they'd take it", "how they'd take it"),
        ("fr", "La deuxième. Mais je ne sais pas comment ils le prendraient", "comment ils le prendraient"),
        ("es", "La segunda. Pero no sé cómo lo tomarían", "cómo lo tomarían"),
    ],
)
def test_a_place_with_a_sentence_behind_it_is_the_option_and_the_sentence(language: str, said: str, rest: str):
    found = passage("they-wait-for-me")
    chat = chat_in(LIBRARY, language)
    chat.say(QUARREL[language], [found])
    chat.say({"en": "what can I do?", "fr": "qu'est-ce que je peux faire ?", "es": "¿qué puedo hacer?"}[language], [found])

    turn = chat.say(said, [found])

    assert found.options[1].name in text_of(turn)
    assert rest in chat.conversation.talk.asked


def test_a_number_with_nothing_to_choose_from_says_so():
    assert "“7”" in text_of(chat_in(LIBRARY).say("7"))


def test_a_list_can_still_be_picked_from_a_reply_later():
    chat = chat_in(LIBRARY)
    chat.say(WAITING, [passage("they-wait-for-me")])
    chat.say("thank you")

    assert "“Find a champion in each”" in text_of(chat.say("1"))


def test_a_weekday_moves_a_plan_to_the_first_of_its_name_after_the_day_that_stood():
    chat = chat_in(LIBRARY)
    chat.say("i call her on wednesday 11 march")

    [moved] = [effect for effect in chat.say("thursday").effects if isinstance(effect, Plan)]

    assert moved.due == date(2026, 3, 12)


@pytest.mark.parametrize(
    ("language", "step", "said", "day"),
    [
        ("en", "I'll put it to Wekesa on 30 June", "not 30 June, that's months off, I meant before the 12th", "2026-03-12"),
        ("en", "I'll see each of them before the 12th", "no, I meant each of them before the 3rd of next month", "2026-04-03"),
        ("en", "I'll call her on Friday", "Thursday I meant", "2026-03-05"),
        ("en", "I'll call her on Friday", "wrong day, it's Thursday", "2026-03-05"),
        ("fr", "mardi je lui dis, seule à seul", "pas mardi, jeudi", "2026-03-05"),
        ("fr", "mardi je lui dis, seule à seul", "non, avant le 3 du mois prochain", "2026-04-03"),
        ("es", "el jueves hablo con él", "quise decir el 12", "2026-03-12"),
        ("es", "el lunes hablo con él", "no, el miércoles de la próxima semana", "2026-03-11"),
        ("en", "I'll call her on Friday", "change the date please: sunday, friday she has market", "2026-03-08"),
        ("fr", "mardi je lui dis, seule à seul", "changez la date svp : jeudi, mardi elle a marché", "2026-03-05"),
        ("es", "el lunes hablo con él", "cambia la fecha por favor: el miércoles, el lunes tiene mercado", "2026-03-11"),
    ],
)
def test_a_day_that_was_heard_wrongly_is_put_right(language: str, step: str, said: str, day: str):
    chat = chat_in(LIBRARY, language)
    chat.say(step)

    [moved] = [effect for effect in chat.say(said).effects if isinstance(effect, Plan)]

    assert moved.due == date.fromisoformat(day)
    assert moved.id == chat.intentions[-1].id


@pytest.mark.parametrize(
    ("language", "step", "ending"),
    [
        ("en", "I'll call her on Friday", "nothing else, thanks"),
        ("en", "I'll call her on Friday", "no"),
        ("en", "I'll call her on Friday", "Yes that's it thanks"),
        ("en", "I'll call her on Friday", "yes"),
        ("en", "I'll call her on Friday", "yes thanks"),
        ("fr", "mardi je lui dis, seule à seul", "oui, merci"),
        ("es", "el jueves hablo con él", "sí gracias"),
        ("fr", "mardi je lui dis, seule à seul", "rien d'autre merci"),
        ("fr", "mardi je lui dis, seule à seul", "non rien"),
        ("es", "el jueves hablo con él", "ya está, gracias"),
        ("es", "el jueves hablo con él", "nada"),
    ],
)
def test_an_end_after_a_plan_is_met_with_the_plan_and_no_question(language: str, step: str, ending: str):
    chat = chat_in(LIBRARY, language)
    due = next(effect.due for effect in chat.say(step).effects if isinstance(effect, Plan))
    answer = text_of(chat.say(ending))

    assert "?" not in answer
    assert day_in_words(due, language, LIBRARY.words[language].formats) in answer


@settings(max_examples=60)
@given(st.text(max_size=40), st.sampled_from(["en", "fr", "es"]))
def test_no_text_names_a_day_that_is_past_or_half_a_year_off(text: str, language: str):
    day = step_day(text, clock(language))

    assert day is None or MONDAY.date() < day <= MONDAY.date() + FARTHEST
    intent_in(text, clock(language))


@pytest.mark.parametrize(
    ("language", "plan", "told"),
    [
        ("en", "i call the deputy friday", "I called him. they have no trace of the promise in the books"),
        ("en", "i send the page to the director friday", "He read the page. He give me 5 minute. I am happy"),
        ("fr", "vendredi je dis: je finis ma phrase", "j'ai dit ma phrase! elle a arrêté et un jeune a parlé après"),
        ("es", "el viernes llamo a la financiadora", "la llame. dice q si a las puertas"),
    ],
)
def test_what_came_of_a_plan_is_heard_and_stands_beside_it(language: str, plan: str, told: str):
    chat = chat_in(LIBRARY, language)
    chat.say(plan)
    kept = chat.intentions[0]
    chat.at += timedelta(days=4, hours=3)
    chat.take(Fell(chat.key(), chat.at, "follow-up", chat.at, kept.id))

    turn = chat.say(told)

    assert Settle(kept.id, told) in turn.effects
    assert [effect.text for effect in turn.effects if isinstance(effect, Keep)] == [plan, told]
    assert text_of(turn).endswith("?")
    assert LIBRARY.words[language].guides["follow-up"].closes not in text_of(turn)
    assert told in chat.conversation.talk.asked


UNASKED = [  # a step, what came of it, told on another day than the one it was to be on, and whether a reflection was offered meanwhile
    ("en", "i'll call stoyan on thursday before lunch", "i called stoyan. he laughed and wants to speak first next time", True),
    ("en", "on friday i ask achieng to name a second person", "you said youd ask? i asked achieng on the spot, she named a guy", True),
    ("fr", "vendredi j'appelle fabienne avant la signature", "au fait, j'ai appelé fabienne. elle a pleuré puis elle a dit merci", False),
    ("es", "el viernes llamo a rosalba por la convocatoria", "oye, llamé a rosalba. dijo que sí, y que le tocaba", False),
]  # fmt: skip
STILL_OPEN = [  # told of something else, or asked: the step stays open
    ("en", "i'll call stoyan on thursday before lunch", "i called my sister. she laughed at me"),
    ("en", "i'll call stoyan on thursday before lunch", "i called stoyan today, how do i tell the brewery now?"),
    ("en", "i'll call stoyan on thursday before lunch", "stoyan was at the meeting and said nothing"),
    ("fr", "vendredi j'appelle fabienne avant la signature", "j'ai vu le maire au marché. il veut tout recommencer"),
    ("es", "el viernes llamo a rosalba por la convocatoria", "rosalba está enojada con todos"),
]


@pytest.mark.parametrize(("language", "plan", "told", "offered"), UNASKED)
def test_what_came_of_a_plan_is_heard_when_it_is_told_unasked(language: str, plan: str, told: str, offered: bool):
    chat = chat_in(LIBRARY, language)
    chat.say(plan)
    kept = chat.intentions[0]
    chat.at += timedelta(days=1, hours=5)
    if offered:
        chat.take(Fell(chat.key(), chat.at, "reminder", chat.at))
        assert chat.conversation.place

    turn = chat.say(told)

    assert Settle(kept.id, told) in turn.effects
    assert [effect.text for effect in turn.effects if isinstance(effect, Keep)] == [plan, told]
    assert text_of(turn).endswith("?")


@pytest.mark.parametrize(("language", "plan", "told"), STILL_OPEN)
def test_what_is_told_of_something_else_settles_no_plan(language: str, plan: str, told: str):
    chat = chat_in(LIBRARY, language)
    chat.say(plan)
    chat.at += timedelta(days=1, hours=5)

    assert not any(isinstance(effect, Settle) for effect in chat.say(told).effects)


def test_a_question_to_take_along_comes_once_and_so_do_the_words_whichever_way_it_went():
    chat = chat_in(LIBRARY)
    carried = LIBRARY.words["en"].guides["if-then"].closes or ()
    first, second = text_of(chat.say("i call the donor on tuesday")), text_of(chat.say("i write to the mayor on friday"))

    assert "whichever way" in first
    assert any(line in first for line in carried)
    assert "whichever way" not in second
    assert not any(line in second for line in carried)


@pytest.mark.parametrize(
    ("language", "plan", "asked"),
    [
        ("en", "i'll call stoyan on thursday before lunch", "all the room. so will you remind me friday or not"),
        ("en", "i'll call stoyan on thursday before lunch", "will you remind me?"),
        ("fr", "vendredi j'appelle fabienne avant la signature", "vous me le rappelez vendredi ?"),
        ("es", "el viernes llamo a rosalba por la convocatoria", "me lo recuerdas o no"),
    ],
)
def test_whoever_asks_whether_they_will_be_reminded_is_told_the_day_that_is_kept(language: str, plan: str, asked: str):
    chat = chat_in(LIBRARY, language)
    chat.say(plan)

    assert plan in text_of(chat.say(asked))
    assert len(chat.intentions) == 1


def test_it_says_what_it_holds_and_keeps_what_was_only_meant():
    chat = chat_in(LIBRARY)
    assert "no plan" in text_of(chat.say("did you save my plan?"))
    chat.say(WAITING, [passage("they-wait-for-me")])
    chat.say("i will ask them who could begin")  # no day yet
    chat.say("stop")
    assert "When shall I ask" in text_of(chat.say("save my plan please"))
    assert "“i will ask them who could begin”" in text_of(chat.say("friday"))


# --- days


DAYS = [
    (
        "en",
        "I will write one page, what ends if it ends on 30 June, and put it to Wekesa first before the steering meeting on the 12th",
        "2026-03-12",
    ),
    ("en", "I'll see each of them before the 20th", "2026-03-20"),
    ("en", "I'll go see each one separately before the 3rd, starting with Denise", "2026-04-03"),
    ("en", "I'll call Dr. Kamau on Thursday and ask for the list", "2026-03-05"),
    ("en", "I will ask Mr. Sow on Friday what he needs", "2026-03-06"),
    ("en", "next Tuesday I tell her", "2026-03-10"),
    ("en", "I'll send the draft of the 15 March agenda to Ana on Wednesday", "2026-03-04"),
    ("en", "on the 28th I sit down with my director and ask her", "2026-03-28"),
    ("en", "I'll propose it to both next week, Wednesday if they can", "2026-03-11"),
    ("en", "I will talk to Ana tomorrow about the meeting on Friday", "2026-03-03"),
    ("en", "I'll phone Denise on Thursday before the board of 20 March", "2026-03-05"),
    ("en", "I'll raise it at the meeting on 12 March", "2026-03-12"),
    (
        "en",
        "I'll prepare what happens if the lease ends on 30 April and show it to the chief before the assembly on the 19th",
        "2026-03-19",
    ),
    ("en", "on Wednesday I sit with Prof. Adeyemi and ask about the numbers", "2026-03-04"),
    ("en", "I'm meeting Mrs. Okoth next Tuesday", "2026-03-10"),
    ("en", "I'll ring each of the farmers before the 3rd", "2026-04-03"),
    ("en", "next week I speak to the chair, Thursday if she is back", "2026-03-12"),
    ("en", "I will tell Joan tomorrow about the visit of 20 March", "2026-03-03"),
    ("en", "I'll bring it up on the 17th", "2026-03-17"),
    ("fr", "Je pense que je vais mettre une seule question à l'ordre du jour du 4 décembre", "2026-12-04"),
    ("fr", "je vais voir M. Sow jeudi et lui demander le calendrier", "2026-03-05"),
    ("fr", "Je vais parler à Mme. Diallo mardi matin", "2026-03-03"),
    ("fr", "vendredi je leur donne les numéros des uns et des autres et je dis que je suis absent lundi", "2026-03-06"),
    ("fr", "mercredi soir je lui dis que je ne présenterai pas les élèves comme ceux de l'école", "2026-03-04"),
    ("fr", "je lui dis mercredi", "2026-03-04"),
    ("fr", "mardi prochain je lui parle", "2026-03-10"),
    ("fr", "je vois chacun avant le 20", "2026-03-20"),
    ("fr", "avant le 3 je vais voir chacun séparément", "2026-04-03"),
    ("fr", "la semaine prochaine, je propose aux deux de regarder les tarifs, mercredi si elles peuvent", "2026-03-11"),
    ("fr", "je vais écrire une page sur ce qui finit le 30 juin et la montrer à Wekesa avant la réunion du 12", "2026-03-12"),
    ("fr", "demain je parle à Ana de la réunion de vendredi", "2026-03-03"),
    ("fr", "je l'appelle le 15 au matin", "2026-03-15"),
    ("fr", "samedi je vois Mme. Traoré chez elle", "2026-03-07"),
    ("fr", "je vais noter ce qui s'arrête si le bail finit le 30 avril et le montrer au chef avant la réunion du 19", "2026-03-19"),
    ("fr", "la prochaine fois je demande à la présidente de parler, jeudi", "2026-03-05"),
    ("fr", "la semaine prochaine je propose un café aux deux, jeudi si possible", "2026-03-12"),
    ("fr", "je rejoins le Dr. Ba mardi prochain", "2026-03-10"),
    ("fr", "je parle demain à Joan de la visite du 20", "2026-03-03"),
    ("fr", "je vais appeler chaque paysan avant le 3", "2026-04-03"),
    ("es", "el 28 me siento con mi director y le pido que me diga por escrito qué gana la empresa", "2026-03-28"),
    ("es", "le voy a proponer a las dos, la próxima semana, que miremos juntas las tarifas. el miércoles si pueden", "2026-03-11"),
    ("es", "mañana le mando un mensaje a la licenciada para agradecerle", "2026-03-03"),
    ("es", "el jueves le voy a ofrecer a Yhoselin tomar un mate las dos solas, sin hablar del informe", "2026-03-05"),
    ("es", "voy a ver al Dr. Rojas el viernes", "2026-03-06"),
    ("es", "hablo con la Sra. Betty el miércoles", "2026-03-04"),
    ("es", "antes del 20 visito a cada uno", "2026-03-20"),
    ("es", "voy a ver a cada uno antes del 3", "2026-04-03"),
    (
        "es",
        "voy a escribir una página sobre lo que se acaba el 30 de junio y se la llevo a Wilmer antes de la reunión del 12",
        "2026-03-12",
    ),
    ("es", "el próximo martes le digo", "2026-03-10"),
    ("es", "mañana hablo con Ana de la reunión del viernes", "2026-03-03"),
    ("es", "el 15 le escribo al alcalde", "2026-03-15"),
    ("es", "le digo el miércoles", "2026-03-04"),
    ("es", "el sábado visito a la Sra. Quispe en su casa", "2026-03-07"),
    ("es", "voy a anotar qué se acaba si el alquiler termina el 30 de abril y mostrarlo al jefe antes de la reunión del 19", "2026-03-19"),
    ("es", "la próxima semana les propongo un café a las dos, el jueves si pueden", "2026-03-12"),
    ("es", "me reúno con el Ing. Rocha el próximo martes", "2026-03-10"),
    ("es", "mañana le cuento a Joan de la visita del 20 de marzo", "2026-03-03"),
    ("es", "voy a llamar a cada campesino antes del 3", "2026-04-03"),
    ("es", "el 17 me siento con la presidenta", "2026-03-17"),
    ("en", "friday i see her anyway for the birthday. not there. monday i call her", "2026-03-09"),
    ("en", "friday he is not there. monday i call", "2026-03-09"),
    ("fr", "vendredi je la vois à l'anniversaire. pas là. lundi je l'appelle", "2026-03-09"),
    ("en", "On the 3rd, at the June review, I leave the page empty and ask Yuli to write it", "2026-06-03"),
    ("es", "el 3, en la revisión de junio, le pido a Yuli que lo escriba", "2026-06-03"),
    ("fr", "je vais lui proposer de passer un mardi entier avec elle, le 14", "2026-04-14"),
    ("en", "On Tuesday the 14th I call the ministry", "2026-04-14"),
    (
        "fr",
        "pour la rencontre du 12 je vais garder 2 points, pis je l'appelle lundi pour demander comment son conseil décide d'habitude",
        "2026-03-09",
    ),
    ("es", "mmm eso ya lo he hecho. Lo que haría yo: pedirle a los dos que el jueves pesemos diez sacos juntos", "2026-03-05"),
    ("es", "el jueves a las 8 pesamos los diez sacos con los dos y anoto yo, ya lo decidí", "2026-03-05"),
    ("es", "mañana paso por la cancha y le digo al profe la verdad, que no sé si van a firmar", "2026-03-03"),
    ("en", "what I'd do: on Thursday ask Zaituni what name they want", "2026-03-05"),
    ("en", "my idea is to weigh ten sacks together on Thursday", "2026-03-05"),
    ("fr", "moi je pense que jeudi je vais aller voir dame Akouvi et lui dire que la phrase vient de moi", "2026-03-05"),
    ("fr", "mon idée c'est d'inviter les deux présidentes mardi autour d'un thé", "2026-03-03"),
]
OTHERS_WANT = [
    ("en", "what I'd do is anybody's guess, on Thursday they all come"),
    ("en", "what I'd do if I were braver: tell him on Thursday"),
    ("en", "On the 3rd they want my report for the June review"),
    ("es", "el jueves pesamos los sacos y salieron tres kilos menos"),
    ("es", "lo que haría yo si fuera valiente: decirle el jueves la verdad"),
    ("es", "se me ocurre que el viernes nadie vendrá"),
    ("fr", "moi je pense que jeudi ils ne viendront pas"),
    ("fr", "pour la rencontre du 12 je vais mourir de honte"),
    ("en", "the donor wants a report by Monday and I don't speak Dinka"),
    ("en", "The UN wants a joint committee by Monday and the refugees and the village fight over the well"),
    ("en", "the mayor said he will come on Friday"),
    ("en", "the mayor wants photos by Thursday and nobody told the families"),
    ("fr", "les refugies et le village se disputent le forage, l'Onu veut un comité mixte pour lundi et moi je parle ni kanuri ni mandara"),
    ("fr", "le bailleur veut le rapport pour vendredi"),
    ("fr", "le préfet exige la liste pour mercredi et moi je dors mal"),
    ("es", "el donante quiere el informe para el lunes y yo no hablo quechua"),
    ("es", "el alcalde viene el jueves y quiere una foto"),
    ("es", "el prefecto exige la lista para el miércoles y yo duermo mal"),
]


@pytest.mark.parametrize(("language", "text", "day"), DAYS)
def test_of_the_days_a_step_names_the_day_of_doing_counts(language, text, day):
    found = intent_in(text, clock(language))

    assert found
    assert (found.firmness, str(found.day)) == ("dated", day)


@pytest.mark.parametrize(("language", "text"), OTHERS_WANT)
def test_what_others_want_by_a_day_is_no_step(language, text):
    assert intent_in(text, clock(language)) is None


def test_a_date_that_was_told_loosely_is_put_right():
    chat = chat_in(LIBRARY, "fr")
    chat.say("mardi je vais lui proposer de passer une journée avec elle")
    chat.say("euh non c'est le 14 avril hein, pas mardi")

    assert [plan.due for plan in chat.intentions] == [date(2026, 4, 14)]


def test_a_number_said_right_after_a_plan_is_of_its_month():
    chat = chat_in(LIBRARY, "fr")
    for text in (QUARREL["fr"], "je vais poser une seule question le 4 décembre", "oui, reviens-moi là-dessus le 5"):
        chat.say(text)

    assert [plan.due for plan in chat.intentions] == [date(2026, 12, 5)]


ENDS_ON_A_STEP = [
    ("en", "i never asked him, thats the thing, nobody in that group ever asks him anything really. i'll ring him monday", "i'll ring him monday"),  # noqa: E501
    ("en", "that she'll say i am difficult. and the contract ends. but i'll still call her thursday", "i'll still call her thursday"),
    ("en", "plan: i tell the three of them at friday's call that pilar chairs in april and i'm on the phone if it breaks", "plan: i tell the three of them at friday's call that pilar chairs in april and i'm on the phone if it breaks"),  # noqa: E501
    ("en", "maybe just a text on sunday. thanks, going to bed", "maybe just a text on sunday"),
    ("en", "that it still runs when i'm gone i guess, and the drivers are paid for what they did. ok going to write to them now", "going to write to them now"),  # noqa: E501
    ("en", "it would be easier if i could say it to her first. i could ask her boss. i'll call her thursday", "i'll call her thursday"),
    ("fr", "la plus petite version c'est que la revue est le 11, et que les camions c'est pas encore sur du tout. je l'appelle mercredi", "je l'appelle mercredi"),  # noqa: E501
    ("fr", "peut-être juste un message dimanche. merci, je vais dormir", "peut-être juste un message dimanche"),
    ("fr", "bon, je leur écris maintenant", "je leur écris maintenant"),
    ("es", "nunca le pregunté la verdad, y en la mesa nadie le pregunta nada desde que empezó todo esto. el viernes le escribo", "el viernes le escribo"),  # noqa: E501
    ("es", "quizas solo un mensaje el domingo. gracias, me voy a dormir", "quizas solo un mensaje el domingo"),
    ("es", "bueno la llamo ahora mismo", "la llamo ahora mismo"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "said", "kept"), ENDS_ON_A_STEP)
def test_a_step_with_which_a_message_ends_is_kept_and_nothing_but_it(language: str, said: str, kept: str):
    chat = chat_in(LIBRARY, language)
    chat.say(QUARREL[language])

    chat.say(said)

    assert [plan.text for plan in chat.intentions] == [kept]


NO_STEPS = [
    ("en", "she sent just a text on sunday. that was all"),
    ("en", "maybe a text on sunday made it worse"),
    ("en", "my boss says i should write to them now"),
    ("en", "i'm writing the report now and it makes no sense to me"),
    ("en", "a mail on friday, then nothing"),
    ("fr", "si j'appelle Hamid jeudi il va croire que tout est perdu"),
    ("fr", "ils veulent que je signe vendredi"),
    ("fr", "quand je leur écris maintenant ils répondent plus"),
    ("es", "si la llamo el jueves va a pensar que me rindo"),
    ("es", "no la voy a llamar mañana"),
    ("es", "él solo mandó un mensaje el domingo"),
]


@pytest.mark.parametrize(("language", "said"), NO_STEPS)
def test_a_condition_a_refusal_and_what_others_do_are_no_step(language: str, said: str):
    assert intent_in(said, clock(language)) is None


def test_a_step_told_where_the_day_of_a_thought_was_asked_for_takes_its_place():
    chat = chat_in(LIBRARY)
    chat.say(QUARREL["en"])
    chat.say("i could suggest the chair rotates")

    chat.say("ok so monday before the meeting i tell her. and the data fight, we havent touched that, nobody knows whose it is")

    assert [plan.text for plan in chat.intentions] == ["monday before the meeting i tell her"]


@pytest.mark.parametrize(
    "told",
    [
        "called him. he went quiet like i said, then said ok put 6,200. he tells his board himself",
        "went by the shop in the end, he didnt pick up. he gave me a roll and said he'd come if its short. i nearly cried honestly",
    ],
)
def test_what_came_of_a_plan_is_no_silence_where_the_same_person_then_answered(told: str):
    chat = chat_in(LIBRARY)
    chat.say("i call him thursday")
    chat.at += timedelta(days=3, hours=3)
    chat.take(Fell(chat.key(), chat.at, "follow-up", chat.at, chat.intentions[0].id))

    turn = chat.say(told)

    happenings = LIBRARY.happenings["en"].told
    lines = [
        line for name in ("silence", "tears") if name in happenings for line in (*happenings[name].mirrors, *happenings[name].questions)
    ]
    assert not [line for line in lines if line in text_of(turn)]


ASKED_AFTER = [
    (
        "en",
        "i just told you. i'll call stoyan on thursday before lunch. can you ask me about it after",
        "i'll call stoyan on thursday before lunch",
    ),
    ("fr", "je vous l'ai dit. j'appelle Awa jeudi matin. vous pouvez me redemander après", "j'appelle Awa jeudi matin"),
    ("es", "ya te lo dije. llamo a Rosa el jueves en la mañana. me puedes preguntar después?", "llamo a Rosa el jueves en la mañana"),
]


@pytest.mark.parametrize(("language", "told", "step"), ASKED_AFTER)
def test_a_step_that_is_to_be_asked_about_is_kept_and_nothing_else_is_asked(language: str, told: str, step: str) -> None:
    chat = chat_in(LIBRARY, language)
    chat.say(
        {"en": "the mayor cut the women off", "fr": "le maire a coupé la parole aux femmes", "es": "el alcalde cortó a las mujeres"}[
            language
        ]
    )
    assert step in text_of(chat.say(told))
