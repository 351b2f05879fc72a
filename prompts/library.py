"""Loads the guides and the words, and finds everything wrong with them at once.

A guide file holds the structure of a guided talk: its steps, what each one keeps, and where its choices lead.
A words file holds every sentence that is said in one language, and the phrases by which a person is understood.
Nothing is decided here and nothing is said: dialogue.py walks the guides, and the words are data.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from string import Template
from typing import Annotated, Literal, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetCoreSchemaHandler, StringConstraints, ValidationError, ValidationInfo
from pydantic_core.core_schema import CoreSchema, no_info_after_validator_function

from bot.spelling import any_in, bare, flat, in_words, typeset

HERE = Path(__file__).parent
END = "end"

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
Line = Annotated[str, StringConstraints(min_length=1), AfterValidator(typeset)]
Lines = Line | Annotated[list[Line], Field(min_length=2)]
Clock = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Keeps = Literal[
    "answer", "mark", "heading", "energy", "nothing",
    "name", "zone", "reminder", "broker", "partnership", "phases", "headings", "plan", "due", "outcome", "letter",
    "thought", "reword", "review", "comment",
]  # fmt: skip
Group = Literal["day", "stuck", "self", "long", "check", "own"]
Weight = Literal["mostly-first", "mixed", "mostly-last"]
Stage = Literal["scoping-building", "managing-maintaining", "reviewing-revising", "sustaining-outcomes"]

LONGEST_QUESTION = 280  # characters of a step on a phone (rubric C9)
LONGEST_MIRROR = 120  # characters of what is said about an answer (coaching.md section 4)
LONGEST_LABEL = 60  # Telegram cuts an inline button near 64 characters, Slack refuses more than 75

# Slots the dialogue fills itself, wherever they stand in a guide.
BUILT_IN = frozenset({"dear", "date", "summary", "next", "frame", "partnership", "topic", "heading", "old", "old_date"})


def _pattern(text: str, info: ValidationInfo) -> str:
    """An expression that is looked for in texts without accents; raises ValueError for one that cannot be read."""
    _readable(bare(text), info)
    return bare(text)


def _readable(pattern: str, info: ValidationInfo) -> None:
    """There are thousands of expressions, and to read them all takes longer than all the rest of a start."""
    if info.context and not info.context["checked"]:
        return
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is not an expression: {error}") from None


Pattern = Annotated[str, AfterValidator(_pattern)]


def _joint(text: str, info: ValidationInfo) -> str:
    _readable(text, info)
    return text


Joint = Annotated[str, AfterValidator(_joint)]
Said = Annotated[Line, StringConstraints(max_length=110)]  # with LONGEST_MIRROR there is room for what fills it
Phrase = Annotated[str, AfterValidator(in_words)]  # compared with words


def _bit(text: str) -> str:
    r"""As a text in lower case and without accents is written; a `\W` stays what it is, for in lower case it would be its opposite."""
    return re.sub(r"\\.|[^\\]+", lambda part: part[0] if part[0].startswith("\\") else flat(part[0]), text, flags=re.DOTALL)


Bit = Annotated[str, AfterValidator(_bit)]  # compared with a text in lower case, in which apostrophes still stand


class BadPrompts(Exception):
    """Guides or words that cannot be used; the message lists every fault, one a line."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _One(_Part):
    """Read once and never copied: known by which one it is, so that what is made of it is made once."""

    def __hash__(self) -> int:
        return id(self)


class GuideChoice(_Part):
    """A choice of a step: it goes on to a step of this guide (`go`, or the next one), or leaves for another guide."""

    id: Slug
    go: Slug | None = None
    guide: Slug | None = None


class Step(_Part):
    """One question. `otherwise`: where a free answer to a choice step goes, and is taken as that step's answer.

    `needs`: answers without which the step is passed over. `mirror`: a free answer is mirrored before the next step is asked,
    as something that happened or as something thought about it.
    `turns`: for an answer that tells of some kind of moment (hear.moments), the step that fits it better than the next one.
    `deeper`: the step to which one invitation a session leads, after this one's answer. `suggests`: how many guides that fit the
    person just now are offered beside the choices. `picks`: the marks whose steps are the choices here. `rereads`: an older entry
    is shown. `wording`: the answer is to be somebody's own wording, and a question in it is not put to the
    coach. Every step may be skipped by the person.
    """

    id: Slug
    keeps: Keeps = "answer"
    choices: list[GuideChoice] = []
    many: bool = False
    go: Slug | None = None
    otherwise: Slug | None = None
    needs: list[Slug] = []
    mirror: Literal["scene", "thought"] | None = None
    turns: dict[Slug, Slug] = {}
    deeper: Slug | None = None
    suggests: Annotated[int, Field(ge=0, le=3)] = 0
    picks: list[Slug] = []
    rereads: bool = False
    wording: bool = False


Kind = TypeVar("Kind", bound=_Part)


class Guide(_Part):
    """A guided talk. `group` is where it stands in the list of guides; one without a group is not listed.

    `fits` are the kinds of moment it helps with, `phases` the phases it belongs to most. `scale`: the marks of a check, the best one
    first; `weighs`: where the marking leads, by what most of the marks were. `knows`: what has to be known of the person for the guide
    to make sense; a choice that leads to it ends the guide instead.
    """

    guide: Slug
    kind: Literal["reflection", "check", "profile", "plan"]
    steps: Annotated[list[Step], Field(min_length=1)]
    then: Slug | None = None
    knows: Literal["zone"] | None = None
    group: Group | None = None
    fits: list[Slug] = []
    phases: list[Stage] = []
    scale: list[Slug] = []
    weighs: dict[Weight, Slug] = {}

    @property
    def kept(self) -> bool:
        """Whether its answers go to the logbook."""
        return self.kind in ("reflection", "check")

    @property
    def marked(self) -> list[Step]:
        return [step for step in self.steps if step.keeps == "mark"]

    def after_marks(self, weight: Weight) -> str:
        """Where the marking leads once it is over."""
        return self.weighs.get(weight) or self.after(self.marked[-1])

    def step(self, step_id: str) -> Step:
        return next(step for step in self.steps if step.id == step_id)

    def has(self, step_id: str) -> bool:
        return any(step.id == step_id for step in self.steps)

    def after(self, step: Step) -> str:
        """The step that follows when no choice says otherwise."""
        if step.go:
            return step.go
        place = [s.id for s in self.steps].index(step.id) + 1
        return self.steps[place].id if place < len(self.steps) else END


def _in_one_sentence(pattern: str) -> str:
    """A pattern whose gaps (".{0,40}") end where a sentence does: words of two sentences tell of two things."""
    return re.sub(r"(?<!\\)\.(?=[{*+])", r"(?:[^.!?]|[.!?](?=\\S))", pattern)


class Heard(_Part):
    """Something that is known by how it is told, and what is said back. `heard` finds it in one sentence of a text as `in_line` gives it,
    `unless` is another sense of the same words, wherever they stand. A mirror may hold $who (whom it is about) and $what (what stands in
    the group `what` of a pattern, told back in the second person: "of losing my job" is "of losing your job"); a few of them hold none."""

    heard: Annotated[list[Annotated[Pattern, AfterValidator(_in_one_sentence)]], Field(min_length=1)]
    unless: list[Pattern] = []
    mirrors: Annotated[list[Line], Field(min_length=2)]

    def stands_in(self, line: str) -> bool:
        return any_in(self.heard, line) and not any_in(self.unless, line)


