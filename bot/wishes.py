"""Meets what somebody wishes outside a guide, or in passing within one: the logbook, the profile, a greeting, a fresh start.

Each wish is one small function from the draft to what is said; the table at the end names them. Which wish a message is, is
dialogue.py's business.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from bot import (
    amending,
    coaching,
    consenting,
    course,
    doorway,
    exploring,
    falling,
    guiding,
    leaving,
    mentoring,
    options,
    outcomes,
    planning,
    roles,
    sharing,
    taking_out,
    timing,
    voicenotes,
)
from bot.asking import clip, question
from bot.draft import Draft
from bot.guiding import finish
from bot.headings import headings_in
from bot.hearing import content_of
from bot.keeping import set_headings
from bot.model import Keep, Said
from bot.places import city_of
from bot.reflecting import told_with_wish
from bot.reply import without
from bot.rhythm import today
from bot.spelling import words_in

HEADED = 4  # words with which a line for the logbook is announced: "A diary line."
NOTED = 2  # words of a line for the logbook that is told along with the wish for one
TWICE = 8  # marks of what was said, about two replies
TELLS = 3  # words of content from which somebody who turns a card down says what it is about instead
BARE = 9  # words in which somebody says no more than that the coach is on the wrong track
OUTCOME = 60  # characters of a plan, and of what came of it, that "my logbook" shows
SHOWN = 5  # entries that "my logbook" shows


def greet(draft: Draft) -> None:
    if timing.is_away(draft):
        timing.back(draft)
        return
    if draft.held:
        offer_to_resume(draft)
        return
    if consenting.may_offer(draft):
        consenting.offer(draft)
        return
    if talk := course.resting(draft.context.conversation, draft.at):
        draft.talk = talk
        choices = [draft.choice(what) for what in ("talk-on", "ask", "leave-talk")]
        draft.say(draft.line("hello.talk", about=course.about(talk, draft.words.hear)), "reply", choices)
        return
    if plan := outcomes.open_plan(draft):
        draft.remember(outcomes.ASKED)
        key = "hello.plan.waits" if plan.due > draft.today else "hello.plan"
        said = draft.line(key, plan=clip(plan.text, guiding.QUOTED), day=draft.day(plan.due))
        draft.say(said, "reply", [draft.choice("ask"), draft.choice("reflect")])
        return
    choices = [draft.choice("reflect"), draft.choice("ask")]
    if not draft.person.onboarded:
        choices.append(draft.choice("set-up"))
    draft.say(draft.line("hello" if _met_before(draft) else "hello.first"), "reply", choices)


def _met_before(draft: Draft) -> bool:
    """Whether anything was ever said or kept here: somebody new is not welcomed back."""
    return bool(draft.context.conversation.recent or draft.context.entries or draft.context.intentions)


def offer_to_resume(draft: Draft) -> None:
    if draft.place is None:
        draft.place, draft.held = draft.held, None
    text, _ = question(draft)
    draft.held, draft.place = draft.place, None
    draft.say(draft.line("resume.offer", question=text), "reply", [draft.choice(what) for what in ("resume", "fresh", "leave")])


def _reflect(draft: Draft) -> None:
    """What was told of the day along with the wish is the scene, and nothing is asked before it."""
    told = told_with_wish(draft.event.text, draft.words.hear) if isinstance(draft.event, Said) else None
    if draft.held and not told:
        offer_to_resume(draft)
        return
    draft.place = None
    guiding.start(draft, daily(draft))
    if told:
        _answered_at_once(draft, told)


def _answered_at_once(draft: Draft, told: str) -> None:
    """The first question of a guide is answered before it was asked; where that is no answer to it, it is asked."""
    draft.retract()
    if not guiding.answer(draft, told):
        text, choices = question(draft)
        draft.say(text, "question", choices)


def daily(draft: Draft) -> str:
    """The guide of the daily reflection: the person's own headings, where they chose some."""
    return "own-headings" if draft.person.headings else "crossing"


