//! Who may call a route: the type of a handler's `caller` argument decides.

use chatchat_domain::{AnyRole, Caller, Company, Customer, ErrorCode, Role};
use chatchat_tokens::Claims;

use crate::Error;

/// What the `Authorization` header of a request proved.
#[derive(Clone, Copy)]
pub enum Authorization {
    /// There is no such header.
    Absent,
    /// The token is not valid.
    Invalid,
    /// The token is valid. Whether its session is active is not known yet.
    Verified(Claims),
}

/// A handler's `caller` argument.
pub trait Authorize: Send + Sized + 'static {
    /// Which callers it accepts, as `--describe` writes it.
    const ACCEPTS: &'static str;
    /// Whether access tokens are verified, which needs the signing keys.
    const VERIFIES: bool = true;

    /// Returns the caller.
    ///
    /// # Errors
    /// `unauthenticated` or `wrong_role` for a caller that the route does not accept.
    fn authorize(authorization: Authorization) -> Result<Self, Error>;
}

/// A route without callers, such as a login. It ignores access tokens.
impl Authorize for () {
    const ACCEPTS: &'static str = "public";
    const VERIFIES: bool = false;

    fn authorize(_: Authorization) -> Result<Self, Error> {
        Ok(())
    }
}

/// A route that shows more to some callers. It rejects an invalid access token.
impl Authorize for Option<Caller<AnyRole>> {
    const ACCEPTS: &'static str = "anyone";

    fn authorize(authorization: Authorization) -> Result<Self, Error> {
        match authorization {
            Authorization::Absent => Ok(None),
            _ => Caller::authorize(authorization).map(Some),
        }
    }
}

impl Authorize for Caller<AnyRole> {
    const ACCEPTS: &'static str = "account";

    fn authorize(authorization: Authorization) -> Result<Self, Error> {
        let Claims { account, session, .. } = claims(authorization)?;
        Ok(Self::with_token(account, session))
    }
}

impl Authorize for Caller<Customer> {
    const ACCEPTS: &'static str = "customer";

    fn authorize(authorization: Authorization) -> Result<Self, Error> {
        of_role(authorization)
    }
}

impl Authorize for Caller<Company> {
    const ACCEPTS: &'static str = "company";

    fn authorize(authorization: Authorization) -> Result<Self, Error> {
        of_role(authorization)
    }
}

fn claims(authorization: Authorization) -> Result<Claims, Error> {
    match authorization {
        Authorization::Verified(claims) => Ok(claims),
        Authorization::Absent | Authorization::Invalid => Err(ErrorCode::Unauthenticated.into()),
    }
}

fn of_role<R: Role>(authorization: Authorization) -> Result<Caller<R>, Error> {
    let claims = claims(authorization)?;
    if claims.kind == R::KIND {
        Ok(Caller::with_token(claims.account, claims.session))
    } else {
        Err(ErrorCode::WrongRole.into())
    }
}
