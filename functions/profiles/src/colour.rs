//! The colours of uploads, and their conversion to sRGB, as browsers show them.
//!
//! Information that a browser ignores is ignored here: a profile that is invalid or that is not for
//! the picture's kind of pixels, and the colours of HDR.

use std::sync::Arc;

use image::RgbaImage;
use moxcms::{
    Chromaticity, CicpProfile, ColorPrimaries, ColorProfile, DataColorSpace, Layout, MatrixCoefficients,
    ParsingOptions, ToneReprCurve, Transform8BitExecutor, TransformOptions, WHITE_POINT_D50, XyY,
};
use png::{CodingIndependentCodePoints, SourceChromaticities};

/// The maximum size of a colour profile, in bytes. Profiles of printers have 0.5 to 3 MB.
const MAX_PROFILE: usize = 4 * 1024 * 1024;
/// The maximum number of values in a table of a colour profile. Those of printers have about
/// 250,000.
const MAX_TABLE: usize = 1_000_000;
/// The tags of a profile that a conversion uses.
const TAGS: [&[u8; 4]; 12] = [
    b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC", b"kTRC", b"A2B0", b"A2B1", b"A2B2", b"chad",
    b"wtpt",
];
/// The `gAMA` that means the curve of sRGB, with a tolerance of 5 %, if there is no `cHRM`.
const SRGB_GAMMA: std::ops::Range<f32> = 0.43..0.48;

/// The kind of the pixels of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pixels {
    /// One channel of brightness.
    Grey,
    /// Red, green and blue.
    Rgb,
    /// The amounts of light that cyan, magenta, yellow and black ink leave, as Adobe's programs
    /// write them into JPEGs.
    Cmyk,
    /// The same, with cyan, magenta and yellow as luminance and two colour differences.
    Ycck,
}

/// How the values of pixels are converted to sRGB.
pub enum Colours {
    /// The values are sRGB, or the file does not describe its colours.
    Srgb,
    /// The new value of each value of a channel.
    Curve(Box<[u8; 256]>),
    /// A colour profile for pixels of this kind, which have four channels.
    Profile(Pixels, Arc<Transform8BitExecutor>),
}

impl Colours {
    /// Reads an ICC profile. Returns `None` if it cannot be used for these pixels.
    pub fn of_icc(mut icc: Vec<u8>, pixels: Pixels) -> Option<Self> {
        keep_used_tags(&mut icc)?;
        let limits = ParsingOptions {
            max_profile_size: MAX_PROFILE,
            max_allowed_clut_size: MAX_TABLE,
            ..ParsingOptions::default()
        };
        let profile = ColorProfile::new_from_slice_with_options(&icc, limits).ok()?;
        match (pixels, profile.color_space) {
            (Pixels::Grey, DataColorSpace::Gray) => {
                let identity: [u8; 256] = std::array::from_fn(|value| u8::try_from(value).unwrap_or(u8::MAX));
                let mut curve = [0; 256 * 3];
                transform(&profile, Layout::Gray, Layout::Rgb)?.transform(&identity, &mut curve).ok()?;
                Some(Self::Curve(Box::new(std::array::from_fn(|value| curve[value * 3]))))
            }
            (Pixels::Grey | Pixels::Rgb, DataColorSpace::Rgb)
            | (Pixels::Cmyk | Pixels::Ycck, DataColorSpace::Cmyk) => {
                Some(Self::Profile(pixels, transform(&profile, Layout::Rgba, Layout::Rgba)?))
            }
            _ => None,
        }
    }

    /// Reads the chunks of a PNG that describe colours. Of several, the first of this list is used:
    /// `cICP`, `iCCP`, `sRGB`, `gAMA` with `cHRM` (Portable Network Graphics, third edition, 4.3).
    pub fn of_png(file: &[u8]) -> Self {
        let limits = png::Limits { bytes: MAX_PROFILE };
        let mut decoder = png::Decoder::new_with_limits(std::io::Cursor::new(file), limits);
        decoder.set_ignore_text_chunk(true);
        let Ok(reader) = decoder.read_info() else { return Self::Srgb };
        let info = reader.info();
        let pixels = match info.color_type {
            png::ColorType::Grayscale | png::ColorType::GrayscaleAlpha => Pixels::Grey,
            _ => Pixels::Rgb,
        };
        let of_cicp = info.coding_independent_code_points.and_then(of_cicp);
        let of_icc = || Self::of_icc(info.icc_profile.as_ref()?.to_vec(), pixels);
        let of_gamma = || {
            let gamma = info.gama_chunk.filter(|_| info.srgb.is_none())?.into_value();
            let is_srgb = info.chrm_chunk.is_none() && SRGB_GAMMA.contains(&gamma);
            if is_srgb { None } else { of_gamma(gamma, info.chrm_chunk.as_ref()) }
        };
        of_cicp.or_else(of_icc).or_else(of_gamma).unwrap_or(Self::Srgb)
    }

