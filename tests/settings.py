"""The settings under test: the product's own, with keys and short times that are only for tests."""

import os
import tempfile

os.environ.setdefault("SECRET_KEY", "only-for-tests-" * 4)
os.environ.setdefault("FIELD_KEYS", "bm90LWEtc2VjcmV0LWtleS1vbmx5LWZvci10ZXN0czE=")
FOLDER = tempfile.TemporaryDirectory(prefix="calendar-admin-tests-")  # gone when the tests are over
os.environ.setdefault("DATA_DIR", FOLDER.name)
os.environ.setdefault("LOG_LEVEL", "WARNING")

from calendar_admin.settings import *  # noqa: E402, F403 - the environment comes first

if IS_SQLITE:  # noqa: F405
    # A file, not memory: worker processes under test open the same database.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}  # noqa: F405

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_AUTOREFRESH = (
    True  # look for a file when it is asked for, not for all of them at every client's first page
)