class StepWords(_Part):
    """`answers` are kinds of answers to just this question, the first that is heard wins; `mirrors` are said after any other answer to it.
    Both are guesses, and a quotation may stand before them.
    `short` names a marked step where it may be picked; `none` is said where there is nothing to pick or to read again."""

    say: Lines
    hint: Line | None = None
    smaller: Line | None = None
    answers: list[Heard] = []
    mirrors: list[Line] = []
    short: Line | None = None
    none: Line | None = None
    choices: dict[str, Line] = {}


class GuideWords(_Part):
    """`good_for` says in a few words what the guide is good for; `opens` are the names and the wishes by which it is asked for."""

    title: Line
    about: Line
    good_for: Line | None = None
    opens: list[Line] = []
    closes: Lines | None = None
    scale: dict[str, Line] = {}
    steps: dict[str, StepWords]


class Several(_Part):
    """The words for taking several choices at once: both, 1 to 3, all, 1 and 3."""

    both: list[Bit]
    through: list[Bit]
    everything: list[Phrase]
    between: list[Bit]


class Who(_Part):
    """How a person or body is named in a sentence.

    `shape` has the groups whose and actor, and may have lead and middle; ACTORS stands in it for the words of `actors`.
    `oneself` and `not_them` are looked for right before it: then it is about the writer, or not meant.

    `again`: words with which it may be named a second time ("the mayor"); after any other it is said once ("one of your partners").
    """

    shape: Pattern
    no_middle: list[Bit]
    oneself: Pattern
    not_them: Pattern
    again: list[Bit]


class SpokenClock(_Part):
    """How a time of day is said.

    A shape has the group hour, and may have part (see `minutes`) and turn (one of `before` takes the part off the hour).
    """

    morning: list[Bit]
    afternoon: list[Bit]
    minutes: dict[Bit, int]
    before: list[Bit]
    shapes: list[Pattern]


class Reading(_Part):
    """How a letter reads an entry.

    A clause that begins with one of the `hinges`, or is followed by one of the `reversals`, says something else when it stands
    alone. `pointers` point at another sentence. Of a sentence with a `sensitive` word nothing is quoted. `diary`: how a line
    begins where the "I" is left out. An act with one of the `regrets` is not held up as done. A feeling is told of `several` others where
    one of these stands before it, and of the writer after one of `selves`.
    """

    diary: list[Pattern]
    regrets: list[Phrase]
    hinges: list[Phrase]
    reversals: list[Phrase]
    pointers: list[Phrase]
    negations: list[Phrase]
    nots: list[Phrase] = []
    determiners: list[Phrase]
    selves: list[Pattern]
    several: list[Pattern] = []
    sensitive: list[Phrase]


class Verbs(_Part):
    """Of one kind of doing; `past` goes with any subject, the others with one person or body, and with several. `alone` need no subject:
    how they end says that somebody else did it."""

    past: list[Bit] = []
    single: list[Bit] = []
    several: list[Bit] = []
    alone: list[Bit] = []


class OwnDoings(_Part):
    """How the writer tells of something done, and how it is told back: a head ("i have") with one of the `forms` after it, or a verb that
    says by itself who did it, by its whole (`verbs`) or by how it ends (`endings`, with their accents; `others` only end so). `being`: how
    it is with them, by a head that is enough. Words as in `before` may stand before a verb or a head, and become what `turned` says."""

    before: Bit = ""
    turned: dict[Bit, str] = {}
    heads: dict[Bit, str] = {}
    being: dict[Bit, str] = {}
    forms: list[Bit] = []
    verbs: dict[Bit, str] = {}
    others: list[Bit] = []
    endings: dict[str, str] = {}


class Doings(_Part):
    """How a clause begins that tells what somebody else did: perhaps with `leads` (after `relatives` among them the writer's own doing
    is only part of a sentence), a subject, perhaps `adverbs`, and a verb.

    All are pieces of patterns. `idle` adverbs are left out when it is told back. `single` and `several` are subjects besides names,
    `pronouns` those that name nobody, `none` those that say that nobody did it, `nobody` words with a capital that are no names. A clause
    with `unsure` tells of nothing that was done, one with `untold` of what is not to be told back, one with `mine` of nobody else. Before
    `joints` another clause begins; a long one may be cut before one of the `cuts`. None counts that goes on with one of the `complements`,
    or ends in one of `open` or in any other loose end but `closes`. `clitics` may stand right before a verb, and where a verb tells how
    many its subjects are, those of several end as `plural` says. `retells`: what becomes of words about oneself in somebody else's clause,
    besides `Hear.retells`. `beside` puts two together. What was cut and ends as one of `stubs` says is no whole clause, a name right after
    one of `behind` is no subject, and what stands in one sentence after one of `conditions` was not done.
    """

    joints: list[Bit] = []
    leads: list[Bit] = []
    relatives: list[Bit] = []
    idle: list[Bit] = []
    adverbs: list[Bit] = []
    single: list[Bit] = []
    several: list[Bit] = []
    pronouns: list[Bit] = []
    none: list[Bit] = []
    nobody: list[Bit] = []
    cuts: list[Bit] = []
    complements: list[Bit] = []
    open: list[Bit] = []
    closes: list[Bit] = []
    plural: Pattern = ""
    clitics: Bit = ""
    retells: dict[Bit, str] = {}
    besides: list[Pattern] = []
    aside: Pattern = ""
    stubs: list[Pattern] = []
    behind: list[Bit] = []
    conditions: list[Pattern] = []
    names: list[Bit] = []
    called: list[Bit] = []
    spelt: dict[Bit, str] = {}
    spelling: dict[Bit, str] = {}
    beside: str = ", "
    unsure: list[Pattern] = []
    untold: list[Pattern] = []
    mine: list[Pattern] = []
    kinds: dict[Slug, Verbs] = {}
    own: OwnDoings = OwnDoings()


class Retelling(_Part):
    """How a whole clause is known that can be told back, whatever is told in it.

    All are pieces of patterns or patterns. First everything is put as `spelling` says it is written. Before `joints` another clause begins;
    one after a joint of `conditions` is left, and so is the one it hangs on, but for a sentence of which the head `hangs`: that can be said
    again as one (recasting.py); what hangs on one of the `terms` may also be told with it. `leads` are left out before a clause and
    `trails` behind it. It is whole where it begins with one of the `subjects`, which hold their verb, or with `someone`, perhaps more words
    with none of `between` among them, and one of the `verbs`; where it begins like a line of a `diary`, the `writer` is put before it. What
    `asks` is no clause, and what is `never` told back stays away. Words about oneself become what `turned` says, others are put as `fresh`
    says. One of the `moments` may go first, `beside` may stand before one of the `tails` and one of `then` before the verb, and it may be
    cut before one of the `cuts`, or of `Doings.cuts`, if it does not end as one of the `stubs`. A clause with something `weighty` tells
    more, and so does one after one of the `reasons`; a `faint` one tells less. What is led in by one of the `guesses` is told back with
    `perhaps` behind it.
    """

    spelling: dict[Bit, str] = {}
    joints: list[Bit] = []
    conditions: list[str] = []
    terms: list[Bit] = []
    reasons: list[str] = []
    leads: list[Bit] = []
    trails: list[Bit] = []
    subjects: list[Bit] = []
    someone: list[Bit] = []
    between: list[Bit] = []
    verbs: list[Bit] = []
    diary: list[Bit] = []
    writer: str = ""
    asks: list[Pattern] = []
    never: list[Pattern] = []
    hangs: list[Pattern] = []
    turned: dict[Bit, str] = {}
    fresh: dict[Bit, str] = {}
    moments: list[Bit] = []
    tails: list[Bit] = []
    beside: str = ", "
    then: list[str] = []
    cuts: list[Bit] = []
    stubs: list[Pattern] = []
    weighty: list[Pattern] = []
    faint: list[Pattern] = []
    guesses: list[Pattern] = []
    perhaps: str = ""


