"""What must never be coached on: danger to life, threats, harassment, wrongdoing, and texts that want the coach to be somebody else's.

Comes before everything else. What was raised keeps the floor: no work, no card, no options, whatever is written, until the person turns
to something else in their own words or a day has passed; after a sign of danger they have to say first that they are safe
(coaching.md sections 2.3 and 8). The words that raise an alarm are data and high in recall; a false alarm costs one kind question.
staying.py answers while it lasts.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

from bot import staying
from bot.alarms import alarm_in, came_in, hinted, says, strained, threatened_by, told_of_another
from bot.choosing import choice_in
from bot.draft import Draft
from bot.hearing import (
    act_in,
    aside_in,
    asks_coach,
    asks_plainly,
    begins_with,
    echo_of,
    feels,
    heard,
    kinds_named,
    of_this_world,
    returned_in,
    same_matter,
    says_any,
)
from bot.model import Choice, Conversation, Person, Remind, Talk, Turn
from bot.rhythm import next_reminder
from bot.spelling import words_in

PAUSE = timedelta(days=7)  # reminders rest this long after a sign of danger
LEAVING = frozenset({"reflect", "ask", "logbook", "reminders-off", "guides"})
PASSING = frozenset(
    {"privacy", "delete", "status", "about-me", "who-are-you", "keep-out", "export", "shared", "unshare", "mentor-end"}
)  # met without giving up the floor
ASKED_IN_PASSING = "do:forget-all"  # a choice of the question whether everything shall be deleted
SHORT = 8  # words of a message that says only once more that one is safe, or only that one wants to turn to the work
JUST_SAID = 6  # marks of what was said, two replies or so
ANSWER = 4  # words of an answer that only names something
OPENING = 2  # words in which a question begins
PASTED = 25  # words from which a text with orders in it is taken for something that was handed on
DAY = timedelta(hours=24)  # after this the person is asked once how they are, and the talk is theirs again
RESTING = timedelta(days=7)  # as long as this, whoever speaks of it again is still in that talk
# How grave what has the floor is, and what is raised: only something graver takes the floor from it.
GRAVITY = {
    "doubt": 0, "spent": 0, "strain": 0, "eased": 0, "ethics": 1, "told": 2, "harassment": 2, "threat-eased": 2, "threat": 3,
    "asked-danger": 4, "asked-safe": 4, "danger": 4,
}  # fmt: skip
# What shows that somebody goes on with what had the floor some days ago.
OF_THAT = frozenset({"blamed", "punished", "brushed", "boss", "channel", "witness", "written", "loss-job", "loss-standing", "afraid"})
# What is asked of the coach about the matter itself; any other question after strain is one about the work.
ABOUT_IT = frozenset({"time-off", "what-now", "who-helps", "go-back", "confront", "sign", "angry"})


def alarmed(draft: Draft, text: str) -> bool:
    """Answers what must not be coached on; True when that was done and the turn is over."""
    alarm, language = _alarm(draft, text)
    if language != draft.language and draft.context.tongue is None:
        draft.speak(language)  # they fell back into their own language: so does the answer
        draft.person = replace(draft.person, language=language)
    if alarm == "injection":
        _not_mine(draft, text)
        return True
    if draft.alarm and GRAVITY.get(alarm or "", 0) <= GRAVITY[draft.alarm]:
        return _keeps_floor(draft, text, again=alarm is not None)
    if alarm in (None, "ethics") and _accused(draft, text):
        return True
    if alarm is None:
        return _hinted(draft, text) or _strained(draft, text)
    met(draft, text, alarm, language)
    return True


def met(draft: Draft, text: str, alarm: str, language: str) -> None:
    """Answers danger, a threat, wrongdoing or harassment, whoever heard it, and gives it the floor."""
    safety = dict(draft.library.safeties(draft.language))[language]
    draft.talk = None
    if draft.place:
        draft.held, draft.place = draft.place, None
    draft.person, draft.aim = replace(draft.person, welcomed=True), ""
    draft.alarmed_at = draft.at
    match alarm:
        case "danger":
            _endangered(draft)
        case "threat":
            draft.alarm = "threat"
            _rest(draft)
            _threatened(draft, text, threatened_by(text, safety))
        case "harassment":
            draft.alarm = "told" if told_of_another(text, safety) else "harassment"
            draft.say(draft.line(f"safety.{draft.alarm}"), "safety")
        case _:
            draft.alarm = "ethics"
            own = says(text, "own", safety)
            draft.say(draft.line("safety.ethics.own" if own else "safety.ethics"), "safety")


def _endangered(draft: Draft) -> None:
    """The whole answer once; when it was given already in this talk, that the coach stays."""
    draft.alarm, draft.alarmed_at = "asked-danger", draft.at
    _rest(draft)
    key = next((key for key in ("safety.danger", "safety.danger.again") if draft.unheard(key)), None)
    draft.say(staying.once(draft, key) if key else draft.line("safety.danger.stay"), "safety")


def _threatened(draft: Draft, text: str, kind: str) -> None:
    if not draft.unheard("safety.threat") or not draft.unheard("safety.threat.pressure"):
        staying.stay(draft, text)
    elif kind == "pressure":
        draft.say(staying.once(draft, "safety.threat.pressure"), "safety")
    else:
        draft.say(staying.once(draft, "safety.threat", seen=draft.line(f"safety.threat.seen.{kind}")), "safety")


def _rest(draft: Draft) -> None:
    if draft.person.zone:
        draft.do(Remind("reminder", next_reminder(draft.person.rhythm, draft.person.zone, draft.at + PAUSE)))


def _not_mine(draft: Draft, text: str) -> None:
    """Others' words are out of reach, and a text that was handed on is something to read, not to obey."""
    handed_on = len(words_in(text)) > PASTED or re.search(r"[\n\"“«]", text.strip()) is not None
    draft.say(draft.line("not-mine.text" if handed_on else "not-mine"), "reply", draft.offered)


