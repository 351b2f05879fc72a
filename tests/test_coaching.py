"""What the composed replies keep to, for every card: mirror first, priced options with sources, one open question, last, on one screen."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from passages import Chat, cards, chat_in, passage, passage_of, passages, said, text_of

from bot.dialogue import step
from bot.exploring import ASKS
from bot.model import Context, Conversation, Message, Passage, Person, PersonId, Quote, Said, Say
from bot.spelling import words_in
from prompts.library import load_library

LIBRARY = load_library()
WORDS = LIBRARY.words["en"]
MESSAGES = [
    "One of my partners attacks everyone by email and I am exhausted, what do I do?",
    "The ministry cancelled again this week and nobody says a word about it. How do I handle that?",
    "what should I do when people in the group do not keep to what was agreed between them?",
]
ORDERS = re.compile(r"\byou (?:must|should|need to|have to|ought to)\b", re.IGNORECASE)
FLATTERY = re.compile(r"\b(?:great job|well done|absolutely|you're right|great question)\b", re.IGNORECASE)
OPEN = {"what", "how", "who", "whose", "whom", "where", "when", "which"}


def first_reply(found: Passage, words: str) -> Message:
    chat = Chat(LIBRARY)
    (message,) = said(chat.say(words, [found]))
    return message


def questions_in(text: str) -> int:
    return re.sub(r"“[^”]*”", "“”", text).count("?")


def is_advice(message: Message) -> bool:
    return bool(re.search(r"^1\. ", message.text, re.MULTILINE))


def longest_piece(line: str) -> str:
    """The longest part of a card's line without slots, as it will stand in a reply."""
    return max(re.split(r"\$\w+", line), key=len).strip()


@pytest.mark.parametrize("words", MESSAGES)
@pytest.mark.parametrize("found", passages(), ids=lambda found: found.card)
def test_a_first_reply_keeps_to_the_book_whatever_card_it_is_made_of(found, words):
    message = first_reply(found, words)
    text = message.text

    assert is_advice(message)
    before, options = text.split("\n1. ", 1)
    assert before.split("\n\n")[0].strip(), "the mirror comes first"
    assert not re.search(r"\[\d\]|\?", before.split("\n\n")[0])
    rows = re.findall(r"^\d\. .*$", text, re.MULTILINE)
    assert len(rows) == 2
    shown = [o for o in found.options if longest_piece(o.offer) in text]
    assert len(shown) == 2
    for row, option in zip(rows, shown, strict=True):
        assert longest_piece(option.price) in row, "each has its price"
        assert row.endswith(f" {WORDS.variants('ours')[0]}" if option.source == 0 else "]"), "and its source"
    for mark in re.findall(r"\[(\d)\]", options):
        cited = next(cited for cited in message.sources if cited.mark == int(mark))
        assert cited.card == found.card
        assert any(source.where in cited.where and source.lines.split("-")[0] in cited.where for source in found.sources)
    assert {cited.mark for cited in message.sources} == {int(mark) for mark in re.findall(r"\[(\d)\]", text)}
    assert questions_in(text) == 1
    assert text.endswith("?")
    question = text.split("\n\n")[-1]
    assert set(words_in(question)) & OPEN
    assert len(text.split("\n\n")) <= 3
    assert len(text) <= 700
    assert not ORDERS.search(text)
    assert not FLATTERY.search(text)
    assert "$" not in text
    assert [choice.label for choice in message.choices[:-1]] == [option.name for option in shown]


