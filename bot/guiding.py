"""Walks a person through a guide: asks a step, reads the answer, keeps it at once, and goes on.

The guide is data; what may happen at any step is here: a choice, a free answer, skip, back, shorter, a thin answer that is
asked for once more in a smaller way, an answer that cannot be read and is let go after the second try. What becomes of an
answer is keeping.py's business.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

from bot import offers, outcomes
from bot.asking import ALL_GUIDES, DEEPER, PICK_NOW, clip, following, here, marks, question, slots, told_in
from bot.choosing import choice_in, choices_in, energy_in, number_in
from bot.draft import REMEMBERED, Draft
from bot.hearing import means
from bot.intending import intent_in, next_time_in, tells_meaning
from bot.keeping import CHOOSERS, DAY, READERS, clock, keep_answer, keep_choice, keep_phases, set_plan, set_zone
from bot.mirroring import mirror_at
from bot.model import Choice, Place, Talk
from bot.otherwise import of_entry
from bot.righting import Righted, confirmed
from bot.spelling import words_in
from bot.threads import choices_of, left_of
from bot.week import aims_of_week
from prompts.library import END, Guide, GuideChoice, Hear, Step, StepWords

HELD = timedelta(hours=72)  # an interrupted guide is held this long, then only its answers remain (coaching.md section 4)
LOWS = 3  # low days in a row after which the format is left
OFTEN = 25  # marks of what was said, some two reflections: within them an offer is a choice without a sentence
ONE_LINE = 200  # characters up to which a lead and a question read well as one paragraph
TRIED = "try"  # the step of a guide at which somebody says what they will do
SOON = timedelta(days=14)  # within which a day is a moment; "next month" is none
BESIDES = 3  # words from which more is told beside a step
LAST_QUESTION = r"\s*[^.!?\n]*\?\s*$"  # on which a text ends
SETTLED = "settled"  # the mark that a plan was closed with a question what else there is; once a talk is enough
PLANNED = "plan"  # the mark that a plan was kept or moved
QUOTED = 300  # characters of a plan that are said back


def start(
    draft: Draft,
    guide_id: str,
    lead: str = "",
    frame: str = "",
    ref: str = "",
    step: str | None = None,
    day: date | None = None,
    picked: str = "",
) -> None:
    """Opens a guide at its first step, or at a named one, and asks.

    `frame` fills $frame; `ref` is what an outcome is about; `day` is the day an entry is about, when it is not today; `picked` is the
    name of an option that was chosen.
    """
    guide = draft.guide(guide_id)
    energy = draft.place.energy if draft.place else None
    given = tuple(
        (key, value)
        for key, value in (("$frame", frame), ("$ref", ref), ("$picked", picked), (DAY, day.isoformat() if day else ""))
        if value
    )
    draft.place = Place(guide_id, step or guide.steps[0].id, draft.at, draft.at, draft.new_id(guide_id), given, energy=energy)
    draft.held = None
    ask(draft, lead)


def ask(draft: Draft, lead: str = "") -> None:
    """Asks the step the person stands at, passing over steps whose needs were not answered; closes the guide at its end."""
    place = draft.here
    guide = draft.guide(place.guide)
    while place.step != END and _passed_over(guide.step(place.step), place):
        place = replace(place, step=guide.after(guide.step(place.step)))
    draft.place = replace(place, at=draft.at)
    if place.step == END:
        _close(draft, lead)
        return
    text, choices = question(draft)
    draft.say(joined(lead, text), "question", choices)


def _passed_over(step: Step, place: Place) -> bool:
    """A step that builds on an answer which is not there, or asks for a day that was named already."""
    return any(place.answer(needed) is None for needed in step.needs) or (step.keeps == "due" and bool(place.answer(step.id)))


def joined(lead: str, text: str) -> str:
    """A lead and what follows it: on one line while both are short sentences, else as two paragraphs."""
    if not lead:
        return text
    apart = "\n" in lead + text or lead[-1] not in ".?!" or len(lead) + len(text) > ONE_LINE
    return f"{lead}\n\n{text}" if apart else f"{lead} {text}"


# --- answers


def answer(draft: Draft, text: str) -> bool:
    """Takes a message as the answer to the step at hand. False when it cannot be one and looks like something else said."""
    step, spoken = here(draft)
    if step.keeps == "energy" and (felt := energy_in(text, draft.offered, draft.words.hear)):
        return _takes_energy(draft, *felt)
    if draft.offered and (_takes_offer(draft, step, text) or _answered_by_choice(draft, step, text)):
        return True
    if step.suggests and (name := offers.asked_for(draft, text)):
        walk(draft, name)
        return True
    if step.choices and step.otherwise and len(words_in(text)) > 2:
        draft.place = replace(draft.here, step=step.otherwise, trail=(*draft.here.trail, step.id))
        return answer(draft, text)
    if _bare_number(draft, step, text) or _tells_step(draft, step, text):
        return True
    if _still_means(draft, step, spoken, text):
        return True
    if step.keeps == "answer" and not _chooses(step) and _thin(draft, step, spoken, text):
        return True
    reader = None if step.keeps == "answer" and step.choices else READERS.get(step.keeps)
    if reader is None or not reader(draft, step, text):
        return _unread(draft, step, spoken, text)
    if not draft.choices:  # a reader that needs to know more has put choices on the table, and the step goes on
        _go(draft, step, text)
    return True


def _takes_energy(draft: Draft, level: Choice, told: str) -> bool:
    """How much energy there is, and what was told after it, which answers the question that follows."""
    press(draft, level)
    if told and draft.place:
        draft.retract()
        return answer(draft, told)
    return True


def _tells_step(draft: Draft, step: Step, text: str) -> bool:
    """A step of their own, told before it was asked for, is the answer to the last question, which is not asked any more."""
    guide = draft.guide(draft.here.guide)
    if step.id == TRIED or step.keeps != "answer" or _chooses(step) or not guide.has(TRIED) or not anything_kept(draft.here):
        return False
    found, last = intent_in(text, clock(draft)), guide.step(TRIED)
    tried = found.text if found and found.firmness == "dated" else next_time_in(text, draft.words.hear)
    if not tried or guide.after(last) != END or not told_in(draft, guide, draft.here):
        return False
    besides = text.replace(tried, " ").strip(" .,;:\n")
    if len(words_in(besides)) >= BESIDES:
        keep_answer(draft, step, besides)
    keep_answer(draft, last, tried)
    draft.place = replace(draft.here, trail=(*draft.here.trail, step.id), step=END, offer="")
    ask(draft)
    return True


def _bare_number(draft: Draft, step: Step, text: str) -> bool:
    """A number where words are asked for was meant for choices that are no longer there: it is no scene, and the question stands."""
    if step.keeps != "answer" or _chooses(step) or number_in(text, draft.words.hear) is None:
        return False
    asked, choices = question(draft)
    draft.say(f"{draft.line('number.no-choice', number=text.strip())} {asked}", "question", choices)
    return True


def _takes_offer(draft: Draft, step: Step, text: str) -> bool:
    """Beside a free question an offer is taken by its label, its number or a yes, never by a word that it shares with an answer."""
    offered = [choice for choice in draft.offered if choice.id == draft.here.offer]
    if not offered or _chooses(step):
        return False
    hear = draft.words.hear
    offer = offered[0]
    said = words_in(text)
    meant = means(text, hear.choices.get("deeper" if offer.id == DEEPER else "walk", []), hear)
    if meant or said in (words_in(offer.label), ("1",)) or (offer.id != DEEPER and offers.asked_for(draft, text) == offer.id[6:]):
        press(draft, offer)
        return True
    return False


def _chooses(step: Step) -> bool:
    return bool(step.choices or step.picks) or step.keeps in ("mark", "zone")


def _answered_by_choice(draft: Draft, step: Step, text: str) -> bool:
    if not _chooses(step):
        return False
    if step.many:
        found = choices_in(text, draft.offered, draft.words.hear)
        if found:
            keep_phases(draft, step, [choice.id.rsplit(":", 1)[-1] for choice in found])
            _go(draft, step)
        return bool(found)
    choice = choice_in(text, draft.offered, draft.words.hear)
    if choice and step.keeps == "reminder" and _names_hour(text, draft.words.hear):
        return False  # "6 in the evening" is an hour of its own, not the evening that is offered
    if choice:
        press(draft, choice)
    return choice is not None


def _names_hour(text: str, hear: Hear) -> bool:
    words = words_in(text)
    return len(words) > 2 and words[0] not in hear.number_leads and any(w.isdecimal() or w in hear.numbers for w in words[:3])


def press(draft: Draft, choice: Choice) -> None:
    """Takes a choice of the step at hand."""
    place = draft.here
    step, spoken = here(draft)
    what = choice.id.rsplit(":", 1)[-1]
    if choice.id.startswith("zone:"):  # one of several cities, offered by _keep_zone
        set_zone(draft, step, what)
        _go(draft, step)
        return
    if choice.id.startswith("guide:"):
        walk(draft, what)
        return
    if choice.id == ALL_GUIDES:
        show_guides(draft)
        return
    if choice.id == DEEPER:
        draft.place = replace(place, trail=place.trail, step=place.deeper or END, offer="")
        ask(draft)
        return
    if choice.id == PICK_NOW:
        pick_now(draft)
        return
    if step.keeps == "mark" or step.picks:
        words = draft.spoken(place.guide)
        keep_answer(draft, step, words.scale.get(what) or words.steps[what].short or what)
        _go(draft, step)
        return
    data = next(c for c in step.choices if c.id == what)
    CHOOSERS.get(step.keeps, keep_choice)(draft, step, data, spoken.choices[what])
    if data.guide and _makes_sense(draft, draft.guide(data.guide)):
        walk(draft, data.guide)
        return
    if step.keeps == "energy" and low_again(draft):
        draft.place = None
        draft.alarm, draft.alarmed_at = "strain", draft.at  # what they answer is about their load, and is met as that
        draft.say(draft.line("low.three"), "reply", [draft.choice("ask"), draft.choice("later")])
        return
    draft.place = replace(draft.place or place, trail=(*place.trail, step.id), step=_onward(draft, step, data), offer="")
    _ask_next(draft, step)


def _week_asks(draft: Draft, guide: Guide) -> str | None:
    """On the first working day the week's aims, until there are some; on the last, what became of them. Both may be left."""
    workdays = draft.person.rhythm.workdays
    if guide.guide in ("aims", "weekly-letter") or not workdays or not draft.person.zone or draft.here.energy == "low":
        return None
    aims = aims_of_week(draft.book, draft.today)
    if draft.today.weekday() == min(workdays) and aims is None:
        return "aims"
    if draft.today.weekday() == max(workdays) and aims is not None and "review" not in dict(aims.answers):
        return "aims-review"
    return None


