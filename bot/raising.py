"""What is said first when something is raised that must not be coached on, or hinted at; from then on that has the floor.

floor.py answers whatever is written after it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from bot import beside, staying
from bot.alarms import came_in, facts_in, hinted, hurt_at_home, named_in, says, strained, thing_in, threatened_by, told_of_another
from bot.choosing import WAYS
from bot.draft import Draft
from bot.hearing import asks_coach, asks_plainly, content_of, echo_of, feels, kinds_named, pleads, who_in
from bot.model import Alarm, Grave, Remind, Talk
from bot.phrases import CLAUSES
from bot.rhythm import next_reminder
from bot.spelling import BETWEEN_SENTENCES, READ, words_in
from bot.suspecting import suspected_in
from bot.theirs import opening
from bot.untruths import NUMBER, is_withheld, untruth_in
from prompts.library import Safety

PAUSE = timedelta(days=7)  # reminders rest this long after a sign of danger
TAKEN_FOR_WORN = ("safety.strain", "safety.strain.work-too", "safety.hint.worn")  # lines that take somebody for worn out
# A hint, and what has the floor once it was asked about: nothing yet after a mood with no reason told.
HINTS: dict[str, Alarm | None] = {
    "spent": "spent", "doubt": "doubt", "gloss": "gloss", "feared": "strain", "belittled": "harassment", "entrusted": "ethics",
    "informs": "ethics", "overheard": "harassment", "violence": "told", "unwell": None,
}  # fmt: skip
WEIGHS = "safety.heavy"  # the line for what weighs on somebody
LET_GO = "safety:let-go"  # the mark that something was heard amiss in this talk, and left
TO_GO_ON_WITH = 6  # words that say something, from which a message that puts the coach right tells what to go on with
COUNTED = 2  # numbers in a message of which one may be so and the other is to be


def met(draft: Draft, text: str, alarm: str, language: str) -> None:
    """Answers danger, a threat, wrongdoing or harassment, whoever heard it, and gives it the floor."""
    safety = dict(draft.library.safeties(draft.language))[language]
    draft.before, draft.talk = draft.talk or draft.before, None
    if draft.place:
        draft.held, draft.place = draft.place, None
    draft.person, draft.aim = replace(draft.person, welcomed=True), ""
    draft.alarmed_at = draft.at
    match alarm:
        case "danger":
            endangered(draft, text)
        case "threat":
            draft.alarm = "threat"
            _rest(draft)
            _threatened(draft, text, threatened_by(text, safety))
        case "harassment":
            draft.alarm = "told" if told_of_another(text, safety) else "harassment"
            draft.say(_first_said(draft, text, f"safety.{draft.alarm}"), "safety")
        case _:
            draft.alarm = "ethics"
            key = _of_the_writer(text, safety)
            draft.say(draft.line(key) if key else _first_said(draft, text, _of_wrongdoing(text, safety)), "safety")
    bear_in_mind(draft, _with_before(draft, text) if draft.alarm == "ethics" else text)


def bear_in_mind(draft: Draft, text: str) -> None:
    """What was raised is known for a day, with whoever was named to help; nothing of it is kept any longer than that."""
    if draft.alarm is None:
        draft.grave = None
        return
    before = draft.grave or Grave(draft.alarm, choices=tuple(choice for choice in draft.offered if choice.id.startswith(WAYS)))
    draft.grave = replace(before, alarm=draft.alarm, told=text[:READ])
    beside.noted(draft, text)


def _of_the_writer(text: str, safety: Safety) -> str | None:
    """The answer to what they tell of themselves: that they said or put down what was not so, or pay for having said no."""
    untruth = untruth_in(text, safety)
    told = {
        "safety.ethics.own": says(text, "own", safety),
        "safety.retaliated": says(text, "retaliation", safety),
        "safety.ethics.own.put": untruth is not None and untruth[1],
    }
    return next((key for key, so in told.items() if so), None)


def _with_before(draft: Draft, text: str) -> str:
    """The message, after the one their talk began with where only both together tell what is kept from somebody who builds on it."""
    both = f"{draft.before.asked}. {text}" if draft.before else text
    return both if is_withheld(both, draft.words.safety) else text


def _of_wrongdoing(text: str, safety: Safety) -> str:
    """Whoever only saw or heard of it is not told that nobody will help them hide it."""
    facts = set(facts_in(text, safety))
    return "safety.ethics.witness" if "witness" in facts and not facts & {"above", "asked"} else "safety.ethics"


def _first_said(draft: Draft, text: str, key: str) -> str:
    """The first answer: what was done, as it was heard, before what holds for all of its kind, and whatever else in it presses."""
    facts = list(facts_in(text, draft.words.safety))
    alarm, untruth = draft.alarm or "", untruth_in(_with_before(draft, text), draft.words.safety)
    kinds = [untruth[0], *facts] if untruth and alarm == "ethics" else facts
    seen = next((f"safety.{alarm}.seen.{fact}" for fact in kinds if f"safety.{alarm}.seen.{fact}" in draft.words.lines), None)
    if {"above", "asked", "deadline"} & set(facts) and draft.alarm == "ethics":
        facts = [fact for fact in facts if fact != "confided"]  # an order is no confidence
    told = [fitting for fact in facts if (fitting := _of_fact(draft, f"safety.{alarm}.fact.{fact}", seen or ""))]
    counted = sorted({int(re.sub(r"\D", "", number)) for number in NUMBER.findall(text)})
    if seen == "safety.ethics.seen.figures" and len(counted) == COUNTED:
        opening = draft.line("safety.ethics.seen.counted", few=f"{counted[0]}", many=f"{counted[1]}")
    elif seen:
        opening = draft.line(seen)
    else:
        back = draft.said_back(text)
        opening = f"{back}." if back else draft.line(f"safety.{alarm}.seen")
    return draft.line(key, seen=opening, fact="".join(f" {draft.line(each)}" for each in told))


def _of_fact(draft: Draft, key: str, seen: str) -> str | None:
    """The line for what else presses: where there is one for what was done, that one ("paid" has nothing to sign)."""
    return next((each for each in (f"{key}.{seen.rpartition('.')[2]}", key) if each in draft.words.lines), None)


def endangered(draft: Draft, text: str = "") -> None:
    """The whole answer once, with the one question that fits: about themselves, about somebody else, and where it was said outright whether
    they are safe. When it was given already in this talk, that the coach stays."""
    safeties = [safety for _, safety in draft.library.safeties(draft.language)]
    plainly = any(says(text, "plainly", safety) for safety in safeties)
    other = not plainly and any(says(text, "to_others", safety) for safety in safeties)
    draft.alarm, draft.alarmed_at = "asked-safe" if plainly else "asked-danger", draft.at
    _rest(draft)
    beaten = other and "beaten" in facts_in(text, draft.words.safety)
    if other and not beaten and hurt_at_home(text, draft.words.safety) and draft.unheard("safety.danger.home"):
        hurt_where_they_live(draft, text)
        return
    if other and not beaten and not draft.unheard("safety.danger.other"):
        draft.alarm = "told"  # it is somebody else's, and asking what was asked already would ask about themselves
        staying.stay(draft, text, again=True)
        bear_in_mind(draft, text)
        return
    first = f"safety.danger.{'plain' if plainly else 'beaten' if beaten else 'other'}" if plainly or other else "safety.danger"
    key = next((key for key in (first, "safety.danger.again") if draft.unheard(key)), None)
    if key == "safety.danger.again":
        draft.alarm = "asked-danger"
    seen = draft.said_back(text) if other else ""
    opening = f"{seen}." if seen else _as_told(draft, text, f"safety.danger.seen.{'beaten' if beaten else 'other'}")
    draft.say(draft.once(key, seen=opening) if key else draft.line("safety.danger.stay"), "safety")
    bear_in_mind(draft, text)


def hurt_where_they_live(draft: Draft, told: str) -> None:
    """The whole answer to harm at home, told outright or by a yes to whether somebody there is afraid; somebody else's is asked about."""
    draft.alarm, draft.alarmed_at = "asked-danger", draft.at
    _rest(draft)
    if hurt_at_home(told, draft.words.safety):
        draft.say(draft.once("safety.danger.home"), "safety")
    else:
        draft.say(draft.once("safety.danger.other", seen=draft.line("safety.danger.seen.other")), "safety")
    bear_in_mind(draft, told[-READ:])


