"""What came of a step, as somebody tells it: kept beside the plan, and heard, gladness as gladness, a loss as a loss, and without blame
what did not come about. Pure.
"""

from __future__ import annotations

import re

from bot.course import STALE
from bot.draft import Draft
from bot.exploring import heard_in
from bot.happening import told_in
from bot.hearing import act_in, begins_with_others, feels, heard, pleads, retold, says_any, shared_words
from bot.intending import besides_report, tells_outcome, tells_refused, tells_success, tells_undone
from bot.mirroring import mirror_of
from bot.model import Intention, Keep, Place, Remind, Settle, Talk
from bot.spelling import BETWEEN_SENTENCES, any_in, expression, in_line, words_in
from bot.theirs import opening
from prompts.library import Hear

ASKED = "asked-plan"  # the mark that a plan was asked about in a greeting
LATELY = 60  # marks of what was said, within which it need not be said again where an outcome is kept
ANSWERED = ("glad", "refused", "undone")  # kinds whose question speaks to it by itself
LEAST, MOST = 2, 10  # words of a clause that is told back
CLAUSES = re.compile(r"[.,;:!]+\s*")
SUBJECT = 2  # words in which it is told who acts
LONGEST = 60  # words of a message that is only about what came of a plan
SAME = 2  # words that a message has in common with a plan of which it tells, where no day says so; those in the telling clause twice


def taken_up(draft: Draft, plan: str, told: str) -> None:
    """A mirror of what was told, and one question; what is answered to it goes on as a talk."""
    kind = _kind(draft, told)
    rest = besides_report(told, draft.words.hear)
    happened = told_in(draft, rest)
    talk = Talk("", "glad" if kind == "glad" else "explore", draft.at, draft.at, f"{plan}\n{told}")
    if kind in ANSWERED:
        mirror = (_good_of(draft, told) if kind == "glad" else "") or opening(draft, rest)
    else:
        mirror = heard_in(draft, rest) or mirror_of(draft, rest)
    question = happened.question() if happened and happened.asks_on and kind in ("hard", "plain") else draft.line(f"outcome.{kind}")
    draft.place, draft.talk = None, talk
    kept = draft.line("outcome.kept") if not draft.lately("outcome", LATELY) else ""
    draft.remember("outcome")
    draft.say("\n\n".join(part for part in (mirror, " ".join(part for part in (kept, question) if part)) if part), "reply")


def _good_of(draft: Draft, told: str) -> str:
    """The clause that tells what came off, told back; empty where there is none that somebody else stands in."""
    hear = draft.words.hear
    good = _without_terms(next((clause for clause in CLAUSES.split(told) if _came_off(clause, hear)), ""), hear)
    back = retold(good, hear) if LEAST <= len(words_in(good)) <= MOST else None
    return f"{back[:1].upper()}{back[1:]}." if back else ""


def _turned_out_well(told: str, hear: Hear) -> bool:
    """Whether somebody else's act tells in the end that it came off, with nothing said against it after: what came of it counts, not that
    they did not answer at first."""
    clauses = [clause for clause in CLAUSES.split(told) if words_in(clause)]
    good = [n for n, clause in enumerate(clauses) if _came_off(clause, hear)]
    return bool(good) and not any(
        any_in(hear.plans.spoils, in_line(after)) or says_any(after, hear.darker) for after in clauses[good[-1] + 1 :]
    )


def _came_off(clause: str, hear: Hear) -> bool:
    """Whether a clause tells that somebody else's act came off, be it for the writer: "he gave me a roll"."""
    told = _without_terms(clause, hear)
    return tells_success(told, hear) and (begins_with_others(told, hear) or begins_with_others(" ".join(told.split()[:SUBJECT]), hear))


def _without_terms(clause: str, hear: Hear) -> str:
    """A clause without the condition at its end: "he said he'd come if it is short" is a yes."""
    line = in_line(clause)
    found = (expression(pattern).search(line) for pattern in hear.plans.willing)
    return clause[: min((each.start() for each in found if each), default=len(clause))].strip()


def _kind(draft: Draft, told: str) -> str:
    hear = draft.words.hear
    hard = feels(told, hear) or says_any(told, hear.darker) or says_any(told, hear.absence)
    if tells_refused(told, hear):
        return "refused"
    if tells_undone(told, hear):
        return "undone"
    if (
        tells_success(told, hear)
        or _turned_out_well(told, hear)
        or act_in(told, hear) == "glad"
        or (says_any(told, hear.lighter) and not hard)
    ):
        return "glad"
    return "hard" if hard else "plain"


def open_plan(draft: Draft) -> Intention | None:
    """The plan that is asked about when somebody is back after a while: the latest whose day has come, else the next one."""
    plans = [plan for plan in draft.context.intentions if draft.at - plan.made >= STALE]
    due = [plan for plan in plans if plan.due <= draft.today]
    return max(due, key=lambda plan: plan.due) if due else min(plans, key=lambda plan: plan.due, default=None)


def reported(draft: Draft, text: str) -> bool:
    """Hears what came of a plan before it was asked about. False where nothing of an open one is told."""
    plan = _told_of(draft, text)
    if plan is None:
        return False
    entry = draft.new_id("follow-up")
    draft.do(Settle(plan.id, text))
    draft.do(Remind("follow-up", None, plan.id))
    for step, said in (("plan", plan.text), ("outcome", text)):
        draft.do(Keep(entry, "follow-up", step, said, event_date=draft.today))
    draft.place = Place("follow-up", "outcome", draft.at, draft.at, entry)
    taken_up(draft, plan.text, text)
    return True


def _told_of(draft: Draft, text: str) -> Intention | None:
    """The plan of which a message tells what came of it: one whose day has come, or an earlier one of which it says more than one word."""
    hear = draft.words.hear
    if len(text.split()) > LONGEST or not words_in(text):
        return None
    plans = [plan for plan in draft.context.intentions if plan.due <= draft.today or draft.at - plan.made >= STALE]
    due = max((plan for plan in plans if plan.due <= draft.today), key=lambda plan: plan.due, default=None)
    answers = draft.lately(ASKED, 1) and "?" not in text and heard(text, hear.wishes, hear) is None
    if due and (answers or tells_outcome(text, hear)):
        return due
    sentences = BETWEEN_SENTENCES.split(text.strip())
    done = [clause for sentence in sentences for clause in CLAUSES.split(sentence) if tells_outcome(clause, hear)]
    if not done or sentences[-1].endswith("?") or pleads(text, hear):
        return None
    told = {plan.id: _said_of(plan, text, done, hear) for plan in plans}
    plan = max(plans, key=lambda plan: (told[plan.id], plan.due), default=None)
    return plan if plan and told[plan.id] >= SAME else None


def _said_of(plan: Intention, text: str, done: list[str], hear: Hear) -> int:
    """How much of a plan a message names; what is named where it tells what was done counts twice."""
    return len(shared_words(plan.text, text, hear)) + len(shared_words(plan.text, " ".join(done), hear))