    /// Whether the pixels of the file have four channels, none of which is alpha.
    pub fn has_inks(&self) -> bool {
        matches!(self, Self::Profile(Pixels::Cmyk | Pixels::Ycck, _))
    }

    /// Converts a picture. A fully transparent pixel gets no colour.
    pub fn convert(&self, image: &mut RgbaImage) {
        match self {
            Self::Srgb => {}
            Self::Curve(curve) => {
                for [colours @ .., _] in image.pixels_mut().map(|pixel| &mut pixel.0) {
                    for colour in colours {
                        *colour = curve[usize::from(*colour)];
                    }
                }
            }
            Self::Profile(pixels, transform) => {
                let mut values = image.as_raw().clone();
                if self.has_inks() {
                    values.as_chunks_mut().0.iter_mut().for_each(|pixel| *pixel = inks(*pixel, *pixels));
                }
                // Fails only if the lengths differ.
                _ = transform.transform(&values, image);
            }
        }
        image.pixels_mut().filter(|pixel| pixel.0[3] == 0).for_each(|pixel| pixel.0 = [0; 4]);
    }
}

/// Removes the tags of an ICC profile that are not used, and repeated tags: reading the texts of a
/// hostile profile could take minutes.
fn keep_used_tags(icc: &mut [u8]) -> Option<()> {
    let (header, table) = icc.split_at_mut_checked(132)?;
    let (count, (entries, _)) = (header.last_chunk_mut::<4>()?, table.as_chunks_mut::<12>());
    let entries = entries.get_mut(..usize::try_from(u32::from_be_bytes(*count)).ok()?)?;
    let used: Vec<[u8; 12]> =
        TAGS.iter().filter_map(|tag| entries.iter().find(|entry| entry.starts_with(*tag)).copied()).collect();
    *count = u32::try_from(used.len()).ok()?.to_be_bytes();
    entries.iter_mut().zip(used).for_each(|(entry, used)| *entry = used);
    Some(())
}

fn transform(profile: &ColorProfile, from: Layout, to: Layout) -> Option<Arc<Transform8BitExecutor>> {
    // The few pixels of the result allow precision. Curves of an HDR profile are ignored.
    let options = TransformOptions {
        prefer_fixed_point: false,
        allow_use_cicp_transfer: false,
        ..TransformOptions::default()
    };
    profile.create_transform_8bit(from, &ColorProfile::new_srgb(), to, options).ok()
}

/// The amounts of ink of a pixel.
fn inks(pixel: [u8; 4], kind: Pixels) -> [u8; 4] {
    let [c, m, y, k] = pixel;
    let [c, m, y] =
        if kind == Pixels::Ycck { rgb([c, m, y]) } else { [c, m, y].map(|light| u8::MAX - light) };
    [c, m, y, u8::MAX - k]
}

/// Converts luminance and colour differences to red, green and blue (ITU-T T.871, section 7).
fn rgb([y, cb, cr]: [u8; 3]) -> [u8; 3] {
    let [y, cb, cr] = [f32::from(y), f32::from(cb) - 128.0, f32::from(cr) - 128.0];
    [y + 1.402 * cr, y - 0.344_136 * cb - 0.714_136 * cr, y + 1.772 * cb].map(rounded)
}

/// Reads a `cICP` chunk. Returns `None` for HDR and for colours that no browser knows.
fn of_cicp(points: CodingIndependentCodePoints) -> Option<Colours> {
    const HDR: [u8; 2] = [16, 18];
    if HDR.contains(&points.transfer_function) || !points.is_video_full_range_image {
        return None;
    }
    let mut profile = ColorProfile::new_from_cicp(CicpProfile {
        color_primaries: points.color_primaries.try_into().ok()?,
        transfer_characteristics: points.transfer_function.try_into().ok()?,
        matrix_coefficients: MatrixCoefficients::Identity,
        full_range: true,
    });
    // The curves of cameras. Screens show them with this gamma (ITU-R BT.1886).
    if let 1 | 6 | 14 | 15 = points.transfer_function {
        set_curves(&mut profile, 2.4);
    }
    of_rgb(&profile)
}

