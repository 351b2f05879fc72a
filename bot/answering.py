"""Answers what is asked straight out in the middle of a talk, briefly and with a leaning, and hands the talk back with one question. Pure.

What was told stays in hand. A matter that was parked is opened; of anything else that is asked after, what was told of it is said back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot import coaching, planning, roles, rooms
from bot.asking import clip
from bot.choosing import WAYS, choice_in
from bot.draft import Draft
from bot.exploring import NO_IDEAS, heard_in
from bot.guiding import PLANNED
from bot.hearing import act_in, content_of, core_of, handed_back, only_who_in, pleads, retold
from bot.intending import intent_in
from bot.keeping import clock
from bot.model import PHASES, Choice, Phase, Talk
from bot.reply import speak
from bot.retelling import clauses_in
from bot.spelling import any_in, flat, in_line, one_line, words_in
from bot.straight import Asked, principle_in, question_of, stages_in, straight_in
from bot.theirs import opening
from bot.untruths import NUMBER
from bot.weighing import ANY, weighed_in
from prompts.library import Hear, Role

LONGEST = 150  # characters of a line, with something of theirs in it, that is not an answer by itself
NAMED = 6  # words in which a thing that is asked after is named
STEM, TELLS = 3, 5  # letters of a word by which it is known again, and words of a clause that says something of it
SUBJECT = 4  # words at the head of a clause, among which is what it tells of
CLAUSE = 18  # words of a clause that is said back
GOES_ON = 4  # words of content beside "I don't follow" that tell something
PAIR = 2
OFFERING = ("options", "deepen", "own")  # stages of a talk in which options were shown
ACTS = {"opinion": "opinion", "my-place": "opinion.mine", "wording": "wording", "either": "opinion.either"}  # and the line that meets each
ACTS_NAMED = frozenset({"go", "tell", "leave", "right"})  # kinds to which a question about a known kind of act is nearer
OWNED = 24  # marks of what was said, some six replies: within them a miss is owned once
HEADS = 2  # sentences at the head of a message in which the coach is told that it missed
BY_ITSELF = (
    "hindsight",
    "could-have-said",
    "own-interest",
    "if-said",
    "legal",
    "tried-that",
    "what-broker",
    "unexposed",
    "minutes",
    "cost",
    "opener",
    "raise-it",
    "opener-of-loss",
    "in-the-room",
    "before-all",
    "speaks-first",
    "lying",
    "serious",
    "overlooked",
    "is-normal",
    "why-me",
)  # kinds that are met at the head of a talk, too, with something of theirs before the answer
MISSED = ("lost", "turned")  # kinds of question by which somebody says that the coach missed them
OFF = ("wrong-turn", "rejects", "plain", "anger")  # and acts
JUST = 4  # marks of what was said, within this reply
OF_TWO = ("pen", "all", "wait")  # kinds of which their own two words may tell more
HEAD = 8  # words at the head of a message in which an idea is picked
_SENTENCES = re.compile(r"(?<=[.!?;])\s+")
_APART = re.compile(r"[.;!?\n]+(?=\s|$)|,\s|\s[–—-]\s")


def answers(draft: Draft, text: str) -> bool:
    """Answers a question that is put straight out. False for any other message, and where the talk is about a good thing."""
    asked = straight_in(text, draft.words.hear)
    if draft.ending or (draft.talk and draft.talk.stage == "glad"):
        return False
    if _asks_instead(draft, text):
        return True
    nearer = asked is None or asked.kind in ACTS_NAMED or (asked.kind == "what-then" and not _just_kept(draft))
    if nearer and _leans(draft, text):
        return True
    if asked is None:
        return False
    if asked.kind in _OWN:
        return _OWN[asked.kind](draft, text, asked)
    if asked.kind not in BY_ITSELF and draft.talk is None and not _just_kept(draft):
        return False
    theirs = (opening(draft, text) or opening(draft, _told(draft).rpartition("\n")[2])) if asked.kind in BY_ITSELF else ""
    _stays(draft, text)
    draft.say(f"{theirs} {_line(draft, f'straight.{asked.kind}', asked.what)}".strip(), "reply", draft.offered)
    return True


def _asks_instead(draft: Draft, text: str) -> bool:
    """Behind a protest stands what they ask: the miss is owned, what was in hand is dropped, and that is answered."""
    hear, parts = draft.words.hear, _SENTENCES.split(text.strip())
    rest = " ".join(part for part in parts if not _protests(part, hear))
    if draft.talk is None or len(words_in(rest)) < GOES_ON or not any(_protests(part, hear) for part in parts[:HEADS]):
        return False
    act, asked = act_in(rest, hear), straight_in(rest, hear)
    if act not in ACTS and weighed_in(rest, hear) is None and (asked is None or asked.kind in (*MISSED, "unanswered")):
        return False
    coaching.drop(draft)
    draft.offered = ()
    if not answers(draft, rest):
        if act not in ACTS:
            return False
        coaching.weigh(draft, ACTS[act], rest)
    if not draft.said_lately("straight.unanswered", JUST):
        draft.lead(draft.line("straight.passed"))
    return True


def _protests(part: str, hear: Hear) -> bool:
    """Whether a sentence says no more than that the coach missed."""
    asked = straight_in(part, hear)
    return (
        (asked is not None and asked.kind in MISSED)
        or (act_in(part, hear) in OFF and "?" not in part and (asked is None or asked.kind != "unanswered"))
        or any_in(hear.denied, in_line(part))
    )


def _leans(draft: Draft, text: str) -> bool:
    """Leans one way on an act of theirs that is asked about, with its reason and its price. False where none is asked about."""
    hear, talk = draft.words.hear, draft.talk
    weighed = weighed_in(text, hear)
    if weighed is None or (talk is None and not _just_kept(draft)) or (talk and "tender" in talk.used):
        return False
    if weighed.kind in OF_TWO and act_in(text, hear) == "either" and coaching.leans(draft, text):
        return True
    before = _told(draft).rpartition("\n")[2]
    again = any_in(hear.weighs.again, in_line(text)) and not draft.said_lately("straight.unanswered", OWNED)
    idea = _idea_picked(draft, text) if weighed.kind == "first" else None
    _stays(draft, text)
    if idea:
        draft.say(draft.line("idea.first", name=idea.label), "reply", [idea])
        return True
    beside = ", ".join(part for part in weighed.sentence.split(", ") if weighed.act not in one_line(part) and not weighed_in(part, hear))
    theirs = opening(draft, text.replace(weighed.sentence, beside if weighed.act else " "))
    if not theirs and weighed.act:
        theirs = draft.line("lean.act", act=weighed.act)
    draft.talk = replace(draft.talk, stage="explore") if draft.talk else None
    leaning = draft.line("opinion" if weighed.kind == ANY else f"lean.{weighed.kind}")
    draft.say(f"{theirs or opening(draft, before)} {leaning}".strip(), "reply")
    if again:
        draft.lead(draft.line("straight.unanswered"))
    return True


def _idea_picked(draft: Draft, text: str) -> Choice | None:
    """The one idea of the coach's own that is picked in words, at the head of a message that goes on."""
    hear = draft.words.hear
    ideas = [choice for choice in draft.offered if choice.id.startswith("idea:")]
    if found := choice_in(_SENTENCES.split(text.strip())[0], ideas, hear):
        return found
    head = {word for word in words_in(text)[:HEAD] if len(word) >= STEM} - hear.filling
    named = [choice for choice in ideas if head & set(core_of(choice.label, hear.filling))]
    return named[0] if len(named) == 1 else None


