//! Where the objects of a document go as they are read: straight into the tables while they come in order, nodes, ways,
//! relations, each by ascending ids; else into spools, from which the tables are built when all is read.

use rawdata_core::geometry::AreaRule;
use rawdata_core::osm::ObjectKind;

use super::Report;
use super::build::Build;
use super::fresh::Fresh;
use super::piece::{Order, Piece};
use super::progress::{Counter, Phase};
use super::source::Share;
use super::spool::Spools;

/// Says that an object came after one that it should come before: the document has to be read again.
#[derive(Debug, Clone, Copy)]
pub struct OutOfOrder;

pub type InOrder<T> = Result<T, OutOfOrder>;

/// What takes the objects of one reading.
pub struct Intake {
    fresh: Fresh,
    area_rule: AreaRule,
    into: Into,
}

enum Into {
    Tables(Box<Build>, [Order; 3]),
    Spools(Box<Spools>, Counter),
}

impl Intake {
    /// For a document that may be in order. `share`: of it that is read, where that is known.
    pub fn tables(fresh: Fresh, area_rule: AreaRule, share: Option<Share>) -> Self {
        let build = Build::start(fresh, area_rule, Counter::estimating(share));
        Self { fresh, area_rule, into: Into::Tables(Box::new(build), [Order::default(); 3]) }
    }

    /// For the second reading of one that is not: undoes what was built.
    pub fn spools(self, share: Option<Share>) -> Self {
        let fresh = match self.into {
            Into::Tables(build, _) => {
                build.abandon();
                self.fresh.again()
            }
            Into::Spools(..) => self.fresh,
        };
        Self { fresh, into: Into::Spools(Box::new(Spools::create()), Counter::estimating(share)), ..self }
    }

    /// Takes a piece.
    pub fn write(&mut self, piece: &Piece) -> InOrder<()> {
        match &mut self.into {
            Into::Tables(build, orders) => {
                join(orders, piece)?;
                for (kind, records) in ObjectKind::ALL.into_iter().zip(&piece.records) {
                    build.add_all(kind, &records.bytes);
                }
            }
            Into::Spools(spools, counter) => {
                spools.write(piece);
                counter.count(Phase::Read, piece.count());
            }
        }
        Ok(())
    }

    /// Builds what is not built yet. The tables, without most of their indexes.
    pub fn finish(self) -> (Fresh, Report) {
        let build = match self.into {
            Into::Tables(build, _) => *build,
            Into::Spools(spools, counter) => {
                counter.show(Phase::Read);
                let mut build = Build::start(self.fresh, self.area_rule, Counter::knowing(spools.count()));
                spools.drain(|kind, record| build.add(kind, record));
                build
            }
        };
        (self.fresh, build.finish())
    }
}

/// Adds the ids of a piece to those before. Its own kinds may be mixed: they are taken one kind after the other.
fn join(orders: &mut [Order; 3], piece: &Piece) -> InOrder<()> {
    for (i, records) in piece.records.iter().enumerate() {
        let Some((order, later)) = orders.get_mut(i..).and_then(<[Order]>::split_first_mut) else { continue };
        order.join(records.order);
        let is_late = records.count > 0 && later.iter().any(|order| !order.is_empty());
        if is_late || !order.is_strict() {
            return Err(OutOfOrder);
        }
    }
    Ok(())
}
