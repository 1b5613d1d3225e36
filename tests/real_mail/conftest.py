import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def maildir():
    folder = os.environ.get("ENRON_REAL_MAIL")
    if not folder:
        pytest.skip("ENRON_REAL_MAIL does not name the folder of the real mailboxes")
    return Path(folder)
