"""Whatever is written while something grave has the floor: what it is met with, and when the person has turned to something else.

The lines that are said back are staying.py's.
"""

from __future__ import annotations

import re
from datetime import timedelta

from bot import beside, company, raising, staying, threatened
from bot.alarms import came_in, facts_in, mistaken, says, strained, surely, told_of_another
from bot.choosing import choice_in, number_in
from bot.draft import Draft
from bot.hearing import (
    act_in,
    aside_in,
    asks_plainly,
    begins_with,
    denies,
    feels,
    heard,
    kinds_named,
    of_this_world,
    pleads,
    returned_in,
    same_matter,
    who_in,
)
from bot.model import Choice
from bot.spelling import words_in
from bot.straight import affirms
from bot.suspecting import is_open, suspected_in
from bot.untruths import is_surmised
from prompts.library import Hear, Safety

LEAVING = frozenset({"reflect", "ask", "logbook", "reminders-off", "guides"})
PARTING = frozenset({"hello", "thanks", "bye", "leave-it"})  # words that say nothing of the matter, and leave it
PASSING = frozenset(
    {"privacy", "delete", "status", "about-me", "who-are-you", "keep-out", "export", "shared", "unshare", "mentor-end"}
)  # met without giving up the floor
ASKED_IN_PASSING = "do:forget-all"  # a choice of the question whether everything shall be deleted
PASSING_BY = frozenset(
    {"later", "when", "repeated", "late", "more-time", "channel", "work"}
)  # what may stand in a word of work, and says nothing of them
ASKED_AT_HOME = "safety.hint.home"  # the line that asks whether somebody at home is afraid
WAITED = "safety:waited"  # the mark that the work was asked to wait for a threat
OFFERS_CALL = ("safety.threat.soon", "safety.threat.tonight")  # lines that ask whether somebody can be told at once
# The answers to whether somebody can be called at once.
RINGS = {"good": True, "agrees": True, "no": False, "later": False, "not-now": False}
ANSWERED = 12  # words of an answer that puts a doubt at rest; whoever writes more has told something to go on with
ANSWER = 4  # words of an answer that only names something
TOLD = 6  # words from which something of work is told, and no answer is given
OPENING = 2  # words in which a question begins
RESTING = timedelta(days=7)  # as long as this, whoever speaks of it again is still in that talk
# What shows that somebody goes on with what had the floor some days ago.
OF_THAT = frozenset({"blamed", "punished", "brushed", "boss", "channel", "witness", "written", "loss-job", "loss-standing", "afraid"})
# What may have been raised by a misreading.
MISREAD = frozenset({"asked-danger", "asked-safe", "doubt", "spent", "threat", "harassment", "told"})
# What is asked of the coach about the matter itself; any other question after strain is one about the work.
ABOUT_IT = frozenset(
    {
        "time-off", "permission", "what-now", "who-helps", "go-back", "confront", "sign", "tell-helper", "what-words", "may-happen",
        "angry", "tell-whom", "not-that", "all-of-it", "what-of-me", "did-it", "retaliates", "fee", "others-pay", "not-lying", "not-said",
    }
)  # fmt: skip


def _asked_in_passing(draft: Draft) -> bool:
    """Whether the question on the table is about the person's data; it was met without giving up the floor."""
    return any(choice.id == ASKED_IN_PASSING for choice in draft.offered)


def keeps(draft: Draft, text: str, *, again: bool) -> bool:
    """What is written while something has the floor; False when the person has turned to something else. `again`: it alarms once more."""
    talk = staying.talk_of(draft)
    beside.noted(draft, text)
    if not again and _not_that(draft, text):
        return raising.let_go(draft, text)
    kept = _kept(draft, text, again=again)
    if kept and draft.alarm:
        beside.not_asked_again(draft, talk)
    return kept


def numbered(draft: Draft, text: str) -> bool:
    """A bare number where nothing with a number is on the table: an option that was there before the matter was raised, else it is asked
    which is meant. Nothing that was told is lost by it."""
    number = number_in(text, draft.words.hear)
    if number is None or draft.grave is None:
        return False
    if 1 <= number <= len(draft.grave.choices):
        draft.say(draft.line("safety.number", option=draft.grave.choices[number - 1].label), "safety")
    else:
        draft.say(draft.line("safety.number.bare"), "safety", staying.ways(draft))
    return True