def _threatened(draft: Draft, text: str, kind: str) -> None:
    if not draft.unheard("safety.threat") or not draft.unheard("safety.threat.pressure"):
        if more := one_more(draft, text):
            draft.say(more, "safety")
        else:
            staying.stay(draft, text)
    elif kind == "pressure":
        draft.say(draft.once("safety.threat.pressure"), "safety")
    else:
        draft.remember("safety.threat#0")
        key = "safety.threat.other" if kind == "other" else "safety.threat"
        draft.say(draft.line(key, seen=_as_seen(draft, text, kind)), "safety")


def _as_seen(draft: Draft, text: str, kind: str) -> str:
    """What was told, as it was heard, and what it is: somebody who only stood there has said nothing, and nobody knows who it was."""
    found = [fact for fact in facts_in(text, draft.words.safety) if f"safety.threat.seen.{fact}" in draft.words.lines]
    back = "" if found and thing_in(text, draft.words.safety) else draft.said_back(text)
    meant = _as_told(draft, text, f"safety.threat.seen.{found[0] if found else kind}")
    return f"{back}. {meant}" if back else meant


def _as_told(draft: Draft, text: str, key: str) -> str:
    """A line about what was told, in the wording that names who or what it was, where that is known."""
    safety = draft.words.safety
    who = named_in(text, safety, "people") or named_in(text, safety, "close") or ""
    return draft.fresh(key, who=who[:1].upper() + who[1:], hurt=who, What=thing_in(text, safety), **beside.kids(draft, text)) or draft.line(
        key
    )


