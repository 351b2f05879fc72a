"""A turn in the making: what has been said and decided so far within one call of `step`.

It picks among the wordings of a line so that none comes back within the last lines said, and gathers effects in order.
It decides nothing about the talk; dialogue.py, guiding.py and coaching.py do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from string import Template
from typing import TypeVar
from uuid import NAMESPACE_OID, uuid5

from bot.headings import expanded, spoken
from bot.hearing import keeps_out, retold, sentence_of
from bot.model import (
    Advise,
    Brief,
    Choice,
    Cited,
    Context,
    DueKind,
    Effect,
    Entry,
    Event,
    Keep,
    Kept,
    Learn,
    Message,
    MessageKind,
    Noted,
    OfferCode,
    Place,
    Remind,
    Said,
    Say,
    Show,
    Sought,
    Talk,
    Turn,
)
from bot.rhythm import at_wall_clock, day_in_words, moment_in_words, next_letter, next_reminder, next_then_and_now, today
from bot.tongue import held_in
from prompts.library import Guide, GuideWords, Library, Words

REMEMBERED = 64  # lines and card parts; the rubric asks that nothing comes back within ten replies, and a reply has up to six
APART = timedelta(days=5)  # at least, between the days of two letters
MONTHLY = timedelta(days=21)  # the same for two looks back over half a year
KEPT_OUT = 500  # entries that no model may read, as many as are remembered; where there are more, no model reads older ones at all
EDITABLE = 40  # answers whose message can still be edited: a few days of reflections


E = TypeVar("E")
_SEAM = "\ue000"  # stands where a slot was filled, while a line is put together; nothing that is typed or written holds it


def _needs(variants: Iterable[str]) -> list[set[str]]:
    """The slots of each wording of a line."""
    return [set(Template(text).get_identifiers()) for text in variants]


@lru_cache(maxsize=64)
def _seamed(shape: str) -> re.Pattern[str]:
    return re.compile(shape.replace("~", _SEAM))


class Draft:
    def __init__(self, library: Library, context: Context, event: Event) -> None:
        self.library = library
        self.context = context
        self.event = event
        self.person = context.person
        self.speak(held_in(library, context, event))
        conversation = context.conversation
        self.out = isinstance(event, Said | Noted) and keeps_out(event.text, self.words.hear)
        self.place: Place | None = conversation.place
        self.held: Place | None = conversation.held
        self.talk: Talk | None = conversation.talk
        self.before: Talk | None = conversation.before
        self.alarm = conversation.alarm
        self.alarmed_at = conversation.alarmed_at
        self.grave = conversation.grave
        self.aim = conversation.aim
        self.meant = conversation.meant
        self.earlier: tuple[Choice, ...] = conversation.earlier
        self.unanswered = conversation.unanswered
        self.letters = conversation.letters
        self.letter_on = conversation.letter_on
        self.paired_on = conversation.paired_on
        self.knocked_at = conversation.knocked_at
        self.plain = conversation.plain
        self.kept_out = conversation.kept_out
        self.model_offered = conversation.model_offered
        self.voices = conversation.unheard
        self.transcripts = conversation.transcripts
        self.voice_refused = conversation.voice_refused
        self.rooms = conversation.rooms
        self.room_of = conversation.room_of
        self.room = context.room  # in which this turn is said
        self.sought: Sought | None = None  # what was looked up this time, and how far it was shown
        self.happened: dict[str, str | None] = {}  # which happening was heard in a text, for one turn asks more than once
        self.asked_beside = False  # whether something is asked in the message in which a step was told
        self.noted = ""  # what is to be said before the next question of a guide
        self.owned = ""  # a misreading that is owned in the sentence with which this turn's last message is to begin
        self._kept = conversation.kept
        self.offered: tuple[Choice, ...] = conversation.choices
        self.choices: tuple[Choice, ...] = ()
        self.ending: tuple[str, tuple[Choice, ...]] | None = None  # what closes a coaching reply given in the middle of a guide
        self._recent: list[str] = list(conversation.recent)
        self._turns = conversation.turns
        self._effects: list[Effect] = []

    # --- words

    def speak(self, language: str) -> None:
        """From here on in this language."""
        self.language = language
        self.words: Words = self.library.in_language(language)

    @property
    def at(self) -> datetime:
        return self.event.at

    @property
    def today(self) -> date:
        return today(self.at, self.person.zone)

    @property
    def greetings(self) -> frozenset[str]:
        """Words that are a greeting and nothing else, in any language."""
        return frozenset(word for words in self.library.languages.greetings.values() for word in words)

    @property
    def dear(self) -> str:
        return f", {self.person.name}" if self.person.name else ""

    @property
    def here(self) -> Place:
        """Where the person stands in a guide. Raises LookupError when no guide is open."""
        if self.place is None:
            raise LookupError("no guide is open")
        return self.place

    def pick(self, key: str, variants: Sequence[str]) -> str:
        """The wording that was heard longest ago, if ever; which one comes first differs from turn to turn."""
        if len(variants) == 1:
            return variants[0]
        order = sorted(
            range(len(variants)),
            key=lambda n: (self.heard_at(f"{key}#{n}"), len(variants[n]) if self.plain else 0, (n - self._turns) % len(variants)),
        )
        self.remember(f"{key}#{order[0]}")
        return variants[order[0]]

    def heard_at(self, mark: str) -> int:
        """How recently a line or a card's part was used: -1 for not lately, else the higher the more recent."""
        return max((n for n, used in enumerate(self._recent) if used == mark), default=-1)

    def remember(self, mark: str) -> None:
        self._recent.append(mark)

    def unheard(self, key: str) -> bool:
        """Whether a line has a wording left that was not said lately."""
        return any(self.heard_at(f"{key}#{n}") < 0 for n in range(len(self.words.variants(key))))

    def fill(self, text: str, /, **slots: str) -> str:
        """Fills the slots, and lets words that meet there grow together as the language has it."""
        told = {"dear": self.dear} | slots
        joins = self.words.joins
        if not joins or "$" not in text:
            return Template(text).substitute(told)
        filled = Template(text).substitute({slot: f"{_SEAM}{value}" for slot, value in told.items()})
        for shape, meant in joins.items():
            filled = _seamed(shape).sub(meant.replace("~", _SEAM), filled)
        return filled.replace(_SEAM, "")

    def day(self, day: date) -> str:
        return day_in_words(day, self.language, self.words.formats)

    def moment(self, at: datetime) -> str:
        return moment_in_words(at, self.person.zone, self.language, self.words.formats, self.at)

    def line(self, key: str, /, **slots: str) -> str:
        """A line of the words, in one of its wordings, with its slots filled. Raises KeyError for an unknown line or slot."""
        if key in ("welcome", "welcome.asked", "privacy"):
            slots["privacy"] = self.line(f"privacy.{self.context.platform}{'.model' if self.shares else ''}")
        if key == "privacy":
            slots["model"] = self.line(f"privacy.model.{'on' if self.shares else 'off' if self.context.model else 'none'}", host=self.host)
            if self.context.ear and "transcription" in self.context.granted:
                slots["model"] += f" {self.line('privacy.voice', host=self.context.ear)}"
        if key.startswith("safety.") and key != "safety.helpline":
            slots["helpline"] = self.line("safety.helpline")
        return self.fill(self.pick(key, self.words.variants(key)), **slots)

    def once(self, key: str, /, **slots: str) -> str:
        """A line that is not to come twice in a talk; one that has a single wording is remembered too."""
        if len(self.words.variants(key)) == 1:
            self.remember(f"{key}#0")
        return self.line(key, **slots)

    def fresh(self, key: str, /, **slots: str) -> str | None:
        """A wording of a line that was not said lately and whose slots all have something in them, the fullest first; None for none."""
        given = {slot: text for slot, text in slots.items() if text} | {"helpline": self.line("safety.helpline")}
        variants = self.words.variants(key)
        needs = [needed - {"dear"} for needed in _needs(variants)]
        open_ = [n for n in range(len(variants)) if needs[n] <= set(given) and self.heard_at(f"{key}#{n}") < 0]
        if not open_:
            return None
        best = min(open_, key=lambda n: (-len(needs[n]), (n - self._turns) % len(variants)))
        self.remember(f"{key}#{best}")
        return self.fill(variants[best], **given)

    @property
    def _is_out(self) -> bool:
        """Whether this message, or the talk that it goes on with, is kept out of any model's reach."""
        conversation = self.context.conversation
        kept_out = {talk.began for talk in (conversation.talk, conversation.before) if talk and talk.kept_out}
        return self.out or (self.talk is not None and self.talk.began in kept_out)

    @property
    def shares(self) -> bool:
        """Whether words of this person may go to a language model."""
        return self.context.model is not None and "model" in self.context.granted

    @property
    def host(self) -> str:
        return self.context.model or ""

    def choice(self, action: str) -> Choice:
        """A choice outside a guide, by what it does."""
        return Choice(f"do:{action}", self.line(f"choice.{action}"))

    def relabelled(self, choices: Iterable[Choice]) -> tuple[Choice, ...]:
        """The same choices in the language spoken now."""
        return tuple(replace(choice, label=self._label(choice.id) or choice.label) for choice in choices)

    def _label(self, choice_id: str) -> str | None:
        kind, _, rest = choice_id.partition(":")
        in_hand = self.context.in_hand
        if kind == "guide":
            return self.words.guides[rest].title if rest in self.words.guides else None
        if kind in ("group", "phase", "lens", "broker", "do"):
            key = {"group": f"group.{rest}", "do": f"choice.{rest}"}.get(kind, f"choice.{kind}.{rest}")
            return self.line(key)
        if kind == "step":
            return self.line(f"choice.{rest}")
        if kind == "voice":
            act = rest.partition(":")[0]
            return self.line(f"choice.voice.{'answer' if act == 'save' and self.place else act}")
        if kind == "opt" and in_hand:
            card, _, number = rest.rpartition(":")
            return in_hand.options[int(number)].name if card == in_hand.card and int(number) < len(in_hand.options) else None
        if kind == "idea":
            idea = self.library.ideas_in(self.language).idea(rest)
            return idea.name if idea else None
        if kind == "card":
            return next((passage.title for passage in self.context.passages if passage.card == rest), None)
        guide, _, step = kind.partition(".")
        spoken = self.words.guides[guide].steps.get(step) if guide in self.words.guides else None
        return spoken.choices.get(rest) if spoken else None

    @property
    def book(self) -> tuple[Entry, ...]:
        """The entries that are open: all of them where something is looked up, else the latest."""
        return self.context.book or self.context.entries

    def fitting(self, key: str, longest: int, variants: tuple[str, ...] = (), /, **slots: str) -> str:
        """A wording of a line that needs only slots which have something in them, no longer than it may be; the one unheard longest,
        and of those never heard the one that says most of the person's own.

        The wordings are those of a line unless they are given. Raises ValueError where none fits: one without slots has to be among them.
        """
        variants = variants or self.words.variants(key)
        needs = _needs(variants)
        said = self._filled(variants, slots)
        short = [n for n in said if len(said[n]) <= longest] or [n for n in said if not needs[n]]
        best = min(short, key=lambda n: (self.heard_at(f"{key}#{n}"), -len(needs[n]), (n - self._turns) % len(variants)))
        self.remember(f"{key}#{best}")
        return said[best][:1].upper() + said[best][1:]

    def fits(self, key: str, longest: int, **slots: str) -> bool:
        """Whether a line has a wording with no empty slot that is short enough."""
        return any(len(said) <= longest for said in self._filled(self.words.variants(key), slots).values())

    def _filled(self, variants: Sequence[str], slots: Mapping[str, str]) -> dict[int, str]:
        """The wordings that need only slots which have something in them, by their number."""
        given = {slot: text for slot, text in slots.items() if text}
        needs = _needs(variants)
        return {n: self.fill(text, **given) for n, text in enumerate(variants) if needs[n] <= {*given, "dear"}}

    def said_back(self, text: str) -> str:
        """A short sentence of a text, told back in the second person; empty where there is none whose verb stays the same."""
        hear = self.words.hear
        clause = sentence_of(text, hear)
        if clause is None:
            return ""
        back = retold(clause, hear)
        return back[:1].upper() + back[1:] if back else ""

    def said_lately(self, key: str, within: int) -> bool:
        """Whether any wording of a line is among the last so many marks."""
        return any(mark.startswith(f"{key}#") for mark in self._recent[-within:])

    def lately(self, mark: str, within: int) -> bool:
        """Whether a mark is among the last so many."""
        return mark in self._recent[-within:]

    @property
    def last_said(self) -> str:
        """The key of the line that was said last before this turn; empty where that is not known."""
        before = self.context.conversation.recent[-1:]
        return before[0].partition("#")[0] if before else ""

    def guide(self, name: str) -> Guide:
        """A guide; the one of a person's own headings has a step for each of them."""
        guide = self.library.guides[name]
        return expanded(guide, self.person.headings) if self.has_headings(name) else guide

    def has_headings(self, name: str) -> bool:
        return name in self.library.with_headings

    def spoken(self, name: str) -> GuideWords:
        """The words of a guide in the person's language."""
        words = self.words.guides[name]
        return spoken(words, self.person.headings) if self.has_headings(name) else words

    # --- effects

    def say(
        self,
        text: str,
        kind: MessageKind = "reply",
        choices: Iterable[Choice] = (),
        sources: Iterable[Cited] = (),
        brief: Brief | None = None,
    ) -> None:
        """One message to the person; its choices are the ones that may be answered next. With a `brief` a model may word it."""
        self.choices = tuple(choices)
        message = Message(kind, text, self.choices, tuple(sources))
        self._effects.append(Advise(message, brief) if brief and self.may_advise else Say(message))

    @property
    def may_advise(self) -> bool:
        """Whether a language model is set up and this person agreed to it; never while an alarm has the floor, or in what is kept out."""
        if self.context.model is None or "model" not in self.context.granted or self.alarm or self.ending:
            return False
        return not self._is_out

    def say_before(self, messages: Iterable[Message]) -> None:
        """Beside what this turn says, and ahead of it; what can be chosen stays as it is."""
        self._effects[:0] = map(Say, messages)

    def retract(self) -> None:
        """Takes back the last message of this turn, to say it differently."""
        last, _ = self._said()[-1]
        del self._effects[last]

    def lead(self, said: str) -> None:
        """The last message of this turn begins with this."""
        last, effect = self._said()[-1]
        self._effects[last] = replace(effect, message=replace(effect.message, text=f"{said} {effect.message.text}"))

    def join(self, choices: Iterable[Choice] = ()) -> None:
        """The last two messages of this turn become one; these choices follow those of the second."""
        (first, before), (second, after) = self._said()[-2:]
        self.choices = (*after.message.choices, *choices)
        text = f"{before.message.text}\n\n{after.message.text}"
        self._effects[first] = Say(replace(after.message, text=text, choices=self.choices))
        del self._effects[second]

    def _said(self) -> list[tuple[int, Say | Advise]]:
        """The messages of this turn, with their places among its effects."""
        return [(n, effect) for n, effect in enumerate(self._effects) if isinstance(effect, Say | Advise)]

    def recast(self, as_effect: Callable[[Message], Effect]) -> None:
        """The last message of this turn goes out as part of another effect, which has a word to add to it."""
        last = max(n for n, effect in enumerate(self._effects) if isinstance(effect, Say))
        said = self._effects[last]
        if isinstance(said, Say):
            self._effects[last] = as_effect(said.message)

    def say_in(self, language: str, lead: str) -> None:
        """The last message of this turn is to be said in a language that the coach does not speak; where no model does that, it goes out as
        it is, after a line in that language. Nothing that the person wrote goes along."""
        last, said = self._said()[-1]
        message = replace(said.message, text=f"{lead}\n\n{said.message.text}")
        self._effects[last] = Say(message)
        if isinstance(said, Advise):
            self._effects[last] = Advise(message, replace(said.brief, said="", entries=(), into=language))

    def was_offered(self, choice_id: str) -> bool:
        return any(choice.id == choice_id for choice in self.offered)

    def do(self, effect: Effect) -> None:
        self._effects.append(effect)

    def done(self, kind: type[E]) -> tuple[E, ...]:
        """The effects of one kind that this turn has led to so far."""
        return tuple(effect for effect in self._effects if isinstance(effect, kind))

    def keep(self, answer: Keep) -> None:
        """Keeps an answer, and remembers which message it came in."""
        self._effects.append(answer)
        if self.out:
            self.keep_out(answer.entry)
        self._kept = (*self._kept, Kept(self.event.key, answer.entry, answer.guide, answer.step, answer.event_date))

    def keep_out(self, entry: str) -> None:
        """No language model may read this entry."""
        self.kept_out = tuple(dict.fromkeys([*self.kept_out, entry]))

    @property
    def last_kept(self) -> Kept | None:
        return self._kept[-1] if self._kept else None

    def leave_choices(self) -> None:
        """Nothing is said this turn, and what was offered stays on the table."""
        self.choices = self.offered

    def let_go_of(self, entry: str, step: str) -> None:
        """An answer has left the logbook: editing its message cannot bring it back, nor does an open guide remember it."""
        self._kept = tuple(kept for kept in self._kept if (kept.entry, kept.step) != (entry, step))
        if self.place and self.place.entry == entry:
            self.place = replace(self.place, answers=tuple(answer for answer in self.place.answers if answer[0] != step))
        self.rooms = tuple(replace(room, place=None) if room.place and room.place.entry == entry else room for room in self.rooms)

    def kept_of(self, message: str) -> Kept | None:
        return next((kept for kept in reversed(self._kept) if kept.message == message), None)

    def new_id(self, what: str) -> str:
        """An id that is the same when the same event is decided again."""
        return str(uuid5(NAMESPACE_OID, f"{self.person.id}|{self.event.key}|{what}"))

    def set_reminder(self) -> None:
        """Makes the row of the daily reminder agree with the person's rhythm; what is promised is what is a row."""
        self.do(Remind("reminder", next_reminder(self.person.rhythm, self.person.zone, self.at) if self.person.zone else None))

    def set_letters(self) -> None:
        """Makes the row of the weekly letter agree with the person's rhythm; one moved to another day or zone is still one a week."""
        zone, after = self.person.zone, self.at
        if self.letter_on:
            after = max(after, at_wall_clock(self.letter_on + APART, time(0, 0), zone) - timedelta(seconds=1))
        self.do(Remind("nudge", next_letter(self.person.rhythm, zone, after) if zone else None))
        before = self.context.person
        waits = any(row.kind == "then-and-now" for row in self.context.upcoming)
        if not waits or (self.person.rhythm, self.person.zone) != (before.rhythm, before.zone):
            self.set_then_and_now()

    def set_then_and_now(self) -> None:
        """The same for the monthly look back, which comes and goes with the letters; one that was put off by a day stays so."""
        zone, after = self.person.zone, self.at
        if self.paired_on:
            after = max(after, at_wall_clock(self.paired_on + MONTHLY, time(0, 0), zone) - timedelta(seconds=1))
        self.do(Remind("then-and-now", next_then_and_now(self.person.rhythm, zone, after) if zone else None))

    def reminds(self, kind: DueKind) -> datetime | None:
        """When this turn has something of a kind fall due; None when it takes it off, or leaves it as it was."""
        return next((e.at for e in reversed(self._effects) if isinstance(e, Remind) and e.kind == kind), None)

    def _asked(self) -> str:
        """The question on which the last message of this turn ends; the one before stays open where none was asked."""
        said = [effect.message.text for effect in self._effects if isinstance(effect, Say | Advise) and effect.message.text]
        if not said:
            return self.context.conversation.asked
        found = re.search(r"[^.!?\n]*\?\W*$", said[-1])
        return found[0].strip() if found else ""

    def turn(self) -> Turn:
        if self.owned and self._said():
            self.lead(self.owned)
        if self.person != self.context.person:
            self._effects.insert(0, Learn(self.person))
        conversation = replace(
            self.context.conversation,
            place=self.place,
            held=self.held,
            talk=replace(self.talk, kept_out=True) if self.talk and self._is_out else self.talk,
            before=self.before,
            alarm=self.alarm,
            alarmed_at=self.alarmed_at,
            grave=self.grave,
            aim=self.aim,
            meant=self.meant,
            earlier=self.context.conversation.choices,
            asked=self._asked(),
            unanswered=self.unanswered,
            letters=self.letters,
            letter_on=self.letter_on,
            paired_on=self.paired_on,
            knocked_at=self.knocked_at,
            plain=self.plain,
            kept_out=self.kept_out[-KEPT_OUT:],
            model_offered=self.model_offered,
            unheard=self.voices,
            transcripts=self.transcripts,
            voice_refused=self.voice_refused,
            sought=self.sought,
            kept=self._kept[-EDITABLE:],
            choices=self.choices,
            recent=tuple(self._recent[-REMEMBERED:]),
            turns=self._turns + 1,
            rooms=self.rooms,
            room_of=self.room_of,
        )
        return Turn(conversation, tuple(map(self._in_room, self._effects)))

    def _in_room(self, effect: Effect) -> Effect:
        """What is said is said where the person is, unless it has a room of its own."""
        match effect:
            case Say(message) | Advise(message) | Show(_, message) if self.room and message.room is None:
                return replace(effect, message=replace(message, room=self.room))
            case OfferCode(letter) if self.room:
                return replace(effect, letter=replace(letter, room=self.room))
        return effect
