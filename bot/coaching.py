"""Composes coaching replies from the hand-written parts of a card, with no model.

The order never changes: first a mirror that adds meaning, then at most two options, each with its price and its source,
then one open question, last. A vague message gets a mirror and a question only, and where no card is sure enough to speak,
the mirror is made of a few of the person's own words. Where nothing was found, the reply says so. Numbers in brackets refer
to sources that code has looked up; a detail that is ours is marked as ours.

A talk has a course: explore (asked back), threads (which of several things), options (two ways were shown), deepen (answered
instead of choosing), own (asked for a step of one's own). It can be left at any point; what leads out of it is dialogue.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Literal

from bot import offers
from bot.draft import Draft
from bot.hearing import asks_coach, echo_of, feels, kinds_named, of_this_world, only_who_in, refers_back, turns_in, who_in
from bot.model import Brief, Choice, Cited, Move, Passage, Talk
from bot.spelling import words_in
from bot.threads import choices_of, leading, shown, threads_in
from bot.voice import Voice

SCREEN = 550  # characters of an advising reply that fit one phone screen (about 38 characters by 24 lines, less blank lines)
CLEAR = 0.5  # a passage's score from which it answers the message: on the development queries 92 in 100 of those are right
LIKELY = 0.3  # from here on a card's title is worth offering as one of several threads; below, every second one is wrong
FEW = 4  # words of content; with fewer, even a clear hit is a guess, and asking back is better
SENTENCE = 6  # words from which a message that no card knows, and that names nobody, is about something else altogether
STORY = 18  # words from which a message tells a story: another one in the middle of a talk, or several threads at once
THREADS = 3  # threads that are named (rubric S5)
MANY, KINDS = 30, 3  # words, and kinds of people in them, from which a message holds several matters
QUOTED = 220  # characters of an own document that are quoted in a reply
ONE_PARAGRAPH = 240  # a mirror and its question up to this length read better without a gap
CARDS, ENTRIES = 2, 3  # that a model is given to word a reply
STALE = timedelta(hours=12)  # after this a talk is over, and the next message starts a new one


def talk_in_hand(draft: Draft) -> Talk | None:
    """The talk that a message goes on with, unless it is too long ago."""
    return draft.talk if draft.talk and draft.at - draft.talk.at < STALE else None


def coach(draft: Draft, text: str) -> None:
    """Answers a message that is put to the coach, as the next move of the talk in hand or as the first of a new one."""
    talk = talk_in_hand(draft)
    in_hand = draft.context.in_hand if talk else None
    if talk and talk.stage == "glad":
        if not (asks_coach(text, draft.words.hear) or turns_in(text, draft.words.hear)):
            _stay_glad(draft, talk, text)
            return
        talk = None
    if talk and in_hand and talk.stage in ("options", "deepen", "own"):
        heading = _heading(draft, talk, text)
        if heading == "on" and asks_coach(text, draft.words.hear):
            another_way(draft)
            return
        if heading == "on":
            _deepen(draft, replace(talk, at=draft.at), in_hand, text)
            return
        if heading == "aside":
            _turn_aside(draft, talk, text)
            return
        talk = None
    if talk and asks_coach(text, draft.words.hear) and not refers_back(text, draft.words.hear):
        talk = None  # asked back and answered by a question of their own: that one counts
    best = draft.context.passages[0] if draft.context.passages else None
    if best is None and talk and in_hand:
        best = in_hand  # asked back and answered in words that find nothing: the first find still stands
    if best is None:
        _silent(draft, text)
    else:
        _open(draft, talk, best, text)


def _open(draft: Draft, talk: Talk | None, best: Passage, text: str) -> None:
    """The first moves, as sure as the search is: options, threads to choose from, or a question back."""
    asked = f"{talk.asked}\n{text}" if talk else text
    fresh = Talk(best.card, "explore", draft.at, draft.at, asked)
    if talk:
        fresh = replace(talk, card=best.card, stage="explore", at=draft.at, asked=asked)
    clear = best.score >= CLEAR
    if _content(draft, asked) < FEW:
        _ask_back(draft, fresh, best if clear else None, text)
    elif talk is None and (threads := threads_in(text, draft.words.hear)):
        _name_threads(draft, replace(fresh, threads=threads))
    elif talk is None and _many(draft, text):
        _offer_threads(draft, fresh, text)
    elif clear or (talk and talk.stage == "threads"):
        advise(draft, replace(fresh, used=()), best, asked)
    elif talk or (best.score >= LIKELY and (len(words_in(text)) >= STORY or asks_coach(text, draft.words.hear))):
        _offer_threads(draft, fresh, text)
    else:
        _ask_back(draft, fresh, None, text)


def _many(draft: Draft, text: str) -> bool:
    """Several matters in one message, by how many kinds of people it names: the person picks where to begin (rubric S5)."""
    return len(words_in(text)) >= MANY and len(kinds_named(text, draft.words.hear)) >= KINDS


def _content(draft: Draft, text: str) -> int:
    return len([word for word in words_in(text) if word not in draft.words.hear.fillers])


def _heading(draft: Draft, talk: Talk, text: str) -> Literal["on", "aside", "new"]:
    """Where a message leads that follows options: on with the card, aside to something the card may not know, or to a new talk.

    What follows a reply is mostly an answer to it. It opens a new talk when it asks a question of its own, tells another story, or
    is a bare word that another card knows well; it leads aside when another card knows it clearly and this one doesn't.
    """
    passages, words = draft.context.passages, words_in(text)
    asks = asks_coach(text, draft.words.hear) or text.rstrip().endswith("?")
    if not passages:
        hear = draft.words.hear
        elsewhere = not of_this_world(text, hear) and not feels(text, hear) and (asks or len(words) >= SENTENCE)
        return "new" if elsewhere else "on"
    if talk.card in [passage.card for passage in passages[:3]]:
        return "on"
    if asks_coach(text, draft.words.hear):
        return "on" if passages[0].score < CLEAR and refers_back(text, draft.words.hear) else "new"
    if passages[0].score < CLEAR:
        return "on"
    return "new" if asks or len(words) >= STORY or len(words) <= 2 else "aside"


# --- asking back


def _turn_aside(draft: Draft, talk: Talk, text: str) -> None:
    """Something that another card knows better: a feeling is handed back in its own words, the rest mirrored by that card."""
    echo, best = echo_of(text, draft.words.hear), draft.context.passages[0]
    felt = echo is not None and feels(echo, draft.words.hear) and "echo" not in talk.used
    aside = replace(talk, card=best.card, stage="explore", at=draft.at, asked=f"{talk.asked}\n{text}")
    _ask_back(draft, aside, None if felt else best, text)


def _ask_back(draft: Draft, talk: Talk, passage: Passage | None, text: str) -> None:
    """A mirror and a question only. `passage` is None where no card is sure enough to speak."""
    if passage:
        voice = Voice(draft, passage, text)
        draft.talk = talk
        said, question, choices = voice.use(voice.mirrors()[0]), voice.ask(), list[Choice]()
    else:
        said, used = _heard(draft, talk, text)
        draft.talk = _with_used(talk, *used)
        key = "explore.feeling.question" if feels(text, draft.words.hear) else "explore.question"
        question, choices = draft.line(key), _walk(draft, talk.asked)
    _speak(draft, [said], question, choices, brief=_brief(draft, "ask-back", passage, text, said, question))


def _walk(draft: Draft, text: str) -> list[Choice]:
    """A guide that fits what was told, as one more way to go on; offered once a talk."""
    talk = draft.talk
    if draft.ending or (talk and "guide" in talk.used):
        return []
    choices = offers.walk(draft, text)
    if talk and choices:
        draft.talk = _with_used(talk, "guide")
    return choices


def _heard(draft: Draft, talk: Talk, text: str) -> tuple[str, Sequence[str]]:
    """That something was heard: in a few of the person's own words once a talk, else by whom it is about, else plainly."""
    hear = draft.words.hear
    echo = echo_of(text, hear)
    if echo and "echo" not in talk.used and (feels(echo, hear) or turns_in(text, hear)):
        return draft.line("explore.echo", echo=echo), ("echo",)
    if feels(text, hear):
        return draft.line("explore.feeling"), ()
    if who := only_who_in(text, hear):
        said = draft.line("explore.who", who=who)
        return said[:1].upper() + said[1:], ()
    return draft.line("explore.bare"), ()


