//! Members of a relation: kind and id difference in one number, then the role.

use super::{damaged, varint};
use crate::Result;
use crate::osm::{Member, ObjectId, ObjectKind};

/// Packs members.
pub fn encode<'a>(members: impl Iterator<Item = Member<'a>>, out: &mut Vec<u8>) {
    for member in members {
        varint::put(out, kind_number(member.object.kind));
        varint::put_signed(out, member.object.id);
        varint::put(out, member.role.len() as u64);
        out.extend_from_slice(member.role.as_bytes());
    }
}

/// Unpacks members one by one.
pub fn decode(mut bytes: &[u8], mut each: impl FnMut(Member<'_>)) -> Result<()> {
    while !bytes.is_empty() {
        let member = (|| {
            let kind = kind_of(varint::take(&mut bytes)?)?;
            let id = varint::take_signed(&mut bytes)?;
            let len = varint::take_len(&mut bytes)?;
            let (role, rest) = bytes.split_at_checked(len)?;
            bytes = rest;
            Some(Member { object: ObjectId { kind, id }, role: std::str::from_utf8(role).ok()? })
        })();
        each(member.ok_or_else(|| damaged("members"))?);
    }
    Ok(())
}

/// One number for each member, by which its parents are found: `id * 4 + kind`; ascending, each once.
pub fn keys(bytes: &[u8]) -> Result<Vec<i64>> {
    let mut keys = Vec::new();
    decode(bytes, |member| keys.push(key(member.object)))?;
    keys.sort_unstable();
    keys.dedup();
    Ok(keys)
}

/// The number by which the parents of an object are found.
pub fn key(object: ObjectId) -> i64 {
    object.id.wrapping_mul(4).wrapping_add(kind_number(object.kind).cast_signed())
}

/// 0 node, 1 way, 2 relation.
pub(crate) fn kind_number(kind: ObjectKind) -> u64 {
    match kind {
        ObjectKind::Node => 0,
        ObjectKind::Way => 1,
        ObjectKind::Relation => 2,
    }
}

/// The kind of a number.
pub(crate) fn kind_of(number: u64) -> Option<ObjectKind> {
    match number {
        0 => Some(ObjectKind::Node),
        1 => Some(ObjectKind::Way),
        2 => Some(ObjectKind::Relation),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(kind: ObjectKind, id: i64, role: &str) -> Member<'_> {
        Member { object: ObjectId { kind, id }, role }
    }

    #[test]
    fn members_come_back_in_order() {
        let members = [
            member(ObjectKind::Way, 7, "outer"),
            member(ObjectKind::Node, 7, ""),
            member(ObjectKind::Relation, i64::MAX, "Straße"),
            member(ObjectKind::Way, 7, "outer"),
        ];
        let mut bytes = Vec::new();
        encode(members.iter().copied(), &mut bytes);
        let mut back = Vec::new();
        decode(&bytes, |m| back.push((m.object, m.role.to_owned()))).unwrap();
        assert_eq!(back, members.iter().map(|m| (m.object, m.role.to_owned())).collect::<Vec<_>>());
        assert_eq!(keys(&bytes[..8]).unwrap(), [29]);
        assert!((1..8).all(|cut| decode(&bytes[..cut], |_| ()).is_err()));
    }
}
