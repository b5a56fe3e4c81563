//! A schema while it is put together from paths.

use super::super::schema::{Node, Role};
use super::path::{Path, Step};

/// Most keys of one object.
const KEYS_MAX: usize = 128;

/// What stands at a place of the file.
pub(super) enum Tree {
    /// Nothing is said of it yet.
    Open,
    /// An object.
    Object(Role, Vec<(String, Tree)>),
    /// A list.
    Array(Role, Box<Tree>),
    /// A value that has a meaning.
    Value(Node),
}

impl Tree {
    /// Says what stands at a place.
    ///
    /// # Errors
    /// Says so where the place has another meaning already, or the way there leads through a value.
    pub(super) fn put(&mut self, path: &Path, node: Node) -> Result<(), String> {
        match self.at(path.steps())? {
            place @ Self::Open => *place = Self::Value(node),
            _ => return Err("a place has two meanings".into()),
        }
        Ok(())
    }

    /// Gives the entries of a list and perhaps the list a role.
    ///
    /// # Errors
    /// Says so where the path does not end at entries, or they have another meaning already.
    pub(super) fn entries(&mut self, path: &Path, list: Role, entry: Role) -> Result<(), String> {
        if !path.ends_at_entries() {
            return Err("the path of a list must end in []".into());
        }
        let (_, to_list) = path.steps().split_last().unwrap_or((&Step::Each, &[]));
        match self.at(to_list)? {
            Self::Array(role @ Role::Group, inside) => {
                *role = list;
                inside.be_object(entry)
            }
            place @ Self::Open => {
                *place = Self::Array(list, Box::new(Self::Object(entry, Vec::new())));
                Ok(())
            }
            _ => Err("a list is named twice, or is no list".into()),
        }
    }

    fn be_object(&mut self, role: Role) -> Result<(), String> {
        match self {
            Self::Object(of @ Role::Group, _) => *of = role,
            Self::Open => *self = Self::Object(role, Vec::new()),
            _ => return Err("the entries of a list are named twice, or are no objects".into()),
        }
        Ok(())
    }

    /// The place at the end of these steps, made where it is not there.
    fn at(&mut self, steps: &[Step]) -> Result<&mut Self, String> {
        let Some((step, rest)) = steps.split_first() else { return Ok(self) };
        if matches!(self, Self::Open) {
            *self = match step {
                Step::Key(_) => Self::Object(Role::Group, Vec::new()),
                Step::Each => Self::Array(Role::Group, Box::new(Self::Open)),
            };
        }
        match (self, step) {
            (Self::Object(_, fields), Step::Key(key)) => {
                let at = match fields.iter().position(|(name, _)| name == key) {
                    Some(at) => at,
                    None if fields.len() == KEYS_MAX => return Err(format!("more than {KEYS_MAX} keys in one object")),
                    None => {
                        fields.push((key.clone(), Self::Open));
                        fields.len() - 1
                    }
                };
                fields[at].1.at(rest)
            }
            (Self::Array(_, entry), Step::Each) => entry.at(rest),
            (_, Step::Key(key)) => Err(format!("the key {key:?} is looked for in what is no object")),
            (_, Step::Each) => Err("[] stands behind what is no list".into()),
        }
    }

    /// The schema, which lives as long as the process.
    pub(super) fn into_node(self) -> Node {
        match self {
            Self::Open => Node::Unknown,
            Self::Value(node) => node,
            Self::Array(role, entry) => Node::Array(role, Box::leak(Box::new(entry.into_node()))),
            Self::Object(role, fields) => {
                let lasting = |(key, value): (String, Self)| (&*key.leak(), value.into_node());
                Node::Object(role, fields.into_iter().map(lasting).collect::<Vec<_>>().leak())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Path {
        Path::parse(text).unwrap()
    }

    #[test]
    fn one_place_has_one_meaning() {
        let mut tree = Tree::Open;
        tree.put(&path("a.b[].c"), Node::Dropped).unwrap();
        for second in ["a.b[].c", "a.b[].c.d", "a.b[].c[]", "a.b.c", "a[]", "a", "a.b[]"] {
            assert!(tree.put(&path(second), Node::Unknown).is_err(), "{second}");
        }
        tree.put(&path("a.b[].d"), Node::Unknown).unwrap();
        tree.entries(&path("a.b[]"), Role::Group, Role::Segment).unwrap();
        assert!(tree.entries(&path("a.b[]"), Role::Group, Role::Copy).is_err());
        assert!(tree.entries(&path("a.e"), Role::Words, Role::Word).is_err());
    }

    #[test]
    fn an_object_has_as_many_keys_as_a_scan_can_tell_apart() {
        let mut tree = Tree::Open;
        let put = |tree: &mut Tree, n: usize| tree.put(&path(&format!("k{n}")), Node::Dropped);
        (0..KEYS_MAX).for_each(|n| put(&mut tree, n).unwrap());
        assert!(put(&mut tree, KEYS_MAX).is_err());
    }
}