def _kept(draft: Draft, text: str, *, again: bool) -> bool:
    wish = _wish(draft, text)
    if picked := _picked(draft, text):
        return pressed(draft, picked.id)
    if wish in PASSING:
        return _met_in_passing(draft, wish)
    if not again and draft.alarmed_at and draft.at - draft.alarmed_at > company.DAY:
        return _after_a_day(draft, text, wish)
    draft.alarmed_at = draft.at if again else draft.alarmed_at
    if _answers_what_was_asked(draft, text) or _put_right(draft, text, again=again):
        return True
    match draft.alarm:
        case "asked-danger" | "asked-safe":
            return company.goes_on(draft, text, wish, again=again)
        case "threat":
            return _threat_goes_on(draft, text, wish, again=again)
        case "doubt":
            return _doubt_answered(draft, text, wish)
        case "spent":
            return _spent_answered(draft, text, wish)
        case "gloss" | "suspected":
            return _gloss_answered(draft, text) if draft.alarm == "gloss" else _suspicion_answered(draft, text, wish)
    return numbered(draft, text) or _talk_goes_on(draft, text, wish, again=again)


def _wish(draft: Draft, text: str) -> str | None:
    """What is wished of the coach; whoever was threatened and asks whether to delete it speaks of the message."""
    hear = draft.words.hear
    wish = heard(text, hear.wishes, hear) or act_in(text, hear)
    return None if wish == "delete" and company.in_danger(draft) and "delete-it" in came_in(text, draft.words.safety) else wish


def _answers_what_was_asked(draft: Draft, text: str) -> bool:
    """A yes to being asked how it went, or to a call, with the wish that it isn't named; and the answer to who is afraid at home."""
    if staying.agrees_discreetly(draft, text):
        if draft.was_offered("do:ask-after"):
            staying.ask_after(draft)
            return True
        if draft.last_said.startswith(OFFERS_CALL):
            staying.ring(draft, now=True)
            return True
    return draft.last_said == ASKED_AT_HOME and _answers_for_home(draft, text)


def _answers_for_home(draft: Draft, text: str) -> bool:
    """The answer to whether somebody at home is afraid: a yes, in whatever words, gets the whole answer; what is taken back is held."""
    safety = draft.words.safety
    kinds = set(came_in(text, safety))
    told = f"{beside.kept(draft).told}\n{text}"
    if says(text, "unafraid", safety) and not kinds & company.OUT_OF_REACH:
        draft.alarm, draft.talk = None, draft.before or draft.talk  # what was told is borne in mind: another sign that day counts
        draft.say(draft.line("safety.hint.home.no"), "safety")
        return True
    if says(text, "confirms", safety) or kinds & company.OUT_OF_REACH:
        raising.hurt_where_they_live(draft, told)
        return True
    if company.takes_back(draft, text):
        raising.bear_in_mind(draft, told)
        company.took_back(draft)
        return True
    return False


def _put_right(draft: Draft, text: str, *, again: bool) -> bool:
    """What is told beside a threat goes before all else, and so does that an alarm was a false one."""
    if draft.alarm in ("threat", "threat-eased") and threatened.meets(draft, text, again=again):
        return True
    if again or draft.alarm not in MISREAD or not says(text, "misread", draft.words.safety):
        return False
    raising.misread(draft, text)
    return True


def _not_that(draft: Draft, text: str) -> bool:
    """Whether they say plainly that what has the floor is not so. Of harassment they know best; that nobody lies is also said by whoever
    is tempted, so of what was told outright it does not do."""
    safety, told = draft.words.safety, beside.kept(draft).told
    if draft.alarm in ("harassment", "told"):
        to_go_on = asks_plainly(text, draft.words.hear) or of_this_world(text, draft.words.hear) or says(text, "errands", safety)
        return mistaken(text, "harassment", safety) or (to_go_on and mistaken(text, "briefly", safety))
    if draft.alarm != "ethics" or not told:
        return False
    surmised = not surely(told, "ethics", safety) and is_surmised(told, safety)
    return mistaken(text, "ethics", safety) or (surmised and (mistaken(text, "lie", safety) or mistaken(text, "briefly", safety)))


