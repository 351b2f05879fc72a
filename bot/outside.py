"""What is said outside a guide: a wish, a guide by name, a turn given to the talk, a step of one's own; all else is put to coaching.py.

`reading` says what a message is in a few words' sense; lookup.py asks it too, so that both find the same in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from bot import (
    amending,
    answering,
    coaching,
    course,
    farewell,
    finding,
    guiding,
    hindering,
    offers,
    options,
    outcomes,
    planning,
    righting,
    roles,
    sharing,
    timing,
    wishes,
)
from bot.choosing import points
from bot.draft import Draft
from bot.happening import told_in
from bot.hearing import (
    act_in,
    after_greeting,
    after_thanks,
    aside_in,
    asks_coach,
    begins_with,
    begins_with_others,
    content_of,
    denies,
    either_in,
    feels,
    heard,
    introduced_in,
    pleads,
    turns_in,
)
from bot.intending import LONGEST_STEP, intent_in, is_none, next_time_in, tells_outcome, tells_success
from bot.keeping import clock
from bot.model import Conversation, Said, Talk
from bot.reflecting import told_with_wish, wish_in
from bot.spelling import BETWEEN_SENTENCES, any_in, in_line, words_in
from bot.straight import affirms
from bot.threads import picked_in
from bot.weighing import weighed_in
from prompts.library import Hear

SHORTEST_STEP = 3  # words of a step that somebody tells
TOLD_STEP = 16  # words of one that is known as such only because it was asked for
# Acts that make sense only where something was said before.
TALK_ONLY = frozenset(
    {
        "wrong-turn",
        "repeat",
        "unknowing",
        "ideas",
        "one",
        "rejects",
        "tried",
        "opinion",
        "either",
        "my-place",
        "leaning",
        "what-if",
        "wording",
        "recap",
    }
)
# Acts that a message of some length only tells of in passing.
BRIEFLY = {
    "verdict-self": 30,
    "verdict-other": 30,
    "opinion": 40,
    "either": 40,
    "my-place": 40,
    "rejects": 30,
    "tried": 16,
    "off-topic": 16,
    "opening": 16,
    "weary": 8,
    "plain": 14,
    "what-if": 14,
    "wording": 50,
}
PUT_TO_COACH = ("either", "my-place", "opinion", "wording", "leaning")  # acts in which a thought of theirs is put to the coach
CLOSING = ("no", "nod", "good", "agrees", "thanks")  # wishes that say no more than that it is well
JUST_SETTLED = 1  # marks of what was said since it was asked what else there is
QUIET = 10  # words in which somebody tells that nothing happened; more tell of something
CLAUSES = re.compile(r"[,.;:!]+\s+")
LONG = 6000  # characters from which a message outside a guide is taken for something pasted

# What the words for moving about in a guide mean where there is none.
CONTROLS = {
    "stop": "bye",
    "later": "bye",
    "skip": "nod",
    "back": "hello",
    "resume": "resume",
    "help": "help",
    "question": "ask",
    "shorter": "one",
    "change": "change",
    "keep": "thanks",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What a message means by a few words: a word for moving about, a wish, an act. `talk` is the one it goes on with."""

    talk: Talk | None
    said: str
    control: str | None
    wish: str | None
    act: str | None


def reading(conversation: Conversation, text: str, event: Said, hear: Hear) -> Reading:
    """Reads a message outside a guide, whatever stands on the table."""
    talk, said = course.in_hand(conversation, text, event.at, hear)
    if aside := aside_in(said, hear):
        said = aside  # "something else: ..."
        talk = talk if _passing(said, hear) else None
    act = act_in(said, hear)
    if act in (None, "step", "state", "meaning"):
        act = "either" if either_in(said, hear) else next((put for put in PUT_TO_COACH if any_in(hear.acts[put], in_line(said))), act)
    if (act in BRIEFLY and len(words_in(said)) > BRIEFLY[act]) or (act in TALK_ONLY and talk is None):
        act = None
    if act == "anger" and begins_with_others(said, hear):
        act = None  # "they say it is useless" is said of something else
    if act == "wording" and any_in(hear.told_how, in_line(said)):
        act = None
    if act in ("role", "lens") and not roles.asks_role(said, hear):
        act = None  # a story in which such a question stands
    control = heard(said, hear.controls, hear)
    wish = heard(said, hear.wishes, hear) or CONTROLS.get(control or "") or wish_in(said, hear)
    if control == "skip" and talk:
        wish = "unknowing"
    if act in STRONGER.get(wish or "", ()):
        wish = None  # "what can I do" is a word for help where nothing was talked of
    if talk and talk.stage != "glad" and act in YIELDING and wish in YIELDING_WISHES and pleads(said, hear):
        wish, act = None, "plea"
    return Reading(talk, said, control, wish, act)


