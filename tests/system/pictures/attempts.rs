//! Hostile uploads, each with its expected outcome.

use image::{DynamicImage, ExtendedColorType, ImageEncoder, ImageFormat, codecs::png::PngEncoder};

use super::{
    BOUNDARY, FILE,
    making::{
        MARKER, animation_frame, encoded, endless_chunk, exif, extended_webp, form, huge_frame, jpeg_with,
        jpeg_with_exif, landscape, many_scans, noise, png_chunk, png_of, png_with, transparent, vp8,
        webp_chunk, webp_with, zeros, zlib,
    },
};

/// The expected outcome of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// 201, and a clean picture at the URL.
    Picture,
    /// 400 with this code for the field `file`.
    Refused(&'static str),
    /// 400 for the form as a whole.
    Broken,
    /// This status and this code. API Gateway's own answers have no code.
    Answer(u16, &'static str),
}

use End::{Answer, Broken, Picture, Refused};

const UNSUPPORTED: End = Refused("unsupported_picture");

#[derive(Clone)]
pub struct Attempt {
    pub name: String,
    pub content_type: String,
    pub body: Vec<u8>,
    pub end: End,
}

impl Attempt {
    /// A file in a valid form.
    fn file(name: impl Into<String>, file: &[u8], end: End) -> Self {
        Self::named(name, FILE, file, end)
    }

    /// A file whose part has these headers.
    fn named(name: impl Into<String>, part: &str, file: &[u8], end: End) -> Self {
        Self::raw(name, &format!("multipart/form-data; boundary={BOUNDARY}"), form(BOUNDARY, part, file), end)
    }

    fn raw(name: impl Into<String>, content_type: &str, body: Vec<u8>, end: End) -> Self {
        Self { name: name.into(), content_type: content_type.to_owned(), body, end }
    }
}

/// Files that are not JPEG, PNG or WebP, and pictures with a wrong content type.
pub fn other_formats() -> Vec<Attempt> {
    let svg = format!("<svg xmlns=\"http://www.w3.org/2000/svg\">{MARKER}</svg>");
    let html = format!("<!doctype html><title>x</title>{MARKER}");
    let files: [(&str, &[u8]); 15] = [
        ("SVG", svg.as_bytes()),
        ("SVG with an XML declaration", &[b"<?xml version=\"1.0\"?>\n", svg.as_bytes()].concat()),
        ("HTML", html.as_bytes()),
        ("JavaScript", MARKER.as_bytes()),
        ("PDF", &[b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", MARKER.as_bytes()].concat()),
        ("ZIP", &[b"PK\x03\x04", MARKER.as_bytes()].concat()),
        ("EPS", b"%!PS-Adobe-3.0 EPSF-3.0\n"),
        (
            "MVG that makes ImageMagick read a file",
            b"push graphic-context\nfill 'url(/etc/passwd)'\npop graphic-context\n",
        ),
        ("GIF", include_bytes!("files/still.gif")),
        ("GIFAR", &[include_bytes!("files/still.gif"), &b"PK\x03\x04"[..], MARKER.as_bytes()].concat()),
        ("BMP", include_bytes!("files/still.bmp")),
        ("TIFF", include_bytes!("files/still.tiff")),
        ("ICO", include_bytes!("files/still.ico")),
        ("AVIF", include_bytes!("files/still.avif")),
        ("JPEG 2000", include_bytes!("files/still.jp2")),
    ];
    let mut attempts: Vec<_> =
        files.iter().map(|(name, file)| Attempt::file(*name, file, UNSUPPORTED)).collect();
    for kind in ["image/png", "image/svg+xml", "text/html"] {
        let part = format!("{FILE}\r\nContent-Type: {kind}");
        attempts.push(Attempt::named(format!("SVG as {kind}"), &part, svg.as_bytes(), UNSUPPORTED));
        let png = encoded(landscape(20, 20), ImageFormat::Png);
        attempts.push(Attempt::named(format!("PNG as {kind}"), &part, &png, Picture));
    }
    attempts
}

/// Pictures with a hostile file name.
pub fn file_names() -> Vec<Attempt> {
    let jpeg = encoded(landscape(21, 21), ImageFormat::Jpeg);
    [
        "../../../../etc/passwd",
        "..\\..\\windows\\win.ini",
        "x.html",
        "x.php",
        "x.jpg\\0.html",
        "/profile/x.jpg",
        MARKER,
        "con",
        ".htaccess",
        "x.jpg;.svg",
        "가.jpg",
    ]
    .into_iter()
    .map(|name| {
        let part = format!("Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"");
        Attempt::named(format!("the file name {name:?}"), &part, &jpeg, Picture)
    })
    .collect()
}

/// Pictures that are also files of another kind, or contain data that must not be served.
pub fn stowaways() -> Vec<Attempt> {
    let jpeg = encoded(landscape(64, 48), ImageFormat::Jpeg);
    let png = encoded(transparent(64, 48), ImageFormat::Png);
    let opaque = encoded(landscape(64, 48), ImageFormat::Png);
    let webp = encoded(landscape(64, 48), ImageFormat::WebP);
    let marker = MARKER.as_bytes();
    let xmp = [b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>", marker].concat();
    let icc = [b"ICC_PROFILE\0\x01\x01", marker].concat();
    let text = [b"Comment\0", marker].concat();
    let international = [b"XML:com.adobe.xmp\0\0\0\0\0", marker].concat();
    let compressed = [&b"Comment\0\0"[..], &zlib(&marker.repeat(1000))].concat();
    let profile = [&b"icc\0\0"[..], &zlib(marker)].concat();
    let hidden = || DynamicImage::from(transparent(200, 200));
    let appended = |file: &[u8], more: &[u8]| [file, more].concat();
    let files = [
        ("JPEG and HTML behind it", appended(&jpeg, marker)),
        ("JPEG and a ZIP behind it", appended(&jpeg, &[b"PK\x03\x04", marker].concat())),
        ("JPEG and another JPEG behind it", appended(&jpeg, &jpeg_with_exif(&jpeg, 1))),
        ("PNG and HTML behind it", appended(&png, marker)),
        ("WebP and HTML behind it", appended(&webp, marker)),
        (
            "JPEG that is also JavaScript because of a comment",
            jpeg_with(&jpeg, 0xfe, &[b"*/=1;", marker, b"/*"].concat()),
        ),
        ("JPEG with EXIF and a position", jpeg_with_exif(&jpeg, 1)),
        ("JPEG with EXIF twice", jpeg_with_exif(&jpeg_with_exif(&jpeg, 6), 8)),
        (
            "JPEG with EXIF whose offsets are out of bounds",
            jpeg_with(&jpeg, 0xe1, b"Exif\0\0II*\0\xff\xff\xff\x7f"),
        ),
        ("JPEG with XMP", jpeg_with(&jpeg, 0xe1, &xmp)),
        ("JPEG with an ICC profile", jpeg_with(&jpeg, 0xe2, &icc)),
        ("JPEG with IPTC", jpeg_with(&jpeg, 0xed, &[b"Photoshop 3.0\0", marker].concat())),
        ("JPEG with 64 KB of comment", jpeg_with(&jpeg, 0xfe, &marker.repeat(1400))),
        (
            "JPEG with every application segment",
            (0xe3..=0xec).fold(jpeg.clone(), |file, kind| jpeg_with(&file, kind, marker)),
        ),
        ("PNG with tEXt", png_with(&png, "tEXt", &text)),
        ("PNG with zTXt", png_with(&png, "zTXt", &compressed)),
        ("PNG with iTXt", png_with(&png, "iTXt", &international)),
        ("PNG with iCCP", png_with(&png, "iCCP", &profile)),
        ("PNG with eXIf and a position", png_with(&png, "eXIf", &exif(3))),
        ("PNG with a private chunk", png_with(&png, "prVt", marker)),
        ("opaque PNG with tEXt", png_with(&opaque, "tEXt", &text)),
        ("PNG that hides a text in transparent pixels", encoded(hidden(), ImageFormat::Png)),
        ("WebP that hides a text in transparent pixels", encoded(hidden(), ImageFormat::WebP)),
        ("WebP with EXIF and a position", webp_with(&webp, (64, 48), 0x08, "EXIF", &exif(1))),
        ("WebP with XMP", webp_with(&webp, (64, 48), 0x04, "XMP ", &xmp)),
        ("WebP with an unknown chunk", webp_with(&webp, (64, 48), 0, "xxxx", marker)),
    ];
    let mut attempts: Vec<_> = files.iter().map(|(name, file)| Attempt::file(*name, file, Picture)).collect();
    attempts.push(Attempt::file("HTML and a JPEG behind it", &[marker, &jpeg].concat(), UNSUPPORTED));
    attempts
}

/// PNGs that need more memory or time than their size suggests, and rare kinds.
pub fn pngs() -> Vec<Attempt> {
    let png = encoded(noise(64, 48), ImageFormat::Png);
    let pixels = Refused("too_many_pixels");
    let png16 = {
        let mut file = Vec::new();
        let samples: Vec<u8> = (0..48_u32 * 32 * 4 * 2).map(|byte| byte.to_le_bytes()[0]).collect();
        PngEncoder::new(&mut file).write_image(&samples, 48, 32, ExtendedColorType::Rgba16).unwrap();
        file
    };
    let bomb = |kind: &str, name: &[u8]| png_with(&png, kind, &[name, &zeros(400 << 20)].concat());
    vec![
        Attempt::file(
            "PNG of 50,000 × 50,000 zeros",
            &png_of(50_000, 50_000, 1, 0, &zeros(6251 * 50_000)),
            pixels,
        ),
        Attempt::file(
            "PNG of 2,147,483,647 × 2,147,483,647",
            &png_of(0x7fff_ffff, 0x7fff_ffff, 16, 6, &zeros(10)),
            UNSUPPORTED,
        ),
        Attempt::file("PNG of 5,001 × 5,000", &png_of(5_001, 5_000, 8, 0, &zeros(5_002 * 5_000)), pixels),
        Attempt::file(
            "PNG of 5,000 × 5,000 zeros",
            &png_of(5_000, 5_000, 8, 0, &zeros(5_001 * 5_000)),
            Picture,
        ),
        Attempt::file("PNG of 1 × 20,000", &encoded(landscape(1, 20_000), ImageFormat::Png), Picture),
        Attempt::file("PNG of 20,000 × 1", &encoded(landscape(20_000, 1), ImageFormat::Png), Picture),
        Attempt::file("PNG of 25,000,000 × 1", &png_of(25_000_000, 1, 8, 0, &zeros(25_000_001)), Picture),
        Attempt::file("PNG of 1 × 1", &encoded(landscape(1, 1), ImageFormat::Png), Picture),
        Attempt::file("PNG of 0 × 0", &png_of(0, 0, 8, 0, &zeros(1)), UNSUPPORTED),
        Attempt::file(
            "PNG with fewer pixels than its size",
            &png_of(1000, 1000, 8, 2, &zeros(10)),
            UNSUPPORTED,
        ),
        Attempt::file("PNG with more pixels than its size", &png_of(4, 4, 8, 0, &zeros(64 << 20)), Picture),
        Attempt::file("PNG with a profile of 400 MiB", &bomb("iCCP", b"icc\0\0"), Picture),
        Attempt::file("PNG with a text of 400 MiB", &bomb("zTXt", b"Comment\0\0"), Picture),
        Attempt::file("PNG with 16 bits", &png16, Picture),
        Attempt::file("PNG with an unknown colour type", &png_of(4, 4, 8, 5, &zeros(64)), UNSUPPORTED),
        Attempt::file("PNG with a wrong checksum", &[&png[..29], &[0; 4], &png[33..]].concat(), UNSUPPORTED),
        Attempt::file("PNG without pixels", &[&png[..33], &png_chunk("IEND", b"")].concat(), UNSUPPORTED),
        Attempt::file("animated PNG", include_bytes!("files/animated.png"), Picture),
    ]
}

/// JPEG and WebP files that need more memory or time than their size suggests, and rare kinds.
pub fn jpegs_and_webps() -> Vec<Attempt> {
    let jpeg = encoded(landscape(640, 480), ImageFormat::Jpeg);
    let webp = encoded(noise(64, 48), ImageFormat::WebP);
    let pixels = Refused("too_many_pixels");
    // The size follows the marker of the frame, 0xffc0, its length and the bit depth.
    let lying = |height: u16, width: u16| {
        let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
        let size = [height.to_be_bytes(), width.to_be_bytes()].concat();
        [&jpeg[..frame + 5], &size, &jpeg[frame + 9..]].concat()
    };
    vec![
        Attempt::file("animated WebP", include_bytes!("files/animated.webp"), Picture),
        Attempt::file("lossy WebP", include_bytes!("files/lossy.webp"), Picture),
        Attempt::file("lossy WebP with alpha", include_bytes!("files/alpha.webp"), Picture),
        Attempt::file(
            "WebP that claims 16,384 × 16,384",
            &webp_with(&webp, (16_384, 16_384), 0, "xxxx", b""),
            pixels,
        ),
        Attempt::file(
            "WebP that claims 5,000 × 5,000",
            &webp_with(&webp, (5_000, 5_000), 0, "xxxx", b""),
            UNSUPPORTED,
        ),
        Attempt::file("WebP without content", &webp_chunk("RIFF", b"WEBP"), UNSUPPORTED),
        Attempt::file("progressive JPEG", include_bytes!("files/progressive.jpg"), Picture),
        Attempt::file("JPEG in CMYK", include_bytes!("files/cmyk.jpg"), Picture),
        Attempt::file("JPEG that claims 65,535 × 65,535", &lying(0xffff, 0xffff), pixels),
        Attempt::file("JPEG that claims 5,000 × 5,000", &lying(5_000, 5_000), Picture),
        Attempt::file("JPEG that claims 1 × 1", &lying(1, 1), Picture),
        Attempt::file("JPEG that claims 0 × 0", &lying(0, 0), UNSUPPORTED),
        Attempt::file(
            "JPEG that repeats its first two bytes a million times",
            &[0xff, 0xd8].repeat(1_000_000),
            UNSUPPORTED,
        ),
        Attempt::file("JPEG with 90 scans", &many_scans(90), Picture),
        Attempt::file("JPEG with 70,000 scans", &many_scans(70_000), UNSUPPORTED),
    ]
}

/// `WebP` files with a part that is larger than the file or the picture.
pub fn lying_webps() -> Vec<Attempt> {
    let frame = || webp_chunk("VP8 ", &vp8((48, 32), &[0; 64], &[0; 64]));
    let huge = || webp_chunk("VP8 ", &huge_frame());
    // Alpha channel without compression.
    let alpha = || webp_chunk("ALPH", &[0; 1 + 48 * 32]);
    // After one byte, the width and the height follow in 14 bits each, minus one.
    let lossless = webp_chunk("VP8L", &[&[0x2f, 0xff, 0xff, 0xff, 0x0f], &[0; 1000][..]].concat());
    let endless = || endless_chunk("EXIF");
    let animation = || webp_chunk("ANIM", &[0; 6]);
    let animated = |chunks: &[Vec<u8>]| extended_webp(0x02, &[animation(), animation_frame(chunks)]);
    let behind = [extended_webp(0, &[frame()]), endless()].concat();
    [
        ("WebP with a frame of its size", extended_webp(0, &[frame()]), Picture),
        (
            "WebP with an alpha channel and a frame of its size",
            extended_webp(0x10, &[alpha(), frame()]),
            Picture,
        ),
        ("animated WebP with a frame of its size", animated(&[frame()]), Picture),
        (
            "animated WebP with an alpha channel and a frame of its size",
            animated(&[alpha(), frame()]),
            Picture,
        ),
        ("WebP with a frame of 16,000 × 16,000", extended_webp(0, &[huge()]), UNSUPPORTED),
        ("WebP with a lossless frame of 16,384 × 16,384", extended_webp(0, &[lossless]), UNSUPPORTED),
        ("animated WebP with a frame of 16,000 × 16,000", animated(&[huge()]), UNSUPPORTED),
        (
            "animated WebP with a frame of 16,000 × 16,000 behind an alpha channel, under another name",
            animated(&[alpha(), webp_chunk("xxxx", &huge_frame())]),
            UNSUPPORTED,
        ),
        ("WebP with EXIF of 4 GiB", extended_webp(0x08, &[frame(), endless()]), UNSUPPORTED),
        (
            "WebP with EXIF of 4 GiB, without the flag for EXIF",
            extended_webp(0, &[frame(), endless()]),
            UNSUPPORTED,
        ),
        ("animated WebP with EXIF of 4 GiB in a frame", animated(&[frame(), endless()]), UNSUPPORTED),
        ("WebP with EXIF of 4 GiB behind it", behind, Picture),
    ]
    .map(|(name, file, end)| Attempt::file(name, &file, end))
    .to_vec()
}

/// Pictures that are truncated, or in which some bytes are changed.
pub fn damaged() -> Vec<Attempt> {
    let jpeg = encoded(landscape(640, 480), ImageFormat::Jpeg);
    let png = encoded(noise(64, 48), ImageFormat::Png);
    let webp = encoded(noise(64, 48), ImageFormat::WebP);
    let mut attempts = Vec::new();
    for (name, file) in [("JPEG", &jpeg), ("PNG", &png), ("WebP", &webp)] {
        for eighths in 1..8 {
            let cut = &file[..file.len() * eighths / 8];
            // Browsers show the part that is there.
            let end = if name == "WebP" { UNSUPPORTED } else { Picture };
            attempts.push(Attempt::file(format!("{name} cut at {eighths}/8"), cut, end));
        }
        for byte in [1, 8, 12, 30] {
            attempts.push(Attempt::file(
                format!("{name} cut after {byte} bytes"),
                &file[..byte],
                UNSUPPORTED,
            ));
        }
        for step in [7, 97, 997] {
            let mut damaged = file.clone();
            damaged.iter_mut().skip(12).step_by(step).for_each(|byte| *byte ^= 0x5a);
            // The decoder finds damage in the pixels of a JPEG only if it makes a code invalid.
            let end = if (name, step) == ("JPEG", 997) { Picture } else { UNSUPPORTED };
            attempts.push(Attempt::file(format!("{name} with every {step}th byte changed"), &damaged, end));
        }
    }
    attempts
}

/// Bodies that are not a form, and invalid forms.
pub fn forms() -> Vec<Attempt> {
    let jpeg = encoded(landscape(22, 22), ImageFormat::Jpeg);
    let multipart = format!("multipart/form-data; boundary={BOUNDARY}");
    let whole = form(BOUNDARY, FILE, &jpeg);
    let twice = [&whole[..whole.len() - BOUNDARY.len() - 6], &whole].concat();
    let raw = |name: &str, content_type: &str, body: &[u8], end| {
        Attempt::raw(name, content_type, body.to_vec(), end)
    };
    let media = Answer(415, "unsupported_media_type");
    let file = |length: usize| [&jpeg[..], &vec![0; length - jpeg.len()]].concat();
    vec![
        raw("an empty body", &multipart, b"", Broken),
        raw("a picture without a form", &multipart, &jpeg, Broken),
        raw("a form without an end", &multipart, &whole[..whole.len() - 30], Broken),
        raw("a form cut in its headers", &multipart, &whole[..40], Broken),
        raw("a form with another boundary", "multipart/form-data; boundary=another", &whole, Broken),
        raw("a form without a boundary", "multipart/form-data", &whole, Broken),
        raw("a form with an empty boundary", "multipart/form-data; boundary=", &whole, Broken),
        raw(
            "a boundary in quotes",
            &multipart.replace(BOUNDARY, &format!("\"{BOUNDARY}\"")),
            &whole,
            Picture,
        ),
        raw("white space before a parameter", &multipart.replace(';', " ;"), &whole, Picture),
        raw(
            "a boundary with an equals sign",
            "multipart/form-data; boundary=----=_Part_1.2",
            &form("----=_Part_1.2", FILE, &jpeg),
            Picture,
        ),
        raw("a form as application/json", "application/json", &whole, media),
        raw("a form of another kind", &multipart.replace("form-data", "mixed"), &whole, media),
        raw("a picture as image/jpeg", "image/jpeg", &jpeg, media),
        raw("no content type", "", &whole, media),
        raw("a URL-encoded form", "application/x-www-form-urlencoded", b"file=x", media),
        raw("two files", &multipart, &twice, Refused("too_many")),
        Attempt::named(
            "another field",
            "Content-Disposition: form-data; name=\"picture\"",
            &jpeg,
            Refused("required"),
        ),
        Attempt::named(
            "the field's name inside the file name",
            "Content-Disposition: form-data; filename=\"a; name=file ; b\"; name=\"picture\"",
            &jpeg,
            Refused("required"),
        ),
        Attempt::named(
            "the field's name after the file name",
            "Content-Disposition: form-data ; filename=\"a; name=picture ; b\" ; name=file",
            &jpeg,
            Picture,
        ),
        Attempt::named("a part without a name", "Content-Disposition: form-data", &jpeg, Refused("required")),
        Attempt::named("a part without headers", "X-Nothing: x", &jpeg, Refused("required")),
        Attempt::file("an empty file", b"", Refused("required")),
        Attempt::file("a file of 4 MiB", &file(4 << 20), Picture),
        Attempt::file("a file of 4 MiB and a byte", &file((4 << 20) + 1), Answer(413, "body_too_large")),
        Attempt::file("a file of 5 MiB and a byte", &file((5 << 20) + 1), Answer(413, "")),
        Attempt::file("a file of 11 MiB", &file(11 << 20), Answer(413, "")),
    ]
}