class Idea(_Part):
    """A small thing that the coach offers as its own: what it is called where it can be picked, what one would do, and what it costs."""

    name: Annotated[Line, StringConstraints(max_length=LONGEST_LABEL)]
    offer: Line
    price: Line


class Matter(_Part):
    """A kind of matter, for which there are small things to try: heard by what happened, by a clause that can be said again (`again`, kinds
    of recasts), else by its words. `said` are messages that are heard as it; of a kind that has them, the words are exact enough to be
    trusted where they stand alone."""

    told: list[Slug] = []
    again: list[Slug] = []
    said: list[Line] = []
    heard: list[Pattern]
    ideas: Annotated[list[Idea], Field(min_length=2)]


class First(_Part):
    """What of two things may go before the other, by the words in each."""

    first: list[Pattern]
    then: list[Pattern]


class Answers(_Part):
    """An answer that is only a part of a sentence, by how it begins (patterns), perhaps after `leads` and before `trails`, plain words."""

    leads: list[str] = []
    trails: list[str] = []
    begins: list[Pattern] = []


class Own(_Part):
    """What somebody may be told back as their own.

    `felt`: a feeling as a noun, by how it is told; `unfelt`: that it is denied, or only thought of; `whose`: that it is surely somebody
    else's, where a verb alone does not tell. `amounts`: so many of something. `answers`: part of a sentence. `common`: words that anything
    may be told in, so that to share one with a message is not yet to speak of it.
    """

    common: list[str] = []
    answers: Answers = Answers()

    unfelt: list[Pattern] = []
    felt: dict[str, list[Pattern]] = {}
    whose: list[Pattern] = []
    amounts: list[Pattern] = []


def _righting(pattern: str) -> str:
    if not {"old", "new", "rest"} <= set(re.compile(pattern).groupindex):
        raise ValueError(f"{pattern!r} lacks one of the groups old, new and rest")
    return pattern


Righting = Annotated[Pattern, AfterValidator(_righting)]  # what was wrong, what is right, and what is said besides


class Plans(_Part):
    """How somebody tells what they mean to do, wants it kept or taken out again, and tells what came of it.

    Patterns over one sentence in lower case. `fillers` stand before it and are no part of it. `meant` tells of something that they will do,
    `dated` of it only where the sentence names a day or an hour, `mused` thinks aloud; a sentence of `never` is none of these, where that
    stands outside the `message` that is to be told. `soon` is an hour or an evening of this very day, `today` the day itself, which tells
    of a step only beside what is `meant`. `aside`, `others` and `until` end before a day: one that is only spoken of, one that somebody
    else wants, one by which it is to be done; `not_then` follows one on which it is not to be, and `any_such` ends before one that is told
    apart by its number only: "a Tuesday, the 14th". `next_time` tells what they would do at the next occasion,
    without a day. `weeks` name a week,
    `short_days` are weekdays cut short, `next` stands beside a weekday,
    where that is marked "|", and `willing` follows a day that hangs on others. `keeps` are commands to keep it, with the group `what`
    where they say what; `asks` are questions whether something is kept, `undoes` says that something kept was no plan, `tells` that
    something was done and `undone` that it was not; `refused` that somebody said no to it, and `went_well` that it came off, unless
    something `spoils` it, and one of `clouds` takes the joy out of it. A thought of `meaning` says what something meant, and is no step.
    A sentence of `besides` says nothing that is not said by the step it stands beside: that it was told before, and that it be asked
    about. A message that begins with one of `hinders`, or holds one of `likely`, tells what may get in the way of a step, where that was
    asked, and `rounds` what they would do then. What is `announced` to be a step is one beside a day, in whatever form: "Tuesday at 9,
    each says what they lose. That is what I'll do".
    """

    fillers: list[Pattern] = []
    meant: list[Pattern] = []
    dated: list[Pattern] = []
    mused: list[Pattern] = []
    never: list[Pattern] = []
    message: list[Pattern] = []
    meaning: list[Pattern] = []
    soon: list[Pattern] = []
    today: list[Pattern] = []
    aside: list[Pattern] = []
    others: list[Pattern] = []
    not_then: list[Pattern] = []
    any_such: list[Pattern] = []
    next_time: list[Pattern] = []
    if_then: list[Pattern] = []  # group: step
    until: list[Pattern] = []
    weeks: list[Pattern] = []
    short_days: dict[Pattern, str] = {}
    next: list[Pattern] = []
    willing: list[Pattern] = []
    keeps: list[Pattern] = []
    asks: list[Pattern] = []
    undoes: list[Pattern] = []
    tells: list[Pattern] = []
    undone: list[Pattern] = []
    refused: list[Pattern] = []
    went_well: list[Pattern] = []
    spoils: list[Pattern] = []
    clouds: list[Pattern] = []
    besides: list[Pattern] = []
    hinders: list[Pattern] = []
    likely: list[Pattern] = []
    rounds: list[Pattern] = []
    announced: list[Pattern] = []


