//! The time and memory that uploads take in their function, on systems with `/proc`.

use std::fs;

use chatchat_harness::System;
use image::{DynamicImage, ImageFormat};

use super::{
    making::{encoded, landscape, large, lossy_webp, noise, progressive_jpeg},
    uploaded,
};
use crate::{in_own_world, template};

/// What the processes of the function have used so far.
pub struct Usage {
    /// CPU seconds of all processes together.
    pub cpu: f64,
    /// The peak memory of any process, in megabytes.
    pub memory: u64,
    /// The peak address space of any process, in megabytes.
    pub address_space: u64,
}

impl Usage {
    /// Reads the usage. Returns `None` on a system without `/proc`.
    pub fn of(system: &System) -> Option<Self> {
        let mut used = Self { cpu: 0.0, memory: 0, address_space: 0 };
        for pid in system.cloud.environments("UploadPicture").into_iter().filter_map(|one| one.pid) {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            // Fields 14 and 15 (proc_pid_stat(5)) are in hundredths of a second. Field 2, in
            // brackets, can contain spaces.
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
fn largest_pictures_fit_the_functions_time_and_memory() {
    in_own_world(async |world| {
        let customer = world.customer().await;
        uploaded(&customer, &encoded(landscape(8, 8), ImageFormat::Png)).await;
        let functions = template().functions().unwrap();
        let function = functions.iter().find(|function| function.id == "UploadPicture").unwrap();
        let wide = DynamicImage::from(large(5000, 5000)).into_rgba16();
        // A function with 1,769 MB has a whole CPU, and one with less memory has that part of a
        // CPU.
        let share = f64::from(u32::try_from(function.memory).unwrap()) / 1769.0;
        let cpu_limit = f64::from(u32::try_from(function.timeout).unwrap()) * share;
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
                println!(
                    "{name}: {} bytes in {cpu:.2} s of {cpu_limit:.1} s, {} MB",
                    file.len(),
                    after.memory
                );
                assert!(cpu < cpu_limit, "{name}: it takes longer than the template's timeout");
                // Lambda ends a process that exceeds its memory.
                assert!(after.memory < function.memory, "{name}: it needs more than the template's memory");
            }
            before = after;
        }
    });
}