def _onward(draft: Draft, step: Step, choice: GuideChoice) -> str:
    return END if choice.guide else choice.go or following(draft, step)


def _makes_sense(draft: Draft, guide: Guide) -> bool:
    return guide.knows != "zone" or draft.person.zone is not None


def low_again(draft: Draft) -> bool:
    """A low day after two low ones: the format is left, and the load is asked about (coaching.md section 4)."""
    before = [entry.energy for entry in draft.context.entries if entry.energy][: LOWS - 1]
    return draft.here.energy == "low" and before == ["low"] * (LOWS - 1)


def skip(draft: Draft) -> None:
    step, _ = here(draft)
    _go(draft, step)


def back(draft: Draft) -> None:
    """To the step before, with what was said there, to be said anew; the earlier wording stays as a revision."""
    place = draft.here
    if not place.trail:
        text, choices = question(draft)
        draft.say(f"{draft.line('back.none')} {text}", "question", choices)
        return
    previous = place.trail[-1]
    draft.place = replace(place, step=previous, trail=place.trail[:-1], at=draft.at, offer="")
    was = place.answer(previous)
    text, choices = question(draft)
    if was and not choices:
        text = draft.line("change.was", was=clip(was))
    elif was:
        text = f"{draft.line('change.choice', was=clip(was))}\n\n{text}"
    draft.say(text, "question", choices)


