"""Golden files: reviewed text that generated output must equal; UPDATE_GOLDEN=1 rewrites them."""

import json
import os
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).parent / "golden"


def check_golden(name: str, text: str) -> None:
    """Compare ``text`` with tests/golden/<name>; a missing file fails unless it is being written."""
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert path.exists(), f"{path} does not exist; run the test with UPDATE_GOLDEN=1 and review the file"
    assert text == path.read_text(), (
        f"differs from {path}; if intended, rerun with UPDATE_GOLDEN=1 and review"
    )


def pretty_json(value: Any) -> str:
    """Stable, reviewable JSON text of a value or of a JSON document."""
    document = json.loads(value) if isinstance(value, str) else value
    return json.dumps(document, indent=2, sort_keys=True) + "\n"