def wants_no_ideas(draft: Draft, text: str) -> bool:
    """Ideas are not wanted just now: none are shown, nor offered, in this reply and the next, and what was told besides is heard."""
    hear = draft.words.hear
    if not any_in(hear.wants_no_ideas, in_line(text)):
        return False
    talk = draft.talk or Talk("", "explore", draft.at, draft.at, "")
    draft.remember(NO_IDEAS)
    if act_in(text, hear) == "anger":
        return False
    rest = " ".join(part for part in _SENTENCES.split(text) if not any_in(hear.wants_no_ideas, in_line(part)))
    theirs = heard_in(draft, rest) or opening(draft, rest) or (f"{back}." if (back := draft.said_back(rest)) else "")
    draft.talk = replace(talk, stage="explore", asked=f"{talk.asked}\n{rest}".strip(), at=draft.at)
    speak(draft, [f"{draft.line('no-ideas')} {theirs}".strip()], draft.line("no-ideas.question"))
    return True


def answers_beside(draft: Draft, text: str) -> None:
    """What is asked in the same message in which a step was told, once the step is kept: answered, or else named as open."""
    talk, kept = draft.talk, draft.choices
    if draft.context.conversation.talk:
        before = draft.context.conversation.talk
        draft.talk = replace(before, stage="explore", at=draft.at, threads=talk.threads if talk else ())
    _answer(draft, question_of(text, draft.words.hear))
    draft.join(kept)


def _answer(draft: Draft, question: str) -> None:
    """Answers one question, whatever its kind, or names it as open."""
    if answers(draft, question):
        pass
    elif pleads(question, draft.words.hear):
        coaching.ideas(draft)
    elif (act := act_in(question, draft.words.hear)) in ACTS:
        coaching.weigh(draft, ACTS[act])
    else:
        draft.say(_open(draft, question), "reply")


def asks_beside(draft: Draft, text: str) -> bool:
    """Whether a message holds a question beside the step that it tells."""
    question = question_of(text, draft.words.hear)
    step = intent_in(text, clock(draft))
    return bool(question) and step is not None and question.rstrip("?") not in step.text


def blames(draft: Draft, text: str) -> bool:
    """Whether a message says that the coach left something of theirs unanswered."""
    asked = straight_in(text, draft.words.hear)
    return asked is not None and asked.kind == "unanswered"


def _open(draft: Draft, question: str) -> str:
    back = handed_back(question.strip(" ¿?!.").removeprefix("¿"), draft.words.hear)
    slots = {"question": f"{back[:1].upper()}{back[1:]}"} if back and len(words_in(back)) <= CLAUSE else {"question": ""}
    return draft.fitting("straight.open", 3 * LONGEST, **slots)


def _stays(draft: Draft, text: str) -> None:
    talk = draft.talk or Talk("", "explore", draft.at, draft.at, "")
    draft.talk = replace(talk, asked=f"{talk.asked}\n{text}".strip(), at=draft.at)


def _line(draft: Draft, key: str, what: str = "", **slots: str) -> str:
    """A wording with something of theirs in it where there is one: what they asked after, whom the talk is about."""
    hear = draft.words.hear
    thing = handed_back(what, hear) if what and len(words_in(what)) <= NAMED else None
    who = next((who for line in reversed(_told(draft).splitlines()) if (who := only_who_in(line, hear))), "")
    return draft.fitting(key, 3 * LONGEST, what=thing or "", who=who, **slots)


def _told(draft: Draft) -> str:
    return draft.talk.asked if draft.talk else ""


# --- the stage


def _stage(draft: Draft, text: str, _: Asked) -> bool:
    """The stage, from what was told: two at once where it runs before it is signed, or ends while it runs; else it is asked for."""
    hear = draft.words.hear
    told = f"{_told(draft)}\n{text}"
    found, line = list(stages_in(told, hear)), in_line(told)
    unsigned, unreviewed = (any_in(hear.stages.get(kind, ()), line) for kind in ("unsigned", "unreviewed"))
    if unsigned and "scoping-building" not in found:
        found.insert(0, "scoping-building")
    if not found:
        known = rooms.phases_of(rooms.at_hand(draft.context))
        found = [phase for phase in PHASES if phase in known]
    _stays(draft, text)
    if unreviewed:
        _staged(draft, "straight.stage.unreviewed", ["managing-maintaining", "reviewing-revising"])
    elif unsigned and len(found) > 1:
        _staged(draft, "straight.stage.ahead", found[:PAIR])
    elif len(found) == 1:
        _staged(draft, f"straight.stage.{found[0]}", found)
    elif found:
        one, two = (draft.line(f"phase.{phase}") for phase in found[-PAIR:])
        _staged(draft, "straight.stage.two", found[-PAIR:], one=one, two=two)
    else:
        draft.say(draft.line("straight.stage.which"), "reply", [roles.choice_of(draft, phase) for phase in PHASES])
    return True


def _staged(draft: Draft, key: str, phases: Sequence[Phase], **slots: str) -> None:
    sources = [_first(draft.library.roles.phases[phase]) for phase in phases]
    text, cited = roles.told(draft, key, sources, **slots)
    draft.say(text, "reply", [roles.choice_of(draft, phase) for phase in phases], cited)


def _first(role: Role) -> Role:
    return role.model_copy(update={"sources": role.sources[:1]})


# --- a principle


def _principle(draft: Draft, text: str, _: Asked) -> bool:
    """What a principle means, with its source, and then their case; the five of them where none is named and none shows."""
    kind = principle_in(text, f"{_told(draft)}\n{text}", draft.words.hear)
    _stays(draft, text)
    said, cited = roles.told(draft, f"straight.principle.{kind}" if kind else "straight.principle", draft.library.roles.principles)
    draft.say(said, "reply", (), cited)
    return True