def correct(draft: Draft, righted: Righted) -> bool:
    """Something told before is put right in passing: in the last answer, shown, and the place is kept. False without an answer."""
    place, guide = draft.here, draft.guide(draft.here.guide)
    told = [guide.step(name) for name in place.trail if guide.step(name).keeps == "answer" and place.answer(name)]
    if not told:
        return False
    keep_answer(draft, told[-1], righted.within(place.answer(told[-1].id) or "").replace("\n", "; "))
    asked, choices = question(draft)
    draft.say(f"{draft.line('corrected', said=confirmed(draft, righted.new)).strip()}\n\n{asked}", "question", choices)
    return True


def shorter(draft: Draft) -> None:
    """After the next answer the guide is over; the marking of a check is over at once."""
    step, _ = here(draft)
    if step.keeps == "mark" and marks(draft):
        pick_now(draft)
        return
    draft.place = replace(draft.here, short=True)
    text, choices = question(draft)
    draft.say(f"{draft.line('shorter')} {text}", "question", choices)


def again(draft: Draft) -> tuple[str, tuple[Choice, ...]]:
    """The question at hand, asked again after something else was answered; its place is kept."""
    text, choices = question(draft)
    return draft.line("place.kept", question=text), choices


def simpler(draft: Draft) -> None:
    """The question at hand in fewer words."""
    _, spoken = here(draft)
    said = [spoken.say] if isinstance(spoken.say, str) else spoken.say
    text, choices = question(draft, spoken.smaller or min(said, key=len))
    draft.say(text, "question", choices)