def _talk_goes_on(draft: Draft, text: str, wish: str | None, *, again: bool) -> bool:
    if draft.alarm in ("eased", "strain") and company.still_safe(draft, text) and (draft.alarm == "eased" or _tender(draft)):
        draft.say(draft.line("safety.danger.calm"), "safety", [draft.choice("ask"), draft.choice("later")])
        return True
    of_work = not again and wish in (None, "state") and _of_work_too(draft, text)
    if of_work and draft.alarm == "eased":
        draft.alarm = None  # afterwards.py holds both
        return False
    if of_work and draft.alarm == "strain" and draft.unheard("safety.strain.work-too"):
        back = draft.said_back(text)
        said = draft.once("safety.strain.work-too")
        draft.say(f"{back}. {said}" if back else said, "safety", staying.ways(draft))
        return True
    if not again and _turns_away(draft, text, wish):
        return _turned_away(draft, text, wish)
    if draft.alarm == "ethics" and "cleared" in came_in(text, draft.words.safety) and draft.unheard("safety.accused.mine"):
        draft.say(draft.once("safety.accused.mine"), "safety")
        return True
    staying.stay(draft, text, again=again)
    return True


def _tender(draft: Draft) -> bool:
    """Whether a danger has just passed, and no ideas were asked for since."""
    return draft.talk is not None and "tender" in draft.talk.used


def _of_work_too(draft: Draft, text: str) -> bool:
    """After strain or a danger that has passed, some words of work and no question: both are held before the work is turned to."""
    hear = draft.words.hear
    if says(text, "nearby", draft.words.safety) or "work" in came_in(text, draft.words.safety):
        return False  # where somebody lives, or a turn to the work in so many words
    of_work = (of_this_world(text, hear) or kinds_named(text, hear)) and len(words_in(text)) >= ANSWER
    asks = asks_plainly(text, hear) or pleads(text, hear) or returned_in(text, hear) is not None or aside_in(text, hear) is not None
    return (
        bool(of_work)
        and not asks
        and not feels(text, hear)
        and not set(came_in(text, draft.words.safety)) - PASSING_BY - staying.OF_THE_UNTRUE
    )


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
    elif draft.alarm and not company.in_danger(draft) and choice_id == "do:enough":
        draft.say(draft.line("safety.came.bye"), "safety")
    elif company.in_danger(draft) and not asked:
        company.keep(draft)
    else:
        draft.alarm = draft.alarm if asked else None
        return False
    return True


def _met_in_passing(draft: Draft, wish: str) -> bool:
    """A wish about their data. Whoever just told of something grave asks who can read it for a reason, and is answered for that; and the
    question whether everything shall go tells the truth about what the coach cannot clear beforehand."""
    platform = draft.context.platform
    if wish == "privacy" and not company.in_danger(draft):
        where = draft.line(f"privacy.{platform}{'.model' if draft.shares else ''}")
        draft.say(draft.line("safety.privacy", where=where), "safety")
        return True
    if wish != "delete":
        return False
    choices = [draft.choice(what) for what in ("forget-all", "forget-one", "as-it-is")]
    draft.say(draft.line("safety.forget", elsewhere=draft.line(f"forget.history.{platform}")), "question", choices)
    return True


def _after_a_day(draft: Draft, text: str, wish: str | None) -> bool:
    """A day later the talk is theirs again: whoever greets is asked how it has been, and whoever goes on with it is still in it."""
    kinds = set(came_in(text, draft.words.safety))
    since = draft.at - draft.alarmed_at if draft.alarmed_at else company.DAY
    if draft.alarm in ("asked-danger", "asked-safe") and beside.at_home(draft) and kinds & company.OUT_OF_REACH:
        draft.alarmed_at = draft.at
        staying.stay(draft, text)
    elif draft.alarm in ("asked-danger", "asked-safe"):
        company.keep(draft)
    elif draft.alarm in ("threat", "threat-eased") and threatened.asks_for_work(draft, text):
        draft.alarm = None
        draft.say(draft.line("safety.threat.day-after"), "safety")
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
    if wish == "leave-it" and len(words_in(text)) >= company.SHORT:  # they say what to turn to instead
        return True
    if draft.alarm == "strain" and not _tender(draft) and pleads(text, hear) and not kinds & ABOUT_IT - {"what-now"}:
        return True  # whoever asks for an idea gets one, tired or not
    if draft.alarm == "strain" and _tender(draft) and (pleads(text, hear) or asks_plainly(text, hear)):
        return of_this_world(text, hear) or bool(kinds_named(text, hear))  # ideas are asked for again
    about_it = ABOUT_IT - {"angry", "go-back" if "thanks" in kinds else ""}  # "thanks, let's talk about the meeting"
    if "work" in kinds and "later" not in kinds and not kinds & about_it and not begins_with(text, hear.guesses):
        return True
    if draft.alarm == "threat-eased" and threatened.asks_for_work(draft, text):
        return True
    asks = draft.alarm in ("strain", "eased", "threat-eased") and not kinds & ABOUT_IT
    begun = bool(set(words_in(text)[:OPENING]) & set(hear.questions)) and of_this_world(text, hear)
    return asks and (begun or asks_plainly(text, hear) or _back_to_work(draft, text))