def _offer_threads(draft: Draft, talk: Talk, text: str) -> None:
    """Several things in one message, or one that several cards might be about: up to three threads are named, the person picks."""
    said, used = _heard(draft, talk, text)
    draft.talk = _with_used(replace(talk, stage="threads"), *used)
    choices = [Choice(f"card:{passage.card}", passage.title) for passage in draft.context.passages[:THREADS]]
    key = "threads.question" if len(words_in(text)) >= STORY else "threads.nearest"
    _speak(draft, [said], draft.line(key), [*choices, draft.choice("none-of-these")])


def card_picked(draft: Draft, card: str) -> None:
    """Goes on with the card that was picked."""
    talk = draft.talk
    passage = next((passage for passage in draft.context.passages if passage.card == card), None)
    if talk is None or passage is None:
        draft.say(draft.line("unsure"))
    else:
        advise(draft, replace(talk, card=card, stage="options", at=draft.at, used=()), passage, talk.asked)


def no_thread(draft: Draft) -> None:
    """None of the threads is it: back to their own words."""
    draft.talk = None
    draft.say(draft.line("threads.none"))


def _name_threads(draft: Draft, talk: Talk) -> None:
    """Several matters that were listed: each is named in the person's own words, one is proposed, and the person picks (rubric S5)."""
    first, felt = leading(talk.threads, draft.words.hear)
    draft.talk = replace(talk, stage="threads")
    key = "threads.begin.felt" if felt else "threads.begin.told"
    question = draft.line(key, thread=shown(talk.threads[first]))
    _speak(draft, [draft.line("threads.own")], question, choices_of(talk))