def for_instance(draft: Draft) -> None:
    """What an answer to the question at hand might look like."""
    _, spoken = here(draft)
    text, choices = question(draft, spoken.hint or spoken.smaller)
    draft.say(text, "question", choices)


def anything_kept(place: Place) -> bool:
    return any(not step.startswith("$") for step, _ in place.answers)


def _go(draft: Draft, step: Step, told: str = "") -> None:
    place = draft.here
    kind = offers.moment_in(told, draft.words.hear) if told else None
    draft.place = replace(place, trail=(*place.trail, step.id), step=step.turns.get(kind or "") or following(draft, step), offer="")
    if told and not place.short:
        _invite(draft, step, told)
    _ask_next(draft, step, told)


def _invite(draft: Draft, step: Step, told: str) -> None:
    """One invitation to go deeper in a sitting: with the guide that fits what was told, or with one question more."""
    place = draft.here
    if place.invited or place.step == END:
        return
    fits = offers.fitting(draft, told) if draft.guide(place.guide).group == "day" or draft.has_headings(place.guide) else None
    offer = f"guide:{fits}" if fits and not step.turns.get(offers.moment_in(told, draft.words.hear) or "") else ""
    if step.deeper and not offer:
        offer = DEEPER
    draft.place = replace(place, offer=offer, invited=bool(offer), deeper=step.deeper if offer == DEEPER else None)


def walk(draft: Draft, name: str) -> None:
    """Takes up a guide that was offered or asked for. What was written in another one so far is in the logbook."""
    spoken, place = draft.spoken(name), draft.place
    guide = draft.guide(name)
    if place and place.offer == f"guide:{name}":
        lead = draft.line("guide.from-here", title=spoken.title)
    elif guide.kind == "check":
        lead = draft.line("check.begins", title=spoken.title, count=str(len(guide.marked)))
    elif len(guide.steps) > 1 and guide.steps[0].keeps != "energy":  # the day's own is as long as there is energy for
        lead = draft.line("guide.begins", title=spoken.title, count=str(len(guide.steps)))
    else:
        lead = ""
    start(draft, name, lead)


def show_guides(draft: Draft) -> None:
    """The list of guides; what was begun waits meanwhile, if anything was written."""
    if draft.place:
        draft.held = draft.place if anything_kept(draft.place) else draft.held
        draft.place = None
    offers.show_list(draft)