def _turned_away(draft: Draft, text: str, wish: str | None) -> bool:
    """Gives up the floor; False when the message itself says what to go on with."""
    alarm, draft.alarm = draft.alarm, None
    hear = draft.words.hear
    if alarm == "strain" and returned_in(text, hear) and (who := who_in(text, hear)) and _entrusted(draft):
        draft.say(draft.line("safety.strain.secret.back", who=who[:1].upper() + who[1:]))
        return True
    elsewhere = aside_in(text, hear) is not None or wish in LEAVING or draft.place is not None or "?" in text
    turns = "work" in came_in(text, draft.words.safety) or (alarm in ("threat", "threat-eased") and threatened.asks_for_work(draft, text))
    said = not elsewhere and (wish == "leave-it" or (turns and len(words_in(text)) <= company.SHORT))
    if said:
        key = f"safety.{alarm}.work"
        held = beside.spoken_of(draft, key) or (None if key in draft.words.lines else beside.spoken_of(draft, "safety.came.work"))
        draft.grave = None if alarm in ("threat", "threat-eased") else draft.grave  # it is said here
        draft.say(held or draft.line(key if key in draft.words.lines else "safety.came.work"))
    return said


def _entrusted(draft: Draft) -> bool:
    """Whether what wears them down is something that they carry for somebody."""
    return draft.grave is not None and "secret" in facts_in(draft.grave.told, draft.words.safety)


def _back_to_work(draft: Draft, text: str) -> bool:
    """After strain, somebody speaks of the work again: of what they had told with it, or of people in it. They are followed there."""
    hear = draft.words.hear
    if draft.alarm == "threat-eased" or feels(text, hear) or strained(text, draft.library.safeties(draft.language)):
        return False
    told = draft.talk is not None and same_matter(draft.talk.asked, text, hear)
    of_work = of_this_world(text, hear) and not any(came_in(text, draft.words.safety))
    words = len(words_in(text))
    return (told and words > ANSWER) or (of_work and words > TOLD) or returned_in(text, hear) is not None


def _doubt_answered(draft: Draft, text: str, wish: str | None) -> bool:
    """Whether it is about this one thing, or bigger: only the latter is graver."""
    safety, short = draft.words.safety, len(words_in(text)) <= company.SHORT
    this = says(text, "this_only", safety) and len(words_in(text)) <= ANSWERED
    if not this and (says(text, "moments", safety) or wish in ("good", "agrees") or (short and says(text, "bigger", safety))):
        draft.talk = None
        raising.endangered(draft)
        return True
    draft.alarm = None
    if strained(text, draft.library.safeties(draft.language)):
        return raising.strained_by(draft, text)
    if this:
        draft.say(draft.line("safety.hint.this"))
    return this


def _spent_answered(draft: Draft, text: str, wish: str | None) -> bool:
    """Whether somebody is worn out, or would rather not be here: only the latter is graver."""
    safety = draft.words.safety
    if wish in ("good", "agrees") or (says(text, "moments", safety) and not says(text, "no_moments", safety)):
        draft.talk = None
        raising.endangered(draft)
        return True
    draft.alarm = "strain"
    if (wish == "no" or says(text, "worn", safety)) and draft.unheard("safety.hint.worn"):
        draft.say(draft.once("safety.hint.worn"), "safety", staying.ways(draft))
    else:
        staying.stay(draft, text)
    return True


def _gloss_answered(draft: Draft, text: str) -> bool:
    """Whether figures that are to look good are so: honest ones are no matter of integrity, and the talk is theirs again; of others it is
    said what they are."""
    draft.alarm = None
    if says(text, "honest", draft.words.safety):
        draft.say(draft.line("safety.gloss.honest"))
        return True
    if says(text, "not_so", draft.words.safety):
        raising.met(draft, text, "ethics", draft.language)
        return True
    return raising.hinted_at(draft, text)