def _quiet(draft: Draft, text: str) -> None:
    """What else was in it can be come back to, by them."""
    draft.before = draft.talk or draft.before
    draft.talk = Talk("", "explore", draft.at, draft.at, text, ("quiet",))
    draft.person = replace(draft.person, welcomed=True)


def _accused(draft: Draft, text: str) -> bool:
    """Somebody who is taken for the one who did it is no wrongdoer to be told so: the talk stays theirs."""
    safety = draft.words.safety
    told = says(text, "accused", safety) and draft.unheard("safety.accused")
    once_more = draft.lately("safety.accused#0", JUST_SAID) and "cleared" in came_in(text, safety) and draft.unheard("safety.accused.mine")
    if draft.place or not (told or once_more):
        return False
    _clear(draft, text, "safety.accused" if told else "safety.accused.mine")
    return True


def _clear(draft: Draft, text: str, key: str) -> None:
    """Says that nobody takes them for a wrongdoer, and gives the talk back to them."""
    _quiet(draft, text)
    draft.alarm = None
    draft.say(staying.once(draft, key), "safety")


def _hinted(draft: Draft, text: str) -> bool:
    """Asks gently about a hint at something graver; in a guide it is part of the answer."""
    hint = None if draft.place else hinted(text, draft.words.safety)
    if hint == "doubt" and (kinds_named(text, draft.words.hear) or set(words_in(text)) & set(draft.words.hear.others)):
        return False  # it is others who ask what it is for
    key = {"doubt": "safety.hint", "spent": "safety.hint.spent"}.get(hint or "", "")
    if hint is None or not draft.unheard(key):
        return False
    _quiet(draft, text)
    draft.alarm, draft.alarmed_at = "spent" if hint == "spent" else "doubt", draft.at
    draft.say(draft.line(key), "safety")
    return True


def _strained(draft: Draft, text: str) -> bool:
    """Answers sleepless nights and tears with a pause instead of options; in a guide they are part of the answer (rubric S1)."""
    if draft.place or asks_coach(text, draft.words.hear) or not strained(text, draft.library.safeties(draft.language)):
        return False
    _quiet(draft, text)
    draft.alarm, draft.alarmed_at = "strain", draft.at
    said, echo = draft.line("safety.strain"), echo_of(text, draft.words.hear)
    felt = echo is not None and (feels(echo, draft.words.hear) or strained(echo, draft.library.safeties(draft.language)))
    draft.say(draft.line("flow.echoed", echo=echo, mirror=said) if echo and felt else said, "safety")
    return True


