"""Composes a coaching reply from the hand-written parts of a card, with no model.

The order never changes: first a mirror that adds meaning, then at most two options, each with its price and its source,
then one open question, last. A first vague message gets a mirror and a question only. Where nothing was found, the reply
says so. Numbers in brackets refer to sources that code has looked up; a detail that is ours is marked as ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import product

from bot.draft import Draft
from bot.hearing import asks_coach, echo_of, feels, of_this_world, only_who_in, when_in, who_in, words_in
from bot.model import Choice, Cited, Option, Passage, Talk

SCREEN = 550  # characters of an advising reply that fit one phone screen (about 38 characters by 24 lines, less blank lines)
CLOSE = 0.75  # from here on a card's mirror may be held up to a scene that was not told for advice
CLEAR = 0.5  # a passage's score from which it answers the message; between the gate and this, the message is vague
FEW = 4  # words of content; with fewer, even a clear hit is a guess, and asking back is better
ONE_PARAGRAPH = 240  # a mirror and its question up to this length read better without a gap
SENTENCE = 6  # words from which a message that no card knows, and that names nobody, is about something else altogether
STORY = 18  # words from which a message tells a story: another one in the middle of a talk, or several threads at once
THREADS = 3  # threads that are named (rubric S5)
STALE = timedelta(hours=12)  # after this a talk is over, and the next message starts a new one


def coach(draft: Draft, text: str) -> None:
    """Answers a message that is put to the coach, as the next move of the talk in hand or as the first of a new one."""
    talk = draft.talk if draft.talk and draft.at - draft.talk.at < STALE else None
    in_hand = draft.context.in_hand if talk else None
    if talk and in_hand and talk.stage in ("options", "deepen"):
        if not _new_topic(draft, talk, text):
            _deepen(draft, replace(talk, at=draft.at), in_hand, text)
            return
        talk = None
    if talk and asks_coach(text, draft.words.hear):
        talk = None  # asked back and answered by a question of their own: that one counts
    best = draft.context.passages[0] if draft.context.passages else None
    if best is None and talk and in_hand:
        best = in_hand  # asked back and answered in words that find nothing: the first find still stands
    if best is None:
        _silent(draft, text)
        return
    asked = f"{talk.asked}\n{text}" if talk else text
    fresh = Talk(best.card, "explore", talk.began if talk else draft.at, draft.at, asked)
    clear = best.score >= CLEAR
    if talk is None and _content(draft, text) < FEW:
        _ask_back(draft, fresh, best if clear else None, text)
    elif clear or (talk and talk.stage == "threads"):
        advise(draft, fresh, best, asked)
    elif talk or len(words_in(text)) >= STORY:
        _offer_threads(draft, fresh, text)
    else:
        _ask_back(draft, fresh, None, text)


def _content(draft: Draft, text: str) -> int:
    return len([word for word in words_in(text) if word not in draft.words.hear.fillers])


def _new_topic(draft: Draft, talk: Talk, text: str) -> bool:
    """Whether a message in the middle of a talk opens another one.

    What follows a reply is mostly an answer to it, however much it sounds like another card. It is something new when it
    puts a question of its own, is long enough to tell another story, or is one bare word that a card knows well.
    """
    passages, words = draft.context.passages, words_in(text)
    asks = asks_coach(text, draft.words.hear) or text.rstrip().endswith("?")
    if not passages:
        return not of_this_world(text, draft.words.hear) and (asks or len(words) >= SENTENCE)
    if talk.card in [passage.card for passage in passages[:3]]:
        return False
    if asks_coach(text, draft.words.hear):
        return True
    return passages[0].score >= CLEAR and (asks or len(words) >= STORY or len(words) <= 2)


# --- the moves


def _ask_back(draft: Draft, talk: Talk, passage: Passage | None, text: str) -> None:
    """A mirror and a question only. `passage` is None where no card is sure enough to speak: then a few of their own words."""
    if passage:
        mirror, question = _pick_mirror(draft, passage, text), _pick_question(draft, passage)
        draft.talk = _with_used(talk, mirror, question)
        _speak(draft, [_said(draft, passage, mirror, text)], _said(draft, passage, question, text))
    else:
        draft.talk = talk
        _speak(draft, [_heard(draft, text)], draft.line("explore.question"))


def _heard(draft: Draft, text: str) -> str:
    """That something was heard, in a few of the person's own words where they have some to hand back."""
    echo = echo_of(text, draft.words.hear)
    return draft.line("explore.echo", echo=echo) if echo else draft.line("explore.bare")