@pytest.mark.parametrize("words", MESSAGES)
def test_nine_first_replies_in_ten_fit_one_phone_screen(words):
    lengths = sorted(len(first_reply(found, words).text) for found in passages())

    assert lengths[len(lengths) * 9 // 10] <= 550, lengths[-20:]


def test_a_name_of_a_person_or_body_is_said_back_in_the_mirror_and_stays_theirs():
    for found in passages():
        mirror = first_reply(found, MESSAGES[0]).text.split("\n\n")[0]
        assert "my partner" not in mirror, mirror
        assert "one of your partners of" not in mirror


def test_the_mirror_copies_no_more_than_six_words_of_the_message():
    for words in MESSAGES:
        given = words_in(words)
        runs = {" ".join(given[n : n + 7]) for n in range(len(given) - 6)}
        for found in passages():
            text = " ".join(words_in(first_reply(found, words).text))
            assert not [run for run in runs if run in text], found.card


# --- through a talk


def walk_of(found: Passage, others: list[Passage]) -> list[str]:
    """Ten replies of one talk, in which the person answers, asks on, wants another way, one way, and the source."""
    chat = Chat(LIBRARY)
    shelf = [found, *others]
    texts = [text_of(chat.say(MESSAGES[0], shelf))]
    for words in [
        "I think they are afraid of losing face",
        "Perhaps it is me who makes it so tense",
        "is there another way?",
        "says who?",
        "I don't know whether they would come",
        "another way",
        "It started when the new director came",
        "just tell me what to do",
        "They trust each other less than they say",
    ]:
        texts.append(text_of(chat.say(words, shelf)))
        if chat.conversation.place:
            break
    return texts


@pytest.mark.parametrize("number", range(0, len(passages()), 8))
def test_nothing_comes_back_within_ten_replies_of_a_talk(number):
    found = passages()[number]
    others = [passages()[(number + more) % len(passages())] for more in (3, 7)]
    texts = walk_of(found, [replace(other, score=0.6) for other in others])

    lines = [line.strip() for text in texts for line in re.split(r"(?<=[.?!])\s+|\n", text) if len(words_in(line)) > 3]
    shelf = [found, *others]
    of_cards = {part for p in shelf for part in (*p.mirrors, *p.questions, p.challenge) if "$" not in part}
    said_again = {line for line in lines if lines.count(line) > 1 and line in of_cards}
    assert not said_again
    assert len(set(texts)) == len(texts)
    for text in texts:
        assert text.strip()
        assert questions_in(text) <= 1 or "This rests on" in text, text
        assert not ORDERS.search(text)
        assert "$" not in text
        assert len(text) <= 900


def test_replies_over_different_cards_do_not_begin_with_the_same_words():
    chat, openings = Chat(LIBRARY), []
    for n, card in enumerate(cards()[:60]):
        chat.conversation = replace(chat.conversation, talk=None)
        text = text_of(chat.say(card.asks["en"][n % 5], [passage_of(card)]))
        openings.append(" ".join(words_in(text)[:4]))

    for n in range(len(openings) - 4):
        five = openings[n : n + 5]
        assert len(set(five)) == 5, five


# --- where little or nothing is known


@pytest.mark.parametrize("words", ["they don't trust me", "it's hard", "the group is stuck again somehow"])
def test_a_vague_message_gets_a_mirror_and_a_question_only(words):
    for found in passages()[::10]:
        message = first_reply(replace(found, score=0.3), words)
        assert not is_advice(message)
        assert not message.sources
        assert questions_in(message.text) == 1
        assert message.text.endswith("?")
        assert len(message.text) <= 280


def test_where_nothing_is_found_it_says_so_and_asks():
    message = said(Chat(LIBRARY).say("how do the partners insure the boats of the members against storms?"))[0]

    assert any(message.text.startswith(line) for line in WORDS.variants("silent"))
    assert message.text.endswith("?")
    assert not message.sources


def test_what_is_off_the_field_is_told_from_what_the_sources_are_silent_about():
    message = said(Chat(LIBRARY).say("what is the weather in Paris tomorrow?"))[0]

    assert any(message.text.startswith(line) for line in WORDS.variants("off-topic"))
    assert message.text.endswith("?")


def test_off_topic_twice_is_said_in_other_words():
    chat = Chat(LIBRARY)
    texts = [text_of(chat.say(words)) for words in ("what is the weather in Paris tomorrow?", "who won the football last night?")]

    assert texts[0] != texts[1]


# --- moves


PLEAS = {
    "en": [
        "hm. what would you do in my place?",
        "honestly, any advice?",
        "what HAVE others tried",
        "no idea what to do with it",
        "give me idea please",
    ],
    "fr": ["et vous feriez quoi", "donne moi une idée pour ça", "des idées ?", "propose", "je sais pas quoi faire"],
    "es": ["vos qué harías", "pero ideas dame pues", "dame una idea nomás", "y las ideas?", "no sé qué hacer"],
}
STORIES = {
    "en": "the port company talks about us behind our back at the harbour",
    "fr": "la compagnie du port parle de nous derrière notre dos",
    "es": "la empresa del puerto habla de nosotros a nuestras espaldas",
}


@pytest.mark.parametrize(("language", "plea"), [(language, plea) for language, pleas in PLEAS.items() for plea in pleas])
def test_a_plea_is_answered_with_a_small_thing_where_no_card_is_near_and_with_options_where_one_is(language: str, plea: str):
    ours = LIBRARY.words[language].variants("ours")[0]
    far, near = passage("they-wait-for-me", 0.3, language), passage("they-wait-for-me", 0.8, language)
    chat = chat_in(LIBRARY, language)
    chat.say(STORIES[language], [far])
    (small,) = said(chat.say(plea, [far]))
    assert ours in small.text
    assert questions_in(small.text) == 1
    assert small.text.endswith("?")
    assert not [choice for choice in small.choices if choice.id.startswith("card:")]

    chat = chat_in(LIBRARY, language)
    chat.say(STORIES[language], [far])
    (advice,) = said(chat.say(plea, [near]))
    assert near.options[0].name in [choice.label for choice in advice.choices]


@pytest.mark.parametrize(
    ("language", "asked"),
    [
        ("en", "how could i raise it without him walking out?"),
        ("en", "ok forget the others. what do i say to Hanif when i get to his gate"),
        ("en", "i need words for a call with their director"),
        ("fr", "comment lui demander de revenir sans avoir l'air de le supplier"),
        ("fr", "comment je le dis à mon père"),
        ("es", "como le pido mas tiempo?"),
        ("es", "cómo se lo digo a las agencias sin que se vayan"),
    ],
)
def test_who_asks_for_words_is_answered_and_shown_no_list(language: str, asked: str):
    chat = chat_in(LIBRARY, language)
    found = [passage(card, 0.4, language) for card in ("they-wait-for-me", "attacks-by-email", "argument-boils-over")]
    chat.say(STORIES[language], found)
    (answer,) = said(chat.say(asked, found))

    assert answer.text.endswith(LIBRARY.words[language].variants("wording"))
    assert not [choice for choice in answer.choices if choice.id.startswith("card:")]


@pytest.mark.parametrize(
    ("language", "asked", "key"),
    [
        ("en", "I could send the numbers to both at once. is it sly to do that", "opinion"),
        ("fr", "je pourrais en parler au maire d'abord, qu'en pensez-vous", "opinion.speak"),
        ("es", "podría hablar primero con su segundo. tú cómo lo ves", "opinion.speak"),
        ("en", "Should I have a word with him?", "opinion.speak"),
        ("en", "Is it my job to slow them down? I'm paid by the council by the way", "opinion.mine"),
        ("fr", "c'est à moi de les freiner ?", "opinion.mine"),
        ("es", "¿me toca a mí frenarlos?", "opinion.mine"),
    ],
)
def test_an_idea_that_is_put_to_the_coach_gets_a_leaning_and_is_no_plan(language: str, asked: str, key: str):
    chat = chat_in(LIBRARY, language)
    chat.say(STORIES[language])

    assert text_of(chat.say(asked)).endswith(LIBRARY.words[language].variants(key))
    assert not chat.intentions


@pytest.mark.parametrize(
    ("language", "asked", "key", "first", "then"),
    [
        ("en", "which comes first then, the agreement or the finding out", "either.listen", "the finding out", "the agreement"),
        ("en", "so do I ring Rania first or the office first?", "either.open", "ring Rania", "the office"),
        ("fr", "lui parler seul ou en réunion ?", "either.alone", "lui parler seul", "en réunion"),
        ("fr", "la lettre ou l'appel ?", "either.voice", "l'appel", "la lettre"),
        ("es", "debo decirlo en la reunión o decirle a él a solas?", "either.alone", "decirle a él a solas", "decirlo en la reunión"),
        ("es", "¿me callo o les digo?", "either.now", "les digo", "me callo"),
    ],
)
def test_which_of_two_comes_first_is_answered_about_those_two(language: str, asked: str, key: str, first: str, then: str):
    chat = chat_in(LIBRARY, language)
    chat.say(STORIES[language])

    answers = [line.replace("$first", first).replace("$then", then) for line in LIBRARY.words[language].variants(key)]
    assert text_of(chat.say(asked)) in answers


def test_a_card_that_was_turned_down_stays_away_and_its_reason_is_kept():
    wrong, right = passage("argument-boils-over", 0.9), passage("they-wait-for-me", 0.8)
    chat = Chat(LIBRARY)
    chat.say(MESSAGES[0], [wrong])
    chat.say("none of these fits, nobody is shouting, they all just wait", [wrong, right])
    texts = [text_of(chat.say(words, [wrong, right])) for words in ("what would you do?", "another way", "another way", "another way")]

    assert not [text for text in texts for option in wrong.options if longest_piece(option.offer) in text]
    assert longest_piece(right.options[0].offer) in "".join(texts)
    assert "nobody is shouting" in chat.conversation.talk.asked


def test_after_a_few_questions_a_way_on_is_offered_once_where_a_card_is_near():
    near = [passage("they-wait-for-me", 0.55)]
    chat = Chat(LIBRARY)
    told = [
        "the bakers and the school stopped at noon",
        "it was raining in town",
        "the room was full",
        "the bread was cold",
        "the van broke down",
    ]
    texts = [text_of(chat.say(words, near)) for words in told]
    offers = [text for text in texts if any(text.endswith(offer) for offer in WORDS.variants("offer.ways"))]
    assert len(offers) == 1

    again = Chat(LIBRARY)
    for words in told[: texts.index(offers[0]) + 1]:
        again.say(words, near)
    stayed = text_of(again.say("no", near))
    assert stayed.endswith("?")
    assert stayed not in offers
    assert "1. " in text_of(again.say("ok what have others tried", [passage("they-wait-for-me", 0.8)]))


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_no_two_questions_of_a_general_kind_begin_alike_and_none_comes_twice_in_a_talk(language: str):
    words = LIBRARY.words[language]
    keys = [f"ask.{kind}" for kind in (*ASKS, "first", "who")] + [key for key in words.lines if key.startswith("on.")] + ["own.question"]
    general = [line for key in keys for line in words.variants(key)]
    heads = [words_in(re.sub(r"\$\w+", "", line))[:4] for line in general]
    assert len(set(heads)) == len(heads), sorted(head for head in heads if heads.count(head) > 1)

    chat = chat_in(LIBRARY, language)
    asked = [re.split(r"(?<=[.!])\s", text_of(chat.say(f"{STORIES[language]} {n}")))[-1] for n in range(8)]
    assert len(set(asked)) == len(asked)


@pytest.mark.parametrize(
    ("said_wrong", "shown"),
    [
        ("4 then, but it's not that they won't let go, it's the date", "The date, then."),
        ("no wait, it's not the hospital, it's social care", "Social care, then."),
        ("I didn't say I knew! I learned of it afterwards, like the school, in the paper", "wrong"),
    ],
)
def test_what_is_put_right_is_said_back_as_it_stands_now(said_wrong: str, shown: str):
    chat = Chat(LIBRARY)
    chat.say("the hospital signed without telling the school and I knew it")
    text = text_of(chat.say(said_wrong))

    assert shown in text
    assert text.endswith("?")
    assert "put right" not in text


def test_another_way_gives_the_third_option_then_a_small_thing_of_its_own_and_then_says_when_there_is_no_more():
    found = next(p for p in passages() if len(p.options) == 3)
    chat = Chat(LIBRARY)
    chat.say(MESSAGES[0], [found])
    third = text_of(chat.say("another way", [found]))
    own = [text_of(chat.say("another way", [found])) for _ in range(3)]
    none = text_of(chat.say("another way", [found]))

    assert longest_piece(found.options[2].offer) in third
    assert len(set(own)) == len(own)
    assert all(WORDS.variants("ours")[0] in text and questions_in(text) == 1 for text in own)
    assert none in WORDS.variants("advise.no-more")


def test_one_way_is_an_offer_with_its_price_and_source():
    found = passage("they-wait-for-me")
    chat = Chat(LIBRARY)
    chat.say(MESSAGES[0], [found])
    text = text_of(chat.say("just tell me what to do", [found]))

    assert not ORDERS.search(text)
    assert re.search(r"\[\d\]|own suggestion", text)
    assert text.count("1. ") == 0


def test_where_it_comes_from_names_the_strength_of_the_evidence_and_every_source():
    for found in passages()[::10]:
        chat = Chat(LIBRARY)
        chat.say(MESSAGES[0], [found])
        message = said(chat.say("says who?", [found]))[0]
        assert WORDS.variants(f"evidence.{found.strength}")[0] in message.text
        assert len(message.sources) == len(found.sources)


def test_a_card_that_touches_integrity_or_strain_says_so_beside_its_options():
    for handoff in ("ethics", "distress", "safeguarding", "specialist"):
        for found in [p for p in passages() if p.handoff == handoff][:3]:
            assert WORDS.variants(f"handoff.{handoff}")[0] in first_reply(found, MESSAGES[0]).text


def test_picking_an_option_leads_to_a_step_of_ones_own_with_when_not_to():
    for found in passages()[::10]:
        chat = Chat(LIBRARY)
        chat.say(MESSAGES[0], [found])
        text = text_of(chat.say("1", [found]))
        assert chat.conversation.place is not None
        assert chat.conversation.place.guide == "if-then"
        assert "“" in text
        assert "$" not in text
        assert text.count("?") == 1


# --- an operator's own documents


def with_quote(found: list[Passage], words: str) -> Message:
    event = Said("1", datetime(2026, 3, 2, 9, tzinfo=UTC), words)
    person = Person(PersonId("p"), welcomed=True, onboarded=True)
    quote = Quote("handbook.pdf", "page 3", "Disputes go to the steering group first. $who is not a slot here.", 0.8)
    turn = step(LIBRARY, Context(person, Conversation(), passages=tuple(found), quotes=(quote,)), event)
    return next(effect.message for effect in turn.effects if isinstance(effect, Say))


def test_an_own_document_is_quoted_with_its_place_beside_the_card():
    message = with_quote([passages()[0]], MESSAGES[0])

    assert "“Disputes go to the steering group first. $who is not a slot here.” (handbook.pdf, page 3)" in message.text
    assert is_advice(message)
    assert message.text.endswith("?")


def test_an_own_document_speaks_where_the_cards_are_silent():
    message = with_quote([], "our steering group cannot settle the dispute about the boats")

    assert "(handbook.pdf, page 3)" in message.text
    assert message.text.endswith("?")


@pytest.mark.parametrize(
    ("told", "back"),
    [
        ("The secretary won't meet us without a letter and my boss refuses to write one.", "told.two-refusals"),
        ("They agree on everything in the meeting and then do the opposite.", "told.agree-then-opposite"),
    ],
)
def test_what_is_told_in_two_clauses_is_not_met_as_one_of_them(told, back):
    chat = chat_in(LIBRARY, "en", told)

    assert any(mark.startswith(f"{back}.mirror#") for mark in chat.conversation.recent)


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "Today the director thanked me in front of everybody and I felt awkward."),
        ("fr", "Aujourd'hui le directeur m'a remerciée devant tout le monde et ça m'a gênée."),
        ("es", "Hoy el director me agradeció delante de todos y me dio pena."),
    ],
)
def test_a_joy_that_is_clouded_is_no_occasion_to_enjoy(language, told):
    chat = chat_in(LIBRARY, language, told)

    assert chat.conversation.talk is None or chat.conversation.talk.stage != "glad"


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "They say it's useless"), ("fr", "Ils disent que ça ne sert à rien"), ("es", "Ellos dicen que es inútil")],
)
def test_scorn_that_others_have_is_not_taken_for_anger_at_the_coach(language, told):
    first = {
        "en": "The young do not come to the committee any more.",
        "fr": "Les jeunes ne viennent plus au comité.",
        "es": "Los jóvenes ya no vienen al comité.",
    }
    chat = chat_in(LIBRARY, language, first[language], told)

    assert not any(mark.startswith("sorry.") for mark in chat.conversation.recent)
