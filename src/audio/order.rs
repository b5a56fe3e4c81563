//! Byte order: reading and writing the integers of headers.

/// Which byte of an integer comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The least significant one.
    Little,
    /// The most significant one.
    Big,
}

impl Order {
    /// The 16-bit integer at `at`; the caller has checked the length.
    pub(super) fn u16(self, bytes: &[u8], at: usize) -> u16 {
        self.uint(&bytes[at..at + 2]) as u16
    }

    /// The 32-bit integer at `at`; the caller has checked the length.
    pub(super) fn u32(self, bytes: &[u8], at: usize) -> u32 {
        self.uint(&bytes[at..at + 4]) as u32
    }

    /// The 64-bit integer at `at`; the caller has checked the length.
    pub(super) fn u64(self, bytes: &[u8], at: usize) -> u64 {
        self.uint(&bytes[at..at + 8])
    }

    /// Two bytes.
    pub(super) fn put16(self, n: u16) -> [u8; 2] {
        match self {
            Self::Little => n.to_le_bytes(),
            Self::Big => n.to_be_bytes(),
        }
    }

    /// Four bytes.
    pub(super) fn put32(self, n: u32) -> [u8; 4] {
        match self {
            Self::Little => n.to_le_bytes(),
            Self::Big => n.to_be_bytes(),
        }
    }

    /// At most eight bytes as one integer.
    fn uint(self, bytes: &[u8]) -> u64 {
        let add = |n: u64, byte: &u8| n << 8 | u64::from(*byte);
        match self {
            Self::Little => bytes.iter().rev().fold(0, add),
            Self::Big => bytes.iter().fold(0, add),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_read_again_and_the_orders_mirror_each_other() {
        for order in [Order::Little, Order::Big] {
            assert_eq!(order.u16(&order.put16(0x1234), 0), 0x1234);
            assert_eq!(order.u32(&order.put32(0x1234_5678), 0), 0x1234_5678);
        }
        assert_eq!(Order::Little.u64(&[0, 1, 2, 0, 0, 0, 0, 0, 3], 1), 0x0300_0000_0000_0201);
        assert_eq!(Order::Big.u64(&[0, 1, 2, 0, 0, 0, 0, 0, 3], 1), 0x0102_0000_0000_0003);
    }
}