def _offer_threads(draft: Draft, talk: Talk, text: str) -> None:
    """Several things in one message, or one that several cards might be about: up to three threads are named, the person picks."""
    draft.talk = replace(talk, stage="threads")
    choices = [Choice(f"card:{passage.card}", passage.title) for passage in draft.context.passages[:THREADS]]
    _speak(draft, [_heard(draft, text)], draft.line("threads.question"), [*choices, draft.choice("none-of-these")])


def thread_picked(draft: Draft, card: str) -> None:
    """Goes on with the thread that was picked."""
    talk = draft.talk
    passage = next((passage for passage in draft.context.passages if passage.card == card), None)
    if talk is None or passage is None:
        draft.say(draft.line("unsure"))
    else:
        advise(draft, Talk(card, "options", talk.began, draft.at, talk.asked), passage, talk.asked)


def no_thread(draft: Draft) -> None:
    """None of the threads is it: back to their own words."""
    draft.talk = None
    draft.say(draft.line("threads.none"))


def advise(draft: Draft, talk: Talk, passage: Passage, text: str) -> None:
    """Mirror, two options with price and source, one question; the parts are chosen so that they fit one screen."""
    numbers = [n for n in range(len(passage.options)) if f"o{n}" not in talk.used][:2] or [0, 1]
    options = [passage.options[n] for n in numbers]
    sources = _cite(draft, passage, options)
    lead = draft.line("advise.two" if all(option.source for option in options) else "advise.two.mixed")
    rows = [f"{n}. {_option_row(draft, passage, option, sources, text)}" for n, option in enumerate(options, 1)]
    care = [draft.line(f"handoff.{passage.handoff}")] if passage.handoff != "none" else []
    middle = "\n".join([*([passage.thin] if passage.thin else []), lead, *rows, *care])
    fitting = [
        (mirror, question)
        for mirror, question in product(_mirrors(draft, passage, text), _questions(draft, passage))
        if len(_said(draft, passage, mirror, text)) + len(middle) + len(_said(draft, passage, question, text)) + 4 <= SCREEN
    ]
    mirror, question = fitting[0] if fitting else (_shortest(passage, "m"), _shortest(passage, "q"))
    draft.remember(_mark(passage, mirror))
    draft.remember(_mark(passage, question))
    draft.talk = _with_used(replace(talk, stage="options"), mirror, question, *(f"o{n}" for n in numbers))
    choices = [Choice(f"opt:{passage.card}:{n}", passage.options[n].name) for n in numbers]
    _speak(
        draft,
        [_said(draft, passage, mirror, text), middle],
        _said(draft, passage, question, text),
        [*choices, draft.choice("another")],
        sources,
    )


def another_way(draft: Draft) -> None:
    """The next option of the card in hand, then the next card found; then honesty that there is no more."""
    talk, passage = draft.talk, draft.context.in_hand
    if talk is None or passage is None:
        draft.say(draft.line("unsure"))
        return
    left = [n for n in range(len(passage.options)) if f"o{n}" not in talk.used]
    if not left:
        for other in draft.context.passages:
            if other.card != talk.card and f"c:{other.card}" not in talk.used:
                advise(draft, Talk(other.card, "options", talk.began, draft.at, talk.asked, (f"c:{talk.card}",)), other, talk.asked)
                return
        draft.say(draft.line("advise.no-more"))
        return
    number, option = left[0], passage.options[left[0]]
    sources = _cite(draft, passage, [option])
    offer = _slots(draft, passage, option.offer, talk.asked)
    said = draft.line("advise.another", offer=offer, price=_priced(draft, passage, option, sources, talk.asked))
    question = _pick_question(draft, passage)
    draft.talk = _with_used(replace(talk, at=draft.at), f"o{number}", question)
    choices = [Choice(f"opt:{passage.card}:{number}", option.name), draft.choice("another")]
    _speak(draft, [said], _said(draft, passage, question, talk.asked), choices, sources)


def one_way(draft: Draft) -> None:
    """Somebody wants one thing and no choice of two: one option with its reason, as an offer."""
    talk, passage = draft.talk, draft.context.in_hand
    if talk is None or passage is None:
        draft.say(draft.line("unsure"))
        return
    option = passage.options[0]
    sources = _cite(draft, passage, [option])
    offer = _slots(draft, passage, option.offer, talk.asked)
    said = draft.line("advise.one", offer=offer, price=_priced(draft, passage, option, sources, talk.asked))
    question = _pick_question(draft, passage)
    draft.talk = _with_used(replace(talk, stage="options", at=draft.at), "o0", question)
    choices = [Choice(f"opt:{passage.card}:0", option.name), draft.choice("another")]
    _speak(draft, [said], _said(draft, passage, question, talk.asked), choices, sources)


