"""Addresses that a translation must have, too."""

import pytest

from filters.contact import addresses_in


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("see https://www.example.org/a/b.html?c=d#e.", ["example.org/a/b.html?c=d#e"]),
        ("see http://example.org/", ["example.org"]),
        ("(see www.Example.co.uk)", ["example.co.uk"]),
        ("photos.example.com/Gallery_7, and more", ["photos.example.com/gallery_7"]),
        ("看https://example.org/a。", ["example.org/a"]),
        ("看https://example.org/a是", ["example.org/a"]),
        ("https://example.org/a、https://example.org/b", ["example.org/a", "example.org/b"]),
        ("write to Ana.B@example.org!", ["ana.b@example.org"]),
        ("https://пример.рф/лиса", ["пример.рф/лиса"]),
        ("a house.it was old", []),
        ("no address: 3.5", []),
    ],
)
def test_addresses_in(text: str, addresses: list[str]) -> None:
    assert addresses_in(text) == addresses