def thread_picked(draft: Draft, what: str) -> None:
    """Opens the talk about one of several matters; the others are kept for afterwards."""
    talk, number = draft.talk, int(what)
    if talk is None or number >= len(talk.threads):
        draft.say(draft.line("unsure"))
        return
    text = talk.threads[number]
    others = tuple(thread for thread in talk.threads if thread != text)
    draft.talk = None
    coach(draft, text)
    if draft.talk:
        draft.talk = replace(draft.talk, threads=others)


# --- options


def advise(draft: Draft, talk: Talk, passage: Passage, text: str) -> None:
    """Mirror, two options with price and source, one question; the parts are chosen so that they fit one screen."""
    voice = Voice(draft, passage, text)
    numbers = _unshown(voice, talk)[:2]
    if len(numbers) < 2:
        _go_on(draft, replace(talk, stage="options"), passage, numbers, text)
        return
    options = [passage.options[n] for n in numbers]
    sources = voice.cite(options)
    lead = draft.line("advise.two" if all(option.source for option in options) else "advise.two.mixed")
    rows = [f"{n}. {voice.offer(option)} {voice.price(option, sources)}" for n, option in enumerate(options, 1)]
    care = [draft.line(f"handoff.{passage.handoff}")] if passage.handoff != "none" else []
    middle = "\n".join([*([passage.thin] if passage.thin else []), lead, *rows, *care, *_own_document(draft)])
    room = SCREEN - len(middle) - len("\n\n\n\n")
    pairs = list(product(voice.mirrors(), voice.questions()))
    fitting = [pair for pair in pairs if len(voice.part(pair[0])) + len(voice.part(pair[1])) <= room]
    mirror, question = fitting[0] if fitting else min(pairs, key=lambda pair: len(voice.part(pair[0])) + len(voice.part(pair[1])))
    draft.talk = _with_used(replace(talk, stage="options"), *(f"o{n}" for n in numbers))
    voice.show(numbers)
    said, asked = voice.use(mirror), voice.use(question)
    brief = replace(
        _brief(draft, "options", passage, text, said, asked),
        before="\n".join([*([passage.thin] if passage.thin else []), lead]),
        offers=tuple(
            voice.in_reply(option, number, place, sources) for place, (option, number) in enumerate(zip(options, numbers, strict=True), 1)
        ),
        after="\n".join([*care, *_own_document(draft)]),
    )
    _speak(draft, [said, middle], asked, [*map(voice.choice, numbers), draft.choice("another")], sources, brief)


