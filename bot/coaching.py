"""Decides how a coaching talk goes on, with no model. Its replies are composed from the hand-written parts of a card.

The order never changes: first a mirror that adds meaning, then at most two options, each with its price and its source,
then one open question, last. A vague message gets a mirror and a question only, and where no card is sure enough to speak,
the mirror is made of what was told. Where nothing was found, the reply says so.

A talk has a course: explore (asked back), threads (which of several things), options (two ways were shown), deepen (answered
instead of choosing), own (asked for a step of one's own), glad (something went well). It can be left at any point, and taken up again;
what leads out of it is outside.py's. exploring.py asks back, options.py offers.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from bot import options
from bot.draft import Draft
from bot.exploring import (
    BACK,
    NO_IDEAS,
    STORY,
    TELLING,
    UNWANTED,
    ask_back,
    follows_in,
    heard_in,
    holds_several,
    name_threads,
    offer_threads,
    question_on,
    walk,
)
from bot.happening import back_in, told_in
from bot.hearing import (
    ECHO,
    asks_coach,
    asks_plainly,
    content_of,
    denies,
    either_in,
    feels,
    feels_with,
    handed_back,
    kinds_named,
    of_this_world,
    pleads,
    refers_back,
    says_any,
    speaks_of_oneself,
    turns_in,
    undenied,
)
from bot.intending import clouded
from bot.model import Passage, Said, Talk
from bot.options import advise
from bot.reply import BARRED, CLEAR, NEAR, SURE, near_to, open_to, options_shown, speak, times, with_used, without
from bot.retelling import retold_in
from bot.spelling import BETWEEN_SENTENCES, any_in, expression, flat, in_line, one_line, words_in
from bot.suggesting import TRIED, is_exact, names_matter, suggest
from bot.theirs import opening
from bot.threads import threads_in
from prompts.library import First, Hear

FEW = 4  # words of content; with fewer, even a clear hit is a guess, and asking back is better
NEW = 2  # words of content that a further message has to add before two vague ones make a clear one
RECALLED = 2  # of the latest messages that are told back when somebody asks what was understood
LIKELY = 0.6  # a passage's score from which its card answers a plea: five in six of those bear on the message (docs/retrieval.md)
SENTENCE = 6  # words from which a message that no card knows, and that names nobody, is about something else altogether
POINT = 12  # words of what somebody says that the matter is, up to which it is told back


def coach(draft: Draft, text: str, *, one_matter: bool = False) -> None:
    """Answers a message that is put to the coach, as the next move of the talk in hand or as the first of a new one. `one_matter`: it is
    known to hold no more than one."""
    if not _carried_on(draft, text):
        _begin(draft, text, one_matter=one_matter)


def _carried_on(draft: Draft, text: str) -> bool:
    """The next move of the talk in hand; False where the message begins another one, or the talk is still being found."""
    talk, hear, in_hand = draft.talk, draft.words.hear, draft.context.in_hand
    asks = asks_plainly(text, hear)
    if talk is None:
        return False
    if talk.stage == "glad":
        if asks or turns_in(text, hear) or clouded(text, hear):
            draft.talk = None
            return False
        _stay_glad(draft, talk, text)
        return True
    if "errand" in talk.used and _thinks_along(draft, talk, text):
        return True
    if "listening" in talk.used and not asks:
        _listen(draft, talk, text)
        return True
    if in_hand is None or talk.stage not in ("options", "deepen", "own"):
        return False
    heading = _heading(draft, talk, text)
    if heading == "on" and asks:
        options.another_way(draft)
    elif heading == "on":
        options.deepen(draft, replace(talk, at=draft.at), in_hand, text)
    elif heading == "aside":
        _turn_aside(draft, talk, text)
    else:
        draft.before, draft.talk = talk, None
    return heading != "new"


def _begin(draft: Draft, text: str, *, one_matter: bool) -> None:
    talk, in_hand, hear = draft.talk, draft.context.in_hand, draft.words.hear
    if talk and asks_plainly(text, hear) and not refers_back(text, hear) and "listening" not in talk.used:
        draft.before, draft.talk, talk = talk, None, None  # asked back and answered by a question of their own: that one counts
    best = next(iter(open_to(draft, talk)), in_hand if talk and talk.card else None)  # words that find nothing go on with the first find
    if talk is None and not one_matter and (threads := threads_in(text, hear)):
        name_threads(draft, Talk(best.card if best else "", "explore", draft.at, draft.at, text, threads=threads))
    elif best is None:
        _silent(draft, talk, text)
    else:
        _open(draft, talk, best, text)


def _open(draft: Draft, talk: Talk | None, best: Passage, text: str) -> None:
    """The first moves, as sure as the search is: options, threads to choose from, or a question back."""
    hear = draft.words.hear
    asked = f"{talk.asked}\n{text}" if talk else text
    used = tuple(part for part in talk.used if part != "listening") if talk else ()
    fresh = Talk(best.card, "explore", draft.at, draft.at, asked)
    if talk:
        fresh = replace(talk, card=best.card, stage="explore", at=draft.at, asked=asked, used=used)
    wants = pleads(text, hear)
    asks = wants or asks_plainly(text, hear)
    clear, adds = best.score >= (NEAR if asks else CLEAR), talk is None or content_of(text, hear) >= NEW
    only_felt = feels(text, hear) and not asks
    likely = near_to(draft, talk)
    wanted = talk is None or asks or (best.score >= SURE and not denies(text, hear))  # in the middle of a talk, being heard comes first
    if content_of(asked, hear) < (NEW if wants else FEW):
        ask_back(draft, fresh, best if clear else None, text)
    elif talk is None and not wants and holds_several(text, hear) and told_in(draft, text) is None and len(likely) > 1:
        offer_threads(draft, fresh, text)
    elif clear and adds and wanted and not only_felt:
        kept = tuple(part for part in used if "/" in part or part.startswith(BARRED))
        advise(draft, replace(fresh, used=kept), best, asked)
    elif (wants or asks_coach(text, hear)) and content_of(text, hear) >= NEW and not only_felt:
        draft.talk = fresh
        suggest(draft, heard_in(draft, text))
    else:
        ask_back(draft, fresh, None, text)


def _heading(draft: Draft, talk: Talk, text: str) -> Literal["on", "aside", "new"]:
    """Where a message leads that follows options: on with the card, aside to something the card may not know, or to a new talk.

    What follows a reply is mostly an answer to it. It opens a new talk when it asks a question of its own, tells another story, or
    is a bare word that another card knows well; it leads aside when it begins with a "no", or says more than a few words of which
    the card knows nothing.
    """
    passages, words, hear = open_to(draft, talk), words_in(text), draft.words.hear
    asks = asks_coach(text, hear) or text.rstrip().endswith("?")
    if denies(text, hear):
        return "aside"
    if not passages:
        elsewhere = not of_this_world(text, hear) and not feels(text, hear) and (asks or len(words) >= SENTENCE)
        return "new" if elsewhere and asks else "on"
    if talk.card in [passage.card for passage in passages[:3]]:
        return "on"
    if asks_coach(text, hear):
        return "on" if passages[0].score < CLEAR and refers_back(text, hear) else "new"
    if passages[0].score < CLEAR:
        return "aside" if len(words) >= TELLING and talk.card not in [passage.card for passage in passages] else "on"
    return "new" if asks or len(words) >= STORY or len(words) <= 2 else "aside"


def _turn_aside(draft: Draft, talk: Talk, text: str) -> None:
    """Something that the card in hand does not know: heard in its own shape, or mirrored by the card that knows it clearly."""
    hear = draft.words.hear
    if denied := denies(text, hear):
        drop(draft)
        talk = draft.talk or talk
    best = next(iter(open_to(draft, talk)), None)
    shaped = feels(text, hear) or feels_with(text, hear) or len(words_in(text)) < TELLING or denied
    knows = best is not None and best.score >= CLEAR and not shaped
    told = undenied(text, hear) if denied else text
    aside = replace(talk, card=best.card if best and knows else talk.card, stage="explore", at=draft.at, asked=f"{talk.asked}\n{told}")
    ask_back(draft, aside, best if knows else None, text)


def drop(draft: Draft) -> None:
    """The card in hand was not to the point: it does not come back in this talk."""
    if talk := draft.talk:
        barred = [f"{BARRED}{talk.card}"] if talk.card else []
        draft.talk = with_used(replace(without(talk, "listening"), card="", stage="explore", at=draft.at), *barred)


def rehear(draft: Draft, text: str) -> None:
    """The coach was on the wrong track: the card is dropped, and what was said instead is heard (rubric S10)."""
    drop(draft)
    talk = draft.talk or Talk("", "explore", draft.at, draft.at, "")
    instead = undenied(text, draft.words.hear)
    draft.talk = replace(talk, asked=f"{talk.asked}\n{instead}")
    point = point_in(instead, draft.words.hear)
    if back := "" if point else back_in(draft, instead):
        owned = draft.line("dropped", back=back)
    else:
        owned = draft.line("dropped.point", point=point) if point else draft.line("dropped.bare")
    asked = follows_in(draft, point) or draft.line("dropped.point.question") if point else question_on(draft, draft.talk, instead)
    speak(draft, [owned], asked)


def point_in(text: str, hear: Hear) -> str:
    """What a message that corrects the coach says that the matter is, told back; the last thing of the kind, empty for none."""
    return _what_in(text, hear.points, hear)


def _to_say(text: str, hear: Hear) -> str:
    """What is to be said, where it is asked how, told back; empty where that is not in it."""
    return _what_in(text, hear.sayings, hear)


def _what_in(text: str, patterns: list[str], hear: Hear) -> str:
    for sentence in reversed(BETWEEN_SENTENCES.split(one_line(text))):
        found = next((m for pattern in patterns if (m := expression(pattern).search(flat(sentence)))), None)
        said = sentence[slice(*found.span("what"))].strip(" ,.;:!?") if found else ""
        if 0 < len(words_in(said)) <= POINT and (back := handed_back(said, hear)):
            return back
    return ""


def _silent(draft: Draft, talk: Talk | None, text: str) -> None:
    """Nothing was found: what is part of a talk is listened to, and a matter of this work is told that the sources are silent (S13)."""
    hear, asks = draft.words.hear, asks_coach(text, draft.words.hear)
    at_work = of_this_world(text, hear) or bool(kinds_named(text, hear))
    if own := options.own_document(draft):
        draft.talk = None
        speak(draft, own, draft.line("silent.question"))
    elif pleads(text, hear) and (talk or at_work or content_of(text, hear) >= FEW):
        draft.talk = talk or Talk("", "explore", draft.at, draft.at, text)
        suggest(draft)
    elif talk and (not asks or told_in(draft, text)):
        ask_back(draft, replace(talk, stage="explore", at=draft.at, asked=f"{talk.asked}\n{text}"), None, text)
    elif told_in(draft, text) or (feels(text, hear) and not asks):
        ask_back(draft, Talk("", "explore", draft.at, draft.at, text), None, text)
    elif len(words_in(text)) < FEW and not text.rstrip().endswith("?"):
        _too_little(draft, text)
    elif at_work and not asks and not text.rstrip().endswith("?"):
        ask_back(draft, Talk("", "explore", draft.at, draft.at, text), None, text)
    elif at_work:
        draft.talk = Talk("", "explore", draft.at, draft.at, text)
        speak(draft, [draft.line("silent")], draft.line("silent.question"), walk(draft, text))
    elif not asks and (says_any(text, [*hear.absence, *hear.again]) or _of_ones_own(text, hear)):
        ask_back(draft, Talk("", "explore", draft.at, draft.at, text), None, text)
    else:
        off_topic(draft)


def _of_ones_own(text: str, hear: Hear) -> bool:
    """A sentence about oneself, or one that begins with somebody or something of one's own: "our cook hears everything"."""
    words = words_in(text)
    return words[0] in hear.whose or (len(words) >= SENTENCE and speaks_of_oneself(text, hear))


