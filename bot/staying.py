"""What is said back while something grave has the floor: by what came, with one question, and never the same line twice in a talk.

A line for one kind of talk (`safety.ethics.sign`) goes before the common one (`safety.came.boss`); where nothing is recognised the person
is heard and asked what would help. No card, no option and no plan of the coach's has a place here.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import get_args

from bot import beside, candour
from bot.alarms import came_in, deed_in, facts_in, gender_in, home_signs, named_in, passed_over, perils_in, says, threatened_by
from bot.asking import clip
from bot.draft import Draft
from bot.hearing import content_of, echo_of, heard, pleads, who_in
from bot.intending import closing_in
from bot.keeping import clock, named_day
from bot.model import Alarm, Choice, Fell, Remind, Said
from bot.phrases import PARTS
from bot.retelling import retold_in
from bot.rhythm import AFTERNOON, follow_up, in_hours, morrow
from bot.spelling import words_in
from bot.theirs import holds, opening
from prompts.library import Safety

LATE = "safety.plan.late"
LONGEST_STEP = 160  # characters of a step that are said back
BESIDE = 1  # words beside a name in an answer that only names somebody: "yes, a colleague"
ONLY_NAMED = 5  # words of an answer that names somebody, to which a moment may be added: "maybe my sister", "tonight"
AIMED = "safety:aimed"  # the mark that somebody was named so
ASKED_WHO_SEES = ("safety.strain", "safety.hint.worn")  # they end on the question who sees how it is
LATELY = 4  # marks of what was said, a reply or two
ASKED = "safety:asked-after"  # the mark that it was asked whether the coach shall ask again
# What is asked of the coach, and no step yet.
ASKS = frozenset(
    {
        "confront",
        "go-back",
        "sign",
        "what-now",
        "who-helps",
        "tell-helper",
        "is-it",
        "keep-quiet",
        "what-happens",
        "give-whom",
        "what-words",
        "put-right",
        "may-they",
        "what-if",
        "should-have",
        "help-her",
        "police-asked",
        "medical",
        "delete-it",
        "tell-whom",
        "not-that",
        "all-of-it",
        "what-of-me",
        "others-do",
        "pretty",
        "write-true",
        "where-to",
        "keep-messages",
        "in-one-mail",
    }
)
# What only counts where something untrue was told of.
OF_THE_UNTRUE = frozenset({"others-do", "pretty", "write-true", "dramatic", "misled", "harm-now"})
# What somebody does not tell who says that they stay with what is so.
AS_IF_NOT = frozenset({"sign", "disguise", "sum", "confront", "told-to", "did-it", "put-right", "coming", "who"})
ANSWERS = ASKS | {"disguise"}  # what a question that stands beside a step is answered with
# What is told of pressure and is no step, though it names what they would do: "if I refuse he has me moved".
PRESSES = frozenset({"retaliates", "did-before", "fee", "others-pay"})
HELPERS = tuple(
    f"safety.{talk}.{kind}" for talk in ("came", "strain", "danger", "threat") for kind in ("who", "coming", "unaware", "eased")
)
NEAR = timedelta(days=10)  # a step that is further off is asked about tomorrow
SAID_BACK = 7  # words of a message that is told back as it stands
RETOLD = frozenset({"ethics", "strain"})  # talks in which a part of a longer message may be told back
ENOUGH = 4  # words beside "a bit better" from which there is something else in a message
NAMED = {
    "who": "people",
    "coming": "people",
    "channel": "channels",
    "witness": "people",
    "near": "people",
    "forget-it": "people",
    "shelter": "people",
}  # what came by which somebody is named, and of which kind
IN_NEED = ("danger", "threat")  # talks in which whoever is near counts before anything else
HELPING = ("who", "coming", "channel", "near", "shelter")  # of these, whoever can help
# The kind of talk that an alarm makes.
TALKS = {"asked-danger": "danger", "asked-safe": "danger", "eased": "strain", "spent": "strain", "threat-eased": "threat"}


def talk_of(draft: Draft) -> str:
    """Which kind of talk the alarm makes."""
    return TALKS.get(draft.alarm or "", draft.alarm or "")


def stay(draft: Draft, text: str, *, again: bool = False) -> None:
    """Answers one message in such a talk. `again`: what it tells would raise the same alarm once more."""
    safety, talk = draft.words.safety, talk_of(draft)
    kinds = _kinds(draft, text, again=again)
    if "true-way" in kinds and candour.asks_if_right(draft, text) and (held := draft.fresh("safety.ethics.true-way.asked")):
        draft.say(held, "safety", ways(draft))
        return
    lead = candour.lead(draft, text, kinds) if talk == "ethics" else ""
    if "true-way" in kinds and not set(kinds) & ANSWERS:
        lead = ""  # what they will do is all there is to meet
    if talk == "ethics" and "?" in text:
        kinds.sort(key=lambda kind: kind not in ANSWERS)
    if not lead and _step(draft, text, "planned" in kinds, safety):
        return
    for kind in kinds:
        if (kind in ANSWERS or not lead) and (line := _line(draft, talk, kind, text, safety)):
            told = lead or ("" if kind in NAMED else _told_before(draft, talk, text, line))
            draft.say(f"{told} {line}".strip(), "safety", [] if kind == "bye" else ways(draft))
            return
    draft.say(f"{lead} {draft.line('safety.ethics.kept.asks')}" if lead else _heard(draft, talk, text), "safety", ways(draft))


def _told_before(draft: Draft, talk: str, text: str, line: str) -> str:
    """In a talk about something untrue, what was told besides in a longer message, before a line that holds nothing of it."""
    tells = talk == "ethics" and len(words_in(text)) > SAID_BACK and not holds(line, text, draft.words.hear)
    return opening(draft, text) if tells else ""


def names(draft: Draft, text: str) -> None:
    """Takes in whoever a message names as being there or on the way, with no line for it."""
    if (beside.side_in(draft, text) in beside.NEAR) and (who := _named(draft, text, "people")):
        beside.named(draft, text, who)


def _kinds(draft: Draft, text: str, *, again: bool) -> list[str]:
    """What came, the most telling first. Whoever names somebody has not nobody: "my husband mostly, nobody at work"."""
    safety = draft.words.safety
    kinds = list(came_in(text, safety))
    if "nobody" in kinds and any(_named(draft, part, "people") and "nobody" not in came_in(part, safety) for part in PARTS.findall(text)):
        kinds = ["who", *(kind for kind in kinds if kind not in ("nobody", "who"))]
    if talk_of(draft) == "threat" and "nobody" in kinds:
        kinds = ["nobody", *(kind for kind in kinds if kind != "nobody")]
    misheard = _misheard(draft, text, kinds)
    kinds = [kind for kind in kinds if kind not in misheard]
    if _only_names(draft, text) or (not kinds and talk_of(draft) in ("strain", "danger", "threat")):
        kinds += ("who", "channel")
    if talk_of(draft) == "told" and "same-house" in kinds:  # that they work there comes before what to do
        kinds = ["same-house", *(kind for kind in kinds if kind != "same-house")]
    if _unreachable(draft, text):
        kinds = ["away", *kinds]
    elif _somebody_near(draft, text):
        kinds = ["coming", *kinds]  # "he is with her now" is about whoever was named
    elif talk_of(draft) == "threat" and _lives_near(draft, text):
        kinds = ["near", *kinds]
    if pleads(text, draft.words.hear) and not set(kinds) & ASKS:
        kinds = [*kinds, "what-now"]
    if talk_of(draft) == "ethics":
        kinds = _of_untruth(draft, text, kinds)
    return [*kinds, "more"] if again and "true-way" not in kinds else kinds


def _of_untruth(draft: Draft, text: str, kinds: list[str]) -> list[str]:
    """What came in a talk about something untrue. That they stay with what is so comes first; what they fear of that comes before it."""
    feared = any(kind in PRESSES or kind.startswith("loss-") for kind in kinds)
    kinds = [kind for kind in kinds if kind != "true-way"]
    if not feared and candour.stays_true(draft, text):
        kinds = ["true-way", *(kind for kind in kinds if kind not in AS_IF_NOT)]
    if {"others-do", "what-now"} & set(kinds):
        kinds = [*kinds, "what-now", "others-do", "others-again"]  # nothing but these ways, however often it is asked
    return kinds


def _misheard(draft: Draft, text: str, kinds: list[str]) -> set[str]:
    """What was found in the words of a message and is something else, by what else is in it and what was spoken of."""
    safety, asks, told = draft.words.safety, "?" in text, talk_of(draft) == "told"
    loss = any(kind.startswith("loss-") for kind in kinds)
    of_helper = any(draft.said_lately(key, LATELY) for key in HELPERS)
    misheard = {
        "sign": loss,  # "if I refuse I lose my post" asks for no leave to sign
        "wont": loss or asks,
        "coming": asks and "somebody-near" not in kinds,  # "do I go there or not?"
        "go-back": "thanks" in kinds and "work" in kinds,  # "thanks, let's talk about the meeting"
        "speaks-up": asks,
        "thanks": "work" in kinds,
        "reached": not beside.helper(draft),
        "tell-helper": not of_helper and beside.endings(draft) != ("unaware",),  # "should I tell him?" is about the one who did it
        # "I write to her tomorrow" is about whoever was named to help
        "confront": not asks
        and (
            of_helper
            or draft.said_lately("safety.came.channel", LATELY)
            or (talk_of(draft) in IN_NEED and _named(draft, text, "people") is not None)
        ),
        "others-say": told and "silence" in kinds,  # what that person wants, and nothing about the writer
        "shelter": not beside.at_home(draft),
        "told-to": says(text, "duty", safety),  # work that was to be done anyway, and no order to go somewhere
        "police-asked": not asks and deed_in(text, safety) is not None,  # a step of theirs, and no question
    }
    return {kind for kind, so in misheard.items() if so} | (set() if talk_of(draft) == "ethics" else OF_THE_UNTRUE)


def _unreachable(draft: Draft, text: str) -> bool:
    """Whether somebody who was to help does not answer; in danger whoever is named is one of them."""
    in_need = talk_of(draft) in IN_NEED and (_named(draft, text, "people") or _named(draft, text, "channels")) is not None
    return beside.side_in(draft, text) == "away" and (in_need or bool(beside.helper(draft)))


def _somebody_near(draft: Draft, text: str) -> bool:
    """Whether somebody is with them or on the way, while they are in danger; not the one from whom it comes."""
    named = _named(draft, text, "people")
    theirs = named is not None and not beside.of_the_matter(draft, named)
    sides = beside.NEAR if talk_of(draft) in IN_NEED else ("here",) if talk_of(draft) == "strain" else ()
    return beside.side_in(draft, text) in sides and (theirs or (named is None and bool(beside.helper(draft))))


def _lives_near(draft: Draft, text: str) -> bool:
    """Whether somebody who can help is told of as living close by: "my sister lives near"."""
    safety = draft.words.safety
    near = (part for part in PARTS.findall(text) if says(part, "nearby", safety))
    named = next((who for part in near if (who := _named(draft, part, "people"))), None)
    return named is not None and not _young(named, safety) and not beside.of_the_matter(draft, named)


def _named(draft: Draft, text: str, kind: str) -> str | None:
    """Whom or what they name. Where it is their own strength, "my partner" is somebody close to them; and whoever is named as they tell of
    harm at home, or of violence, is nobody who helps."""
    safety = draft.words.safety
    if kind == "people" and (home_signs(text, safety) or "violent" in perils_in(text, safety) or passed_over(text, safety, kind)):
        return None
    if kind == "people" and talk_of(draft) in IN_NEED and _others_kin(draft, text):
        return None
    close = talk_of(draft) in ("strain", "danger") and kind == "people"
    return named_in(text, safety, kind) or (named_in(text, safety, "close") if close else None)


def _others_kin(draft: Draft, text: str) -> bool:
    """Whether whoever is named stands by somebody else: "he is at his brother's"."""
    named = named_in(text, draft.words.safety, "people")
    return named is not None and words_in(named)[0] in draft.words.hear.others


def _young(who: str, safety: Safety) -> bool:
    return bool(set(words_in(who)) & set(safety.young))


def ways(draft: Draft) -> list[Choice]:
    """The ways out of the talk; there are none while somebody may be in danger."""
    return [] if talk_of(draft) in ("danger", "threat") else [draft.choice("ask"), draft.choice("enough")]


def _line(draft: Draft, talk: str, kind: str, text: str, safety: Safety) -> str | None:
    """What is said to one thing that came; None where nothing fits, or all of it was said."""
    if _brings_in(draft, kind) and (who := _named(draft, text, "people") or _named(draft, text, "channels")) and not _young(who, safety):
        beside.named(draft, text, who, side="unaware" if kind == "unaware" else "")
    if kind == "better" and (rest := _besides_better(draft, text, safety)) and draft.unheard("safety.came.better-but"):
        return draft.fresh("safety.came.better-but", rest=draft.said_back(rest))
    named = _named(draft, text, NAMED[kind]) if kind in NAMED else None
    named = None if named and kind in HELPING and _young(named, safety) else named
    keys = _keys(draft, talk, kind, text)
    if kind in NAMED:  # without a name: "he is on his way"
        keys = [key for key in keys if (".bare" in key) == (named is None)]
    for key in keys:
        if key not in draft.words.lines or not draft.unheard(key):
            continue
        line = draft.fresh(key, **_slots(draft, text, named))
        if line and named and kind in HELPING:
            beside.named(draft, text, named)
        if line and kind in ("away", "brushed"):
            beside.lost(draft, text)
        if line and kind == "who" and len(words_in(text)) <= ONLY_NAMED:
            draft.aim = text.strip(" .!,;")
            draft.remember(AIMED)
        if line:
            return line
    return None


def _keys(draft: Draft, talk: str, kind: str, text: str) -> list[str]:
    """The lines for what came, that which takes up most of what is known before the others."""
    known, lead = _known(draft, talk, text), f"safety.{talk}.{kind}"
    if kind == "coming" and beside.side_in(draft, text) != "coming":
        known = ""  # whoever is there already needs no word on how to wait
    with_helper = [f"{key}.{ending}" for key in (lead, f"safety.came.{kind}") for ending in beside.endings(draft)]
    bare = [f"{lead}.bare.{beside.side_in(draft, text)}", f"{lead}.bare"] if kind in NAMED else []
    whom = []
    if talk == "ethics" and kind in (*candour.TELLS, candour.CORRECTS) and (to := candour.addressee(draft, text, _told(draft))):
        whom = [f"safety.ethics.tell-whom.{to}.{known}", f"safety.ethics.tell-whom.{to}"]
    return [*whom, *bare, f"{lead}.{known}", *with_helper, lead, f"safety.came.{kind}"]


def _brings_in(draft: Draft, kind: str) -> bool:
    """Whether somebody who is named with this is one to help: told already, not to be reached, or at home and not knowing."""
    return kind in ("away", "done") or (kind == "unaware" and talk_of(draft) in IN_NEED)


def _known(draft: Draft, talk: str, text: str) -> str:
    """What is known besides: what the threat was, who is in danger, what was entrusted, whether it was asked who sees how they are."""
    safety, told = draft.words.safety, _told(draft)
    if talk == "threat":
        return "home" if beside.indoors(draft, text) else threatened_by(told, safety)
    if talk == "danger" and says(told, "to_others", safety) and not says(told, "plainly", safety):
        return "other"
    if talk == "danger" and says(text, "nearby", safety):
        return "near"
    if talk == "strain" and "secret" in facts_in(told, safety):
        return "secret"
    if talk == "ethics" and (hidden := next((what for what in ("entrusted", "informs") if says(told, what, safety)), "")):
        return hidden
    if talk == "ethics" and "paid" in facts_in(told, safety):
        return "paid"
    if talk == "ethics" and (of_it := candour.known(draft, told)):
        return of_it
    return "sees" if draft.last_said in ASKED_WHO_SEES else ""


def _slots(draft: Draft, text: str, named: str | None) -> dict[str, str]:
    """What a line may take up of a message; whoever is a sister is a she, and an unknown person is neither."""
    told = (text, _told(draft))
    gender = next((gender for said in told if (gender := gender_in(said, draft.words.safety))), "other")
    return {
        "who": _begun(named or ""),
        "when": _begun(text.strip(" .!,;")),
        "matter": _begun(who_in(text, draft.words.hear) or "") if "sleepless" in facts_in(told[-1], draft.words.safety) else "",
        "echo": echo_of(told[-1], draft.words.hear) or "",
        "back": draft.said_back(text),
        "they": draft.line(f"safety.they.{gender}"),
        "them": draft.line(f"safety.them.{gender}"),
        "held": _held(draft),
        "child": named_in(told[-1], draft.words.safety, "people") or "",
        **beside.kids(draft),
        **(beside.slots(draft) if named is None else {}),
    }


def _held(draft: Draft) -> str:
    """What was told and what is to be done, in a few words of theirs, for somebody who does not feel heard."""
    echo = echo_of(draft.grave.told, draft.words.hear) if draft.grave else None
    told = [part for part in (echo, clip(draft.aim, LONGEST_STEP) if draft.aim else "") if part]
    return draft.line("safety.held", **dict(zip(("first", "second"), told, strict=True))) if len(told) == len(("first", "second")) else ""


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]


def _only_names(draft: Draft, text: str) -> bool:
    """Whether a message names somebody or something to turn to, and says nothing else of them."""
    named = [name for kind in ("people", "channels") if (name := _named(draft, text, kind))]
    return any(len(words_in(text)) - len(words_in(name)) <= BESIDE for name in named)


def _besides_better(draft: Draft, text: str, safety: Safety) -> str:
    """What a message that tells of being better tells of besides; empty where that is next to nothing."""
    left = [part for part in text.replace(",", ".").split(".") if "better" not in came_in(part, safety)]
    enough = sum(content_of(part, draft.words.hear) for part in left) >= ENOUGH
    return max(left, key=len).strip() if enough else ""


def _heard(draft: Draft, talk: str, text: str) -> str:
    """That they are heard, where it is short in what they said, else by what somebody did in it, and what would help: the opener and the
    question turn at different paces, so that no two replies are alike."""
    asks, stays = f"safety.{talk}.next", f"safety.{talk}.stay"
    if stays in draft.words.lines and draft.unheard(stays):
        return draft.line(stays)
    back = draft.said_back(text) if len(words_in(text)) <= SAID_BACK else retold_in(text, draft.words.hear) if talk in RETOLD else ""
    if back and says(text, "nearby", draft.words.safety) and (asked := beside.spoken_of(draft, "safety.came.asked")):
        return f"{back}. {asked}"
    heard_as = next(key for key in (f"safety.{talk}.heard", "safety.heard") if key in draft.words.lines)
    return f"{f'{back}.' if back else draft.line(heard_as)} {draft.line(asks if asks in draft.words.lines else 'safety.next')}"


# --- a step of their own


def ring(draft: Draft, *, now: bool) -> None:
    """Whether the call that was put off can be made at once: then nothing is in its way, and else it is asked about another day."""
    if now or not draft.person.zone or draft.heard_at(ASKED) >= 0:
        draft.say(draft.once("safety.threat.ring") if now else draft.line("safety.threat.stay"), "safety")
        return
    draft.remember(ASKED)
    choices = [draft.choice("ask-after"), draft.choice("tell-myself")]
    key = "safety.threat.not-now.home" if beside.indoors(draft) else "safety.threat.not-now"
    draft.say(draft.line(key, day=draft.day(asked_on(draft))), "safety", choices)


def step_in(draft: Draft, text: str) -> str | None:
    """A step of theirs with its moment; in danger no work that was to be done anyway: "I have to send the minutes tomorrow"."""
    step = deed_in(text, draft.words.safety) or _closing(draft, text)
    idle = step is not None and talk_of(draft) in IN_NEED and says(step, "duty", draft.words.safety)
    return None if idle else step


def _closing(draft: Draft, text: str) -> str | None:
    """The step on which somebody ends who weighs a matter of integrity and asks nothing: "it's easier if I could tell him first. I'll call
    him Thursday"."""
    found = closing_in(text, clock(draft)) if talk_of(draft) == "ethics" and "?" not in text else None
    return found.text if found else None