def _unshown(voice: Voice, talk: Talk) -> list[int]:
    """The options of a card that were not shown in this talk nor in one shortly before."""
    return [n for n in range(len(voice.passage.options)) if f"o{n}" not in talk.used and not voice.shown(n)]


def _go_on(draft: Draft, talk: Talk, passage: Passage, left: list[int], text: str) -> None:
    """A card that has shown its options speaks again: with the one that is left, else it listens on (rubric C12)."""
    said = text.rsplit("\n", 1)[-1]
    if left and not feels(said, draft.words.hear):
        _show_one(draft, talk, passage, left[0], "advise.another")
        return
    draft.talk = talk = _with_used(talk, *(f"o{n}" for n in range(len(passage.options))))
    _deepen(draft, talk, passage, said)


def ideas(draft: Draft) -> None:
    """What could be done is asked for, and nothing else: an idea of the talk in hand, or the threads it might be about."""
    talk, passages = talk_in_hand(draft), draft.context.passages
    if talk is None or talk.stage == "glad":
        draft.say(draft.line("unsure"))
    elif talk.stage in ("options", "deepen", "own"):
        another_way(draft)
    elif not passages:
        _silent(draft, talk.asked)
    elif talk.stage == "threads" or passages[0].score >= CLEAR:
        advise(draft, replace(talk, card=passages[0].card, stage="options", at=draft.at, used=()), passages[0], talk.asked)
    else:
        _offer_threads(draft, replace(talk, at=draft.at), talk.asked)


def another_way(draft: Draft) -> None:
    """The next option of the card in hand, then the next card found; then honesty that there is no more."""
    talk, passage = draft.talk, draft.context.in_hand
    if talk is None or passage is None:
        draft.say(draft.line("unsure"))
        return
    left = _unshown(Voice(draft, passage, talk.asked), talk)
    if left:
        _show_one(draft, talk, passage, left[0], "advise.another")
        return
    seen = (*(part for part in talk.used if part.startswith("c:")), f"c:{talk.card}")
    for other in draft.context.passages:
        if f"c:{other.card}" not in seen and other.score >= LIKELY:
            advise(draft, replace(talk, card=other.card, stage="options", at=draft.at, used=seen), other, talk.asked)
            return
    draft.talk = replace(talk, stage="own", at=draft.at)
    draft.say(draft.line("advise.no-more"), "reply", _walk(draft, talk.asked))


def one_way(draft: Draft) -> None:
    """Somebody wants one thing and no choice of two: one option with its reason, as an offer."""
    if draft.talk is None or draft.context.in_hand is None:
        draft.say(draft.line("unsure"))
    else:
        talk, passage = draft.talk, draft.context.in_hand
        left = _unshown(Voice(draft, passage, talk.asked), talk)
        _show_one(draft, talk, passage, left[0] if left else 0, "advise.one")


def _show_one(draft: Draft, talk: Talk, passage: Passage, number: int, key: str) -> None:
    voice, option = Voice(draft, passage, talk.asked), passage.options[number]
    sources = voice.cite([option])
    offer, price = voice.offer(option), voice.price(option, sources)
    said = draft.line(key, offer=offer, price=price)
    draft.talk = _with_used(replace(talk, stage="options", at=draft.at), f"o{number}")
    voice.show([number])
    question = voice.ask()
    brief = replace(
        _brief(draft, "one", passage, talk.asked, "", question),
        before=said.partition(offer)[0].strip(),
        offers=(voice.in_reply(option, number, 1, sources),),
        after=said.rpartition(price)[2].strip(),
    )
    _speak(draft, [said], question, [voice.choice(number), draft.choice("another")], sources, brief)


