"""Asks back, with no model: says that something was heard, names the threads of it, and asks one open question.

Nothing is offered here. What is heard is said in the shape of what was told (something missing, something that comes back, a "but",
somebody else's fear), in a few of the person's own words, or by whom it is about; plainly only where nothing else fits.
"""

from __future__ import annotations

from dataclasses import replace

from bot import offers
from bot.doings import doing_in
from bot.draft import Draft
from bot.happening import LONGEST, mirror_in, told_in
from bot.hearing import (
    begins_with_others,
    feels,
    feels_with,
    kinds_named,
    only_who_in,
    two_in,
    without_introduction,
)
from bot.model import Choice, Passage, Talk
from bot.recasting import asked_on, said_again
from bot.reply import BARRED, brief, near_to, speak, times, titled, with_used
from bot.retelling import clause_about, named_first
from bot.rhythm import day_within
from bot.spelling import any_in, in_line, words_in
from bot.theirs import AGAINST, FELT, against, asks, counted, facts, felt_in, made_theirs, so_far
from bot.threads import choices_of, leading, shown
from bot.voice import Voice
from prompts.library import Hear

STORY = 18  # words from which a message tells a story: another one in the middle of a talk, or several threads at once
THREADS = 3  # threads that are named (rubric S5)
MANY, KINDS = 22, 3  # words, and kinds of people in them, from which a message holds several matters
OFFERED = "offered"  # the mark that a way on was offered in this talk
BACK = "back:"  # what a talk remembers of each question back
ENOUGH, LONG = 2, 4  # questions back before a way on is offered where a card is near, and before one's own step is asked for
TELLING = 8  # words from which a message shows who moves and who is moved
JUST = 4  # marks of what was said, within this reply
APART = 10  # marks of what was said between two guesses at where others stand, three replies or so

# What is asked where nothing says what to ask, from the beginning of a talk on. An `on.*` line follows what was told of one of these, or
# the answer to one.
OPENERS = 4  # of these, that may come first
ASKS = ("tried", "matters", "easier", "good", "sees", "stake", "part", "unsaid", "sure", "neutral", "enough")
TOLD = ("part", "idea", "stake", "tried", "good", "easier")  # what may be told of one's own accord, and asked on about
FOLLOWS = {"first": "first", "matters": "matters", "sees": "person", "neutral": "person"}
BRIEF = 6  # words in which somebody is named and nothing else
NO_IDEAS, UNWANTED = "no-ideas", 12  # a mark that none are wanted, and in how many marks, some two replies, none are offered
ROOM = 150  # characters of a mirror in a talk, with something of theirs in it


# --- that it was heard


def heard_in(draft: Draft, text: str) -> str:
    """A mirror of a message with something of theirs in it: what was told, said again, or what happened, where that was heard, else the
    feeling in it, what somebody did, how many of what there are, or how it may look to those it is about. Empty where none of it fits: then
    a question alone is better than a word that says nothing."""
    told = told_in(draft, text)
    heard = told if told and told.fresh and not told.plain else None
    exact = heard is not None and bool(heard.grave or heard.whole or heard.span or heard.what)  # more than a clause alone
    if not (heard and (heard.grave or heard.whole)) and (both := against(draft, text)):
        return both
    if not exact and not asks(text, draft.words.hear) and (again := said_again(draft, text, ROOM, felt_in(draft, text))):
        return again
    happened = heard.mirror() if heard else ""
    mirror = happened or facts(draft, text) or (made_theirs(draft, text, "", ROOM) if told and told.plain else "")
    mirror = made_theirs(draft, text, mirror or mirror_in(draft, text) or _felt_in(draft, text), ROOM, told=heard if happened else None)
    return mirror or counted(draft, text) or _stands(draft, text)


def _felt_in(draft: Draft, text: str) -> str:
    hear = draft.words.hear
    if feels(text, hear):
        return draft.line("explore.feeling")
    if not feels_with(text, hear):
        return ""
    back = draft.said_back(text)
    if back and (feels(back, hear) or feels_with(back, hear)) and draft.unheard("explore.theirs.back"):
        return draft.line("explore.theirs.back", back=back)
    return draft.line("explore.theirs") if draft.unheard("explore.theirs") else ""


def _stands(draft: Draft, text: str) -> str:
    """How it may look from where those stand whom a message names; now and then only, since it is a guess."""
    if any(draft.said_lately(key, APART) for key in ("explore.who", "explore.between")):
        return ""
    if (both := two_in(text, draft.words.hear)) and draft.unheard("explore.between"):
        said = draft.line("explore.between", one=both[0], two=both[1])
    elif begins_with_others(text, draft.words.hear) and (who := only_who_in(text, draft.words.hear)) and draft.unheard("explore.who"):
        said = draft.line("explore.who", who=who)
    else:
        return ""
    return said[:1].upper() + said[1:]


