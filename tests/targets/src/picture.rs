//! Making a picture for profiles from an upload.

use chatchat_domain::PictureFormat;
use image::{GenericImageView, ImageFormat};
use peak_alloc::PeakAlloc;
use profiles::picture::make;

/// The maximum memory for one picture, in bytes. A picture of 25 megapixels needs less than this.
const MAX_MEMORY: usize = 400 * 1000 * 1000;
/// The maximum width and height of a picture.
const MAX_SIDE: u32 = 512;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Makes a picture from a file.
///
/// - The memory is limited.
/// - A picture is a PNG or JPEG of at most 512 × 512 pixels that can be decoded.
/// - A picture made from the picture has the same format and size.
pub fn picture(input: &[u8]) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let made = make(input);
    let used = MEMORY.peak_usage().saturating_sub(before);
    assert!(used <= MAX_MEMORY, "{used} bytes of memory");
    let Ok(picture) = made else { return };
    let format = match picture.format {
        PictureFormat::Png => ImageFormat::Png,
        PictureFormat::Jpeg => ImageFormat::Jpeg,
    };
    assert_eq!(image::guess_format(&picture.bytes).unwrap(), format);
    assert!(picture.key.as_str().ends_with(picture.format.extension()));
    let size = size(&picture.bytes);
    assert!((1..=MAX_SIDE).contains(&size.0) && (1..=MAX_SIDE).contains(&size.1), "{size:?}");
    let again = make(&picture.bytes).unwrap();
    assert_eq!(again.format, picture.format);
    assert_eq!(self::size(&again.bytes), size);
}

fn size(file: &[u8]) -> (u32, u32) {
    image::load_from_memory(file).unwrap().dimensions()
}
