//! The colour profiles of JPEGs, and the pixels of JPEGs for printing, which the crate `image`
//! turns into red, green and blue without their profile.

use chatchat_domain::Problem;
use image::RgbaImage;
use zune_jpeg::{
    JpegDecoder,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

use crate::colour::{Colours, Pixels};

/// The decoder with the settings of `image`.
fn decoder(file: &[u8], output: ColorSpace) -> JpegDecoder<ZCursor<&[u8]>> {
    let options = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX)
        .jpeg_set_out_colorspace(output);
    JpegDecoder::new_with_options(ZCursor::new(file), options)
}

/// Reads the colour profile, if the JPEG has one.
pub fn colours(file: &[u8]) -> Colours {
    let mut decoder = decoder(file, ColorSpace::RGB);
    if decoder.decode_headers().is_err() {
        return Colours::Srgb;
    }
    let pixels = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => Pixels::Grey,
        Some(ColorSpace::CMYK) => Pixels::Cmyk,
        Some(ColorSpace::YCCK) => Pixels::Ycck,
        _ => Pixels::Rgb,
    };
    decoder.icc_profile().and_then(|icc| Colours::of_icc(icc, pixels)).unwrap_or(Colours::Srgb)
}

/// Decodes the four channels of a JPEG for printing.
pub fn inks(file: &[u8], pixels: Pixels) -> Result<RgbaImage, Problem> {
    let space = if pixels == Pixels::Ycck { ColorSpace::YCCK } else { ColorSpace::CMYK };
    let mut decoder = decoder(file, space);
    let values = decoder.decode().map_err(|_| Problem::UnsupportedPicture)?;
    let (width, height) = decoder.dimensions().ok_or(Problem::UnsupportedPicture)?;
    let [width, height] = [width, height].map(|side| u32::try_from(side).unwrap_or_default());
    RgbaImage::from_raw(width, height, values).ok_or(Problem::UnsupportedPicture)
}