def pick_now(draft: Draft) -> None:
    """Cuts the marking of a check short: on to the one thing that is chosen."""
    step, _ = here(draft)
    last = draft.guide(draft.here.guide).marked[-1]
    draft.place = replace(draft.here, trail=(*draft.here.trail, step.id), step=following(draft, last))
    ask(draft)


def _ask_next(draft: Draft, step: Step, told: str = "") -> None:
    place = draft.here
    guide = draft.guide(place.guide)
    if place.short and told_in(draft, guide, place):
        draft.place = place = replace(place, step=END)
    lead = mirror_at(draft, place.guide, step.id, told) if told else ""
    if place.offer.startswith("guide:") and not draft.said_lately("guide.offer", OFTEN):
        spoken = draft.spoken(place.offer[6:])
        count = len(draft.guide(place.offer[6:]).steps)
        lead = "\n\n".join(part for part in (lead, draft.line("guide.offer", title=spoken.title, count=str(count))) if part)
    ask(draft, " ".join(part for part in (draft.noted, lead) if part))


def _unread(draft: Draft, step: Step, spoken: StepWords, text: str) -> bool:
    """Asks once more with a hint; the second time lets the step go. A story where a name was asked for is not an answer."""
    place = draft.here
    first_time = place.guide == "onboarding" and not draft.person.onboarded
    if len(words_in(text)) > 5 and not first_time:
        return False
    if step.keeps == "zone" and first_time:
        _go_on_after(draft, draft.line("zone.unknown"), step)
        return True
    if step.id in place.nudged:
        _go_on_after(draft, draft.line("let-go"), step)
        return True
    draft.place = replace(place, nudged=(*place.nudged, step.id))
    _, choices = question(draft)
    hint = spoken.hint or draft.line("not-a-choice")
    draft.say(hint, "question", choices)
    return True


def _go_on_after(draft: Draft, lead: str, step: Step) -> None:
    place = draft.here
    draft.place = replace(place, trail=(*place.trail, step.id), step=following(draft, step), offer="")
    ask(draft, lead)


def _still_means(draft: Draft, step: Step, spoken: StepWords, text: str) -> bool:
    """A thought about what it meant, where it was asked what they will try: it goes to the answer before; a try is asked for once more."""
    place = draft.here
    before = next((each for each in reversed(place.trail) if place.answer(each)), None)
    if step.id != TRIED or before is None or step.id in place.nudged or not tells_meaning(text, clock(draft)):
        return False
    earlier = draft.guide(place.guide).step(before)
    keep_answer(draft, earlier, f"{place.answer(before)}\n{text}")
    draft.place = replace(draft.here, nudged=(*place.nudged, step.id))
    asked, choices = question(draft, spoken.smaller)
    draft.say(joined(mirror_at(draft, place.guide, before, text), asked), "question", choices)
    return True


def _thin(draft: Draft, step: Step, spoken: StepWords, text: str) -> bool:
    """One or two words where a scene was asked for: kept, and asked for once more, smaller and more concrete."""
    place = draft.here
    if offers.moment_in(text, draft.words.hear) in step.turns:
        return False
    if spoken.smaller is None or step.id in place.nudged or len(words_in(text)) > 2:
        return False
    keep_answer(draft, step, text)
    draft.place = replace(draft.here, nudged=(*place.nudged, step.id))
    smaller, choices = question(draft, spoken.smaller)
    draft.say(smaller, "question", choices)
    return True


# --- the end


