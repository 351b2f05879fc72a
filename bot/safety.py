"""What must never be coached on: danger to life, harassment, wrongdoing, and texts that want the coach to be somebody else's.

Comes before everything else. After a sign of danger the floor belongs to it: short replies, no work, reminders resting, until
the person has said that they are safe or half a day has passed (coaching.md sections 2.3 and 8). The words that raise an
alarm are data and high in recall; a false alarm costs one kind question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.alarms import alarm_in, strained, told_of_another
from bot.choosing import choice_in
from bot.draft import Draft
from bot.hearing import act_in, aside_in, asks_coach, asks_plainly, echo_of, feels, heard, of_this_world, returned_in, same_matter
from bot.model import Conversation, Person, Remind, Talk, Turn
from bot.rhythm import next_reminder
from bot.spelling import in_words, words_in

PAUSE = timedelta(days=7)  # reminders rest this long after a sign of danger
LEAVING = frozenset({"reflect", "ask", "logbook", "thanks", "bye", "reminders-off", "hello"})
PASSING = frozenset(
    {"privacy", "delete", "status", "about-me", "anger", "who-are-you", "keep-out", "export", "shared", "unshare", "mentor-end"}
)  # met without giving up the floor
ASKED_IN_PASSING = "do:forget-all"  # a choice of the question whether everything shall be deleted
SHORT = 8  # words of a message that says only once more that one is safe
OVER = timedelta(hours=12)  # after this the person is asked once how they are, and the talk is theirs again


def alarmed(draft: Draft, text: str) -> bool:
    """Answers what must not be coached on; True when that was done and the turn is over."""
    alarm, language = _alarm(draft, text)
    if language != draft.language and draft.context.tongue is None:
        draft.speak(language)  # they fell back into their own language: so does the answer
        draft.person = replace(draft.person, language=language)
    if in_danger(draft) and alarm in (None, "danger"):
        return _in_danger(draft, text, again=alarm == "danger")
    if alarm is None:
        return _stays(draft, text) if draft.alarm else _strained(draft, text)
    if alarm == "injection":
        draft.say(draft.line("not-mine"), "reply", draft.offered)
        return True
    met(draft, alarm, told=alarm == "harassment" and told_of_another(text, dict(draft.library.safeties(draft.language))[language]))
    return True


def met(draft: Draft, alarm: str, *, told: bool = False) -> None:
    """Danger, wrongdoing or harassment, whoever heard it. `told`: it happened to somebody else."""
    again = alarm == "ethics" == draft.alarm
    draft.talk = None
    if draft.place:
        draft.held, draft.place = draft.place, None
    draft.person = replace(draft.person, welcomed=True)
    if alarm == "danger":
        _raise(draft)
    else:
        draft.alarm, draft.alarmed_at = "told" if told else "harassment" if alarm == "harassment" else "ethics", draft.at
    key = "danger" if alarm == "danger" else "ethics.again" if again else draft.alarm
    draft.say(draft.line(f"safety.{key}"), "safety")


def _strained(draft: Draft, text: str) -> bool:
    """Answers sleepless nights and tears with a pause instead of options; in a guide they are part of the answer (rubric S1)."""
    if draft.place or asks_coach(text, draft.words.hear) or not strained(text, draft.library.safeties(draft.language)):
        return False
    draft.before = draft.talk or draft.before
    draft.talk = Talk("", "explore", draft.at, draft.at, text, ("quiet",))  # what else was in it can be come back to, by them
    draft.person = replace(draft.person, welcomed=True)
    draft.alarm, draft.alarmed_at = "strain", draft.at
    said, echo = draft.line("safety.strain"), echo_of(text, draft.words.hear)
    felt = echo is not None and (feels(echo, draft.words.hear) or strained(echo, draft.library.safeties(draft.language)))
    draft.say(draft.line("flow.echoed", echo=echo, mirror=said) if echo and felt else said, "safety")
    return True


def _alarm(draft: Draft, text: str) -> tuple[str | None, str]:
    """What the text raises, and in whose words.

    Danger counts in any language. For the rest, a word of another language is another word where the message's own language is clear:
    "corruption" names a crime in one and a topic in the other.
    """
    found = alarm_in(text, draft.library.safeties(draft.language))
    if found and found[0] != "danger" and draft.context.tongue in draft.library.words and found[1] != draft.context.tongue:
        found = alarm_in(text, draft.library.safeties(draft.language)[:1])
    return found or (None, draft.language)


def raised(conversation: Conversation, person: Person, at: datetime) -> Turn:
    """A sign of danger that somebody else than our lists heard: the floor is safety's, as after one that they hear."""
    effects = (Remind("reminder", next_reminder(person.rhythm, person.zone, at + PAUSE)),) if person.zone else ()
    held = conversation.place or conversation.held
    return Turn(replace(conversation, alarm="asked-danger", alarmed_at=at, talk=None, choices=(), place=None, held=held), effects)


def in_danger(draft: Draft) -> bool:
    """Whether a sign of danger to life has the floor."""
    return draft.alarm in ("asked-danger", "asked-safe")