def _too_little(draft: Draft, text: str) -> None:
    draft.talk = Talk("", "explore", draft.at, draft.at, text) if words_in(text) else None
    draft.say(draft.line("unsure"))


# --- turns that a person gives the talk


def ideas(draft: Draft) -> None:
    """What could be done is asked for, and nothing else: an idea of the talk in hand, or the threads it might be about."""
    talk, near = draft.talk, near_to(draft, draft.talk, 1)
    if talk is None or talk.stage == "glad":
        draft.say(draft.line("unsure"))
        return
    draft.talk = talk = without(talk, "listening")
    shown = options.shown_any(draft)
    if shown and (known := _known_of_others(draft, talk)):
        advise(draft, replace(talk, card=known.card, stage="options", at=draft.at), known, talk.asked)
    elif shown:
        options.another_way(draft)
    elif near and options.has_ways(draft, talk, near[0]) and _answers(draft, talk, near[0]):
        advise(draft, replace(talk, card=near[0].card, stage="options", at=draft.at), near[0], talk.asked)
    else:
        suggest(draft)


def only_asked(draft: Draft) -> bool:
    """Whether questions are all that this talk has brought so far, more than one, though nothing speaks against ideas."""
    talk = draft.talk
    if talk is None or talk.stage not in ("explore", "threads") or draft.lately(NO_IDEAS, UNWANTED):
        return False
    resting = {"tender", "listening"} & {*talk.used}
    return not resting and not options_shown(talk) and not times(talk, TRIED) and times(talk, BACK) > 1


