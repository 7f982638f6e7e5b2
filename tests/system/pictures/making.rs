//! Builds pictures and other files for uploads, with hidden content.

use std::io::{Cursor, Write};

use flate2::{Compression, write::ZlibEncoder};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, RgbaImage, imageops::FilterType};

/// The text that is hidden in hostile files. A served picture must not contain any of it.
pub const MARKER: &str = "<script>alert('chatchat-marker-7f3a')</script>";

/// A picture that is red at the top left and blue elsewhere, so that a test can check its
/// orientation.
pub fn landscape(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        if x < width / 2 && y < height / 2 { Rgb([220, 20, 20]) } else { Rgb([20, 20, 220]) }
    })
}

/// The same with transparent pixels at the bottom right. Their invisible colours spell the marker.
pub fn transparent(width: u32, height: u32) -> RgbaImage {
    let mut image = DynamicImage::from(landscape(width, height)).into_rgba8();
    let hidden = MARKER.bytes().cycle();
    let pixels = image.enumerate_pixels_mut().filter(|(x, y, _)| *x >= width / 2 && *y >= height / 2);
    let mut hidden = hidden;
    for (_, _, pixel) in pixels {
        pixel.0 = [(); 4].map(|()| hidden.next().unwrap_or_default());
        pixel.0[3] = 0;
    }
    image
}

pub fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A picture whose pixels compress badly.
pub fn noise(width: u32, height: u32) -> RgbImage {
    let mut state = 0x2545_f491_u32;
    RgbImage::from_fn(width, height, |_, _| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let [a, b, c, _] = state.to_le_bytes();
        Rgb([a, b, c])
    })
}

/// A picture of many pixels that compresses well.
pub fn large(width: u32, height: u32) -> RgbImage {
    DynamicImage::from(landscape(8, 8)).resize_exact(width, height, FilterType::Nearest).into_rgb8()
}

/// EXIF data, which is a TIFF: an orientation, a description with the marker, and a position
/// (37° 33′ N).
pub fn exif(orientation: u8) -> Vec<u8> {
    let text = format!("{MARKER}\0");
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value].concat()
    };
    let length = u32::try_from(text.len()).unwrap();
    // The header has 8 bytes, the first directory 2 + 3 × 12 + 4, and the one with the position
    // 2 + 2 × 12 + 4.
    let (place, values) = (8 + 42_u32, 8 + 42 + 30_u32);
    [
        b"II*\0\x08\0\0\0".to_vec(),
        vec![3, 0],
        entry(0x010e, 2, length, values.to_le_bytes()),
        entry(0x0112, 3, 1, [orientation, 0, 0, 0]),
        entry(0x8825, 4, 1, place.to_le_bytes()),
        vec![0; 4],
        vec![2, 0],
        entry(1, 2, 2, *b"N\0\0\0"),
        entry(2, 5, 3, (values + length).to_le_bytes()),
        vec![0; 4],
        text.into_bytes(),
        [37_u32, 1, 33, 1, 59, 1].iter().flat_map(|number| number.to_le_bytes()).collect(),
    ]
    .concat()
}

/// A JPEG with an additional segment after its first two bytes.
pub fn jpeg_with(jpeg: &[u8], marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, marker], &length, content, &jpeg[2..]].concat()
}

/// A JPEG with EXIF data that has an orientation.
pub fn jpeg_with_exif(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    jpeg_with(jpeg, 0xe1, &[b"Exif\0\0", &exif(orientation)[..]].concat())
}

pub fn png_chunk(kind: &str, content: &[u8]) -> Vec<u8> {
    let mut crc = crc32fast::Hasher::new();
    crc.update(kind.as_bytes());
    crc.update(content);
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&length[..], kind.as_bytes(), content, &crc.finalize().to_be_bytes()].concat()
}

/// A PNG with an additional chunk after its header.
pub fn png_with(png: &[u8], kind: &str, content: &[u8]) -> Vec<u8> {
    [&png[..33], &png_chunk(kind, content), &png[33..]].concat()
}

/// A PNG with a size, a bit depth and a colour type, and any bytes as its compressed pixels.
pub fn png_of(width: u32, height: u32, depth: u8, colour: u8, pixels: &[u8]) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, colour, 0, 0, 0]].concat();
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        png_chunk("IHDR", &header),
        png_chunk("IDAT", pixels),
        png_chunk("IEND", b""),
    ]
    .concat()
}

/// Compresses zeros with zlib.
pub fn zeros(length: usize) -> Vec<u8> {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    let block = vec![0; 1 << 20];
    for begin in (0..length).step_by(block.len()) {
        zlib.write_all(&block[..block.len().min(length - begin)]).unwrap();
    }
    zlib.finish().unwrap()
}

pub fn zlib(content: &[u8]) -> Vec<u8> {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(content).unwrap();
    zlib.finish().unwrap()
}

fn riff(chunks: &[u8]) -> Vec<u8> {
    let length = u32::try_from(chunks.len() + 4).unwrap().to_le_bytes();
    [b"RIFF", &length[..], b"WEBP", chunks].concat()
}

pub fn webp_chunk(kind: &str, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_le_bytes();
    [kind.as_bytes(), &length, content, &[0][..content.len() % 2]].concat()
}

/// Turns a simple WebP into an extended one with a size, flags (RFC 9649, section 2.7) and an
/// additional chunk at its end.
pub fn webp_with(webp: &[u8], (width, height): (u32, u32), flags: u8, kind: &str, content: &[u8]) -> Vec<u8> {
    let (width, height) = ((width - 1).to_le_bytes(), (height - 1).to_le_bytes());
    let header = [&[flags, 0, 0, 0], &width[..3], &height[..3]].concat();
    riff(&[webp_chunk("VP8X", &header), webp[12..].to_vec(), webp_chunk(kind, content)].concat())
}

