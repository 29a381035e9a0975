"""XTREME's selection of UD-POS, which names languages in English."""

from realign.sources.requests import LabelledRequest, Provenance
from realign.sources.tagged import fetch_tagged
from realign.text.conll import TaggedSentence

REPOSITORY = "google/xtreme"
LANGUAGE_NAMES = {
    "af": "Afrikaans", "ar": "Arabic", "bg": "Bulgarian", "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "et": "Estonian", "eu": "Basque", "fa": "Persian", "fi": "Finnish", "fr": "French",
    "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese",
    "kk": "Kazakh", "ko": "Korean", "mr": "Marathi", "nl": "Dutch", "pt": "Portuguese", "ru": "Russian",
    "ta": "Tamil", "te": "Telugu", "th": "Thai", "tl": "Tagalog", "tr": "Turkish", "ur": "Urdu",
    "vi": "Vietnamese", "yo": "Yoruba", "zh": "Chinese",
}  # fmt: skip


def fetch(request: LabelledRequest) -> tuple[list[TaggedSentence], Provenance]:
    """Sentences with universal tags, and where they come from."""
    language = LANGUAGE_NAMES.get(request.language, request.language)
    return fetch_tagged(request, REPOSITORY, f"udpos.{language}", "pos_tags")