def one_more(draft: Draft, text: str) -> str | None:
    """What is said to a further threat, by what it is; None where all of that was said."""
    kind = threatened_by(text, draft.words.safety)
    within = [f"safety.threat.more.{kind}.home"] if beside.indoors(draft, text) else []
    keys = [key for key in (*within, f"safety.threat.more.{kind}", "safety.threat.more") if key in draft.words.lines and draft.unheard(key)]
    return draft.once(keys[0], **beside.kids(draft, text)) if keys else None


def _rest(draft: Draft) -> None:
    if draft.person.zone:
        draft.do(Remind("reminder", next_reminder(draft.person.rhythm, draft.person.zone, draft.at + PAUSE)))


def quiet(draft: Draft, text: str) -> None:
    """What else was in it can be come back to, by them."""
    draft.before = draft.talk or draft.before
    draft.talk = Talk("", "explore", draft.at, draft.at, text, ("quiet",))
    draft.person = replace(draft.person, welcomed=True)


def clear(draft: Draft, text: str, key: str) -> None:
    """Says that nobody takes them for a wrongdoer, and gives the talk back to them."""
    quiet(draft, text)
    draft.alarm = draft.grave = None
    draft.say(draft.once(key), "safety")


def let_go(draft: Draft, text: str) -> bool:
    """Leaves what was heard amiss, as they say plainly that it is not that, and owns it; the talk that it broke into goes on. True when
    that was all there is to answer; from then on nothing that only sounds like it is heard in this talk."""
    told = beside.kept(draft).told
    draft.talk = draft.before or draft.talk or (Talk("", "explore", draft.at, draft.at, told) if told else None)
    draft.alarm, draft.alarmed_at, draft.grave = None, None, None
    draft.remember(LET_GO)
    if asks_plainly(text, draft.words.hear) or content_of(text, draft.words.hear) >= TO_GO_ON_WITH:
        draft.owned = draft.once("safety.misread.owned")
        return False
    draft.say(draft.line("safety.misread.bare"))
    return True


def misread(draft: Draft, text: str) -> None:
    """A false alarm is left at once, in one plain sentence; the talk that it broke into goes on. Where it was about life the help stays
    named, for what is taken back may have been half meant; after a word that was plain, or a second sign, it is asked about once more."""
    of_life = draft.alarm in ("asked-danger", "asked-safe")
    signs = ("safety.danger.plain#0", "safety.danger.again#0", "safety.hint#0", "safety.hint#1")
    if of_life and draft.unheard("safety.misread.ask") and any(draft.heard_at(sign) >= 0 for sign in signs):
        draft.alarm, draft.alarmed_at = "asked-safe", draft.at
        draft.say(draft.once("safety.misread.ask"), "safety")
        return
    draft.alarm, draft.alarmed_at, draft.grave = None, None, None
    draft.talk = draft.before or draft.talk
    if of_life:
        draft.say(draft.line("safety.misread.danger"), "safety")
    elif who := who_in(text, draft.words.hear):
        draft.say(draft.line("safety.misread.who", who=who))
    else:
        draft.say(draft.line("safety.misread"))


def _small_question(draft: Draft) -> bool:
    """Whether a guide that is open only asks about the person; in any other a hint is part of the answer."""
    return draft.place is not None and draft.place.guide == "onboarding"


def hinted_at(draft: Draft, text: str) -> bool:
    """Asks gently about a hint at something graver; in a guide that asks about a day it is part of the answer."""
    hint = hinted(text, draft.words.safety) if draft.place is None or _small_question(draft) else None
    if hint == "doubt" and _others_wonder(draft, text):
        return False
    key = "safety.hint" if hint == "doubt" else f"safety.hint.{hint}"
    if hint == "gloss" and "guess" in facts_in(text, draft.words.safety):
        key = "safety.hint.gloss.guess"
    if hint is None or not draft.unheard(key):
        return False
    if hint != "gloss":
        quiet(draft, text)
    if _small_question(draft):
        draft.place = draft.held = None
    draft.say(_as_told(draft, text, key) if hint == "violence" else draft.once(key), "safety")
    draft.alarm, draft.alarmed_at = HINTS[hint], draft.at
    bear_in_mind(draft, text)
    return True


