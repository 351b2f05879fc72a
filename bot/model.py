"""The shared words of the coach: frozen values, nothing else.

Everything in the house points at this module; it points at nothing. Text that a person wrote, or that was said to them,
is kept out of `repr`, so that a stray log line or traceback carries none of it.
Times are aware datetimes in UTC; a person's own time is worked out in rhythm.py alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Literal, NewType

Phase = Literal["scoping-building", "managing-maintaining", "reviewing-revising", "sustaining-outcomes"]
Broker = Literal["internal", "external"]
Platform = Literal["terminal", "telegram", "slack"]
Energy = Literal["low", "ok", "good"]
PersonId = NewType("PersonId", str)

PHASES: tuple[Phase, ...] = ("scoping-building", "managing-maintaining", "reviewing-revising", "sustaining-outcomes")


def _private(**more: Any) -> Any:
    return field(repr=False, **more)


# --- who


@dataclass(frozen=True, slots=True)
class Partnership:
    name: str = _private()
    phases: tuple[Phase, ...] = ()


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When a person wants to hear from the coach, in their own wall-clock time; weekdays count from Monday = 0.

    `nudge` is the day and time of the weekly letter, which comes `every` so many weeks; `away_until` the first day on which the
    coach writes again of its own accord.
    """

    reminder: time | None = None
    nudge: tuple[int, time] | None = None
    workdays: tuple[int, ...] = (0, 1, 2, 3, 4)
    every: int = 1
    away_until: date | None = None


@dataclass(frozen=True, slots=True)
class Person:
    id: PersonId
    language: str = "en"
    name: str | None = _private(default=None)
    zone: str | None = None
    broker: Broker | None = None
    partnerships: tuple[Partnership, ...] = _private(default=())
    rhythm: Rhythm = Rhythm()
    welcomed: bool = False
    onboarded: bool = False
    headings: tuple[str, ...] = _private(default=())


# --- what comes in

Brought = Literal["voice", "file", "forward"]