def _suspicion_answered(draft: Draft, text: str, wish: str | None) -> bool:
    """Whether it is as it was heard. Whoever says that it is not knows best; whoever says yes, or tells more, is met as one who told of
    wrongdoing."""
    hear, safety, told = draft.words.hear, draft.words.safety, beside.kept(draft).told
    kinds = set(came_in(text, safety))
    honest = says(text, "honest", safety) and len(words_in(text)) <= ANSWERED
    denied = (wish == "no" or denies(text, hear)) and "unknowing" not in kinds
    taken_back = denied or honest or is_open(text, safety) or mistaken(text, "ethics", safety) or mistaken(text, "briefly", safety)
    if taken_back and not _confirms(text, hear, safety):
        return raising.let_go(draft, text)
    if numbered(draft, text):
        return True
    if wish in LEAVING or wish in PARTING or heard(text, hear.controls, hear) == "stop" or aside_in(text, hear) is not None:
        draft.alarm = None
        return False
    draft.before, draft.talk = draft.talk or draft.before, None
    kind = suspected_in(told, safety) or ""
    of_another = kind == "near" and told_of_another(told, safety)
    draft.alarm, draft.alarmed_at = "told" if of_another else "harassment" if kind == "near" else "ethics", draft.at
    raising.bear_in_mind(draft, f"{told}\n{text}")
    only_yes = wish in ("good", "agrees") and len(words_in(text)) <= ANSWER
    if kinds - PASSING_BY and not only_yes:
        staying.stay(draft, text)
    else:
        draft.say(draft.once(f"safety.{draft.alarm}.what-now{'.paid' if kind == 'favour' else ''}"), "safety")
    return True


def _confirms(text: str, hear: Hear, safety: Safety) -> bool:
    """Whether a message says that it was heard rightly, whatever it goes on to tell."""
    return says(text, "so_it_is", safety) or affirms(re.split(r"[.,;:!?\n]", text.strip(), maxsplit=1)[0], hear)


def _threat_goes_on(draft: Draft, text: str, wish: str | None, *, again: bool) -> bool:
    """While somebody is threatened: that they are not alone with it eases it; the work waits once. `again`: another threat."""
    if says(text, "of_post_only", draft.words.safety) and not again:
        draft.alarm = "ethics"
        staying.stay(draft, text)
        return True
    if "arrived" in came_in(text, draft.words.safety) and not again:
        staying.names(draft, text)
        draft.alarm = "threat-eased"
        staying.stay(draft, text)
        return True
    if again and (more := raising.one_more(draft, text)):
        here = draft.grave is not None and draft.grave.helper and draft.grave.side == "here" and draft.unheard("safety.threat.here")
        draft.say(f"{draft.once('safety.threat.here', **beside.slots(draft))} {more}" if here else more, "safety")
        return True
    if draft.last_said.startswith(OFFERS_CALL) and wish in RINGS:
        staying.ring(draft, now=RINGS[wish])
        return True
    kinds = list(came_in(text, draft.words.safety))
    safe = company.says_safe(draft, text) and beside.side_in(draft, text) != "coming"
    if safe or kinds[:1] in (["somebody-near"], ["coming"]):
        draft.alarm = "threat-eased"
        key = "safety.threat.eased.home" if beside.indoors(draft, text) else "safety.threat.eased"
        if kinds[:1] != ["coming"] and draft.unheard("safety.threat.eased") and draft.unheard("safety.threat.eased.home"):
            draft.say(draft.once(key), "safety")
            return True
    elif kinds[:1] == ["work"] or threatened.asks_for_work(draft, text):
        if staying.step_in(draft, text):
            staying.stay(draft, text)
        elif draft.heard_at(WAITED) >= 0:
            return _turned_away(draft, text, wish)
        else:
            _work_waits(draft)
        return True
    staying.stay(draft, text)
    return True


def _work_waits(draft: Draft) -> None:
    """The work is asked to wait once, for what was begun: a call, whoever was named, a step; else for somebody to know of it."""
    draft.remember(WAITED)
    known = draft.grave is not None and draft.grave.side in ("told", *beside.NEAR)
    if draft.last_said == "safety.threat.ring":
        said = draft.line("safety.threat.rang")
    elif known and draft.unheard("safety.threat.work-day"):
        said = draft.once("safety.threat.work-day")
    elif draft.aim:
        said = draft.once("safety.threat.planned", plan=draft.aim)
    elif held := beside.spoken_of(draft, "safety.threat.wait"):
        said = held
    else:
        said = draft.once("safety.threat.waits")
    draft.say(said, "safety")