def _known_of_others(draft: Draft, talk: Talk) -> Passage | None:
    """Another card that surely speaks to it, where it is asked what others did; None for none."""
    if not _asks_of_others(draft):
        return None
    near = (passage for passage in near_to(draft, talk) if passage.card != talk.card and passage.score >= CLEAR)
    return next((passage for passage in near if options.has_ways(draft, talk, passage)), None)


def _asks_of_others(draft: Draft) -> bool:
    text = draft.event.text if isinstance(draft.event, Said) else ""
    return any_in(draft.library.ideas_in(draft.language).others, in_line(text))


def _answers(draft: Draft, talk: Talk, near: Passage) -> bool:
    """Whether a card that is near answers a plea: surely, or as likely as an idea of the coach's own would. Where the plea itself says what
    it is about, the search went by that."""
    text = draft.event.text if isinstance(draft.event, Said) else ""
    likely = NEAR if content_of(text, draft.words.hear) >= FEW else LIKELY
    if _asks_of_others(draft):  # what others did stands on the cards, and an idea of the coach's own is none
        return near.score >= NEAR
    return near.score >= CLEAR or (near.score >= likely and not is_exact(draft, talk.asked))


def plea(draft: Draft) -> None:
    """Ideas are asked for in a message that holds more besides: it belongs to what was told, and the talk's own matter is answered."""
    text = draft.event.text if isinstance(draft.event, Said) else ""
    told = undenied(text, draft.words.hear)
    if draft.talk and content_of(told, draft.words.hear) >= FEW and draft.talk.stage in ("explore", "threads"):
        draft.talk = replace(draft.talk, asked=f"{draft.talk.asked}\n{told}")
    if told != text:
        drop(draft)
    near = near_to(draft, draft.talk, 1)
    card_knows = bool(near) and near[0].score >= CLEAR and not options.shown_any(draft)
    if draft.talk and not card_knows and names_matter(draft, told):
        draft.talk = without(draft.talk, "listening")
        suggest(draft)
    else:
        ideas(draft)


