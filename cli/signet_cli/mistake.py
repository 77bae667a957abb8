"""What an operator can put right."""


class Mistake(Exception):
    """A command that cannot be done as asked. Each of `faults` is one line: what is wrong and what to do next."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults
