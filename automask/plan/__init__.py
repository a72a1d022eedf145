"""The words: from what a person types to a plan, and back.

    island, black wall -> marble; cabinets except handles -> white; keep faucet, plants

A plan is `tuple[Edit, ...]`; braces in a prompt (`island -> {marble, oak}`) describe several plans, the variants. Words
hold targets, `except`, `keep` and prompts; YAML can also hold an editor, a seed, mask lengths and editor options.

`sources.py` accepts a plan in any form; `grammar.py` parses words and `yaml_plan.py` YAML; `check.py` holds the laws
that every plan obeys; `write.py` turns a plan into text again. `names.py` and `seeds.py` derive file names and seeds
from the words, and `text.py` compares and shows them. docs/guide/words.md explains the grammar, and a test runs its
examples. The words never pass through Hydra's own grammar, nor through a shell. Other rooms import from here.
"""

from automask.plan.check import MASK_LENGTHS, check_plan
from automask.plan.grammar import MAX_VARIANTS, parse_plan, parse_targets, parse_variants
from automask.plan.names import is_file_name, mask_name, nearest, slug
from automask.plan.seeds import candidate_seed, edit_seed
from automask.plan.sources import PlanSource, load_plan, plan_from, variants_from
from automask.plan.text import printable
from automask.plan.write import format_plan
from automask.plan.yaml_plan import parse_yaml_plan

__all__ = [
    "MASK_LENGTHS",
    "MAX_VARIANTS",
    "PlanSource",
    "candidate_seed",
    "check_plan",
    "edit_seed",
    "format_plan",
    "is_file_name",
    "load_plan",
    "mask_name",
    "nearest",
    "parse_plan",
    "parse_targets",
    "parse_variants",
    "parse_yaml_plan",
    "plan_from",
    "printable",
    "slug",
    "variants_from",
]