def _alarm(draft: Draft, text: str) -> tuple[str | None, str]:
    """What the text raises, and in whose words.

    Danger and threats count in any language. For the rest, a word of another language is another word where the message's own language
    is clear: "corruption" names a crime in one and a topic in the other.
    """
    found = alarm_in(text, draft.library.safeties(draft.language))
    graver = found is not None and found[0] in ("danger", "threat")
    if found and not graver and draft.context.tongue in draft.library.words and found[1] != draft.context.tongue:
        found = alarm_in(text, draft.library.safeties(draft.language)[:1])
    return found or (None, draft.language)


def raised(conversation: Conversation, person: Person, at: datetime) -> Turn:
    """A sign of danger that somebody else than our lists heard: the floor is safety's, as after one that they hear."""
    effects = (Remind("reminder", next_reminder(person.rhythm, person.zone, at + PAUSE)),) if person.zone else ()
    held = conversation.place or conversation.held
    return Turn(replace(conversation, alarm="asked-danger", alarmed_at=at, talk=None, choices=(), place=None, held=held), effects)


# --- while it has the floor


def in_danger(draft: Draft) -> bool:
    """Whether a sign of danger has the floor, from oneself or from others."""
    return draft.alarm in ("asked-danger", "asked-safe", "threat")


def _asked_in_passing(draft: Draft) -> bool:
    """Whether the question on the table is about the person's data; it was met without giving up the floor."""
    return any(choice.id == ASKED_IN_PASSING for choice in draft.offered)


def _keeps_floor(draft: Draft, text: str, *, again: bool) -> bool:
    """What is written while something has the floor; False when the person has turned to something else. `again`: it alarms once more."""
    hear = draft.words.hear
    wish = heard(text, hear.wishes, hear) or act_in(text, hear)
    if picked := _picked(draft, text):
        return pressed(draft, picked.id)
    if wish in PASSING:
        return _met_in_passing(draft, wish)
    if not again and draft.alarmed_at and draft.at - draft.alarmed_at > DAY:
        return _after_a_day(draft, text, wish)
    draft.alarmed_at = draft.at if again else draft.alarmed_at
    match draft.alarm:
        case "asked-danger" | "asked-safe":
            return _in_danger(draft, text, wish, again=again)
        case "threat":
            return _threat_goes_on(draft, text, again=again)
        case "doubt" | "spent":
            return _hint_answered(draft, text, wish)
    return _talk_goes_on(draft, text, wish, again=again)


def _talk_goes_on(draft: Draft, text: str, wish: str | None, *, again: bool) -> bool:
    if draft.alarm == "eased" and _still_safe(draft, text):
        draft.say(draft.line("safety.danger.calm"), "safety", [draft.choice("ask"), draft.choice("later")])
        return True
    if not again and _turns_away(draft, text, wish):
        return _turned_away(draft, text, wish)
    if draft.alarm == "ethics" and "cleared" in came_in(text, draft.words.safety):
        _clear(draft, text, "safety.accused.mine")
        return True
    staying.stay(draft, text)
    return True


def _picked(draft: Draft, text: str) -> Choice | None:
    """The choice that is meant; "no" and "I don't know" are answers, and no wish to stop."""
    hear = draft.words.hear
    choice = choice_in(text, draft.offered, hear)
    if choice is None and _asked_in_passing(draft) and (heard(text, hear.wishes, hear) or act_in(text, hear)) in ("no", "leave-it", "bye"):
        return next(choice for choice in draft.offered if choice.id == "do:as-it-is")
    idle = choice and choice.id == "do:enough" and (heard(text, hear.controls, hear) == "skip" or heard(text, hear.wishes, hear) == "no")
    return None if idle else choice


def pressed(draft: Draft, choice_id: str) -> bool:
    """Takes a choice while something has the floor; False when it is one like any other, and then the floor is given up for it."""
    asked = _asked_in_passing(draft)
    if choice_id not in {choice.id for choice in draft.offered}:
        choice_id = ""
    if choice_id == "do:ask-after":
        staying.ask_after(draft)
    elif choice_id == "do:tell-myself":
        staying.tell_myself(draft)
    elif draft.alarm and asked and choice_id == "do:as-it-is":
        draft.say(f"{draft.line('safety.kept')} {draft.line('safety.next')}", "safety")
    elif draft.alarm and not in_danger(draft) and choice_id == "do:enough":
        draft.say(draft.line("safety.came.bye"), "safety")
    elif in_danger(draft) and not asked:
        keep_company(draft)
    else:
        draft.alarm = draft.alarm if asked else None
        return False
    return True


def _met_in_passing(draft: Draft, wish: str | None) -> bool:
    """A wish about their data. The question whether everything shall go tells the truth about what the coach cannot clear beforehand."""
    if wish != "delete":
        return False
    elsewhere = draft.line(f"forget.history.{draft.context.platform}")
    choices = [draft.choice(what) for what in ("forget-all", "forget-one", "as-it-is")]
    draft.say(draft.line("safety.forget", elsewhere=elsewhere), "question", choices)
    return True


def _after_a_day(draft: Draft, text: str, wish: str | None) -> bool:
    """A day later the talk is theirs again: whoever greets is asked how it has been, and whoever goes on with it is still in it."""
    kinds = set(came_in(text, draft.words.safety))
    since = draft.at - draft.alarmed_at if draft.alarmed_at else DAY
    if draft.alarm in ("asked-danger", "asked-safe"):
        keep_company(draft)
    elif draft.alarm in ("threat", "threat-eased", "ethics", "harassment", "told") and wish in ("hello", "resume"):
        draft.alarmed_at = draft.at
        draft.say(draft.line("safety.after"), "safety")
    elif since <= RESTING and (kinds & OF_THAT or "better" in kinds) and draft.alarm not in ("doubt", "spent"):
        draft.alarmed_at = draft.at
        staying.stay(draft, text)
    else:
        draft.alarm = None
        return False
    return True


def _turns_away(draft: Draft, text: str, wish: str | None) -> bool:
    """Whether the person turns to something else. A question about work is such a turn after strain and after danger has passed; after
    harassment and wrongdoing a question belongs to them, and it takes words for it."""
    hear, kinds = draft.words.hear, set(came_in(text, draft.words.safety))
    if wish in LEAVING or draft.place or aside_in(text, hear) is not None:
        return True
    if wish == "leave-it" and len(words_in(text)) >= SHORT:  # they say what to turn to instead
        return True
    if "work" in kinds and not kinds & (ABOUT_IT - {"angry"}) and not begins_with(text, hear.guesses):
        return True
    asks = draft.alarm in ("strain", "eased", "threat-eased") and not kinds & ABOUT_IT
    begun = bool(set(words_in(text)[:OPENING]) & set(hear.questions)) and of_this_world(text, hear)
    return asks and (begun or asks_plainly(text, hear) or _back_to_work(draft, text))


def _turned_away(draft: Draft, text: str, wish: str | None) -> bool:
    """Gives up the floor; False when the message itself says what to go on with."""
    draft.alarm = None
    elsewhere = aside_in(text, draft.words.hear) is not None or wish in LEAVING or draft.place is not None or "?" in text
    said = not elsewhere and (wish == "leave-it" or ("work" in came_in(text, draft.words.safety) and len(words_in(text)) <= SHORT))
    if said:
        draft.say(draft.line("safety.came.work"))
    return said


def _back_to_work(draft: Draft, text: str) -> bool:
    """After strain, somebody speaks of the work again: of what they had told with it, or of people in it. They are followed there."""
    hear = draft.words.hear
    told = draft.talk is not None and same_matter(draft.talk.asked, text, hear)
    turns = (told and len(words_in(text)) > ANSWER) or returned_in(text, hear) is not None
    return draft.alarm == "strain" and turns and not strained(text, draft.library.safeties(draft.language)) and not feels(text, hear)