def suspects(draft: Draft, text: str) -> bool:
    """Asks whether something is as it may be heard: that what is to be vouched for isn't so, a tie, a favour, something kept from others.
    Once of each kind, and no more in a talk in which such a thing was heard amiss; in a guide it is part of the answer."""
    kind = suspected_in(text, draft.words.safety) if draft.place is None or _small_question(draft) else None
    key = f"safety.suspect.{kind}"
    if kind is None or not draft.unheard(key) or draft.heard_at(LET_GO) >= 0:
        return False
    if _small_question(draft):
        draft.place = draft.held = None
    draft.person = replace(draft.person, welcomed=True)
    draft.say(draft.once(key), "safety")
    draft.alarm, draft.alarmed_at = "suspected", draft.at
    bear_in_mind(draft, text)
    return True


def _others_wonder(draft: Draft, text: str) -> bool:
    """Whether it is others who ask what it is for: "the communes wonder what's the point of it all"."""
    hear = draft.words.hear
    return bool(kinds_named(text, hear) or set(words_in(text)) & set(hear.others)) or says(text, "wondering", draft.words.safety)


def not_worn(draft: Draft, text: str) -> bool:
    """Takes it at its word that somebody is not worn out but angry, or that it is others who are; the talk is theirs again."""
    hear = draft.words.hear
    parts = [part for part in BETWEEN_SENTENCES.split(text) if len(words_in(part)) > 1]  # "what? I'm not ill" asks nothing
    asks = pleads(text, hear) or any("?" in part or asks_plainly(part, hear) for part in parts)
    if draft.alarm in ("strain", "eased", "spent") and not draft.place and says(text, "rested", draft.words.safety):
        draft.alarm = draft.grave = None
        if asks:  # that is answered as anybody else's question
            return False
        draft.talk = draft.before or draft.talk
        draft.say(draft.once("safety.strain.rested"))
        return True
    if draft.alarm not in (None, "strain", "eased", "spent") or draft.place or asks or not says(text, "not_worn", draft.words.safety):
        return False
    key = "safety.strain.not-mine" if set(words_in(text)) & set(hear.others) else "safety.strain.not-worn"
    if feels(text, hear) and says(text, "ours", draft.words.safety):
        taken = draft.alarm is not None or not all(draft.unheard(key) for key in TAKEN_FOR_WORN)
        key = "safety.strain.not-worn" if taken else "safety.strain.angry"
    if not draft.unheard(key):
        return False
    draft.alarm = draft.grave = None
    quiet(draft, text)
    draft.say(draft.once(key))
    return True


def weighed(draft: Draft, text: str) -> bool:
    """Meets, twice in a talk at most, what weighs on somebody and is said softly, before anything is made of it: no card, no task, and who
    is there for them. Whoever asks something is answered, and in a guide it is part of the answer."""
    hear, safety = draft.words.hear, draft.words.safety
    asks = (asks_coach(text, hear) or asks_plainly(text, hear) or pleads(text, hear)) and not says(text, "unasked", safety)
    if draft.place or asks or "angry" in came_in(text, safety) or not says(text, "heavy", safety) or not draft.unheard(f"{WEIGHS}.more"):
        return False
    key = WEIGHS if draft.unheard(WEIGHS) else f"{WEIGHS}.more"
    draft.remember(f"{key}#0")
    talk = draft.talk or Talk("", "explore", draft.at, draft.at, text)
    draft.talk = replace(talk, at=draft.at, used=tuple(dict.fromkeys((*talk.used, "listening"))))
    draft.person = replace(draft.person, welcomed=True)
    told = next((part for part in CLAUSES.findall(text[:READ]) if says(part, "heavy", safety)), text)
    back = draft.said_back(told)
    bare = "" if back else " ".join(filter(None, (opening(draft, text), draft.line(f"{key}.bare"))))
    draft.say(bare or draft.line(key, back=back), "safety")
    return True


def strained_by(draft: Draft, text: str) -> bool:
    """Answers sleepless nights and tears with a pause instead of options; in a guide they are part of the answer (rubric S1)."""
    safeties = draft.library.safeties(draft.language)
    in_guide = draft.place is not None and not _small_question(draft)
    if in_guide or asks_coach(text, draft.words.hear) or not strained(text, safeties):
        return False
    quiet(draft, text)
    if _small_question(draft):
        draft.place = draft.held = None
    draft.alarm, draft.alarmed_at = "strain", draft.at
    facts = list(facts_in(text, draft.words.safety))
    echo = echo_of(text, draft.words.hear)
    felt = echo is not None and (feels(echo, draft.words.hear) or strained(echo, safeties))
    seen = next((key for fact in facts if (key := f"safety.strain.seen.{fact}") in draft.words.lines), None)
    said = draft.line("safety.strain.secret" if "secret" in facts else "safety.strain")
    if seen:
        said = f"{draft.line(seen)} {said}"
    elif echo and felt:
        said = draft.line("flow.echoed", echo=echo, mirror=said)
    draft.say(said, "safety")
    bear_in_mind(draft, text)
    return True
