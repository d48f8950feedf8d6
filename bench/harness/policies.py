"""Policies to be measured with: a policy file and a store with blocks. What they forbid does not occur in the load."""
import itertools
import subprocess

WORDS = 10_000
PATTERNS = 200
BLOCKS = 100_000

_SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "zu", "xe")
# As operators write them: cards, phone numbers, invitations, each with another ending.
_PATTERN_FORMS = (
    r"(?i)\bbuy\s+{word}\s+now\b",
    r"\b{word}[-_.]?\d{{4,}}\b",
    r"(?i)\b(?:call|text)\s+me\s+at\s+{word}\b",
    r"(?i){word}\s*(?:at|@)\s*\w+\.(?:com|net)\b",
)


def _words():
    return ("".join(parts) for parts in itertools.product(_SYLLABLES, repeat=4))


def write_file(path):
    """As many rules as a busy operator may have: ten lists of words, and twenty rules of ten patterns."""
    words = [word for word, _ in zip(_words(), range(WORDS))]
    rules = []
    for number in range(10):
        listed = ", ".join(f'"{word}"' for word in words[number::10])
        rules.append(f'[[filter]]\nname = "words-{number}"\naction = "reject"\nwords = [{listed}]\n')
    patterns = [_PATTERN_FORMS[i % len(_PATTERN_FORMS)].format(word=words[i]) for i in range(PATTERNS)]
    for number in range(20):
        listed = ", ".join(f"'{pattern}'" for pattern in patterns[number::20])
        rules.append(f'[[filter]]\nname = "patterns-{number}"\naction = "reject"\npatterns = [{listed}]\n')
    path.write_text("\n".join(rules), encoding="ascii")
    return path


class Policies:
    """Gives each store its blocks; `users` is how many users the load has."""

    def __init__(self, program, file, users):
        self.file = file
        self._program = program
        self._users = users

    def fill(self, directory):
        subprocess.run([self._program, directory, "--blocks", str(BLOCKS), "--users", str(self._users)], check=True)