def _own_headings(draft: Draft) -> None:
    """Takes headings from the message that names them, or asks for some."""
    text = draft.event.text if isinstance(draft.event, Said) else ""
    guiding.start(draft, "headings")
    if ":" in text and headings_in(text):
        _answered_at_once(draft, text)


def _no_headings(draft: Draft) -> None:
    had = bool(draft.person.headings)
    set_headings(draft, ())
    draft.say(draft.line("headings.off" if had else "headings.off.none"), "reply", [draft.choice("reflect"), draft.choice("later")])


def _role(draft: Draft) -> None:
    roles.role(draft, draft.event.text if isinstance(draft.event, Said) else "")


def _lens(draft: Draft) -> None:
    roles.lens(draft, draft.event.text if isinstance(draft.event, Said) else "")


def _ask(draft: Draft) -> None:
    """Something on their mind; "let's talk about the project", said in words, is the talk that is still in hand."""
    talk = draft.talk
    if isinstance(draft.event, Said) and talk and talk.asked and draft.at - talk.at < course.STALE and not draft.was_offered("do:ask"):
        _talk_on(draft)
        return
    draft.talk = None
    draft.say(draft.line("ask.open"))


def _leave_talk(draft: Draft) -> None:
    """A talk of some days ago is left."""
    draft.talk = draft.before = None
    draft.say(draft.line("talk.left"), "reply", [draft.choice("reflect"), draft.choice("ask")])


def _bye(draft: Draft) -> None:
    """A farewell, with what is kept of today: what was written, and the next step that is asked about."""
    plans = [plan for plan in draft.context.intentions if draft.at - plan.made < course.STALE]
    wrote = any(today(entry.written, draft.person.zone) == draft.today and not entry.retracted for entry in draft.context.entries)
    told = [draft.line("bye")]
    if wrote:
        told.append(draft.line("bye.kept"))
    if plans:
        told.append(draft.line("bye.plan", day=draft.day(max(plans, key=lambda plan: plan.made).due)))
    finish(draft, " ".join(told))


def _plain_note(draft: Draft) -> None:
    """A line for the logbook and no coaching: kept at once where it was told along with the wish."""
    text = draft.event.text if isinstance(draft.event, Said) else ""
    head, _, rest = text.partition(".")
    draft.talk = None
    if "?" in text or len(words_in(head)) > HEADED or len(words_in(rest)) < NOTED:
        guiding.start(draft, "note")
        return
    draft.keep(Keep(draft.new_id("note"), "note", "note", rest.strip(), event_date=draft.today))
    draft.say(draft.line("noted"), "reply")


def _leave_letter(draft: Draft) -> None:
    """Whatever was to be written is left; what it was about stays in hand."""
    draft.talk = without(draft.talk, "errand") if draft.talk else None
    draft.say(draft.line("errand.left"))


def _resume(draft: Draft) -> None:
    if draft.held is None:
        draft.say(draft.line("resume.none"), "reply", [draft.choice("reflect"), draft.choice("ask")])
        return
    draft.place, draft.held = draft.held, None
    guiding.ask(draft)


def _fresh(draft: Draft) -> None:
    guide = draft.held.guide if draft.held else daily(draft)
    draft.held = draft.place = None
    guiding.start(draft, guide)


def _leave(draft: Draft) -> None:
    draft.held = draft.place = None
    draft.say(draft.line("resume.left"), "reply", [draft.choice("reflect"), draft.choice("ask"), draft.choice("later")])


def _if_then(draft: Draft) -> None:
    lead = draft.line("aim.was", aim=clip(draft.aim, guiding.QUOTED)) if draft.aim else ""
    guiding.start(draft, "if-then", lead, draft.line("frame.own"))


def _line(key: str) -> Callable[[Draft], None]:
    def say(draft: Draft) -> None:
        finish(draft, draft.line(key))

    return say


def _in_a_line(key: str) -> Callable[[Draft], None]:
    """Said without a question; what was on the table stays there, and so does the talk."""
    return lambda draft: finish(draft, draft.line(key)) if draft.ending else draft.say(draft.line(key), "notice", draft.offered)