# --- neutral, and what is written down


def _neutral(draft: Draft, text: str, asked: Asked) -> bool:
    return _of_record(draft, text, asked, f"{_told(draft)}\n{text}")


def _mine(draft: Draft, text: str, asked: Asked) -> bool:
    return _of_record(draft, text, asked, text)


def _of_record(draft: Draft, text: str, asked: Asked, told: str) -> bool:
    plain = "opinion.mine" if asked.kind == "mine" else f"straight.{asked.kind}"
    on_record = any_in(draft.words.hear.records, in_line(told))
    _stays(draft, text)
    draft.say(draft.line(f"straight.{asked.kind}.record" if on_record else plain), "reply", draft.offered)
    return True


# --- tell or leave


def _tell(draft: Draft, text: str, _: Asked) -> bool:
    if coaching.leans(draft, text):
        return True
    _stays(draft, text)
    draft.say(_line(draft, "straight.tell"), "reply", draft.offered)
    return True


# --- what about X


def _about(draft: Draft, text: str, asked: Asked) -> bool:
    """A parked matter is opened; of what was told besides, the clause is said back; of anything new, what there is to it is asked."""
    talk = draft.talk
    if talk is None or not 0 < len(words_in(asked.what)) <= NAMED:
        return False
    words, untouched = _stems(draft, asked.what), asked.kind == "untouched"
    if untouched:
        coaching.drop(draft)
    thread = next((n for n, thread in enumerate(talk.threads) if words & _stems(draft, thread)), None)
    if thread is not None:
        coaching.thread_picked(draft, str(thread))
        return True
    clause = _clause_of(draft, words)
    unnamed = len(words_in(asked.what)) < PAIR and not words
    if not clause and (unnamed or pleads(text, draft.words.hear)):  # what to do with a thing is no question after it
        return False
    _stays(draft, text)
    said = draft.line("straight.about.told", back=clause) if clause else _line(draft, "straight.about", asked.what)
    draft.say(said, "reply", () if untouched else draft.offered)
    return True


def _stems(draft: Draft, text: str) -> set[str]:
    hear = draft.words.hear
    return {word[:6] for word in words_in(text) if len(word) >= STEM and word not in hear.filling}


def _clause_of(draft: Draft, words: set[str]) -> str:
    """The clause of what was told that names it, told back; empty where there is none that stands alone."""
    hear = draft.words.hear
    earlier = "\n".join(talk.asked for talk in (draft.talk, draft.before) if talk)
    for part in _APART.split(earlier):
        if not words & _stems(draft, part) or not TELLS <= len(words_in(part)) <= CLAUSE or straight_in(part, hear) or "?" in part:
            continue
        bare = _unjoined(part.strip(), draft)
        told_of = words & _stems(draft, " ".join(words_in(bare)[:SUBJECT]))  # else it may be the end of a sentence whose head is lost
        if (back := retold(bare, hear)) and (told_of or clauses_in(bare, hear)):
            return back[:1].upper() + back[1:].rstrip(" .,;:")
    return ""


def _unjoined(part: str, draft: Draft) -> str:
    """A clause without the words that joined it to the one before."""
    joining = {*draft.words.hear.linking, *draft.words.hear.joints}
    words = part.split()
    while len(words) > 1 and flat(words[0]).strip(",") in joining:
        words = words[1:]
    return " ".join(words)


# --- the coach was not understood


def _lost(draft: Draft, text: str, _: Asked) -> bool:
    """What was said was not understood: that is owned, the idea is dropped, and what they say themselves is gone on with. Options that were
    just shown are said more plainly instead."""
    if draft.talk is None or (draft.talk.stage in OFFERING and act_in(text, draft.words.hear) == "plain"):
        return False
    coaching.drop(draft)
    rest = " ".join(part for part in _SENTENCES.split(text) if straight_in(part, draft.words.hear) is None and "?" not in part)
    if content_of(rest, draft.words.hear) >= GOES_ON or coaching.point_in(rest, draft.words.hear):
        coaching.rehear(draft, rest)
    else:
        draft.say(draft.line("straight.lost"), "reply")
    return True


