"""Which talk a message goes on with: the one in hand, one of some days ago that it names again, or one that was left for another. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.hearing import act_in, echo_of, feels, returned_in, same_matter
from bot.model import Conversation, Talk
from bot.spelling import words_in
from prompts.library import Hear

STALE = timedelta(hours=12)  # after this a talk rests: it goes on only if it is named again, or picked up
KEPT = timedelta(days=14)  # and after this it is over
PUT_TO_COACH = ("anger", "repeat", "wrong-turn", "rejects", "no-questions", "plain", "errand")  # acts that name no matter
QUOTED = 6  # words of a talk that name it


def in_hand(conversation: Conversation, text: str, at: datetime, hear: Hear) -> tuple[Talk | None, str]:
    """The talk that a message goes on with, as it stands now, and what the message says of it."""
    talk, before = (_standing(each, at) for each in (conversation.talk, conversation.before))
    rest = returned_in(text, hear)
    if rest is not None and (talk or before):
        named = next((each for each in (talk, before) if each and rest and same_matter(each.asked, rest, hear)), None)
        chosen = named or before or talk
        if chosen and (chosen is not talk or at - chosen.at >= STALE):
            chosen = replace(chosen, stage="explore", at=at)
        return chosen, rest
    if talk and at - talk.at < STALE:
        left = before and not same_matter(talk.asked, text, hear) and same_matter(before.asked, text, hear)
        return (replace(before, stage="explore", at=at), text) if before and left else (talk, text)
    again = next((each for each in (talk, before) if each and same_matter(each.asked, text, hear)), None)
    return (replace(again, stage="explore", at=at) if again else None), text


def resting(conversation: Conversation, at: datetime) -> Talk | None:
    """A talk of some time ago that might be gone on with."""
    talk = _standing(conversation.talk, at)
    return talk if talk and at - talk.at >= STALE and talk.asked and talk.stage != "glad" and "quiet" not in talk.used else None


def _standing(talk: Talk | None, at: datetime) -> Talk | None:
    return talk if talk and (talk.asked or talk.threads) and at - talk.at < KEPT else None


def about(talk: Talk, hear: Hear) -> str:
    """A few of the person's own words by which a talk is called."""
    lines = [line for line in talk.asked.split("\n") if line and act_in(line, hear) not in PUT_TO_COACH]
    first = next(iter(lines), talk.asked.partition("\n")[0]) or next(iter(talk.threads), "")
    words = first.split()
    if len(words_in(first)) > QUOTED and (echo := echo_of(first, hear)) and not feels(echo, hear):
        return echo
    head = " ".join(words[:QUOTED]).rstrip(".,;:!?")
    return head if len(words) <= QUOTED else f"{head} …"
