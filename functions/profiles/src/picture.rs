//! Makes a picture for profiles from an uploaded file: decodes all of it, scales it down, converts
//! its colours to sRGB, turns it upright, and encodes it again.
//!
//! The result contains only the pixels of the upload, and no colour for fully transparent pixels.

use std::io::{Cursor, ErrorKind};

use aws_lc_rs::rand;
use chatchat_domain::{PictureFormat, PictureKey, Problem};
use image::{
    DynamicImage, GrayAlphaImage, GrayImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits,
    RgbImage, RgbaImage,
    codecs::{
        jpeg::JpegEncoder,
        png::{CompressionType, FilterType, PngEncoder},
    },
    imageops,
    metadata::Orientation,
};
use tokio::task::spawn_blocking;

use crate::{
    colour::{Colours, Pixels},
    container, jpeg,
};

/// The maximum number of pixels of an upload, in millions.
const MAX_MEGAPIXELS: u32 = 25;
/// The memory limit of the PNG decoder, in bytes: the maximum number of pixels with 8 bytes each,
/// and a quarter more to work with. `image` passes limits to no other decoder. Their memory follows
/// from the number of pixels, which is checked before, and from the checks of [`container`]. The
/// function has four times this memory in the template.
const MAX_MEMORY: u64 = 250 * 1000 * 1000;
/// The maximum width and height of the result, in pixels.
const MAX_SIDE: u32 = 512;
/// A larger picture is averaged down to this size first, because a fine filter over all its pixels
/// would take seconds.
const COARSE_SIDE: u32 = 4 * MAX_SIDE;
/// The quality of a JPEG.
const JPEG_QUALITY: u8 = 85;

