//! Why values of app-template cannot say it as a route: codes and sentences.

use super::codes;
use crate::charts::app_template::WhyNot;
use crate::plan::Code;

/// The reason code.
pub(super) fn code_of(why: WhyNot) -> &'static Code {
    match why {
        WhyNot::ChartTooOld => codes::CHART_TOO_OLD,
        WhyNot::SwitchUnknown => codes::SWITCH_UNKNOWN,
        WhyNot::DefaultBackend => codes::DEFAULT_BACKEND,
        WhyNot::NoRules => codes::NO_RULES,
        WhyNot::HostEmpty => codes::HOST_EMPTY,
        WhyNot::HostWildcard => codes::HOST_WILDCARD,
        WhyNot::PathPattern => codes::PATH_PATTERN,
        WhyNot::PathTypeImplementation => codes::PATH_TYPE,
        WhyNot::BackendNotFound => codes::BACKEND_NOT_FOUND,
        WhyNot::BackendPortUnknown => codes::BACKEND_PORT,
        WhyNot::BackendTemplated => codes::BACKEND_TEMPLATED,
        WhyNot::NameIsIdentifier => codes::NAME_IS_IDENTIFIER,
        WhyNot::RouteKeyTaken => codes::KEY_TAKEN,
        WhyNot::RouteDiffers => codes::ROUTE_DIFFERS,
        WhyNot::RouteNameTaken => codes::NAME_TAKEN,
        WhyNot::RouteNameMoves => codes::NAME_MOVES,
        WhyNot::Open => codes::NOT_READ,
    }
}

/// The sentence.
pub(super) fn text_of(why: WhyNot) -> &'static str {
    match why {
        WhyNot::ChartTooOld => "app-template renders routes as they are stated from 3.7.3 on",
        WhyNot::SwitchUnknown => "whether it is enabled is not known",
        WhyNot::DefaultBackend => "it has a defaultBackend",
        WhyNot::NoRules => "it has no host with a path",
        WhyNot::HostEmpty => "a host is empty",
        WhyNot::HostWildcard => "a star can only be the whole first label of a host",
        WhyNot::PathPattern => "a path is a pattern, a template or a variable",
        WhyNot::PathTypeImplementation => "a path other than / has the type ImplementationSpecific",
        WhyNot::BackendNotFound => "a path names no enabled Service of the release",
        WhyNot::BackendPortUnknown => "the number of a port is not known",
        WhyNot::BackendTemplated => "the name of a Service is a template, which 3.x does not render in a route",
        WhyNot::NameIsIdentifier => "the name of a Service is an identifier of the release, too",
        WhyNot::RouteKeyTaken => "`route` has an entry of this key already",
        WhyNot::RouteDiffers => "a route has its host, and serves something else",
        WhyNot::RouteNameTaken => "another route of the release would have the same name",
        WhyNot::RouteNameMoves => "a route that is there would get another name",
        WhyNot::Open => "what it serves depends on a template or on a variable without a value",
    }
}