def chosen(draft: Draft, number: int) -> tuple[str, str] | None:
    """What leads over to a step of one's own once an option is picked: a caution, and the frame to make one's own."""
    talk, passage = draft.talk, draft.context.in_hand
    if talk is None or passage is None or number >= len(passage.options):
        return None
    voice = Voice(draft, passage, talk.asked)
    return draft.line("advise.not-if", not_if=voice.filled(passage.options[number].not_if)), voice.filled(passage.if_then)


# --- something went well


def glad(draft: Draft, text: str) -> None:
    """No options: a moment to see what made it work, and the offer to keep it."""
    if draft.talk and draft.talk.stage == "glad":
        _stay_glad(draft, _with_used(draft.talk, "on"), text)
        return
    draft.talk = Talk("", "glad", draft.at, draft.at, text)
    draft.say(draft.line("joy"), "reply", [draft.choice("reflect"), draft.choice("later")])


def _stay_glad(draft: Draft, talk: Talk, text: str) -> None:
    """What made it work was told: it is taken up once, and then left to be enjoyed."""
    choices = [draft.choice("reflect"), draft.choice("later")]
    if "on" in talk.used:
        draft.talk = None
        draft.say(draft.line("joy.rest"), "reply", choices)
        return
    draft.talk = _with_used(replace(talk, at=draft.at), "on")
    echo, said = echo_of(text, draft.words.hear), draft.line("joy.on")
    draft.say(draft.line("flow.echoed", echo=echo, mirror=said) if echo else said, "reply", choices)


# --- going deeper


def _deepen(draft: Draft, talk: Talk, passage: Passage, text: str) -> None:
    """The person answered instead of choosing: a mirror of that and a question; then a fair challenge; then a step of their own."""
    voice = Voice(draft, passage, text)
    choices = [*(voice.choice(n) for n in range(len(passage.options)) if f"o{n}" in talk.used), draft.choice("another")]
    if talk.stage == "options":
        draft.talk = replace(talk, stage="deepen")
        said, question = _echoed(draft, talk, text) or voice.use(voice.mirrors()[0]), voice.ask()
        _speak(draft, [said], question, choices, brief=_brief(draft, "deepen", passage, text, said, question))
    elif talk.stage == "deepen":
        draft.talk = replace(talk, stage="own")
        choices += _walk(draft, talk.asked)
        challenge = Voice(draft, passage, talk.asked).filled(passage.challenge)
        if "?" in challenge:
            _speak(draft, [], challenge, choices)
        else:
            question = draft.line("own.question")
            _speak(draft, [challenge], question, choices, brief=_brief(draft, "challenge", passage, text, challenge, question))
    else:
        draft.talk = talk
        question, more = draft.line("own.question"), [*choices, *_walk(draft, talk.asked), draft.choice("enough")]
        _speak(draft, [], question, more, brief=_brief(draft, "own-step", passage, text, "", question))


def _echoed(draft: Draft, talk: Talk, text: str) -> str | None:
    """A few of their own words handed back, once a talk."""
    echo = echo_of(text, draft.words.hear)
    if echo is None or "echo" in talk.used or draft.talk is None:
        return None
    draft.talk = _with_used(draft.talk, "echo")
    return draft.line("deepen.echo", echo=echo)


def tell_more(draft: Draft) -> None:
    """Where the guidance comes from and how firm it is."""
    passage = draft.context.in_hand
    if passage is None:
        draft.say(draft.line("tell-more.none"))
        return
    voice = Voice(draft, passage, "")
    gist = passage.gist if passage.thin is None else f"{passage.gist} {passage.thin}"
    sources: tuple[Cited, ...] = tuple(voice.cited(n) for n in range(1, len(passage.sources) + 1))
    draft.say(draft.line("tell-more", gist=gist, evidence=draft.line(f"evidence.{passage.strength}")), "reply", draft.offered, sources)


def plainer(draft: Draft) -> None:
    """Somebody did not understand: the last question again, in the fewest words there are, and short sentences from here on."""
    draft.plain = True
    passage = draft.context.in_hand
    if draft.talk and passage and draft.talk.stage not in ("explore", "threads"):
        question = min((Voice(draft, passage, "").part(f"q{n}") for n in range(3)), key=len)
        draft.say(draft.line("plain.again", question=question), "reply", draft.offered)
    else:
        draft.say(draft.line("plain"), "reply", draft.offered)


