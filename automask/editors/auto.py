"""Sends each edit to the first of several editors that knows its words.

Why no wrapper: editors differ in the crops that they want (paint sees the whole photo, diffusion 512 px of it) and in
the options that an edit may carry. So nothing is painted here. The chain asks for the editor of one prompt, before any
work, and from then on deals with that editor alone.

Why names: text from the command line may choose among YAML files and never says what is built. `config.build` gives
the function that loads an editor by its name, so this file knows neither Hydra nor the other editors.
"""

from collections.abc import Callable, Mapping, Sequence

from automask.capabilities import capabilities_of
from automask.errors import AutomaskError, ConfigError, EditorError, ExtraMissing, UnknownPrompt, WeightsMissing
from automask.protocols import Editor
from automask.types import Hard, Rgb


class Auto:
    """Chooses an editor for each prompt: colours and known materials for paint, anything else for diffusion.

    Args:
        editors: Names of configurations in the group `editor`, asked in this order. Each is loaded when it is first
            asked, so that diffusion costs nothing until an edit needs it. One without `check` takes any words.

    Raises:
        ConfigError: `editors` holds no names, or one twice.
    """

    multiple_px = 1
    ideal_px = 0

    def __init__(self, *, editors: Sequence[str] = ("paint", "diffusion")) -> None:
        if not editors or not all(isinstance(name, str) for name in editors) or len({*editors}) < len(editors):
            raise ConfigError(
                f"editor.editors is {list(editors)!r}", hint="name files of the group, each once, as in [paint, sdxl]"
            )
        self.editors = tuple(editors)
        self._load: Callable[[str], Editor] | None = None
        self._loaded: dict[str, Editor] = {}

    def connect(self, load: Callable[[str], Editor]) -> None:
        """Takes the function that loads an editor by its name; called once, by whoever builds this one."""
        self._load = load

    @property
    def loaded(self) -> Mapping[str, Editor]:
        """The editors that were asked so far, by name."""
        return dict(self._loaded)

    def route(self, prompt: str) -> Editor:
        """The first editor that knows the words.

        Raises:
            UnknownPrompt: None does; says what the first knows, and what others want before they can be asked.
            EditorError: The words are some editor's, and wrong (a swatch that is not there); or it was built by hand
                and given no editors.
            ExtraMissing, WeightsMissing: No editor could be loaded.
        """
        unknown: UnknownPrompt | None = None
        absent: dict[str, AutomaskError] = {}
        for name in self.editors:
            try:
                editor = self._editor(name)
            except (ExtraMissing, WeightsMissing) as missing:
                absent[name] = missing
                continue
            check = capabilities_of(editor).check
            try:
                if check is not None:
                    check(prompt)
            except UnknownPrompt as refusal:
                unknown = unknown or refusal
            else:
                return editor
        if unknown is None:
            raise next(iter(absent.values()))
        if not absent:
            raise unknown
        ready = "; ".join(f"{name} is not ready: {missing.hint}" for name, missing in absent.items())
        raise UnknownPrompt(unknown.problem, hint=f"{unknown.hint}; {ready}")

    def _editor(self, name: str) -> Editor:
        if name not in self._loaded:
            if self._load is None:
                raise EditorError("auto was given no editors", hint="build it with overrides=['editor=auto']")
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int) -> Rgb:
        """The crop as the prompt's editor paints it, for callers other than the chain; see `route`."""
        return self.route(prompt).paint(crop, hard, prompt, seed=seed)