def asked_in_passing(draft: Draft) -> bool:
    """Whether the question on the table is about the person's data; it was met without giving up the floor."""
    return any(choice.id == ASKED_IN_PASSING for choice in draft.offered)


def _still_safe(draft: Draft, text: str) -> bool:
    """Said once more, after a danger was eased: that they are safe. It is taken as that, and not as work."""
    phrases = [phrase for _, safety in draft.library.safeties(draft.language) for phrase in (*safety.safe_now, *safety.takes_back)]
    return len(words_in(text)) <= SHORT and not of_this_world(text, draft.words.hear) and _says(text, phrases)


def _stays(draft: Draft, text: str) -> bool:
    """After such a thing was told the floor stays with it, until the person turns to something else by their own wish.

    A question about work is such a turn after strain and after danger has passed; after harassment and wrongdoing it belongs to them.
    A question after wrongdoing was told is first told what the coach will and will not help with.
    """
    key = f"safety.{draft.alarm}.stay"
    hear = draft.words.hear
    wish = heard(text, hear.wishes, hear) or act_in(text, hear)
    if wish in PASSING:
        return False
    if wish == "leave-it" and len(words_in(text)) > SHORT - 1:  # they say what to turn to instead
        draft.alarm = None
        draft.say(draft.line("ask.open"))
        return True
    if draft.alarm == "eased" and _still_safe(draft, text):
        draft.say(draft.line("safety.danger.calm"), "safety", [draft.choice("ask"), draft.choice("later")])
        return True
    late = draft.alarmed_at is None or draft.at - draft.alarmed_at > OVER
    turns = aside_in(text, hear) or (draft.alarm in ("strain", "eased") and (asks_plainly(text, hear) or _back_to_work(draft, text)))
    picked = choice_in(text, draft.offered, hear)
    if picked and asked_in_passing(draft):
        return False  # they answer a question about their data
    if late or turns or wish in LEAVING or draft.place or picked:
        draft.alarm = None
        return False
    asks = asks_coach(text, hear) or text.rstrip().endswith("?")
    if asks and draft.alarm == "ethics" and draft.unheard("safety.ethics.asked"):
        draft.remember("safety.ethics.asked#0")
        draft.say(draft.line("safety.ethics.asked"), "safety", [draft.choice("ask"), draft.choice("enough")])
        return True
    if not draft.unheard(key):
        draft.alarm = None
        return False
    draft.say(draft.line(key), "safety", [draft.choice("ask"), draft.choice("enough")])
    return True


def _back_to_work(draft: Draft, text: str) -> bool:
    """After strain, somebody speaks of the work again: of what they had told with it, or of people in it. They are followed there."""
    hear = draft.words.hear
    told = draft.talk is not None and same_matter(draft.talk.asked, text, hear)
    turns = told or returned_in(text, hear) is not None or act_in(text, hear) == "step"
    return draft.alarm == "strain" and turns and not strained(text, draft.library.safeties(draft.language)) and not feels(text, hear)


def keep_company(draft: Draft) -> None:
    """Somebody in danger opened the chat or pressed a button: nothing of work, the person is asked about."""
    if draft.alarmed_at and draft.at - draft.alarmed_at > OVER:
        draft.alarm = None
        draft.say(draft.line("safety.danger.after"), "safety")
    else:
        draft.say(draft.line("safety.danger.stay"), "safety")


def _raise(draft: Draft) -> None:
    draft.alarm, draft.alarmed_at = "asked-danger", draft.at
    if draft.person.zone:
        draft.do(Remind("reminder", next_reminder(draft.person.rhythm, draft.person.zone, draft.at + PAUSE)))


def _in_danger(draft: Draft, text: str, again: bool) -> bool:
    """The next words after a sign of danger. `again`: they hold another one."""
    if not again and draft.alarmed_at and draft.at - draft.alarmed_at > OVER:
        keep_company(draft)
        return True
    safeties = [safety for _, safety in draft.library.safeties(draft.language)]
    safe = _says(text, [phrase for safety in safeties for phrase in safety.safe_now])
    takes_back = _says(text, [phrase for safety in safeties for phrase in safety.takes_back])
    wish = heard(text, draft.words.hear.wishes, draft.words.hear)
    if takes_back and not safe:  # a "no" to what was asked counts, and so does taking it back once more when asked again
        denied = re.split(r"[,.;!]", text)[0]
        safe = draft.alarm == "asked-safe" or heard(denied, draft.words.hear.wishes, draft.words.hear) == "no"
    if not again and (safe or wish == {"asked-danger": "no", "asked-safe": "good"}.get(draft.alarm or "")):
        draft.alarm, draft.alarmed_at = "eased", draft.at
        draft.say(draft.line("safety.danger.eased"), "safety", [draft.choice("ask"), draft.choice("later")])
    elif takes_back:
        draft.alarm = "asked-safe"
        draft.say(draft.line("safety.danger.back"), "safety")
    else:
        draft.alarmed_at = draft.at if again else draft.alarmed_at
        draft.say(draft.line("safety.danger.stay"), "safety")
    return True


def _says(text: str, phrases: Sequence[str]) -> bool:
    said = f" {in_words(text)} "
    return any(f" {in_words(phrase)} " in said for phrase in phrases)