@dataclass(frozen=True, slots=True)
class VoiceNote:
    """A voice note where it lies, with its platform: `ref` is the platform's own name for it. Seconds and bytes are 0 where not told."""

    platform: Platform
    address: str = _private()
    ref: str = _private()
    seconds: int = 0
    size: int = 0
    room: str | None = _private(default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """One update of a platform. `key` is the platform's own id of it, unique per platform.

    `press` is the id of a pressed choice; `edits` is the key of an earlier message whose new wording `text` is; `deletes` is the
    key of an earlier message that the person took away. `wish` names something asked for by a button outside the talk (a home
    page, a menu), and `entry` says that `text` is for the logbook and part of no talk.
    `language` is what the platform takes for the person's language (a BCP 47 tag); it counts only when they are seen for the first time.
    `room` is where in the chat it happened, by the platform's own name for it: empty outside of rooms, None where the chat has none.
    `names` says that the room is called so from now on.
    """

    key: str
    platform: Platform
    address: str = _private()
    at: datetime
    text: str = _private(default="")
    press: str | None = None
    edits: str | None = None
    opened: bool = False
    brought: Brought | None = None
    language: str | None = None
    deletes: str | None = None
    wish: str | None = None
    entry: bool = False
    voice: VoiceNote | None = None
    room: str | None = _private(default=None)
    names: str | None = _private(default=None)


@dataclass(frozen=True, slots=True)
class Said:
    key: str
    at: datetime
    text: str = _private()


@dataclass(frozen=True, slots=True)
class Pressed:
    key: str
    at: datetime
    choice: str


@dataclass(frozen=True, slots=True)
class Opened:
    """The person opened the chat without writing anything."""

    key: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Edited:
    """An earlier message, named by its key, now reads differently."""

    key: str
    at: datetime
    of: str
    text: str = _private()


@dataclass(frozen=True, slots=True)
class Deleted:
    """An earlier message, named by its key, was taken away where it was written."""

    key: str
    at: datetime
    of: str


@dataclass(frozen=True, slots=True)
class Wished:
    """Something was asked for by a button outside the talk; `wish` is one of wishes.WISHES."""

    key: str
    at: datetime
    wish: str


@dataclass(frozen=True, slots=True)
class Noted:
    """A text for the logbook that belongs to no talk."""

    key: str
    at: datetime
    text: str = _private()


@dataclass(frozen=True, slots=True)
class Handed:
    """Something other than a person's own words was sent: a voice note, a file, somebody else's message. It is not taken in, save a
    voice note that may be listened to.
    """

    key: str
    at: datetime
    what: Brought
    voice: VoiceNote | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """A room of the chat is called so from now on."""

    key: str
    at: datetime
    room: str = _private()
    name: str = _private()


# "retention": nobody has written for long, and is told; "erasure": thirty days later they are forgotten
# "mentor": somebody has become their mentor; "shared": an entry is shown to them as a mentor; "comment": their mentor asks something
# "asked-after": somebody in distress wanted to be asked how it went; `ref` is what had the floor then
# "voice": a voice note waits to be listened to; `ref` is the key of its message
# "tags": an entry was closed, and a model may suggest what it is about; `ref` is the entry
# "marks": what an answer is about is still to be looked up; `ref` is its entry and step
DueKind = Literal[
    "reminder",
    "follow-up",
    "nudge",
    "then-and-now",
    "resume",
    "retention",
    "erasure",
    "mentor",
    "shared",
    "comment",
    "voice",
    "asked-after",
    "tags",
    "marks",
]


@dataclass(frozen=True, slots=True)
class Fell:
    """Something fell due at `due`, and is dealt with at `at`, which is later when nobody was there to do it.

    `ref` names the intention that a follow-up is about, the share or the comment that somebody is told of, the message that a voice
    note came in, or the entry that is to be marked, and is empty for anything else.
    """

    key: str
    at: datetime
    kind: DueKind
    due: datetime
    ref: str = ""


Event = Said | Pressed | Opened | Edited | Deleted | Wished | Noted | Handed | Named | Fell


# --- what goes out


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that can be pressed, typed or numbered; `id` is ours and never carries a person's words."""

    id: str
    label: str = _private()


@dataclass(frozen=True, slots=True)
class Cited:
    """A source shown under a message: `mark` is how the text refers to it."""

    mark: int
    card: str
    title: str
    topics: tuple[str, ...]
    where: str


MessageKind = Literal["reply", "question", "nudge", "reminder", "notice", "safety"]
Form = Literal["html", "pdf", "docx", "md", "json"]
ANYWHERE: tuple[Form, ...] = ("html", "md", "json")  # forms of a logbook that need no library of their own


@dataclass(frozen=True, slots=True)
class Message:
    """With a `file`, the person's logbook in that form goes along; it is made when the message leaves, and is stored nowhere.

    `room` is where in the chat it belongs; where that is not there any more, in the chat itself. With `opens` it is the first message in
    a room of that name, which is to be made for it; where none can be made, it is not said.
    """

    kind: MessageKind
    text: str = _private()
    choices: tuple[Choice, ...] = ()
    sources: tuple[Cited, ...] = ()
    file: Form | None = None
    room: str | None = _private(default=None)
    opens: str | None = _private(default=None)


@dataclass(frozen=True, slots=True)
class Letter:
    """A message on its way out. `uncertain`: it may have been sent before a crash."""

    key: str
    platform: Platform
    address: str = field(repr=False)
    message: Message = field(repr=False)
    uncertain: bool = False


# --- what is known of good practice


@dataclass(frozen=True, slots=True)
class Source:
    doc: str
    lines: str
    where: str


@dataclass(frozen=True, slots=True)
class Option:
    """One way open to the broker. `source` is the 1-based number of the passage's source that says so, 0 when it is ours."""

    name: str
    offer: str
    price: str
    not_if: str
    source: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A knowledge card in one language, as found for some words; `score` is 1 for a perfect fit and grows less from there."""

    card: str
    score: float
    title: str
    gist: str
    topics: tuple[str, ...]
    phases: tuple[Phase, ...]
    broker: str
    who: str
    when: str
    mirrors: tuple[str, str, str]
    questions: tuple[str, str, str]
    options: tuple[Option, ...]
    challenge: str
    if_then: str
    strength: str
    handoff: str
    sources: tuple[Source, ...]
    thin: str | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """A few sentences of an operator's own document, word for word: something to show, never something to follow."""

    document: str
    where: str
    text: str = field(repr=False)
    score: float


# --- where a conversation stands


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere in a guide: the step to be answered, what has been answered, and the way that led there.

    `offer` is the id of what may be chosen at this step beside answering it, `deeper` the step to which it may lead; `invited`: such an
    offer has been made in this sitting.
    """

    guide: str
    step: str
    began: datetime
    at: datetime
    entry: str | None = None
    answers: tuple[tuple[str, str], ...] = _private(default=())
    trail: tuple[str, ...] = ()
    nudged: tuple[str, ...] = ()
    energy: Energy | None = None
    short: bool = False
    offer: str = ""
    invited: bool = False
    deeper: str | None = None

    def answer(self, step: str) -> str | None:
        return dict(self.answers).get(step)


@dataclass(frozen=True, slots=True)
class Kept:
    """Which message became which answer, so that editing the message can revise the answer."""

    message: str
    entry: str
    guide: str
    step: str
    day: date


Stage = Literal["explore", "threads", "options", "deepen", "own", "glad"]


@dataclass(frozen=True, slots=True)
class Talk:
    """A coaching talk about one card: how far it has come, and which of the card's lines were used.

    `kept_out`: the person wants no language model to read any of it. `threads`: other matters that were listed beside this one, in the
    person's words; at the stage of that name those from which one is to be picked.
    """

    card: str
    stage: Stage
    began: datetime
    at: datetime
    asked: str = _private()
    used: tuple[str, ...] = ()
    kept_out: bool = False
    threads: tuple[str, ...] = _private(default=())


@dataclass(frozen=True, slots=True)
class Waiting:
    """A voice note that nobody has listened to yet. `tries` came to nothing; `agreed`: whether it may be, or that is still to be said."""

    key: str
    note: VoiceNote
    tries: int = 0
    agreed: bool = True


@dataclass(frozen=True, slots=True)
class Transcript:
    """What a voice note said, until its owner says what becomes of it. `mending`: their next message says it as it should read."""

    key: str
    text: str = _private()
    mending: bool = False


@dataclass(frozen=True, slots=True)
class Sought:
    """What somebody looks for in their logbook. `latest`: only the last time counts. `since` and `until` are days, both included."""

    words: str = _private(default="")
    since: date | None = None
    until: date | None = None
    partnership: str | None = _private(default=None)
    phase: Phase | None = None
    latest: bool = False
    page: int = 0


@dataclass(frozen=True, slots=True)
class Room:
    """The room of a partnership; `id` is empty as long as there is none. `plans` were made in it, by their ids; `place`, `talk` and
    `choices` stand open in it while its person is busy in another.
    """

    id: str = _private()
    partnership: str = _private()
    plans: tuple[str, ...] = ()
    place: Place | None = None
    talk: Talk | None = None
    choices: tuple[Choice, ...] = ()


# What has the floor. "doubt", "spent" and "suspected" were hints and are asked about; "eased" and "threat-eased" come after somebody said
# to be safe.
Alarm = Literal[
    "asked-danger", "asked-safe", "eased", "threat", "threat-eased", "doubt", "spent", "strain", "gloss", "suspected", "ethics",
    "harassment", "told",
]  # fmt: skip


# How near somebody is who was named to help: only named, told of it, on the way, there, or not knowing of it yet.
Side = Literal["", "named", "told", "coming", "here", "unaware"]


@dataclass(frozen=True, slots=True)
class Grave:
    """Something grave that was raised, and in which words; for a day it is borne in mind, also when the talk turned to something else.

    `helper` is whoever was named to help, as it is said back ("your brother"), and `side` how near that person is by now. `indoors` is
    somebody who is inside while the danger is outside. `choices` are the options that were on the table when it was raised.
    """

    alarm: Alarm
    told: str = _private(default="")
    helper: str = _private(default="")
    side: Side = ""
    indoors: bool = False
    choices: tuple[Choice, ...] = _private(default=())


@dataclass(frozen=True, slots=True)
class Conversation:
    """All that a conversation remembers between two messages. It is stored and read back between any two of them.

    `before` is the talk in the middle of which another one was begun.
    `unanswered` and `letters` count the reminders and weekly letters since the person last wrote; `letter_on` and `paired_on` are the days
    of the latest letter and of the latest then-and-now that came unasked, and `knocked_at` when the coach last wrote of its own accord.
    `plain`: short sentences, because the person asked for them or writes the language with effort.
    `kept_out` names the entries that no language model may read; `model_offered` says that consent to one was asked for.
    `unheard` are voice notes that wait to be listened to, `transcripts` those whose words wait to be kept or talked about; `voice_refused`:
    the person does not want them listened to.
    `meant` is the last thing they said they would do; `earlier` what could be chosen a reply ago; `asked` the question that is open.
    `rooms` are those of partnerships, and `room_of` names the one in which what is open was last talked about.
    """

    place: Place | None = None
    held: Place | None = None
    talk: Talk | None = None
    before: Talk | None = None
    choices: tuple[Choice, ...] = ()
    recent: tuple[str, ...] = ()
    turns: int = 0
    alarm: Alarm | None = None
    alarmed_at: datetime | None = None
    grave: Grave | None = None
    aim: str = _private(default="")
    kept: tuple[Kept, ...] = ()
    unanswered: int = 0
    letters: int = 0
    letter_on: date | None = None
    paired_on: date | None = None
    knocked_at: datetime | None = None
    plain: bool = False
    kept_out: tuple[str, ...] = ()
    model_offered: bool = False
    sought: Sought | None = None
    unheard: tuple[Waiting, ...] = ()
    transcripts: tuple[Transcript, ...] = ()
    voice_refused: bool = False
    meant: str = _private(default="")
    earlier: tuple[Choice, ...] = ()
    asked: str = _private(default="")
    rooms: tuple[Room, ...] = ()
    room_of: str | None = _private(default=None)


# --- what a turn leads to


@dataclass(frozen=True, slots=True)
class Say:
    message: Message


@dataclass(frozen=True, slots=True)
class Offer:
    """One way that a reply shows: `number` as it stands there, `option` its 0-based place on the card, `tail` the mark of its source."""

    number: int
    option: int
    offer: str = _private()
    price: str = _private()
    tail: str = ""


Move = Literal["ask-back", "options", "one", "deepen", "challenge", "own-step", "letter", "month"]


@dataclass(frozen=True, slots=True)
class Brief:
    """What of a reply a language model may word anew, and all it may know for that; nothing else leaves.

    A reply is mirror, `before` (kept as it is), offers, `after` (kept as it is), question. `passages` are the cards that were found. `into`
    is the language it is to be said in, where that is none that the coach speaks; it was composed in `language`.
    """

    move: Move
    language: str
    person: Person = field(repr=False)
    said: str = _private()
    mirror: str = _private()
    question: str = _private()
    before: str = _private(default="")
    offers: tuple[Offer, ...] = _private(default=())
    after: str = _private(default="")
    passages: tuple[Passage, ...] = _private(default=())
    entries: tuple[Entry, ...] = _private(default=())
    into: str | None = None


@dataclass(frozen=True, slots=True)
class Advise:
    """A message that a language model may word anew; it is said as it stands when none does."""

    message: Message
    brief: Brief


@dataclass(frozen=True, slots=True)
class Theme:
    """What an entry is about, by a topic of the cards, with the words of the entry that say so.

    `stance`: whether the words speak for or against a principle; None for any other topic.
    """

    topic: str
    card: str
    quote: str = _private()
    stance: Literal["for", "against"] | None = None


@dataclass(frozen=True, slots=True)
class Keep:
    """One answer for the logbook. The first one for an `entry` id opens that entry; a later one for the same step revises it.

    The day of an entry is that of its first answer and stays. People and themes come on top of those the entry has.
    """

    entry: str
    guide: str
    step: str
    text: str = _private()
    event_date: date = field(kw_only=True)
    energy: Energy | None = None
    partnership: str | None = _private(default=None)
    phases: tuple[Phase, ...] = ()
    people: tuple[str, ...] = _private(default=())
    themes: tuple[Theme, ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """Themes on top of those an entry has; its words stay as they are. An entry that is not there gets none."""

    entry: str
    themes: tuple[Theme, ...]


@dataclass(frozen=True, slots=True)
class MarkLater:
    """What an answer is about is looked up once the reply has left; `passages` are not looked into before."""

    entry: str
    step: str
    language: str
    text: str = field(repr=False)
    passages: Sequence[Passage] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Add:
    """Something added to an entry that stays as it is: a thought that came later, or that it is taken back (with a reason, or none)."""

    entry: str
    kind: Literal["thought", "retraction"]
    text: str = _private(default="")


@dataclass(frozen=True, slots=True)
class TakeOut:
    """One answer leaves the logbook in all its wordings, and its entry too when nothing else was in it."""

    entry: str
    step: str


@dataclass(frozen=True, slots=True)
class Learn:
    """The person's profile as it now stands."""

    person: Person


@dataclass(frozen=True, slots=True)
class Plan:
    """An if-then plan in the person's own words, to be asked about on a day."""

    id: str
    text: str = _private()
    due: date = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class Settle:
    """An if-then plan has been asked about and answered."""

    id: str
    outcome: str = _private()


@dataclass(frozen=True, slots=True)
class Remind:
    """Sets when something falls due, or with `at=None` takes it off. One row per person, kind and ref."""

    kind: DueKind
    at: datetime | None
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Consent:
    kind: str
    version: int
    granted: bool


@dataclass(frozen=True, slots=True)
class Drop:
    """A plan, or a partnership's name wherever it stands, is erased. `ref` is the plan's id or the partnership's name."""

    what: Literal["plan", "partnership"]
    ref: str = _private()


@dataclass(frozen=True, slots=True)
class Forget:
    """Everything of the person's is erased, and nothing else of the turn is kept.

    `receipt` is the last thing they are told; where it names a table ($entries), the store fills in how many rows of it are gone.
    """

    receipt: Message | None = None


@dataclass(frozen=True, slots=True)
class OfferCode:
    """A fresh code, by which another door is linked to this person or somebody becomes their mentor; the store fills it in for $code."""

    letter: Message
    makes: Literal["door", "mentor"] = "door"


@dataclass(frozen=True, slots=True)
class Join:
    """The door that was written from goes over to the person whose code this is; who wrote from it until now had kept nothing."""

    code: str = _private()


@dataclass(frozen=True, slots=True)
class CloseDoor:
    """The door that was written from leads to this person no more; `farewell` is still said through it."""

    farewell: Message


@dataclass(frozen=True, slots=True)
class Accompany:
    """This person becomes the mentor of whoever made the code."""

    code: str = _private()


@dataclass(frozen=True, slots=True)
class Alias:
    """What people and organisations are called before the mentor, from now on: name and stand-in, the people first."""

    people: tuple[tuple[str, str], ...] = _private()
    organisations: tuple[tuple[str, str], ...] = _private()


@dataclass(frozen=True, slots=True)
class Share:
    """An entry is shown to the mentor, in exactly these words. Never without the owner's consent, and only ever by their own act."""

    entry: str
    text: str = _private()


@dataclass(frozen=True, slots=True)
class TakeBack:
    """What was shown to the mentor is so no longer: one share, or all of them."""

    share: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Mentor and broker are so no longer: the person's own mentor, or everybody whose mentor they are."""

    what: Literal["mentor", "mentees"]


@dataclass(frozen=True, slots=True)
class Show:
    """What a broker shared is put before their mentor; not if it has been taken back meanwhile."""

    share: str
    message: Message


@dataclass(frozen=True, slots=True)
class Comment:
    """What a mentor has to say about a share. It reaches its owner as a question."""

    share: str
    text: str = _private()


@dataclass(frozen=True, slots=True)
class Refused:
    """Something was asked for that is not this person's, or not there; it is written down that it was."""


Effect = (
    Say | Advise | Keep | Mark | MarkLater | Add | TakeOut | Drop | Learn | Plan | Settle | Remind | Consent | Forget | OfferCode | Join
    | CloseDoor | Accompany | Alias | Share | TakeBack | Part | Show | Comment | Refused
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Turn:
    conversation: Conversation
    effects: tuple[Effect, ...] = ()


# --- what is remembered


@dataclass(frozen=True, slots=True)
class Thought:
    """What somebody thought of an entry later, with the moment of it."""

    at: datetime
    text: str = _private()


@dataclass(frozen=True, slots=True)
class Entry:
    """A logbook entry as it now reads: `answers` by step, each in its latest wording.

    `phases` are those of the partnership at the time; `retracted` is when it was taken back, which leaves it as it was.
    """

    id: str
    guide: str
    event_date: date
    written: datetime
    answers: tuple[tuple[str, str], ...] = _private(default=())
    energy: Energy | None = None
    partnership: str | None = _private(default=None)
    phases: tuple[Phase, ...] = ()
    people: tuple[str, ...] = _private(default=())
    themes: tuple[Theme, ...] = ()
    thoughts: tuple[Thought, ...] = ()
    retracted: datetime | None = None


@dataclass(frozen=True, slots=True)
class Intention:
    id: str
    text: str = _private()
    made: datetime = field(kw_only=True)
    due: date = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class Upcoming:
    """A row of the clock: what will fall due, and when."""

    kind: DueKind
    at: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """Something that was done with a person's data: what, when, and to which consent or with which platform, if any."""

    at: datetime
    act: str
    of: str = ""


# What a code that was typed came to: it fits; it is unknown, used or too old; its second half is wrong; its tries are used up;
# it fits, but whoever typed it has a logbook of their own; it is their own code; it fits and makes them a mentor.
Claimed = Literal["good", "over", "wrong", "burnt", "taken", "own", "mentor"]


@dataclass(frozen=True, slots=True)
class Shared:
    """An entry that somebody shows to their mentor."""

    id: str
    entry: str
    day: date
    at: datetime
    read: datetime | None = None


@dataclass(frozen=True, slots=True)
class Mentor:
    """Somebody's mentor, what people and organisations are called before them, and what they are shown, the latest first."""

    since: datetime
    name: str | None = _private(default=None)
    aliases: Alias = Alias((), ())
    shared: tuple[Shared, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """What a mentor is shown; `text` only where it is open before them. `who` is its owner."""

    id: str
    who: str | None = _private()
    day: date = field(kw_only=True)
    read: bool = False
    text: str = _private(default="")


@dataclass(frozen=True, slots=True)
class Remark:
    """A mentor's words about one of the person's entries."""

    entry: str
    day: date
    text: str = _private()


@dataclass(frozen=True, slots=True)
class Gist:
    """What a message in a language that the coach does not speak is about, in English and by a model: a search text and nothing else.

    `safety` is what the model heard in the message.
    """

    language: str
    text: str = _private()
    safety: Literal["none", "danger", "ethics", "harassment"] = "none"


@dataclass(frozen=True, slots=True)
class Knock:
    """The last message that the coach wrote of its own accord, and what became of it."""

    at: datetime
    fate: Literal["sent", "waiting", "lost"]


# What others are paid for: tokens of a language model, seconds of voice notes that were listened to.
Spent = Literal["tokens", "seconds"]


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of this person's went out, and how much may in a day."""

    today: int
    month: int
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """What listening to a voice note came to: its words, or why there are none."""

    text: str = _private(default="")
    fault: Literal["no-consent", "too-long", "gone", "empty", "down", "budget"] | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """All that `step` may know beside the event: gathered before, but for `passages` and `quotes`, which need not be looked up before they
    are looked into; which they are makes no difference.

    `tongue` is the language the message is written in (ISO 639-1), as far as that could be told. `doings` is what was done with the
    person's data, newest first; `doors` are the platforms they come by; `claimed` is what a code in the message came to.
    `model` is the host of the language model that is set up here, if there is one, and `helps` what it may help with; `gist` is what it
    makes of a message in a language that the coach does not speak, and `suggested` are the themes that it found in the entry that this
    event is about. `spent` and `listened` are what the model and voice notes have cost, in tokens and seconds. `ear` is who turns voice
    notes into text; `heard` is what that came to, for the voice note that this event is about. `forms` are those in which a logbook can
    be taken out.
    `mentor` is the person's own, `shown` what others show them as theirs; `open` is one of these with its words, and `remark` a mentor's
    words, where the event is about it. `named` are names found in the entry that is about to be shown.
    `room` is where in the chat the event happened, as it came in.
    `book` is the whole logbook, newest first, where the event looks something up in it, and `near` how close its entries are in meaning
    (entry id and cosine); `entries` are the latest ones.
    """

    person: Person
    conversation: Conversation
    passages: Sequence[Passage] = ()
    in_hand: Passage | None = None
    entries: tuple[Entry, ...] = ()
    intentions: tuple[Intention, ...] = ()
    platform: Platform = "terminal"
    quotes: Sequence[Quote] = ()
    granted: frozenset[str] = frozenset()
    upcoming: tuple[Upcoming, ...] = ()
    knock: Knock | None = None
    tongue: str | None = None
    book: tuple[Entry, ...] = ()
    near: tuple[tuple[str, float], ...] = ()
    doings: tuple[Done, ...] = ()
    doors: tuple[Platform, ...] = ()
    claimed: Claimed | None = None
    wanted: tuple[Passage, ...] = ()
    model: str | None = None
    helps: frozenset[str] = frozenset()
    gist: Gist | None = None
    suggested: tuple[Theme, ...] = ()
    spent: Usage | None = None
    listened: Usage | None = None
    mentor: Mentor | None = None
    shown: tuple[Shown, ...] = ()
    open: Shown | None = None
    remark: Remark | None = None
    named: tuple[str, ...] = _private(default=())
    ear: str | None = None
    heard: Heard | None = None
    forms: tuple[Form, ...] = ANYWHERE
    room: str | None = _private(default=None)