# --- asking back


def ask_back(draft: Draft, talk: Talk, passage: Passage | None, text: str) -> None:
    """A mirror and a question only. `passage` is None where no card is sure enough to speak."""
    text = _named_again(talk, text, draft.words.hear) or named_first(text, draft.words.hear)
    told = told_in(draft, text)
    if passage and (told is None or not told.fresh):
        voice = Voice(draft, passage, text)
        draft.talk = talk
        said = made_theirs(draft, text, voice.use(voice.mirrors()[0]), ROOM)
        question, choices = voice.ask(), list[Choice]()
    else:
        said = heard_in(draft, text)
        draft.talk, question, choices = _on_with_it(draft, talk, text)
        if not said and asks(text, draft.words.hear) and draft.unheard("straight.unknown"):
            said, question = draft.line("straight.unknown"), draft.once("straight.unknown.question")
        if OFFERED in draft.talk.used and OFFERED not in talk.used:  # where ways are offered, it is said for what
            said = said or so_far(draft, talk.asked)
    speak(draft, [said], question, choices, brief=brief(draft, "ask-back", passage, text, said, question))


def _named_again(talk: Talk, text: str, hear: Hear) -> str:
    """What was told earlier about whom a message only names ("the college, I think"); empty for one that says more."""
    earlier = "\n".join(line for line in talk.asked.splitlines() if line != text)
    return clause_about(earlier, text, hear)


def _on_with_it(draft: Draft, talk: Talk, text: str) -> tuple[Talk, str, list[Choice]]:
    """After a few questions back in one talk a way on is offered, where a card is near, or the next is for a step of their own: being
    heard is for something."""
    asked = times(talk, BACK)
    talk = with_used(talk, f"{BACK}{asked}")
    near = bool(near_to(draft, talk, 1)) and not draft.lately(NO_IDEAS, UNWANTED)
    ideas = [draft.choice("ideas")] if near else []
    told = told_in(draft, text)
    asks_on = (
        (told and told.asks_on and told.fresh) or feels(text, draft.words.hear) or doing_in(text, draft.words.hear) or _told_of(draft, text)
    )
    if not asks_on:
        if asked >= ENOUGH and near and OFFERED not in talk.used:
            return with_used(talk, OFFERED), draft.line("offer.ways"), [*ideas, draft.choice("stay")]
        if asked and asked % LONG == 0 and draft.unheard("own.question"):
            return replace(talk, stage="own"), draft.line("own.question"), [*ideas, *walk(draft, talk.asked)]
    return talk, question_on(draft, talk, text), [*ideas, *walk(draft, talk.asked)]


def follows_in(draft: Draft, text: str) -> str:
    """A question that follows from what was just said: from what happened, from a feeling, from what somebody did, from what was told
    besides or the question before. Empty where nothing of it leads on."""
    hear = draft.words.hear
    own = ".own" if any_in(hear.reading.selves, in_line(without_introduction(text, hear))) else ""
    if draft.said_lately(AGAINST, 1) and draft.unheard(key := f"{AGAINST}{own}.question"):
        return draft.once(key)
    if draft.said_lately(FELT, JUST) and draft.unheard("explore.feeling.question"):
        return draft.line("explore.feeling.question")
    if follows := asked_on(draft, text):
        return follows
    told, doing = told_in(draft, text), doing_in(text, draft.words.hear)
    if told and told.asks_on and not (told.plain and (doing or draft.said_lately("theirs.facts", JUST))):
        return told.question()
    if feels(text, draft.words.hear) and draft.unheard("explore.feeling.question"):
        return draft.line("explore.feeling.question")
    if doing and draft.unheard(key := f"doing.{doing.kind}.question"):
        return draft.fitting(key, LONGEST, who=doing.who)
    kind = _told_of(draft, text) or _asked_before(draft, text)
    return draft.once(f"on.{kind}") if kind and draft.unheard(f"on.{kind}") else ""


def question_on(draft: Draft, talk: Talk, text: str) -> str:
    """An open question about what was told: one that follows from it, else one of a general kind."""
    if follows := follows_in(draft, text):
        return follows
    guessed = draft.said_lately("explore.who", 1) or draft.said_lately("explore.between", 1)  # who it is about was just named
    if not guessed and (who := only_who_in(text, draft.words.hear)) and draft.unheard("ask.who"):
        return draft.once("ask.who", who=who)
    first = "ask.first.told" if len(words_in(text)) >= STORY else "ask.first"
    if talk.began == draft.at and draft.unheard(first):
        return draft.once(first)
    return next_question(draft, f"{talk.asked}\n{text}")