def _deepen(draft: Draft, talk: Talk, passage: Passage, text: str) -> None:
    """The person answered instead of choosing: a mirror of that and a question, then a fair challenge, then the choice again."""
    draft.talk = talk
    if talk.stage == "options":
        question = _pick_question(draft, passage)
        if echo := echo_of(text, draft.words.hear):
            said = draft.line("deepen.echo", echo=echo)
        else:
            said = _said(draft, passage, _pick_mirror(draft, passage, text), text)
        draft.talk = _with_used(replace(talk, stage="deepen"), question)
        _speak(draft, [said], _said(draft, passage, question, text), _open_options(draft, talk, passage))
        return
    if "challenge" not in talk.used:
        draft.talk = _with_used(talk, "challenge")
        challenge = _slots(draft, passage, passage.challenge, talk.asked)
        if challenge.endswith("?"):
            _speak(draft, [], challenge, _open_options(draft, talk, passage))
        else:
            _speak(draft, [challenge], draft.line("deepen.choose"), _open_options(draft, talk, passage))
        return
    _speak(draft, [], draft.line("deepen.choose"), [*_open_options(draft, talk, passage), draft.choice("enough")])


def _open_options(draft: Draft, talk: Talk, passage: Passage) -> list[Choice]:
    shown = [n for n in range(len(passage.options)) if f"o{n}" in talk.used]
    return [*(Choice(f"opt:{passage.card}:{n}", passage.options[n].name) for n in shown), draft.choice("another")]


def chosen(draft: Draft, number: int) -> tuple[str, str] | None:
    """What leads over to a step of one's own once an option is picked: a line about it, and the frame to make one's own."""
    talk, passage = draft.talk, draft.context.in_hand
    if talk is None or passage is None or number >= len(passage.options):
        return None
    option = passage.options[number]
    return (
        draft.line("advise.not-if", not_if=_slots(draft, passage, option.not_if, talk.asked)),
        _slots(draft, passage, passage.if_then, talk.asked),
    )


def tell_more(draft: Draft) -> None:
    """Where the guidance comes from and how firm it is."""
    passage = draft.context.in_hand
    if passage is None:
        draft.say(draft.line("tell-more.none"))
        return
    evidence = draft.line(f"evidence.{passage.strength}")
    gist = passage.gist if passage.thin is None else f"{passage.gist} {passage.thin}"
    sources = tuple(_cited(draft, passage, n) for n in range(1, len(passage.sources) + 1))
    draft.say(draft.line("tell-more", gist=gist, evidence=evidence), choices=draft.offered, sources=sources)


def _silent(draft: Draft, text: str) -> None:
    draft.talk = None
    if of_this_world(text, draft.words.hear):
        _speak(draft, [draft.line("silent")], draft.line("silent.question"))
    else:
        _speak(draft, [draft.line("off-topic")], draft.line("off-topic.question"))


def mirror_of(draft: Draft, answer: str) -> str:
    """A short mirror of an answer in a reflection: from the card that fits it closely, else from the answer's own shape."""
    best = draft.context.passages[0] if draft.context.passages else None
    if best is not None and best.score >= CLOSE:
        for mirror in _mirrors(draft, best, answer):
            if draft.heard_at(_mark(best, mirror)) < 0:
                draft.remember(_mark(best, mirror))
                return _said(draft, best, mirror, answer)
    shape, echo, who = _shape(draft, answer), echo_of(answer, draft.words.hear), who_in(answer, draft.words.hear)
    if shape in ("short", "nothing"):
        return draft.line(f"flow.{shape}")
    if shape == "plain" and who:
        return draft.line("flow.who", who=who)
    return draft.line(f"flow.{shape}", echo=echo) if echo else draft.line("flow.bare")


def _shape(draft: Draft, answer: str) -> str:
    words = words_in(answer)
    if {"but", "although", "though", "however", "yet"} & set(words):
        return "contrast"
    if feels(answer, draft.words.hear):
        return "feeling"
    if words[:1] == ["nothing"] or "nothing happened" in " ".join(words):
        return "nothing"
    if words.count("i") >= 2:
        return "acted"
    if "they" in words and "i" not in words:
        return "others"
    return "short" if len(words) < 5 else "plain"


# --- the parts of a card, named m0-m2 (mirrors), q0-q2 (questions), o0-o2 (options)


def _mark(passage: Passage, part: str) -> str:
    return f"{passage.card}/{part}"