# Acts that say more exactly what a wish of the same words means.
STRONGER = {
    "help": ("ideas",),
    "another": ("ideas", "rejects"),
    "anger": ("verdict-self",),
    "one": ("opinion", "leaning"),
    "ask": ("opening",),
    "bye": ("apology",),
    "thanks": ("bye",),
    "nod": ("bye",),
    "no": ("bye",),
}


# Acts and wishes that say less than a plea for ideas in the same message does.
YIELDING = frozenset({None, "state", "repeat", "no-questions", "anger", "wrong-turn", "tried", "rejects", "meaning", "ideas"})
YIELDING_WISHES = frozenset({None, "help", "no-questions", "ask"})


def act_briefly(text: str, hear: Hear) -> str | None:
    """As `act_in`, but None for what a message of some length only tells of in passing."""
    act = act_in(text, hear)
    return None if act in BRIEFLY and len(words_in(text)) > BRIEFLY[act] else act


def _passing(text: str, hear: Hear) -> bool:
    """Whether an aside is met in a line, so that the talk stays where it was."""
    return heard(text, hear.wishes, hear) is not None or act_in(text, hear) in ("privacy", "delete", "off-topic", "change-time")


def _guide_asked_for(draft: Draft, text: str, wish: str | None) -> bool:
    daily = wish == "reflect" and told_with_wish(text, draft.words.hear) is not None
    name = None if daily else offers.asked_for(draft, text)
    if name and act_in(text, draft.words.hear) == "meaning":
        spoken = draft.spoken(name)
        draft.say(draft.line("guide.meaning", title=spoken.title, about=spoken.about), "reply", [offers.choice(draft, name)])
    elif name:
        guiding.walk(draft, name)
    elif wish is None and offers.asks_for_list(draft, text):
        offers.answer_for(draft)
    else:
        return False
    return True


def answer(draft: Draft, text: str) -> None:
    """Answers a message outside a guide."""
    words = draft.words.hear
    if not words_in(text):
        draft.say(draft.line("unsure"))
        return
    if len(text) > LONG:
        draft.say(draft.line("long", count=f"{len(text.split())}"))
        return
    text = _after_end(after_greeting(text, words, draft.greetings), words)
    if _introduces(draft, text):
        return
    event = draft.event
    read = reading(_as_it_is(draft), text, event if isinstance(event, Said) else Said(event.key, event.at, text), words)
    _turn_to(draft, read)
    if not words_in(read.said):
        draft.say(draft.line("talk.on", about=course.about(draft.talk, words)) if draft.talk else draft.line("ask.open"))
        return
    asked = finding.asked_in(read.said, draft.words, draft.language, draft.person, draft.today)
    if (
        planning.moves_plan(draft, text)
        or _thinks_on(draft, text)
        or _who_answers(draft, text, read)
        or _went_well(draft, text, read)
        or _puts_right(draft, read)
        or _of_plans(draft, text, read, asked)
        or hindering.told_hindrance(draft, text)
        or farewell.told_and_gone(draft, text)
        or answering.answers(draft, text)
        or answering.wants_no_ideas(draft, text)
        or _bare_number(draft, text)
        or points_back(draft, text)
        or planning.told_day(draft, text)
    ):
        return
    if read.act == "verdict" or (read.act == "ideas" and draft.talk):
        wishes.WISHES[read.act](draft)
        return
    if looked_up(draft, asked) or _guide_asked_for(draft, read.said, read.wish) or timing.told_away(draft, text):
        return
    _meet(draft, read)


