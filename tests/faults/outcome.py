"""What a part of the fault runs tried, and what it found."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Outcome:
    """Counts of what was tried and how it ended, by kind, and the violations of what has to hold."""

    tried: Counter = field(default_factory=Counter)
    ended: dict[str, Counter] = field(default_factory=dict)
    violations: list[tuple[str, str]] = field(default_factory=list)

    def add(self, kind: str, end: str, problem: str | None = None) -> None:
        """Count one attempt of a kind and how it ended; `problem` says what did not hold."""
        self.tried[kind] += 1
        self.ended.setdefault(kind, Counter())[end] += 1
        if problem:
            self.violations.append((kind, problem))

    def table(self) -> str:
        """A line for each kind: how often it was tried, how that ended, and how many violations there were."""
        found = Counter(kind for kind, _ in self.violations)
        rows = [
            f"  {kind:<34}{count:>6}   {found[kind]:>3} violations   "
            + ", ".join(f"{end} {n}" for end, n in self.ended[kind].most_common())
            for kind, count in self.tried.items()
        ]
        return "\n".join([*rows, *(f"  VIOLATION {kind}: {problem}" for kind, problem in self.violations)])