def _close(draft: Draft, lead: str) -> None:
    """The end of a guide: what was written, in the person's words, and what may come next."""
    place = draft.here
    guide = draft.guide(place.guide)
    if guide.guide == "follow-up" and place.answer("outcome"):
        outcomes.taken_up(draft, place.answer("$frame") or "", place.answer("outcome") or "")
        return
    closes = draft.spoken(guide.guide).closes or draft.words.variants("closes")
    variants = (closes,) if isinstance(closes, str) else tuple(closes)
    text = draft.fill(draft.pick(f"{guide.guide}.closes", variants), **slots(draft))
    choices: list[Choice] = []
    if guide.kept:
        if not told_in(draft, guide, place):
            text = draft.line("stop.none")
        elif place.answer(TRIED):
            other = of_entry(draft, " ".join(told_in(draft, guide, place)))
            asked, choices = _ties(draft, place.answer(TRIED) or "")
            text = f"{text}\n\n{' '.join(part for part in (other, asked) if part)}"
        if week := _week_asks(draft, guide):
            text = text if choices else f"{text}\n\n{draft.line(f'close.{week}')}"
            choices = [draft.choice(week), *(choices or [draft.choice("enough")])] if not choices else [*choices, draft.choice(week)]
        draft.aim = place.answer(TRIED) or ""
    elif guide.guide == "headings":
        choices = [draft.choice("headings-on"), draft.choice("later")]
    elif guide.kind == "profile":
        draft.person = replace(draft.person, onboarded=True)
        choices = [draft.choice("reflect"), draft.choice("ask"), draft.choice("later")]
    left = left_of(draft.talk, draft.at)
    if guide.guide == "if-then":
        text, choices = _plan_closes(draft, text, left)
    draft.place, draft.talk = None, left
    draft.say(f"{lead}\n\n{text}" if lead else text, "reply", choices or _waiting(draft))


def _ties(draft: Draft, tried: str) -> tuple[str, list[Choice]]:
    """What is said of the last line: with a day in it, it is a step that is kept and asked about; else a moment for it is offered."""
    found = intent_in(tried, clock(draft))
    if found is None or found.firmness != "dated" or found.day is None or found.day - draft.today > SOON:
        return draft.line("close.plan"), [draft.choice("if-then"), draft.choice("enough")]
    set_plan(draft, found.text, found.day)
    draft.remember(PLANNED)
    return draft.line("plan.kept.again", plan=clip(found.text, QUOTED), day=draft.day(found.day)), [
        draft.choice("if-then"),
        draft.choice("not-a-plan"),
    ]


def _waiting(draft: Draft) -> list[Choice]:
    """Going on with what was set aside."""
    return [draft.choice("resume")] if draft.held else []


def _plan_closes(draft: Draft, asks: str, left: Talk | None) -> tuple[str, list[Choice]]:
    """What is said of a step that was told, and what may follow. What else there is, is asked once a talk."""
    said, kept = _planned(draft), draft.here.answer("plan") is not None
    choices = [draft.choice("not-a-plan")] if kept else []
    if draft.asked_beside:
        return said, choices
    if left:
        return f"{said}\n\n{draft.line('threads.left')}", [*choices_of(left), draft.choice("enough")]
    if not kept or draft.lately(SETTLED, OFTEN):
        return said, choices
    draft.remember(SETTLED)
    return f"{said}\n\n{asks}", choices


def _planned(draft: Draft) -> str:
    """That a step is kept, in their words and with its day; or that it was none."""
    plan, due = draft.here.answer("plan"), draft.here.answer("due")
    if plan is None:
        return draft.line("plan.out")
    if not due:
        return draft.line("plan.kept.no-date", plan=clip(plan, QUOTED))
    told = draft.line(
        "plan.kept.again" if draft.lately(PLANNED, REMEMBERED) else "plan.kept",
        plan=clip(plan, QUOTED),
        day=draft.day(date.fromisoformat(due)),
    )
    draft.remember(PLANNED)
    return told


def finish(draft: Draft, text: str) -> None:
    """Says a text; in the middle of a guide the guide's question takes the place of the text's own, and its choices stay on the table."""
    if draft.ending:
        question, choices = draft.ending
        told = re.sub(LAST_QUESTION, "", text)
        draft.say(f"{told}\n\n{question}", "reply", choices)
    else:
        draft.say(text)


def finish_in_place(draft: Draft, text: str) -> None:
    """Says a text without moving anything; a question that was open is asked again."""
    if draft.place:
        draft.ending = again(draft)
        finish(draft, text)
    else:
        draft.say(text, "reply", draft.offered)
