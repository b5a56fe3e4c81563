"""What a check has found. Every check prints each fault and one closing line, and fails if there was a fault."""
import sys


class Report:
    def __init__(self, name):
        self.name = name
        self.passed = 0
        self.faults = []

    def expect(self, holds, fault):
        """Counts one expectation; `fault` says what is wrong where it does not hold."""
        if holds:
            self.passed += 1
        else:
            self.faults.append(fault)
        return bool(holds)

    def close(self):
        for fault in self.faults:
            print(f"{self.name}: {fault}")
        print(f"{self.name}: {self.passed} passed, {len(self.faults)} failed")
        sys.exit(1 if self.faults else 0)