def _ends_on_step(draft: Draft, text: str, kinds: set[str], safety: Safety) -> bool:
    """Whether it is such a step with which they end. Never where a signature is spoken of."""
    step = None if kinds & {"sign", *PRESSES} else _closing(draft, text)
    return step is not None and not set(came_in(step, safety)) & (ASKS | PRESSES)


def _step(draft: Draft, text: str, announced: bool, safety: Safety) -> bool:
    """Takes in a step that somebody tells, in their words; once in a talk they are asked whether the coach shall ask about it."""
    step = step_in(draft, text) or (draft.aim if announced else None)
    kinds = set(_kinds(draft, text, again=False))
    if kinds & (ASKS | PRESSES) and not _ends_on_step(draft, text, kinds, safety):
        return False
    if step is None and "when" in kinds and draft.aim and draft.lately(AIMED, LATELY):
        step = f"{draft.aim}, {text.strip(' .!,;')}"
    if step is None and announced:
        draft.say(draft.line("safety.plan.bare"), "safety")
    if step is None:
        return announced
    draft.aim = step
    told = clip(step, LONGEST_STEP)
    if who := _named(draft, step, "people") or _named(draft, step, "channels"):
        beside.named(draft, step, who)
    if (late := _too_late(draft, step)) and draft.unheard(LATE):
        draft.remember(f"{LATE}#0")
        draft.say(draft.line(late, plan=told), "safety")
        return True
    if talk_of(draft) == "danger":
        draft.say(draft.line(f"safety.danger.plan{'.message' if 'message' in facts_in(step, safety) else ''}", plan=told), "safety")
        return True
    if talk_of(draft) == "threat" and "later" in facts_in(step, safety) and (soon := _sooner(draft)):
        draft.say(draft.once(soon, plan=told, **beside.kids(draft)), "safety")
        return True
    if draft.heard_at(ASKED) >= 0 or not draft.person.zone:
        key = "safety.plan.more"
        draft.say(draft.line(key, plan=told) if announced or draft.unheard(key) else _heard(draft, talk_of(draft), text), "safety")
        return True
    draft.remember(ASKED)
    day = draft.day(asked_on(draft))
    received = draft.line("safety.ethics.true.received" if "true-way" in kinds else "safety.plan.received")
    choices = [draft.choice("ask-after"), draft.choice("tell-myself")]
    draft.say(draft.line("safety.plan.ask", received=received, plan=told, day=day), "safety", choices)
    return True


def _sooner(draft: Draft) -> str | None:
    """The line for a step against a threat that is some hours or days off: one thing for the time between; None where it was said."""
    keys = (f"safety.threat.tonight.{threatened_by(_told(draft), draft.words.safety)}", "safety.threat.tonight")
    key = next((key for key in keys if key in draft.words.lines), None)
    return key if key and all(draft.unheard(each) for each in keys if each in draft.words.lines) else None


def _told(draft: Draft) -> str:
    return draft.grave.told if draft.grave else ""


def _too_late(draft: Draft, step: str) -> str | None:
    """The line for a step that is set for a day after what is asked of them; None where it is in time, or nothing presses."""
    told, asked = set(facts_in(_told(draft), draft.words.safety)), set(facts_in(step, draft.words.safety))
    if talk_of(draft) != "ethics" or "later" not in asked or "today" in asked:
        return None
    if "today" in told:
        return f"{LATE}.paid" if "paid" in told else LATE
    due, day = (named_day(draft, text) for text in (_told(draft), step))
    return f"{LATE}.day" if "deadline" in told and due and day and day > due else None


def asked_on(draft: Draft) -> date:
    """The day on which they would be asked: the one that the step names, if it is near, else tomorrow."""
    tomorrow = draft.today + timedelta(days=1)
    day = named_day(draft, draft.aim)
    return day if day and tomorrow <= day <= draft.today + NEAR else tomorrow


