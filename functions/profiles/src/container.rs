//! A check that the decoder does not make: that the parts of a WebP fit into each other.

/// A chunk of a WebP: its type and its content.
type Chunk<'a> = (&'a [u8], &'a [u8]);

/// Returns a WebP (RFC 9649) without trailing bytes. Returns `None` if a chunk reaches past its
/// container, or if a `VP8 ` frame has another size than the canvas or its animation frame: the
/// decoder allocates and decodes without comparing these. The decoder itself compares the size of a
/// `VP8L` frame.
pub fn sound_webp(file: &[u8]) -> Option<&[u8]> {
    let (header, rest) = file.split_at_checked(8)?;
    let content = rest.get(..length(header))?;
    let chunks = chunks(content.get(4..)?)?;
    let mut is_sound = true;
    if let Some((b"VP8X", canvas)) = chunks.first() {
        is_sound = are_frames_of(canvas.get(4..10)?, &chunks);
    }
    for (_, frame) in chunks.iter().filter(|(kind, _)| kind == b"ANMF") {
        is_sound &= are_frames_of(frame.get(6..12)?, &self::chunks(frame.get(16..)?)?);
    }
    is_sound.then_some(&file[..8 + content.len()])
}

/// Returns the chunks, or `None` if one reaches past the end.
fn chunks(mut bytes: &[u8]) -> Option<Vec<Chunk<'_>>> {
    let mut chunks = Vec::new();
    while let Some((header, rest)) = bytes.split_at_checked(8) {
        let length = length(header);
        chunks.push((&header[..4], rest.get(..length)?));
        bytes = rest.get(length.next_multiple_of(2)..).unwrap_or_default();
    }
    Some(chunks)
}

/// Whether all `VP8 ` frames have this size, given as two 24-bit numbers that are one less than
/// width and height. The chunk after an alpha channel is decoded as such a frame, whatever its type
/// is.
fn are_frames_of(size: &[u8], chunks: &[Chunk<'_>]) -> bool {
    let [width, height] = [&size[..3], &size[3..]].map(|less_one| number(less_one) + 1);
    let mut after_alpha = false;
    chunks.iter().all(|(kind, frame)| {
        let is_frame = *kind == b"VP8 " || after_alpha;
        after_alpha = *kind == b"ALPH";
        // Three bytes of flags and three of a signature. The upper two bits of each size are for
        // scaling (RFC 6386, section 9.1).
        let [own_width, own_height] = [6..8, 8..10].map(|at| frame.get(at).map(|size| number(size) & 0x3fff));
        !is_frame || (own_width, own_height) == (Some(width), Some(height))
    })
}

/// The size of a chunk's content in its header, in bytes.
fn length(header: &[u8]) -> usize {
    usize::try_from(number(&header[4..])).unwrap_or(usize::MAX)
}

fn number(little_endian: &[u8]) -> u32 {
    little_endian.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(kind: &str, content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).unwrap().to_le_bytes();
        [kind.as_bytes(), &length, content, &[0][..content.len() % 2]].concat()
    }

    fn webp(chunks: &[Vec<u8>]) -> Vec<u8> {
        chunk("RIFF", &[b"WEBP", &chunks.concat()[..]].concat())
    }

    fn canvas(width: u8, height: u8) -> Vec<u8> {
        chunk("VP8X", &[0, 0, 0, 0, width - 1, 0, 0, height - 1, 0, 0])
    }

    fn frame(kind: &str, width: u8, height: u8) -> Vec<u8> {
        chunk(kind, &[0, 0, 0, 0x9d, 0x01, 0x2a, width, 0x40, height, 0x80, 1])
    }

    fn animated(width: u8, height: u8, chunks: &[Vec<u8>]) -> Vec<u8> {
        let size = [0, 0, 0, 0, 0, 0, width - 1, 0, 0, height - 1, 0, 0, 0, 0, 0, 0];
        chunk("ANMF", &[&size, &chunks.concat()[..]].concat())
    }

    #[test]
    fn webp_ends_where_its_header_says() {
        let alpha = || chunk("ALPH", b"a");
        for sound in [
            webp(&[frame("VP8 ", 9, 9)]),
            webp(&[canvas(48, 32), frame("VP8 ", 48, 32), chunk("EXIF", b"x")]),
            webp(&[canvas(48, 32), alpha(), frame("VP8 ", 48, 32)]),
            webp(&[canvas(48, 32), animated(8, 4, &[alpha(), frame("VP8 ", 8, 4)]), animated(9, 9, &[])]),
        ] {
            let longer = [&sound, &chunk("EXIF", b"x")[..6]].concat();
            assert_eq!(sound_webp(&longer), Some(&sound[..]));
            assert_eq!(sound_webp(&sound[..sound.len() - 1]), None);
        }
    }

    #[test]
    fn webp_chunks_and_frames_fit_into_their_container() {
        let (fits, other) = (|| frame("VP8 ", 48, 32), || frame("VP8 ", 49, 32));
        let endless = |kind: &str| [kind.as_bytes(), &[0xfe, 0xff, 0xff, 0xff, 1, 1]].concat();
        let alpha = || chunk("ALPH", b"a");
        for chunks in [
            vec![canvas(48, 32), other()],
            vec![canvas(48, 32), fits(), other()],
            vec![canvas(48, 32), canvas(49, 32), other()],
            vec![canvas(48, 32), animated(48, 32, &[other()])],
            vec![canvas(49, 32), animated(48, 32, &[other()])],
            vec![canvas(48, 32), animated(48, 32, &[alpha(), frame("xxxx", 49, 32)])],
            vec![canvas(48, 32), animated(48, 32, &[fits()]), animated(48, 32, &[other()])],
            vec![canvas(48, 32), fits(), endless("EXIF")],
            vec![canvas(48, 32), animated(48, 32, &[endless("EXIF")])],
            vec![canvas(48, 32), animated(48, 32, &[fits(), endless("EXIF")]), fits()],
            vec![canvas(48, 32), chunk("VP8 ", b"short")],
            vec![chunk("VP8X", b"short"), fits()],
            vec![canvas(48, 32), chunk("ANMF", b"short")],
        ] {
            assert_eq!(sound_webp(&webp(&chunks)), None, "{chunks:?}");
        }
        for cut in [&b""[..], b"RIFF", b"RIFF\x04\0\0\0WEB", b"RIFF\x02\0\0\0WEBP"] {
            assert_eq!(sound_webp(cut), None);
        }
    }
}