/// A picture in the form in which it is stored.
#[derive(Debug)]
pub struct Picture {
    /// The key of the object.
    pub key: PictureKey,
    /// The format.
    pub format: PictureFormat,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Makes the picture of an upload, as [`make`], on a thread for blocking work.
pub async fn reencode(upload: impl AsRef<[u8]> + Send + 'static) -> Result<Picture, Problem> {
    spawn_blocking(move || make(upload.as_ref())).await.unwrap_or_else(|failure| {
        // A panic in the decoder means that the file is not a valid picture.
        tracing::warn!(%failure, "a decoder failed");
        Err(Problem::UnsupportedPicture)
    })
}

/// Makes the picture of an upload. Rejects files that no decoder accepts, and files with too many
/// pixels before they are decoded.
pub fn make(upload: &[u8]) -> Result<Picture, Problem> {
    encode(&decode(upload)?.shrink())
}

/// A decoded upload.
struct Decoded {
    image: DynamicImage,
    colours: Colours,
    /// The orientation that the metadata asks for.
    orientation: Orientation,
}

fn decode(mut upload: &[u8]) -> Result<Decoded, Problem> {
    let unsupported = |_: ImageError| Problem::UnsupportedPicture;
    let format = image::guess_format(upload).map_err(unsupported)?;
    match format {
        ImageFormat::Png | ImageFormat::Jpeg => {}
        ImageFormat::WebP => upload = container::sound_webp(upload).ok_or(Problem::UnsupportedPicture)?,
        _ => return Err(Problem::UnsupportedPicture),
    }
    let mut reader = ImageReader::with_format(Cursor::new(upload), format);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(unsupported)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > u64::from(MAX_MEGAPIXELS) * 1_000_000 {
        return Err(Problem::TooManyPixels(MAX_MEGAPIXELS));
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let colours = match format {
        ImageFormat::Png => Colours::of_png(upload),
        ImageFormat::Jpeg => jpeg::colours(upload),
        _ => {
            let icc = decoder.icc_profile().unwrap_or_default();
            icc.and_then(|icc| Colours::of_icc(icc, Pixels::Rgb)).unwrap_or(Colours::Srgb)
        }
    };
    let image = match colours {
        Colours::Profile(pixels @ (Pixels::Cmyk | Pixels::Ycck), _) => jpeg::inks(upload, pixels)?.into(),
        _ if format == ImageFormat::Png => png(decoder).ok_or(Problem::UnsupportedPicture)?,
        _ => DynamicImage::from_decoder(decoder).map_err(unsupported)?,
    };
    Ok(Decoded { image, colours, orientation })
}

impl Decoded {
    /// Returns the picture upright, in sRGB, within 512 × 512 pixels, and with an alpha channel
    /// only if a pixel is not opaque.
    fn shrink(self) -> DynamicImage {
        let Self { image, colours, orientation } = self;
        let image = match image {
            image if colours.has_inks() => image,
            image if image.color().has_alpha() => {
                let image = image.into_rgba8();
                if image.pixels().all(|pixel| pixel.0[3] == u8::MAX) {
                    DynamicImage::from(DynamicImage::from(image).into_rgb8())
                } else {
                    premultiplied(image).into()
                }
            }
            image => image.into_rgb8().into(),
        };
        let image = fit(image, COARSE_SIDE, |image| image.thumbnail(COARSE_SIDE / 2, COARSE_SIDE / 2));
        let image =
            fit(image, MAX_SIDE, |image| image.resize(MAX_SIDE, MAX_SIDE, imageops::FilterType::Lanczos3));
        let is_opaque = colours.has_inks() || !image.color().has_alpha();
        let mut image = image.into_rgba8();
        if !is_opaque {
            image = unmultiplied(image);
        }
        colours.convert(&mut image);
        let mut image = DynamicImage::from(image);
        if is_opaque {
            image = image.into_rgb8().into();
        }
        image.apply_orientation(orientation);
        image
    }
}

/// Decodes the pixels of a PNG. Those that are missing in a truncated file are black or
/// transparent: browsers show such pictures too.
fn png(decoder: impl ImageDecoder) -> Option<DynamicImage> {
    let ((width, height), colour) = (decoder.dimensions(), decoder.color_type());
    let mut values = vec![0; usize::try_from(decoder.total_bytes()).ok()?];
    match decoder.read_image(&mut values) {
        Err(ImageError::IoError(error)) if error.kind() == ErrorKind::UnexpectedEof => {}
        read => read.ok()?,
    }
    if colour.bytes_per_pixel() > colour.channel_count() {
        let values16 = values.as_chunks().0.iter().map(|value| u16::from_ne_bytes(*value));
        values =
            values16.map(|value| u8::try_from((u32::from(value) + 128) / 257).unwrap_or(u8::MAX)).collect();
    }
    match colour.channel_count() {
        1 => GrayImage::from_raw(width, height, values).map(Into::into),
        2 => GrayAlphaImage::from_raw(width, height, values).map(Into::into),
        3 => RgbImage::from_raw(width, height, values).map(Into::into),
        _ => RgbaImage::from_raw(width, height, values).map(Into::into),
    }
}

/// Scales a picture down to this size. A smaller one stays as it is.
fn fit(image: DynamicImage, side: u32, smaller: impl FnOnce(&DynamicImage) -> DynamicImage) -> DynamicImage {
    if image.width().max(image.height()) > side { smaller(&image) } else { image }
}

/// Multiplies colours by alpha, so that transparent pixels do not change their neighbours when
/// pixels are averaged.
fn premultiplied(mut image: RgbaImage) -> RgbaImage {
    for pixel in image.pixels_mut() {
        let [colours @ .., alpha] = &mut pixel.0;
        for colour in colours {
            *colour = scaled(*colour, *alpha, u8::MAX);
        }
    }
    image
}

/// The reverse of [`premultiplied`]. A fully transparent pixel gets no colour.
fn unmultiplied(mut image: RgbaImage) -> RgbaImage {
    for pixel in image.pixels_mut() {
        let [colours @ .., alpha] = &mut pixel.0;
        for colour in colours {
            *colour = if *alpha == 0 { 0 } else { scaled(*colour, u8::MAX, *alpha) };
        }
    }
    image
}

/// `value` × `by` / `of`, rounded, at most 255.
fn scaled(value: u8, by: u8, of: u8) -> u8 {
    let scaled = (u32::from(value) * u32::from(by) + u32::from(of) / 2) / u32::from(of);
    u8::try_from(scaled).unwrap_or(u8::MAX)
}

/// Encodes the picture and makes its key.
fn encode(image: &DynamicImage) -> Result<Picture, Problem> {
    let mut bytes = Vec::new();
    let (format, encoded) = if image.color().has_alpha() {
        let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, FilterType::Adaptive);
        (PictureFormat::Png, image.write_with_encoder(encoder))
    } else {
        (
            PictureFormat::Jpeg,
            image.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY)),
        )
    };
    encoded.map_err(|_| Problem::UnsupportedPicture)?;
    let mut random = [0; 32];
    rand::fill(&mut random).map_err(|_| Problem::UnsupportedPicture)?;
    Ok(Picture { key: PictureKey::new(random, format), format, bytes })
}

#[cfg(test)]
mod tests {
    use image::{GenericImageView, Rgb, Rgba};

    use super::*;