def one(draft: Draft) -> None:
    """One thing is wanted and no more talk: of the card in hand, else of the best that was found for what was told."""
    talk, near = draft.talk, near_to(draft, draft.talk, 1)
    if talk and talk.stage != "glad" and not options.shown_any(draft):
        draft.talk = talk = without(talk, "listening")
        if not near or not _answers(draft, talk, near[0]):
            suggest(draft, most=1)
            return
        draft.talk = replace(talk, card=near[0].card, stage="options", at=draft.at)
        draft.context = replace(draft.context, in_hand=near[0])
    options.one_way(draft)


def leaning(draft: Draft) -> None:
    """Somebody asks what the coach would do: a leaning among the options that were shown, else one thing."""
    if options.shown_any(draft):
        options.leaning(draft)
    else:
        one(draft)


def opinion(draft: Draft) -> None:
    """Their own idea is put to the coach: it says which way it leans, and weighs it with them; of options that were shown it names one."""
    text = draft.event.text if isinstance(draft.event, Said) else ""
    line = in_line(text)
    if kind := next((kind for kind, patterns in draft.words.hear.opinions.items() if any_in(patterns, line)), None):
        weigh(draft, f"opinion.{kind}")
    elif content_of(text, draft.words.hear) < FEW:
        leaning(draft)
    else:
        weigh(draft, "opinion")


