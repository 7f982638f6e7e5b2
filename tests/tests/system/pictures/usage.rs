//! What uploads cost the function that takes them, where the system tells.

use std::fs;

use chatchat_tests::System;
use image::{DynamicImage, ImageFormat};

use super::{
    making::{encoded, landscape, large, lossy_webp, noise, progressive_jpeg},
    uploaded,
};
use crate::{in_own_world, template};

/// Of all its processes together, or the most of any.
pub struct Usage {
    /// Seconds on a whole CPU.
    pub cpu: f64,
    /// The most megabytes of memory, and the most that were asked for.
    pub memory: u64,
    pub address_space: u64,
}

impl Usage {
    /// So far; none on a system without `/proc`.
    pub fn of(system: &System) -> Option<Self> {
        let mut used = Self { cpu: 0.0, memory: 0, address_space: 0 };
        for pid in system.cloud.environments("UploadPicture").into_iter().filter_map(|one| one.pid) {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            // The 14th and 15th field (proc_pid_stat(5)) count hundredths; the second, in brackets, can hold anything.
            let ticks = stat.rsplit(')').next()?.split_whitespace().skip(11).take(2);
            used.cpu += ticks.map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / 100.0;
            let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
            let megabytes = |name: &str| {
                let value = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
                value.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
            };
            used.memory = used.memory.max(megabytes("VmHWM:"));
            used.address_space = used.address_space.max(megabytes("VmPeak:"));
        }
        Some(used)
    }
}

#[test]
fn the_largest_pictures_fit_into_the_functions_time_and_memory() {
    in_own_world(async |world| {
        let customer = world.customer().await;
        uploaded(&customer, &encoded(landscape(8, 8), ImageFormat::Png)).await;
        let functions = template().functions().unwrap();
        let function = functions.iter().find(|function| function.id == "UploadPicture").unwrap();
        let wide = DynamicImage::from(large(5000, 5000)).into_rgba16();
        // At 1,769 MB a function has one whole CPU, and with less its share.
        let share = f64::from(u32::try_from(function.memory).unwrap()) / 1769.0;
        let most = f64::from(u32::try_from(function.timeout).unwrap()) * share;
        let mut before = Usage::of(&world.system);
        for (name, file) in [
            ("JPEG of 25 megapixels", encoded(large(5000, 5000), ImageFormat::Jpeg)),
            ("progressive JPEG of 25 megapixels", progressive_jpeg()),
            ("PNG of 25 megapixels", encoded(large(5000, 5000), ImageFormat::Png)),
            ("PNG of 25 megapixels with 16 bits", encoded(DynamicImage::from(wide), ImageFormat::Png)),
            ("WebP of 25 megapixels", encoded(large(5000, 5000), ImageFormat::WebP)),
            ("lossy WebP of 25 megapixels", lossy_webp()),
            ("PNG of nearly 4 MiB", encoded(noise(1170, 1170), ImageFormat::Png)),
        ] {
            uploaded(&customer, &file).await;
            let after = Usage::of(&world.system);
            if let (Some(before), Some(after)) = (&before, &after) {
                let cpu = after.cpu - before.cpu;
                println!("{name}: {} bytes in {cpu:.2} s of {most:.1} s, {} MB", file.len(), after.memory);
                assert!(cpu < most, "{name}: longer than the template gives it");
                // Lambda would end the process.
                assert!(after.memory < function.memory, "{name}: more than the template gives it");
            }
            before = after;
        }
    });
}
