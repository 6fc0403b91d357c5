"""One settings file; the environment decides (.env.example explains each name)."""

import socket
from pathlib import Path

import django_stubs_ext
import environ
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

django_stubs_ext.monkeypatch()  # lets ModelAdmin[Campaign] and friends exist at run time

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(BASE_DIR / ".env")
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "data"))).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
env.read_env(DATA_DIR / "keys.env")  # written by `manage.py up` and `demo` where nobody set keys

# Secrets: empty values are reported by name at start (campaigns.checks).
SECRET_KEY = env.str("SECRET_KEY", default="")
FIELD_KEYS = env.list("FIELD_KEYS", default=[])

DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "crispy_forms",
    "campaigns",
    "integrations",
]

MIDDLEWARE = [
    "campaigns.views.health.machines_first",  # /healthz/live, /healthz/ready, /metrics
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "calendar_admin.sign_in.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "campaigns.views.wrong_method.explained",
]

ROOT_URLCONF = "calendar_admin.urls"
WSGI_APPLICATION = "calendar_admin.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# SQLite: one writer at a time, taken at once (IMMEDIATE), readers never wait (WAL), and an accepted
# delivery survives a power cut (synchronous FULL).
DATABASES = {
    "default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'calendar_admin.sqlite3'}")
}
IS_SQLITE = DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
if IS_SQLITE:
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=20000;",
    }

# A host that is cut off hears nothing, not even a refusal, and PostgreSQL waits for it with its locks held: for two
# hours by default, and every other worker of the account with it. So both ends hang up after this long.
SILENCE_SECONDS = env.int("SILENCE_SECONDS", default=30)
PROBES = {"idle": max(1, SILENCE_SECONDS // 2), "interval": max(1, SILENCE_SECONDS // 6), "count": 3}
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    their_end = {
        "idle_in_transaction_session_timeout": f"{SILENCE_SECONDS}s",
        "client_connection_check_interval": f"{SILENCE_SECONDS}s",  # also while a dead client waits for a lock
        "tcp_user_timeout": f"{SILENCE_SECONDS}s",
        **{f"tcp_keepalives_{name}": value for name, value in PROBES.items()},
    }
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 10,
        "tcp_user_timeout": SILENCE_SECONDS * 1_000,
        **{f"keepalives_{name}": value for name, value in PROBES.items()},
        "options": " ".join(f"-c {name}={value}" for name, value in their_end.items()),
        **DATABASES["default"].get("OPTIONS", {}),
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Delivery: how long a call may take, how long a batch belongs to its worker, how long to wait before asking
# Rokt whether an entry arrived, how long an accepted entry may take to be there, and how often the clock looks
# for work. All in seconds.
ANSWER_SECONDS = env.float("ANSWER_SECONDS", default=30)
LEASE_SECONDS = env.float("LEASE_SECONDS", default=120)
SETTLE_SECONDS = env.float("SETTLE_SECONDS", default=60)
ARRIVAL_SECONDS = env.float("ARRIVAL_SECONDS", default=300)
TICK_SECONDS = env.float("TICK_SECONDS", default=10)
# How many workers may be at one account; each goes on by itself while there is work.
WORKERS_PER_ACCOUNT = env.int("WORKERS_PER_ACCOUNT", default=2)

# How many days texts are kept, 0 for ever: what calls and answers said, the calls themselves, webhooks from Rokt,
# and uploads that were tried and never imported.
KEEP_TEXTS_DAYS = env.int("KEEP_TEXTS_DAYS", default=90)
KEEP_CALLS_DAYS = env.int("KEEP_CALLS_DAYS", default=400)
KEEP_NOTICES_DAYS = env.int("KEEP_NOTICES_DAYS", default=90)
KEEP_UPLOADS_DAYS = env.int("KEEP_UPLOADS_DAYS", default=30)

# The broker carries wake-ups only (one id each). Without one, messages are files beside the database.
CELERY_BROKER_URL = env.str("BROKER_URL", default="filesystem://localhost")
IS_EMBEDDED_BROKER = CELERY_BROKER_URL.startswith("filesystem")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_TASK_PUBLISH_RETRY = False  # a lost wake-up costs one tick; a waiting page costs a marketer's patience
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = env.str("QUEUE_NAME", default="calendar_admin")
CELERY_TASK_TIME_LIMIT = 600
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "tick": {
        "task": "campaigns.tasks.tick",
        "schedule": TICK_SECONDS,
        # With a retry, or a clock that RabbitMQ once dropped publishes into its dead connection for ever.
        "options": {"expires": TICK_SECONDS * 3, "retry": True, "retry_policy": {"max_retries": 3}},
    }
}
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {"confirm_publish": True}
if IS_EMBEDDED_BROKER:
    QUEUE_DIR = DATA_DIR / "queue"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(QUEUE_DIR / "messages"),
        "data_folder_out": str(QUEUE_DIR / "messages"),
        "control_folder": str(QUEUE_DIR / "control"),
    }
    for name in ("messages", "control"):
        (QUEUE_DIR / name).mkdir(parents=True, exist_ok=True, mode=0o700)