def _turned(draft: Draft, text: str, _: Asked) -> bool:
    """The coach asked of them what was done to them: that is owned, and it is theirs again."""
    if draft.talk is None:
        return False
    coaching.drop(draft)
    _stays(draft, text)
    draft.say(draft.line("straight.turned"), "reply")
    return True


def _unanswered(draft: Draft, text: str, asked: Asked) -> bool:
    """The coach left something of theirs unanswered: that is owned, and what they say they asked, or their last question, step or thought,
    is taken up."""
    if draft.talk is None and not draft.meant:
        return False
    hear, told = draft.words.hear, [line for line in _told(draft).splitlines() if words_in(line)]
    owned = draft.line("straight.unanswered")
    rest = " ".join(part for part in _SENTENCES.split(text) if straight_in(part, hear) is None)
    question = next(
        (found for line in reversed(told) if (found := question_of(line, hear)) and straight_in(found, hear) != Asked("unanswered")), ""
    )
    if asked.what:
        _once_more(draft, asked.what)
    elif content_of(rest, hear) >= GOES_ON:
        if not answers(draft, rest):
            owned = draft.line("straight.passed")
            coaching.coach(draft, rest)
    elif question:
        _answer(draft, question)
    elif (draft.talk and draft.talk.stage in OFFERING) or draft.last_said.startswith("ideas."):
        coaching.ideas(draft)
    elif draft.meant:
        planning.take_step(draft, draft.meant)
    elif told:
        draft.say(draft.line("straight.unanswered.back", back=clip(told[-1], LONGEST)), "reply")
    else:
        draft.say(draft.line("straight.unanswered.which"), "reply")
    draft.lead(owned)
    return True


def _once_more(draft: Draft, what: str) -> None:
    """A question that is put again in a sentence of its own ("I asked who should be there"): answered, else handed back as what it is."""
    if answers(draft, f"{what}?"):
        return
    back = handed_back(what, draft.words.hear) or what
    _stays(draft, what)
    draft.say(draft.line("straight.unanswered.asked", what=back[:1].upper() + back[1:]), "reply", draft.offered)


def _own_sentence(draft: Draft, text: str, asked: Asked) -> bool:
    """A sentence of their own is put to the coach: it comes back whole, with one thing to think of before it is said."""
    _stays(draft, text)
    draft.say(draft.line("straight.own-sentence", what=asked.what), "reply", draft.offered)
    return True


# --- a plan that was just kept


def _what_then(draft: Draft, text: str, asked: Asked) -> bool:
    """What if it goes otherwise: asked of what was just kept, an if-then is offered for it; in a talk it is looked at with them."""
    if not _just_kept(draft):
        if draft.talk is None:
            return False
        _stays(draft, text)
        draft.say(draft.line("what-if"), "reply", draft.offered)
        return True
    back = handed_back(asked.what, draft.words.hear)
    _stays(draft, text)
    draft.say(draft.fitting("plan.if", 3 * LONGEST, back=back if back and len(words_in(back)) <= CLAUSE else ""), "reply")
    return True


def _just_kept(draft: Draft) -> bool:
    return draft.lately(PLANNED, planning.JUST_PLANNED) and bool(draft.context.intentions)


def which(draft: Draft) -> str:
    """The line that meets "the second one" where there is no such thing: that there was only one, or what was meant."""
    shown = {choice.id for choice in (*draft.offered, *draft.earlier) if choice.id.startswith(WAYS)}
    return "which.fewer" if len(shown) == 1 else "which.one"


def _second(draft: Draft, _text: str, _asked: Asked) -> bool:
    if draft.talk is None:
        return False
    draft.say(draft.line(which(draft)), "reply", draft.offered)
    return True


def _figures(draft: Draft, text: str, _: Asked) -> bool:
    """Which of two figures is to be put down, both of which were told: the one that was. Any other two are no matter of that."""
    asked, told = (set(NUMBER.findall(part)) for part in (text, _told(draft)))
    if len(asked & told) < PAIR:
        return False
    _stays(draft, text)
    draft.say(draft.line("straight.figures"), "reply")
    return True


_OWN = {
    "figures": _figures,
    "second": _second,
    "stage": _stage,
    "principle": _principle,
    "neutral": _neutral,
    "mine": _mine,
    "tell": _tell,
    "about": _about,
    "lost": _lost,
    "turned": _turned,
    "untouched": _about,
    "unanswered": _unanswered,
    "own-sentence": _own_sentence,
    "what-then": _what_then,
}