/// A form with one part, which has these headers and this content.
pub fn form(boundary: &str, part: &str, content: &[u8]) -> Vec<u8> {
    let head = format!("--{boundary}\r\n{part}\r\n\r\n");
    let tail = format!("\r\n--{boundary}--\r\n");
    [head.as_bytes(), content, tail.as_bytes()].concat()
}

/// A segment of a JPEG (ITU-T T.81, annex B).
fn segment(kind: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&[0xff, kind], &length[..], content].concat()
}

/// A Huffman table with only one code, the bit 0.
fn table(place: u8, symbol: u8) -> Vec<u8> {
    segment(0xc4, &[&[place, 1], &[0; 15][..], &[symbol]].concat())
}

/// The number of blocks of a component of 5,000 × 5,000 pixels.
const BLOCKS: usize = 625 * 625;

/// The first segments of a progressive JPEG of 5,000 × 5,000 pixels. The only code means "no
/// difference" in table DC 0, "the next 16,384 blocks have no more coefficients" in table AC 0, and
/// "one more coefficient" in table AC 1, where the sign follows.
fn progressive(components: &[u8]) -> Vec<u8> {
    [
        vec![0xff, 0xd8],
        segment(0xdb, &[&[0], &[1; 64][..]].concat()),
        segment(
            0xc2,
            &[&[8, 0x13, 0x88, 0x13, 0x88, u8::try_from(components.len() / 3).unwrap()], components].concat(),
        ),
        table(0x00, 0),
        table(0x10, 0xe0),
        table(0x11, 0x01),
    ]
    .concat()
}

/// A progressive JPEG of 5,000 × 5,000 grey pixels with many scans (ITU-T T.81). A scan has 55
/// bytes, and a decoder visits all 390,625 blocks for it.
pub fn many_scans(scans: usize) -> Vec<u8> {
    let scan =
        |from: u8, to: u8, zeros: usize| [segment(0xda, &[1, 1, 0, from, to, 0]), vec![0; zeros]].concat();
    [progressive(&[1, 0x11, 0]), scan(0, 0, BLOCKS / 8 + 1), scan(1, 63, 45).repeat(scans), vec![0xff, 0xd9]]
        .concat()
}

/// A progressive JPEG of 5,000 × 5,000 pixels in colour without subsampling, of nearly 4 MiB. Each
/// block of each component has its 8 highest coefficients in one scan, and their refinement in
/// another.
pub fn progressive_jpeg() -> Vec<u8> {
    let scan = |header: &[u8], bits: usize| [segment(0xda, header), vec![0; bits / 8 + 1]].concat();
    let coefficients = |component: u8| {
        let coarse = scan(&[1, component, 1, 56, 63, 0x01], BLOCKS * 8 * 2);
        let fine = scan(&[1, component, 0, 56, 63, 0x10], BLOCKS * 8 + BLOCKS.div_ceil(16_384) * 15);
        [coarse, fine].concat()
    };
    [
        progressive(&[1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]),
        scan(&[3, 1, 0, 2, 0, 3, 0, 0, 0, 0], BLOCKS * 3),
        coefficients(1),
        coefficients(2),
        coefficients(3),
        vec![0xff, 0xd9],
    ]
    .concat()
}

/// A `VP8 ` frame (RFC 6386) with the strongest loop filter. Any bytes after its header are valid:
/// zeros are grey blocks, and random bytes are blocks of all kinds with coefficients of all sizes.
pub fn vp8((width, height): (u16, u16), modes: &[u8], coefficients: &[u8]) -> Vec<u8> {
    // Four bits of 0, six bits of 1 for the filter, and zeros, which turn all other features off.
    let header = [&[0x0f, 0xc0], &[0; 62][..]].concat();
    let flags = (u32::try_from(header.len() + modes.len()).unwrap() << 5 | 1 << 4).to_le_bytes();
    let size = [width.to_le_bytes(), height.to_le_bytes()].concat();
    [&flags[..3], &[0x9d, 0x01, 0x2a], &size, &header, modes, coefficients].concat()
}

/// A lossy WebP of 5,000 × 5,000 pixels, of nearly 4 MiB.
pub fn lossy_webp() -> Vec<u8> {
    let (modes, random) = (noise(400, 330).into_raw(), noise(1000, 1000).into_raw());
    riff(&webp_chunk("VP8 ", &vp8((5_000, 5_000), &modes, &[random, vec![0; 600_000]].concat())))
}

/// A `VP8 ` frame of 16,000 × 16,000 pixels.
pub fn huge_frame() -> Vec<u8> {
    vp8((16_000, 16_000), &vec![0; 520_000], &vec![0; 1_500_000])
}

/// The header of a chunk with a length of nearly 4 GiB.
pub fn endless_chunk(kind: &str) -> Vec<u8> {
    [kind.as_bytes(), &0xffff_fffe_u32.to_le_bytes()].concat()
}

/// An extended WebP of 48 × 32 pixels with these chunks.
pub fn extended_webp(flags: u8, chunks: &[Vec<u8>]) -> Vec<u8> {
    let header = webp_chunk("VP8X", &[flags, 0, 0, 0, 47, 0, 0, 31, 0, 0]);
    riff(&[header, chunks.concat()].concat())
}

/// A frame of 48 × 32 pixels of an animated WebP, with these chunks.
pub fn animation_frame(chunks: &[Vec<u8>]) -> Vec<u8> {
    webp_chunk("ANMF", &[&[0, 0, 0, 0, 0, 0, 47, 0, 0, 31, 0, 0, 0, 0, 0, 0], &chunks.concat()[..]].concat())
}
