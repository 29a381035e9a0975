"""What languages and tasks are called in figures, tables and pages."""

from realign.languages import languages


def language_name(code: str) -> str:
    """The English name of a language, such as Chinese for `zh`; the code itself if it is not known."""
    language, *rest = code.replace("-", "_").split("_")
    known = languages()
    if code in known:
        return known[code].name
    return f"{known[language].name} ({'-'.join(rest)})" if language in known else code


def task_name(task: str) -> str:
    """A task's name; short ones are abbreviations."""
    return task.upper() if len(task) <= 3 else task