def for_instance(draft: Draft) -> None:
    """An example of what one might do, from the card in hand."""
    passage = draft.context.in_hand
    if draft.talk is None or passage is None or draft.talk.stage in ("explore", "threads"):
        draft.say(draft.line("example.none"))
        return
    voice = Voice(draft, passage, draft.talk.asked)
    _speak(draft, [draft.line("example", frame=voice.filled(passage.if_then))], voice.ask(), draft.offered)


def methods(draft: Draft) -> None:
    """What the ways of the card in hand are called, and what one does in each."""
    passage = draft.context.in_hand
    if draft.talk is None or passage is None or draft.talk.stage in ("explore", "threads"):
        draft.say(draft.line("example.none"))
        return
    voice = Voice(draft, passage, draft.talk.asked)
    numbers = [n for n in range(len(passage.options)) if f"o{n}" in draft.talk.used] or [0, 1]
    options = [passage.options[n] for n in numbers]
    sources = voice.cite(options)
    rows = [draft.line("method.row", name=option.name, offer=voice.offer(option), price=voice.price(option, sources)) for option in options]
    draft.talk = _with_used(replace(draft.talk, stage="options", at=draft.at), *(f"o{n}" for n in numbers))
    _speak(draft, ["\n".join(rows)], voice.ask(), [*map(voice.choice, numbers), draft.choice("another")], sources)


def _own_document(draft: Draft) -> list[str]:
    """What an operator's own document says about it, as a quotation with its place; data, and never more than shown."""
    if not draft.context.quotes:
        return []
    quote = draft.context.quotes[0]
    text = quote.text if len(quote.text) <= QUOTED else f"{quote.text[:QUOTED].rsplit(' ', 1)[0]} …"
    return [draft.line("own-document", text=text, document=quote.document, where=quote.where)]


def _silent(draft: Draft, text: str) -> None:
    draft.talk = None
    if own := _own_document(draft):
        _speak(draft, own, draft.line("silent.question"))
    elif feels(text, draft.words.hear) and not asks_coach(text, draft.words.hear):
        _ask_back(draft, Talk("", "explore", draft.at, draft.at, text), None, text)
    elif len(words_in(text)) < FEW and not text.rstrip().endswith("?"):
        draft.say(draft.line("unsure"))
    elif of_this_world(text, draft.words.hear):
        who = None if text.rstrip().endswith("?") else who_in(text, draft.words.hear)
        seen = [draft.line("explore.who", who=who)] if who else []
        _speak(draft, [" ".join([*seen, draft.line("silent")])], draft.line("silent.question"), _walk(draft, text))
    else:
        _speak(draft, [draft.line("off-topic")], draft.line("off-topic.question"))


def _brief(draft: Draft, move: Move, passage: Passage | None, said: str, mirror: str, question: str) -> Brief:
    """What a model may know to word this move: the card in hand first, the other cards found, a few entries that are not kept out."""
    found = [other for other in draft.context.passages if passage is None or other.card != passage.card]
    entries = [entry for entry in draft.context.entries if entry.id not in draft.kept_out]
    cards = (*([passage] if passage else []), *found)[:CARDS]
    return Brief(
        move,
        draft.language,
        draft.person,
        said,
        mirror,
        question,
        passages=tuple(cards),
        entries=tuple(entries[:ENTRIES]),
    )


def _speak(
    draft: Draft,
    parts: Sequence[str],
    question: str,
    choices: Sequence[Choice] = (),
    sources: Sequence[Cited] = (),
    brief: Brief | None = None,
) -> None:
    """Says the parts and ends on the question; in the middle of a guide that is the guide's own question instead."""
    if draft.ending:
        question, choices = draft.ending
    together = len(parts) == 1 and not draft.ending and len(parts[0]) + len(question) < ONE_PARAGRAPH
    draft.say((" " if together else "\n\n").join([*parts, question]), "reply", choices, sources, brief)


def _with_used(talk: Talk, *parts: str) -> Talk:
    return replace(talk, used=tuple(dict.fromkeys([*talk.used, *parts])))