def _hint_answered(draft: Draft, text: str, wish: str | None) -> bool:
    """The answer to a gentle question: something graver, weariness, or only the matter at hand."""
    safety = draft.words.safety
    graver = says(text, "moments", safety) or (draft.alarm == "doubt" and len(words_in(text)) <= SHORT and says(text, "bigger", safety))
    if wish in ("good", "agrees") or graver:
        draft.talk = None
        _endangered(draft)
    elif strained(text, draft.library.safeties(draft.language)):
        draft.alarm = None
        return _strained(draft, text)
    elif draft.alarm == "spent":
        draft.alarm = "strain"
        staying.stay(draft, text)
    else:
        draft.alarm = None
        return False
    return True


def _threat_goes_on(draft: Draft, text: str, *, again: bool) -> bool:
    """While somebody is threatened: that they are not alone with it eases it; nothing of work until then. `again`: another threat."""
    if again and draft.unheard("safety.threat.more"):
        draft.say(staying.once(draft, "safety.threat.more"), "safety")
        return True
    kinds = list(came_in(text, draft.words.safety))
    safe = says_any(text, [phrase for _, safety in draft.library.safeties(draft.language) for phrase in safety.safe_now])
    if kinds[:1] in (["somebody-near"], ["work"]) or safe:
        eased = safe or kinds[0] == "somebody-near"
        draft.alarm = "threat-eased" if eased else draft.alarm
        key = "safety.threat.eased" if eased else "safety.threat.stay"
        if draft.unheard(key):
            draft.say(staying.once(draft, key), "safety")
        else:
            staying.stay(draft, text)
    else:
        staying.stay(draft, text)
    return True


def _still_safe(draft: Draft, text: str) -> bool:
    """Said once more, after a danger was eased: that they are safe. It is taken as that, and not as work."""
    phrases = [phrase for _, safety in draft.library.safeties(draft.language) for phrase in (*safety.safe_now, *safety.takes_back)]
    return len(words_in(text)) <= SHORT and not of_this_world(text, draft.words.hear) and says_any(text, phrases)


def keep_company(draft: Draft) -> None:
    """Somebody in danger opened the chat or pressed a button: nothing of work, the person is asked about."""
    if draft.alarm == "threat":
        draft.say(draft.line("safety.threat.stay"), "safety")
    elif draft.alarmed_at and draft.at - draft.alarmed_at > DAY:
        draft.alarm, draft.alarmed_at = "eased", draft.at
        draft.say(draft.line("safety.danger.after"), "safety")
    else:
        draft.say(draft.line("safety.danger.stay"), "safety")


def _in_danger(draft: Draft, text: str, wish: str | None, *, again: bool) -> bool:
    """The next words after a sign of danger. `again`: they hold another one."""
    safeties = [safety for _, safety in draft.library.safeties(draft.language)]
    safe = says_any(text, [phrase for safety in safeties for phrase in safety.safe_now])
    takes_back = says_any(text, [phrase for safety in safeties for phrase in safety.takes_back])
    if takes_back and not safe:  # a "no" to what was asked counts, and so does taking it back once more when asked again
        denied = re.split(r"[,.;!]", text)[0]
        safe = draft.alarm == "asked-safe" or heard(denied, draft.words.hear.wishes, draft.words.hear) == "no"
    if not again and (safe or wish == {"asked-danger": "no", "asked-safe": "good"}.get(draft.alarm or "")):
        draft.alarm, draft.alarmed_at = "eased", draft.at
        draft.say(draft.line("safety.danger.eased"), "safety", [draft.choice("ask"), draft.choice("later")])
    elif takes_back:
        draft.alarm = "asked-safe"
        draft.say(draft.line("safety.danger.back"), "safety")
    elif draft.alarm == "asked-safe" and _unsafe(draft, text) and draft.unheard("safety.danger.unsafe"):
        draft.say(staying.once(draft, "safety.danger.unsafe"), "safety")
    else:
        staying.stay(draft, text)
    return True


def _unsafe(draft: Draft, text: str) -> bool:
    """Whether a short answer to being asked if they are safe, which did not say so, is about that and not about work."""
    return len(words_in(text)) <= SHORT and not of_this_world(text, draft.words.hear)