def _thanks(draft: Draft) -> None:
    if consenting.may_offer(draft):
        consenting.offer(draft)
    elif draft.person.onboarded or draft.ending:
        finish(draft, draft.line("thanks"))
    else:
        draft.say(
            f"{draft.line('thanks')} {draft.line('set-up.offer')}",
            "reply",
            [draft.choice("set-up"), draft.choice("reflect"), draft.choice("later")],
        )


def _wrong_turn(draft: Draft) -> None:
    """The card was the wrong one: it is dropped, and what was said instead is heard, or else asked for (rubric S10)."""
    text, hear = draft.event.text if isinstance(draft.event, Said) else "", draft.words.hear
    bare = len(words_in(text)) <= BARE and not re.search(r"[.,;:!?]\s", text) and not coaching.point_in(text, hear)
    if draft.ending or bare or content_of(text, hear) < TELLS:
        coaching.drop(draft)
        finish(draft, draft.line("wrong-turn"))
    else:
        coaching.rehear(draft, text)


def _glad(draft: Draft) -> None:
    coaching.glad(draft, draft.event.text if isinstance(draft.event, Said) else "")


def _talk_on(draft: Draft) -> None:
    """A talk of some days ago is taken up where it was left (rubric S11)."""
    if draft.talk is None:
        draft.say(draft.line("ask.open"))
        return
    draft.talk = replace(draft.talk, stage="explore", at=draft.at)
    draft.say(draft.line("talk.on", about=course.about(draft.talk, draft.words.hear)))


def _smaller(draft: Draft) -> None:
    """Somebody does not know: a smaller question, once more and not the same; then it may rest (rubric S6)."""
    _once_more(draft, "smaller")


def _nod(draft: Draft) -> None:
    """A word that says neither yes nor no: something smaller is asked, once more and not the same; then it may rest (rubric S6)."""
    _once_more(draft, "nod")


def _leave_it(draft: Draft) -> None:
    """They do not want to speak of it: it is left, and nothing is asked of it any more."""
    draft.talk = None
    draft.say(draft.line("nod.rest"), "reply", [draft.choice("reflect"), draft.choice("later")])


def _agrees(draft: Draft) -> None:
    """What was said is found to be so: what follows from it is theirs to say."""
    if draft.talk and draft.talk.stage != "glad" and not draft.said_lately("agrees", TWICE):
        draft.talk = replace(draft.talk, stage="own", at=draft.at)
        draft.say(draft.line("agrees"), "reply", draft.offered)
    else:
        _nod(draft)


def _once_more(draft: Draft, key: str) -> None:
    if draft.talk and draft.talk.stage != "glad" and not draft.said_lately(key, TWICE):
        draft.say(draft.line(key), "reply", draft.offered)
    else:
        draft.say(draft.line("nod.rest"), "reply", [draft.choice("reflect"), draft.choice("later")])


def _anger(draft: Draft) -> None:
    """Owns its part and changes the approach at once (rubric S7): where it only asked, something is offered; else the talk goes on, without
    advice until they have been heard."""
    if coaching.only_asked(draft):
        coaching.ideas(draft)
        draft.lead(draft.line("sorry.starved"))
        return
    key = "sorry.anger" if draft.talk or draft.ending else "sorry.anger.first"
    if draft.ending:
        finish(draft, draft.line(key))
    else:
        coaching.listens(draft, key)


def _told_off(key: str) -> Callable[[Draft], None]:
    """The options do not fit: the talk goes on, by listening."""

    def say(draft: Draft) -> None:
        coaching.listens(draft, key)

    return say


def _weighed(key: str, otherwise: Callable[[Draft], None] | None = None) -> Callable[[Draft], None]:
    """A verdict is wanted: it is handed back as a question, and what was told stays in hand."""

    def say(draft: Draft) -> None:
        if draft.ending:
            finish(draft, draft.line(key))
        elif otherwise:
            otherwise(draft)
        else:
            coaching.weigh(draft, key)

    return say