elif CELERY_BROKER_URL.startswith("redis"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 300,
        "unacked_restore_interval": 10,
        # Without these a page or a worker waits for ever for a Redis that is cut off. A worker that hears nothing for
        # twice the last one connects anew.
        "socket_connect_timeout": 2,
        "socket_timeout": 3,
        "health_check_interval": max(1, SILENCE_SECONDS // 3),
    }
else:
    CELERY_BROKER_TRANSPORT_OPTIONS["socket_settings"] = {  # or a worker listens to a dead RabbitMQ for 150 s
        socket.TCP_KEEPIDLE: PROBES["idle"],
        socket.TCP_KEEPINTVL: PROBES["interval"],
        socket.TCP_KEEPCNT: PROBES["count"],
    }

# Who may be called: https hosts, and loopback host:port pairs for the sandbox.
ROKT_HOSTS = env.list("ROKT_HOSTS", default=["api.roktcalendar.com"])
# What connected_content may call besides public hosts: loopback host:port pairs.
CONNECTED_CONTENT_HOSTS = env.list("CONNECTED_CONTENT_HOSTS", default=[])
# What may be called as Braze besides public https hosts: loopback host:port pairs.
BRAZE_HOSTS = env.list("BRAZE_HOSTS", default=[])
# What may be called to tell of an alert besides public https hosts: loopback host:port pairs.
ALERT_HOSTS = env.list("ALERT_HOSTS", default=[])

# Where this installation is found by others (for links in alerts), and the server that takes its e-mail.
SITE_URL = env.str("SITE_URL", default="").rstrip("/")
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = ""
vars().update(env.email_url_config(env.str("EMAIL_URL", default="") or "smtp://"))
EMAIL_TIMEOUT = 10  # seconds
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="calendar-admin@localhost")

LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="en")
LANGUAGES = [
    ("en", _("English")),
    ("de", _("German")),
    ("es", _("Spanish")),
    ("fr", _("French")),
    ("pt-br", _("Portuguese")),
    ("ko", _("Korean")),
]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True  # serves straight from the packages: nothing to collect

CRISPY_TEMPLATE_PACK = "unfold_crispy"
CRISPY_ALLOWED_TEMPLATE_PACKS = ["unfold_crispy"]

LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# One switch for everything that only makes sense behind TLS.
HTTPS = env.bool("HTTPS", default=False)
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=31_536_000) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
if env.bool("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_AGE = 12 * 60 * 60

DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000  # the largest rule that may be saved has some 2,500 in the builder
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000_000  # larger uploads go to disk while they arrive

# Every line goes through one formatter, which hides secrets and addresses: no logger has a handler of its own.
LOG_FORMAT = env.str("LOG_FORMAT", default="plain")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"ours": {"()": "calendar_admin.logs.formatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "ours"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django": {},
        "django.server": {"propagate": True},
        "celery.beat": {"level": "WARNING"},  # else a line for every tick
    },
}
# Whoever knows it may read /metrics; without one there is no such page.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

UNFOLD = {
    "SITE_TITLE": "Calendar Admin",
    "SITE_HEADER": "Calendar Admin",
    "SITE_SYMBOL": "calendar_month",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("campaigns/favicon.svg"),
        }
    ],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SITE_DROPDOWN": [],
    "ENVIRONMENT": "calendar_admin.site.environment",
    "DASHBOARD_CALLBACK": "campaigns.views.home.dashboard",
    "STYLES": [lambda request: static("campaigns/app.css")],
    "SCRIPTS": [lambda request: static("campaigns/app.js")],
    "SIDEBAR": {"show_search": False, "navigation": "calendar_admin.site.navigation"},
}