def _with_used(talk: Talk, *parts: str) -> Talk:
    return replace(talk, used=tuple(dict.fromkeys([*talk.used, *parts])))


def _text(passage: Passage, part: str) -> str:
    return (passage.mirrors if part[0] == "m" else passage.questions)[int(part[1])]


def _said(draft: Draft, passage: Passage, part: str, text: str) -> str:
    return _slots(draft, passage, _text(passage, part), text, first=part[0] == "m")


def _slots(draft: Draft, passage: Passage, line: str, text: str, first: bool = False) -> str:
    """Fills $who and $when: with the person's own words where they can stand, else with the card's.

    "One of your partners" is said once, in the mirror; afterwards it is "this partner". A name that stands in the line
    already is not put there again.
    """
    hear = draft.words.hear
    who = only_who_in(text, hear)
    if who and (set(words_in(line)) & set(words_in(who)[-1:]) or (not first and who.split()[0] not in ("the", *hear.whose.values()))):
        who = None
    filled = draft.fill(line, who=who or passage.who, when=when_in(text, hear) or passage.when)
    return filled[:1].upper() + filled[1:] if line[:1] == "$" else filled


def _mirrors(draft: Draft, passage: Passage, text: str) -> list[str]:
    """The card's mirrors, best first: not used lately, about the feeling when one was shown, close to the person's own words."""
    said = set(words_in(text)) - set(draft.words.hear.fillers)
    felt = feels(text, draft.words.hear)

    def rank(number: int) -> tuple[int, int, int, int]:
        mirror = passage.mirrors[number]
        shared = len(said & set(words_in(_slots(draft, passage, mirror, text))))
        return draft.heard_at(_mark(passage, f"m{number}")), int((number == 0) != felt), -shared, number

    return [f"m{n}" for n in sorted(range(3), key=rank)]


def _questions(draft: Draft, passage: Passage) -> list[str]:
    return [f"q{n}" for n in sorted(range(3), key=lambda n: (draft.heard_at(_mark(passage, f"q{n}")), n))]


def _shortest(passage: Passage, kind: str) -> str:
    return min((f"{kind}{n}" for n in range(3)), key=lambda part: len(_text(passage, part)))


def _pick_mirror(draft: Draft, passage: Passage, text: str) -> str:
    part = _mirrors(draft, passage, text)[0]
    draft.remember(_mark(passage, part))
    return part


def _pick_question(draft: Draft, passage: Passage) -> str:
    part = _questions(draft, passage)[0]
    draft.remember(_mark(passage, part))
    return part


# --- sources


def _cited(draft: Draft, passage: Passage, number: int) -> Cited:
    source = passage.sources[number - 1]
    first, last = source.lines.split("-")
    lines = first if first == last else source.lines
    key = "source.where" if first == last else "source.where.lines"
    where = draft.line(key, doc=draft.line(f"doc.{source.doc}"), lines=lines, where=source.where)
    return Cited(number, passage.card, passage.title, passage.topics, where)


def _cite(draft: Draft, passage: Passage, options: Sequence[Option]) -> tuple[Cited, ...]:
    """The sources these options rest on, numbered from 1 in the order in which they are named."""
    numbers = list(dict.fromkeys(option.source for option in options if option.source))
    return tuple(replace(_cited(draft, passage, n), mark=mark) for mark, n in enumerate(numbers, 1))


def _priced(draft: Draft, passage: Passage, option: Option, sources: Sequence[Cited], text: str) -> str:
    """The price of an option, with the mark of its source or of its being ours."""
    price = _slots(draft, passage, option.price, text)
    if not option.source:
        return f"{price} {draft.line('ours')}"
    wanted = _cited(draft, passage, option.source).where
    return f"{price} [{next(cited.mark for cited in sources if cited.where == wanted)}]"


def _option_row(draft: Draft, passage: Passage, option: Option, sources: Sequence[Cited], text: str) -> str:
    return f"{_slots(draft, passage, option.offer, text)} {_priced(draft, passage, option, sources, text)}"


def _speak(draft: Draft, parts: Sequence[str], question: str, choices: Sequence[Choice] = (), sources: Sequence[Cited] = ()) -> None:
    """Says the parts and ends on the question; in the middle of a guide that is the guide's own question instead."""
    if draft.ending:
        question, choices = draft.ending
    together = len(parts) == 1 and not draft.ending and len(parts[0]) + len(question) < ONE_PARAGRAPH
    draft.say((" " if together else "\n\n").join([*parts, question]), "reply", choices, sources)