def _after_end(text: str, hear: Hear) -> str:
    """What somebody goes on with who had just ended: "no, that's it. But Luis leaving scares me"."""
    head, *rest = BETWEEN_SENTENCES.split(text.strip(), maxsplit=1)
    turned = bool(rest) and begins_with(rest[0], hear.turns) and act_in(head, hear) == "bye"
    return rest[0] if turned else text


def _of_plans(draft: Draft, text: str, read: Reading, asked: finding.Asked | None) -> bool:
    """What is said of plans and of their days, whatever card or talk is open."""
    if draft.context.intentions and planning.told_which(draft, text):  # "will you remind me?" is of these, and no wish for reminders
        return True
    if (rest := planning.taken_out(draft, text)) is not None:
        if rest:
            answer(draft, rest)
        return True
    to_be_asked = (step := planning.alone(draft, text)) != text and planning.dated(draft, step)  # and not on another day
    if planning.told_plan(draft, text) or (not to_be_asked and timing.told_when(draft, text)):
        return True
    if draft.was_offered("do:if-then") and planning.ties(draft, text):
        return True
    if asked or read.wish or (offers.asked_for(draft, read.said) and not planning.dated(draft, text)):
        return False  # "I want to do my reflection of today" is no plan, nor is "share Tuesday's entry with my mentor"
    return _keeps_and_answers(draft, text) or outcomes.reported(draft, text)


def _keeps_and_answers(draft: Draft, text: str) -> bool:
    """A step that is told is kept; what is asked in the same message is answered after it, or named as open."""
    draft.asked_beside = answering.asks_beside(draft, text)
    kept = planning.heard_plan(draft, text)
    if kept and draft.asked_beside and draft.place is None:
        answering.answers_beside(draft, text)
    elif kept and answering.blames(draft, text):
        draft.lead(draft.line("straight.unanswered"))
    return kept


def _who_answers(draft: Draft, text: str, read: Reading) -> bool:
    """Who it is that they talk to, asked beside something else: answered in a line, and then the rest."""
    if "who-are-you" not in (read.wish, read.act):
        return False
    parts = [part for part in re.split(r"(?<=[.!?;,])\s+", text) if words_in(part)]
    rest = " ".join(part for part in parts if not _asks_who(part, draft.words.hear)).strip(" ,;")
    said, asked = draft.line("who-are-you.brief"), draft.context.conversation.asked
    if content_of(rest, draft.words.hear) < SHORTEST_STEP and not pleads(rest, draft.words.hear):
        if draft.talk and asked:
            draft.say(f"{said} {asked}", "reply", draft.offered)
        return bool(draft.talk and asked)
    answer(draft, rest[:1].upper() + rest[1:])
    draft.lead(said)
    return True


def _went_well(draft: Draft, text: str, read: Reading) -> bool:
    """Something that came off is told in a talk: what made it work is asked. Where the coach had taken it otherwise, that is owned."""
    corrects = read.act == "wrong-turn" or denies(text, draft.words.hear)
    said = CLAUSES.split(text)[1:] if corrects else [text]
    tells = any(tells_success(part, draft.words.hear) for part in said)
    due = any(plan.due <= draft.today for plan in draft.context.intentions)  # then it is what came of that
    told = corrects if draft.talk else False
    if not tells or due or (draft.talk and draft.talk.stage == "glad") or not (told or tells_outcome(text, draft.words.hear)):
        return False
    coaching.glad(draft, text)
    if corrects:
        draft.lead(draft.line("dropped.bare"))
    return True


def _asks_who(part: str, hear: Hear) -> bool:
    return "who-are-you" in (heard(part, hear.wishes, hear), act_in(part, hear))


def _thinks_on(draft: Draft, text: str) -> bool:
    """A thought of their own behind a thank-you is no goodbye: it is stayed with. A step in it is a step."""
    thought = after_thanks(text, draft.words.hear)
    if not thought or draft.talk is None or planning.dated(draft, text):
        return False
    draft.talk = replace(draft.talk, stage="explore", asked=f"{draft.talk.asked}\n{thought}", at=draft.at)
    draft.say(draft.line("thanks.thought"), "reply")
    return True