def next_question(draft: Draft, told: str) -> str:
    """The next question of a general kind that was not asked yet, and that what was told does not answer already."""
    answered = _answered(draft, told)
    begin = len(words_in(told.partition("\n")[0])) % OPENERS
    turned = (*ASKS[begin:OPENERS], *ASKS[:begin], *ASKS[OPENERS:])  # two talks need not begin alike
    open_ = [kind for kind in turned if kind not in answered] or turned
    kind = min(open_, key=lambda kind: draft.heard_at(f"ask.{kind}#0"))
    return draft.once(f"ask.{kind}")


def _told_of(draft: Draft, text: str) -> str | None:
    """What a message tells of its own accord that may still be asked on about: the end of an `on.*` key."""
    answered = _answered(draft, text)
    return next((kind for kind in TOLD if kind in answered and draft.unheard(f"on.{kind}")), None)


def _answered(draft: Draft, text: str) -> set[str]:
    """The kinds of questions that a text answers, whether they were asked or not."""
    line = in_line(text)
    return {kind for kind, patterns in draft.words.hear.answered.items() if any_in(patterns, line)}


def _asked_before(draft: Draft, text: str) -> str | None:
    """What may follow the answer to the question on which the last reply ended: the end of an `on.*` key; None where nothing does."""
    last = draft.last_said
    kind = FOLLOWS.get(last.removeprefix("ask."))
    if last.startswith("told."):
        return "told"
    if kind == "person" and len(words_in(text)) > BRIEF and only_who_in(text, draft.words.hear) is None:
        return None
    return "own" if last == "own.question" else kind


def stay(draft: Draft) -> None:
    """A way on was offered, and they would rather look at it a while longer."""
    talk = draft.talk
    if talk is None:
        draft.say(draft.line("ask.open"))
        return
    draft.talk = replace(talk, stage="explore", at=draft.at)
    speak(draft, [so_far(draft, talk.asked)], next_question(draft, talk.asked), [draft.choice("ideas")])


def opened(draft: Draft, text: str) -> None:
    """There is a problem, and with whom; nothing more is known yet."""
    draft.talk = Talk("", "explore", draft.at, draft.at, text)
    who = only_who_in(text, draft.words.hear)
    speak(draft, [], draft.line("opening.who", who=who) if who else draft.line("opening.bare"))


def walk(draft: Draft, text: str) -> list[Choice]:
    """A guide that fits what was told, as one more way to go on; offered once a talk."""
    talk = draft.talk
    if draft.ending or (talk and "guide" in talk.used):
        return []
    choices = offers.walk(draft, text)
    if talk and choices:
        draft.talk = with_used(talk, "guide")
    return choices


# --- threads


def holds_several(text: str, hear: Hear) -> bool:
    """Several matters in one message, by how many kinds of people it names: the person picks where to begin (rubric S5)."""
    return len(words_in(text)) >= MANY and len(kinds_named(text, hear)) >= KINDS


def offer_threads(draft: Draft, talk: Talk, text: str) -> None:
    """What one matter may be about, by up to three cards that know it: the person picks. Without a text nothing is mirrored."""
    said, draft.talk = heard_in(draft, text) if text else "", with_used(replace(talk, stage="threads"), "threads")
    key = "threads.question" if len(words_in(text)) >= STORY else "threads.nearest"
    speak(draft, [said], draft.line(key), [*titled(draft, talk, THREADS), draft.choice("none-of-these")])


def name_threads(draft: Draft, talk: Talk) -> None:
    """Several matters that were listed: each is named in the person's own words, one is proposed, and the person picks (rubric S5)."""
    hear = draft.words.hear
    dated = [day_within(thread, draft.language, hear, draft.at, draft.person.zone) is not None for thread in talk.threads]
    first, reason = leading(talk.threads, hear, dated)
    draft.talk = replace(talk, stage="threads")
    question = draft.line(f"threads.begin.{reason}", thread=shown(talk.threads[first], hear))
    speak(draft, [draft.line("threads.own")], question, choices_of(talk))


def no_thread(draft: Draft) -> None:
    """None of the threads is it: they are not offered again, and it is back to the person's own words."""
    barred = [f"{BARRED}{choice.id.partition(':')[2]}" for choice in draft.offered if choice.id.startswith("card:")]
    draft.talk = with_used(replace(draft.talk, card="", stage="explore", at=draft.at), *barred) if draft.talk else None
    draft.say(draft.line("threads.none"))