def _off_topic(draft: Draft) -> None:
    if draft.ending:
        finish(draft, draft.line("off-topic"))
    else:
        coaching.off_topic(draft)


def _opening(draft: Draft) -> None:
    exploring.opened(draft, draft.event.text if isinstance(draft.event, Said) else "")


def _logbook(draft: Draft) -> None:
    entries = draft.context.entries
    if not entries:
        if draft.ending:
            finish(draft, draft.line("logbook.none"))
        else:
            draft.say(draft.line("logbook.none"), "reply", [draft.choice("reflect"), draft.choice("later")])
        return
    rows = [draft.line("logbook.head")]
    for entry in entries[:SHOWN]:
        title = draft.words.guides[entry.guide].title if entry.guide in draft.words.guides else entry.guide.replace("-", " ").capitalize()
        answers = [text for _, text in entry.answers]
        known = draft.library.guides.get(entry.guide)
        told = clip(next(iter(reversed(answers) if known and known.kind == "check" else answers), ""))
        if entry.guide == "follow-up" and len(answers) > 1:
            told = draft.line("logbook.outcome", plan=clip(answers[0], OUTCOME), outcome=clip(answers[-1], OUTCOME))
        rows.append(draft.line("logbook.row", date=draft.day(entry.event_date), title=title, text=told))
    rows.append(draft.line("logbook.foot", count=_count(draft, len(entries))))
    finish(draft, "\n".join(rows))


def _count(draft: Draft, entries: int) -> str:
    return draft.line("entries.one") if entries == 1 else draft.line("entries.many", count=str(entries))


def _about_me(draft: Draft) -> None:
    person = draft.person
    rows: list[str] = []
    if person.name:
        rows.append(draft.line("about.name", name=person.name))
    if person.zone:
        rows.append(draft.line("about.zone", zone=city_of(person.zone, draft.language)))
    if person.broker:
        rows.append(draft.line(f"about.broker.{person.broker}"))
    for partnership in person.partnerships:
        phases = ", ".join(draft.line(f"phase.{phase}") for phase in partnership.phases)
        key = "about.partnership" if phases else "about.partnership.bare"
        rows.append(draft.line(key, name=partnership.name, phases=phases) if phases else draft.line(key, name=partnership.name))
    if person.headings:
        rows.append(draft.line("about.headings", headings=", ".join(person.headings)))
    if draft.context.entries:
        rows.append(draft.line("about.entries", count=_count(draft, len(draft.context.entries))))
    if rows:
        finish(draft, "\n".join([draft.line("about.head"), *rows, draft.line("about.foot")]))
    else:
        finish(draft, draft.line("about.nothing"))


def _status(draft: Draft) -> None:
    """Rows of the clock, and what became of the last message of the coach's own accord; nothing that is not a row."""
    person, context = draft.person, draft.context
    rows = []
    if person.rhythm.away_until and person.rhythm.away_until > draft.today:
        rows.append(draft.line("status.away", day=draft.day(person.rhythm.away_until)))
    upcoming = [row for row in context.upcoming if row.kind not in (*falling.KEEPING, *mentoring.KINDS, "voice", "tags", "marks")]
    rows += [draft.line(f"status.row.{row.kind}", next=draft.moment(row.at)) for row in upcoming]
    rows.append(draft.line("status.foot" if upcoming else "status.none"))
    if context.knock:
        rows.append(draft.line(f"status.last.{context.knock.fate}", when=draft.moment(context.knock.at)))
    finish(draft, "\n".join(rows))


def _reminders_off(draft: Draft) -> None:
    draft.person = replace(draft.person, rhythm=replace(draft.person.rhythm, reminder=None))
    draft.set_reminder()
    finish(draft, draft.line("reminders.off"))


def _set_up(at_step: str | None = None) -> Callable[[Draft], None]:
    def start(draft: Draft) -> None:
        guiding.start(draft, "onboarding", step=at_step)

    return start


def _change_time(draft: Draft) -> None:
    guiding.start(draft, "onboarding", step="reminder" if draft.person.zone else "zone")