/// Reads a `gAMA` and a `cHRM` chunk. Without the latter, the primaries are those of sRGB.
fn of_gamma(gamma: f32, primaries: Option<&SourceChromaticities>) -> Option<Colours> {
    let mut profile = ColorProfile::new_srgb();
    if let Some(SourceChromaticities { white, red, green, blue }) = primaries {
        let [white, red, green, blue] =
            [white, red, green, blue].map(|(x, y)| Chromaticity { x: x.into_value(), y: y.into_value() });
        let white = XyY { x: white.x.into(), y: white.y.into(), yb: 1.0 };
        profile.update_rgb_colorimetry(white, ColorPrimaries { red, green, blue });
    }
    set_curves(&mut profile, 1.0 / gamma);
    of_rgb(&profile)
}

fn set_curves(profile: &mut ColorProfile, exponent: f32) {
    let curve = Some(ToneReprCurve::Parametric(vec![exponent]));
    (profile.red_trc, profile.green_trc, profile.blue_trc) = (curve.clone(), curve.clone(), curve);
}

/// Returns `None` if the primaries are not those of a colour space: their sum must be white.
fn of_rgb(profile: &ColorProfile) -> Option<Colours> {
    let white = WHITE_POINT_D50.to_xyzd();
    let sums = profile.colorant_matrix().v.map(|row| row.iter().sum::<f64>());
    let is_white =
        sums.iter().zip([white.x, white.y, white.z]).all(|(sum, white)| (sum - white).abs() < 0.01);
    let transform = transform(profile, Layout::Rgba, Layout::Rgba).filter(|_| is_white)?;
    Some(Colours::Profile(Pixels::Rgb, transform))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the value is clamped")]
fn rounded(value: f32) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

#[cfg(test)]
mod tests {
    use image::{
        DynamicImage, ExtendedColorType, ImageEncoder, ImageFormat, RgbImage,
        codecs::{jpeg::JpegEncoder, png::PngEncoder, webp::WebPEncoder},
    };

    use super::*;
    use crate::picture::reencode;

    /// A chunk of a PNG: its type and its content.
    type Chunk<'a> = (&'a [u8; 4], &'a [u8]);
    /// A name, a PNG, additional chunks, and the expected colour.
    type Case<'a> = (&'a str, Vec<u8>, &'a [Chunk<'a>], [f64; 3]);

    const COLOURS: [[u8; 3]; 6] =
        [[255, 255, 255], [128, 128, 128], [200, 100, 50], [30, 200, 90], [90, 60, 160], [20, 20, 24]];

    fn linear(value: u8) -> f64 {
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    }

    /// The sRGB values of a colour whose values have been made linear (IEC 61966-2-1).
    fn srgb(linear: [f64; 3]) -> [f64; 3] {
        linear.map(|value| {
            let value = value.clamp(0.0, 1.0);
            255.0 * if value <= 0.003_130_8 { value * 12.92 } else { 1.055 * value.powf(1.0 / 2.4) - 0.055 }
        })
    }

    /// Display P3 to sRGB, both linear (CSS Color 4, section 18).
    fn of_p3([r, g, b]: [f64; 3]) -> [f64; 3] {
        [
            1.224_940 * r - 0.224_940 * g,
            -0.042_057 * r + 1.042_057 * g,
            -0.019_638 * r - 0.078_636 * g + 1.098_274 * b,
        ]
    }

    /// Asserts that each pixel of the stored picture has this colour.
    async fn assert_stored(upload: Vec<u8>, expected: [f64; 3], name: &str) {
        let stored = reencode(upload).await.unwrap();
        for pixel in image::load_from_memory(&stored.bytes).unwrap().into_rgb8().pixels() {
            let near =
                pixel.0.iter().zip(expected).all(|(one, other)| (f64::from(*one) - other).abs() <= 2.0);
            assert!(near, "{name}: {:?} instead of {expected:?}", pixel.0);
        }
    }

    fn with_profile(format: ImageFormat, image: &DynamicImage, icc: &[u8]) -> Vec<u8> {
        fn write(mut encoder: impl ImageEncoder, image: &DynamicImage, icc: &[u8]) {
            if !icc.is_empty() {
                encoder.set_icc_profile(icc.to_vec()).unwrap();
            }
            let (width, height) = (image.width(), image.height());
            encoder
                .write_image(image.as_bytes(), width, height, ExtendedColorType::from(image.color()))
                .unwrap();
        }
        let mut bytes = Vec::new();
        match format {
            ImageFormat::Jpeg => write(JpegEncoder::new_with_quality(&mut bytes, 100), image, icc),
            ImageFormat::Png => write(PngEncoder::new(&mut bytes), image, icc),
            _ => write(WebPEncoder::new_lossless(&mut bytes), image, icc),
        }
        bytes
    }

    fn plain([r, g, b]: [u8; 3]) -> DynamicImage {
        RgbImage::from_pixel(16, 16, image::Rgb([r, g, b])).into()
    }

    /// A PNG with additional chunks after its header.
    fn with_chunks(png: &[u8], chunks: &[Chunk<'_>]) -> Vec<u8> {
        let mut bytes = png[..33].to_vec();
        for (kind, content) in chunks {
            let checked = [&kind[..], content].concat();
            let length = u32::try_from(content.len()).unwrap().to_be_bytes();
            bytes.extend([&length[..], &checked, &crc32fast::hash(&checked).to_be_bytes()].concat());
        }
        [&bytes, &png[33..]].concat()
    }

    #[tokio::test]
    async fn profiles_are_applied_in_every_format() {
        let p3 = ColorProfile::new_display_p3().encode().unwrap();
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            for colour in COLOURS {
                let expected = srgb(of_p3(colour.map(linear)));
                assert_stored(with_profile(format, &plain(colour), &p3), expected, &format!("{format:?}"))
                    .await;
            }
        }
        let grey = ColorProfile::new_gray_with_gamma(1.8).encode().unwrap();
        for format in [ImageFormat::Jpeg, ImageFormat::Png] {
            for value in [0, 60, 128, 200, 255] {
                let image = image::GrayImage::from_pixel(16, 16, image::Luma([value])).into();
                let expected = srgb([(f64::from(value) / 255.0).powf(1.8); 3]);
                assert_stored(with_profile(format, &image, &grey), expected, &format!("{format:?}")).await;
            }
        }
    }

    #[tokio::test]
    async fn unusable_profiles_are_ignored() {
        let p3 = ColorProfile::new_display_p3().encode().unwrap();
        let grey = ColorProfile::new_gray_with_gamma(1.8).encode().unwrap();
        for (name, icc) in [
            ("zeros", &[0; 300][..]),
            ("text", b"a profile"),
            ("cut", &p3[..300]),
            ("of another kind", &grey),
        ] {
            for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
                let colour = COLOURS[2];
                assert_stored(with_profile(format, &plain(colour), icc), colour.map(f64::from), name).await;
            }
        }
    }

    #[tokio::test]
    async fn chunks_of_a_png_have_their_order() {
        let icc = ColorProfile::new_display_p3().encode().unwrap();
        let numbers = |numbers: &[u32]| numbers.iter().flat_map(|one| one.to_be_bytes()).collect::<Vec<u8>>();
        let gama = |gamma| numbers(&[gamma]);
        let (srgb_gama, gama_1, gama_2) = (gama(45_455), gama(100_000), gama(50_000));
        let chrm = numbers(&[31_270, 32_900, 68_000, 32_000, 26_500, 69_000, 15_000, 6_000]);
        let no_chrm = numbers(&[31_270, 32_900].repeat(4));
        for colour in COLOURS {
            let unchanged = colour.map(f64::from);
            let values = colour.map(|value| f64::from(value) / 255.0);
            let p3 = srgb(of_p3(colour.map(linear)));
            let plain = || with_profile(ImageFormat::Png, &plain(colour), &[]);
            let with_icc = || with_profile(ImageFormat::Png, &self::plain(colour), &icc);
            let cases: [Case<'_>; 13] = [
                ("nothing", plain(), &[], unchanged),
                ("gAMA of sRGB", plain(), &[(b"gAMA", &srgb_gama)], unchanged),
                ("gAMA of 1", plain(), &[(b"gAMA", &gama_1)], srgb(values)),
                ("gAMA of 1/2", plain(), &[(b"gAMA", &gama_2)], srgb(values.map(|value| value * value))),
                ("cHRM alone", plain(), &[(b"cHRM", &chrm)], unchanged),
                ("gAMA and cHRM", plain(), &[(b"gAMA", &gama_1), (b"cHRM", &chrm)], srgb(of_p3(values))),
                ("cHRM of one point", plain(), &[(b"gAMA", &gama_1), (b"cHRM", &no_chrm)], unchanged),
                ("sRGB and gAMA", plain(), &[(b"sRGB", &[0]), (b"gAMA", &gama_1)], unchanged),
                ("iCCP and gAMA", with_icc(), &[(b"gAMA", &gama_1)], p3),
                ("iCCP and sRGB", with_icc(), &[(b"sRGB", &[0])], p3),
                ("cICP", plain(), &[(b"cICP", &[12, 13, 0, 1])], p3),
                ("cICP and iCCP", with_icc(), &[(b"cICP", &[1, 13, 0, 1])], unchanged),
                ("cICP of HDR and iCCP", with_icc(), &[(b"cICP", &[9, 16, 0, 1])], p3),
            ];
            for (name, png, chunks, expected) in cases {
                assert_stored(with_chunks(&png, chunks), expected, name).await;
            }
        }
    }

    /// A profile for printers with a table of two values for each ink (ICC.1:2022, 10.11): paper is
    /// green and black ink is red, whatever the other inks are.
    fn green_paper() -> Vec<u8> {
        const GREEN: [u8; 3] = [224, 49, 209];
        const RED: [u8; 3] = [138, 209, 198];
        let identity = (0..=255).collect::<Vec<u8>>();
        let matrix = [1, 0, 0, 0, 1, 0, 0, 0, 1].map(|one: i32| (one << 16).to_be_bytes()).concat();
        let header = b"mft1\0\0\0\0\x04\x03\x02\0";
        let table =
            [header, &matrix[..], &identity.repeat(4), &[GREEN, RED].concat().repeat(8), &identity.repeat(3)];
        profile(*b"CMYK", *b"Lab ", &[(*b"A2B0", table.concat())])
    }

    /// An ICC profile with these tags.
    fn profile(space: [u8; 4], pcs: [u8; 4], tags: &[([u8; 4], Vec<u8>)]) -> Vec<u8> {
        let number = |number: usize| u32::try_from(number).unwrap().to_be_bytes();
        let (mut table, mut content) = (Vec::new(), Vec::new());
        for (tag, bytes) in tags {
            table.extend([*tag, number(132 + 12 * tags.len() + content.len()), number(bytes.len())].concat());
            content.extend(bytes);
        }
        let mut header = [0; 128];
        header[..4].copy_from_slice(&number(132 + table.len() + content.len()));
        header[8] = 2;
        header[12..16].copy_from_slice(b"prtr");
        header[16..20].copy_from_slice(&space);
        header[20..24].copy_from_slice(&pcs);
        header[36..40].copy_from_slice(b"acsp");
        for (place, value) in [(68, 63_190_i32), (72, 65_536), (76, 54_061)] {
            header[place..place + 4].copy_from_slice(&value.to_be_bytes());
        }
        [&header[..], &number(tags.len()), &table, &content].concat()
    }

    #[tokio::test]
    async fn profile_of_a_printer_is_applied_to_inks() {
        // The picture has no black ink.
        let cmyk = include_bytes!("../../../tests/system/pictures/files/cmyk.jpg");
        let icc = [b"ICC_PROFILE\0\x01\x01", &green_paper()[..]].concat();
        let length = u16::try_from(icc.len() + 2).unwrap().to_be_bytes();
        let with_profile = [&cmyk[..2], &[0xff, 0xe2], &length, &icc, &cmyk[2..]].concat();
        let mut ycck = with_profile.clone();
        let adobe = ycck.windows(5).position(|run| run == b"Adobe").unwrap();
        ycck[adobe + 11] = 2;
        for upload in [with_profile, ycck] {
            let stored = image::load_from_memory(&reencode(upload).await.unwrap().bytes).unwrap().into_rgb8();
            assert_eq!(stored.dimensions(), (48, 32));
            let is_green = |[r, g, b]: [u8; 3]| r < 30 && g > 245 && b < 10;
            assert!(stored.pixels().all(|pixel| is_green(pixel.0)), "{:?}", stored.get_pixel(9, 9));
        }
        let stored = image::load_from_memory(&reencode(cmyk.to_vec()).await.unwrap().bytes).unwrap();
        assert!(
            stored.into_rgb8().pixels().any(|pixel| pixel.0[1] < 100),
            "without a profile, it is not green"
        );
    }

    #[test]
    fn hostile_profile_costs_little() {
        // 40,000 texts, all of which are the same 3 MB.
        let record = [&b"enUS"[..], &3_000_000_u32.to_be_bytes(), &500_000_u32.to_be_bytes()].concat();
        let header = [&b"mluc\0\0\0\0"[..], &40_000_u32.to_be_bytes(), &12_u32.to_be_bytes()].concat();
        let texts = [header, record.repeat(40_000), vec![0; 3_100_000]].concat();
        let icc = profile(*b"RGB ", *b"XYZ ", &[(*b"desc", texts)]);
        let started = std::time::Instant::now();
        _ = Colours::of_icc(icc, Pixels::Rgb);
        assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
    }
}
