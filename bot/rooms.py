"""The rooms of a chat, where a platform has such: each partnership has one, and what is written in it is about that partnership. Pure.

Rooms are asked for once a partnership is known (`look_after`), by letters that say what they are for; the platform tells what came of
it, or that somebody made one themselves (`named`). What stands open in a room waits there while its person is busy in another one.
The chat outside all rooms belongs to no partnership: what is open goes on there. On a platform without rooms nothing of this is felt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.draft import Draft
from bot.model import CloseDoor, Context, Conversation, Forget, Intention, Join, Message, Named, Partnership, Person, Phase, Plan, Room, Say
from bot.spelling import flat


def entered(conversation: Conversation, person: Person, room: str | None) -> Conversation:
    """The conversation as it stands for what came from this room."""
    partnership = partnership_in(conversation.rooms, person, room)
    return turned_to(conversation, partnership.name) if partnership else conversation


def turned_to(conversation: Conversation, name: str) -> Conversation:
    """What is open about another partnership is left in that one's room, and what was left in this one's is taken up again.

    What began outside all rooms comes along, unless something was left here.
    """
    if conversation.room_of == name:
        return conversation
    here = next((room for room in conversation.rooms if room.partnership == name), None)
    left = conversation.room_of
    waits = here is not None and (here.place or here.talk)
    if here is None or (left is None and not waits):
        return replace(conversation, room_of=name)
    now = replace(conversation, room_of=name, place=here.place, talk=here.talk, choices=here.choices)
    if left is None:  # nowhere to leave it but where every reflection waits that is half done
        now = replace(now, held=conversation.place or conversation.held)
    rooms = {room.partnership: room for room in conversation.rooms}
    rooms[name] = replace(here, place=None, talk=None, choices=())
    if left in rooms:
        rooms[left] = replace(rooms[left], place=conversation.place, talk=conversation.talk, choices=conversation.choices)
    return replace(now, rooms=tuple(rooms.values()))


def partnership_in(rooms: Iterable[Room], person: Person, room: str | None) -> Partnership | None:
    """The partnership that a room belongs to; None outside of rooms, and in one that belongs to none."""
    name = next((each.partnership for each in rooms if room and each.id == room), None)
    return next((each for each in person.partnerships if each.name == name), None)


def at_hand(context: Context) -> tuple[Partnership, ...]:
    """The partnerships that what is said may be about: the one whose room it is said in, else all."""
    one = partnership_in(context.conversation.rooms, context.person, context.room)
    return (one,) if one else context.person.partnerships


def phases_of(partnerships: Iterable[Partnership]) -> tuple[Phase, ...]:
    """The stages at which they are."""
    return tuple(phase for partnership in partnerships for phase in partnership.phases)


def of_plan(draft: Draft, plan: Intention) -> str | None:
    """The partnership that a plan is about: the one in whose room it was made, the one it names, or the only one there is."""
    made_in = next((room.partnership for room in draft.rooms if plan.id in room.plans), None)
    theirs = draft.person.partnerships
    named = named_in(plan.text, theirs) or (theirs[0] if len(theirs) == 1 else None)
    return made_in or (named.name if named else None)


def named_in(text: str, partnerships: Sequence[Partnership]) -> Partnership | None:
    """The one partnership that a text names; None when it names none, or several."""
    named = [each for each in partnerships if re.search(rf"(?<!\w){re.escape(flat(each.name))}(?!\w)", flat(text))]
    return named[0] if len(named) == 1 else None


def knock_in(draft: Draft, partnership: str | None) -> None:
    """What is said next, of the coach's own accord, is said in the room of this partnership, if it has one."""
    room = next((each.id for each in draft.rooms if each.partnership == partnership), "")
    if not partnership or not room:
        return
    stands = replace(
        draft.context.conversation,
        place=draft.place,
        held=draft.held,
        talk=draft.talk,
        choices=draft.offered,
        rooms=draft.rooms,
        room_of=draft.room_of,
    )
    now = turned_to(stands, partnership)
    draft.place, draft.held, draft.talk, draft.offered = now.place, now.held, now.talk, now.choices
    draft.rooms, draft.room_of, draft.room = now.rooms, partnership, room


def named(draft: Draft, event: Named) -> None:
    """A room has got a name. One that is called as a partnership is belongs to it from now on."""
    draft.leave_choices()
    partnership = next((each for each in draft.person.partnerships if each.name.casefold() == event.name.strip().casefold()), None)
    if partnership is None:
        return
    known = next((each for each in draft.rooms if each.partnership == partnership.name), None)
    others = [replace(each, id="") if each.id == event.room else each for each in draft.rooms if each is not known]
    draft.rooms = (*others, replace(known, id=event.room) if known else Room(event.room, partnership.name))
    if known is None:
        draft.do(Say(Message("notice", draft.line("room.opens", partnership=partnership.name))))


def look_after(draft: Draft) -> None:
    """What becomes of rooms by this turn: a plan stays with the one it was made in, what is begun outside of them is of none, and
    partnerships that have none are to get theirs.
    """
    partnership = partnership_in(draft.rooms, draft.person, draft.room)
    begun = [each for each in (draft.place, draft.talk) if each and each.began == draft.at]
    if partnership:
        draft.rooms = tuple(_with_plans(draft, room) if room.partnership == partnership.name else room for room in draft.rooms)
    elif begun:
        draft.room_of = None
    _open_missing(draft)


def _with_plans(draft: Draft, room: Room) -> Room:
    waiting = {plan.id for plan in draft.context.intentions}
    return replace(room, plans=(*(plan for plan in room.plans if plan in waiting), *(plan.id for plan in draft.done(Plan))))


def _open_missing(draft: Draft) -> None:
    """Asks once for each; not before somebody has settled in, nor while something grave has the floor."""
    leaves = any(draft.done(kind) for kind in (Forget, CloseDoor, Join))
    if draft.context.room is None or not draft.person.onboarded or draft.alarm or leaves:
        return
    have = {room.partnership for room in draft.rooms}
    missing = [each.name for each in draft.person.partnerships if each.name not in have]
    draft.rooms = (*draft.rooms, *(Room("", name) for name in missing))
    draft.say_before(Message("notice", draft.line("room.opens", partnership=name), room="", opens=name) for name in missing)


def forget(draft: Draft, partnership: str) -> None:
    """Nothing of this partnership's room is remembered; what was open in it is over."""
    draft.rooms = tuple(room for room in draft.rooms if room.partnership != partnership)
    draft.room_of = None if draft.room_of == partnership else draft.room_of