    fn file(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.into().write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    async fn comes_out(upload: Vec<u8>) -> (PictureFormat, DynamicImage) {
        let Picture { key, format, bytes } = reencode(upload).await.unwrap();
        assert!(key.as_str().ends_with(format.extension()));
        (format, image::load_from_memory(&bytes).unwrap())
    }

    #[tokio::test]
    async fn picture_fits_into_512_by_512_and_is_never_enlarged() {
        for (size, expected) in [
            ((512, 512), (512, 512)),
            ((513, 512), (512, 511)),
            ((4000, 3000), (512, 384)),
            ((3000, 4000), (384, 512)),
            ((1, 20_000), (1, 512)),
            ((20_000, 1), (512, 1)),
            ((1, 1), (1, 1)),
            ((300, 20), (300, 20)),
        ] {
            let image = RgbImage::from_pixel(size.0, size.1, Rgb([200, 100, 50]));
            let (format, picture) = comes_out(file(image, ImageFormat::Png)).await;
            assert_eq!((format, picture.dimensions()), (PictureFormat::Jpeg, expected), "{size:?}");
            let near = picture.get_pixel(0, 0).0.iter().zip([200, 100, 50]).all(|(a, b)| a.abs_diff(b) < 6);
            assert!(near, "{size:?}: {:?}", picture.get_pixel(0, 0));
        }
    }

    #[tokio::test]
    async fn only_transparent_pictures_become_png_without_hidden_colours() {
        let opaque = RgbaImage::from_pixel(20, 20, Rgba([9, 8, 7, 255]));
        assert_eq!(comes_out(file(opaque, ImageFormat::Png)).await.0, PictureFormat::Jpeg);
        let clear = RgbaImage::from_pixel(20, 20, Rgba([9, 8, 7, 0]));
        let (format, picture) = comes_out(file(clear, ImageFormat::WebP)).await;
        assert_eq!(format, PictureFormat::Png);
        assert!(picture.to_rgba8().pixels().all(|pixel| pixel.0 == [0; 4]));
    }

    #[tokio::test]
    async fn transparent_pixels_do_not_darken_their_neighbours() {
        let red = |x| if x < 501 { Rgba([255, 0, 0, 255]) } else { Rgba([0, 0, 0, 0]) };
        for width in [1001, 5001] {
            let image = RgbaImage::from_fn(width, 40, |x, _| red(x * 1001 / width));
            let (_, picture) = comes_out(file(image, ImageFormat::Png)).await;
            let shown = picture.to_rgba8();
            assert!(shown.pixels().any(|pixel| !matches!(pixel.0[3], 0 | 255)), "there is an edge");
            assert!(shown.pixels().filter(|pixel| pixel.0[3] > 20).all(|pixel| pixel.0[0] > 240), "{width}");
        }
    }

    #[tokio::test]
    async fn same_pixels_are_stored_alike_under_different_keys() {
        let image = RgbImage::from_fn(90, 60, |x, y| Rgb([x.to_le_bytes()[0], y.to_le_bytes()[0], 7]));
        let of_png = reencode(file(image.clone(), ImageFormat::Png)).await.unwrap();
        let of_webp = reencode(file(image, ImageFormat::WebP)).await.unwrap();
        assert_eq!(of_png.bytes, of_webp.bytes);
        assert_ne!(of_png.key, of_webp.key);
    }

    /// Whether a browser shows it was tried with Chromium.
    #[tokio::test]
    async fn incomplete_pictures_are_accepted_if_browsers_show_them() {
        let image = || RgbImage::from_fn(256, 256, |x, y| Rgb([200, x.to_le_bytes()[0], y.to_le_bytes()[0]]));
        for (format, is_shown_when_cut) in
            [(ImageFormat::Jpeg, true), (ImageFormat::Png, true), (ImageFormat::WebP, false)]
        {
            let whole = file(image(), format);
            let pixels = match format {
                ImageFormat::Jpeg => whole.windows(2).position(|pair| pair == [0xff, 0xda]).unwrap() + 14,
                _ => 41,
            };
            for length in [0, 1, 12, pixels - 8] {
                assert!(reencode(whole[..length].to_vec()).await.is_err(), "{format:?} {length}");
            }
            for length in [pixels + 10, whole.len() / 2, whole.len() - 1] {
                let kept = reencode(whole[..length].to_vec()).await.is_ok();
                assert_eq!(kept, is_shown_when_cut, "{format:?} {length}");
            }
            let half = decode(&whole[..whole.len() / 2]).map(|half| half.image.get_pixel(0, 0));
            assert_eq!(half.is_ok_and(|pixel| pixel.0[0].abs_diff(200) < 6), is_shown_when_cut, "{format:?}");
        }
        let jpeg = file(image(), ImageFormat::Jpeg);
        let without_end = &jpeg[..jpeg.len() - 2];
        let segment = 2 + jpeg[2..].windows(2).position(|pair| pair == [0xff, 0xdb]).unwrap();
        let expected = decode(&jpeg).unwrap().image;
        for (name, same) in [
            ("no end marker", without_end.to_vec()),
            ("half an end marker", jpeg[..jpeg.len() - 1].to_vec()),
            ("fill bytes before a segment", [&jpeg[..segment], &[0xff; 5], &jpeg[segment..]].concat()),
            ("stuffed fill bytes", [&jpeg[..segment], &[0xff, 0, 0xff, 0], &jpeg[segment..]].concat()),
            ("text before the end marker", [without_end, b"text", &[0xff, 0xd9]].concat()),
            ("text after the end marker", [&jpeg[..], b"<html>"].concat()),
            ("a picture after the end marker", [&jpeg[..], &jpeg].concat()),
        ] {
            assert_eq!(decode(&same).unwrap().image, expected, "{name}");
        }
    }

    #[tokio::test]
    async fn pictures_with_too_many_pixels_are_rejected() {
        let large = file(RgbImage::new(5001, 5000), ImageFormat::Png);
        assert_eq!(reencode(large).await.unwrap_err(), Problem::TooManyPixels(25));
    }
}
