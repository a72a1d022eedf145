from automask.results import lettering


def test_a_letter_that_no_font_has_loses_its_accent(monkeypatch):
    monkeypatch.setattr(lettering, "_MORE_FONTS", ())
    assert lettering.font_for(20, "Küche")[1] == "Kuche"


def test_a_long_caption_keeps_its_beginning_and_its_end():
    font, text = lettering.font_for(20, "the-very-long-name-of-a-kitchen-photo-17.jpg")
    short = lettering.shorten(text, font, 200)
    assert short.startswith("the")
    assert short.endswith(".jpg")
    assert font.getlength(short) <= 200