def agrees_discreetly(draft: Draft, text: str) -> bool:
    """Whether somebody says yes to being asked how it went, as long as nothing is said of what it was."""
    hear = draft.words.hear
    begins = " ".join(words_in(text)[:1])
    return heard(begins, hear.wishes, hear) in ("good", "agrees") and says(text, "discreet", draft.words.safety)


def ask_after(draft: Draft) -> None:
    """They want to be asked how it went; the row holds no word of what it is about."""
    text = draft.event.text if isinstance(draft.event, Said) else ""
    said = "safety.asked-after.quiet" if agrees_discreetly(draft, text) else "safety.asked-after.yes"
    day = asked_on(draft)
    draft.do(Remind("asked-after", follow_up(day, draft.person.rhythm, draft.person.zone), draft.alarm or ""))
    draft.say(draft.line(said, day=draft.day(day)), "safety")


def tell_myself(draft: Draft) -> None:
    draft.say(draft.line("safety.asked-after.no"), "safety")


def fell(draft: Draft, event: Fell) -> None:
    """The day has come on which they wanted to be asked; their answer is heard as part of that talk."""
    if not in_hours(draft.at, draft.person.zone):
        draft.do(Remind("asked-after", morrow(draft.at, AFTERNOON, draft.person.rhythm, draft.person.zone), event.ref))
        return
    draft.alarm, draft.alarmed_at = next((alarm for alarm in get_args(Alarm) if alarm == event.ref), "strain"), draft.at
    draft.say(draft.line("safety.asked-after"), "reminder")