def _puts_right(draft: Draft, read: Reading) -> bool:
    """ "It's not the hospital, it's social care", in the middle of a talk."""
    asks = weighed_in(read.said, draft.words.hear)  # then the correction leads up to a question
    righted = righting.told_right(read.said, draft.words.hear) if draft.talk and read.wish is None and not asks else None
    if righted:
        righting.put_right(draft, righted)
    return righted is not None


def _introduces(draft: Draft, text: str) -> bool:
    """Somebody says who they are: greeted by that name, and nothing is coached on."""
    name = introduced_in(text, draft.words.hear)
    if name:
        draft.person = replace(draft.person, name=draft.person.name or name)
        if draft.talk:
            draft.say(draft.line("introduced", name=name), "reply", draft.offered)
        else:
            wishes.greet(draft)
    return name is not None


def option_picked(draft: Draft, what: str, words: str = "") -> None:
    """What follows an option that was chosen: a step of one's own. `words` were said with it: they are the step, or go with it."""
    _picked(draft, options.chosen(draft, int(what.rpartition(":")[2])), words)


def idea_picked(draft: Draft, what: str, words: str = "") -> None:
    """The same for one of the coach's own ideas."""
    idea = draft.library.ideas_in(draft.language).idea(what)
    led = (draft.line("advise.picked", name=idea.name), draft.line("frame.own"), idea.name) if idea else None
    _picked(draft, led, words)


def _picked(draft: Draft, led: tuple[str, str, str] | None, words: str) -> None:
    if led is None:
        draft.say(draft.line("unsure"))
        return
    lead, frame, name = led
    if not words:
        guiding.start(draft, "if-then", lead, frame, picked=name)
        return
    if draft.talk:
        draft.talk = replace(draft.talk, asked=f"{draft.talk.asked}\n{words}", at=draft.at)
    if planning.told_dated(draft, words):
        return
    guiding.start(draft, "if-then", picked=name)
    draft.retract()
    draft.say(f"{lead} {draft.line('pick.words')}", "question")


def _bare_number(draft: Draft, text: str) -> bool:
    """A number where nothing is to be chosen says so, and is no topic."""
    if not text.strip(" .)!").isdecimal():
        return False
    draft.say(draft.line("which.none", number=text.strip(" .)!")), "reply", draft.offered)
    return True


def points_back(draft: Draft, text: str) -> bool:
    """Hears "the second one" said of options that are not on the table any more; False where the text says more than that."""
    if not points(text, draft.words.hear):
        return False
    number = options.pointed_at(draft, text)
    if number is None:
        draft.say(draft.line(answering.which(draft)), "reply", draft.offered)
    else:
        draft.place = None
        option_picked(draft, str(number))
    return True


def _as_it_is(draft: Draft) -> Conversation:
    """The conversation as it stands within this turn."""
    return replace(draft.context.conversation, talk=draft.talk, before=draft.before)


def _turn_to(draft: Draft, read: Reading) -> None:
    """Takes up the talk that the message goes on with; the one that was in hand can be come back to."""
    left = draft.talk
    draft.talk = read.talk
    if read.talk and read.talk.stage == "glad" and read.act not in (None, "glad", "state", "thanks"):
        draft.talk = None
    if left and left.stage != "glad" and (read.talk is None or read.talk.began != left.began):
        draft.before = left


def _meet(draft: Draft, read: Reading) -> None:
    """A wish first, then a step of their own, then what else is done by the message; the rest is put to the coach."""
    talk = draft.talk
    if _nothing_else(draft, read):
        wishes.WISHES["bye"](draft)
    elif read.wish in wishes.WISHES:
        wishes.WISHES[read.wish](draft)
    elif talk and _tells_step(draft, talk, read.act, read.said):
        pass
    elif read.act in wishes.WISHES:
        wishes.WISHES[read.act](draft)
    elif (thread := picked_in(talk, read.said, None, draft.words.hear)) is not None:
        coaching.thread_picked(draft, str(thread), read.said)
    elif not _quiet(draft, talk, read.said):
        coaching.coach(draft, read.said)


