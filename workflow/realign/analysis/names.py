"""What languages and tasks are called in figures, tables and pages."""

from functools import cache

from babel import Locale, UnknownLocaleError


@cache
def language_name(code: str) -> str:
    """The English name of a language by the Unicode CLDR, such as Chinese for `zh`; the code itself if it has none."""
    names = Locale("en").languages
    language, *rest = code.replace("-", "_").split("_")
    if not rest:
        return names.get(language, code)
    try:
        return Locale.parse(f"{language}_{'_'.join(rest)}").get_display_name("en") or code
    except (ValueError, UnknownLocaleError):
        return f"{names[language]} ({'-'.join(rest)})" if language in names else code


def task_name(task: str) -> str:
    """A task's name; short ones are abbreviations."""
    return task.upper() if len(task) <= 3 else task
