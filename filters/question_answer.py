"""A question about a picture and its answer as one caption, as jina-clip-v2 has them."""

import json

from filters.text import tidied


def question_answer(question: str, answers: str) -> str:
    """The question, a space, and the answer; "" where either is empty.

    Args:
      question: …
      answers: one, or several as a JSON list, as DocVQA has them: spellings of the same, of which
        the first counts.

    >>> question_answer("What year was it? ", '["1997", "in 1997"]')
    'What year was it? 1997'
    >>> question_answer("What year was it?", "1997"), question_answer("What year was it?", "[]")
    ('What year was it? 1997', '')
    """
    question, answer = tidied(question), tidied(_first(answers))
    return f"{question} {answer}" if question and answer else ""


def _first(answers: str) -> str:
    """The first of several answers that is not empty; what is no list is an answer itself."""
    if not answers.lstrip().startswith("["):
        return answers
    try:
        listed = json.loads(answers)
    except (ValueError, RecursionError):
        return answers
    return next(
        (str(answer) for answer in listed if answer is not None and str(answer).strip()), ""
    )