class Phrases(dict[str, list[str]]):
    """What may be said, by what it means. Known by which one it is, so that what is made of it is made once."""

    def __hash__(self) -> int:  # type: ignore[override]
        return id(self)

    @classmethod
    def __get_pydantic_core_schema__(cls, _: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_after_validator_function(cls, handler(dict[str, list[str]]))


class Reflects(_One):
    """How a reflection is wished for: `names` are patterns over words for it, `words` what may stand around them, and beside `never` it is
    somebody else's, or a remark."""

    names: list[Pattern] = []
    words: list[Phrase] = []
    never: list[Pattern] = []

    @cached_property
    def around(self) -> frozenset[str]:
        return frozenset(" ".join(self.words).split())


class Heads(_One):
    """How several matters are told apart. `openers` begin a group of words, `joins` go on with it, `ends` end it; `ordered` count the
    matters; `aside` only sets the scene; `awaited`: somebody waits for it. `counts`: ways of counting them aloud, each in its
    order (patterns for the beginning of a clause); `pair`: words by which two are announced."""

    counts: list[list[Pattern]] = []
    pair: list[Bit] = []
    openers: list[Bit] = []
    joins: list[Bit] = []
    ends: list[Bit] = []
    ordered: list[Bit] = []
    aside: list[Pattern] = []
    awaited: list[Pattern] = []

    @cached_property
    def opening(self) -> frozenset[str]:
        return frozenset(self.openers)

    @cached_property
    def joining(self) -> frozenset[str]:
        return frozenset(self.joins)

    @cached_property
    def ending(self) -> frozenset[str]:
        return frozenset(self.ends)


class Shape(_Part):
    """A kind of question that is put straight out. `heard` may have the group `what`; `unless` is another sense of the same words."""

    heard: Annotated[list[Pattern], Field(min_length=1)]
    unless: list[Pattern] = []


class Weighs(_Part):
    """Questions about an act of the writer's own. `asks` have the group `what`, the act, and so have those
    that want it `judged`, whatever act it is; `bare` ones name none. `kinds` in their order.

    `again` tells that it was asked before; what stands `before` an act is named back with it, and what comes after `cuts` is not.
    """

    asks: list[Pattern] = []
    judged: list[Pattern] = []
    bare: list[Pattern] = []
    unless: list[Pattern] = []
    again: list[Pattern] = []
    before: list[str] = []
    cuts: list[str] = []
    kinds: dict[Slug, Shape] = {}


class Principle(_Part):
    """How a principle of good practice is `named`, and what `shows` in a story that it is the one that is touched."""

    named: Annotated[list[Pattern], Field(min_length=1)]
    shows: list[Pattern] = []


class Assent(_Part):
    """Words for yes; those `beside` may stand with them and are none alone."""

    core: list[Phrase] = []
    beside: list[Phrase] = []


class Hear(_One):
    """The phrases by which a person is understood. All are compared in lower case and without accents.

    `retells`: what becomes of words about oneself when they are told back. `subjectless`: a sentence may leave out who it is about, so
    that only one that begins with somebody else is surely theirs. `nothing`: an answer that tells that nothing was to be told.
    `echoed`: a few words of the coach's that are asked back. `points` have the group `what`, what somebody who corrects the coach says that
    the matter is, and so have `sayings`, what is to be said where it is asked how; `told_how` only tells that
    somebody knew or asked how.
    """

    fillers: list[Phrase]
    courtesies: list[Phrase] = []
    controls: Phrases
    wishes: Phrases
    choices: dict[str, list[str]]
    numbers: dict[Bit, int]
    ordinals: dict[Bit, int]
    picks: list[Bit] = []
    number_leads: list[Bit]
    number_tails: list[Bit]
    several: Several
    asking: list[Pattern]
    acts: dict[str, list[Pattern]]
    days: list[Pattern]
    next_week: Pattern = "(?!)"
    next_month: Pattern = "(?!)"
    day_forms: dict[Pattern, str]
    addressed: list[Bit]
    refers: list[Phrase]
    reported: list[Phrase] = []
    aside: list[Pattern]
    corrects: list[Pattern] = []
    rights: list[Righting] = []
    reminds: list[Pattern] = []
    reminds_of: list[Pattern] = []
    moves: list[Pattern] = []
    returns: list[Pattern] = []
    plans: Plans = Plans()
    questions: list[Phrase] = []
    guesses: list[Phrase] = []
    denials: list[Pattern] = []
    after_thanks: list[Pattern] = []  # with the group `rest`
    yes_if: list[Pattern] = []
    denied: list[Pattern] = []
    echoed: list[Pattern] = []
    pleas: list[Pattern] = []
    wants_no_ideas: list[Pattern] = []
    either: list[Pattern] = []
    firstly: str = ""
    firsts: dict[Slug, First] = {}
    opinions: dict[Slug, list[Pattern]] = {}
    straight: dict[Slug, Shape] = {}
    points: list[Pattern] = []
    presents_self: list[Pattern] = []
    sayings: list[Pattern] = []
    told_how: list[Pattern] = []
    weighs: Weighs = Weighs()
    stages: dict[str, list[Pattern]] = {}
    principles: dict[Slug, Principle] = {}
    records: list[Pattern] = []
    assent: Assent = Assent()
    others: list[Phrase] = []
    feelings: list[Phrase]  # beginnings of words
    feelings_whole: list[Phrase] = []  # and whole ones
    actors: list[Bit]
    world: list[Phrase]
    whose: dict[Bit, str]
    who: Who
    whens: list[str]
    joints: list[Bit]
    linking: list[Bit] = []
    retells: dict[str, str] = {}
    subjectless: bool = False
    listing: list[Pattern] = []
    adding: list[Bit] = []
    heads: Heads = Heads()
    turns: list[Phrase]
    hedges: list[Bit]
    at_work: list[Phrase]
    nothing: list[Pattern]
    absence: list[Phrase] = []
    again: list[Phrase] = []
    general: list[Phrase] = []
    oneself: list[Phrase] = []
    guide_words: list[Phrase] = []
    wants_guide: list[Pattern] = []
    reflects: Reflects = Reflects()
    check_words: list[Phrase] = []
    kinds: dict[str, list[Phrase]] = {}
    phases: dict[str, list[Phrase]] = {}
    moments: dict[str, list[Pattern]] = {}
    relatives: list[Bit] = []
    loose_ends: list[Bit] = []
    subjects: list[Bit]
    names: list[Pattern]
    not_names: list[Phrase] = []
    introduces: list[Pattern] = []
    titles: list[str]
    place_leads: list[Bit]
    clock: dict[Bit, Clock]
    spoken_clock: SpokenClock
    learner: list[Pattern]
    deeds: list[Pattern]
    darker: list[Phrase]
    lighter: list[Phrase]
    everyday: list[Phrase]
    viewpoints: list[Pattern]
    answered: dict[str, list[Pattern]] = {}
    wordings: dict[Slug, list[Pattern]] = {}
    doings: Doings = Doings()
    retelling: Retelling = Retelling()
    own: Own = Own()
    reading: Reading
    away: list[Pattern]
    keeps_out: list[Phrase] = []
    looking: Looking

    @cached_property
    def filling(self) -> frozenset[str]:
        return frozenset(self.fillers)

    @cached_property
    def shared(self) -> frozenset[str]:
        """Words that many matters share, so that none of them tells one matter from another."""
        return frozenset(
            " ".join((*self.fillers, *self.everyday, *self.general, *self.world, *self.feelings, *self.feelings_whole)).split()
        )


class Looking(_Part):
    """How somebody asks for something in their own logbook, or adds to it, and how past time is named.

    `asks` are patterns over a text in lower case; their groups about, when and rest say what is looked for or added. `periods` are patterns
    and what they mean: "day 1", "week 1", "month 0", "year 1" (how many back), "days 30", "days n" (with a group n), "season spring".
    `leads` may stand before a span of time ("in", "since"); `since` are those from which it lasts until today, and `last` says that a
    weekday is not today.
    """

    asks: dict[str, list[Pattern]]
    periods: dict[Pattern, str]
    leads: list[Bit]
    since: list[Bit]
    last: list[Bit]


class Safety(_One):
    """Phrases that must not be coached on, by what they point to, and idioms that only sound like them.

    In these, (a|b) is one of several, (a)? may be left out, … stands for a few words, % for a number, ^ for the beginning and $ for the
    end. `strain` is what wears somebody down without danger, and so is `adrift` where no more is told; `told_of` says that harassment was
    told of by or about somebody else, and `of_oneself`, where it is left beside that, that it is the writer's own after all. `threat` is
    danger from others, by what is said of it, `menace` the parts of one (how it came, the `harm` in it, whom it aims at), and `peril` what
    is told while it has the floor. `violence` was done to somebody near the work, and `unwell` is a mood with nothing told of why. Strain
    is somebody else's where `theirs` is in its sentence and `ours` is not, `not_worn` says that it was none, and `rested`, once it was met,
    that it was taken too gravely. `doubt` and `spent` are asked about gently; `bigger` (than the matter at hand) and `moments` (of not
    wanting to be here) are the answers that make a danger of them. `accused` and `own` tell whose wrong is meant. `came` is what somebody
    may write while such a thing has the floor, in the order in which it counts; `people` and `channels` are whom they may name in it, after
    one of the `owners`, which are said back, and `deed` a step of theirs with its moment. `plainly` is a danger that was said outright and
    `to_others` one to somebody else; `facts` are what a first message tells besides, by kind. `entrusted` is what one partner must not know
    of the other, `pointed` whoever is only pointed at, and `inner` the coach's own workings. `she` and `he` are words by which somebody is
    one. `untrue` are the parts that together tell of something put down as so that isn't (bot/untruths.py), and `suspect` those that only
    may (bot/suspecting.py); of `wearing` and `darkening` some together tell of being worn down, and hint at not wanting to be here. `young`
    are whom nobody rings for help, and `several` says that they are more than one. `mine` is harm at home that is one's own, `confirms` and
    `unafraid` answer whether somebody there is afraid, `discreet` is that a check-in must not say what it is about, and `duty` is work that
    was to be done anyway and no step. `harm` are the parts of what makes people ill or injures them: that it was `found`, that a test was
    bad and it depends on of what (`doubtful`), that it `goes-on`, its `source`, and that it is `ended`. `sides` tell how near somebody is
    who was named to help, `things` are what stands or was left outside, as it is said back, `nearby` that they live close, and `seeks` is
    what a question of the coach's own is known by that asks who could help. `overheard` is that somebody above reads or listens to what the
    writer says to others, and `informs` that the writer is to tell what partners said in private. `home` are signs that somebody is hurt or
    controlled where they live, by kind, and `at_home` those that are one only beside a word of the `household`; one is asked about, two of
    different kinds are a danger. `kin` is a contract or a post that went to somebody's own people, told without a wish to hide it. `denied`
    takes a sign of danger away before anybody asked. `mistaken` denies, by what it is, that something is what it was taken for, or only
    `briefly`, and `still` speaks against believing that. `late` is a message at an odd hour, and nothing but that where it is one of the
    `errands` of the work. `heavy` is what weighs on somebody, told softly, `unasked` that no ideas are wanted, and `true_way` that somebody
    will stay with what is so, by `so_it_is` that they were heard rightly, and by `of_post_only` that a threat is to their post and not to
    them. `fair_way` is an honest way out that they propose, unless `unfair_way` tells that what was asked would be done all the same;
    `if_right` asks at the end whether that is right.
    """

    danger: list[str]
    plainly: list[str]
    to_others: list[str]
    denied: list[str]
    home: dict[str, list[str]]
    at_home: dict[str, list[str]]
    household: list[str]
    kin: list[str]
    facts: dict[str, list[str]]
    entrusted: list[str]
    pointed: list[str]
    inner: list[str]
    she: list[str]
    he: list[str]
    threat: dict[str, list[str]]
    menace: dict[str, list[str]] = {}
    peril: dict[str, list[str]] = {}
    violence: list[str] = []
    unwell: list[str] = []
    doubt: list[str]
    spent: list[str]
    bigger: list[str]
    moments: list[str]
    no_moments: list[str]
    worn: list[str]
    this_only: list[str]
    wondering: list[str]
    misread: list[str]
    mistaken: dict[str, list[str]] = {}
    still: list[str] = []
    late: list[str] = []
    errands: list[str] = []
    heavy: list[str] = []
    unasked: list[str] = []
    true_way: list[str] = []
    fair_way: list[str] = []
    unfair_way: list[str] = []
    if_right: list[str] = []
    gloss: list[str]
    honest: list[str]
    so_it_is: list[str] = []
    of_post_only: list[str] = []
    not_so: list[str] = []
    belittled: list[str]
    feared: list[str]
    retaliation: list[str]
    admits: list[str]
    strain: list[str]
    adrift: list[str] = []
    theirs: list[str] = []
    ours: list[str] = []
    not_worn: list[str] = []
    rested: list[str] = []
    not_them: list[str] = []
    takes_back: list[Phrase]
    safe_now: list[Phrase]
    ethics: list[str]
    untrue: dict[str, list[str]] = {}
    suspect: dict[str, list[str]] = {}
    wearing: dict[str, list[str]] = {}
    darkening: dict[str, list[str]] = {}
    accused: list[str]
    own: list[str]
    harassment: list[str]
    told_of: list[str]
    of_oneself: list[str]
    injection: list[str]
    idioms: list[str]
    came: dict[str, list[str]]
    owners: dict[str, str]
    people: list[str]
    young: list[str] = []
    several: list[str] = []
    mine: list[str] = []
    confirms: list[str] = []
    unafraid: list[str] = []
    discreet: list[str] = []
    duty: list[str] = []
    harm: dict[str, list[str]] = {}
    close: list[str]
    channels: list[str]
    deed: list[str]
    sides: dict[str, list[str]]
    things: dict[str, str]
    nearby: list[str]
    half: list[str]
    seeks: list[str]
    overheard: list[str]
    informs: list[str]

    @property
    def lists(self) -> Iterator[tuple[str, list[str]]]:
        """Every list of such phrases, by its name: all fields of plain strings, so that none is forgotten."""
        for name, field in type(self).model_fields.items():
            if field.annotation == list[str]:
                yield name, getattr(self, name)
            elif field.annotation == dict[str, list[str]]:
                yield from ((f"{name}.{kind}", phrases) for kind, phrases in getattr(self, name).items())


class Formats(_Part):
    """How a day and a moment are written, in CLDR's date patterns."""

    day: Line
    moment: Line
    far: Line = ""  # a moment a week away or more; without it the day and the hour


class Words(_Part):
    """`joins`: what becomes of words that meet where a slot is filled ("de ~le" is "du"); ~ stands for the seam, before the slot's text.
    `answers` are kinds of answers that any question in a reflection may get, heard after those of the question itself."""

    language: Line
    formats: Formats
    joins: dict[Joint, str] = {}
    lines: dict[str, Lines]
    answers: list[Heard] = []
    guides: dict[str, GuideWords]
    hear: Hear
    safety: Safety

    def variants(self, key: str) -> tuple[str, ...]:
        """All wordings of a line; raises KeyError for a line that does not exist."""
        found = self.lines[key]
        return (found,) if isinstance(found, str) else tuple(found)


class Happening(Heard):
    """Something that people tell wherever they are, and what is asked next.

    `said` are messages that are heard as it. Its mirrors and questions may also hold $span (a stretch of time, or how often).
    `cards`: the only ones that may speak to it, where others are easily taken for it: who is silent does not attack.
    """

    said: Annotated[list[Line], Field(min_length=2)]
    cards: list[Slug] = []
    mirrors: Annotated[list[Said], Field(min_length=3)]
    questions: Annotated[list[Said], Field(min_length=2)]


class Happenings(_One):
    """What people tell, in the order in which it is looked for: the graver and the more exact first.

    `spans`: how a stretch of time, or how often something came, is named. `elided`: a space typed for an apostrophe ("j ai"). `unless`:
    what is told is put aside by the text itself ("that, but what really hurts is ..."), so that none is heard. `grave`: those that weigh
    more than the question to which they are told. `whole`: those told in more than one clause, of which one alone says less. `plain`:
    those heard by a word alone, so that two facts are said back instead where two were told. `aside`: parts of a text that tell of
    nothing that happened (what is denied, supposed, planned or said to the coach); there only those are heard of which one is told in
    such a part in what they have `said`.
    """

    spans: list[Pattern]
    elided: list[Pattern] = []
    unless: list[Pattern] = []
    aside: list[Pattern] = []
    grave: list[Slug] = []
    whole: list[Slug] = []
    plain: list[Slug] = []
    told: dict[Slug, Happening]


class Recast(_Part):
    """A kind of clause, and how it is said again: `heard` are patterns over the whole of one, in which {who} and {what} stand for what
    `Recasts.patterns` has; `said` are messages that are heard as it."""

    said: Annotated[list[Line], Field(min_length=2)]
    heard: Annotated[list[Annotated[str, AfterValidator(bare)]], Field(min_length=1)]
    says: Annotated[list[Line], Field(min_length=1)]
    means: list[Line] = []
    asks: Annotated[list[Line], Field(min_length=1)]


class Recasts(_One):
    """What somebody tells, said again in other words: kinds of clauses, in the order in which they are looked for.

    `patterns`: what {who} and {what} stand for. `whom` and `whose`: what becomes of whoever it is about after a verb and before a noun;
    `of` is said before a noun where `whose` has nothing, `of_s` behind an s.
    """

    patterns: dict[Slug, Annotated[str, AfterValidator(bare)]]
    whom: dict[str, str] = {}
    whose: dict[str, str] = {}
    of: str = ""
    of_s: str = ""
    told: dict[Slug, Recast]

    @cached_property
    def heard(self) -> Mapping[str, tuple[str, ...]]:
        """The patterns of each kind, put together."""
        return {name: tuple(self._whole(pattern) for pattern in each.heard) for name, each in self.told.items()}

    def _whole(self, pattern: str) -> str:
        for slot, stands_for in self.patterns.items():
            pattern = pattern.replace(f"{{{slot}}}", f"(?P<{slot}>{stands_for})")
        return f"^(?:{pattern})$"


class Ideas(_One):
    """The coach's own ideas by kind of matter, and those that fit any. `others`: it is asked for what others did."""

    others: list[Pattern] = []
    matters: dict[Slug, Matter]
    any: Annotated[list[Idea], Field(min_length=2)]

    def idea(self, name: str) -> Idea | None:
        """By its kind of matter and its place ("silent:0"); None for one that is not there."""
        kind, _, place = name.partition(":")
        ideas = self.any if kind == "any" else self.matters[kind].ideas if kind in self.matters else []
        return ideas[int(place)] if place.isdecimal() and int(place) < len(ideas) else None


class Spoken(_Part):
    called: list[Bit]
    greetings: list[Phrase]
    common: list[Phrase]


class Foreign(_Part):
    """`ill_known`: the detector often takes it for another one, so its common words count double."""

    common: list[Phrase]
    says: Line
    ill_known: bool = False


class Languages(_One):
    """By what a language is recognised, how one is asked for, and what is said in those that the coach does not speak."""

    spoken: Mapping[str, Spoken] = {}
    foreign: Mapping[str, Foreign] = {}
    asked_for: list[Pattern] = []

    @property
    def greetings(self) -> dict[str, list[str]]:
        return {language: spoken.greetings for language, spoken in self.spoken.items()}


class Role(_Part):
    """Where a line about the broker's role is from: a knowledge card, and the numbers of its sources for the marks [1], [2]."""

    card: Slug
    sources: Annotated[list[int], Field(min_length=1)]


class Roles(_Part):
    """The broker's role by phase, for several phases at once, and by where the broker stands."""

    phases: dict[Stage, Role] = {}
    several: list[Role] = []
    lenses: dict[Literal["internal", "external"], Role] = {}
    principles: list[Role] = []


class Library(_Part):
    """Everything the dialogue is made of. English is always there; other languages fall back to it."""

    guides: Mapping[str, Guide]
    words: Mapping[str, Words]
    languages: Languages = Languages()
    roles: Roles = Roles()
    happenings: Mapping[str, Happenings] = {}
    recasts: Mapping[str, Recasts] = {}
    ideas: Mapping[str, Ideas] = {}

    @cached_property
    def with_headings(self) -> frozenset[str]:
        """The guides in which a person's own headings become steps."""
        return frozenset(name for name, guide in self.guides.items() if any(step.keeps == "heading" for step in guide.steps))

    def in_language(self, language: str) -> Words:
        return self.words.get(language) or self.words["en"]

    def ideas_in(self, language: str) -> Ideas:
        return self.ideas.get(language) or self.ideas["en"]

    def safeties(self, first: str) -> tuple[tuple[str, Safety], ...]:
        """The signs of danger of every language, those of `first` before the others: people fall back into their own."""
        order = sorted(self.words, key=lambda language: (language != first, language))
        return tuple((language, self.words[language].safety) for language in order)


def load_library(folder: Path = HERE, *, checked: bool | None = None) -> Library:
    """Reads everything in a folder of prompts. Raises BadPrompts naming every fault of every file at once.

    `checked`: whether expressions are tried and files held against each other, which takes longer than all the rest; unless it is given,
    the files that are shipped are not, for `prompts check` did it.
    """
    checked = folder != HERE if checked is None else checked
    faults: list[str] = []
    guides: dict[str, Guide] = {}
    words: dict[str, Words] = {}
    for path in [*sorted((folder / "guides").glob("*.yaml")), *sorted((folder / "checks").glob("*.yaml"))]:
        guide = read(path, Guide, faults, checked=checked)
        if guide is not None:
            if guide.guide != path.stem:
                faults.append(f"{path.name}: the guide in it is called {guide.guide!r}")
            if (guide.kind == "check") != (path.parent.name == "checks"):
                faults.append(f"{path.name}: checks stand in checks/, all other guides in guides/")
            guides[guide.guide] = guide
    for path in sorted((folder / "words").glob("*.yaml")):
        if (spoken := read(path, Words, faults, checked=checked)) is not None:
            words[path.stem] = spoken
    happenings: dict[str, Happenings] = {}
    for path in sorted((folder / "happenings").glob("*.yaml")):
        if (happening := read(path, Happenings, faults, checked=checked)) is not None:
            happenings[path.stem] = happening
            faults += [f"happenings/{path.stem}: {fault}" for fault in _happening_faults(happening)] if checked else []
    recasts: dict[str, Recasts] = {}
    for path in sorted((folder / "recasts").glob("*.yaml")):
        if (again := read(path, Recasts, faults, checked=checked)) is not None:
            recasts[path.stem] = again
            faults += [f"recasts/{path.stem}: {fault}" for fault in _recast_faults(again)] if checked else []
    ideas: dict[str, Ideas] = {}
    for path in sorted((folder / "ideas").glob("*.yaml")):
        if (bank := read(path, Ideas, faults, checked=checked)) is not None:
            ideas[path.stem] = bank
            found = _idea_faults(bank, happenings.get(path.stem), recasts.get(path.stem))
            faults += [f"ideas/{path.stem}: {fault}" for fault in found] if checked else []
    told, parts = folder / "languages.yaml", folder / "roles.yaml"
    languages = read(told, Languages, faults, checked=checked) if told.is_file() else None
    roles = read(parts, Roles, faults, checked=checked) if parts.is_file() else None
    if checked and ("en" in words or not faults):
        faults += faults_in(guides, words)
    if faults:
        raise BadPrompts("\n".join(faults))
    return Library(
        guides=guides,
        words=words,
        languages=languages or Languages(),
        roles=roles or Roles(),
        happenings=happenings,
        recasts=recasts,
        ideas=ideas,
    )


def read(path: Path, kind: type[Kind], faults: list[str], *, checked: bool = True) -> Kind | None:
    """One file as a value; None with its faults added to `faults`. Its expressions are tried if it is to be `checked`."""
    try:
        written = yaml.load(path.read_text(encoding="utf-8"), Loader=_Strict)  # noqa: S506 - a SafeLoader
        return kind.model_validate(written, context={"checked": checked})
    except yaml.YAMLError as error:
        faults.append(f"{path.name}: {' '.join(str(error).split())}")
    except ValidationError as error:
        faults += [f"{path.name}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
    return None


class _Strict(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Refuses a key that stands twice in one mapping, which YAML loaders silently let win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        keys = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        for key, times in keys.items():
            if times > 1:
                raise yaml.constructor.ConstructorError(None, None, f"{key!r} stands {times} times", node.start_mark)
        return dict(super().construct_mapping(node, deep))


# --- what can be wrong


def faults_in(guides: Mapping[str, Guide], words: Mapping[str, Words]) -> list[str]:
    """Every fault of guides and words together, in a fixed order."""
    faults: list[str] = []
    if "en" not in words:
        return ["words/en.yaml is missing"]
    for name, guide in guides.items():
        faults += [f"guides/{name}: {fault}" for fault in structure_faults(guide, guides, words["en"].hear)]
    for language, spoken in words.items():
        faults += [f"words/{language}: {fault}" for fault in _words_faults(spoken, words["en"], guides)]
    return faults


def _ways_out(guide: Guide, step: Step) -> set[str]:
    """The steps that may follow a step; END where the guide is over or left."""
    ways = {END if choice.guide else choice.go or guide.after(step) for choice in step.choices}
    if not step.choices or step.many or step.otherwise:
        ways.add(step.otherwise or guide.after(step))
    ways.add(guide.after(step))  # every step may be skipped
    ways |= {*step.turns.values(), *([step.deeper] if step.deeper else [])}
    if step.keeps == "mark":
        ways |= set(guide.weighs.values()) or {guide.after_marks("mixed")}
    return ways


def structure_faults(guide: Guide, guides: Mapping[str, Guide], hear: Hear) -> Iterator[str]:
    """What is wrong with the steps of a guide and the roads between them."""
    ids = [step.id for step in guide.steps]
    known = set(ids)
    for step_id, times in Counter(ids).items():
        if times > 1:
            yield f"step {step_id} stands {times} times"
    if END in known:
        yield f"a step may not be called {END!r}"
    for step in guide.steps:
        for target in (step.go, step.otherwise, step.deeper, *step.turns.values(), *(choice.go for choice in step.choices)):
            if target not in known | {END, None}:
                yield f"step {step.id} goes to {target}, which does not exist"
        for needed in step.needs:
            if needed not in known:
                yield f"step {step.id} needs {needed}, which does not exist"
        for choice_id, times in Counter(choice.id for choice in step.choices).items():
            if times > 1:
                yield f"step {step.id} has the choice {choice_id} {times} times"
        for choice in step.choices:
            if choice.guide and choice.go:
                yield f"step {step.id}, choice {choice.id}: goes to a step and to a guide"
            if choice.guide and choice.guide not in guides:
                yield f"step {step.id}, choice {choice.id}: guide {choice.guide} does not exist"
        if step.otherwise and not step.choices:
            yield f"step {step.id}: otherwise is for steps with choices"
    yield from _check_faults(guide)
    for moment in sorted({*guide.fits, *(kind for step in guide.steps for kind in step.turns)} - hear.moments.keys()):
        yield f"{moment} is no kind of moment; there are {', '.join(hear.moments) or 'none'}"
    for target in guide.weighs.values():
        if target not in known:
            yield f"weighs leads to {target}, which does not exist"
    if guide.then and guide.then not in guides:
        yield f"then: guide {guide.then} does not exist"
    if guide.kind == "check" and not guide.marked:
        return
    if len(known) < len(ids) or any(way not in known | {END} for step in guide.steps for way in _ways_out(guide, step)):
        return
    ways = {step.id: _ways_out(guide, step) for step in guide.steps}
    for lost in sorted(known - _reached(ids[0], ways)):
        yield f"step {lost} is reached by no road"
    for step_id in sorted(known):
        if END not in _reached(step_id, ways):
            yield f"from step {step_id} no road leads to the end"


def _check_faults(guide: Guide) -> Iterator[str]:
    if guide.kind == "check" and (not guide.marked or len(guide.scale) < 2):
        yield "a check needs steps that keep a mark, and a scale of at least two marks"
    if guide.kind != "check" and (guide.marked or guide.scale or guide.weighs):
        yield "marks, scale and weighs are for checks"
    for step in guide.steps:
        for mark in step.picks:
            if mark not in guide.scale:
                yield f"step {step.id} picks {mark}, which is not on the scale"
        if step.keeps == "mark" and step.choices:
            yield f"step {step.id}: the choices of a mark are the scale"


def _reached(start: str, ways: Mapping[str, set[str]]) -> set[str]:
    reached, waiting = {start}, [start]
    while waiting:
        fresh = ways.get(waiting.pop(), set()) - reached
        reached |= fresh
        waiting += fresh
    return reached


def kept_for_sure(step: Step) -> set[str]:
    """The answers a step's words may name: those it needs, and the built-in slots. Any other may have been skipped."""
    return set(step.needs) | BUILT_IN


def _slots(lines: Lines) -> set[str]:
    return {slot for line in ([lines] if isinstance(lines, str) else lines) for slot in Template(line).get_identifiers()}


def _bad_templates(lines: Lines) -> list[str]:
    return [line for line in ([lines] if isinstance(lines, str) else lines) if not Template(line).is_valid()]


def _happening_faults(told: Happenings) -> Iterator[str]:
    for name in (*told.grave, *told.whole, *told.plain):
        if name not in told.told:
            yield f"grave, whole or plain: {name} is no happening"
    for name, happening in told.told.items():
        for lines in (happening.mirrors, happening.questions):
            yield from (f"{name}: {fault}" for fault in _heard_faults(happening, lines, ("who", "span", "what")))


def _recast_faults(recasts: Recasts) -> Iterator[str]:
    for name, recast in recasts.told.items():
        for pattern in recasts.heard[name]:
            try:
                groups = set(re.compile(pattern).groupindex)
            except re.error as error:
                yield f"{name}: {pattern!r} is no pattern: {error}"
                continue
            for lines in (recast.says, recast.asks):
                if unknown := _slots(lines) - {"who", "whom", "whose", "what"}:
                    yield f"{name}: ${min(unknown)} is not known; there are $who, $whom, $whose, $what"
                given = {"what"} & groups | ({"who", "whom", "whose"} if "who" in groups else set())
                if all(_slots(line) - given for line in lines):
                    yield f"{name}: no line can be said after {pattern!r}, which gives no slot that they need"
        if _bad_templates([*recast.says, *recast.means, *recast.asks]):
            yield f"{name}: a $ that begins no slot (write $$)"


def _idea_faults(bank: Ideas, told: Happenings | None, recasts: Recasts | None) -> Iterator[str]:
    for kind, matter in bank.matters.items():
        for name in matter.told:
            if told is None or name not in told.told:
                yield f"{kind}: {name} is no happening"
        for name in matter.again:
            if recasts is None or name not in recasts.told:
                yield f"{kind}: {name} is no clause that is said again"
    ideas = [idea for matter in bank.matters.values() for idea in matter.ideas] + bank.any
    for name, times in Counter(idea.name for idea in ideas).items():
        if times > 1:
            yield f"{times} ideas are called {name!r}"


def _heard_faults(heard: Heard, lines: list[str], slots: tuple[str, ...]) -> Iterator[str]:
    """What is wrong with the lines that are said back to something."""
    if all(_slots(line) for line in lines):
        yield "a line without slots has to be there for whoever names nobody and no time"
    if unknown := _slots(lines) - set(slots):
        yield f"${min(unknown)} is not known; there are {', '.join(f'${slot}' for slot in slots)}"
    if "what" in _slots(lines) and not any("(?P<what>" in pattern for pattern in heard.heard):
        yield "no pattern has a group `what` for $what"
    if _bad_templates(lines):
        yield "a $ that begins no slot (write $$)"


def _answers_faults(answers: list[Heard]) -> Iterator[str]:
    """What is wrong with the kinds of answers to a question, each called by its first pattern."""
    for kind in answers:
        for fault in _heard_faults(kind, kind.mirrors, ("who", "what")):
            yield f"answers {kind.heard[0]!r}: {fault}"
        if any(re.search(pattern, "") for pattern in kind.heard):
            yield f"answers {kind.heard[0]!r}: a pattern finds itself in anything"
        for mirror in kind.mirrors:
            if len(mirror) > LONGEST_MIRROR:
                yield f"answers {kind.heard[0]!r}: a mirror holds at most {LONGEST_MIRROR} characters: {mirror!r}"


def _twice(answers: list[Heard], guides: Iterable[GuideWords]) -> list[str]:
    """The mirrors of answers that stand more than once: what was heard in one place is no answer in another."""
    steps = [step for guide in guides for step in guide.steps.values()]
    said = [mirror for kinds in (answers, *(step.answers for step in steps)) for kind in kinds for mirror in kind.mirrors]
    said += [mirror for step in steps for mirror in step.mirrors]
    return [mirror for mirror, times in Counter(said).items() if times > 1]


def _words_faults(words: Words, english: Words, guides: Mapping[str, Guide]) -> Iterator[str]:
    for key in sorted(english.lines.keys() - words.lines.keys()):
        yield f"lines.{key} is missing"
    for key, lines in words.lines.items():
        if key not in english.lines:
            yield f"lines.{key} is not a line of the English words"
        elif _slots(lines) - _slots(english.lines[key]):
            yield f"lines.{key} names ${min(_slots(lines) - _slots(english.lines[key]))}, the English line does not"
        if _bad_templates(lines):
            yield f"lines.{key}: a $ that begins no slot (write $$)"
    for part in ("controls", "wishes", "choices", "acts"):
        mine, theirs = getattr(words.hear, part), getattr(english.hear, part)
        for key in sorted(theirs.keys() ^ mine.keys()):
            yield f"hear.{part}.{key} is {'missing' if key in theirs else 'not in the English words'}"
        for phrase, times in Counter(phrase for phrases in mine.values() for phrase in phrases).items():
            if times > 1 and part not in ("choices", "acts"):
                yield f"hear.{part}: {phrase!r} stands {times} times"
    for key in sorted(english.hear.looking.asks.keys() ^ words.hear.looking.asks.keys()):
        yield f"hear.looking.asks.{key} is {'missing' if key in english.hear.looking.asks else 'not in the English words'}"
    for part, phrases in words.safety.lists:
        for phrase in phrases:
            if not re.fullmatch(r"(?:\([^()]+\)\??|[^()])+", phrase) or re.search(r"\|\||\(\||\|\)|\([^)]*[$^…]", phrase):
                yield f"safety.{part}: the brackets in {phrase!r} do not close, or stand in each other"
    for part in ("threat", "came", "sides", "suspect", "wearing", "darkening"):
        mine, theirs = getattr(words.safety, part), getattr(english.safety, part)
        for key in sorted(theirs.keys() ^ mine.keys()):
            yield f"safety.{part}.{key} is {'missing' if key in theirs else 'not in the English words'}"
    yield from _answers_faults(words.answers)
    for mirror in _twice(words.answers, words.guides.values()):
        yield f"the mirror {mirror!r} stands twice"
    for name in sorted(guides.keys() - words.guides.keys()):
        yield f"guides.{name} is missing"
    for name, spoken in words.guides.items():
        if name not in guides:
            yield f"guides.{name}: there is no such guide"
        else:
            yield from (f"guides.{name}.{fault}" for fault in guide_words_faults(guides[name], spoken))


def guide_words_faults(guide: Guide, spoken: GuideWords) -> Iterator[str]:
    """What is wrong with the words of a guide in one language."""
    steps = {step.id: step for step in guide.steps}
    for step_id in sorted(steps.keys() ^ spoken.steps.keys()):
        yield f"steps.{step_id} is {'missing' if step_id in steps else 'not a step of the guide'}"
    if unknown := _slots(spoken.closes or "-") - BUILT_IN:
        yield f"closes: ${min(unknown)} is not kept on every road"
    for mark in sorted(set(guide.scale) ^ spoken.scale.keys()):
        yield f"scale.{mark} is {'missing' if mark in guide.scale else 'not on the scale of the guide'}"
    if guide.group and not spoken.good_for:
        yield "good_for is missing"
    if len(label := f"{spoken.title}: {spoken.good_for or ''}") > LONGEST_LABEL:
        yield f"title and good_for together, {label!r}, are longer than {LONGEST_LABEL} characters"
    for step_id, said in spoken.steps.items():
        if step_id not in steps:
            continue
        step = steps[step_id]
        everything = [
            line for part in (said.say, said.hint, said.smaller, said.none) if part for line in ([part] if isinstance(part, str) else part)
        ]
        for slot in sorted(_slots(everything) - kept_for_sure(step)):
            yield f"steps.{step_id}: ${slot} is not kept on every road"
        if _bad_templates(everything):
            yield f"steps.{step_id}: a $ that begins no slot (write $$)"
        choices = {choice.id for choice in step.choices}
        for choice_id in sorted(choices ^ said.choices.keys()):
            yield f"steps.{step_id}.choices.{choice_id} is {'missing' if choice_id in choices else 'not a choice of the step'}"
        for label, times in Counter(label.casefold() for label in said.choices.values()).items():
            if times > 1:
                yield f"steps.{step_id}: the label {label!r} stands {times} times"
        for label in (*said.choices.values(), *([said.short] if said.short else [])):
            if len(label) > LONGEST_LABEL:
                yield f"steps.{step_id}: the label {label!r} is longer than {LONGEST_LABEL} characters"
        for mirror in said.mirrors:
            if len(mirror) > LONGEST_MIRROR or "$" in mirror:
                yield f"steps.{step_id}: a mirror holds at most {LONGEST_MIRROR} characters and no slot: {mirror!r}"
        yield from (f"steps.{step_id}: {fault}" for fault in _answers_faults(said.answers))
        if (said.mirrors or said.answers) and not step.mirror:
            yield f"steps.{step_id} has mirrors, and the guide asks for none there"
        if step.keeps == "mark" and not said.short:
            yield f"steps.{step_id}.short is missing"
        if (step.picks or step.rereads) and not said.none:
            yield f"steps.{step_id}.none is missing"
        if guide.kept and any(len(line) > LONGEST_QUESTION for line in everything):
            yield f"steps.{step_id}: longer than {LONGEST_QUESTION} characters, which is more than a phone shows"