def _yes(draft: Draft) -> None:
    if draft.talk and draft.was_offered("do:stay"):
        coaching.ideas(draft)
    elif draft.talk and draft.talk.stage in ("options", "deepen", "own", "explore"):
        _nod(draft)
    elif draft.offered:
        draft.say(draft.line("not-a-choice"), "reply", draft.offered)
    else:
        draft.say(draft.line("ask.open"))


def _no(draft: Draft) -> None:
    if draft.was_offered("do:stay"):
        exploring.stay(draft)
    elif draft.was_offered("do:another") and draft.talk and draft.context.in_hand:
        options.another_way(draft)
    else:
        _nod(draft)


def _plain(draft: Draft) -> None:
    draft.plain = True
    if draft.place:
        guiding.simpler(draft)
    else:
        options.plainer(draft)


def _example(draft: Draft) -> None:
    if draft.place:
        guiding.for_instance(draft)
    else:
        options.for_instance(draft)


WISHES: dict[str, Callable[[Draft], None]] = {
    "reflect": _reflect,
    "headings-on": _reflect,
    "headings": _own_headings,
    "headings-off": _no_headings,
    "guides": guiding.show_guides,
    "role": _role,
    "lens": _lens,
    "ask": _ask,
    "logbook": _logbook,
    "about-me": _about_me,
    "set-up": _set_up(),
    "change-name": _set_up("name"),
    "change-zone": _set_up("zone"),
    "change-time": _change_time,
    "add-partnership": _set_up("partnership"),
    "reminders-off": _reminders_off,
    "status": _status,
    "privacy": _line("privacy"),
    "help": _line("help"),
    "hello": greet,
    "thanks": _thanks,
    "bye": _bye,
    "later": _bye,
    "enough": _bye,
    "leave-talk": _leave_talk,
    "plain-note": _plain_note,
    "leave-letter": _leave_letter,
    "how-are-you": _line("how-are-you"),
    "who-are-you": _line("who-are-you"),
    "tell-more": options.tell_more,
    "another": options.another_way,
    "none-of-these": exploring.no_thread,
    "one": coaching.one,
    "leaning": coaching.leaning,
    "anger": _anger,
    "repeat": _line("sorry.repeat"),
    "wrong-turn": _wrong_turn,
    "plain": _plain,
    "example": _example,
    "ideas": coaching.ideas,
    "unknowing": _smaller,
    "verdict": _weighed("verdict"),
    "verdict-self": _weighed("verdict.self"),
    "verdict-other": _weighed("verdict.other"),
    "plea": coaching.plea,
    "stay": exploring.stay,
    "recap": coaching.recap,
    "opinion": _weighed("opinion", coaching.opinion),
    "either": _weighed("opinion.either", coaching.either),
    "my-place": _weighed("opinion.mine"),
    "what-if": _weighed("what-if"),
    "wording": _weighed("wording"),
    "rejects": coaching.rejected,
    "tried": _told_off("tried"),
    "off-topic": _off_topic,
    "opening": _opening,
    "nod": _nod,
    "leave-it": _leave_it,
    "agrees": _agrees,
    "weary": _line("weary"),
    "apology": _in_a_line("apology"),
    "no-questions": _in_a_line("no-questions"),
    "talk-on": _talk_on,
    "method": options.for_instance,
    "errand": coaching.errand,
    "glad": _glad,
    "change": _line("change.what"),
    "good": _yes,
    "no": _no,
    "resume": _resume,
    "fresh": _fresh,
    "leave": _leave,
    "if-then": _if_then,
    "not-a-plan": planning.not_a_plan,
    "keep-plan": planning.keep_meant,
    "keep-line": planning.keep_line,
    "own-words": planning.own_words,
    **timing.WISHES,
    **leaving.WISHES,
    **doorway.WISHES,
    **consenting.WISHES,
    **voicenotes.WISHES,
    **amending.WISHES,
    **sharing.WISHES,
    **mentoring.WISHES,
    **taking_out.WISHES,
    "letter-less": lambda draft: timing.letters_less(draft) if draft.person.rhythm.nudge else _status(draft),
}
