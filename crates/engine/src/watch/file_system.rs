//! File systems whose changes the kernel tells of, and those where it does not.

use rustix::fs::{StatFs, StatVfsMountFlags};

/// Where others can change files, or where files are answers of the kernel, inotify(7) says nothing of it: names by the
/// numbers of statfs(2) and linux/magic.h.
const UNWATCHED: [(u32, &str); 34] = [
    (0x6969, "nfs"),
    (0xff53_4d42, "cifs"),
    (0xfe53_4d42, "smb2"),
    (0x517b, "smb"),
    (0x564c, "ncp"),
    (0x7375_7245, "coda"),
    (0x5346_414f, "afs"),
    (0x6b41_4653, "afs"),
    (0x0102_1997, "9p"),
    (0x00c3_6400, "ceph"),
    (0x0bd0_0bd0, "lustre"),
    (0x0116_1970, "gfs2"),
    (0x7461_636f, "ocfs2"),
    (0x6573_5546, "fuse"),
    (0x786f_4256, "vboxsf"),
    (0x9fa0, "proc"),
    (0x6265_6572, "sysfs"),
    (0x6462_6720, "debugfs"),
    (0x7472_6163, "tracefs"),
    (0x7363_6673, "securityfs"),
    (0x6265_6570, "configfs"),
    (0x0027_e0eb, "cgroup"),
    (0x6367_7270, "cgroup2"),
    (0x1cd1, "devpts"),
    (0xcafe_4a11, "bpf"),
    (0xde5e_81e4, "efivarfs"),
    (0x6165_676c, "pstore"),
    (0xf97c_ff8c, "selinux"),
    (0x4341_5d53, "smackfs"),
    (0x1980_0202, "mqueue"),
    (0x6e73_6673, "nsfs"),
    (0x5049_5045, "pipefs"),
    (0x4249_4e4d, "binfmt_misc"),
    (0x5345_434d, "secretmem"),
];

/// Why a file there cannot be tracked, if so.
pub(super) fn obstacle(stat: &StatFs) -> Option<String> {
    // Of this type the kernel's own is as wide as it likes: the numbers have 32 bits.
    let kind = stat.f_type as u32;
    if let Some((_, name)) = UNWATCHED.iter().find(|(number, _)| *number == kind) {
        return Some(format!(
            "changes on a file system of type {name} are not told"
        ));
    }
    let flags = StatVfsMountFlags::from_bits_retain(stat.f_flags as u64);
    flags
        .contains(StatVfsMountFlags::RDONLY)
        .then(|| "its file system is read-only".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_makes_up_is_refused_and_what_is_stored_is_not() {
        let obstacle = |path: &str| obstacle(&rustix::fs::statfs(path).unwrap());
        let told = "changes on a file system of type proc are not told";
        assert_eq!(obstacle("/proc").as_deref(), Some(told));
        assert_eq!(obstacle("/tmp"), None);
    }
}
