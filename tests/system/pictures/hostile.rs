//! Hostile uploads: each is rejected, or becomes a small picture without any other content.

use chatchat_harness::Client;
use image::{GenericImageView, ImageFormat};
use serde_json::Value;

use super::{
    Served,
    attempts::{
        Attempt,
        End::{Answer, Broken, Picture, Refused},
        damaged, file_names, forms, jpegs_and_webps, lying_webps, other_formats, pngs, stowaways,
    },
    making::MARKER,
    send, served,
    usage::Usage,
};
use crate::{in_own_world, wrong_fields};

/// The limit of a function's address space, in megabytes: enough for a picture of 25 megapixels,
/// with a margin. The address space includes memory that a decoder allocates but never writes to.
const MAX_ADDRESS_SPACE: u64 = 450;

#[test]
fn hostile_upload_is_rejected_or_becomes_a_clean_picture() {
    let files =
        [other_formats(), file_names(), stowaways(), pngs(), jpegs_and_webps(), lying_webps(), damaged()];
    let attempts = [files.concat(), forms()].concat();
    in_own_world(async |world| {
        let customer = world.customer().await;
        let (mut pictures, mut refused, mut slowest) = (0, 0, (0.0, String::new()));
        let total = attempts.len();
        for Attempt { name, content_type, body, end } in attempts {
            // API Gateway's own answers are not in the OpenAPI document.
            let client = if end == Answer(413, "") {
                Client::new(&world.client.url).unwrap()
            } else {
                world.client.clone()
            };
            let started = std::time::Instant::now();
            let answer = send(&client, Some(&customer.token), "?folder=profile", &content_type, body).await;
            let time = started.elapsed().as_secs_f64();
            if time > slowest.0 {
                slowest = (time, name.clone());
            }
            assert!(answer.status < 500, "{name}: {} {}", answer.status, answer.body);
            let wrong = wrong_fields(&answer.body);
            match end {
                Picture => assert_eq!(answer.status, 201, "{name}: {}", answer.body),
                Refused(code) => assert_eq!(wrong, [("file", code)], "{name}: {}", answer.body),
                Broken => assert_eq!(wrong, [("body", "invalid_format")], "{name}: {}", answer.body),
                Answer(status, code) => assert_eq!((answer.status, answer.code()), (status, code), "{name}"),
            }
            match answer.body["url"].as_str() {
                Some(url) => {
                    pictures += 1;
                    assert_clean(&name, &served(&world.client, url).await);
                }
                None => refused += 1,
            }
        }
        let profile = customer.get("/customers/me").await.unwrap().expect(200).unwrap();
        assert_eq!(profile.body["imageUrl"], Value::Null);
        println!(
            "{total} hostile uploads: {pictures} clean pictures, {refused} rejections; the slowest: {slowest:?}"
        );
        assert!(total >= 40 && pictures >= 40 && refused >= 40);
        if let Some(used) = Usage::of(&world.system) {
            println!("{} MB of memory, {} MB of address space", used.memory, used.address_space);
            assert!(used.address_space < MAX_ADDRESS_SPACE, "a decoder allocates what a file claims to need");
        }
    });
}

/// Asserts that a served file is a small picture with only the parts that a picture needs.
fn assert_clean(name: &str, served: &Served) {
    let picture = served.picture();
    let (width, height) = picture.dimensions();
    assert!((1..=512).contains(&width) && (1..=512).contains(&height), "{name}: {width} × {height}");
    let (content_type, parts, allowed): (_, _, &[&str]) = match image::guess_format(&served.bytes).unwrap() {
        ImageFormat::Jpeg => {
            ("image/jpeg", jpeg_parts(&served.bytes), &["ffe0 JFIF", "ffdb", "ffc0", "ffc4", "ffda", "ffd9"])
        }
        ImageFormat::Png => ("image/png", png_parts(&served.bytes), &["IHDR", "IDAT", "IEND"]),
        other => panic!("{name}: served as {other:?}"),
    };
    assert_eq!(served.header("content-type"), content_type, "{name}");
    assert_eq!(served.header("x-content-type-options"), "nosniff", "{name}");
    assert!(parts.iter().all(|part| allowed.contains(&part.as_str())), "{name}: {parts:?}");
    for hidden in
        MARKER.as_bytes().windows(6).chain([&b"Exif"[..], b"GPS", b"xmpmeta", b"ICC_PROFILE", b"PK\x03\x04"])
    {
        let found = served.bytes.windows(hidden.len()).any(|run| run == hidden);
        assert!(!found, "{name}: the served file contains {:?}", String::from_utf8_lossy(hidden));
    }
}

/// The segments of a JPEG up to its last byte. Bytes that are not a segment appear as a part too.
fn jpeg_parts(bytes: &[u8]) -> Vec<String> {
    let mut parts = Vec::new();
    let mut at = 2;
    while at < bytes.len() {
        let kind = bytes[at + 1];
        let length =
            if kind == 0xd9 { 0 } else { usize::from(bytes[at + 2]) << 8 | usize::from(bytes[at + 3]) };
        let mut part = format!("{:02x}{kind:02x}", bytes[at]);
        if kind == 0xe0 && length == 16 {
            part = format!("{part} {}", String::from_utf8_lossy(&bytes[at + 4..at + 8]));
        }
        parts.push(part);
        at += 2 + length;
        if kind == 0xda {
            at += bytes[at..].windows(2).position(|pair| pair[0] == 0xff && pair[1] != 0).unwrap();
        }
    }
    parts
}

/// The chunks of a PNG up to its last byte.
fn png_parts(bytes: &[u8]) -> Vec<String> {
    let mut parts = Vec::new();
    let mut at = 8;
    while at < bytes.len() {
        let length = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        parts.push(String::from_utf8_lossy(&bytes[at + 4..at + 8]).into_owned());
        at += 12 + usize::try_from(length).unwrap();
    }
    parts
}
