//! The categories of PHI, as they stand in masks and manifests.

use std::fmt;

macro_rules! categories {
    ($($name:ident $label:literal $doc:literal;)*) => {
        /// What a finding is. The order is that of precedence when findings overlap in part.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Category {
            $(#[doc = $doc] $name,)*
        }

        impl Category {
            /// Every category.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The label in masks, manifests and reports: `NAME`, `MEMBER_ID`.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$name => $label,)* }
            }

            /// What a masked stretch reads: `[NAME]`, `[MEMBER_ID]`.
            #[must_use]
            pub const fn mask(self) -> &'static str {
                match self { $(Self::$name => concat!("[", $label, "]"),)* }
            }
        }
    };
}

categories! {
    Ssn "SSN" "Social security number, whole or a fragment.";
    Card "CARD" "Payment card number, its expiry and security code.";
    MemberId "MEMBER_ID" "Health-plan member, subscriber, policy or group number.";
    Mrn "MRN" "Medical record or patient number.";
    Account "ACCOUNT" "Account, claim, case, reference, authorisation, prescription or bank number.";
    License "LICENSE" "Driver's licence, passport, DEA number, NPI.";
    Vehicle "VEHICLE" "Licence plate, vehicle identification number.";
    Device "DEVICE" "Serial number of a device or implant.";
    Phone "PHONE" "Telephone or fax number, whole or in part.";
    Email "EMAIL" "Electronic mail address.";
    Url "URL" "Web address of a person, IP address, user name.";
    Dob "DOB" "Date of birth, whole or in part.";
    Date "DATE" "Any other date tied to a person.";
    Age "AGE" "An age over 89.";
    Zip "ZIP" "Postal code.";
    Address "ADDRESS" "House number, street, unit.";
    City "CITY" "City, county, district.";
    Name "NAME" "Name of a person.";
    Other "OTHER" "A long digit or letter run that nothing explains, and what only a policy hides.";
}

impl Category {
    /// The category with this label.
    #[must_use]
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|c| c.label() == label)
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl serde::Serialize for Category {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.label())
    }
}

impl<'de> serde::Deserialize<'de> for Category {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let label = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        Self::from_label(&label).ok_or_else(|| serde::de::Error::custom("unknown category"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_is_found_again() {
        for &c in Category::ALL {
            assert_eq!(Category::from_label(c.label()), Some(c));
        }
    }
}
