//! Normalisation to NFC, and the characters that are invisible or change the direction of a text,
//! by their Unicode properties.

use icu_properties::{
    CodePointSetData,
    props::{DefaultIgnorableCodePoint, Emoji, EnumeratedProperty, GeneralCategory, GeneralCategoryGroup},
};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

const ZERO_WIDTH_JOINER: char = '\u{200d}';
/// The variation selectors for the presentation of an emoji as text and as a picture.
const EMOJI_STYLES: [char; 2] = ['\u{fe0e}', '\u{fe0f}'];
const KEYCAP: char = '\u{20e3}';
const BLACK_FLAG: char = '\u{1f3f4}';
const CANCEL_TAG: char = '\u{e007f}';
const BRAILLE_BLANK: char = '\u{2800}';

/// Returns the text in Normalization Form C (UAX #15).
pub fn nfc(text: String) -> String {
    match is_nfc_quick(text.chars()) {
        // Most texts are in NFC already.
        IsNormalized::Yes => text,
        _ => text.nfc().collect(),
    }
}

/// Replaces the spaces of other scripts (category `Zs`) by U+0020.
pub fn with_ascii_spaces(text: String) -> String {
    if text.is_ascii() {
        return text;
    }
    text.replace(|c| category(c) == GeneralCategory::SpaceSeparator, " ")
}

/// Returns whether a text has a character that readers can see. Private and unassigned characters
/// are visible, because the reader's device may have a glyph for them.
pub fn is_visible(text: &str) -> bool {
    let unseen = GeneralCategoryGroup::Control.union(GeneralCategoryGroup::Format);
    text.contains(|c: char| {
        !c.is_whitespace() && !is_blank(c) && !unseen.contains(category(c)) && !is_noncharacter(c)
    })
}

/// Returns whether a text may be in one line: it has no control, no line or paragraph separator,
/// and no character that is invisible, changes the direction of the text, or is not assigned to a
/// meaning that all readers share (private use, unassigned, noncharacters).
///
/// Inside an emoji (UTS #51), its invisible characters are accepted: a variation selector, a
/// zero-width joiner before another emoji, and the tags of a flag.
pub fn is_plain_line(text: &str) -> bool {
    let hidden = GeneralCategoryGroup::Other
        .union(GeneralCategoryGroup::LineSeparator)
        .union(GeneralCategoryGroup::ParagraphSeparator);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if is_blank(c) || hidden.contains(category(c)) {
            return false;
        }
        rest = &rest[c.len_utf8()..];
        if is_emoji(c) {
            rest = after_emoji(c, rest);
        }
    }
    true
}

/// Returns the rest of a text after the invisible characters that belong to the emoji before it.
fn after_emoji(emoji: char, rest: &str) -> &str {
    let styled = rest.strip_prefix(EMOJI_STYLES);
    if emoji.is_ascii() {
        // A digit, # or * is an emoji only on a keycap.
        return styled.filter(|rest| rest.starts_with(KEYCAP)).unwrap_or(rest);
    }
    let flag = if emoji == BLACK_FLAG { after_tags(rest) } else { None };
    let rest = flag.or(styled).unwrap_or(rest);
    rest.strip_prefix(ZERO_WIDTH_JOINER)
        .filter(|rest| rest.starts_with(|c: char| is_emoji(c) && !c.is_ascii()))
        .unwrap_or(rest)
}

/// Returns the rest of a text after the tags of a flag, which are the code of a region, such as
/// `gbsct`: three to seven letters and digits.
fn after_tags(rest: &str) -> Option<&str> {
    let end = rest.trim_start_matches(|c| matches!(c, '\u{e0030}'..='\u{e0039}' | '\u{e0061}'..='\u{e007a}'));
    let tags = rest[..rest.len() - end.len()].chars().count();
    end.strip_prefix(CANCEL_TAG).filter(|_| (3..=7).contains(&tags))
}

fn category(c: char) -> GeneralCategory {
    GeneralCategory::for_char(c)
}

/// Returns whether a character is displayed as nothing, or as a space although it is a symbol.
fn is_blank(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c) || c == BRAILLE_BLANK
}

fn is_emoji(c: char) -> bool {
    CodePointSetData::new::<Emoji>().contains(c)
}

fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_composed() {
        for (text, composed) in [
            ("하늘", "하늘"),
            ("\u{1112}\u{1161}\u{1102}\u{1173}\u{11af}", "하늘"),
            ("Cafe\u{301}", "Café"),
            ("\u{212b}", "Å"),
            ("\u{958}", "\u{915}\u{93c}"),
            ("ＡＢＣ ㅎㅏ", "ＡＢＣ ㅎㅏ"),
        ] {
            assert_eq!(nfc(text.to_owned()), composed, "{text:?}");
        }
    }

    #[test]
    fn single_lines_accept_letters_symbols_and_emoji() {
        for text in [
            "",
            "하늘꽃집 2호점",
            "ㅋㅋ, ABC-ＡＢＣ (주)",
            "Ünïcödé Ελλάς Кириллица עברית العربية हिन्दी ภาษาไทย 日本語 漢字",
            "★☆♥ 100% ₩1,000",
            "😀🫠",
            "❤️☎︎©️",
            "👨‍👩‍👧",
            "👩🏽‍❤️‍💋‍👨🏻",
            "🏳️‍🌈🏴‍☠️👁️‍🗨️⛓️‍💥",
            "1️⃣#️⃣*⃣",
            "🇰🇷",
            "🏴󠁧󠁢󠁥󠁮󠁧󠁿🏴󠁧󠁢󠁳󠁣󠁴󠁿",
        ] {
            assert!(is_plain_line(text), "{text:?} {}", text.escape_unicode());
        }
    }

    #[test]
    fn single_lines_reject_invisible_and_unassigned_characters() {
        for text in [
            "a\0",
            "a\nb",
            "\u{7f}",
            "\u{85}",
            "\u{2028}",
            "\u{2029}",
            "soft\u{ad}hyphen",
            "\u{34f}",
            "\u{61c}",
            "\u{115f}",
            "\u{1160}",
            "\u{180e}",
            "하늘\u{200b}은행",
            "\u{200c}",
            "\u{200e}",
            "\u{202e}행은늘하",
            "\u{2060}",
            "\u{2066}",
            "\u{206a}",
            "\u{2800}",
            "\u{3164}",
            "\u{feff}",
            "\u{ffa0}",
            "\u{fff9}",
            "\u{ffff}",
            "\u{fdd0}",
            "\u{10ffff}",
            "\u{e000}",
            "\u{f0000}",
            "\u{378}",
            "\u{1d173}",
            "\u{e0001}",
            "\u{e0061}\u{e007f}",
            "\u{e0100}",
            "\u{e0fff}",
        ] {
            assert!(!is_plain_line(text), "{text:?}");
        }
    }

    #[test]
    fn joiners_selectors_and_tags_are_rejected_outside_emoji() {
        for text in [
            "가\u{200d}나",
            "\u{200d}😀",
            "😀\u{200d}",
            "😀\u{200d}가",
            "😀\u{200d}1",
            "1\u{200d}😀",
            "😀\u{200d}\u{200d}😀",
            "가\u{fe0f}",
            "1\u{fe0f}",
            "1\u{fe0f}😀",
            "❤\u{fe0f}\u{fe0f}",
            "❤\u{fe00}",
            "漢\u{e0100}",
            "🏴\u{e0067}\u{e0062}\u{e0065}",
            "🏴\u{e0067}\u{e0062}\u{e007f}",
            "🏴\u{e007f}",
            "🏴\u{e0061}\u{e0062}\u{e0063}\u{e0064}\u{e0065}\u{e0066}\u{e0067}\u{e0068}\u{e007f}",
            "😀\u{e0067}\u{e0062}\u{e0065}\u{e007f}",
        ] {
            assert!(!is_plain_line(text), "{text:?}");
        }
    }

    #[test]
    fn invisible_text_is_not_visible() {
        for text in [
            "",
            " \t\n\u{3000}\u{a0}",
            "\u{0}\u{7f}",
            "\u{200b}\u{2060}\u{feff}",
            "\u{115f}\u{1160}\u{3164}\u{ffa0}",
            "\u{2800} \u{2800}",
            "\u{202e}\u{2066}\u{ad}",
            "\u{fff9}",
            "\u{fe0f}\u{e0100}\u{e0061}",
            "\u{ffff}\u{fdd0}\u{1fffe}",
        ] {
            assert!(!is_visible(text), "{text:?}");
        }
        // An unassigned character may be an emoji of a later Unicode version.
        for text in ["a", " . ", "\u{200b}가", "ㅋ", "😀", "\u{f8ff}", "\u{1f8ff}"] {
            assert!(is_visible(text), "{text:?}");
        }
    }
}