def either(draft: Draft) -> None:
    """Of two things one is to come first: which, and why, as far as their words tell; else by what to choose between them."""
    text = draft.event.text if isinstance(draft.event, Said) else ""
    two = _two_of(text, draft.words.hear)
    if two is None:
        weigh(draft, "opinion.either")
    elif not leans(draft, text):
        weigh(draft, "either.open", first=two[0], then=two[1])


def leans(draft: Draft, text: str) -> bool:
    """Says which of two things comes first, where their words tell. False where they don't, or there are no two."""
    two = _two_of(text, draft.words.hear)
    for one, other in (two, two[::-1]) if two else ():
        kind = next((kind for kind, by in draft.words.hear.firsts.items() if _goes_first(by, one, other)), None)
        if kind:
            weigh(draft, f"either.{kind}", first=one, then=other)
            return True
    return False


def _two_of(text: str, hear: Hear) -> tuple[str, str] | None:
    two = either_in(text, hear)
    return two if two and max(len(words_in(each)) for each in two) <= ECHO[1] else None


def _goes_first(by: First, one: str, other: str) -> bool:
    return any_in(by.first, in_line(one)) and any_in(by.then, in_line(other)) and not any_in(by.first, in_line(other))


def weigh(draft: Draft, key: str, text: str = "", **slots: str) -> None:
    """A verdict or a word is wanted: answered in a line that hands it back as a question, and what was told stays in hand. `text`: the part
    of the message that asks, where the rest is something else."""
    text = text or (draft.event.text if isinstance(draft.event, Said) else "")
    talk = draft.talk or Talk("", "explore", draft.at, draft.at, "")
    draft.talk = replace(talk, asked=f"{talk.asked}\n{text}".strip(), at=draft.at)
    line = _worded(draft, draft.talk) if key == "wording" else key
    if line == "wording" and (what := _to_say(text, draft.words.hear)):
        line, slots = "wording.said", {"what": what}
    said = draft.line(line, **slots)
    theirs = "" if slots else opening(draft, text) or opening(draft, talk.asked.rpartition("\n")[2])
    draft.say(f"{theirs} {said}".strip(), "reply", draft.offered)


def _worded(draft: Draft, talk: Talk) -> str:
    """The line about how to say something, by what has to be said: an own fault, bad news, or else something hard."""
    line = in_line(talk.asked)
    kind = next((kind for kind, patterns in draft.words.hear.wordings.items() if any_in(patterns, line)), None)
    return f"wording.{kind}" if kind else "wording"


def card_picked(draft: Draft, card: str) -> None:
    """Goes on with the card that was picked."""
    talk = draft.talk
    passage = next((passage for passage in draft.context.passages if passage.card == card), None)
    if talk is None or passage is None:
        draft.say(draft.line("unsure"))
    else:
        advise(draft, replace(talk, card=card, stage="options", at=draft.at), passage, talk.asked)


def thread_picked(draft: Draft, what: str, said: str = "") -> None:
    """Opens the talk about one of several matters; the others are kept for afterwards. `said`: the words by which it was picked, which may
    tell more of it."""
    talk, number = draft.talk, int(what)
    if talk is None or number >= len(talk.threads):
        draft.say(draft.line("unsure"))
        return
    text = talk.threads[number]
    others = tuple(thread for thread in talk.threads if thread != text)
    tells = len(words_in(said)) >= TELLING
    draft.talk = Talk("", "explore", draft.at, draft.at, text) if tells else None
    coach(draft, said if tells else text, one_matter=True)
    if draft.talk:
        draft.talk = replace(draft.talk, threads=others)