def _nothing_else(draft: Draft, read: Reading) -> bool:
    """ "No", "nothing", "yes, thanks", right after it was asked what else there is: a plan that was kept is not asked about once more."""
    settled = draft.lately(guiding.SETTLED, JUST_SETTLED) or draft.lately(guiding.PLANNED, 2 * JUST_SETTLED)
    if not settled or len(words_in(read.said)) > QUIET:
        return False
    hear = draft.words.hear
    parts = [part for part in re.split(r"[.,;!]+", read.said) if words_in(part)]
    closes = affirms(read.said, hear) or (bool(parts) and all(_closes(part.split(), hear) for part in parts))
    return closes or offers.moment_in(read.said, hear) == "nothing"


def _closes(words: list[str], hear: Hear) -> bool:
    """Whether they say no more than that it is well, in one go or in two: "yes", "yes thanks"."""
    ways = ((" ".join(words[:n]), " ".join(words[n:])) for n in range(1, len(words) + 1))
    return any(all(heard(each, hear.wishes, hear) in CLOSING for each in way if each) for way in ways)


def _quiet(draft: Draft, talk: Talk | None, text: str) -> bool:
    """Somebody tells that nothing happened: a quiet day has its own question."""
    quiet = offers.moment_in(text, draft.words.hear) == "nothing" and len(words_in(text)) <= QUIET
    if quiet := quiet and talk is None:
        draft.talk = None
        draft.say(draft.line("quiet"), "reply", [draft.choice("reflect"), draft.choice("later")])
    return quiet


def asked_of_logbook(draft: Draft, text: str) -> bool:
    """Hears what is asked of one's own logbook, and does it."""
    return looked_up(draft, finding.asked_in(text, draft.words, draft.language, draft.person, draft.today))


def looked_up(draft: Draft, asked: finding.Asked | None) -> bool:
    """Looks up or adds what is asked for; in the middle of a guide only what can be answered in passing."""
    if asked is not None and asked.kind in sharing.ASKED:
        sharing.asked(draft, asked)
        return True
    if asked is None:
        return False
    place = draft.place
    if place and asked.kind == "aim" and place.guide != "onboarding":
        amending.ASKED["aim"](draft, asked)
        draft.held = place if guiding.anything_kept(place) else None
        return True
    if place and asked.kind not in finding.LOOKED_UP:
        return False
    if place:
        draft.ending = guiding.again(draft)
    amending.ASKED[asked.kind](draft, asked)
    return True


def _tells_step(draft: Draft, talk: Talk, act: str | None, text: str) -> bool:
    """Their next step: told of their own accord once options were shown, or in answer to being asked for it. A thought is asked about."""
    hear = draft.words.hear
    if talk.stage == "glad" or is_none(text, clock(draft)) or len(words_in(text)) > LONGEST_STEP:
        return False
    if asks_coach(text, hear) or pleads(text, hear) or act in PUT_TO_COACH:
        return False
    found = intent_in(text, clock(draft))
    asked = talk.stage == "own" and act is None and SHORTEST_STEP <= len(words_in(text)) <= TOLD_STEP
    if next_time := next_time_in(found.text if found else text, hear):
        planning.take_step(draft, next_time)
        return True
    theirs = begins_with_others(" ".join(words_in(text)[:SHORTEST_STEP]), hear)
    told = told_in(draft, text) is not None or feels(text, hear) or theirs or turns_in(text, hear)
    plain = asked and not told and not begins_with(text, (*hear.questions, *hear.joints))
    if found is None and act != "step" and not plain:
        return False
    if found and found.firmness == "mused":
        planning.muse(draft, found.text)
    elif found is None and act != "step" and planning.held_day(talk) is None:
        planning.muse(draft, text)
    elif act == "step" or talk.stage in ("options", "deepen", "own"):
        planning.take_step(draft, found.text if found else text)
    else:
        return False
    return True
