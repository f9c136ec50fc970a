//! What a caller may ask for. The order of the checks and their texts are the old service's.

use super::limits::{Caller, Limits, Role};
use super::refusal::{Refusal, Status};
use super::{Request, Service};

pub(super) fn admit(request: &Request, caller: Caller, limits: &Limits) -> Result<(), Refusal> {
    let refuse = |status, msg: String| Err(Refusal::new(status, msg));
    let km2 = request.area.km2();
    let too_large = |threshold: f64| {
        let area = km2.trunc();
        let msg = format!("Polygon Area {area:.0} Sq.KM is higher than Threshold : {threshold:.0} Sq.KM");
        Err(Refusal::new(Status::BadRequest, msg))
    };

    if request.service == Service::Plain && km2.trunc() > limits.plain_area_km2 {
        return too_large(limits.plain_area_km2);
    }
    if request.service == Service::Snapshot && caller.role == Role::Guest {
        if request.file_name.has_folders() {
            let msg = "Insufficient Permission to use folder structure exports , Remove / from filename or get access";
            return refuse(Status::Forbidden, msg.into());
        }
        if km2 > limits.area_km2 {
            return too_large(limits.area_km2);
        }
        if !request.unique_name {
            return refuse(Status::Forbidden, "Insufficient Permission for uuid = False".into());
        }
        if !request.zip && km2 > limits.unzipped_area_km2 {
            let most = limits.unzipped_area_km2;
            let msg = format!(
                "Area {km2} km2 is greater than {most} km2 which is supported for streaming in this permission"
            );
            return refuse(Status::NotAcceptable, msg);
        }
    }
    if request.user_metadata && !caller.logged_in {
        let msg = "Insufficient Permission for extracting exports with user metadata , Please login first";
        return refuse(Status::Forbidden, msg.into());
    }
    Ok(())
}