def rejected(draft: Draft) -> None:
    """The options do not fit: their card is dropped, and what would fit is asked for; a reason that was given is kept in mind."""
    text = draft.event.text if isinstance(draft.event, Said) else ""
    drop(draft)
    if any_in(draft.words.hear.acts["wording"], in_line(text)):
        weigh(draft, "wording")
        return
    if draft.talk and content_of(text, draft.words.hear) >= FEW:
        draft.talk = replace(draft.talk, asked=f"{draft.talk.asked}\n{undenied(text, draft.words.hear)}")
    ours = any(choice.id.startswith("idea:") for choice in draft.offered)  # those came from nowhere else
    listens(draft, "rejects.ours" if ours else "rejects")


def listens(draft: Draft, key: str) -> None:
    """The coach missed: it says so, keeps what was told, and asks back before anything is offered again (rubric S7)."""
    if draft.talk:
        draft.talk = with_used(replace(draft.talk, at=draft.at), "listening")
    draft.say(draft.line(key))


def _listen(draft: Draft, talk: Talk, text: str) -> None:
    heard = talk if "tender" in talk.used else without(talk, "listening")  # after a danger, until they ask for ideas
    heard_on = replace(heard, stage="explore", at=draft.at, asked=f"{talk.asked}\n{text}")
    ask_back(draft, heard_on, None, text)


def recap(draft: Draft) -> None:
    """What the coach has understood of the talk, in the person's own words, to be put right."""
    talk = draft.talk
    told = [back for line in (talk.asked.splitlines() if talk else ()) if (back := draft.said_back(line))]
    if not told:
        draft.say(draft.line("recap.none"))
        return
    parts = list(dict.fromkeys([told[0], *told[-RECALLED:]]))
    draft.say(draft.line("recap", told="\n".join(f"· {part}" for part in parts)), "reply", draft.offered)


def errand(draft: Draft) -> None:
    """Something to be written or sent is wanted: the words stay theirs, and the coach thinks along (rubric C7)."""
    text = draft.event.text if isinstance(draft.event, Said) else ""
    talk = draft.talk or Talk("", "explore", draft.at, draft.at, text)
    draft.talk = with_used(replace(talk, at=draft.at), "errand")
    draft.say(draft.line("errand"))


def _thinks_along(draft: Draft, talk: Talk, text: str) -> bool:
    """The next turns after an errand: what it has to carry, and how it might be said. False when that is through."""
    wording = "errand.heart" in talk.used or asks_coach(text, draft.words.hear)
    key = "errand.words" if wording else "errand.heart"
    if not draft.unheard(key):
        draft.talk = without(talk, "errand")
        return False
    draft.talk = with_used(replace(talk, at=draft.at, asked=f"{talk.asked}\n{text}"), key)
    said = _worded(draft, draft.talk) if key == "errand.words" else key
    draft.say(draft.line(said if said != "wording" else key))
    return True


def off_topic(draft: Draft) -> None:
    """One friendly line on what it is for, one way back; the talk in hand stays (rubric S4)."""
    question = draft.line("off-topic.talk" if draft.talk else "off-topic.question")
    speak(draft, [draft.line("off-topic")], question, draft.offered)


# --- something went well


def glad(draft: Draft, text: str) -> None:
    """No options: a moment to see what made it work, and the offer to keep it."""
    if draft.talk and draft.talk.stage == "glad":
        _stay_glad(draft, with_used(draft.talk, "on"), text)
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
    draft.talk = with_used(replace(talk, at=draft.at), "on")
    said = draft.line("joy.on")
    told = retold_in(text, draft.words.hear)
    back = f"{told}." if told else back_in(draft, text)
    draft.say(draft.line("joy.back", back=back, said=said) if back else said, "reply", choices)
